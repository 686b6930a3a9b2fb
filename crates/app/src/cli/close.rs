//! `plimsoll close`: out of a position, whole or in part.

use super::acting::{self, Found};
use super::signals::to_its_end;
use super::target::{Consent, Target};
use crate::desk::Desk;
use crate::failure::Failure;
use crate::screen::{self, Facts, full, money, price, told};
use clap::Args;
use plimsoll_domain::{
    Decimal, Direction, Instrument, Money, Position, PositionReport, Price, Quantity, Rounding, Symbol, decimal,
};
use plimsoll_engine::{CloseFailure, Closed, SendFailure};
use plimsoll_ports::CloseIntent;
use serde::Serialize;
use std::process::ExitCode;

/// Close a position at market, whole or in part, whatever the kill switch says.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll close BTC/USDT:USDT
  plimsoll close BTC/USDT:USDT --part 50% --yes
  plimsoll close BTC/USDT:USDT --quantity 0.01 --dry-run")]
pub(crate) struct Close {
    /// The contract, like BTC/USDT:USDT
    symbol: Symbol,
    /// long or short: needed in hedge mode, where both may be held
    #[arg(long)]
    side: Option<Direction>,
    /// How much of it, in per cent: 50% or 50, and below 1 with its %; rounded down to the lot
    #[arg(long, value_name = "X%", value_parser = part, conflicts_with = "quantity")]
    part: Option<Decimal>,
    /// How much of it, in base units
    #[arg(long, allow_negative_numbers = true)]
    quantity: Option<Quantity>,
    #[command(flatten)]
    consent: Consent,
    #[command(flatten)]
    target: Target,
}

#[derive(Serialize)]
pub(super) struct ClosePreview {
    symbol: String,
    side: Direction,
    held: String,
    quantity: String,
    mark_price: Option<String>,
    notional: Option<String>,
    realized_pnl: Option<String>,
    fee: Option<String>,
    #[serde(skip)]
    estimate: Option<Estimate>,
}

/// What closing comes to if it fills at the mark.
#[derive(Debug, Clone, Copy)]
struct Estimate {
    mark: Price,
    notional: Money,
    profit: Money,
    /// Where the venue tells what it takes.
    fee: Option<Money>,
}

#[derive(Serialize)]
pub(super) struct Answer {
    pub(super) reconciled: Vec<String>,
    pub(super) preview: Vec<ClosePreview>,
    pub(super) closed: Option<Vec<ClosedRow>>,
    pub(super) flat: Option<bool>,
    pub(super) troubles: Vec<String>,
}

#[derive(Serialize)]
pub(super) struct ClosedRow {
    symbol: String,
    side: Direction,
    client_order_ids: Vec<String>,
    quantity: String,
    price: Option<String>,
    realized_pnl: Option<String>,
    fees: Option<String>,
    remaining: Option<String>,
    net: Option<String>,
    cancelled: usize,
    troubles: Vec<String>,
}

/// The same as [`percent`], of a position: half of it is 0.5 elsewhere, which is asked back.
pub(super) fn part(text: &str) -> Result<Decimal, String> {
    let share = percent(text)?;
    let whole = Decimal::new(1, 2);
    if share < whole && !text.contains('%') {
        let number = text.trim();
        let meant = (share * Decimal::from(10_000)).normalize();
        return Err(format!("{number} may be a share or per cent: write {meant}% or {number}%"));
    }
    Ok(share)
}

/// Reads `50%` or `50`: above 0, at most 100.
pub(super) fn percent(text: &str) -> Result<Decimal, String> {
    let number = text.trim().trim_end_matches('%').trim();
    let percent = decimal::exact(number).map_err(|error| error.to_string())?;
    if percent <= Decimal::ZERO || percent > Decimal::ONE_HUNDRED {
        return Err(format!("a part is above 0 % and at most 100 %, got {percent}"));
    }
    percent.checked_div(Decimal::ONE_HUNDRED).ok_or_else(|| "too small".to_owned())
}

