//! What has been told of one position, so that each change is told once.

use crate::change::{Change, ClosedPosition};
use crate::event::PositionReport;
use crate::fill::FillCause;
use crate::money::Money;
use crate::name::Symbol;
use crate::position::Position;
use crate::side::PositionSide;
use crate::time::Timestamp;
use rust_decimal::Decimal;
use std::time::Duration;

/// A venue tells a close and its cause in messages of their own, whose times differ by little.
const CAUSE_WINDOW: Duration = Duration::from_secs(10);

/// Entry prices that differ by less than one part in a million are one price, rounded by the venue and exact by us.
const ENTRY_TOLERANCE: Decimal = Decimal::from_parts(1, 0, 0, false, 6);

/// The life of the position as told to whoever applies the events.
#[derive(Debug, Clone, Default)]
pub(super) struct Life {
    told: Option<Position>,
    told_doubt: bool,
    /// When this life began, and the profit of the fills that were seen since.
    opened: Timestamp,
    by_fills: Money,
    /// The venue's running profit when this life began, and as last reported.
    venue_start: Option<Money>,
    venue_now: Option<Money>,
    margin: Option<Money>,
    forced: Option<(FillCause, Timestamp)>,
    /// A close that was told without its cause, and when it was.
    unexplained: Option<(ClosedPosition, Timestamp)>,
}

/// What moved the position.
pub(super) enum Cause<'a> {
    /// A fill, with the profit that it realised.
    Fill(FillCause, Money, Timestamp),
    /// The venue's report, or a snapshot without the position.
    Report(Option<&'a PositionReport>, Timestamp),
    /// What was learnt of fills already taken.
    Hindsight(Timestamp),
}

impl Cause<'_> {
    const fn time(&self) -> Timestamp {
        match *self {
            Self::Fill(_, _, time) | Self::Report(_, time) | Self::Hindsight(time) => time,
        }
    }
}

/// Whose life it is.
#[derive(Clone, Copy)]
pub(super) struct Whose<'a> {
    pub(super) symbol: &'a Symbol,
    pub(super) position_side: PositionSide,
}

impl Life {
    /// Tells what `position` is now, if that is news.
    pub(super) fn tell(
        &mut self,
        whose: Whose<'_>,
        now: Option<Position>,
        cause: &Cause<'_>,
        changes: &mut Vec<Change>,
    ) {
        let realized = self.account(cause);
        let confirmed = matches!((cause, self.told, now), (Cause::Report(..), Some(a), Some(b)) if same(a, b));
        let (symbol, position_side) = (whose.symbol, whose.position_side);
        match (self.told, now) {
            (None, None) => {}
            (None, Some(position)) => self.open(whose, position, cause, changes),
            (Some(before), Some(position)) if before.direction == position.direction => {
                if !same(before, position) {
                    let symbol = symbol.clone();
                    changes.push(Change::PositionUpdated { symbol, position_side, before, position, realized });
                }
            }
            (Some(before), Some(position)) => {
                self.close(whose, before, cause, changes);
                self.open(whose, position, cause, changes);
            }
            (Some(before), None) => self.close(whose, before, cause, changes),
        }
        self.told = now;
        if let Cause::Report(report, _) = cause {
            self.tell_margin(whose, report.and_then(|report| report.isolated_margin), now, changes);
            if confirmed {
                self.begin_count();
            }
        }
    }

    /// Adds the profit of a fill that a report already contains, if it is of this life.
    pub(super) fn contained(&mut self, realized: Option<Money>, time: Timestamp) {
        if time > self.opened {
            self.by_fills = plus(self.by_fills, realized.unwrap_or_default());
        }
    }

    /// Tells once that fills do not add up.
    pub(super) fn tell_doubt(&mut self, symbol: &Symbol, doubt: Option<Timestamp>, changes: &mut Vec<Change>) {
        if let Some(at) = doubt
            && !self.told_doubt
        {
            changes.push(Change::ResyncNeeded { symbol: Some(symbol.clone()), at });
        }
        self.told_doubt = doubt.is_some();
    }

