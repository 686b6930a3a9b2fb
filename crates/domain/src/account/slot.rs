//! One position of one contract: the newest report, and the fills since.

use super::newest::Newest;
use crate::event::PositionReport;
use crate::fill::{Fill, FillCause};
use crate::money::Money;
use crate::name::{OrderId, TradeId};
use crate::position::Position;
use crate::quantity::{Quantity, Remainder};
use crate::side::{Direction, PositionSide};
use crate::time::{Stamp, Timestamp};
use std::cmp::Ordering;

/// Fills are kept until a report contains them. Venues report positions with every fill, so few are ever kept; where a
/// feed never does, the older half is folded into the base at this many.
const FILLS_LIMIT: usize = 512;

/// What a position is: a base that a report gave, and the fills after it, in the order of the exchange.
#[derive(Debug, Clone)]
pub(super) struct Slot {
    side: PositionSide,
    /// When the base was so; `None` before any report.
    since: Option<Stamp>,
    base: Option<Position>,
    /// The newest report itself; `None` before any, and when a snapshot says that there is nothing.
    report: Option<PositionReport>,
    later: Vec<Later>,
    /// The newest fill that has been folded into the base.
    folded: Option<(Timestamp, TradeId)>,
    /// A fill from before the folded ones, which came too late to be counted.
    missed: Option<Timestamp>,
    current: Option<Position>,
    astray: Option<Timestamp>,
    pub(super) auto_margin: Newest<bool>,
}

/// A fill that no report contains yet.
#[derive(Debug, Clone)]
struct Later {
    time: Timestamp,
    trade_id: TradeId,
    order_id: OrderId,
    direction: Direction,
    quantity: Quantity,
    price: crate::price::Price,
    reduces: bool,
    /// The position after it, and whether it cannot have happened to the one before it.
    after: Option<Position>,
    impossible: bool,
}

/// What a fill did to a position.
struct Step {
    position: Option<Position>,
    realized: Money,
    /// It cannot have happened to the position that was known: something before it was missed.
    impossible: bool,
}

impl Slot {
    /// Flat since the newest snapshot, which did not list it.
    pub(super) const fn new(side: PositionSide, since: Option<Stamp>) -> Self {
        Self {
            side,
            since,
            base: None,
            report: None,
            later: Vec::new(),
            folded: None,
            missed: None,
            current: None,
            astray: None,
            auto_margin: Newest::at(Stamp { time: Timestamp::from_micros(i64::MIN), sequence: 0 }, false),
        }
    }

    pub(super) const fn position(&self) -> Option<Position> {
        self.current
    }

    /// The newest report, if it still describes the position: no fill has come since.
    pub(super) fn current_report(&self) -> Option<&PositionReport> {
        self.report.as_ref().filter(|_| self.later.is_empty() && self.folded.is_none())
    }

    /// The newest report, which fills may have overtaken.
    pub(super) const fn last_report(&self) -> Option<&PositionReport> {
        self.report.as_ref()
    }

    /// When the base was reported, and whether fills came since.
    pub(super) fn as_of(&self) -> Option<Timestamp> {
        let filled = self.later.last().map(|later| later.time);
        filled.max(self.since.map(|since| since.time))
    }

    /// Until when the figures are in doubt, if they are.
    pub(super) fn doubt(&self) -> Option<Timestamp> {
        let missed = self.missed.filter(|missed| self.since.is_none_or(|since| since.time < *missed));
        missed.max(self.astray)
    }

    /// Takes a report; `None` is a snapshot that did not list the position. Whether it was news.
    pub(super) fn report(&mut self, stamp: Stamp, report: Option<&PositionReport>) -> bool {
        let known = self.since.cmp(&Some(stamp)).then_with(|| by_content(self.report.as_ref(), report));
        let folded_over = self.folded.as_ref().is_some_and(|(time, _)| stamp.time < *time);
        if known != Ordering::Less || folded_over {
            return false;
        }
        self.since = Some(stamp);
        self.base = report.and_then(|report| report.position);
        self.report = report.cloned();
        self.folded = None;
        self.later.retain(|later| later.time > stamp.time);
        self.recount(0);
        true
    }

    /// Layers a fill that is known to be new. `Some` with the profit that it realised if it moved the position.
    pub(super) fn fill(&mut self, fill: &Fill, reduce_only: bool) -> Option<Money> {
        if self.since.is_some_and(|since| fill.time <= since.time) {
            return None;
        }
        if let Some((time, trade_id)) = &self.folded
            && exchange_order((fill.time, &fill.trade_id), (*time, trade_id)) == Ordering::Less
        {
            self.missed = self.missed.max(Some(fill.time));
            return None;
        }
        let later = Later::new(fill, self.side, reduce_only);
        let realized = self.insert(later);
        if self.later.len() > FILLS_LIMIT {
            self.fold();
        }
        Some(realized)
    }