impl Close {
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        super::runtime()?.block_on(self.close())?;
        Ok(ExitCode::SUCCESS)
    }

    async fn close(self) -> Result<(), Failure> {
        self.consent.can_be_had(self.target.json)?;
        let desk = self.target.desk().await?;
        let outcome = self.close_at(&desk).await;
        desk.close().await;
        outcome
    }

    async fn close_at(&self, desk: &Desk) -> Result<(), Failure> {
        let Found { said: reconciled, shown, .. } = acting::told_in_passing(desk, self.consent, self.target.json).await;
        let positions = desk.manager.positions().await.map_err(Failure::unanswered)?;
        let (report, held) = self.held(&positions)?;
        let instrument = desk.venue.broker.instrument(&self.symbol).await.ok();
        let quantity = self.size(held, instrument.as_ref())?;
        let preview = ClosePreview::of(report, held, quantity.unwrap_or(held.quantity), instrument.as_ref());
        let shown = if self.target.json { Ok(()) } else { shown.and_then(|()| preview.print()) };
        let intent = CloseIntent { symbol: self.symbol.clone(), direction: held.direction, quantity };
        if !self.consent.is_given(shown, &format!("Close it on {}{}?", desk.account.name, acting::live(desk)))? {
            let (preview, troubles) = (vec![preview], Vec::new());
            let answer = Answer { reconciled, preview, closed: None, flat: None, troubles };
            return if self.target.json { screen::json(&answer) } else { Ok(()) };
        }
        let closed = to_its_end(desk.manager.close(&intent)).await.map_err(|failure| failed(&failure))?;
        if self.target.json {
            let (preview, rows) = (vec![preview], vec![ClosedRow::of(&closed)]);
            let answer = Answer { reconciled, preview, closed: Some(rows), flat: None, troubles: Vec::new() };
            return acting::done(screen::json(&answer));
        }
        acting::done(print(&closed))
    }

    fn held<'a>(&self, positions: &'a [PositionReport]) -> Result<(&'a PositionReport, Position), Failure> {
        let is_it = |held: Position| self.side.is_none_or(|side| held.direction == side);
        let of_symbol = positions.iter().filter(|report| report.symbol == self.symbol);
        let found: Vec<_> = of_symbol.filter_map(|it| Some((it, it.position.filter(|held| is_it(*held))?))).collect();
        match found.as_slice() {
            [one] => Ok(*one),
            [] => {
                let side = self.side.map(|side| format!("{side} ")).unwrap_or_default();
                Err(Failure::no(format!("{} has no {side}position", self.symbol))
                    .help("`plimsoll positions` shows what is held."))
            }
            _ => {
                Err(Failure::usage(format!("{} holds a long and a short", self.symbol)).help("Say which: --side long"))
            }
        }
    }

    /// `None` closes it whole. Without the contract's lot nothing is rounded, and the venue has the last word.
    fn size(&self, held: Position, instrument: Option<&Instrument>) -> Result<Option<Quantity>, Failure> {
        if let Some(wanted) = self.quantity.filter(|wanted| *wanted > held.quantity) {
            return Err(Failure::no(format!("closing {wanted} is more than the {} held", held.quantity))
                .help("Nothing was sent. Without --quantity it is closed whole."));
        }
        let Some(part) = self.part.filter(|part| *part < Decimal::ONE) else {
            let lot = instrument.map(|instrument| instrument.lot);
            // What is held whole goes whole, whatever the lot is by now.
            return match (self.quantity, lot) {
                (Some(wanted), Some(lot)) if wanted < held.quantity => {
                    wanted.round(lot, Rounding::Down).map(Some).ok_or_else(|| {
                        Failure::no(format!("{wanted} is less than one lot of {lot}")).help("Nothing was sent.")
                    })
                }
                (wanted, _) => Ok(wanted),
            };
        };
        let wanted = held.quantity.get().checked_mul(part).and_then(|size| Quantity::new(size).ok());
        let size = match instrument {
            Some(instrument) => wanted.and_then(|size| size.round(instrument.lot, Rounding::Down)),
            None => wanted,
        };
        let less = || Failure::no(format!("that part of {} is less than one lot", held.quantity));
        size.map(Some).ok_or_else(less)
    }
}

const BARED: &str =
    "It is held without what was cancelled. Try again; `plimsoll orders` shows what still rests for it.";

fn failed(failure: &CloseFailure) -> Failure {
    match failure.cause() {
        CloseFailure::NotKnown(error) => Failure::query(error, failure),
        CloseFailure::Order { id, failure: SendFailure::Unresolved(_) } => {
            Failure::outcome_unknown(failure).help(acting::how_to_find_out(id))
        }
        CloseFailure::Order { failure: SendFailure::NotSent(_), .. } => {
            Failure::unreachable(failure).help(match failure {
                CloseFailure::Cleared { .. } => BARED,
                _ => "Nothing was sent: the position, and what rests for it, is as it was. Try again.",
            })
        }
        _ => Failure::no(failure),
    }
}

