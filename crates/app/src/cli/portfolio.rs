//! `plimsoll portfolio`: several accounts as one.

use super::target::Target;
use crate::desk::Desk;
use crate::failure::Failure;
use crate::screen::{self, Facts, full, percent};
use clap::Args;
use futures_util::future::join_all;
use plimsoll_domain::stress::CommonMove;
use plimsoll_domain::{
    AccountEvent, AccountState, Currency, Decimal, Exposure, HeldPosition, Instrument, Money, NearestLiquidation,
    PortfolioTotals, PortfolioView, Standing, StressedAccount, Symbol, decimal,
};
use plimsoll_ports::QueryError;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;

/// Every configured account as one: exposure by contract and by venue, margin, the nearest liquidation, and what a common
/// move of all prices does to each account.
///
/// Amounts are summed by currency, never across currencies.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll portfolio
  plimsoll portfolio --move=-25 --move=10 --json")]
pub(crate) struct Portfolio {
    #[command(flatten)]
    target: Target,
    /// What to move every price by, in per cent; may be given several times [default: -10, -20, 10]
    #[arg(long = "move", value_name = "PERCENT", allow_negative_numbers = true)]
    moves: Vec<String>,
}

/// One account as its venue gives it, with what judging it takes.
struct Reading {
    positions: Vec<HeldPosition>,
    contracts: BTreeMap<Symbol, Instrument>,
    state: AccountState,
}

#[derive(Serialize)]
struct Answer {
    by_symbol: Vec<Exposed>,
    by_venue: Vec<Exposed>,
    totals: Vec<Total>,
    nearest_liquidation: Option<Nearest>,
    stress: Vec<Stressed>,
}

#[derive(Serialize)]
struct Exposed {
    #[serde(skip_serializing_if = "Option::is_none")]
    symbol: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    venue: Option<String>,
    currency: String,
    long: String,
    short: String,
    net: String,
    gross: String,
}

#[derive(Serialize)]
struct Total {
    currency: String,
    equity: Option<String>,
    unrealized_pnl: Option<String>,
    used_margin: Option<String>,
    maintenance_margin: Option<String>,
    unpriced: usize,
}

#[derive(Serialize)]
struct Nearest {
    venue: String,
    account: String,
    symbol: String,
    position_side: String,
    distance: String,
    liquidation_below: Option<String>,
    liquidation_above: Option<String>,
}

/// An account after a common move; what cannot be judged is null.
#[derive(Serialize)]
struct Stressed {
    /// What every price is multiplied by.
    factor: String,
    venue: String,
    account: String,
    currency: String,
    equity: Option<String>,
    /// The cross pool's ratio then; null also where it backs nothing.
    pool_ratio: Option<String>,
    liquidated: Option<Vec<Due>>,
    /// The cross pool is due as it stands.
    already_due: Option<bool>,
    /// How far all prices may move from now before the cross pool is due, as factors; null where no move is too much.
    limit_down: Option<String>,
    limit_up: Option<String>,
}

#[derive(Serialize)]
struct Due {
    symbol: String,
    position_side: String,
}

impl Portfolio {
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        let factors = self.factors()?;
        super::runtime()?.block_on(self.show(&factors))?;
        Ok(ExitCode::SUCCESS)
    }

    /// What prices are multiplied by, each beside its per cent as they were asked for.
    fn factors(&self) -> Result<Vec<(String, Decimal)>, Failure> {
        let usual = || ["-10", "-20", "10"].map(str::to_owned).to_vec();
        let moves = if self.moves.is_empty() { usual() } else { self.moves.clone() };
        moves.into_iter().map(|said| factor(&said).map(|factor| (said, factor))).collect()
    }

    async fn show(self, factors: &[(String, Decimal)]) -> Result<(), Failure> {
        let desks = self.target.desks().await?;
        let read = join_all(desks.iter().map(Reading::of)).await;
        if let Some(desk) = desks.first() {
            desk.close().await;
        }
        let (mut readings, mut failed) = (Vec::new(), Vec::new());
        for (desk, reading) in desks.iter().zip(read) {
            match reading {
                Ok(reading) => readings.push((desk, reading)),
                // What one venue does not tell hides nothing of the others, and the answer is not whole.
                Err(error) => failed.push((format!("{}: {error}", desk.account.name), error)),
            }
        }
        let mut together = PortfolioView::new();
        for (desk, reading) in &readings {
            reading.join(desk, &mut together);
        }
        let mut stress = Vec::with_capacity(factors.len());
        for (said, factor) in factors {
            stress.push((said.clone(), *factor, together.stress(*factor).map_err(Failure::usage)?));
        }
        match self.target.json {
            true => screen::json(&Answer::of(&together, &stress))?,
            false => print(&together, &stress)?,
        }
        let said: Vec<&str> = failed.iter().map(|(said, _)| said.as_str()).collect();
        failed.first().map_or(Ok(()), |(_, error)| Err(Failure::query(error, said.join("; "))))
    }
}

