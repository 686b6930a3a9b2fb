//! What [`EventBus`] promises.

use super::suite::{Outcome, Suite, ensure_eq, eventually};
use async_trait::async_trait;
use plimsoll_ports::EventBus;

/// A bus, and somebody who has listened to it from the beginning.
#[async_trait]
pub trait EventBusStage: Send + Sync {
    /// The bus under test.
    fn bus(&self) -> &dyn EventBus;

    /// Everything that was heard under `topic` so far, oldest first.
    async fn heard(&self, topic: &str) -> Vec<Vec<u8>>;
}

/// Runs every case, each on a fresh stage.
///
/// # Panics
/// If a promise is broken; the message names every broken one.
pub async fn run<S: EventBusStage>(fresh: impl AsyncFn() -> S) {
    let mut suite = Suite::new("EventBus");
    macro_rules! cases {
        ($($case:ident),+ $(,)?) => {
            $(suite.case(stringify!($case), async { $case(&fresh().await).await }).await;)+
        };
    }
    cases![events_arrive_whole_and_in_order, a_repeated_id_is_dropped, topics_do_not_mix];
    suite.finish();
}

async fn heard(stage: &dyn EventBusStage, topic: &str, count: usize) -> Result<Vec<Vec<u8>>, super::suite::Failure> {
    eventually("the events have arrived", || async {
        Ok(Some(stage.heard(topic).await).filter(|events| events.len() >= count))
    })
    .await
}

async fn events_arrive_whole_and_in_order(stage: &dyn EventBusStage) -> Outcome {
    let payloads: Vec<Vec<u8>> = vec![b"first".to_vec(), Vec::new(), vec![0, 255, 10, 13], vec![7; 100_000]];
    for (number, payload) in payloads.iter().enumerate() {
        stage.bus().publish("account.main", &format!("id-{number}"), payload).await?;
    }
    ensure_eq!(heard(stage, "account.main", payloads.len()).await?, payloads, "what was heard");
    Ok(())
}

async fn a_repeated_id_is_dropped(stage: &dyn EventBusStage) -> Outcome {
    stage.bus().publish("account.main", "one", b"1").await?;
    stage.bus().publish("account.main", "one", b"1").await?;
    stage.bus().publish("account.main", "two", b"2").await?;
    ensure_eq!(heard(stage, "account.main", 2).await?, [b"1".to_vec(), b"2".to_vec()], "what was heard");
    Ok(())
}

async fn topics_do_not_mix(stage: &dyn EventBusStage) -> Outcome {
    stage.bus().publish("account.main", "one", b"main").await?;
    stage.bus().publish("account.other", "two", b"other").await?;
    ensure_eq!(heard(stage, "account.main", 1).await?, [b"main".to_vec()], "what was heard of main");
    ensure_eq!(heard(stage, "account.other", 1).await?, [b"other".to_vec()], "what was heard of other");
    Ok(())
}
