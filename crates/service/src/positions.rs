//! What is held, what it would take to lose it, and what protects it.

use crate::account::{Seen, ServedAccount};
use crate::facts::Facts;
use crate::failure::AskFailure;
use crate::figure::{Figure, Moment, answers, known};
use crate::overview::{bounds, stage};
use crate::rates::KnownCost;
use crate::service::Service;
use plimsoll_domain::afloat::Stage;
use plimsoll_domain::{AccountId, Direction, Order, PositionFigures, Price, Symbol};

answers! {
    /// Every position, the nearest to its liquidation first.
    pub struct Positions {
        /// When it was put together.
        pub time: Moment,
        /// The positions; those that cannot be judged last.
        pub positions: Vec<PositionRow>,
    }

    /// A position.
    pub struct PositionRow {
        /// Whose.
        pub account: String,
        /// Where.
        pub venue: String,
        /// What kind of money.
        pub mode: &'static str,
        /// The contract.
        pub symbol: String,
        /// What is traded.
        pub base: String,
        /// What it settles in.
        pub currency: String,
        /// `both`, `long` or `short`.
        pub position_side: &'static str,
        /// `long` or `short`.
        pub direction: &'static str,
        /// How much, in base units.
        pub quantity: Figure,
        /// The size-weighted mean price of what built it.
        pub entry_price: Figure,
        /// The venue's fair price.
        pub mark_price: Option<Figure>,
        /// Size × mark.
        pub notional: Option<Figure>,
        /// The leverage that is set.
        pub leverage: Option<u32>,
        /// `isolated` or `cross`.
        pub margin_mode: Option<&'static str>,
        /// What it ties up.
        pub margin: Option<Figure>,
        /// Notional ÷ leverage, and what the venue wants for closing it.
        pub initial_margin: Option<Figure>,
        /// What its contract requires at the mark.
        pub maintenance_margin: Option<Figure>,
        /// Maintenance ÷ equity of what backs it.
        pub margin_ratio: Option<Figure>,
        /// How far that has come.
        pub stage: Option<&'static str>,
        /// Profit at the mark, before fees.
        pub unrealized_pnl: Option<Figure>,
        /// The price's move times the leverage, in per cent.
        pub return_on_equity_percent: Option<Figure>,
        /// The price that liquidates it on its losing side, ours and exact.
        pub liquidation_price: Option<Figure>,
        /// A mark at or below this liquidates.
        pub liquidation_below: Option<Figure>,
        /// A mark at or above this liquidates.
        pub liquidation_above: Option<Figure>,
        /// It is in liquidation; null: it cannot be judged.
        pub is_due: Option<bool>,
        /// The venue's own liquidation price.
        pub venue_liquidation_price: Option<Figure>,
        /// The venue's less ours.
        pub liquidation_difference: Option<Figure>,
        /// From the mark to the nearer liquidation price, as a share of the mark.
        pub distance: Option<Figure>,
        /// The stop that rests nearest to the mark.
        pub stop: Option<ProtectionRow>,
        /// The target that rests nearest to the mark.
        pub target: Option<ProtectionRow>,
        /// Stops rest that close it whole.
        pub is_protected: bool,
        /// The stop triggers before liquidation; null: unknown, or no stop.
        pub stop_comes_first: Option<bool>,
        /// What it loses at its stop, before the fee; positive is lost.
        pub loss_at_stop: Option<Figure>,
        /// What funding costs it; null: unknown.
        pub funding: Option<FundingNow>,
        /// When it was opened, by the records.
        pub opened_at: Option<Moment>,
        /// Who wanted it, by the records.
        pub strategy: Option<String>,
        /// When it was last known to be so.
        pub as_of: Option<Moment>,
        /// That is young enough to open anything on.
        pub is_fresh: bool,
    }

    /// An order that rests to end a position.
    pub struct ProtectionRow {
        /// Where it triggers.
        pub trigger: Figure,
        /// From the mark, as a share of it.
        pub distance: Option<Figure>,
        /// Its name.
        pub client_order_id: String,
        /// It closes the whole position, whatever that is.
        pub covers_all: bool,
        /// When the account was last known, with this order resting; null while that is in doubt.
        pub verified_at: Option<Moment>,
    }

    /// What funding costs a position.
    pub struct FundingNow {
        /// The rate of the coming settlement; positive: longs pay shorts.
        pub rate: Figure,
        /// Hours between settlements.
        pub interval_hours: u32,
        /// The next settlement.
        pub next_time: Option<Moment>,
        /// At the next settlement; positive is paid.
        pub next_payment: Figure,
        /// Over a day at this rate and mark; positive is paid.
        pub per_day: Figure,
        /// The rate of a year, without compounding.
        pub annualised: Figure,
        /// When the rate was asked for.
        pub known_at: Moment,
    }
}

impl Service {
    /// Every position, of one account or all, of one contract or all.
    ///
    /// # Errors
    /// [`AskFailure::UnknownAccount`].
    pub async fn positions(
        &self,
        account: Option<&AccountId>,
        symbol: Option<&Symbol>,
    ) -> Result<Positions, AskFailure> {
        let now = self.now();
        let mut rows = Vec::new();
        for account in self.chosen(account)? {
            let (seen, facts) = (account.seen(now), self.facts(account).await);
            for it in seen.of_symbol(symbol) {
                let funding = self.funding_cost(account, it).await;
                rows.push((it.distance, PositionRow::of(account, &seen, it, &facts, funding)));
            }
        }
        rows.sort_by_key(|(distance, _)| (distance.is_none(), *distance));
        Ok(Positions { time: now.into(), positions: rows.into_iter().map(|(_, row)| row).collect() })
    }

