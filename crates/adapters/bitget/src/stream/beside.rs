//! What the venue does not push: settings that we change, plan orders in the dialect that has none, and funding, which
//! shows in the balance alone.

use crate::broker::BitgetBroker;
use plimsoll_domain::{AccountEvent, FundingPayment, Timestamp};
use plimsoll_venue::{Beside, CallError};
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;
use tokio::time::sleep;

/// So much may wait for a stream that is busy with a snapshot.
const WAITING: usize = 256;

/// Funding is settled at whole hours, and booked within a while.
const HOUR: i64 = 3_600_000;
const BOOKED_WITHIN: i64 = 3 * 60_000;

/// A balance may change before the bill of it is there.
const LOOK_AGAIN: [Duration; 3] = [Duration::from_millis(500), Duration::from_secs(3), Duration::from_secs(15)];

/// A question that had no answer is asked again after this.
const ASK_AGAIN: Duration = Duration::from_secs(1);

/// Tells of these things while it lives.
#[derive(Debug)]
pub(super) struct Teller {
    items: Mutex<Option<mpsc::Receiver<Beside>>>,
    charged: Arc<Notify>,
    tasks: [JoinHandle<()>; 2],
}

impl Teller {
    /// Begins, on the runtime that this is called on.
    pub(super) fn start(broker: &BitgetBroker) -> Self {
        let (outlet, items) = mpsc::channel(WAITING);
        let charged = Arc::new(Notify::new());
        let settings = tokio::spawn(tell_ours(broker.clone(), outlet.clone()));
        let funding = tokio::spawn(tell_funding(broker.clone(), outlet, Arc::clone(&charged)));
        Self { items: Mutex::new(Some(items)), charged, tasks: [settings, funding] }
    }

    pub(super) fn items(&self) -> Option<mpsc::Receiver<Beside>> {
        self.items.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// A balance has changed at this moment: perhaps it was funding.
    pub(super) fn balance_changed(&self, time: Timestamp) {
        if time.as_millis().rem_euclid(HOUR) < BOOKED_WITHIN {
            self.charged.notify_one();
        }
    }
}

impl Drop for Teller {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

async fn tell_ours(broker: BitgetBroker, outlet: mpsc::Sender<Beside>) {
    let mut ours = broker.shared().ours.subscribe();
    drop(broker);
    loop {
        let item = match ours.recv().await {
            Ok(item) => item,
            Err(RecvError::Lagged(_)) => Beside::Doubt("too much was set at once".to_owned()),
            Err(RecvError::Closed) => return,
        };
        if outlet.send(item).await.is_err() {
            return;
        }
    }
}

async fn tell_funding(broker: BitgetBroker, outlet: mpsc::Sender<Beside>, charged: Arc<Notify>) {
    let mut told = HashSet::new();
    let mut since = loop {
        match broker.shared().client.known_time().await {
            Ok(begun) => break begun,
            Err(error) => {
                tracing::warn!(%error, "the venue's time is not known yet: funding is not followed before it is")
            }
        }
        sleep(ASK_AGAIN).await;
    };
    loop {
        charged.notified().await;
        for pause in [Duration::ZERO].into_iter().chain(LOOK_AGAIN) {
            sleep(pause).await;
            let fresh = match booked(&broker, since, &mut told).await {
                Ok(fresh) => fresh,
                Err(error) => {
                    tracing::warn!(%error, "the funding of this hour cannot be read yet");
                    continue;
                }
            };
            let found = !fresh.is_empty();
            for payment in fresh {
                since = since.max(payment.time);
                let event = Beside::Event(Box::new(AccountEvent::Funding(payment)));
                if outlet.send(event).await.is_err() {
                    return;
                }
            }
            if found {
                break;
            }
        }
    }
}

/// What was booked since then and has not been told.
async fn booked(
    broker: &BitgetBroker,
    since: Timestamp,
    told: &mut HashSet<Arc<str>>,
) -> Result<Vec<FundingPayment>, CallError> {
    let payments = broker.read_funding(since).await?;
    // What is older than the window is not asked for again.
    told.retain(|id| payments.iter().any(|payment| payment.id.as_ref() == Some(id)));
    let fresh = |payment: &FundingPayment| payment.id.as_ref().is_none_or(|id| told.insert(Arc::clone(id)));
    Ok(payments.into_iter().filter(fresh).collect())
}