/// -20 is a fall by a fifth: every price times 0.8.
fn factor(percent: &str) -> Result<Decimal, Failure> {
    let wrong = |why: String| {
        Failure::usage(format!("--move {percent}: {why}"))
            .help("Per cent above -100, such as -20 for a fall by a fifth.")
    };
    let moved = decimal::exact(percent).map_err(|error| wrong(error.to_string()))?;
    let factor = moved.checked_div(Decimal::ONE_HUNDRED).and_then(|share| share.checked_add(Decimal::ONE));
    factor.filter(|factor| *factor > Decimal::ZERO).ok_or_else(|| wrong("no price falls so far".to_owned()))
}

impl Reading {
    async fn of(desk: &Desk) -> Result<Self, QueryError> {
        let venue = &desk.venue;
        let mut state = AccountState::new();
        state.apply(&AccountEvent::Snapshot(Box::new(venue.broker.account().await?)));
        let mut contracts = BTreeMap::new();
        for held in state.positions().collect::<Vec<_>>() {
            if held.mark_price.is_none() {
                state.mark(&venue.feed.mark_price(&held.symbol).await?);
            }
            if !contracts.contains_key(&held.symbol) {
                contracts.insert(held.symbol.clone(), venue.broker.instrument(&held.symbol).await?);
            }
        }
        Ok(Self { positions: state.positions().collect(), contracts, state })
    }

    /// Adds the account, once in each currency that something of it settles in.
    fn join<'a>(&'a self, desk: &Desk, together: &mut PortfolioView<'a>) {
        let held = self.positions.iter().map(|it| Currency::new(it.symbol.settle()));
        let currencies: BTreeSet<Currency> = held.chain([desk.account.settle.clone()]).collect();
        for currency in currencies {
            let balance = self.state.balances().find(|(known, _)| **known == currency).map(|(_, balance)| balance);
            let contract = |symbol: &Symbol| self.contracts.get(symbol);
            let fee = desk.manager.settings().closing_fee;
            let standing = Standing::new(&currency, balance.unwrap_or_default(), &self.positions, contract, fee);
            together.add(desk.venue.broker.venue(), desk.account.name.clone(), currency, standing);
        }
    }
}

type Moved = (String, Decimal, Vec<StressedAccount>);

impl Answer {
    fn of(together: &PortfolioView<'_>, stress: &[Moved]) -> Self {
        let by_symbol = together.by_symbol();
        let by_symbol = by_symbol
            .iter()
            .map(|(symbol, it)| Exposed { symbol: Some(symbol.to_string()), ..Exposed::of(symbol.settle(), *it) });
        let by_venue = together.by_venue();
        let by_venue = by_venue.iter().map(|((venue, currency), it)| Exposed {
            venue: Some(venue.to_string()),
            ..Exposed::of(currency.as_str(), *it)
        });
        Self {
            by_symbol: by_symbol.collect(),
            by_venue: by_venue.collect(),
            totals: together.totals().iter().map(|(currency, it)| Total::of(currency, it)).collect(),
            nearest_liquidation: together.nearest_liquidation().map(|it| Nearest::of(&it)),
            stress: stress
                .iter()
                .flat_map(|(_, factor, accounts)| accounts.iter().map(|it| Stressed::of(*factor, it)))
                .collect(),
        }
    }
}

fn shown(money: Option<Money>) -> Option<String> {
    money.map(|money| full(money.get()))
}

impl Exposed {
    fn of(currency: &str, it: Exposure) -> Self {
        let [long, short, net, gross] = [it.long, it.short, it.net(), it.gross()].map(|money| full(money.get()));
        Self { symbol: None, venue: None, currency: currency.to_owned(), long, short, net, gross }
    }
}

impl Total {
    fn of(currency: &Currency, it: &PortfolioTotals) -> Self {
        Self {
            currency: currency.to_string(),
            equity: shown(it.equity),
            unrealized_pnl: shown(it.unrealized_pnl),
            used_margin: shown(it.used_margin),
            maintenance_margin: shown(it.maintenance),
            unpriced: it.unpriced,
        }
    }
}

