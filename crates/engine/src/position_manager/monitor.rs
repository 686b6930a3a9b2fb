//! One look at the account, and what it makes necessary.

mod books;
mod earnings;
mod glance;
mod late_stops;
mod mending;

pub(crate) use glance::{Glance, is_covered};
pub(super) use glance::{covers, is_stop};
pub(super) use mending::is_open;

pub(super) use earnings::Earnings;

use super::PositionManager;
use super::afloat::{Kept, Measure};
use super::close::Closing;
use super::composed::Doing;
use super::exposure::Overexposed;
use super::failure::MonitorFailure;
use super::just_read::JustRead;
use super::outcome::{Action, Closed, FlattenReason, MonitorReport, PositionHealth, Unclosed};
use super::reading::{Held, Reading};
use super::sentence::leg;
use super::settle::Settlement;
use crate::funding_service::FundingRecording;
use crate::order_path::Wait;
use crate::trouble::{Record, Troubles};
use plimsoll_domain::afloat::Stage;
use plimsoll_domain::risk::{Climb, EquityWatch, MarginAlert, OverExposure, Reason, distance_to, verdict};
use plimsoll_domain::{
    AccountMargin, Assessment, Collateral, Decimal, Direction, MarginRatio, Order, OrderType, PositionMargin,
    PositionSide, Symbol, margin, margin_cover, reduce,
};
use plimsoll_ports::{Alert, BookingRecord, PnlSnapshot, Purpose, Severity};
use std::cmp::Reverse;
use std::sync::PoisonError;

/// What the bookkeeping of one pass brought.
#[derive(Default)]
struct Books {
    settlement: Settlement,
    funding: FundingRecording,
    bookings: Vec<BookingRecord>,
    snapshot: Option<PnlSnapshot>,
    trips: Vec<Reason>,
    overexposed: Overexposed,
    climbed: Option<Box<Climb>>,
}

/// Why a position is reduced, for the records.
struct Why {
    kind: &'static str,
    figure: Option<Decimal>,
    limit: Option<Decimal>,
    key: &'static str,
    said: &'static str,
}

impl PositionManager {
    /// One pass: reads the account and the marks, judges margin and losses, does what they make necessary, records what
    /// ended without us, what funding was booked, and a point of the equity curve.
    ///
    /// Thin margin is answered by what the [plan](plimsoll_domain::afloat::plan) says, no more: told, entries taken off the
    /// book, margin added, positions made smaller. Margin that is gone, and a broken limit on the day's loss or the
    /// drawdown, engage the kill switch and close everything. What must be closed is closed before anything is written
    /// down.
    ///
    /// # Errors
    /// [`MonitorFailure::Blind`] if the account cannot be read; a person is told.
    pub async fn monitor(&self) -> Result<MonitorReport, MonitorFailure> {
        self.monitor_by(None).await
    }

