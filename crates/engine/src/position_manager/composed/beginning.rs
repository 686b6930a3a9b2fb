//! Taking a composed order: what makes no sense, or may not be, is refused before anything is written down.

use super::ComposeFailure;
use crate::client_order_id::IntentId;
use crate::position_manager::PositionManager;
use crate::position_manager::open::Preview;
use crate::position_manager::protection::{Wanted, liquidated_before};
use crate::position_manager::reading::find_direction;
use crate::position_manager::sentence::short;
use crate::trouble::Troubles;
use plimsoll_domain::liquidation::{self, Leg};
use plimsoll_domain::{
    ClientOrderId, Decimal, Direction, Instrument, Liquidation, LiquidationBounds, MarginMode, Position,
    PositionReport, Price, Quantity, Rate, Remainder, Rounding, TimeInForce,
};
use plimsoll_ports::{
    ComposedEnd, ComposedEntry, ComposedKind, ComposedOrder, ComposedState, OpenIntent, Opening, Purpose, SlicedTrade,
    StoreError,
};

impl PositionManager {
    /// What a composed order would mean now, by the same code that takes it; what it opens is judged whole. Nothing is
    /// written down, set or sent; a refusal by the limits is part of the answer. `None` for what opens nothing.
    ///
    /// # Errors
    /// [`ComposeFailure`] where not even that can be said.
    pub async fn preview_composed(&self, order: &ComposedOrder) -> Result<Option<Preview>, ComposeFailure> {
        let Some(opening) = order.opening() else {
            self.is_reducible(order).await?;
            return Ok(None);
        };
        let intent = intent(order, opening, opening.quantity);
        let preview = self.preview_of(None, &intent, true, order.kind.limit()).await?;
        let instrument = self.ports.broker.instrument(&order.symbol).await?;
        makes_sense(order, &instrument, preview.mark, preview.stop_loss)?;
        Ok(Some(preview))
    }

    /// Judges the whole of what a composed order opens, as taking it would, and lets nothing follow: see [`check`](Self::check).
    ///
    /// # Errors
    /// [`ComposeFailure`] as of [`compose`](Self::compose).
    pub async fn check_composed(&self, order: &ComposedOrder) -> Result<(), ComposeFailure> {
        let Some(opening) = order.opening() else { return self.is_reducible(order).await };
        Ok(self.check_of(&intent(order, opening, opening.quantity), true).await?)
    }

    /// By whoever holds the turn: checks a composed order and writes it down, with the protection that it owes.
    pub(super) async fn write_composed(
        &self,
        order: &ComposedOrder,
        name: IntentId,
    ) -> Result<ComposedEntry, ComposeFailure> {
        match order.opening() {
            Some(opening) => self.may_open(order, opening, name).await,
            None => self.may_reduce(order, name).await,
        }
    }

    async fn may_open(
        &self,
        order: &ComposedOrder,
        opening: &Opening,
        name: IntentId,
    ) -> Result<ComposedEntry, ComposeFailure> {
        let mut troubles = Troubles::default();
        let intent = intent(order, opening, opening.quantity);
        self.refuse_while_unresolved(&intent, Some(&name)).await?;
        let plan = self.plan(&intent, &mut troubles).await?.of_composed(name);
        makes_sense(order, &plan.instrument, plan.mark, plan.stop_price())?;
        self.settle(&plan.reading, &mut troubles).await;
        self.approve(&plan, &mut troubles).await?;
        self.open_the_day(&plan.reading, &mut troubles).await;
        self.record_waiver(&plan).await?;
        let entry = self.write_down(order, &plan.id).await?;
        // Whoever finds a part filled after a crash finds what was to protect it.
        let wanted = [Purpose::StopLoss, Purpose::TakeProfit].map(|purpose| plan.wanted(purpose));
        let wanted: Vec<Wanted<'_>> = wanted.into_iter().flatten().collect();
        if let Err((_, error)) = self.intend_protection(&wanted).await {
            return Err(self.taken_back(entry.id, error).await);
        }
        drop(wanted);
        self.keep_judged(entry.id.clone(), plan);
        Ok(entry)
    }

    /// What was written down and is not begun is ended, so that nobody carries it on.
    async fn taken_back(&self, id: ClientOrderId, error: StoreError) -> ComposeFailure {
        let (account, now) = (&self.settings.account, self.ports.clock.now());
        let reason = format!("its protection cannot be written down: {error}");
        match self.ports.journal.end_composed(account, &id, ComposedEnd::Failed, &reason, now).await {
            Ok(()) => ComposeFailure::Records(error),
            Err(error) => ComposeFailure::NotKnownWritten { id, error },
        }
    }

    async fn may_reduce(&self, order: &ComposedOrder, name: IntentId) -> Result<ComposedEntry, ComposeFailure> {
        self.is_reducible(order).await?;
        self.write_down(order, &name).await
    }

