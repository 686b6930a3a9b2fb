//! What the engine tells a person, told to everybody who listens as well.

use super::{EventHub, NewEvent};
use async_trait::async_trait;
use plimsoll_domain::AccountId;
use plimsoll_ports::{Alert, Clock, Notifier, NotifyError};
use std::fmt;
use std::sync::Arc;

/// A [`Notifier`] that tells the hub before it tells somebody else: what an engine says of its account is one event, in the
/// engine's own words.
pub struct ToldToo {
    hub: Arc<EventHub>,
    account: AccountId,
    clock: Arc<dyn Clock>,
    next: Arc<dyn Notifier>,
}

impl ToldToo {
    /// Tells of this account to the hub, and then `next`.
    #[must_use]
    pub fn new(hub: Arc<EventHub>, account: AccountId, clock: Arc<dyn Clock>, next: Arc<dyn Notifier>) -> Self {
        Self { hub, account, clock, next }
    }
}

impl fmt::Debug for ToldToo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ToldToo").field("account", &self.account).finish_non_exhaustive()
    }
}

#[async_trait]
impl Notifier for ToldToo {
    async fn notify(&self, alert: &Alert) -> Result<(), NotifyError> {
        let mut key = alert.key.splitn(3, '/');
        let kind = key.next().unwrap_or_default().to_owned();
        // `no_stop/main/BTC/USDT:USDT short`: what follows the account is a contract, where it reads as one, and a leg of it.
        let symbol = key.nth(1).and_then(|rest| rest.split(' ').next()?.parse().ok());
        let text = if alert.body.is_empty() { alert.title.clone() } else { format!("{}: {}", alert.title, alert.body) };
        let (time, account) = (self.clock.now(), Some(self.account.clone()));
        self.hub.publish(NewEvent { time, severity: alert.severity, kind, account, symbol, text });
        self.next.notify(alert).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_domain::Timestamp;
    use plimsoll_ports::Severity;

    struct Deaf;

    #[async_trait]
    impl Notifier for Deaf {
        async fn notify(&self, _: &Alert) -> Result<(), NotifyError> {
            Err(NotifyError("nobody is there".to_owned()))
        }
    }

    struct Stopped;

    #[async_trait]
    impl Clock for Stopped {
        fn now(&self) -> Timestamp {
            Timestamp::from_millis(1000)
        }

        async fn sleep(&self, _: std::time::Duration) {}
    }

    #[tokio::test]
    async fn an_alert_is_an_event_whether_or_not_a_person_hears_it() {
        let hub = Arc::new(EventHub::new(Timestamp::default()));
        let told = ToldToo::new(Arc::clone(&hub), AccountId::new("main"), Arc::new(Stopped), Arc::new(Deaf));
        let alert = |key: &str, body: &str| Alert {
            severity: Severity::Critical,
            key: key.to_owned(),
            title: "it has no stop".to_owned(),
            body: body.to_owned(),
        };
        assert!(told.notify(&alert("no_stop/main/BTC/USDT:USDT long", "long 1")).await.is_err());
        assert!(told.notify(&alert("blind/main", "")).await.is_err());
        let [one, other] = &hub.follow(Some(0)).kept[..] else { panic!("two events") };
        assert_eq!((one.kind.as_str(), one.symbol.as_deref()), ("no_stop", Some("BTC/USDT:USDT")));
        assert_eq!((one.text.as_str(), one.severity), ("it has no stop: long 1", "critical"));
        assert_eq!(
            (other.kind.as_str(), other.symbol.as_deref(), other.text.as_str()),
            ("blind", None, "it has no stop")
        );
    }
}
