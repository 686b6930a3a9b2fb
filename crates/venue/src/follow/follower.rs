//! The task behind a private stream: one socket, and what keeps it whole.

mod catch_up;
mod deaf;
mod keep_alive;
mod trades;
mod waiting;

use super::awaited::{Awaited, What};
use super::handshake::{Handshake, Next, Refused};
use super::heard::Heard;
use super::lag::Lag;
use super::{Beside, FollowSettings, Kept, PrivateStream};
use crate::call_error::CallError;
use crate::discreet::Discreet;
use crate::event::{Event, SessionEvent};
use crate::failure::{shown, strange};
use crate::outlet::Outlet;
use deaf::{Looks, Silence};
use plimsoll_domain::{AccountEvent, ClientOrderId};
use plimsoll_ports::StreamItem;
use plimsoll_transport::{SocketItem, SocketSession};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{broadcast, mpsc};
use tokio::time::{Instant, sleep_until};
use trades::{Listed, Lists};
use waiting::Waiting;

pub(super) struct Follower<S: PrivateStream> {
    source: Arc<S>,
    settings: FollowSettings,
    socket: SocketSession<Discreet<Arc<S>>>,
    outlet: Outlet<StreamItem>,
    heard: Heard,
    lag: Lag,
    awaited: Awaited,
    placed: broadcast::Receiver<ClientOrderId>,
    beside: Option<mpsc::Receiver<Beside>>,
    listing: Option<Arc<S::Listing>>,
    /// Messages of all connections: the tie-break of events of one millisecond.
    arrival: u64,
    session: Session,
    /// How long nothing has been heard of the account on this connection.
    silence: Silence,
    looks: Looks,
    /// Whether the reader was last told that events flow.
    told_connected: bool,
    /// When a snapshot was last taken, and when the next is due.
    caught_up: Option<Instant>,
    doubt: Option<Instant>,
    lists: Lists,
    /// Messages that came while the account was read.
    waiting: Waiting,
}

enum Session {
    Down,
    /// The socket stands; the venue has not let us in yet.
    Greeting(Handshake),
    Up,
}

async fn next_of(beside: &mut Option<mpsc::Receiver<Beside>>) -> Option<Beside> {
    match beside {
        Some(beside) => beside.recv().await,
        None => None,
    }
}

enum Turn {
    Item(SocketItem),
    /// The next of what has waited.
    Waiting,
    KeepAlive(Kept),
    Placed(ClientOrderId),
    Beside(Option<Beside>),
    Listed(Listed),
    Overdue,
    Room,
    Doubt,
    Look,
}

impl<S: PrivateStream> Follower<S> {
    pub(super) fn new(source: Arc<S>, outlet: Outlet<StreamItem>) -> Self {
        let (settings, hides) = (source.settings(), Arc::clone(&source));
        let dial = Discreet::new(Arc::clone(&source), Arc::clone(source.clock()), move |it| hides.hide(it));
        let now = Instant::now();
        let silence = Silence::begun(source.clock().now(), now);
        Self {
            settings,
            socket: SocketSession::new(dial, settings.socket),
            outlet,
            heard: Heard::new(),
            lag: Lag::new(settings.answers_lag),
            awaited: Awaited::new(settings.news_within),
            placed: source.orders().subscribe(),
            beside: source.beside(),
            source,
            listing: None,
            arrival: 0,
            session: Session::Down,
            silence,
            looks: Looks::new(settings.told_within, settings.read_again_every, now),
            told_connected: false,
            caught_up: None,
            doubt: None,
            lists: Lists::new(now),
            waiting: Waiting::new(settings.waiting_bytes),
        }
    }

    /// Until nobody reads any more.
    pub(super) async fn run(mut self) {
        let mut keep_alive = self.keep_alive_after(self.settings.keep_alive_every);
        loop {
            let look = self.next_look();
            let overdue = self.overdue();
            let any = Instant::now();
            let turn = tokio::select! {
                () = self.outlet.closed() => return,
                item = self.socket.next(), if self.waiting.is_empty() => Turn::Item(item),
                () = self.outlet.place(), if !self.waiting.is_empty() => Turn::Waiting,
                kept = &mut keep_alive => Turn::KeepAlive(kept),
                Ok(placed) = self.placed.recv() => Turn::Placed(placed),
                beside = next_of(&mut self.beside), if self.beside.is_some() => Turn::Beside(beside),
                listed = self.lists.next(), if self.lists.are_read() => Turn::Listed(listed),
                () = sleep_until(overdue.unwrap_or(any)), if overdue.is_some() => Turn::Overdue,
                () = self.outlet.room(), if self.outlet.has_gap() => Turn::Room,
                () = sleep_until(self.doubt.unwrap_or(any)), if self.doubt.is_some() => Turn::Doubt,
                () = sleep_until(look.unwrap_or(any)), if look.is_some() => Turn::Look,
            };
            match turn {
                Turn::Item(SocketItem::Message(frame)) => self.frame(&frame).await,
                Turn::Waiting => self.next_waiting().await,
                Turn::Item(SocketItem::Alive) => self.alive(),
                Turn::Item(SocketItem::Connected) => self.opened().await,
                Turn::Item(SocketItem::Disconnected { reason }) => self.lost(reason),
                Turn::KeepAlive(kept) => keep_alive = self.kept(kept),
                Turn::Placed(id) if self.is_up() => self.awaited.expect(What::Order(id), Instant::now()),
                Turn::Placed(_) => {}
                Turn::Beside(beside) => self.beside(beside),
                Turn::Listed(listed) => self.trades_listed(listed),
                Turn::Overdue => self.unanswered(),
                Turn::Room => self.make_good().await,
                Turn::Doubt => self.catch_up().await,
                Turn::Look => self.look().await,
            }
        }
    }