    /// Hears that the venue closes by force; explains a close that was told without its cause.
    pub(super) fn forced(&mut self, cause: FillCause, time: Timestamp, changes: &mut Vec<Change>) {
        if self.forced.is_none_or(|(_, known)| known < time) {
            self.forced = Some((cause, time));
        }
        if cause == FillCause::Liquidation
            && let Some((closed, _)) = self.unexplained.take_if(|(_, at)| near(*at, time))
        {
            changes.push(Change::PositionLiquidated(ClosedPosition { cause: Some(cause), ..closed }));
        }
    }

    /// Counts the profit that `cause` brought, and says how much, where that can be known.
    fn account(&mut self, cause: &Cause<'_>) -> Option<Money> {
        match cause {
            Cause::Fill(_, realized, _) => {
                self.by_fills = plus(self.by_fills, *realized);
                Some(*realized)
            }
            Cause::Report(report, _) => {
                let before = self.venue_now;
                self.venue_now = report.and_then(|report| report.realized_pnl);
                Some(plus(self.venue_now?, -before?))
            }
            Cause::Hindsight(_) => None,
        }
    }

    /// A venue's running profit goes on from life to life, so this life's part is counted from its start. It may be
    /// found later, by a report that only confirms what the fills have made.
    fn begin_count(&mut self) {
        if self.venue_start.is_none() {
            self.venue_start = self.venue_now.map(|now| plus(now, -self.by_fills));
        }
    }

    fn open(&mut self, whose: Whose<'_>, position: Position, cause: &Cause<'_>, changes: &mut Vec<Change>) {
        self.opened = cause.time();
        self.by_fills = Money::ZERO;
        self.venue_start = if let Cause::Report(..) = cause { self.venue_now } else { None };
        self.margin = None;
        self.unexplained = None;
        let (symbol, position_side) = (whose.symbol.clone(), whose.position_side);
        changes.push(Change::PositionOpened { symbol, position_side, position });
    }

    fn close(&mut self, whose: Whose<'_>, position: Position, cause: &Cause<'_>, changes: &mut Vec<Change>) {
        let (realized, by) = match cause {
            Cause::Fill(by, ..) => (Some(self.by_fills), Some(*by)),
            Cause::Report(_, time) => {
                (self.by_venue(), self.forced.filter(|(_, at)| near(*at, *time)).map(|(by, _)| by))
            }
            Cause::Hindsight(_) => (None, None),
        };
        let (symbol, position_side) = (whose.symbol.clone(), whose.position_side);
        let closed = ClosedPosition { symbol, position_side, position, realized, cause: by };
        self.unexplained = by.is_none().then(|| (closed.clone(), cause.time()));
        changes.push(match by {
            Some(FillCause::Liquidation) => Change::PositionLiquidated(closed),
            _ => Change::PositionClosed(closed),
        });
    }

    fn by_venue(&self) -> Option<Money> {
        Some(plus(self.venue_now?, -self.venue_start?))
    }

    fn tell_margin(
        &mut self,
        whose: Whose<'_>,
        margin: Option<Money>,
        now: Option<Position>,
        changes: &mut Vec<Change>,
    ) {
        let margin = margin.filter(|_| now.is_some());
        if let (Some(before), Some(margin)) = (self.margin, margin)
            && before != margin
        {
            let (symbol, position_side) = (whose.symbol.clone(), whose.position_side);
            changes.push(Change::MarginUpdated { symbol, position_side, before, margin });
        }
        self.margin = margin;
    }
}

/// Whether two positions are one, entry prices compared as far as venues state them.
pub(super) fn same(a: Position, b: Position) -> bool {
    let near = || (a.entry.get() - b.entry.get()).abs() <= a.entry.get() * ENTRY_TOLERANCE;
    a.direction == b.direction && a.quantity == b.quantity && (a.entry == b.entry || near())
}

fn near(a: Timestamp, b: Timestamp) -> bool {
    a.max(b).since(a.min(b)) <= CAUSE_WINDOW
}

/// Venues may say anything; no sum of it panics.
fn plus(a: Money, b: Money) -> Money {
    Money::new(a.get().saturating_add(b.get()))
}
