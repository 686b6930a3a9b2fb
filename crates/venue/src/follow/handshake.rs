//! What is said on a new connection, and what must be answered before it counts.

use crate::event::SessionEvent;
use std::collections::VecDeque;
use std::time::Duration;
use tokio::time::Instant;

/// Something to say, and what the venue must acknowledge before anything else is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Greeting {
    say: Vec<String>,
    awaits: Vec<Awaited>,
}

/// What is to be acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Awaited {
    Login,
    Subscription(String),
}

impl Greeting {
    /// A login: acknowledged by [`SessionEvent::Login`].
    #[must_use]
    pub fn login(text: String) -> Self {
        Self { say: vec![text], awaits: vec![Awaited::Login] }
    }

    /// Subscriptions: acknowledged by a [`SessionEvent::Subscribed`] for each of `ids`, in any order.
    #[must_use]
    pub fn subscriptions<I: Into<String>>(say: Vec<String>, ids: impl IntoIterator<Item = I>) -> Self {
        Self { say, awaits: ids.into_iter().map(|id| Awaited::Subscription(id.into())).collect() }
    }
}

/// What a refusal means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// It is dispensable: the session stands without it.
    GoOn,
    /// The session cannot be.
    GiveUp {
        /// Why, for whoever reads the stream; without secrets.
        reason: String,
        /// Another attempt is worth nothing before this has passed, however short the back-off.
        not_before: Option<Duration>,
    },
}

/// A handshake under way.
pub(super) struct Handshake {
    left: VecDeque<Greeting>,
    awaits: Vec<Awaited>,
    within: Duration,
    due: Instant,
}

/// What is next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// These are to be sent.
    Say(Vec<String>),
    /// An answer is awaited.
    Wait,
    /// Everything has been acknowledged.
    Done,
}

impl Handshake {
    pub(super) fn new(greetings: Vec<Greeting>, within: Duration) -> Self {
        Self { left: greetings.into(), awaits: Vec::new(), within, due: Instant::now() + within }
    }

    pub(super) fn next(&mut self) -> Next {
        if !self.awaits.is_empty() {
            return Next::Wait;
        }
        match self.left.pop_front() {
            Some(greeting) => {
                self.awaits = greeting.awaits;
                self.due = Instant::now() + self.within;
                Next::Say(greeting.say)
            }
            None => Next::Done,
        }
    }

    /// Takes note of an acknowledgement.
    pub(super) fn hear(&mut self, event: &SessionEvent) {
        match event {
            SessionEvent::Login => self.awaits.retain(|it| *it != Awaited::Login),
            SessionEvent::Subscribed { id } => self.answered(id),
            _ => {}
        }
    }

    /// This subscription has its answer, or is not awaited any more.
    pub(super) fn answered(&mut self, wanted: &str) {
        self.awaits.retain(|it| !matches!(it, Awaited::Subscription(id) if id == wanted));
    }

    /// When the first acknowledgement that is missing is overdue.
    pub(super) fn due(&self) -> Instant {
        self.due
    }

    /// What has not been acknowledged.
    pub(super) fn missing(&self) -> String {
        let names = self.awaits.iter().map(|it| match it {
            Awaited::Login => "the login",
            Awaited::Subscription(id) => id.as_str(),
        });
        names.collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subscribed(id: &str) -> SessionEvent {
        SessionEvent::Subscribed { id: id.to_owned() }
    }

    #[test]
    fn nothing_is_said_before_what_was_said_first_is_acknowledged() {
        let greetings = vec![
            Greeting::login("log in".into()),
            Greeting::subscriptions(vec!["orders and fills".into()], ["o", "f"]),
        ];
        let mut handshake = Handshake::new(greetings, Duration::from_secs(10));
        assert_eq!(handshake.next(), Next::Say(vec!["log in".into()]));
        assert_eq!(handshake.next(), Next::Wait);
        handshake.hear(&subscribed("o"));
        assert_eq!((handshake.next(), handshake.missing()), (Next::Wait, "the login".into()));
        handshake.hear(&SessionEvent::Login);
        assert_eq!(handshake.next(), Next::Say(vec!["orders and fills".into()]));
        handshake.hear(&subscribed("f"));
        assert_eq!((handshake.next(), handshake.missing()), (Next::Wait, "o".into()));
        handshake.answered("o");
        assert_eq!(handshake.next(), Next::Done);
    }

    #[test]
    fn who_has_nothing_to_say_is_connected_at_once() {
        assert_eq!(Handshake::new(Vec::new(), Duration::from_secs(10)).next(), Next::Done);
    }
}
