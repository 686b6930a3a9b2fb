//! Opening: read, check, set up, journal, send, resolve, protect, record.

mod ahead;
mod checks;
mod entering;
mod judged;
mod preview;
mod protecting;

pub(super) use judged::Judged;
pub use preview::{Preview, StopMove};

use checks::Approved;

use super::PositionManager;
use super::UnverifiedStop;
use super::close::Closing;
use super::failure::OpenFailure;
use super::just_read::{Begun, JustRead};
use super::ledger::Before;
use super::monitor::is_open;
use super::outcome::{OpenWarning, Opened, Protected};
use super::protection::{Wanted, reached_first};
use super::reading::{Held, Reading};
use crate::client_order_id::IntentId;
use crate::execution::Execution;
use crate::funding_service::{FundingCost, cost_of};
use crate::order_path::Wait;
use crate::trouble::{Subject, Troubles};
use plimsoll_domain::{
    FundingRate, Instrument, MarginMode, Order, OrderKind, Position, PositionMode, PositionSide, Price, TimeInForce,
    margin,
};
use plimsoll_ports::{
    Alert, ComposedEntry, OpenIntent, OpenedPosition, Purpose, Refusal, Severity, StopLoss, StoreError,
};

/// What an intent is judged and carried out with.
pub(super) struct Plan<'a> {
    pub(super) intent: &'a OpenIntent,
    pub(super) id: IntentId,
    pub(super) instrument: Instrument,
    pub(super) side: PositionSide,
    pub(super) mark: Price,
    funding: Option<FundingRate>,
    /// The worst price to fill at, and how much of it is to fill at once; without one, whatever the market has.
    limit: Option<(Price, TimeInForce)>,
    /// It is one part of a composed order, or all of it: no part is larger than a market order may be.
    pub(super) in_parts: bool,
    pub(super) reading: Reading,
    begun: Begun,
}

impl Plan<'_> {
    /// The same plan as a part, or as the whole, of the composed order of this name.
    pub(super) fn of_composed(self, id: IntentId) -> Self {
        Self { id, in_parts: true, ..self }
    }

    pub(super) fn held(&self) -> Option<Position> {
        self.reading.report(&self.intent.symbol, self.side).and_then(|report| report.position)
    }

    /// The protective order for this purpose, if one is wanted.
    pub(super) fn wanted(&self, purpose: Purpose) -> Option<Wanted<'_>> {
        let trigger = match purpose {
            Purpose::TakeProfit => self.intent.take_profit?,
            _ => self.intent.stop_loss.price()?,
        };
        Some(Wanted {
            id: self.id.order(purpose, 0),
            instrument: &self.instrument,
            direction: self.intent.direction,
            side: self.side,
            purpose,
            trigger,
            wait: Wait::Patiently,
        })
    }

    /// The stop that closes the whole position already, whatever it will be.
    fn stop_that_rests(&self) -> Option<&Order> {
        let OpenIntent { symbol, direction, .. } = self.intent;
        let stops = self.reading.stops(symbol, self.side, *direction).filter(|stop| stop.close_position);
        reached_first(*direction, stops)
    }

    /// At market, or at the limit now or never.
    fn kind(&self) -> OrderKind {
        match self.limit {
            Some((price, time_in_force)) => OrderKind::Limit { price, time_in_force },
            None => OrderKind::Market,
        }
    }

    fn funding_of(&self, position: Position) -> Option<FundingCost> {
        let rate = self.funding.as_ref()?;
        let hours = rate.interval_hours.unwrap_or(self.instrument.funding_interval_hours);
        cost_of(position, rate, self.mark, hours)
    }
}

impl PositionManager {
    /// Opens a position, or adds to it, for the operator: see [`open_for`](Self::open_for).
    ///
    /// # Errors
    /// [`OpenFailure`].
    pub async fn open(&self, intent: &OpenIntent) -> Result<Opened, OpenFailure> {
        self.open_for("operator", intent).await
    }