impl Nearest {
    fn of(it: &NearestLiquidation) -> Self {
        let (below, above) = super::positions::liquidation_fields(it.liquidation);
        Self {
            venue: it.venue.to_string(),
            account: it.account.to_string(),
            symbol: it.symbol.to_string(),
            position_side: it.position_side.to_string(),
            distance: full(it.distance.get()),
            liquidation_below: below,
            liquidation_above: above,
        }
    }
}

impl Stressed {
    fn of(factor: Decimal, it: &StressedAccount) -> Self {
        let outcome = it.outcome.as_ref();
        let (down, up) = match outcome.map(|it| it.limits) {
            Some(CommonMove::Bounds { down, up }) => (down, up),
            Some(CommonMove::AlreadyDue) | None => (None, None),
        };
        let due = |(symbol, side): &(Symbol, plimsoll_domain::PositionSide)| Due {
            symbol: symbol.to_string(),
            position_side: side.to_string(),
        };
        Self {
            factor: full(factor),
            venue: it.venue.to_string(),
            account: it.account.to_string(),
            currency: it.currency.to_string(),
            equity: shown(outcome.map(|it| it.equity)),
            pool_ratio: outcome.and_then(|it| it.pool_ratio).map(|ratio| full(ratio.get())),
            liquidated: outcome.map(|it| it.liquidated.iter().map(due).collect()),
            already_due: outcome.map(|it| it.limits == CommonMove::AlreadyDue),
            limit_down: down.map(full),
            limit_up: up.map(full),
        }
    }
}

fn print(together: &PortfolioView<'_>, stress: &[Moved]) -> Result<(), Failure> {
    let by_symbol = together.by_symbol();
    for (currency, it) in together.totals() {
        totals(&currency, &it)?;
    }
    if by_symbol.is_empty() {
        return screen::line("no open position");
    }
    let head = |what| [what, "long", "short", "net", "gross"];
    let amounts = |it: &Exposure| [it.long, it.short, it.net(), it.gross()].map(screen::cents).to_vec();
    let row = |name: String, it: &Exposure| [vec![name], amounts(it)].concat();
    let contracts = by_symbol.iter().map(|(symbol, it)| row(symbol.to_string(), it));
    screen::line(screen::table(&head("contract"), contracts))?;
    let by_venue = together.by_venue();
    let venues = by_venue.iter().map(|((venue, currency), it)| row(format!("{venue}, {currency}"), it));
    screen::line(screen::table(&head("venue"), venues))?;
    if let Some(it) = together.nearest_liquidation() {
        let at = super::positions::liquidation(it.liquidation);
        let away = percent(it.distance.get());
        let (account, venue, symbol) = (it.account, it.venue, it.symbol);
        screen::line(format!("nearest liquidation: {symbol} of {account} on {venue}, {away} away: {at}"))?;
    }
    let moved = stress.iter().flat_map(|(said, _, accounts)| accounts.iter().map(move |it| stressed(said, it)));
    screen::line(screen::table(&["every price by", "account", "equity", "pool's ratio", "liquidated"], moved))
}

fn totals(currency: &Currency, it: &PortfolioTotals) -> Result<(), Failure> {
    let money = |money: Option<Money>| money.map_or_else(|| "not known".to_owned(), screen::cents);
    screen::line(format!("in {currency}"))?;
    Facts::default()
        .line("equity", money(it.equity))
        .line("PnL", money(it.unrealized_pnl))
        .line("used margin", money(it.used_margin))
        .line("maintenance", money(it.maintenance))
        .maybe("not priced", (it.unpriced > 0).then_some(it.unpriced))
        .print()
}

fn stressed(said: &str, it: &StressedAccount) -> Vec<String> {
    let sign = if said.starts_with('-') { "" } else { "+" };
    let head = vec![format!("{sign}{said} %"), format!("{}, {}", it.account, it.currency)];
    let figures = match &it.outcome {
        None => ["not known", "-", "-"].map(str::to_owned).to_vec(),
        Some(outcome) => vec![
            screen::cents(outcome.equity),
            outcome.pool_ratio.map_or_else(|| "-".to_owned(), |ratio| percent(ratio.get())),
            outcome.liquidated.len().to_string(),
        ],
    };
    [head, figures].concat()
}
