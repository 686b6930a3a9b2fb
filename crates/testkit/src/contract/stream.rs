//! What [`AccountStream`] promises.

use super::stage::{StreamStage, Trader};
use super::suite::{Failure, Outcome, Suite, ensure, ensure_eq};
use plimsoll_domain::{
    AccountEvent, AccountState, Change, ClientOrderId, Decimal, Leverage, MarginMode, NewOrder, Order, OrderKind,
    OrderStatus, PositionMode, PositionSide, Side, Symbol, TradeId,
};
use plimsoll_ports::{AccountStream, CommandError, NotSent, StreamItem};
use std::collections::HashMap;
use std::time::Duration;

/// Runs every case, each on a fresh stage.
///
/// # Panics
/// If a promise is broken; the message names every broken one.
pub async fn run<S: StreamStage>(fresh: impl AsyncFn() -> S) {
    let mut suite = Suite::new("AccountStream");
    macro_rules! cases {
        ($($case:ident),+ $(,)?) => {
            $(suite.case(stringify!($case), async { $case(&fresh().await).await }).await;)+
        };
    }
    cases![
        it_begins_with_connected_and_a_snapshot,
        what_was_there_before_is_in_the_snapshot,
        a_market_order_tells_order_fill_position_and_balance,
        a_resting_order_tells_its_whole_life,
        a_stop_tells_its_life_and_its_fill,
        a_new_leverage_is_told,
        settled_funding_is_told,
        a_forced_close_is_told,
        hedge_legs_are_told_apart,
        a_cut_is_told_and_made_good,
        what_happens_during_a_cut_is_counted_once,
        it_survives_cut_after_cut,
        an_orderly_life_leaves_the_state_that_the_venue_has,
    ];
    suite.finish();
}

/// A stream that is read, with everything it has said applied to an [`AccountState`].
struct Watched {
    stream: Box<dyn AccountStream>,
    state: AccountState,
    changes: Vec<Change>,
    fills: HashMap<(Symbol, TradeId), usize>,
}

impl Watched {
    /// Opens it and reads to its first snapshot.
    async fn open(stage: &dyn StreamStage) -> Result<Self, Failure> {
        let stream = stage.open_stream().await;
        let state = AccountState::new();
        let mut it = Self { stream, state, changes: Vec::new(), fills: HashMap::new() };
        it.begins().await?;
        Ok(it)
    }

    /// `Connected`, then a snapshot before any other event.
    async fn begins(&mut self) -> Outcome {
        ensure_eq!(self.item().await?, StreamItem::Connected, "the first item");
        self.snapshot().await
    }

    /// A snapshot, before any other event.
    async fn snapshot(&mut self) -> Outcome {
        match self.item().await? {
            StreamItem::Event(AccountEvent::Snapshot(_)) => Ok(()),
            other => Err(Failure::new(format!("not a snapshot: {other:?}"))),
        }
    }

    async fn item(&mut self) -> Result<StreamItem, Failure> {
        let said = async {
            loop {
                // A sign of life says nothing, and may come at any time.
                let item = self.stream.next().await;
                if item != Some(StreamItem::Alive) {
                    return item;
                }
            }
        };
        let item = tokio::time::timeout(Duration::from_secs(20), said).await;
        let item = item.map_err(|_| Failure::new("the stream says nothing for 20 s"))?;
        let item = item.ok_or_else(|| Failure::new("the stream has ended"))?;
        if let StreamItem::Event(event) = &item {
            if let AccountEvent::Fill(fill) = event {
                *self.fills.entry((fill.symbol.clone(), fill.trade_id.clone())).or_default() += 1;
            }
            self.changes.extend(self.state.apply(event));
        }
        Ok(item)
    }

    /// Reads on until something has been said.
    async fn hears<T>(&mut self, what: &str, wanted: impl Fn(&StreamItem) -> Option<T>) -> Result<T, Failure> {
        for _ in 0..1000 {
            let item = self.item().await.map_err(|failure| Failure::new(format!("{what}: {failure}")))?;
            if let Some(found) = wanted(&item) {
                return Ok(found);
            }
        }
        Err(Failure::new(format!("{what}: not among the last 1000 items")))
    }

    async fn hears_order(&mut self, id: &ClientOrderId, status: OrderStatus) -> Result<Order, Failure> {
        let what = format!("order {id} is {status}");
        self.hears(&what, |item| match item {
            StreamItem::Event(AccountEvent::Order(order)) if order.client_order_id == *id && order.status == status => {
                Some(order.clone())
            }
            _ => None,
        })
        .await
    }

