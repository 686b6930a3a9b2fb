//! The sockets of a venue: each a session of the venue's own kind and a way out.

use crate::faults::{Fault, Faults, Site, Target, Targets};
use crate::line::{LineEnd, Progress};
use crate::outlet::Outlet;
use crate::server::Opening;
use plimsoll_domain::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;

/// One socket.
pub(crate) trait Socket {
    /// Private or market, for the faults.
    fn target(&self) -> Target;
    /// The same while it is being opened: both, where one address serves both and nothing is asked for yet.
    fn targets_at_first(&self) -> Targets {
        Targets::of(self.target())
    }
    /// Its way out.
    fn outlet(&self) -> &Outlet;
    /// Its way out.
    fn outlet_mut(&mut self) -> &mut Outlet;
}

/// Every open socket, by its number.
#[derive(Debug)]
pub(crate) struct Sockets<S> {
    open: BTreeMap<u64, S>,
    opened: u64,
}

impl<S> Default for Sockets<S> {
    fn default() -> Self {
        Self { open: BTreeMap::new(), opened: 0 }
    }
}

impl<S: Socket> Sockets<S> {
    /// Takes a new socket at `path`, unless a fault has it otherwise.
    pub(crate) fn admit(
        &mut self,
        path: &str,
        session: S,
        far: LineEnd,
        faults: &mut Faults,
        now: Timestamp,
    ) -> Opening {
        let at = || format!("{} socket {path}", session.target().word());
        if faults.maintenance(now) {
            faults.note(Fault::Maintenance, at(), None, now);
            return Opening::Unavailable;
        }
        let mut targets = session.targets_at_first().iter();
        if let Some(rule) = targets.find_map(|target| faults.decide(&[Site::Handshake], target, "", now)) {
            faults.note(rule.fault(), at(), None, now);
            return Opening::HangUp;
        }
        self.opened += 1;
        self.open.insert(self.opened, session);
        Opening::Open(self.opened, far)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    pub(crate) fn get_mut(&mut self, socket: u64) -> Option<&mut S> {
        self.open.get_mut(&socket)
    }

    pub(crate) fn close(&mut self, socket: u64) {
        self.open.remove(&socket);
    }

    /// Whether `is` holds of one of them.
    pub(crate) fn any(&self, is: impl Fn(&S) -> bool) -> bool {
        self.open.values().any(is)
    }

    /// Cuts those of which `stays` says no.
    pub(crate) fn retain(&mut self, mut stays: impl FnMut(&mut S) -> bool) {
        self.open.retain(|_, session| stays(session));
    }

    /// Cuts sockets at once.
    pub(crate) fn cut(&mut self, targets: Targets) {
        self.retain(|session| !targets.hold(session.target()));
    }

    /// Cuts sockets behind what they were sent so far.
    pub(crate) fn finish(&mut self, targets: Targets) {
        self.retain(|session| {
            let stays = !targets.hold(session.target());
            if !stays {
                session.outlet().finish();
            }
            stays
        });
    }

    /// Lets nothing through any more, either way, though the sockets stay open.
    pub(crate) fn kill(&mut self, targets: Targets) {
        self.retain(|session| !targets.hold(session.target()) || session.outlet_mut().die());
    }

    /// Sends the frames that have waited to be overtaken for long enough.
    pub(crate) fn release_overdue(&mut self) {
        self.retain(|session| session.outlet_mut().release_overdue());
    }

    /// Sends whatever waits.
    pub(crate) fn release_all(&mut self) {
        self.retain(|session| session.outlet_mut().release_all());
    }

    /// How many private sockets there are, and how many of the market.
    pub(crate) fn count(&self) -> (usize, usize) {
        let private = self.open.values().filter(|session| session.target() == Target::Private).count();
        (private, self.open.len() - private)
    }

    /// For waiting until what was pushed so far is written.
    pub(crate) fn progress(&self) -> Vec<Arc<Progress>> {
        self.open.values().map(|session| session.outlet().line().progress()).collect()
    }
}
