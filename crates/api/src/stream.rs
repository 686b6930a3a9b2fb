//! What happens, as it happens: server-sent events.

use crate::access::client;
use crate::problem::Problem;
use crate::server::App;
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use plimsoll_service::{EventHub, Moment, Service};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{mpsc, watch};

/// How often the screen is looked at.
const EVERY: Duration = Duration::from_secs(1);
/// So often it is sent though nothing has changed.
const ANYWAY: u32 = 10;
/// How often a silent stream says that it lives.
const ALIVE: Duration = Duration::from_secs(15);
/// So many streams a client may have: a few tabs.
const MOST_OF_ONE: usize = 8;
/// So many streams there may be.
const MOST: usize = 64;
/// So many frames wait for a client that reads slowly.
const WAITING: usize = 32;

/// The streams that are open.
#[derive(Debug, Default)]
pub(crate) struct Streams(Mutex<HashMap<IpAddr, usize>>);

/// While one lives, a stream is open.
struct Open {
    app: Arc<App>,
    client: IpAddr,
}

impl Open {
    fn new(app: &Arc<App>, client: IpAddr) -> Option<Self> {
        let mut open = app.streams.0.lock().unwrap_or_else(PoisonError::into_inner);
        let own = open.get(&client).copied().unwrap_or(0);
        if own >= MOST_OF_ONE || open.values().sum::<usize>() >= MOST {
            return None;
        }
        open.insert(client, own + 1);
        Some(Self { app: Arc::clone(app), client })
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let mut open = self.app.streams.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = open.get_mut(&self.client) {
            *own -= 1;
            if *own == 0 {
                open.remove(&self.client);
            }
        }
    }
}

/// Opens a stream, from after the event that the client has seen last.
pub(crate) async fn stream(State(app): State<Arc<App>>, request: Request) -> Response {
    let Some(open) = Open::new(&app, client(&request)) else {
        return Problem::too_many(Duration::from_secs(5), "so many streams are open already").into_response();
    };
    let seen = last_seen(request.headers(), request.uri().query());
    let (frames, mut receiver) = mpsc::channel(WAITING);
    let stopped = app.stopped.clone();
    tokio::spawn(async move {
        let teller = Teller { service: app.service.clone(), frames, sent: 0, shown: [None, None] };
        // Whoever went away is no failure.
        let _ = teller.tell(seen.as_deref(), stopped).await;
        drop(open);
    });
    let frames = stream::poll_fn(move |context| receiver.poll_recv(context).map(|it| it.map(Ok::<_, Infallible>)));
    Sse::new(frames).keep_alive(KeepAlive::new().interval(ALIVE).text("alive")).into_response()
}

/// By the header, which a browser sends by itself, or by the query.
fn last_seen(headers: &HeaderMap, query: Option<&str>) -> Option<String> {
    let by_header = headers.get("last-event-id").and_then(|it| it.to_str().ok());
    let by_query = || query?.split('&').find_map(|pair| pair.strip_prefix("last_event_id="));
    by_header.or_else(by_query).map(str::to_owned)
}

/// The client is gone.
struct Gone;

/// Tells one client.
struct Teller {
    service: Service,
    frames: mpsc::Sender<Event>,
    /// The number of the newest event that was sent.
    sent: u64,
    /// The overview and the positions as they were sent last.
    shown: [Option<Value>; 2],
}

impl Teller {
    async fn tell(mut self, seen: Option<&str>, mut stopped: watch::Receiver<bool>) -> Result<(), Gone> {
        let hub = Arc::clone(self.service.hub());
        let after = seen.map(|seen| number(&hub, seen));
        let is_restarted = after == Some(None);
        // Of another start everything is new.
        let mut following = hub.follow(after.map(|after| after.unwrap_or(0)));
        self.sent = match (after, following.kept.first()) {
            (None, _) | (Some(_), None) => following.last,
            (Some(_), Some(first)) => first.seq - 1,
        };
        let now: Moment = self.service.clock().now().into();
        let hello = json!({ "epoch": hub.epoch(), "last": following.last, "time": now });
        self.send(Event::default().event("hello").id(self.id(&hub, self.sent)), &hello).await?;
        if is_restarted || following.has_gap {
            self.gap(&hub, is_restarted).await?;
        }
        self.events(&hub, &following.kept).await?;
        let mut ticks = 0;
        self.screen(true).await?;
        let clock = Arc::clone(self.service.clock());
        let mut tick = clock.sleep(EVERY);
        loop {
            tokio::select! {
                biased;
                () = until(&mut stopped) => return Ok(()),
                () = self.frames.closed() => return Err(Gone),
                event = following.coming.recv() => match event {
                    Ok(event) => self.events(&hub, &[event]).await?,
                    Err(RecvError::Lagged(_)) => {
                        following = hub.follow(Some(self.sent));
                        if following.has_gap {
                            self.gap(&hub, false).await?;
                        }
                        self.events(&hub, &following.kept).await?;
                    }
                    Err(RecvError::Closed) => return Ok(()),
                },
                () = &mut tick => {
                    ticks += 1;
                    self.screen(ticks % ANYWAY == 0).await?;
                    tick = clock.sleep(EVERY);
                }
            }
        }
    }

