//! What a socket is sent, as the faults would have it.

use crate::faults::{Fault, Faults, Rule, Site, Target, garbled, truncated};
use crate::line::{Line, Outgoing};
use plimsoll_domain::Timestamp;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a frame waits to be overtaken where no other comes.
const PATIENCE: Duration = Duration::from_millis(100);

/// One socket's way out.
#[derive(Debug)]
pub(crate) struct Outlet {
    line: Line,
    held: VecDeque<Held>,
    dead: bool,
}

/// A frame that waits to be overtaken.
#[derive(Debug)]
struct Held {
    frame: Arc<str>,
    /// How many frames are still to go first.
    behind: u32,
    since: Instant,
}

/// What a frame is about, and when it is sent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct About {
    /// A private frame, or one of the market.
    pub(crate) target: Target,
    /// Its type.
    pub(crate) kind: &'static str,
    /// The market's time.
    pub(crate) now: Timestamp,
}

/// What has become of a socket that something was sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sent {
    /// It goes on.
    On,
    /// It is to be cut.
    Cut,
    /// The key that it listens with is to be ended, with or without a word.
    EndKey { told: bool },
}

impl Sent {
    fn by(taken: bool) -> Self {
        if taken { Self::On } else { Self::Cut }
    }
}

impl Outlet {
    pub(crate) const fn new(line: Line) -> Self {
        Self { line, held: VecDeque::new(), dead: false }
    }

    pub(crate) const fn line(&self) -> &Line {
        &self.line
    }

    /// Sends a frame that no fault touches; `false` if the socket is too slow.
    pub(crate) fn say(&self, frame: Arc<str>) -> bool {
        self.line.push(Outgoing::Frame(frame))
    }

    /// Sends a frame, unless a fault has it otherwise.
    pub(crate) fn send(&mut self, frame: Arc<str>, about: About, faults: &mut Faults) -> Sent {
        if self.dead {
            return Sent::On;
        }
        if faults.is_quiet() && self.held.is_empty() {
            return Sent::by(self.say(frame));
        }
        let rule = faults.decide(&[Site::Frame, Site::Socket], about.target, about.kind, about.now);
        let Some(rule) = rule else { return Sent::by(self.pass(Outgoing::Frame(frame))) };
        let number = faults.number();
        faults.note(rule.fault(), format!("{} {}", about.target.word(), about.kind), None, about.now);
        self.misdo(rule, frame, number)
    }

    fn misdo(&mut self, rule: Rule, frame: Arc<str>, number: u64) -> Sent {
        Sent::by(match rule.fault() {
            Fault::Drop => true,
            Fault::Duplicate => self.pass(Outgoing::Frame(Arc::clone(&frame))) && self.pass(Outgoing::Frame(frame)),
            Fault::Delay => self.pass(Outgoing::Late(frame, rule.span().unwrap_or_default())),
            Fault::Reorder => {
                self.held.push_back(Held { frame, behind: rule.frames(), since: Instant::now() });
                true
            }
            Fault::Garble => self.pass(Outgoing::Frame(garbled(&frame, number).into())),
            Fault::Truncate => self.pass(Outgoing::Frame(truncated(&frame, number).into())),
            Fault::HalfOpen => self.die(),
            Fault::Disconnect => {
                self.finish();
                false
            }
            Fault::ExpireKey => return Sent::EndKey { told: true },
            Fault::ExpireKeySilently => return Sent::EndKey { told: false },
            _ => self.pass(Outgoing::Frame(frame)),
        })
    }

    /// Sends a frame, and after it those that only waited for it.
    fn pass(&mut self, outgoing: Outgoing) -> bool {
        if !self.line.push(outgoing) {
            return false;
        }
        for held in &mut self.held {
            held.behind = held.behind.saturating_sub(1);
        }
        self.release(|held| held.behind == 0)
    }

    /// Sends what has waited long enough; `false` if the socket is too slow.
    pub(crate) fn release_overdue(&mut self) -> bool {
        self.release(|held| held.since.elapsed() >= PATIENCE)
    }

    /// Sends whatever waits.
    pub(crate) fn release_all(&mut self) -> bool {
        self.release(|_| true)
    }

