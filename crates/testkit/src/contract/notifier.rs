//! What [`Notifier`] promises.

use super::suite::{Outcome, Suite, ensure, ensure_eq, eventually};
use async_trait::async_trait;
use plimsoll_ports::{Alert, Notifier, Severity};

/// A notifier, and the eyes of whoever it notifies.
#[async_trait]
pub trait NotifierStage: Send + Sync {
    /// The notifier under test.
    fn notifier(&self) -> &dyn Notifier;

    /// Every text that has reached the person so far, oldest first.
    async fn read(&self) -> Vec<String>;

    /// Cuts the way to the person. `false` where that cannot be done: the case that needs it says that it was left out.
    async fn cut(&self) -> bool {
        false
    }
}

/// Runs every case, each on a fresh stage.
///
/// # Panics
/// If a promise is broken; the message names every broken one.
pub async fn run<S: NotifierStage>(fresh: impl AsyncFn() -> S) {
    let mut suite = Suite::new("Notifier");
    macro_rules! cases {
        ($($case:ident),+ $(,)?) => {
            $(suite.case(stringify!($case), async { $case(&fresh().await).await }).await;)+
        };
    }
    cases![an_alert_reaches_the_person_whole, every_severity_gets_through, an_alert_that_reaches_nobody_is_an_error];
    suite.finish();
}

fn alert(severity: Severity, key: &str, title: &str) -> Alert {
    let body = "ratio 88.45 % · <b>not markup</b> & _not_ *either* · größer".to_owned();
    Alert { severity, key: key.to_owned(), title: title.to_owned(), body }
}

async fn an_alert_reaches_the_person_whole(stage: &dyn NotifierStage) -> Outcome {
    let alert = alert(Severity::Critical, "margin/main/BTC/USDT:USDT", "margin is thin");
    stage.notifier().notify(&alert).await?;
    let text = eventually("the alert has arrived", || async { Ok(stage.read().await.into_iter().next()) }).await?;
    for part in [&alert.title, "88.45 %", "not markup", "größer"] {
        ensure!(text.contains(part), "'{part}' is missing in '{text}'");
    }
    Ok(())
}

async fn every_severity_gets_through(stage: &dyn NotifierStage) -> Outcome {
    for severity in [Severity::Info, Severity::Warning, Severity::Critical] {
        stage.notifier().notify(&alert(severity, &format!("key/{severity:?}"), "title")).await?;
    }
    let arrived = eventually("all three have arrived", || async {
        Ok(Some(stage.read().await.len()).filter(|count| *count >= 3))
    })
    .await?;
    ensure_eq!(arrived, 3, "alerts that arrived");
    Ok(())
}

async fn an_alert_that_reaches_nobody_is_an_error(stage: &dyn NotifierStage) -> Outcome {
    if !stage.cut().await {
        println!("  left out: the stage cannot cut the way to the person");
        return Ok(());
    }
    let told = stage.notifier().notify(&alert(Severity::Critical, "key", "title")).await;
    ensure!(told.is_err(), "it claims to have delivered what cannot have arrived");
    Ok(())
}
