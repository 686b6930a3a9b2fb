//! `plimsoll calc liquidation --account FILE`: every position of an account, and the account.

use super::tiers::{TierLine, table};
use crate::exact::Exact;
use crate::failure::Failure;
use crate::screen::{self, Facts, full, percent};
use plimsoll_domain::liquidation::Liquidation;
use plimsoll_domain::stress::{CommonMove, common_move};
use plimsoll_domain::{
    Assessment, Collateral, Decimal, Direction, Holding, MarginMode, MarginRatio, MarginTiers, Money, Portfolio,
    Position, Price, Quantity, Rate, Symbol, Tier,
};
use serde::{Deserialize, Serialize};
use std::fmt::Display;
use std::path::Path;

/// Reads the file, calculates, prints.
pub(crate) fn run(file: &Path, json: bool) -> Result<(), Failure> {
    let account = Account::read(file)?;
    let portfolio = Portfolio { wallet: account.wallet, holdings: account.held.iter().map(Held::holding).collect() };
    let assessment = portfolio.assess();
    let answer = Answer::of(&account.held, &assessment, common_move(&portfolio));
    if json {
        return screen::json(&answer);
    }
    answer.print()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AccountFile {
    wallet: Exact<Money>,
    positions: Vec<PositionFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PositionFile {
    symbol: String,
    side: String,
    size: Exact<Quantity>,
    entry: Exact<Price>,
    mark: Exact<Price>,
    margin_mode: String,
    margin: Option<Exact<Money>>,
    fee: Option<Exact<Rate>>,
    tiers: Vec<TierLine>,
}

struct Account {
    wallet: Money,
    held: Vec<Held>,
}

struct Held {
    symbol: Symbol,
    position: Position,
    mark: Price,
    collateral: Collateral,
    tiers: MarginTiers,
    fee: Rate,
}

impl Account {
    fn read(file: &Path) -> Result<Self, Failure> {
        let unreadable = |error: &dyn Display| Failure::usage(format!("cannot read {}: {error}", file.display()));
        let text = std::fs::read_to_string(file).map_err(|error| unreadable(&error))?;
        let account: AccountFile = serde_json::from_str(&text).map_err(|error| unreadable(&error))?;
        let held = (1..)
            .zip(account.positions)
            .map(|(number, it)| {
                it.read().map_err(|error| Failure::usage(format!("{}: position {number}: {error}", file.display())))
            })
            .collect::<Result<Vec<_>, _>>()?;
        one_mark_a_symbol(&held)?;
        Ok(Self { wallet: account.wallet.0, held })
    }
}

/// The legs of one symbol are at one mark: two would be a mistake in the file.
fn one_mark_a_symbol(held: &[Held]) -> Result<(), Failure> {
    for (number, it) in held.iter().enumerate() {
        if let Some(other) = held.iter().take(number).find(|other| other.symbol == it.symbol && other.mark != it.mark) {
            return Err(Failure::usage(format!(
                "{} has two marks, {} and {}: a symbol has one",
                it.symbol, other.mark, it.mark
            )));
        }
    }
    Ok(())
}

impl PositionFile {
    fn read(self) -> Result<Held, String> {
        let text = |error: &dyn Display| error.to_string();
        let direction: Direction = self.side.parse().map_err(|error| text(&error))?;
        let mode: MarginMode = self.margin_mode.parse().map_err(|error| text(&error))?;
        let collateral = match (mode, self.margin) {
            (MarginMode::Cross, None) => Collateral::Cross,
            (MarginMode::Isolated, Some(margin)) => Collateral::Isolated(margin.0),
            (MarginMode::Cross, Some(_)) => return Err("margin is for isolated positions only".to_owned()),
            (MarginMode::Isolated, None) => return Err("an isolated position needs its margin".to_owned()),
        };
        Ok(Held {
            symbol: self.symbol.parse().map_err(|error| text(&error))?,
            position: Position { direction, quantity: self.size.0, entry: self.entry.0 },
            mark: self.mark.0,
            collateral,
            tiers: table(self.tiers.into_iter().map(Tier::from).collect()).map_err(|error| text(&error))?,
            fee: self.fee.map_or(Rate::ZERO, |fee| fee.0),
        })
    }
}

impl Held {
    fn holding(&self) -> Holding<'_> {
        Holding {
            symbol: &self.symbol,
            position: self.position,
            mark: self.mark,
            collateral: self.collateral,
            tiers: &self.tiers,
            closing_fee: self.fee,
        }
    }
}

#[derive(Serialize)]
struct Answer {
    positions: Vec<PositionAnswer>,
    account: AccountAnswer,
}

#[derive(Serialize)]
struct PositionAnswer {
    symbol: String,
    side: Direction,
    below: Option<String>,
    above: Option<String>,
    margin_ratio: Option<String>,
    notional: String,
    maintenance: String,
    unrealized_pnl: String,
    in_liquidation: bool,
}

#[derive(Serialize)]
struct AccountAnswer {
    equity: String,
    maintenance: String,
    margin_ratio: Option<String>,
    in_liquidation: bool,
    common_move: Factors,
}

#[derive(Serialize)]
struct Factors {
    down: Option<String>,
    up: Option<String>,
}

impl Answer {
    fn of(held: &[Held], assessment: &Assessment, moves: CommonMove) -> Self {
        let positions = held.iter().zip(&assessment.positions).map(|(it, found)| {
            let bounds = found.liquidation.bounds().unwrap_or_default();
            PositionAnswer {
                symbol: it.symbol.to_string(),
                side: it.position.direction,
                below: bounds.below.map(|price| full(price.get())),
                above: bounds.above.map(|price| full(price.get())),
                margin_ratio: finite(found.margin_ratio),
                notional: full(found.notional.get()),
                maintenance: full(found.maintenance.get()),
                unrealized_pnl: full(found.unrealized_pnl.get()),
                in_liquidation: found.liquidation == Liquidation::AlreadyDue,
            }
        });
        let (down, up) = match moves {
            CommonMove::Bounds { down, up } => (down, up),
            CommonMove::AlreadyDue => (None, None),
        };
        let pool = assessment.account;
        Self {
            positions: positions.collect(),
            account: AccountAnswer {
                equity: full(pool.equity.get()),
                maintenance: full(pool.maintenance.get()),
                margin_ratio: finite(pool.ratio()),
                in_liquidation: pool.ratio().is_some_and(MarginRatio::is_liquidation),
                common_move: Factors { down: down.map(full), up: up.map(full) },
            },
        }
    }

    fn print(&self) -> Result<(), Failure> {
        let dash = || "-".to_owned();
        let rows = self.positions.iter().map(|it| {
            let none = if it.in_liquidation { "due" } else { "-" };
            vec![
                it.symbol.clone(),
                it.side.to_string(),
                bounds(it.below.as_deref(), it.above.as_deref()).unwrap_or_else(|| none.to_owned()),
                it.margin_ratio.as_deref().map_or_else(dash, as_percent),
                cents(&it.notional),
                cents(&it.unrealized_pnl),
            ]
        });
        screen::line(screen::table(&["symbol", "side", "liquidation", "ratio", "notional", "PnL"], rows))?;
        let account = &self.account;
        let factor = |factor: &Option<String>, none: &str| {
            factor.as_deref().map_or_else(|| none.to_owned(), |factor| format!("all prices × {}", short(factor)))
        };
        Facts::default()
            .line("equity behind cross positions", short(&account.equity))
            .line("maintenance margin", short(&account.maintenance))
            .maybe("margin ratio", account.margin_ratio.as_deref().map(as_percent))
            .line("liquidated by a fall to", factor(&account.common_move.down, "no common fall"))
            .line("liquidated by a rise to", factor(&account.common_move.up, "no common rise"))
            .print()?;
        if account.in_liquidation {
            screen::line("  The account is in liquidation as it stands.")?;
        }
        Ok(())
    }
}

/// The ratio, unless there is no equity to divide by.
fn finite(ratio: Option<MarginRatio>) -> Option<String> {
    ratio.map(MarginRatio::get).filter(|ratio| *ratio != Decimal::MAX).map(full)
}

/// Both bounds in one column, `None` if there is none.
fn bounds(below: Option<&str>, above: Option<&str>) -> Option<String> {
    let below = below.map(|price| format!("≤ {}", cents(price)));
    let above = above.map(|price| format!("≥ {}", cents(price)));
    below.into_iter().chain(above).reduce(|below, above| format!("{below} {above}"))
}

/// Two places, for a table.
fn cents(figure: &str) -> String {
    figure.parse().map_or_else(|_| figure.to_owned(), screen::cents)
}

/// Four places for a person.
fn short(figure: &str) -> String {
    figure.parse().map_or_else(|_| figure.to_owned(), |figure: Money| screen::money(figure))
}

fn as_percent(ratio: &str) -> String {
    ratio.parse().map_or_else(|_| ratio.to_owned(), |ratio: Money| percent(ratio.get()))
}