    /// Reads on until so many trades have been told.
    async fn hears_trades(&mut self, count: usize) -> Outcome {
        while self.fills.len() < count {
            let told = self.fills.len();
            self.item().await.map_err(|failure| Failure::new(format!("{told} of {count} trades: {failure}")))?;
        }
        Ok(())
    }

    /// Reads until the connection is announced lost, then made good.
    async fn hears_cut(&mut self) -> Outcome {
        let lost = |item: &StreamItem| matches!(item, StreamItem::Disconnected { .. }).then_some(());
        self.hears("the connection is lost", lost).await?;
        let back = |item: &StreamItem| match item {
            StreamItem::Connected => Some(Ok(())),
            StreamItem::Event(event) => Some(Err(format!("an event while disconnected: {event:?}"))),
            StreamItem::Disconnected { .. } | StreamItem::Resync { .. } | StreamItem::Alive => None,
        };
        self.hears("the connection is back", back).await?.map_err(Failure::new)?;
        self.snapshot().await
    }

    /// How often the state has counted a fill: once for each trade, however often it was told.
    fn counted(&self) -> usize {
        self.changes.iter().filter(|change| matches!(change, Change::Filled(_))).count()
    }
}

async fn it_begins_with_connected_and_a_snapshot(stage: &dyn StreamStage) -> Outcome {
    let watched = Watched::open(stage).await?;
    ensure!(watched.fills.is_empty(), "a fresh account has fills: {:?}", watched.fills);
    Ok(())
}

async fn what_was_there_before_is_in_the_snapshot(stage: &dyn StreamStage) -> Outcome {
    let it = Trader::new(stage).await?;
    it.go_long().await?;
    let stop = it.stop(50).await?;
    it.broker.place(&stop).await?;
    it.open_are(&[&stop.client_order_id]).await?;
    let watched = Watched::open(stage).await?;
    let held = watched.state.position(&it.symbol, PositionSide::Both);
    ensure_eq!(held.map(|held| held.position.quantity), Some(it.size), "the position");
    let known = watched.state.open_orders().any(|order| order.client_order_id == stop.client_order_id);
    ensure!(known, "the stop is not in the snapshot");
    Ok(())
}

async fn a_market_order_tells_order_fill_position_and_balance(stage: &dyn StreamStage) -> Outcome {
    let it = Trader::new(stage).await?;
    let mut watched = Watched::open(stage).await?;
    let order = it.market(Side::Buy);
    it.broker.place(&order).await?;
    let (mut told, mut held, mut paid) = (None, false, false);
    let mut filled = Decimal::ZERO;
    while told.is_none() || filled < it.size.get() || !held || !paid {
        match watched.item().await? {
            StreamItem::Event(AccountEvent::Order(report)) if report.status == OrderStatus::Filled => {
                told = Some(report);
            }
            StreamItem::Event(AccountEvent::Fill(fill)) => {
                ensure_eq!(fill.client_order_id, order.client_order_id, "the fill's order");
                filled += fill.quantity.get();
            }
            StreamItem::Event(AccountEvent::Position(report)) => {
                held |= report.position.is_some_and(|position| position.quantity == it.size);
            }
            StreamItem::Event(AccountEvent::Balance(report)) => paid |= report.wallet.is_some(),
            _ => {}
        }
    }
    ensure_eq!(filled, it.size.get(), "the fills' sum");
    ensure_eq!(
        told.map(|told| (told.client_order_id, told.filled)),
        Some((order.client_order_id, Some(it.size))),
        "order"
    );
    Ok(())
}

async fn a_resting_order_tells_its_whole_life(stage: &dyn StreamStage) -> Outcome {
    let it = Trader::new(stage).await?;
    let mut watched = Watched::open(stage).await?;
    let order = it.resting().await?;
    it.broker.place(&order).await?;
    let told = watched.hears_order(&order.client_order_id, OrderStatus::New).await?;
    ensure_eq!(told.quantity, Some(it.size), "size");
    let (quantity, price) = (it.quarters(2)?, it.off(-50).await?);
    match it.broker.amend(&it.symbol, &order.client_order_id, quantity, price).await {
        Err(CommandError::NotSent(NotSent::Invalid(_))) => {
            println!("  left as it was: the venue changes no order in its place");
        }
        outcome => {
            outcome?;
            watched
                .hears("the amended order", |item| match item {
                    StreamItem::Event(AccountEvent::Order(order)) if order.price == Some(price) => Some(()),
                    _ => None,
                })
                .await?;
        }
    }
    it.broker.cancel(&it.symbol, &order.client_order_id).await?;
    watched.hears_order(&order.client_order_id, OrderStatus::Canceled).await?;
    ensure_eq!(watched.state.open_orders().count(), 0, "open orders in the state");
    Ok(())
}

