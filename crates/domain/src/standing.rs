//! How an account stands at this moment: every figure worked out anew from what is held and what its contracts ask.

use crate::account::HeldPosition;
use crate::change::Balance;
use crate::instrument::Instrument;
use crate::liquidation::Liquidation;
use crate::margin::{self, HedgeMargin, MarginRatio};
use crate::money::Money;
use crate::name::{Currency, Symbol};
use crate::pnl::return_on_equity;
use crate::portfolio::{AccountMargin, Collateral, Holding, Portfolio, PositionMargin};
use crate::rate::Rate;
use crate::risk::distance_to;
use crate::side::MarginMode;
use rust_decimal::Decimal;

/// The positions of one account that settle in one currency, each with its contract where that is known.
///
/// What cannot be judged is `None`, never a guess: a position without a mark, without a contract, or isolated without its
/// margin. The cross positions are judged together or not at all, since they share what backs them.
#[derive(Debug, Clone)]
pub struct Standing<'a> {
    balance: Balance,
    closing_fee: Rate,
    positions: Vec<(&'a HeldPosition, Option<&'a Instrument>)>,
}

/// One position at its mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PositionFigures {
    /// What is held, with the venue's own figures.
    pub held: HeldPosition,
    /// Size × mark.
    pub notional: Option<Money>,
    /// Notional ÷ leverage, and what the venue wants for closing it.
    pub initial_margin: Option<Money>,
    /// The margin that it ties up: its own if it is isolated, else its initial margin.
    pub margin: Option<Money>,
    /// What its contract requires at the mark.
    pub maintenance: Option<Money>,
    /// Maintenance ÷ equity of what backs it: 0 is safe, 1 liquidates.
    pub margin_ratio: Option<MarginRatio>,
    /// The prices that liquidate it while all other marks stand still, exactly.
    pub liquidation: Option<Liquidation>,
    /// From the mark to the nearer of them, as a share of the mark; zero if it is due. `None` if none liquidates it, or if
    /// [`liquidation`](Self::liquidation) is not known.
    pub distance: Option<Rate>,
    /// Return on equity in per cent: the price's move times the leverage.
    pub return_on_equity: Option<Decimal>,
}

/// An account in one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct MarginFigures {
    /// Everything but unrealised profit.
    pub wallet: Option<Money>,
    /// Wallet and the profit of every position.
    pub equity: Option<Money>,
    /// Profit of every position at its mark, before fees.
    pub unrealized_pnl: Option<Money>,
    /// Initial margin of every position.
    pub initial: Option<Money>,
    /// What the positions tie up: isolated margins, and initial margins of what is cross.
    pub used: Option<Money>,
    /// What the contracts require of every position; zero if nothing is held.
    pub maintenance: Option<Money>,
    /// All maintenance ÷ all equity. `None` where nothing is required, or [`maintenance`](Self::maintenance) or
    /// [`equity`](Self::equity) is not known.
    pub margin_ratio: Option<MarginRatio>,
    /// The cross pool by itself: what it holds against what the cross positions require.
    pub pool: Option<AccountMargin>,
    /// What new positions may use: the venue's word, or else what the used margin leaves of equity.
    pub available: Option<Money>,
}

impl<'a> Standing<'a> {
    /// Takes those of `positions` that settle in `currency`. `closing_fee` is the fee that the venue counts into
    /// liquidation; zero where it does not.
    pub fn new(
        currency: &Currency,
        balance: Balance,
        positions: impl IntoIterator<Item = &'a HeldPosition>,
        contract: impl Fn(&Symbol) -> Option<&'a Instrument>,
        closing_fee: Rate,
    ) -> Self {
        let settles = |it: &&HeldPosition| it.symbol.settle() == currency.as_str();
        let positions = positions.into_iter().filter(settles).map(|it| (it, contract(&it.symbol))).collect();
        Self { balance, closing_fee, positions }
    }

    /// Every position, in the order in which they were given.
    #[must_use]
    pub fn positions(&self) -> Vec<PositionFigures> {
        let mut judged = self.judged().into_iter();
        let figures =
            |(held, contract): &(&HeldPosition, Option<&Instrument>)| of(held, *contract, judged.next().flatten());
        self.positions.iter().map(figures).collect()
    }

    /// The account.
    #[must_use]
    pub fn margin(&self) -> MarginFigures {
        self.margin_of(&self.positions())
    }

    /// The account, from the figures of its [`positions`](Self::positions).
    #[must_use]
    pub fn margin_of(&self, positions: &[PositionFigures]) -> MarginFigures {
        let wallet = self.balance.wallet;
        let unrealized_pnl = all(positions, |it| it.held.unrealized_pnl);
        let by_sum = wallet.zip(unrealized_pnl).map(|(wallet, profit)| plus(wallet, profit));
        let equity = by_sum.or(self.balance.equity);
        let used = all(positions, |it| it.margin);
        let maintenance = self.maintenance();
        let left = || Some(plus(equity?, -used?));
        MarginFigures {
            wallet,
            equity,
            unrealized_pnl,
            initial: all(positions, |it| it.initial_margin),
            used,
            maintenance,
            margin_ratio: maintenance
                .zip(equity)
                .and_then(|(maintenance, equity)| MarginRatio::of(maintenance, equity)),
            pool: self.portfolio().map(|portfolio| portfolio.margin()),
            available: self.balance.available.or_else(left),
        }
    }