    async fn is_reducible(&self, order: &ComposedOrder) -> Result<(), ComposeFailure> {
        let positions = self.positions().await?;
        let (symbol, direction) = (order.symbol.clone(), order.direction);
        let nothing = ComposeFailure::NothingHeld { symbol, direction };
        let (report, held) = find_direction(&positions, &order.symbol, order.direction).ok_or(nothing)?;
        let instrument = self.ports.broker.instrument(&order.symbol).await?;
        let mark = self.ports.feed.mark_price(&order.symbol).await?.price;
        makes_sense(order, &instrument, mark, None)?;
        is_held(order, held)?;
        if let ComposedKind::Oco { stop, .. } = &order.kind
            && let Some(liquidation) = self.liquidated_before(report, held, &instrument, mark, *stop)
        {
            let at = short(liquidation);
            return Err(nonsense(format!("the stop at {stop} is beyond liquidation at {at}: it would never fire")));
        }
        self.trails_alone(order).await
    }

    /// Where it is liquidated before this stop: by its own margin, or, where that is the account's, as the venue tells it.
    fn liquidated_before(
        &self,
        report: &PositionReport,
        held: Position,
        instrument: &Instrument,
        mark: Price,
        stop: Price,
    ) -> Option<Price> {
        let own = report.isolated_margin.filter(|_| report.margin_mode == Some(MarginMode::Isolated));
        let liquidation = match own {
            Some(margin) => {
                let leg = Leg { position: held, tiers: &instrument.tiers };
                liquidation::isolated(leg, margin, self.settings.closing_fee, Some(mark))
            }
            None => {
                let told = report.liquidation_price;
                let (below, above) = match held.direction {
                    Direction::Long => (told.filter(|it| *it < mark), None),
                    Direction::Short => (None, told.filter(|it| *it > mark)),
                };
                Liquidation::Bounds(LiquidationBounds { below, above })
            }
        };
        liquidated_before(held.direction, stop, liquidation)
    }

    /// Of two stops that follow the same position each would take the other's place, again and again.
    async fn trails_alone(&self, order: &ComposedOrder) -> Result<(), ComposeFailure> {
        if !order.kind.is_trailing() {
            return Ok(());
        }
        let working = self.ports.journal.working(&self.settings.account).await?;
        let trails = |it: &ComposedEntry| {
            it.order.kind.is_trailing() && (&it.order.symbol, it.order.direction) == (&order.symbol, order.direction)
        };
        match working.into_iter().find(trails) {
            Some(it) => Err(nonsense(format!("{} is followed by {} already: end that first", order.symbol, it.id))),
            None => Ok(()),
        }
    }

    async fn write_down(&self, order: &ComposedOrder, name: &IntentId) -> Result<ComposedEntry, ComposeFailure> {
        let (account, journal) = (&self.settings.account, &self.ports.journal);
        // Whoever cannot read what became of its parts cannot carry it on.
        journal.parts(account, &name.name()).await?;
        let now = self.ports.clock.now();
        let entry = ComposedEntry {
            account: account.clone(),
            venue: self.ports.broker.venue(),
            id: name.name(),
            order: order.clone(),
            state: ComposedState::Working,
            placed_at: now,
            updated_at: now,
        };
        let Err(error) = journal.compose(&entry).await else { return Ok(entry) };
        // An answer that was lost is no proof that nothing was written.
        match journal.composed(account, &entry.id).await {
            Ok(Some(_)) => Ok(entry),
            Ok(None) => Err(ComposeFailure::Records(error)),
            Err(_) => Err(ComposeFailure::NotKnownWritten { id: entry.id, error }),
        }
    }
}

/// The intent of one part of an opening, or of all of it.
pub(super) fn intent(order: &ComposedOrder, opening: &Opening, quantity: Quantity) -> OpenIntent {
    OpenIntent {
        symbol: order.symbol.clone(),
        direction: order.direction,
        quantity,
        leverage: opening.leverage,
        stop_loss: opening.stop_loss.clone(),
        take_profit: opening.take_profit,
    }
}

fn is_held(order: &ComposedOrder, held: Position) -> Result<(), ComposeFailure> {
    let wanted = match &order.kind {
        ComposedKind::Iceberg { trade, .. } | ComposedKind::Twap { trade, .. } => trade.quantity(),
        ComposedKind::Oco { quantity, .. } => *quantity,
        ComposedKind::Bracket { .. } | ComposedKind::TrailingStop { .. } => return Ok(()),
    };
    match held.quantity.minus(wanted) {
        Remainder::Left(_) | Remainder::Nothing => Ok(()),
        Remainder::Excess(_) => Err(ComposeFailure::MoreThanHeld { wanted, held: held.quantity }),
    }
}

