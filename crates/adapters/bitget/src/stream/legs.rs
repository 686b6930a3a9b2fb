//! What is held, as the stream has last told it.

use crate::wire::Frame;
use crate::wire::event::nothing_held;
use plimsoll_domain::{AccountEvent, AccountSnapshot, PositionMode, PositionSide, Symbol};
use plimsoll_venue::Event;
use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The open positions of the account and its position mode.
#[derive(Debug, Default)]
pub(super) struct Legs(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    open: BTreeSet<(Symbol, PositionSide)>,
    mode: Option<PositionMode>,
}

impl Legs {
    /// Another connection: what the last one told does not count.
    pub(super) fn forget(&self) {
        *self.state() = State::default();
    }

    pub(super) fn note(&self, snapshot: &AccountSnapshot) {
        let held = snapshot.positions.iter().filter(|report| report.position.is_some());
        let open = held.map(|report| (report.symbol.clone(), report.position_side)).collect();
        *self.state() = State { open, mode: Some(snapshot.position_mode) };
    }

    /// Which position a side is of, where a message names the side alone.
    pub(super) fn side(&self, side: PositionSide) -> PositionSide {
        if self.state().mode == Some(PositionMode::OneWay) { PositionSide::Both } else { side }
    }

    /// Adds what a list of all positions says by leaving one out: that it is closed.
    pub(super) fn complete(&self, frame: &mut Frame) {
        let mut state = self.state();
        let mut listed = BTreeSet::new();
        for event in &frame.events {
            if let Event::Account(AccountEvent::Position(report)) = event {
                let leg = (report.symbol.clone(), report.position_side);
                if report.position.is_some() {
                    state.open.insert(leg.clone());
                    listed.insert(leg);
                } else {
                    state.open.remove(&leg);
                }
            }
        }
        let Some(stamp) = frame.all_positions else { return };
        for (symbol, side) in state.open.difference(&listed) {
            let closed = nothing_held(symbol.clone(), *side, stamp);
            frame.events.push(Event::Account(AccountEvent::Position(closed)));
        }
        state.open = listed;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Protocol, Symbols, read};

    fn push(rows: &[(&str, &str)], ts: u64) -> Frame {
        let row = |(native, total): &(&str, &str)| {
            format!(
                r#"{{"instId":"{native}","holdSide":"long","posMode":"one_way_mode","total":"{total}","openPriceAvg":"100","uTime":"{ts}"}}"#
            )
        };
        let rows: Vec<String> = rows.iter().map(row).collect();
        let text = format!(
            r#"{{"action":"snapshot","arg":{{"instType":"USDT-FUTURES","channel":"positions","instId":"default"}},"data":[{}],"ts":{ts}}}"#,
            rows.join(",")
        );
        read(text.as_bytes(), &Symbols::by_suffix(), Protocol::V2, ts).unwrap()
    }

    fn told(legs: &Legs, mut frame: Frame) -> Vec<String> {
        legs.complete(&mut frame);
        let told = frame.events.iter().map(|event| match event {
            Event::Account(AccountEvent::Position(it)) => {
                let held = it.position.map_or("closed".to_owned(), |position| position.quantity.to_string());
                format!("{} {held} @{}", it.symbol.base(), it.stamp.time.as_millis())
            }
            other => format!("{other:?}"),
        });
        told.collect()
    }

    #[test]
    fn a_position_that_is_missing_is_closed_once() {
        let legs = Legs::default();
        assert_eq!(told(&legs, push(&[("BTCUSDT", "1"), ("ETHUSDT", "2")], 10)), ["BTC 1 @10", "ETH 2 @10"]);
        assert_eq!(told(&legs, push(&[("BTCUSDT", "1")], 20)), ["BTC 1 @20", "ETH closed @20"]);
        assert_eq!(told(&legs, push(&[("BTCUSDT", "1")], 30)), ["BTC 1 @30"]);
        assert_eq!(told(&legs, push(&[], 40)), ["BTC closed @40"]);
        assert_eq!(told(&legs, push(&[], 50)), [""; 0]);
    }
}
