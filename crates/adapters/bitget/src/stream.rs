//! The account's private events.

mod beside;
mod legs;

use crate::broker::BitgetBroker;
use crate::directory::Listed;
use crate::wire::request::{self, Channel};
use crate::wire::{self, Protocol};
use beside::Teller;
use legs::Legs;
use plimsoll_domain::{AccountEvent, AccountSnapshot, Fill, Symbol, Timestamp};
use plimsoll_ports::{Clock, NotSent};
use plimsoll_transport::{Address, Dial, DialFailure};
use plimsoll_venue::{
    AccountFollower, Beside, CallError, DecodeError, Event, FollowSettings, Greeting, OrderMemory, PrivateStream,
    Refused, Rest, SessionEvent,
};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::sync::mpsc;

/// The private events of one account: see [`BitgetBroker::account_stream`].
pub type BitgetAccountStream = AccountFollower;

/// What is subscribed to. The venue's own words for funding and transfers come with `account`.
const CHANNELS: [&str; 7] = ["account", "positions", "positions-history", "orders", "fill", "orders-algo", "adl-noti"];

/// The same in the older dialect, which has no plan orders.
const OLDER_CHANNELS: [&str; 5] = ["account", "positions", "orders", "execution", "liquidation"];

/// The session stands without these: what they tell is told by others too, or is a warning.
const DISPENSABLE: [&str; 3] = ["adl-noti", "positions-history", "liquidation"];

/// A login that was refused twice, with the venue's time asked for in between, is not made good by trying again at once.
const AFTER_A_REFUSED_LOGIN: Duration = Duration::from_secs(60);
/// Too many connections, or messages.
const AFTER_TOO_MUCH: Duration = Duration::from_secs(30);

/// How long to stay away after this error of a socket, if the back-off may be too short.
pub(crate) fn pause_after(code: &str) -> Option<Duration> {
    matches!(code, "30006" | "30007" | "60002" | "60003" | "429").then_some(AFTER_TOO_MUCH)
}

pub(crate) fn open(broker: &BitgetBroker) -> BitgetAccountStream {
    AccountFollower::open(Source {
        broker: broker.clone(),
        legs: Legs::default(),
        teller: Teller::start(broker),
        refused_logins: AtomicU32::new(0),
    })
}

/// What the venue's stream has of its own: a login, two dialects, and lists of positions that say by leaving one out that
/// it is closed.
struct Source {
    broker: BitgetBroker,
    legs: Legs,
    teller: Teller,
    /// In a row.
    refused_logins: AtomicU32,
}

impl Source {
    fn protocol(&self) -> Protocol {
        self.broker.shared().client.rest().settings.protocol
    }
}

impl Dial for Source {
    async fn dial(&self) -> Result<Address, DialFailure> {
        let client = &self.broker.shared().client;
        client.may_dial()?;
        Ok(Address { url: client.rest().endpoints.private(self.protocol()), greetings: Vec::new() })
    }

    fn heartbeat(&self) -> Option<String> {
        Some(request::ping(self.protocol()).to_owned())
    }
}

impl PrivateStream for Source {
    type Listing = Listed;

    fn settings(&self) -> FollowSettings {
        self.broker.shared().client.rest().settings.follow()
    }

    fn clock(&self) -> &Arc<dyn Clock> {
        self.broker.shared().client.clock()
    }

    fn orders(&self) -> &OrderMemory {
        &self.broker.shared().memory
    }

    async fn listing(&self) -> Result<Arc<Listed>, CallError> {
        let shared = self.broker.shared();
        shared.directory.listing.unforgotten(&shared.client).await
    }

    async fn forget_listing(&self) {
        self.broker.shared().directory.listing.forget().await;
    }

    fn decode(&self, frame: &[u8], listing: &Listed, arrival: u64) -> Result<Vec<Event>, DecodeError> {
        let protocol = self.protocol();
        let mut frame = wire::read(frame, &listing.symbols, protocol, arrival)?;
        self.legs.complete(&mut frame);
        for event in &mut frame.events {
            match event {
                Event::Session(SessionEvent::Login) => self.refused_logins.store(0, Ordering::Relaxed),
                Event::Account(event) => {
                    if protocol == Protocol::MixV1 {
                        self.complete(event)?;
                    }
                    self.note(event, listing, protocol);
                }
                Event::Session(session) => announced(session),
                Event::FillNotice(_) | Event::Market(_) => {}
            }
        }
        Ok(frame.events)
    }