    /// When the account is looked at for its silence. While something is still to be heard or told there is none.
    fn next_look(&self) -> Option<Instant> {
        let is_silent = self.is_up() && self.waiting.is_empty() && !self.outlet.has_gap();
        is_silent.then(|| self.looks.due())
    }

    fn is_up(&self) -> bool {
        matches!(self.session, Session::Up)
    }

    fn beside(&mut self, beside: Option<Beside>) {
        match beside {
            None => self.beside = None,
            Some(Beside::Event(event)) if self.is_up() => self.tell(*event),
            Some(Beside::Doubt(reason)) if self.is_up() => self.resync(reason),
            Some(_) => {}
        }
    }

    async fn next_waiting(&mut self) {
        if let Some(frame) = self.waiting.pop() {
            self.frame(&frame).await;
        }
        if self.waiting.is_empty() {
            self.awaited.renew(Instant::now());
        }
    }

    /// When the venue has to have answered a greeting, or to have told of an order. While messages wait, the news may be
    /// among them, or at the socket behind them: that the reader is slow is no fault of the session.
    fn overdue(&self) -> Option<Instant> {
        if !self.waiting.is_empty() {
            return None;
        }
        match &self.session {
            Session::Greeting(handshake) => Some(handshake.due()),
            Session::Down | Session::Up => self.awaited.due(),
        }
    }

    fn unanswered(&mut self) {
        match &self.session {
            Session::Greeting(handshake) => {
                let (missing, within) = (handshake.missing(), self.settings.answers_within);
                let reason = format!("the venue has not acknowledged {missing} within {within:?}");
                self.give_up(&reason, None);
            }
            Session::Down | Session::Up => self.reconnect("an order was taken, and the stream has not told of it"),
        }
    }

    /// The socket stands.
    async fn opened(&mut self) {
        match self.handshake().await {
            Ok(handshake) => {
                self.session = Session::Greeting(handshake);
                self.greet().await;
            }
            Err(error) => self.give_up(&error.to_string(), error.wait(self.source.clock().now())),
        }
    }

    async fn handshake(&mut self) -> Result<Handshake, CallError> {
        let greetings = self.source.handshake().await?;
        if !greetings.is_empty() {
            // The answers are read with it.
            self.listing = Some(self.source.listing().await?);
        }
        Ok(Handshake::new(greetings, self.settings.answers_within))
    }

    /// Says what is next of the handshake; once there is nothing left, the session stands.
    async fn greet(&mut self) {
        while let Session::Greeting(handshake) = &mut self.session {
            match handshake.next() {
                Next::Wait => return,
                Next::Done => {
                    self.session = Session::Up;
                    self.something_is_heard();
                    self.tell_connected();
                    self.catch_up().await;
                }
                Next::Say(texts) => {
                    for text in texts {
                        if let Err(SocketItem::Disconnected { reason }) = self.socket.send(&text).await {
                            return self.lost(reason);
                        }
                    }
                }
            }
        }
    }

    async fn frame(&mut self, frame: &[u8]) {
        self.arrival += 1;
        let events = match &self.listing {
            Some(listing) => self.source.decode(frame, listing, self.arrival).map_err(|error| {
                match strange(&shown(frame, |it| self.source.hide(it))) {
                    Some(what) => format!("a message is {what}"),
                    None => error.told(|it| self.source.hide(it)),
                }
            }),
            None => Err("a message came before the list of contracts".to_owned()),
        };
        match events {
            Ok(events) => {
                for event in events {
                    self.event(event).await;
                }
            }
            Err(reason) if matches!(self.session, Session::Greeting(_)) => {
                self.give_up(&format!("an answer that cannot be read: {reason}"), None);
            }
            Err(reason) => {
                self.something_is_heard();
                tracing::warn!(%reason, "a message cannot be read: taking a snapshot");
                // It may name a contract that is new.
                self.source.forget_listing().await;
                self.resync(reason);
            }
        }
    }