    /// Opens a position, or adds to it, at market, for `strategy`.
    ///
    /// The account, the contract, the price and the funding are read; every limit is checked; margin mode and leverage
    /// are set. The order is journalled with all that is to protect it; the stop-loss is placed at the venue, as an order that
    /// closes the whole position on the mark price, and read back; then the order is sent and followed to a definite state.
    /// A venue that takes no stop before there is a position gets it right behind the order. The take-profit follows;
    /// position and trades are recorded in one transaction.
    ///
    /// # Errors
    /// [`OpenFailure`]: every reason of a refusal, which is recorded as a risk event. After
    /// [`OpenFailure::Unprotected`] and [`OpenFailure::Stopped`] something was opened, and is closed again.
    pub async fn open_for(&self, strategy: &str, intent: &OpenIntent) -> Result<Opened, OpenFailure> {
        self.open_at(strategy, intent, None, None).await
    }

    /// The same under a [name](Self::name_intent) that was given before, by which whoever wants it knows its fills.
    ///
    /// # Errors
    /// [`OpenFailure`] as of [`open_for`](Self::open_for).
    pub async fn open_as(&self, name: IntentId, strategy: &str, intent: &OpenIntent) -> Result<Opened, OpenFailure> {
        self.open_at(strategy, intent, None, Some(name)).await
    }

    /// The same at `limit` or better: what does not fill at once is not left resting, since its protection could not be.
    ///
    /// # Errors
    /// [`OpenFailure`] as of [`open_for`](Self::open_for); [`OpenFailure::NothingFilled`] if the market is beyond the
    /// limit.
    pub async fn open_within(&self, strategy: &str, intent: &OpenIntent, limit: Price) -> Result<Opened, OpenFailure> {
        self.open_at(strategy, intent, Some((limit, TimeInForce::Ioc)), None).await
    }

    /// The same, all of it at once or nothing.
    ///
    /// # Errors
    /// [`OpenFailure`] as of [`open_for`](Self::open_for); [`OpenFailure::NothingFilled`] if the market does not have all of
    /// it within the limit.
    pub async fn open_whole_within(
        &self,
        strategy: &str,
        intent: &OpenIntent,
        limit: Price,
    ) -> Result<Opened, OpenFailure> {
        self.open_at(strategy, intent, Some((limit, TimeInForce::Fok)), None).await
    }

    async fn open_at(
        &self,
        strategy: &str,
        intent: &OpenIntent,
        limit: Option<(Price, TimeInForce)>,
        name: Option<IntentId>,
    ) -> Result<Opened, OpenFailure> {
        // It is closed by a clean stop only.
        let Ok(_turn) = self.turn.acquire().await else { return Err(OpenFailure::ShuttingDown) };
        let mut troubles = Troubles::default();
        let (plan, approved) = self.approved(intent, false, &mut troubles).await?;
        let plan = Plan { limit, id: name.unwrap_or_else(|| plan.id.clone()), ..plan };
        self.set_up(&plan).await?;
        self.record_waiver(&plan).await?;
        let entered = match self.enter_protectably(&plan, &approved, &mut troubles).await {
            Ok(entered) => entered,
            Err(failure) => {
                let troubles = troubles.into_vec();
                troubles.iter().for_each(|it| tracing::warn!(trouble = %it, "beside an entry that came to nothing"));
                return Err(failure);
            }
        };
        let stop_loss = self.end_loss(&plan, entered.stop, entered.execution.filled(), &mut troubles).await;
        let profit = self.place(&plan, Purpose::TakeProfit, 0, &mut troubles).await;
        let mut warnings = approved.warnings;
        let take_profit = profit.unwrap_or_else(|failure| {
            warnings.push(OpenWarning::TakeProfitNotVerified(failure));
            None
        });
        // A stop that closes the whole position covers what is added to it.
        if let StopLoss::Waived(waiver) = &intent.stop_loss
            && plan.stop_that_rests().is_none()
        {
            warnings.push(OpenWarning::NoStop(waiver.clone()));
        }
        let mut opened = self.figures(&plan, entered.execution, stop_loss, &mut troubles).await;
        opened.take_profit = take_profit;
        if opened.quantity < approved.quantity {
            warnings.push(OpenWarning::PartlyFilled { sent: approved.quantity, filled: opened.quantity });
        }
        opened.warnings = warnings;
        opened.record = self.record_opened(strategy, &plan, &opened, &mut troubles).await;
        self.conclude(&plan, opened, troubles).await
    }