async fn a_stop_tells_its_life_and_its_fill(stage: &dyn StreamStage) -> Outcome {
    let it = Trader::new(stage).await?;
    it.go_long().await?;
    let mut watched = Watched::open(stage).await?;
    let stop = it.stop(30).await?;
    it.broker.place(&stop).await?;
    let told = watched.hears_order(&stop.client_order_id, OrderStatus::New).await?;
    ensure!(told.order_type.is_conditional() && told.close_position, "not as placed: {told:?}");
    let through = it.off(-40).await?;
    stage.move_price(through).await;
    watched
        .hears("the stop's fill", |item| match item {
            StreamItem::Event(AccountEvent::Fill(fill)) if fill.side == Side::Sell => Some(()),
            _ => None,
        })
        .await?;
    settles(stage, &it, &mut watched).await
}

async fn a_new_leverage_is_told(stage: &dyn StreamStage) -> Outcome {
    let it = Trader::new(stage).await?;
    let mut watched = Watched::open(stage).await?;
    let wanted = Leverage::new(4)?;
    it.broker.set_leverage(&it.symbol, wanted).await?;
    watched
        .hears("the leverage", |item| match item {
            StreamItem::Event(AccountEvent::Leverage { symbol, leverage, .. }) if *symbol == it.symbol => {
                (*leverage == wanted).then_some(())
            }
            _ => None,
        })
        .await
}

async fn settled_funding_is_told(stage: &dyn StreamStage) -> Outcome {
    let it = Trader::new(stage).await?;
    let since = it.broker.account().await?.time;
    it.go_long().await?;
    let mut watched = Watched::open(stage).await?;
    if !stage.settle_funding().await {
        println!("  left out: the stage cannot settle funding");
        return Ok(());
    }
    let told = watched
        .hears("the funding", |item| match item {
            StreamItem::Event(AccountEvent::Funding(payment)) => Some(payment.clone()),
            _ => None,
        })
        .await?;
    let booked = it.broker.funding_payments(since).await?;
    ensure!(booked.iter().any(|booked| booked.payment == told.payment), "told {told:?}, booked {booked:?}");
    Ok(())
}

async fn a_forced_close_is_told(stage: &dyn StreamStage) -> Outcome {
    let it = Trader::new(stage).await?;
    it.broker.set_margin_mode(&it.symbol, MarginMode::Isolated).await?;
    it.broker.set_leverage(&it.symbol, Leverage::new(20)?).await?;
    it.go_long().await?;
    let mut watched = Watched::open(stage).await?;
    let beyond = it.off(-80).await?;
    stage.move_price(beyond).await;
    settles(stage, &it, &mut watched).await?;
    while !watched.changes.iter().any(|change| matches!(change, Change::PositionLiquidated(_))) {
        watched.item().await.map_err(|failure| Failure::new(format!("no liquidation among the changes: {failure}")))?;
    }
    Ok(())
}

async fn hedge_legs_are_told_apart(stage: &dyn StreamStage) -> Outcome {
    let it = Trader::new(stage).await?;
    it.broker.set_position_mode(PositionMode::Hedge).await?;
    let mut watched = Watched::open(stage).await?;
    ensure_eq!(watched.state.position_mode(), Some(PositionMode::Hedge), "position mode");
    for (side, position_side) in [(Side::Buy, PositionSide::Long), (Side::Sell, PositionSide::Short)] {
        it.broker.place(&NewOrder { position_side, ..it.market(side) }).await?;
    }
    let held = |state: &AccountState, side| state.position(&it.symbol, side).map(|held| held.position.quantity);
    while [PositionSide::Long, PositionSide::Short].map(|side| held(&watched.state, side)) != [Some(it.size); 2] {
        watched.item().await.map_err(|failure| Failure::new(format!("not both legs: {failure}")))?;
    }
    let close = NewOrder { position_side: PositionSide::Long, ..it.market(Side::Sell) };
    it.broker.place(&close).await?;
    while held(&watched.state, PositionSide::Long).is_some() {
        watched.item().await.map_err(|failure| Failure::new(format!("the long leg stays: {failure}")))?;
    }
    ensure_eq!(held(&watched.state, PositionSide::Short), Some(it.size), "the short leg");
    Ok(())
}