    fn something_is_heard(&mut self) {
        let now = Instant::now();
        self.silence = Silence::begun(self.source.clock().now(), now);
        self.looks.heard(now);
    }

    /// That the socket answers says that the account is quiet only as long as the venue knows the session.
    fn alive(&mut self) {
        if self.is_up() && self.source.is_believed() {
            self.outlet.put_if_idle(StreamItem::Alive);
        }
    }

    async fn event(&mut self, event: Event) {
        match event {
            Event::Session(event) => self.session_event(event).await,
            // The snapshot that follows the handshake shows it.
            _ if !self.is_up() => {}
            Event::Account(event) => {
                self.something_is_heard();
                self.source.is_heard();
                self.lag.note(&event);
                self.awaited.hear(&event);
                self.tell(event);
                self.list_trades();
            }
            // The whole trade follows.
            Event::FillNotice(notice) => {
                self.something_is_heard();
                self.awaited.expect(What::Trade(notice.symbol, notice.trade_id), Instant::now());
            }
            Event::Market(_) => {}
        }
    }

    async fn session_event(&mut self, event: SessionEvent) {
        if let Session::Greeting(handshake) = &mut self.session {
            handshake.hear(&event);
        }
        match event {
            SessionEvent::Login | SessionEvent::Subscribed { .. } => self.greet().await,
            SessionEvent::Refused { id, code, message } => self.refused(&id, &code, &message).await,
            SessionEvent::VenueError { code, message } => self.refused("", &code, &message).await,
            SessionEvent::StreamExpired => self.reconnect(S::EXPIRED),
            SessionEvent::Pong => self.alive(),
            other => tracing::debug!(?other, "not about the account"),
        }
    }

    async fn refused(&mut self, id: &str, code: &str, message: &str) {
        let message = &self.source.hide(message);
        tracing::warn!(%id, %code, %message, "the venue says that something is wrong");
        match (&mut self.session, self.source.refused(id, code, message)) {
            (Session::Down, _) | (Session::Up, Refused::GoOn) => {}
            (Session::Greeting(handshake), Refused::GoOn) => {
                handshake.answered(id);
                self.greet().await;
            }
            // It is about something else than a channel, and what that means for the account only the account shows.
            (Session::Up, Refused::GiveUp { .. }) if id.is_empty() => {
                self.resync(format!("the venue says that something is wrong: {message} ({code})"));
            }
            (_, Refused::GiveUp { reason, not_before }) => self.give_up(&reason, not_before),
        }
    }

    fn tell(&mut self, event: AccountEvent) {
        if let AccountEvent::Order(order) = &event {
            self.source.orders().learn(order);
        }
        self.heard.meet(&event);
        if self.heard.knows(&event) {
            return;
        }
        let trade = Heard::trade(&event);
        // What is given up was not told, and is asked for once there is room.
        if self.outlet.put(StreamItem::Event(event))
            && let Some(trade) = trade
        {
            self.heard.told(trade);
        }
    }

    fn tell_connected(&mut self) {
        self.told_connected |= self.outlet.put(StreamItem::Connected);
    }

    fn tell_disconnected(&mut self, reason: String) {
        self.told_connected &= !self.outlet.put(StreamItem::Disconnected { reason });
    }

    fn lost(&mut self, reason: String) {
        self.session = Session::Down;
        self.doubt = None;
        self.lists.drop_read();
        // The snapshot of the next connection shows it.
        self.waiting.clear();
        self.awaited.give_up();
        self.tell_disconnected(self.source.hide(&reason));
    }

    /// Another connection, at once unless this one has only just begun.
    fn reconnect(&mut self, reason: &str) {
        if let SocketItem::Disconnected { reason } = self.socket.reconnect(reason) {
            self.lost(reason);
        }
    }

    /// Another connection after the back-off, and after what the venue wants to be waited.
    fn give_up(&mut self, reason: &str, not_before: Option<Duration>) {
        if let SocketItem::Disconnected { reason } = self.socket.give_up(reason, not_before) {
            self.lost(reason);
        }
    }

    /// Says that something was missed, and has a snapshot taken now, or as soon as that may be again.
    fn resync(&mut self, reason: String) {
        self.outlet.put(StreamItem::Resync { reason });
        let earliest = self.caught_up.map(|last| last + self.settings.between_snapshots);
        let now = Instant::now();
        let due = earliest.map_or(now, |earliest| earliest.max(now));
        self.doubt = Some(self.doubt.map_or(due, |doubt| doubt.min(due)));
    }
}

#[cfg(test)]
mod tests;