    fn release(&mut self, ready: impl Fn(&Held) -> bool) -> bool {
        while let Some(at) = self.held.iter().position(&ready) {
            let held = self.held.remove(at);
            if held.is_some_and(|held| !self.line.push(Outgoing::Frame(held.frame))) {
                return false;
            }
        }
        true
    }

    /// Has what was sent so far arrive, though the socket is about to be cut.
    pub(crate) fn finish(&self) {
        self.line.finish();
    }

    /// Nothing gets through any more, either way.
    pub(crate) fn die(&mut self) -> bool {
        self.dead = true;
        self.held.clear();
        self.line.push(Outgoing::Die)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::line::{LineEnd, line};

    fn about() -> About {
        About { target: Target::Private, kind: "ORDER", now: Timestamp::from_millis(0) }
    }

    fn outlet(spec: &str) -> (Outlet, LineEnd, Faults) {
        let (near, far) = line(64);
        let mut faults = Faults::default();
        faults.begin(&spec.parse().unwrap(), Timestamp::from_millis(0));
        (Outlet::new(near), far, faults)
    }

    async fn sent(spec: &str, count: usize) -> Vec<String> {
        let (mut outlet, mut far, mut faults) = outlet(spec);
        for number in 0..count {
            outlet.send(format!("{{{number}}}").into(), about(), &mut faults);
        }
        outlet.release_all();
        drop(outlet);
        let mut sent = Vec::new();
        while let Some(outgoing) = far.next().await {
            sent.push(match outgoing {
                Outgoing::Frame(frame) => frame.replace('\u{1}', "?"),
                Outgoing::Late(frame, span) => format!("{frame} after {span:?}"),
                Outgoing::Die => "dead".to_owned(),
            });
        }
        sent
    }

    #[tokio::test]
    async fn frames_are_sent_as_the_faults_would_have_it() {
        assert_eq!(sent("seed=1", 3).await, ["{0}", "{1}", "{2}"]);
        assert_eq!(sent("drop=#2", 3).await, ["{0}", "{2}"]);
        assert_eq!(sent("dup=#2", 3).await, ["{0}", "{1}", "{1}", "{2}"]);
        assert_eq!(sent("delay=#2:for=20ms", 3).await, ["{0}", "{1} after 20ms", "{2}"]);
        assert_eq!(sent("reorder=#1", 3).await, ["{1}", "{0}", "{2}"]);
        assert_eq!(sent("reorder=#1:by=2", 4).await, ["{1}", "{2}", "{0}", "{3}"]);
        assert_eq!(sent("reorder=x2", 3).await, ["{2}", "{0}", "{1}"]);
        assert_eq!(sent("reorder=#3", 3).await, ["{0}", "{1}", "{2}"]);
        assert_eq!(sent("half-open=#2", 3).await, ["{0}", "dead"]);
        assert_eq!(sent("drop=market:1", 1).await, ["{0}"]);
        let broken = sent("truncate=#1,garble=#2", 2).await;
        assert!(broken[0].len() < 3 && "{1}".len() == broken[1].len() && broken[1].contains('?'), "{broken:?}");
    }

    #[tokio::test]
    async fn sockets_and_keys_end_where_the_faults_say() {
        let ends = |spec: &str| {
            let (mut outlet, _far, mut faults) = outlet(spec);
            let sent = outlet.send("{}".into(), about(), &mut faults);
            (sent, faults.injected().map(ToString::to_string).collect::<Vec<_>>())
        };
        assert_eq!(ends("disconnect=x1"), (Sent::Cut, vec!["1 disconnect private ORDER".to_owned()]));
        assert_eq!(ends("expire-key=x1").0, Sent::EndKey { told: true });
        assert_eq!(ends("expire-key-silently=x1").0, Sent::EndKey { told: false });
    }

    #[tokio::test]
    async fn a_frame_that_nothing_overtakes_goes_after_a_while() {
        let (mut outlet, mut far, mut faults) = outlet("reorder=1");
        outlet.send("{}".into(), about(), &mut faults);
        let released = async {
            while !outlet.held.is_empty() {
                assert!(outlet.release_overdue());
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), released).await.unwrap();
        assert!(matches!(far.next().await, Some(Outgoing::Frame(_))));
    }
}
