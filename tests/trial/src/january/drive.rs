//! One case, from the first candle to the last.

use super::case::Case;
use super::desk::Desk;
use super::outcome::{Liquidated, Outcome};
use plimsoll_domain::afloat::Stage;
use plimsoll_domain::{Candle, FillCause, Money, Price, Timestamp};
use plimsoll_engine::{MarginFor, Measure, MonitorReport, Opened};
use plimsoll_ports::Broker;
use std::time::Duration;

/// A look is had so long after the last one, whatever the market does.
const EVERY: Duration = Duration::from_secs(60);

/// Takes a long through these candles.
///
/// # Panics
/// If there are none, or the exchange does not take an order or a tick of them: there is nothing to tell then.
#[must_use]
pub fn play(case: Case, candles: &[Candle]) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(Drive::begin_and_end(case, candles))
}

struct Drive {
    desk: Desk,
    outcome: Outcome,
    looked: Timestamp,
    /// The mark before this one.
    before: Price,
}

impl Drive {
    async fn begin_and_end(case: Case, candles: &[Candle]) -> Outcome {
        let first = candles.first().expect("a candle");
        let desk = Desk::set(case, first);
        desk.move_to(first.open_time, first.open);
        let opened = desk.open(first.open).await;
        let outcome = begun(case, &opened, &desk);
        let mut drive = Self { desk, outcome, looked: first.open_time, before: first.open };
        if case.is_protected {
            drive.look(first.open_time).await;
        }
        for candle in candles {
            for (time, price) in worst_first(candle) {
                drive.go_to(time, price).await;
            }
            if drive.desk.held().is_none() {
                break;
            }
        }
        drive.end().await
    }

    async fn go_to(&mut self, time: Timestamp, mark: Price) {
        let Some(held) = self.desk.held() else { return };
        let exact = self.desk.exact(&held);
        self.desk.move_to(time, mark);
        let left = self.desk.held();
        match (&left, exact) {
            (None, Some(exact)) => {
                // A funding of this moment may have moved the price up, never down by more than it is worth.
                self.outcome.misses += u64::from(mark > exact);
                let before = self.before;
                self.outcome.liquidated = Some(Liquidated { time, exact, before, mark, is_gap: None });
            }
            (None, None) => self.outcome.misses += 1,
            (Some(left), _) => {
                self.outcome.misses += u64::from(self.desk.exact(left).is_some_and(|exact| mark <= exact));
            }
        }
        if self.outcome.case.is_protected {
            let is_due = time.since(self.looked) >= EVERY;
            let stage = left.as_ref().and_then(|left| self.desk.stage(left, mark));
            if is_due || left.is_none() || stage >= Some(Stage::TopUp) {
                self.look(time).await;
            }
        }
        self.before = mark;
    }

    async fn look(&mut self, time: Timestamp) {
        self.looked = time;
        self.outcome.looks += 1;
        let report = self.desk.manager.monitor().await.expect("the account can be read");
        self.take_in(&report);
    }

    fn take_in(&mut self, report: &MonitorReport) {
        let it = &mut self.outcome;
        for measure in &report.measures {
            if measure.has_failed() {
                it.failures.push(measure.to_string());
            }
            match measure {
                Measure::Cut { closed, .. } => {
                    it.cuts += 1;
                    it.orders += closed.iter().map(|closed| closed.orders.len() as u64).sum::<u64>();
                }
                Measure::MarginAdded { amount, why, failure: None, .. } if *why != MarginFor::Kept => {
                    it.margin_added += *amount;
                }
                Measure::Taken { cause: FillCause::Liquidation, last_seen, .. } => {
                    if let Some(liquidated) = &mut it.liquidated {
                        liquidated.is_gap = last_seen.map(|seen| seen.is_gap());
                    }
                }
                _ => {}
            }
        }
        it.failures.extend(report.troubles.iter().map(ToString::to_string));
    }

    async fn end(mut self) -> Outcome {
        let (desk, it) = (&self.desk, &mut self.outcome);
        let symbol = &desk.instrument.symbol;
        let held = desk.held();
        it.left = held.as_ref().and_then(|report| report.position).map(|position| position.quantity);
        let unrealized = held.and_then(|report| report.unrealized_pnl).unwrap_or_default();
        it.equity = desk.wallet() + unrealized;
        let (fees, realized) = desk.venue.exchange(|exchange| {
            let fills = || exchange.fills(&desk.account, symbol);
            let realized: Money = fills().filter_map(|fill| fill.realized_pnl).sum();
            (fills().map(|fill| fill.fee).sum(), realized)
        });
        (it.fees, it.realized) = (fees, realized);
        let payments = desk.broker.funding_payments(Timestamp::default()).await.expect("payments are told");
        it.funding = payments.iter().map(|payment| payment.payment).sum();
        self.outcome
    }
}

fn begun(case: Case, opened: &Opened, desk: &Desk) -> Outcome {
    let held = desk.held().expect("it is held");
    Outcome {
        case,
        quantity: opened.quantity,
        entry: opened.price,
        liquidation: desk.exact(&held).expect("a leveraged long can be liquidated"),
        liquidated: None,
        misses: 0,
        looks: 0,
        cuts: 0,
        orders: 0,
        margin_added: Money::ZERO,
        failures: Vec::new(),
        fees: Money::ZERO,
        realized: Money::ZERO,
        funding: Money::ZERO,
        left: None,
        equity: Money::ZERO,
    }
}

/// What hurts a long most: down to the low before up to the high.
fn worst_first(candle: &Candle) -> [(Timestamp, Price); 4] {
    let at = |quarter: u32| candle.open_time.plus(candle.interval * quarter / 4);
    [(at(0), candle.open), (at(1), candle.low), (at(2), candle.high), (at(3), candle.close)]
}
