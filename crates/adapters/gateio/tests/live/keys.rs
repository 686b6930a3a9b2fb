//! Keys: what a wrong one comes to, in answers and on sockets.

use crate::actors::*;
use plimsoll_gateio::{Credentials, GateioAccountAudit};
use plimsoll_ports::AccountAudit;
use tokio_tungstenite::tungstenite::Message;

fn with(stage: &Stage, credentials: Credentials) -> GateioBroker {
    let endpoints = Endpoints::custom(stage.venue.rest_url(), stage.venue.ws_url());
    GateioBroker::with_settings(endpoints, credentials, Arc::new(stage.clock.clone()), settings()).unwrap()
}

#[tokio::test]
async fn a_wrong_key_or_secret_is_not_allowed_and_nothing_was_done() {
    let stage = Stage::new().await;
    let wrong = [
        Credentials { secret: "not the secret".into(), ..credentials() },
        Credentials { key: "nobody's".into(), ..credentials() },
    ];
    for credentials in wrong {
        let broker = with(&stage, credentials);
        let place = broker.place(&market(Side::Buy)).await;
        let refused = matches!(&place, Err(PlaceError::Refused(why)) if why.reason == RefusalReason::NotAllowed);
        assert!(refused, "{place:?}");
        let query = broker.positions().await;
        let refused = matches!(&query, Err(QueryError::Refused(why)) if why.reason == RefusalReason::NotAllowed);
        assert!(refused, "{query:?}");
        let mut stream = broker.account_stream();
        let item = next(&mut stream).await;
        assert!(matches!(&item, StreamItem::Disconnected { .. }), "{item:?}");
    }
    assert_eq!(stage.broker.positions().await, Ok(Vec::new()));
}

#[tokio::test]
async fn a_refused_subscription_ends_the_session_with_the_reason() {
    let script = Script::start(|_, _| None).await;
    let refusal = r#"{"time":1,"channel":"futures.orders","event":"subscribe","error":{"code":4,"message":"authentication fail"},"result":{"status":"fail"}}"#;
    let frames = Frames::refusing("futures.orders", Message::text(refusal)).await;
    let broker = scripted(&script, frames.url(), &MarketClock::new(stage::START), settings());
    let mut stream = broker.account_stream();
    let StreamItem::Disconnected { reason } = next(&mut stream).await else { panic!("it is refused") };
    assert!(reason.contains("futures.orders") && reason.contains("authentication fail"), "{reason}");
}

#[tokio::test]
async fn a_channel_that_the_account_does_without_is_done_without() {
    let script = Script::start(|_, _| None).await;
    let refusal = r#"{"time":1,"channel":"futures.position_adl_rank","event":"subscribe","error":{"code":2,"message":"unknown channel"},"result":{"status":"fail"}}"#;
    let frames = Frames::refusing("futures.position_adl_rank", Message::text(refusal)).await;
    let broker = scripted(&script, frames.url(), &MarketClock::new(stage::START), settings());
    let mut stream = broker.account_stream();
    assert_eq!(next(&mut stream).await, StreamItem::Connected);
    until(&mut stream, is_snapshot).await;
}

#[tokio::test]
async fn a_key_and_its_account_are_told_before_the_first_order() {
    let stage = Stage::new().await;
    let audit = |credentials| {
        let endpoints = Endpoints::custom(stage.venue.rest_url(), stage.venue.ws_url());
        GateioAccountAudit::new(endpoints, credentials, Arc::new(stage.clock.clone()), settings()).unwrap()
    };
    let right = audit(credentials());
    assert!(right.pulse().await.unwrap().apart() < Duration::from_secs(5));
    let told = right.settings().await.unwrap();
    assert_eq!((told.position_mode, told.multi_assets), (plimsoll_domain::PositionMode::OneWay, false));
    assert_eq!(right.key_rights(&symbol()).await.unwrap().trades, Some(true));
    assert_eq!(right.private_stream().await, Ok(()));
    assert_eq!(right.pays_fees_in_token().await, Ok(false));
    stage.broker.set_leverage(&symbol(), plimsoll_domain::Leverage::new(7).unwrap()).await.unwrap();
    assert_eq!(right.contract_settings(&symbol()).await.unwrap().leverage.get(), 7);

    let wrong = audit(Credentials { key: "nobody's".into(), ..credentials() });
    assert!(matches!(wrong.settings().await, Err(QueryError::Refused(_))));
    assert_eq!(wrong.key_rights(&symbol()).await.unwrap().trades, Some(false));
}
