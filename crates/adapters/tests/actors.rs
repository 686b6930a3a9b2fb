//! What the tests of a live session say again and again, whatever the venue.

use crate::stage::symbol;
use plimsoll_domain::{
    AccountEvent, ClientOrderId, NewOrder, OrderKind, OrderSize, OrderStatus, PositionSide, Price, Side, TimeInForce,
};
use plimsoll_ports::{AccountStream, StreamItem};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

pub(crate) fn order(side: Side, kind: OrderKind) -> NewOrder {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    NewOrder {
        client_order_id: ClientOrderId::new(&format!("live-{}", NEXT.fetch_add(1, Ordering::Relaxed))).unwrap(),
        symbol: symbol(),
        side,
        position_side: PositionSide::Both,
        kind,
        size: OrderSize::Quantity("0.004".parse().unwrap()),
        reduce_only: false,
    }
}

pub(crate) fn market(side: Side) -> NewOrder {
    order(side, OrderKind::Market)
}

pub(crate) fn resting() -> NewOrder {
    let price: Price = "58000".parse().unwrap();
    order(Side::Buy, OrderKind::Limit { price, time_in_force: TimeInForce::Gtc })
}

pub(crate) async fn next(stream: &mut dyn AccountStream) -> StreamItem {
    let news = async {
        loop {
            let item = stream.next().await.expect("a stream");
            if item != StreamItem::Alive {
                return item;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), news).await.expect("an item")
}

/// Reads on to the item that answers.
pub(crate) async fn until<T>(stream: &mut dyn AccountStream, wanted: impl Fn(&StreamItem) -> Option<T>) -> T {
    loop {
        if let Some(found) = wanted(&next(stream).await) {
            return found;
        }
    }
}

pub(crate) fn is_snapshot(item: &StreamItem) -> Option<()> {
    matches!(item, StreamItem::Event(AccountEvent::Snapshot(_))).then_some(())
}

pub(crate) fn is_order<'a>(id: &'a ClientOrderId, status: OrderStatus) -> impl Fn(&StreamItem) -> Option<()> + 'a {
    move |item| match item {
        StreamItem::Event(AccountEvent::Order(order)) => {
            (order.client_order_id == *id && order.status == status).then_some(())
        }
        StreamItem::Disconnected { reason } => panic!("disconnected: {reason}"),
        _ => None,
    }
}

/// Sockets are closed, and servers are asked, without anybody being told: whether it holds is asked again and again.
pub(crate) async fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..2000 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("never happened: {what}");
}