pub(super) fn print(closed: &Closed) -> Result<(), Failure> {
    let left = closed.remaining.map_or_else(|| "nothing".to_owned(), |left| left.quantity.to_string());
    screen::line(format!("closed {} {} {}", closed.symbol, closed.direction, closed.quantity))?;
    Facts::default()
        .maybe("filled at", closed.price.map(price))
        .line("realised", told(closed.realized_pnl))
        .line("fee", told(closed.fees))
        .maybe("the whole position, net", closed.ended.as_ref().map(|ended| money(ended.net())))
        .line("left", left)
        .line("orders cancelled", closed.cancelled.len())
        .print()?;
    closed.troubles.iter().try_for_each(|trouble| screen::line(format!("  trouble: {trouble}")))
}

impl ClosePreview {
    pub(super) fn of(
        report: &PositionReport,
        held: Position,
        quantity: Quantity,
        instrument: Option<&Instrument>,
    ) -> Self {
        let part = Position { quantity, ..held };
        let estimate = report.mark_price.map(|mark| Estimate::of(part, mark, instrument));
        Self {
            symbol: report.symbol.to_string(),
            side: held.direction,
            held: full(held.quantity.get()),
            quantity: full(quantity.get()),
            mark_price: estimate.map(|it| full(it.mark.get())),
            notional: estimate.map(|it| full(it.notional.get())),
            realized_pnl: estimate.map(|it| full(it.profit.get())),
            fee: estimate.and_then(|it| it.fee).map(|fee| full(fee.get())),
            estimate,
        }
    }

    pub(super) fn print(&self) -> Result<(), Failure> {
        screen::line(format!("close {} {} {} of {}", self.symbol, self.side, self.quantity, self.held))?;
        let Some(it) = self.estimate else {
            return screen::line("  what it would realise is not known: the venue tells no mark price");
        };
        Facts::default()
            .line("mark", price(it.mark))
            .line("notional", money(it.notional))
            .line("fee", it.fee.map_or_else(|| "not known".to_owned(), money))
            .line("would realise", it.outcome())
            .print()
    }
}

impl Estimate {
    fn of(part: Position, mark: Price, instrument: Option<&Instrument>) -> Self {
        let notional = part.notional(mark);
        let fee = instrument.map(|it| notional * it.fees.taker);
        Self { mark, notional, profit: part.unrealized_pnl(mark), fee }
    }

    /// For people: the fee is part of what is had in the end.
    fn outcome(self) -> String {
        let profit = money(self.profit);
        match self.fee {
            Some(fee) => format!("{profit}, {} with the fee: an estimate at the mark", money(self.profit - fee)),
            None => format!("{profit} before the fee: an estimate at the mark"),
        }
    }
}

impl ClosedRow {
    pub(super) fn of(it: &Closed) -> Self {
        Self {
            symbol: it.symbol.to_string(),
            side: it.direction,
            client_order_ids: it.orders.iter().map(|order| order.client_order_id.to_string()).collect(),
            quantity: full(it.quantity.get()),
            price: it.price.map(|price| full(price.get())),
            realized_pnl: it.realized_pnl.map(|amount| full(amount.get())),
            fees: it.fees.map(|amount| full(amount.get())),
            remaining: it.remaining.map(|left| full(left.quantity.get())),
            net: it.ended.as_ref().map(|ended| full(ended.net().get())),
            cancelled: it.cancelled.len(),
            troubles: it.troubles.iter().map(ToString::to_string).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_closing_would_realise_is_said_with_its_fee_and_as_an_estimate() {
        let (quantity, entry) = ("0.001".parse().unwrap(), "60005.071".parse().unwrap());
        let part = Position { direction: Direction::Long, quantity, entry };
        let instrument = plimsoll_exchange::listings::btc_usdt();
        let outcome = |instrument| Estimate::of(part, "60000".parse().unwrap(), instrument).outcome();
        let fee = instrument.fees.taker.get() * Decimal::from(60);
        let net = Decimal::new(-5071, 6) - fee;
        let net = money(Money::new(net));
        assert_eq!(outcome(Some(&instrument)), format!("-0.0051, {net} with the fee: an estimate at the mark"));
        assert_eq!(outcome(None), "-0.0051 before the fee: an estimate at the mark");
    }

    #[test]
    fn a_part_is_a_percentage() {
        for (text, expected) in [("50%", "0.5"), ("50", "0.5"), ("12.5 %", "0.125"), ("100%", "1")] {
            assert_eq!(part(text), Ok(expected.parse().unwrap()), "{text}");
        }
        assert_eq!(part("0.5%"), Ok("0.005".parse().unwrap()));
        let said = part("0.5").unwrap_err();
        assert!(said.ends_with("write 50% or 0.5%"), "{said}");
        for text in ["0", "-5%", "101%", "half", "", "1e99%"] {
            assert!(part(text).is_err(), "{text}");
        }
    }
}