    /// The same by what was read a moment ago, where that is young enough.
    pub(crate) async fn monitor_by(&self, read: Option<JustRead>) -> Result<MonitorReport, MonitorFailure> {
        let mut troubles = Troubles::default();
        let reading = match read.and_then(|it| self.still_young(it)) {
            Some((reading, _)) => Ok(reading),
            None => self.read_account(&mut troubles).await,
        };
        let reading = match reading {
            Ok(reading) => reading,
            Err(error) => {
                self.tell_of_blindness(&error, &mut troubles).await;
                return Err(MonitorFailure::Blind(error));
            }
        };
        let assessment = reading.assess(&self.settings.settle, self.settings.closing_fee);
        let equity = reading.wallet(&self.settings.settle) + reading.unrealized_pnl();
        let calm = EquityWatch::new(equity, self.ports.clock.now());
        let cover = self.worst_cover(&reading, &assessment);
        let mut verdict = verdict(cover, &calm, &self.rules().limits);
        let Kept { mut action, mut measures } = self.keep_afloat(&reading, cover, verdict.health, &mut troubles).await;
        let feared = match action {
            Action::Flattened(_) => Vec::new(),
            _ => self.feared_trips(&reading, &mut troubles).await,
        };
        if !feared.is_empty() {
            action = self.act_on_losses(&reading, &feared, &mut troubles).await;
        }
        // What holds margin back is not sent again in the same breath.
        let is_short = measures.iter().filter_map(Measure::stage).max() >= Some(Stage::Cancel);
        let doing = if is_short { Doing::Protecting } else { Doing::Everything };
        let composed = self.work(doing, Wait::Glance, &mut troubles).await;
        let mended = self.mend_in_passing(&mut troubles).await;
        let has_sent = composed.iter().any(|it| !it.sent.is_empty());
        let after = match mended.is_some() || has_sent {
            true => self.read_account(&mut troubles).await.ok(),
            false => None,
        };
        let books = self.keep_books(after.as_ref().unwrap_or(&reading), &action, &mut troubles).await;
        if !books.trips.is_empty() && !matches!(action, Action::Flattened(_)) {
            action = self.act_on_losses(&reading, &books.trips, &mut troubles).await;
        }
        verdict.trips = if books.trips.is_empty() { feared } else { books.trips };
        if action == Action::None && !books.overexposed.surely.is_empty() {
            action = self.act_on_exposure(&reading, &books.overexposed.surely, &mut troubles).await;
        }
        let entries_cancelled = self.keep_stopped(after.as_ref().unwrap_or(&reading), &composed, &mut troubles).await;
        let taken = self.follow_taken(&mut troubles).await;
        // What was sent or mended meanwhile is not in the reading.
        if action == Action::None && taken.is_empty() && measures.is_empty() && after.is_none() {
            let kept = self.keep_leverage(&reading, &assessment, verdict.health).await;
            measures = self.told(kept, &mut troubles).await;
        }
        let mut positions = self.healths(&reading, &assessment);
        let in_hand = self.in_hand_now().await;
        for it in &mut positions {
            it.is_in_hand = in_hand.has(&it.symbol, it.side);
        }
        self.remember(&reading, &positions, &measures);
        measures.extend(self.told(taken, &mut troubles).await);
        if action == Action::None && measures.iter().any(Measure::has_acted) {
            action = Action::Defended;
        }
        let margin_ratio = worst_ratio(&assessment);
        let alert = MarginAlert::of(margin_ratio);
        self.tell_of_margin(&positions, margin_ratio, alert, &mut troubles).await;
        if !matches!(action, Action::Flattened(_)) {
            self.tell_of_late_stops(&positions, &mut troubles).await;
        }
        let blind_for = self.tell_of_sight(&mut troubles).await;
        let switched = self.tell_of_switch(&mut troubles).await;
        let elsewhere = self.tell_of_others(self.said_last.switched_at(), &mut troubles).await;
        self.journal.catch_up().await;
        Ok(MonitorReport {
            time: reading.snapshot.time,
            wallet: reading.wallet(&self.settings.settle),
            equity,
            margin_ratio,
            alert,
            verdict,
            positions,
            unpriced: reading.unpriced,
            ended: books.settlement.ended,
            unrecorded: books.settlement.unrecorded,
            unexplained: books.settlement.unexplained,
            funding: books.funding,
            bookings: books.bookings,
            snapshot: books.snapshot.map(Box::new),
            overexposed: books.overexposed.broken,
            entries_cancelled,
            climbed: books.climbed,
            action,
            measures,
            composed,
            mended,
            blind_for,
            switched,
            elsewhere,
            troubles: troubles.into_vec(),
        })
    }

    async fn act_on_losses(&self, reading: &Reading, trips: &[Reason], troubles: &mut Troubles) -> Action {
        let reason = FlattenReason::Losses { reasons: trips.to_vec() };
        if !self.closable(&reading.snapshot.positions).is_empty() {
            return self.stop_and_flatten("risk limits", reason, troubles).await;
        }
        match self.engage("risk limits", &reason.to_string(), troubles).await {
            true => Action::Stopped { reasons: trips.to_vec() },
            false => Action::None,
        }
    }

    /// From its first moment on nothing is opened, and what is held is closed while that is recorded and told: neither a
    /// database nor a person is waited for. What dies before the record is made finds the same figures again, and on
    /// record that a flattening has begun.
    pub(super) async fn stop_and_flatten(&self, by: &str, reason: FlattenReason, troubles: &mut Troubles) -> Action {
        let said = reason.to_string();
        // The first is begun first: it latches before it waits for anything.
        let engaging = self.engage(by, &said, troubles);
        let (_, flattened) = futures_util::future::join(engaging, self.flatten_all(reason)).await;
        Action::Flattened(Box::new(flattened))
    }

    /// The worst cover of the cross pool and the isolated positions; `None` where nothing is required. What is left alone
    /// and has margin of its own shares it with nothing of ours.
    fn worst_cover(&self, reading: &Reading, assessment: &Assessment) -> Option<Decimal> {
        let is_apart = |held: &Held| {
            held.collateral() != Collateral::Cross && self.is_left_alone(&held.report.symbol, held.report.position_side)
        };
        let each = reading.held.iter().zip(&assessment.positions).filter(|(held, _)| !is_apart(held));
        each.filter_map(|(held, it)| cover_of(held, it, assessment.account)).min()
    }