/// Prices on the contract's tick and on their sides of the mark, parts that are large enough to be sent.
fn makes_sense(
    order: &ComposedOrder,
    instrument: &Instrument,
    mark: Price,
    stop: Option<Price>,
) -> Result<(), ComposeFailure> {
    let long = order.direction == Direction::Long;
    match &order.kind {
        ComposedKind::Bracket { opening, price, time_in_force } => {
            on_tick("the limit", *price, instrument)?;
            let rests = matches!(time_in_force, TimeInForce::Gtc | TimeInForce::PostOnly);
            sensible(rests, || format!("a bracket's entry may rest: {time_in_force} is `open` with a limit"))?;
            on_lot("the size", opening.quantity, instrument)?;
            stops_a_loss(order.direction, stop, *price)?;
            large_enough("the entry", opening.quantity, instrument, *price)
        }
        ComposedKind::Iceberg { trade, price, visible } => {
            on_tick("the limit", *price, instrument)?;
            let closes = matches!(trade, SlicedTrade::Close(_));
            sensible(*visible < trade.quantity() || closes && *visible == trade.quantity(), || {
                format!("{visible} seen of {} hides nothing: it is a limit order", trade.quantity())
            })?;
            on_lot("the part that is seen", *visible, instrument)?;
            whole_lots(trade, instrument)?;
            if let SlicedTrade::Open(_) = trade {
                stops_a_loss(order.direction, stop, *price)?;
            }
            large_enough("the part that is seen", *visible, instrument, *price)
        }
        ComposedKind::Twap { trade, slices, every } => {
            sensible(*slices > 0, || "a TWAP has at least one slice".to_owned())?;
            sensible(!every.is_zero(), || "the slices of a TWAP are some time apart".to_owned())?;
            whole_lots(trade, instrument)?;
            let slice = trade.quantity().get() / Decimal::from((*slices).max(1));
            let slice = Quantity::new(slice).ok().and_then(|it| it.round(instrument.lot, Rounding::Down));
            let slice = slice
                .ok_or_else(|| nonsense(format!("{slices} slices of {} are less than a lot each", trade.quantity())))?;
            large_enough("a slice", slice, instrument, mark)?;
            sensible(slice <= instrument.max_market_quantity, || {
                format!("a slice of {slice} is above the largest market order of {}", instrument.max_market_quantity)
            })
        }
        ComposedKind::Oco { quantity, stop, target } => {
            on_tick("the stop", *stop, instrument)?;
            on_tick("the target", *target, instrument)?;
            on_lot("the size", *quantity, instrument)?;
            let (low, high) = if long { (stop, target) } else { (target, stop) };
            sensible(*low < mark && mark < *high, || {
                format!("the mark {mark} is not between the stop {stop} and the target {target}")
            })
        }
        ComposedKind::TrailingStop { distance, .. } => {
            let share = Rate::ZERO < *distance && distance.get() < Decimal::ONE;
            sensible(share, || format!("a distance is a share of the price between 0 and 1, got {distance}"))
        }
    }
}

/// What fills at the limit is not beyond its stop already, whether that is to be placed or rests.
fn stops_a_loss(direction: Direction, stop: Option<Price>, limit: Price) -> Result<(), ComposeFailure> {
    let Some(stop) = stop else { return Ok(()) };
    let is_beyond = match direction {
        Direction::Long => stop >= limit,
        Direction::Short => stop <= limit,
    };
    let side = if direction == Direction::Long { "below" } else { "above" };
    sensible(!is_beyond, || format!("the stop at {stop} is not {side} the limit at {limit}: it would fire at once"))
}

fn whole_lots(trade: &SlicedTrade, instrument: &Instrument) -> Result<(), ComposeFailure> {
    on_lot("the size", trade.quantity(), instrument)
}

fn on_lot(what: &str, size: Quantity, instrument: &Instrument) -> Result<(), ComposeFailure> {
    let rounded = size.round(instrument.lot, Rounding::Down);
    sensible(rounded == Some(size), || format!("{what} of {size} is no multiple of the lot of {}", instrument.lot))
}

fn on_tick(what: &str, price: Price, instrument: &Instrument) -> Result<(), ComposeFailure> {
    let rounded = price.round(instrument.tick, Rounding::Down);
    sensible(rounded == Some(price), || format!("{what} at {price} is not on the tick of {}", instrument.tick))
}

fn large_enough(what: &str, size: Quantity, instrument: &Instrument, price: Price) -> Result<(), ComposeFailure> {
    let smallest = instrument.smallest_size(price);
    sensible(size >= smallest, || format!("{what} of {size} is below the smallest order of {smallest}"))
}

fn sensible(is_so: bool, why_not: impl FnOnce() -> String) -> Result<(), ComposeFailure> {
    if is_so { Ok(()) } else { Err(nonsense(why_not())) }
}

fn nonsense(why: String) -> ComposeFailure {
    ComposeFailure::Nonsense(why)
}