    fn hide(&self, words: &str) -> String {
        self.broker.shared().client.rest().hide(words)
    }

    async fn snapshot(&self) -> Result<AccountSnapshot, CallError> {
        let snapshot = self.broker.snapshot().await?;
        self.legs.note(&snapshot);
        Ok(snapshot)
    }

    async fn fills(&self, since: Timestamp, _: &BTreeSet<Symbol>) -> Result<Vec<Fill>, CallError> {
        self.broker.read_fills(None, since).await
    }

    fn beside(&self) -> Option<mpsc::Receiver<Beside>> {
        self.teller.items()
    }

    async fn handshake(&self) -> Result<Vec<Greeting>, CallError> {
        let client = &self.broker.shared().client;
        let Some(credentials) = &client.rest().credentials else {
            return Err(CallError::NotSent(NotSent::Invalid("the private stream needs a key".to_owned())));
        };
        self.legs.forget();
        // Whatever it was refused for: the clocks may have drifted apart.
        let now = match self.refused_logins.load(Ordering::Relaxed) {
            0 => client.known_time().await?,
            _ => client.measure_time().await.map_err(CallError::before_sending)?,
        };
        let login = request::login(credentials, now);
        let names: &[&str] = match self.protocol() {
            Protocol::V2 => &CHANNELS,
            Protocol::MixV1 => &OLDER_CHANNELS,
        };
        let channels: Vec<Channel<'_>> = names.iter().map(|name| Channel { name, native: None }).collect();
        let subscribe = request::subscribe(self.protocol(), &channels);
        Ok(vec![Greeting::login(login), Greeting::subscriptions(vec![subscribe], names.iter().copied())])
    }

    fn refused(&self, id: &str, code: &str, message: &str) -> Refused {
        if DISPENSABLE.contains(&id) {
            return Refused::GoOn;
        }
        let what = if id.is_empty() { "the session" } else { id };
        let again = id == "login" && self.refused_logins.fetch_add(1, Ordering::Relaxed) > 0;
        let not_before = if again { Some(AFTER_A_REFUSED_LOGIN) } else { pause_after(code) };
        Refused::GiveUp { reason: format!("the venue refuses {what}: {message} ({code})"), not_before }
    }
}

impl Source {
    /// Learns from what is told, and adds what the venue leaves out.
    fn note(&self, event: &mut AccountEvent, listing: &Listed, protocol: Protocol) {
        match event {
            AccountEvent::Order(order) if protocol == Protocol::V2 => self.broker.shared().known.learn(order),
            AccountEvent::Position(report) => self.broker.shared().directory.maintain(report, listing),
            AccountEvent::Balance(balance) => self.teller.balance_changed(balance.stamp.time),
            _ => {}
        }
    }

    /// The older dialect says neither our name for an order nor, of orders and trades, the leg or who wanted them. All that is
    /// known of orders of ours; what any other is about, only a snapshot can tell.
    fn complete(&self, event: &mut AccountEvent) -> Result<(), DecodeError> {
        let (id, name, side) = match event {
            AccountEvent::Order(it) => (&it.order_id, &mut it.client_order_id, &mut it.position_side),
            AccountEvent::Fill(it) => (&it.order_id, &mut it.client_order_id, &mut it.position_side),
            AccountEvent::Position(report) => {
                report.position_side = self.legs.side(report.position_side);
                return Ok(());
            }
            AccountEvent::LiquidationWarning(warning) => {
                warning.position_side = self.legs.side(warning.position_side);
                return Ok(());
            }
            _ => return Ok(()),
        };
        let known = &self.broker.shared().known;
        *side = known.position_side(id, name).ok_or_else(|| {
            DecodeError::new("this dialect does not say what the order is about", format!("order {id}"))
        })?;
        if name.as_str().is_empty()
            && let Some(known) = known.name(id)
        {
            *name = known;
        }
        Ok(())
    }
}

/// The venue announces that it will cut the connection, or does not know the session any more: another one at once.
fn announced(event: &mut SessionEvent) {
    if let SessionEvent::VenueError { code, message } = event
        && matches!(code.as_str(), "30033" | "30004")
    {
        tracing::info!(%code, %message, "the venue ends the session");
        *event = SessionEvent::StreamExpired;
    }
}
