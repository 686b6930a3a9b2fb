//! What the answers of a venue mean to whoever asked.

use crate::actors::*;
use crate::stage::START;
use plimsoll_domain::{ClientOrderId, OrderId};

pub(crate) fn page(status: &str) -> String {
    format!("<html><head><title>{status}</title></head></html>")
}

/// In a word.
fn word(outcome: &Result<OrderId, PlaceError>) -> String {
    match outcome {
        Ok(id) => format!("placed {id}"),
        Err(PlaceError::Unanswered(_)) => "unanswered".to_owned(),
        Err(PlaceError::Refused(refusal)) => format!("refused {:?}", refusal.reason),
        Err(PlaceError::NotSent(NotSent::Unavailable(_))) => "unavailable".to_owned(),
        Err(PlaceError::NotSent(NotSent::Throttled { .. })) => "throttled".to_owned(),
        Err(PlaceError::NotSent(NotSent::Disconnected(_))) => "disconnected".to_owned(),
        Err(PlaceError::NotSent(NotSent::Invalid(_))) => "invalid".to_owned(),
    }
}

/// An order that `call` sends and that is answered so.
pub(crate) async fn placing_means(call: &'static str, say: Say, expected: &str) {
    let script = Script::start(move |it, _| (it == call).then(|| say.clone())).await;
    let broker = scripted(&script, NOWHERE, &MarketClock::new(START), settings());
    let outcome = broker.place(&market(Side::Buy)).await;
    assert_eq!(word(&outcome), expected, "{outcome:?}");
    assert_eq!(script.heard(call), 1, "never sent twice: {outcome:?}");
}

/// A cancel of everything that is answered so.
pub(crate) async fn cancelling_means(say: Say, expected: &str) {
    let script = Script::start(move |call, _| call.starts_with("DELETE ").then(|| say.clone())).await;
    let broker = scripted(&script, NOWHERE, &MarketClock::new(START), settings());
    let outcome = match broker.cancel_all(&symbol()).await {
        Ok(()) => "done",
        Err(CommandError::Unanswered(_)) => "unanswered",
        Err(CommandError::Refused(_)) => "refused",
        Err(CommandError::NotSent(_)) => "not sent",
    };
    assert_eq!(outcome, expected);
}

/// Whatever is asked, the answer is none.
pub(crate) async fn nothing_is_readable(broker: &VenueBroker) {
    let (symbol, id) = (symbol(), ClientOrderId::new("x").unwrap());
    let outcomes: [Result<(), QueryError>; 9] = [
        broker.account().await.map(drop),
        broker.positions().await.map(drop),
        broker.balances().await.map(drop),
        broker.open_orders(None).await.map(drop),
        broker.order(&symbol, &id).await.map(drop),
        broker.fills(&symbol, START).await.map(drop),
        broker.funding_payments(START).await.map(drop),
        broker.instrument(&symbol).await.map(drop),
        broker.market_feed().mark_price(&symbol).await.map(drop),
    ];
    for (index, outcome) in outcomes.iter().enumerate() {
        let refused = matches!(outcome, Err(QueryError::Unreadable(_) | QueryError::Unreachable(_)));
        assert!(refused, "question {index}: {outcome:?}");
    }
}