    async fn events(&mut self, hub: &EventHub, events: &[Arc<plimsoll_service::Event>]) -> Result<(), Gone> {
        for event in events.iter().filter(|it| it.seq > self.sent).cloned().collect::<Vec<_>>() {
            self.sent = event.seq;
            self.send(Event::default().event("event").id(self.id(hub, event.seq)), &*event).await?;
        }
        Ok(())
    }

    async fn gap(&self, hub: &EventHub, restarted: bool) -> Result<(), Gone> {
        self.send(Event::default().event("gap"), &json!({ "oldest": hub.oldest(), "restarted": restarted })).await
    }

    /// The overview and the positions, where anything but the time has changed.
    async fn screen(&mut self, anyway: bool) -> Result<(), Gone> {
        let overview = serde_json::to_value(self.service.overview().await).unwrap_or_default();
        let positions = self.service.positions(None, None).await;
        let positions = positions.ok().and_then(|it| serde_json::to_value(it).ok()).unwrap_or_default();
        for (place, name, value) in [(0, "overview", overview), (1, "positions", positions)] {
            let mut lasting = value.clone();
            forget_ages(&mut lasting);
            let Some(shown) = self.shown.get_mut(place) else { continue };
            if anyway || shown.as_ref() != Some(&lasting) {
                *shown = Some(lasting);
                self.send(Event::default().event(name), &value).await?;
            }
        }
        Ok(())
    }

    async fn send(&self, frame: Event, data: &impl Serialize) -> Result<(), Gone> {
        // JSON has no line breaks, which alone a frame does not take.
        let data = serde_json::to_string(data).unwrap_or_default();
        self.frames.send(frame.data(data)).await.map_err(|_| Gone)
    }

    fn id(&self, hub: &EventHub, number: u64) -> String {
        format!("{}-{number}", hub.epoch())
    }
}

/// Until the server stops, or is gone.
async fn until(stopped: &mut watch::Receiver<bool>) {
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

/// The number of an id of this start; `None` of any other.
fn number(hub: &EventHub, id: &str) -> Option<u64> {
    let (epoch, number) = id.rsplit_once('-')?;
    number.parse().ok().filter(|_| epoch == hub.epoch())
}

/// What moves with time alone is no change.
fn forget_ages(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for name in ["time", "data_age_ms", "verified_at", "last_event"] {
                fields.remove(name);
            }
            fields.values_mut().for_each(forget_ages);
        }
        Value::Array(them) => them.iter_mut().for_each(forget_ages),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_service::domain::Timestamp;

    #[test]
    fn an_id_of_another_start_is_none_of_ours() {
        let hub = EventHub::new(Timestamp::from_micros(255));
        for (id, expected) in [("ff-7", Some(7)), ("fe-7", None), ("7", None), ("ff-x", None), ("", None)] {
            assert_eq!(number(&hub, id), expected, "{id}");
        }
    }

    #[test]
    fn time_alone_is_no_change() {
        let mut one = json!({ "time": "a", "accounts": [{ "data_age_ms": 1, "equity": "5" }] });
        let mut other = json!({ "time": "b", "accounts": [{ "data_age_ms": 2, "equity": "5" }] });
        forget_ages(&mut one);
        forget_ages(&mut other);
        assert_eq!(one, other);
        assert_eq!(one, json!({ "accounts": [{ "equity": "5" }] }));
    }
}