    /// All positions together are worth more than they may be, by the prices of now.
    async fn act_on_exposure(&self, reading: &Reading, broken: &[Reason], troubles: &mut Troubles) -> Action {
        if self.rules().limits.settings().over_exposure == OverExposure::Tell {
            return Action::None;
        }
        let is_ours = |held: &&Held| !self.is_left_alone(&held.report.symbol, held.report.position_side);
        let mut held: Vec<&Held> = reading.held.iter().filter(is_ours).collect();
        held.sort_by_cached_key(|held| Reverse(held.position.notional(held.mark)));
        let first = broken.first();
        let (figure, limit) = (first.and_then(Reason::figure), first.and_then(Reason::limit));
        let (kind, key, said) = ("exposure_reduced", "exposure", "too much is held");
        let why = Why { kind, figure, limit, key, said };
        let mut action = Action::None;
        for held in held {
            // One that its venue will not make smaller keeps none of the others as large as they are.
            match self.halve(held, &why, troubles).await {
                Ok(closed) => return Action::Reduced(Box::new(closed)),
                Err(unclosed) if action == Action::None => action = Action::NotReduced(unclosed),
                Err(_) => {}
            }
        }
        action
    }

    /// Closes half of it, rounded up to the lot; all of it where its venue would not take the rest.
    async fn halve(&self, held: &Held, why: &Why, troubles: &mut Troubles) -> Result<Closed, Unclosed> {
        let half = reduce::half(held.position, held.instrument.lot, held.instrument.min_quantity);
        let cut = self.guarded(held).cut(half);
        let (symbol, direction) = (&held.report.symbol, held.position.direction);
        // The next pass judges anew how much is to go.
        let (purpose, wait) = (Purpose::Reduce, Wait::Glance);
        let quantity = (!cut.is_whole).then_some(cut.quantity);
        let closing = Closing { symbol, direction, quantity, purpose, wait, name: None };
        let outcome = self.close_for(&closing).await;
        let (detail, done) = match &outcome {
            Ok(closed) => (format!("closed {} of {} {symbol}", closed.quantity, held.position.quantity), "reduced"),
            Err(failure) => (format!("{symbol} was not reduced: {failure}"), "failed"),
        };
        self.log_risk(why.kind, Some(symbol), &detail, why.figure, why.limit, done, troubles).await;
        let account = &self.settings.account;
        let alert = Alert {
            severity: Severity::Critical,
            key: format!("{}/{account}/{symbol}", why.key),
            title: format!("{} on {account}: {done}", why.said),
            body: detail,
        };
        self.alert(&alert, troubles).await;
        outcome.map_err(|failure| Unclosed { symbol: symbol.clone(), direction, failure })
    }

    pub(crate) fn healths(&self, reading: &Reading, assessment: &Assessment) -> Vec<PositionHealth> {
        let health = |(held, it): (&Held, &PositionMargin)| PositionHealth {
            symbol: held.report.symbol.clone(),
            side: held.report.position_side,
            position: held.position,
            mark: held.mark,
            unrealized_pnl: it.unrealized_pnl,
            liquidation: it.liquidation,
            venue_liquidation: held.report.liquidation_price,
            distance: distance_to(it.liquidation, held.mark),
            margin_ratio: it.margin_ratio,
            alert: MarginAlert::of(it.margin_ratio),
            has_stop: reading.has_stop(held),
            late_stop: reading.late_stop(held, it.liquidation),
            is_in_hand: false,
        };
        reading.held.iter().zip(&assessment.positions).map(health).collect()
    }

    async fn tell_of_margin(
        &self,
        positions: &[PositionHealth],
        ratio: Option<MarginRatio>,
        alert: MarginAlert,
        troubles: &mut Troubles,
    ) {
        let account = &self.settings.account;
        for it in positions.iter().filter(|it| self.is_louder(it)) {
            let ratio = it.margin_ratio.map(MarginRatio::get);
            let symbol = Some(&it.symbol);
            let detail = format!("{} is at margin ratio {}", it.symbol, ratio.unwrap_or_default().round_dp(4));
            self.log_risk("margin_ratio", symbol, &detail, ratio, None, it.alert.as_str(), troubles).await;
        }
        if alert > MarginAlert::Calm {
            let worst = ratio.map_or(Decimal::ZERO, MarginRatio::get).round_dp(4);
            let severity = if alert == MarginAlert::Warning { Severity::Critical } else { Severity::Warning };
            let key = format!("margin_ratio/{account}/{alert}");
            let title = format!("margin ratio {worst} on {account}: {alert}");
            self.alert(&Alert { severity, key, title, body: "1 is liquidation".to_owned() }, troubles).await;
        }
        for it in positions.iter().filter(|it| it.is_unprotected()) {
            let key = format!("no_stop/{account}/{}", leg(&it.symbol, it.side));
            let title = format!("{} has no stop-loss at the venue", it.symbol);
            let body = format!("{} {} from {}", it.position.direction, it.position.quantity, it.position.entry);
            self.alert(&Alert { severity: Severity::Warning, key, title, body }, troubles).await;
        }
    }