    /// Learns that an order was reduce-only after fills of it have been taken.
    pub(super) fn reduces(&mut self, order_id: &OrderId) -> bool {
        let mut learnt = false;
        for later in self.later.iter_mut().filter(|later| !later.reduces && later.order_id == *order_id) {
            later.reduces = true;
            learnt = true;
        }
        if learnt {
            self.recount(0);
        }
        learnt
    }

    fn insert(&mut self, mut later: Later) -> Money {
        let is_newest = self.later.last().is_none_or(|last| later.is_after(last));
        if is_newest {
            let realized = later.take(self.current);
            self.current = later.after;
            if later.impossible {
                self.astray = Some(later.time);
            }
            self.later.push(later);
            return realized;
        }
        let at = self.later.partition_point(|known| later.is_after(known));
        let realized = later.take(self.before(at));
        self.later.insert(at, later);
        self.recount(at);
        realized
    }

    /// The position before the fill at this index.
    fn before(&self, index: usize) -> Option<Position> {
        index.checked_sub(1).and_then(|before| self.later.get(before)).map_or(self.base, |before| before.after)
    }

    /// Applies the fills anew, from this index on.
    fn recount(&mut self, from: usize) {
        self.current = self.before(from);
        for later in self.later.iter_mut().skip(from) {
            later.take(self.current);
            self.current = later.after;
        }
        self.astray = self.later.iter().rfind(|later| later.impossible).map(|later| later.time);
    }

    fn fold(&mut self) {
        for later in self.later.drain(..FILLS_LIMIT / 2) {
            self.base = later.after;
            if later.impossible {
                self.missed = self.missed.max(Some(later.time));
            }
            self.folded = Some((later.time, later.trade_id));
        }
    }
}

impl Later {
    fn new(fill: &Fill, slot: PositionSide, reduce_only: bool) -> Self {
        let closes_leg = slot.direction().is_some_and(|leg| fill.side == leg.closing_side());
        Self {
            time: fill.time,
            trade_id: fill.trade_id.clone(),
            order_id: fill.order_id.clone(),
            direction: Direction::from(fill.side),
            quantity: fill.quantity,
            price: fill.price,
            reduces: reduce_only || closes_leg || fill.cause != FillCause::Order,
            after: None,
            impossible: false,
        }
    }

    /// Applies this fill to what was held before it; the profit that it realised.
    fn take(&mut self, before: Option<Position>) -> Money {
        let step = self.step(before);
        (self.after, self.impossible) = (step.position, step.impossible);
        step.realized
    }

    fn is_after(&self, other: &Self) -> bool {
        exchange_order((self.time, &self.trade_id), (other.time, &other.trade_id)) == Ordering::Greater
    }

    /// What this fill makes of `before`. One that may only reduce never opens, increases or flips: where it would,
    /// something before it was missed.
    fn step(&self, before: Option<Position>) -> Step {
        let impossible = |position, realized| Step { position, realized, impossible: true };
        if let Some(position) = before
            && position.direction != self.direction
            && self.reduces
            && matches!(position.quantity.minus(self.quantity), Remainder::Excess(_))
        {
            return impossible(None, position.unrealized_pnl(self.price));
        }
        let grows = before.is_none_or(|position| position.direction == self.direction);
        if grows && self.reduces {
            return impossible(before, Money::ZERO);
        }
        let too_large = |held: Position| held.quantity + self.quantity > Quantity::MAX;
        if grows && before.is_some_and(too_large) {
            return impossible(before, Money::ZERO);
        }
        let transition = Position::after(before, self.direction, self.quantity, self.price);
        Step { position: transition.position(), realized: transition.realized(), impossible: false }
    }
}

/// By time, then by trade id: shorter ids first, so that numbers sort as numbers.
fn exchange_order(a: (Timestamp, &TradeId), b: (Timestamp, &TradeId)) -> Ordering {
    let by_number = |a: &str, b: &str| a.len().cmp(&b.len()).then_with(|| a.cmp(b));
    a.0.cmp(&b.0).then_with(|| by_number(a.1.as_str(), b.1.as_str()))
}

/// Settles which of two different reports of one moment stands, whichever came first.
fn by_content(a: Option<&PositionReport>, b: Option<&PositionReport>) -> Ordering {
    let (Some(a), Some(b)) = (a, b) else { return a.is_some().cmp(&b.is_some()) };
    let held = |it: &PositionReport| it.position.map(|it| (it.direction, it.quantity, it.entry));
    let figures = |it: &PositionReport| (it.realized_pnl, it.isolated_margin, it.unrealized_pnl, it.maintenance_margin);
    let marks = |it: &PositionReport| (it.mark_price, it.liquidation_price, it.margin_ratio);
    let settings = |it: &PositionReport| (it.leverage, it.margin_mode);
    held(a)
        .cmp(&held(b))
        .then_with(|| figures(a).cmp(&figures(b)))
        .then_with(|| marks(a).cmp(&marks(b)))
        .then_with(|| settings(a).cmp(&settings(b)))
}