    /// By whoever holds the turn: an intent that may be sent now, whole or `in_parts`.
    async fn approved<'a>(
        &self,
        intent: &'a OpenIntent,
        in_parts: bool,
        troubles: &mut Troubles,
    ) -> Result<(Plan<'a>, Approved), OpenFailure> {
        self.forget_judged();
        self.refuse_while_unresolved(intent, None).await?;
        let plan = Plan { in_parts, ..self.plan(intent, troubles).await? };
        // What ended without us is recorded, and its protection cleared away, before something begins in its place.
        self.settle(&plan.reading, troubles).await;
        let approved = self.approve(&plan, troubles).await?;
        self.open_the_day(&plan.reading, troubles).await;
        Ok((plan, approved))
    }

    /// Everything that judging takes. What is not known refuses the order, except funding, which has a limit of its own
    /// for that.
    pub(super) async fn plan<'a>(
        &self,
        intent: &'a OpenIntent,
        troubles: &mut Troubles,
    ) -> Result<Plan<'a>, OpenFailure> {
        self.plan_by(None, intent, troubles).await
    }

    /// The same by what was read a moment ago, where that is young still when it is needed.
    pub(super) async fn plan_by<'a>(
        &self,
        read: Option<JustRead>,
        intent: &'a OpenIntent,
        troubles: &mut Troubles,
    ) -> Result<Plan<'a>, OpenFailure> {
        let (symbol, begun) = (&intent.symbol, self.reading_begins());
        let instrument = self.ports.broker.instrument(symbol).await?;
        if let Some(refusal) = Refusal::to_open(symbol, instrument.status, instrument.status.as_str()) {
            return Err(OpenFailure::NotTrading(refusal));
        }
        if instrument.settle != self.settings.settle {
            let (symbol, settle, kept) = (symbol.clone(), instrument.settle, self.settings.settle.clone());
            return Err(OpenFailure::WrongCurrency { symbol, settle, kept });
        }
        let (reading, begun) = match read.and_then(|it| self.still_young(it)) {
            Some(read) => read,
            None => (self.read_account(troubles).await?, begun),
        };
        let mark = self.ports.feed.mark_price(symbol).await?.price;
        let funding = troubles.known(Subject::Funding, symbol, self.ports.funding_rates.current(symbol).await);
        let side = PositionSide::of(intent.direction, self.settings.position_mode);
        let id = self.ids.intent(self.ports.clock.now());
        Ok(Plan { intent, id, instrument, side, mark, funding, limit: None, in_parts: false, reading, begun })
    }

    /// An entry whose fate is not known may be live: nothing more is opened in its contract before it is.
    pub(super) async fn refuse_while_unresolved(
        &self,
        intent: &OpenIntent,
        composed: Option<&IntentId>,
    ) -> Result<(), OpenFailure> {
        let unfinished = self.ports.journal.unfinished(&self.settings.account).await?;
        let unresolved = unfinished
            .into_iter()
            .find(|entry| entry.purpose == Purpose::Entry && entry.order.symbol == intent.symbol && is_open(entry));
        match unresolved {
            Some(entry) => Err(OpenFailure::EarlierUnresolved(entry.order.client_order_id)),
            None => self.refuse_beside_the_opposite(intent, composed).await,
        }
    }

    /// Where a contract has one position, nothing is opened against what is being opened in parts, unless whoever wants both
    /// said so.
    async fn refuse_beside_the_opposite(
        &self,
        intent: &OpenIntent,
        composed: Option<&IntentId>,
    ) -> Result<(), OpenFailure> {
        if self.settings.position_mode != PositionMode::OneWay {
            return Ok(());
        }
        let group = composed.and_then(|name| self.both_ways().get(&name.name()).cloned());
        let opposes = |it: &ComposedEntry| {
            let order = &it.order;
            let is_of_group = group.is_some() && self.both_ways().get(&it.id) == group.as_ref();
            order.opening().is_some()
                && order.symbol == intent.symbol
                && order.direction != intent.direction
                && !is_of_group
        };
        match self.ports.journal.working(&self.settings.account).await?.into_iter().find(opposes) {
            Some(it) => Err(OpenFailure::OppositeOrder { symbol: intent.symbol.clone(), id: it.id }),
            None => Ok(()),
        }
    }

    /// Position mode, margin mode and leverage, each only where it differs or is not known.
    pub(super) async fn set_up(&self, plan: &Plan<'_>) -> Result<(), OpenFailure> {
        let (broker, symbol) = (&self.ports.broker, &plan.intent.symbol);
        let snapshot = &plan.reading.snapshot;
        if snapshot.position_mode != self.settings.position_mode {
            if !(snapshot.positions.is_empty() && snapshot.orders.is_empty()) {
                let (found, wanted) = (snapshot.position_mode, self.settings.position_mode);
                return Err(OpenFailure::WrongPositionMode { found, wanted });
            }
            broker.set_position_mode(self.settings.position_mode).await?;
        }
        let known = plan.reading.report(symbol, plan.side);
        if known.and_then(|report| report.margin_mode) != Some(self.settings.margin_mode) {
            broker.set_margin_mode(symbol, self.settings.margin_mode).await?;
        }
        if known.and_then(|report| report.leverage) != Some(plan.intent.leverage) {
            broker.set_leverage(symbol, plan.intent.leverage).await?;
        }
        Ok(())
    }

    /// Who answers for a position without a stop is on record before there is one.
    pub(super) async fn record_waiver(&self, plan: &Plan<'_>) -> Result<(), StoreError> {
        let StopLoss::Waived(waiver) = &plan.intent.stop_loss else { return Ok(()) };
        let (symbol, kind, detail) = (&plan.intent.symbol, "stop_waived", waiver.to_string());
        self.ports.risk_events.log(&self.risk_event(kind, Some(symbol), &detail, None, None, "allowed")).await
    }

    /// The figures of what was opened, by the venue's reading of now, or by our own fills if it does not tell.
    async fn figures(
        &self,
        plan: &Plan<'_>,
        entry: Execution,
        stop_loss: Protected,
        troubles: &mut Troubles,
    ) -> Opened {
        let intent = plan.intent;
        let (quantity, price) = match entry.filled().zip(entry.average_price()) {
            Some(filled) => filled,
            None => (intent.quantity, plan.mark),
        };
        let made = match plan.held() {
            Some(held) => held.apply(intent.direction, quantity, price).position(),
            None => None,
        };
        let made = made.unwrap_or(Position { direction: intent.direction, quantity, entry: price });
        let reading = self.read_what_is_held(&plan.reading, &mut Troubles::default()).await;
        let reading = troubles.known(Subject::Position, &intent.symbol, reading);
        // Where it is not known how contracts are set, an isolated position would be shown as a cross one.
        let is_set = |held: &Held| held.report.margin_mode.is_some();
        let reading = reading.filter(|reading| reading.held.iter().all(is_set));
        let held = reading.as_ref().and_then(|reading| reading.find(&intent.symbol, plan.side)).cloned();
        let after = match &reading {
            Some(reading) if held.is_some() => reading,
            // The venue does not show the position yet: what our fills make of the reading before.
            _ => &plan.reading,
        };
        let held = held.unwrap_or_else(|| self.as_held(plan, made));
        let position = held.position;
        let margin = match held.report.isolated_margin {
            Some(assigned) if held.report.margin_mode == Some(MarginMode::Isolated) => assigned,
            _ => margin::initial(position.notional(position.entry), intent.leverage),
        };
        Opened {
            record: None,
            symbol: intent.symbol.clone(),
            side: plan.side,
            direction: intent.direction,
            quantity,
            price,
            fees: entry.fees(),
            notional: if entry.is_told() { entry.notional() } else { quantity * price },
            entry,
            position,
            leverage: intent.leverage,
            margin,
            mark: held.mark,
            liquidation: after.liquidation_of(&held),
            venue_liquidation: held.report.liquidation_price,
            funding: plan.funding_of(position),
            stop_loss,
            take_profit: None,
            warnings: Vec::new(),
            troubles: Vec::new(),
        }
    }

    async fn record_opened(
        &self,
        strategy: &str,
        plan: &Plan<'_>,
        opened: &Opened,
        troubles: &mut Troubles,
    ) -> Option<plimsoll_ports::PositionId> {
        let first = opened.entry.fills.first().map(|fill| fill.time);
        let record = OpenedPosition {
            account: self.settings.account.clone(),
            venue: plan.instrument.venue.clone(),
            symbol: opened.symbol.clone(),
            side: opened.side,
            direction: opened.direction,
            quantity: opened.position.quantity,
            entry_price: opened.position.entry,
            leverage: opened.leverage,
            margin_mode: self.settings.margin_mode,
            strategy: strategy.to_owned(),
            // Fills that are not told yet are looked for from here on later: the reading was before them.
            opened_at: first.unwrap_or(plan.reading.snapshot.time),
        };
        let before = plan.held().map_or(Before::Flat, Before::Held);
        let id = self.record_entry(&record, opened.quantity, before, &opened.entry.fills, troubles).await;
        if id.is_none() {
            let detail = format!("{} {} was opened and is not recorded yet", opened.symbol, opened.direction);
            let key = format!("records/{}", self.settings.account);
            let title = format!("{} is not recorded", opened.symbol);
            self.alert(&Alert { severity: Severity::Critical, key, title, body: detail }, troubles).await;
        }
        id
    }

    /// Trading is stopped, or a flattening has begun since the plan was made.
    fn is_stopped_since(&self, plan: &Plan<'_>) -> bool {
        self.is_flattening() || self.flattenings_begun() != plan.begun.flattenings || self.latched().is_some()
    }

    /// The same, by another process too: what the records say now. Setting up took a while since they were read.
    pub(super) async fn is_stopped_by_anyone(&self, plan: &Plan<'_>) -> Result<bool, StoreError> {
        if self.is_stopped_since(plan) || self.kill_switch().await?.engaged {
            return Ok(true);
        }
        self.has_flattening_begun_since(plan.begun.at).await
    }

    /// Trading that was stopped meanwhile takes back what was opened, and a stop that is not verified all that it was to
    /// protect.
    async fn conclude(
        &self,
        plan: &Plan<'_>,
        mut opened: Opened,
        mut troubles: Troubles,
    ) -> Result<Opened, OpenFailure> {
        let (symbol, direction) = (opened.symbol.clone(), opened.direction);
        // Records that cannot be read stop nothing that has its stop already.
        if self.is_stopped_since(plan) || self.is_stopped_by_anyone(plan).await.unwrap_or(false) {
            let closing = self.take_back(&symbol, direction, opened.quantity, &mut troubles).await;
            let closing = Box::new(closing);
            self.sweep_protection(&symbol, opened.side, &mut troubles).await;
            opened.troubles = troubles.into_vec();
            return Err(OpenFailure::Stopped { opened: Box::new(opened), closing });
        }
        opened.troubles = troubles.into_vec();
        let Protected::NotVerified(failure) = opened.stop_loss.clone() else { return Ok(opened) };
        match self.settings.unverified_stop {
            UnverifiedStop::Keep => {
                opened.warnings.push(OpenWarning::StopNotVerified(failure));
                Ok(opened)
            }
            UnverifiedStop::Close => {
                let (quantity, purpose, wait) = (None, Purpose::Flatten, Wait::Patiently);
                let closing = Closing { symbol: &symbol, direction, quantity, purpose, wait, name: None };
                let closing = Box::new(self.close_for(&closing).await);
                Err(OpenFailure::Unprotected { opened: Box::new(opened), failure, closing })
            }
        }
    }
}