    pub(crate) async fn funding_cost(&self, account: &ServedAccount, it: &PositionFigures) -> Option<KnownCost> {
        self.0.rates.cost(account, &it.held.symbol, it.held.position, it.held.mark_price?).await
    }
}

impl PositionRow {
    fn of(
        account: &ServedAccount,
        seen: &Seen,
        it: &PositionFigures,
        facts: &Facts,
        funding: Option<KnownCost>,
    ) -> Self {
        let (held, position) = (&it.held, it.held.position);
        let (below, above, is_due) = bounds(it.liquidation);
        let losing = losing_side(it);
        let sheltered = seen.view.sheltered(held);
        let protection =
            |order: Option<&Order>| order.and_then(|order| ProtectionRow::of(order, held.mark_price, seen));
        let trigger = sheltered.stop.and_then(|stop| stop.trigger);
        let record = facts.record(&held.symbol, held.position_side);
        Self {
            account: account.name().to_string(),
            venue: account.venue().to_string(),
            mode: account.mode.as_str(),
            symbol: held.symbol.to_string(),
            base: held.symbol.base().to_owned(),
            currency: held.symbol.settle().to_owned(),
            position_side: held.position_side.as_str(),
            direction: position.direction.as_str(),
            quantity: position.quantity.into(),
            entry_price: position.entry.into(),
            mark_price: known(held.mark_price),
            notional: known(it.notional),
            leverage: held.leverage.map(|it| it.get()),
            margin_mode: held.margin_mode.map(|it| it.as_str()),
            margin: known(it.margin),
            initial_margin: known(it.initial_margin),
            maintenance_margin: known(it.maintenance),
            margin_ratio: known(it.margin_ratio),
            stage: stage(account, it).map(Stage::as_str),
            unrealized_pnl: known(held.unrealized_pnl),
            return_on_equity_percent: known(it.return_on_equity),
            liquidation_price: known(losing),
            liquidation_below: below,
            liquidation_above: above,
            is_due,
            venue_liquidation_price: known(held.liquidation_price),
            liquidation_difference: known(
                held.liquidation_price.zip(losing).map(|(theirs, ours)| theirs.get() - ours.get()),
            ),
            distance: known(it.distance),
            stop: protection(sheltered.stop),
            target: protection(sheltered.target),
            is_protected: sheltered.is_covered,
            stop_comes_first: trigger
                .zip(it.liquidation)
                .map(|(stop, _)| comes_first(position.direction, stop, losing)),
            loss_at_stop: known(trigger.map(|stop| -position.unrealized_pnl(stop))),
            funding: funding.map(FundingNow::of),
            opened_at: record.map(|it| it.opened.opened_at.into()),
            strategy: record.map(|it| it.opened.strategy.clone()),
            as_of: held.as_of.map(Moment),
            is_fresh: seen.is_fresh,
        }
    }
}

/// The liquidation price on the side on which the position loses, or else on the other.
pub(crate) fn losing_side(it: &PositionFigures) -> Option<Price> {
    let bounds = it.liquidation?.bounds()?;
    match it.held.position.direction {
        Direction::Long => bounds.below.or(bounds.above),
        Direction::Short => bounds.above.or(bounds.below),
    }
}

fn comes_first(direction: Direction, stop: Price, liquidation: Option<Price>) -> bool {
    liquidation.is_none_or(|liquidation| match direction {
        Direction::Long => stop > liquidation,
        Direction::Short => stop < liquidation,
    })
}

impl ProtectionRow {
    fn of(order: &Order, mark: Option<Price>, seen: &Seen) -> Option<Self> {
        let trigger = order.trigger?;
        let distance = mark.and_then(|mark| (trigger.get() - mark.get()).abs().checked_div(mark.get()));
        Some(Self {
            trigger: trigger.into(),
            distance: known(distance),
            client_order_id: order.client_order_id.to_string(),
            covers_all: order.close_position,
            verified_at: seen.known_at().map(Moment),
        })
    }
}

impl FundingNow {
    pub(crate) fn of(it: KnownCost) -> Self {
        let KnownCost { cost, known_at } = it;
        Self {
            rate: cost.rate.into(),
            interval_hours: cost.interval_hours,
            next_time: cost.next_time.map(Moment),
            next_payment: cost.next_payment.into(),
            per_day: cost.per_day.into(),
            annualised: cost.annualised.into(),
            known_at: known_at.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stop_comes_first_between_the_mark_and_the_liquidation() {
        let price = |text: &str| text.parse::<Price>().unwrap();
        for (direction, stop, liquidation, expected) in [
            (Direction::Long, "58000", Some("40000"), true),
            (Direction::Long, "39999", Some("40000"), false),
            (Direction::Short, "62000", Some("70000"), true),
            (Direction::Short, "70000", Some("70000"), false),
            (Direction::Long, "1", None, true),
        ] {
            assert_eq!(comes_first(direction, price(stop), liquidation.map(price)), expected, "{direction} {stop}");
        }
    }
}
