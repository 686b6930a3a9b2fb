//! One number for all that a run was: what it was made with, what it was fed, what it decided, and what came of it.

use super::history::{Candles, Quote};
use super::settings::{Listing, Settings};
use plimsoll_domain::{Candle, Decimal, Fill, Price, Rate, Timestamp};
use plimsoll_engine::desk::Desk;
use plimsoll_ports::{CloseIntent, Decision, Intent, Leg, OpenIntent, RestIntent, RestingEffect, StopLoss};
use sha2::{Digest as _, Sha256};
use std::fmt::{self, Write as _};
use twox_hash::XxHash3_128;

/// History goes through a fast hash, since there is much of it; everything ends in SHA-256.
pub(crate) struct Digest {
    made_with: String,
    history: XxHash3_128,
    decisions: Sha256,
    fills: Sha256,
    log: Vec<String>,
    line: String,
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Digest").field("made_with", &self.made_with).finish_non_exhaustive()
    }
}

impl Digest {
    pub(crate) fn new(settings: &Settings, contracts: &[Listing], desk: &Desk) -> Self {
        let names: Vec<&str> = desk.names().collect();
        // What is kept of a run does not change it.
        let made_with = Settings { keeps_records: true, ..settings.clone() };
        Self::made_with(format!("{made_with:?} {contracts:?} {names:?}"))
    }

    pub(crate) fn made_with(made_with: String) -> Self {
        Self {
            made_with,
            history: XxHash3_128::new(),
            decisions: Sha256::new(),
            fills: Sha256::new(),
            log: Vec::new(),
            line: String::new(),
        }
    }

    #[inline]
    pub(crate) fn candles(&mut self, market: usize, candles: &Candles) {
        self.candle(market, 0, &candles.last);
        if let Some(mark) = &candles.mark {
            self.candle(market, 1, mark);
        }
    }

    #[inline]
    pub(crate) fn candle(&mut self, market: usize, kind: u8, candle: &Candle) {
        let Candle { open, high, low, close, volume, open_time, .. } = candle;
        let mut bytes = [0; 97];
        bytes[0] = kind;
        bytes[1..9].copy_from_slice(&market.to_le_bytes());
        bytes[9..17].copy_from_slice(&open_time.as_micros().to_le_bytes());
        for (place, value) in [open.get(), high.get(), low.get(), close.get(), *volume].into_iter().enumerate() {
            bytes[17 + 16 * place..33 + 16 * place].copy_from_slice(&value.serialize());
        }
        self.history.write(&bytes);
    }

    #[inline]
    pub(crate) fn quote(&mut self, market: usize, quote: &Quote) {
        let mut bytes = [0; 49];
        bytes[0] = 2;
        bytes[1..9].copy_from_slice(&market.to_le_bytes());
        bytes[9..17].copy_from_slice(&quote.time.as_micros().to_le_bytes());
        bytes[17..33].copy_from_slice(&quote.bid.get().serialize());
        bytes[33..49].copy_from_slice(&quote.ask.get().serialize());
        self.history.write(&bytes);
        self.decimal(quote.bid_size.get());
        self.decimal(quote.ask_size.get());
        if let Some(mark) = quote.mark {
            self.decimal(mark.get());
        }
    }

    pub(crate) fn price(&mut self, market: usize, time: Timestamp, last: Price, mark: Price) {
        let mut bytes = [0; 49];
        bytes[0] = 4;
        bytes[1..9].copy_from_slice(&market.to_le_bytes());
        bytes[9..17].copy_from_slice(&time.as_micros().to_le_bytes());
        // What was written down and read again is the same, whatever zeros it had at its end.
        bytes[17..33].copy_from_slice(&last.get().normalize().serialize());
        bytes[33..49].copy_from_slice(&mark.get().normalize().serialize());
        self.history.write(&bytes);
    }

    fn decimal(&mut self, value: Decimal) {
        self.history.write(&value.serialize());
    }

    pub(crate) fn funding(&mut self, market: usize, time: Timestamp, rate: Rate) {
        self.history.write(&[3]);
        self.history.write(&market.to_le_bytes());
        self.history.write(&time.as_micros().to_le_bytes());
        self.decimal(rate.get().normalize());
    }

    pub(crate) fn decision(&mut self, now: Timestamp, strategy: &str, decision: &Decision, keeps: bool) {
        self.line.clear();
        let _ = decided(&mut self.line, now, strategy, decision);
        self.decisions.update(self.line.as_bytes());
        if keeps {
            self.log.push(self.line.clone());
        }
    }

    pub(crate) fn fill(&mut self, seat: usize, fill: &Fill) {
        self.fills.update(seat.to_le_bytes());
        self.fills.update(fill.time.as_micros().to_le_bytes());
        self.fills.update(fill.symbol.as_str().as_bytes());
        for value in [fill.price.get(), fill.quantity.get(), fill.fee.get()] {
            self.fills.update(value.normalize().serialize());
        }
        self.fills.update(fill.side.as_str().as_bytes());
    }

    /// What was decided, one line each.
    pub(crate) fn log(&self) -> &[String] {
        &self.log
    }

    pub(crate) fn finish(self) -> String {
        let mut whole = Sha256::new();
        whole.update(self.made_with.as_bytes());
        whole.update(self.history.finish_128().to_le_bytes());
        whole.update(self.decisions.finalize());
        whole.update(self.fills.finalize());
        whole.finalize().iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }
}

/// A decision as a line. Writing to a string does not fail.
fn decided(line: &mut String, now: Timestamp, strategy: &str, decision: &Decision) -> fmt::Result {
    write!(line, "{}|{strategy}", now.as_micros())?;
    for Leg { account, intent } in &decision.legs {
        write!(line, "|{account} {} ", intent.symbol())?;
        match intent {
            Intent::Open(OpenIntent { direction, quantity, leverage, stop_loss, take_profit, .. }) => {
                write!(line, "open {direction} {quantity} at leverage {leverage}")?;
                protected(line, stop_loss, *take_profit)?;
            }
            Intent::Rest(RestIntent { label, side, quantity, price, effect, .. }) => {
                write!(line, "rest '{label}' {side} {quantity} at {price}")?;
                match effect {
                    RestingEffect::Reduces => line.write_str(", reduce-only")?,
                    RestingEffect::Opens { leverage, stop_loss } => {
                        write!(line, " at leverage {leverage}")?;
                        protected(line, stop_loss, None)?;
                    }
                }
            }
            Intent::Close(CloseIntent { direction, quantity, .. }) => match quantity {
                Some(quantity) => write!(line, "close {quantity} of the {direction}")?,
                None => write!(line, "close the {direction}")?,
            },
            Intent::MoveStop { direction, trigger, .. } => write!(line, "stop of the {direction} to {trigger}")?,
            Intent::Cancel { label, .. } => write!(line, "cancel '{label}'")?,
        }
    }
    write!(line, "|{}", decision.reason)
}

fn protected(line: &mut String, stop: &StopLoss, target: Option<Price>) -> fmt::Result {
    match stop {
        StopLoss::At(price) => write!(line, ", stop {price}")?,
        StopLoss::Resting => line.write_str(", the stop that rests")?,
        StopLoss::Waived(waiver) => write!(line, ", no stop: {} ({})", waiver.reason(), waiver.by())?,
    }
    target.map_or(Ok(()), |price| write!(line, ", target {price}"))
}