    /// Whether a position's margin ratio is louder than when it was last told, so that a level is recorded once.
    fn is_louder(&self, it: &PositionHealth) -> bool {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let before = told.insert((it.symbol.clone(), it.side), it.alert);
        it.alert > before.unwrap_or(MarginAlert::Calm)
    }

    async fn tell_of_unrecorded(&self, settlement: &Settlement, troubles: &mut Troubles) {
        for it in &settlement.unrecorded {
            let key = format!("unrecorded/{}/{}", self.settings.account, leg(&it.symbol, it.position_side));
            let title = format!("{} holds a position that is not recorded", it.symbol);
            let body = "opened by hand, or by an order of unknown fate: reconcile adopts it".to_owned();
            self.alert(&Alert { severity: Severity::Warning, key, title, body }, troubles).await;
        }
    }

    /// What follows the doing: records, funding, the equity curve, and the losses that it shows.
    async fn keep_books(&self, reading: &Reading, action: &Action, troubles: &mut Troubles) -> Books {
        let mut books = Books::default();
        let fresh = match action {
            Action::None => None,
            // What was just done is not in the reading.
            _ => match self.read_account(troubles).await {
                Ok(fresh) => Some(fresh),
                Err(error) => {
                    self.tell_of_blindness(&error, troubles).await;
                    return books;
                }
            },
        };
        let reading = fresh.as_ref().unwrap_or(reading);
        match self.funding.record(None).await {
            Ok(funding) => books.funding = funding,
            Err(error) => {
                if let Some(held) = reading.held.first() {
                    self.funding_trouble(&held.report.symbol, error, troubles);
                }
            }
        }
        self.tell_of_funding(&books.funding, troubles).await;
        books.settlement = self.settle(reading, troubles).await;
        self.tell_of_unrecorded(&books.settlement, troubles).await;
        self.record_bookings_now_and_then(troubles).await;
        books.climbed = self.climb(troubles).await.map(Box::new);
        // What is not known now is as it was known last.
        troubles.read(Record::Ladder, self.allowance().await);
        books.overexposed = self.watch_exposure(reading, troubles).await;
        // Losses come first: a wallet that does not add up has its bookings read for the curve too.
        books.trips = self.trips(reading, troubles).await;
        books.snapshot = self.snapshot(reading, troubles).await;
        books.bookings = self.take_new_bookings();
        books
    }

    async fn tell_of_funding(&self, funding: &FundingRecording, troubles: &mut Troubles) {
        for (booking, error) in &funding.failed {
            tracing::warn!(%booking, %error, "a booking is not recorded");
            troubles.written::<()>(Record::Funding, Err(error.clone()));
        }
        for it in &funding.differences {
            let detail = format!("{} booked {}, expected {}", it.symbol, it.booked, it.expected);
            let (figure, limit) = (Some(it.booked.get()), Some(it.expected.get()));
            self.log_risk("funding_difference", Some(&it.symbol), &detail, figure, limit, "told", troubles).await;
        }
    }
}

impl Reading {
    /// Stops rest that cover the position whole: one that closes it whatever its size, or enough of them with sizes.
    pub(crate) fn has_stop(&self, held: &Held) -> bool {
        let (report, direction) = (&held.report, held.position.direction);
        glance::covers(self.stops(&report.symbol, report.position_side, direction), held.position.quantity)
    }

    /// An order of this type rests that closes the position.
    pub(crate) fn rests(&self, order_type: OrderType, held: &Held) -> bool {
        self.snapshot.orders.iter().any(|order| {
            order.symbol == held.report.symbol
                && order.position_side == held.report.position_side
                && order.side == held.position.direction.closing_side()
                && order.order_type == order_type
                && !order.status.is_final()
        })
    }

    /// The stops that rest for one position.
    pub(crate) fn stops<'a>(
        &'a self,
        symbol: &'a Symbol,
        side: PositionSide,
        direction: Direction,
    ) -> impl Iterator<Item = &'a Order> {
        self.snapshot.orders.iter().filter(move |order| glance::is_stop(order, symbol, side, direction))
    }
}

/// Equity ÷ maintenance of what backs a position.
fn cover_of(held: &Held, it: &PositionMargin, pool: AccountMargin) -> Option<Decimal> {
    match held.collateral() {
        Collateral::Cross => pool.cover(),
        Collateral::Isolated(assigned) => {
            margin_cover(it.maintenance, margin::isolated_equity(held.position, assigned, held.mark))
        }
    }
}

fn worst_ratio(assessment: &Assessment) -> Option<MarginRatio> {
    assessment.positions.iter().filter_map(|it| it.margin_ratio).max()
}