    /// The whole account at its marks; `None` if a part of it cannot be judged.
    #[must_use]
    pub fn portfolio(&self) -> Option<Portfolio<'a>> {
        let holdings = self.positions.iter().map(|it| self.holding(it)).collect::<Option<Vec<_>>>()?;
        Some(Portfolio { wallet: self.balance.wallet?, holdings })
    }

    /// Each position's margin; the isolated ones also where the pool is not known.
    fn judged(&self) -> Vec<Option<PositionMargin>> {
        if let Some(portfolio) = self.portfolio() {
            return portfolio.assess().positions.into_iter().map(Some).collect();
        }
        let alone = |it: Holding<'_>| {
            let portfolio = Portfolio { wallet: Money::ZERO, holdings: vec![it] };
            portfolio.assess().positions.first().copied()
        };
        let isolated = |it: &Holding<'_>| !it.is_cross();
        self.positions.iter().map(|it| self.holding(it).filter(isolated).and_then(alone)).collect()
    }

    fn maintenance(&self) -> Option<Money> {
        let required = |(place, (held, instrument)): (usize, &(&HeldPosition, Option<&Instrument>))| {
            let tiers = &(*instrument)?.tiers;
            let own = margin::maintenance(held.position, held.mark_price?, tiers);
            let counts = tiers.hedge() == HedgeMargin::EachLeg || !self.is_covered(place);
            Some(if counts { own } else { Money::ZERO })
        };
        self.positions.iter().enumerate().try_fold(Money::ZERO, |sum, it| Some(plus(sum, required(it)?)))
    }

    /// Whether this cross leg stands beside a larger one, or beside as large a one that comes first.
    fn is_covered(&self, place: usize) -> bool {
        let Some((held, _)) = self.positions.get(place) else { return false };
        // A leg of which nobody knows what backs it is asked for by itself.
        let is_cross = |it: &HeldPosition| it.margin_mode == Some(MarginMode::Cross);
        let covers = |(index, (other, _)): (usize, &(&HeldPosition, Option<&Instrument>))| {
            let (own, its) = (held.position, other.position);
            let larger = its.quantity > own.quantity || its.quantity == own.quantity && index < place;
            own.direction != its.direction && larger && is_cross(other) && other.symbol == held.symbol
        };
        is_cross(held) && self.positions.iter().enumerate().any(covers)
    }

    fn holding(&self, (held, instrument): &(&'a HeldPosition, Option<&'a Instrument>)) -> Option<Holding<'a>> {
        let collateral = match held.margin_mode? {
            MarginMode::Cross => Collateral::Cross,
            MarginMode::Isolated => Collateral::Isolated(held.isolated_margin?),
        };
        let tiers = &(*instrument)?.tiers;
        let (symbol, position, mark) = (&held.symbol, held.position, held.mark_price?);
        Some(Holding { symbol, position, mark, collateral, tiers, closing_fee: self.closing_fee })
    }
}

fn of(held: &HeldPosition, contract: Option<&Instrument>, judged: Option<PositionMargin>) -> PositionFigures {
    let notional = held.notional();
    let initial = |(notional, leverage)| match contract {
        Some(contract) => contract.initial_margin(notional, leverage),
        None => margin::initial(notional, leverage),
    };
    let initial_margin = notional.zip(held.leverage).map(initial);
    let is_isolated = held.margin_mode == Some(MarginMode::Isolated);
    let mark = held.mark_price;
    PositionFigures {
        notional,
        initial_margin,
        margin: if is_isolated { held.isolated_margin } else { initial_margin },
        maintenance: judged.map(|it| it.maintenance),
        margin_ratio: judged.and_then(|it| it.margin_ratio),
        liquidation: judged.map(|it| it.liquidation),
        distance: judged.zip(mark).and_then(|(it, mark)| distance_to(it.liquidation, mark)),
        return_on_equity: held.leverage.zip(mark).map(|(times, mark)| return_on_equity(held.position, times, mark)),
        held: held.clone(),
    }
}

/// The sum, if every position has the figure.
fn all(positions: &[PositionFigures], figure: impl Fn(&PositionFigures) -> Option<Money>) -> Option<Money> {
    positions.iter().try_fold(Money::ZERO, |sum, it| Some(plus(sum, figure(it)?)))
}

fn plus(a: Money, b: Money) -> Money {
    Money::new(a.get().saturating_add(b.get()))
}