async fn a_cut_is_told_and_made_good(stage: &dyn StreamStage) -> Outcome {
    let it = Trader::new(stage).await?;
    let mut watched = Watched::open(stage).await?;
    stage.cut_stream().await;
    watched.hears_cut().await?;
    let order = it.resting().await?;
    it.broker.place(&order).await?;
    watched.hears_order(&order.client_order_id, OrderStatus::New).await?;
    Ok(())
}

async fn what_happens_during_a_cut_is_counted_once(stage: &dyn StreamStage) -> Outcome {
    let it = Trader::new(stage).await?;
    let mut watched = Watched::open(stage).await?;
    it.broker.place(&it.order(Side::Buy, OrderKind::Market, it.quarters(2)?)).await?;
    watched.hears("the first fill", fill).await?;
    stage.cut_stream().await;
    it.broker.place(&it.order(Side::Buy, OrderKind::Market, it.quarters(2)?)).await?;
    let resting = it.resting().await?;
    it.broker.place(&resting).await?;
    watched.hears_cut().await?;
    watched.hears_trades(2).await?;
    settles(stage, &it, &mut watched).await?;
    let known = watched.state.open_orders().any(|order| order.client_order_id == resting.client_order_id);
    ensure!(known, "the order placed during the cut is not known");
    // What comes after is heard after everything that was made good.
    it.broker.cancel(&it.symbol, &resting.client_order_id).await?;
    watched.hears_order(&resting.client_order_id, OrderStatus::Canceled).await?;
    ensure_eq!((watched.fills.len(), watched.counted()), (2, 2), "trades told and counted");
    Ok(())
}

async fn it_survives_cut_after_cut(stage: &dyn StreamStage) -> Outcome {
    let it = Trader::new(stage).await?;
    let mut watched = Watched::open(stage).await?;
    for _ in 0..3 {
        stage.cut_stream().await;
        it.broker.place(&it.order(Side::Buy, OrderKind::Market, it.quarters(1)?)).await?;
        watched.hears_cut().await?;
    }
    watched.hears_trades(3).await?;
    settles(stage, &it, &mut watched).await?;
    ensure_eq!((watched.fills.len(), watched.counted()), (3, 3), "trades told and counted");
    Ok(())
}

async fn an_orderly_life_leaves_the_state_that_the_venue_has(stage: &dyn StreamStage) -> Outcome {
    let it = Trader::new(stage).await?;
    let mut watched = Watched::open(stage).await?;
    it.go_long().await?;
    let stop = it.stop(60).await?;
    it.broker.place(&stop).await?;
    let up = it.off(10).await?;
    stage.move_price(up).await;
    it.broker.place(&it.order(Side::Sell, OrderKind::Market, it.quarters(1)?)).await?;
    it.broker.place(&it.resting().await?).await?;
    watched.hears_trades(2).await?;
    settles(stage, &it, &mut watched).await?;
    ensure_eq!((watched.fills.len(), watched.counted()), (2, 2), "trades told and counted");
    Ok(())
}

fn fill(item: &StreamItem) -> Option<()> {
    matches!(item, StreamItem::Event(AccountEvent::Fill(_))).then_some(())
}

/// Reads on until position, wallet and open orders are what the broker reads at the venue.
async fn settles(stage: &dyn StreamStage, it: &Trader<'_>, watched: &mut Watched) -> Outcome {
    let account = stage.broker().account().await?;
    let mine = account.positions.iter().find(|report| report.symbol == it.symbol);
    let venue = (
        mine.and_then(|report| report.position).map(|position| (position.direction, position.quantity)),
        account.balances.iter().find(|balance| balance.currency == it.instrument.settle).and_then(|it| it.wallet),
        ids(account.orders.iter()),
    );
    loop {
        let held = watched.state.position(&it.symbol, PositionSide::Both).map(|held| held.position);
        let told = (
            held.map(|position| (position.direction, position.quantity)),
            watched.state.balance(&it.instrument.settle).wallet,
            ids(watched.state.open_orders()),
        );
        if told == venue {
            return Ok(());
        }
        if let Err(failure) = watched.item().await {
            return Err(Failure::new(format!("the state is {told:?}, the venue's {venue:?}; {failure}")));
        }
    }
}

fn ids<'a>(orders: impl Iterator<Item = &'a Order>) -> Vec<ClientOrderId> {
    let mut ids: Vec<_> = orders.map(|order| order.client_order_id.clone()).collect();
    ids.sort_unstable();
    ids
}
