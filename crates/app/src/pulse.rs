//! Whether all is looked after: when each account was looked at last, whether desks answer, and how long a position has been
//! without a stop.

use crate::config::Account;
use plimsoll_domain::{AccountId, PositionSide, Symbol};
use plimsoll_engine::{AccountView, GuardNews, GuardSettings};
use plimsoll_service::PositionRow;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// An account is quiet once it should have been looked at so often.
const LOOKS_MISSED: u32 = 3;
/// And not before so long: one look may wait for a venue that is slow.
const PATIENCE: Duration = Duration::from_secs(30);
/// A desk is quiet after so long.
const DESK_PATIENCE: Duration = Duration::from_secs(60);

/// What is known of whether all is looked after.
pub(crate) struct Pulse {
    guards: BTreeMap<AccountId, Beat>,
    desks: Mutex<BTreeMap<String, DeskBeat>>,
    bare: Mutex<BTreeMap<(AccountId, Symbol, PositionSide), Instant>>,
}

/// When an account was looked at.
struct Beat {
    patience: Mutex<Duration>,
    looked: Mutex<Looked>,
}

#[derive(Clone, Copy)]
struct Looked {
    at: Instant,
    /// It was seen then, rather than asked for in vain.
    has_seen: bool,
}

/// What a desk was asked.
#[derive(Debug, Clone, Copy)]
pub(crate) enum DeskBeat {
    /// It has not answered since then.
    Asked(Instant),
    /// It has answered.
    Answered,
    /// It has ended, though nobody asked for it.
    Ended,
}

/// Somebody who should have been heard of, and for how long nobody has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Quiet {
    /// Nobody looks at this account.
    Guard(AccountId, Duration),
    /// The strategies of this desk hear nothing.
    Desk(String, Duration),
    /// They have ended by a fault.
    DeskEnded(String),
}

impl Pulse {
    /// Of these accounts, from now on.
    pub(crate) fn of(accounts: &[Account], settings: GuardSettings) -> Self {
        Self::since(Instant::now(), accounts.iter().map(|account| (account.name.clone(), settings)))
    }

    /// The accounts are looked at by other settings from now on.
    pub(crate) fn expect(&self, settings: GuardSettings) {
        for beat in self.guards.values() {
            *held(&beat.patience) = patience(settings);
        }
    }

    /// Nobody guards for a moment: when each account was looked at last is known on, nobody sees it, and the desks are others.
    pub(crate) fn interrupted(&self) {
        for beat in self.guards.values() {
            held(&beat.looked).has_seen = false;
        }
        held(&self.desks).clear();
    }

    /// A desk that has ended as it should.
    pub(crate) fn forget_desk(&self, name: &str) {
        held(&self.desks).remove(name);
    }

    fn since(begun: Instant, accounts: impl Iterator<Item = (AccountId, GuardSettings)>) -> Self {
        let begun = Looked { at: begun, has_seen: false };
        let beat =
            |settings: GuardSettings| Beat { patience: Mutex::new(patience(settings)), looked: Mutex::new(begun) };
        let guards = accounts.map(|(account, settings)| (account, beat(settings))).collect();
        Self { guards, desks: Mutex::default(), bare: Mutex::default() }
    }

    /// Hears what a guard tells: each look is one.
    pub(crate) fn hear(&self, account: &AccountId, news: &GuardNews) {
        let has_seen = match news {
            GuardNews::Watched(_) => true,
            GuardNews::Blind(_) => false,
            _ => return,
        };
        self.looked(account, has_seen, Instant::now());
    }

    fn looked(&self, account: &AccountId, has_seen: bool, now: Instant) {
        if let Some(beat) = self.guards.get(account) {
            *held(&beat.looked) = Looked { at: now, has_seen };
        }
    }

    /// How long ago the account was looked at, or its guard has begun.
    pub(crate) fn since_look(&self, account: &AccountId, now: Instant) -> Option<Duration> {
        self.guards.get(account).map(|beat| now.duration_since(held(&beat.looked).at))
    }

    /// A desk has answered, or has been asked.
    pub(crate) fn desk(&self, name: &str, beat: DeskBeat) {
        held(&self.desks).insert(name.to_owned(), beat);
    }

    /// Who should have been heard of by now.
    pub(crate) fn quiet(&self, now: Instant) -> Vec<Quiet> {
        let guards = self.guards.iter().filter_map(|(account, beat)| {
            let since = now.duration_since(held(&beat.looked).at);
            (since > *held(&beat.patience)).then(|| Quiet::Guard(account.clone(), since))
        });
        let desks = held(&self.desks);
        let desks = desks.iter().filter_map(|(name, beat)| match beat {
            DeskBeat::Asked(at) => {
                let since = now.duration_since(*at);
                (since > DESK_PATIENCE).then(|| Quiet::Desk(name.clone(), since))
            }
            DeskBeat::Ended => Some(Quiet::DeskEnded(name.clone())),
            DeskBeat::Answered => None,
        });
        guards.chain(desks).collect()
    }

    /// Every account was seen by its last look, and nobody is quiet.
    pub(crate) fn is_well(&self, now: Instant) -> bool {
        self.guards.values().all(|beat| held(&beat.looked).has_seen) && self.quiet(now).is_empty()
    }

    /// Takes note of what no stop covers now, as far as this view tells.
    pub(crate) fn note(&self, account: &AccountId, view: &AccountView, now: Instant) {
        let bare: Vec<(AccountId, Symbol, PositionSide)> = view
            .positions
            .iter()
            .filter(|it| !view.sheltered(it).is_covered)
            .map(|it| (account.clone(), it.symbol.clone(), it.position_side))
            .collect();
        let mut known = held(&self.bare);
        known.retain(|key, _| key.0 != *account || bare.contains(key));
        for key in bare {
            known.entry(key).or_insert(now);
        }
    }

    /// For how long some position of this account has had no stop that covers it.
    pub(crate) fn bare_for(&self, account: &AccountId, now: Instant) -> Duration {
        let known = held(&self.bare);
        let mine = known.iter().filter(|(key, _)| key.0 == *account);
        mine.map(|(_, since)| now.duration_since(*since)).max().unwrap_or_default()
    }

    /// For how long this one has.
    pub(crate) fn position_bare_for(&self, it: &PositionRow, now: Instant) -> Duration {
        let is_it = |(account, symbol, side): &(AccountId, Symbol, PositionSide)| {
            account.as_str() == it.account && symbol.as_str() == it.symbol && side.as_str() == it.position_side
        };
        let known = held(&self.bare);
        known.iter().find(|(key, _)| is_it(key)).map(|(_, since)| now.duration_since(*since)).unwrap_or_default()
    }
}

impl std::fmt::Display for Quiet {
    /// One sentence with its figures.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Guard(_, since) => {
                write!(
                    f,
                    "nobody has looked at the account for {} s; what rests at the venue rests on",
                    since.as_secs()
                )
            }
            Self::Desk(_, since) => write!(f, "its strategies have heard nothing for {} s", since.as_secs()),
            Self::DeskEnded(_) => f.write_str("its strategies have ended by a fault, until the next start"),
        }
    }
}

fn patience(settings: GuardSettings) -> Duration {
    PATIENCE.max(settings.interval.max(settings.audit) * LOOKS_MISSED)
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn main() -> AccountId {
        AccountId::new("main")
    }

    fn pulse(audit: u64, begun: Instant) -> Pulse {
        let settings = GuardSettings { audit: Duration::from_secs(audit), ..GuardSettings::default() };
        Pulse::since(begun, [(main(), settings)].into_iter())
    }

    #[test]
    fn an_account_is_quiet_when_three_looks_are_missed_and_not_before_half_a_minute() {
        let begun = Instant::now();
        let at = |seconds| begun + Duration::from_secs(seconds);
        for (audit, patience) in [(60, 180), (1, 30)] {
            let pulse = pulse(audit, begun);
            assert!(!pulse.is_well(begun), "nothing was seen yet");
            pulse.looked(&main(), true, at(10));
            assert_eq!((pulse.quiet(at(10 + patience)), pulse.is_well(at(10 + patience))), (Vec::new(), true));
            let late = at(11 + patience);
            assert_eq!(pulse.quiet(late), [Quiet::Guard(main(), Duration::from_secs(patience + 1))]);
            assert!(pulse.quiet(late)[0].to_string().contains(&format!("for {} s", patience + 1)));
            assert!(!pulse.is_well(late));
            pulse.looked(&main(), true, late);
            assert_eq!((pulse.quiet(late), pulse.is_well(late)), (Vec::new(), true));
        }
    }

    #[test]
    fn who_guards_may_change_and_it_is_known_on_when_an_account_was_looked_at() {
        let begun = Instant::now();
        let at = |seconds| begun + Duration::from_secs(seconds);
        let pulse = pulse(60, begun);
        pulse.looked(&main(), true, at(10));
        pulse.desk("main", DeskBeat::Asked(at(10)));
        for minute in 1..=3 {
            pulse.interrupted();
            assert!(!pulse.is_well(at(60 * minute)), "nobody sees it");
            assert_eq!(pulse.quiet(at(60 * minute)), []);
        }
        assert_eq!(pulse.quiet(at(191)), [Quiet::Guard(main(), Duration::from_secs(181))]);
        let slower = GuardSettings { audit: Duration::from_secs(100), ..GuardSettings::default() };
        pulse.expect(slower);
        assert_eq!(pulse.quiet(at(191)), []);
    }

    #[test]
    fn a_look_that_sees_nothing_is_a_look_and_not_all_is_well() {
        let begun = Instant::now();
        let at = |seconds| begun + Duration::from_secs(seconds);
        let pulse = pulse(60, begun);
        pulse.looked(&main(), true, at(0));
        pulse.looked(&main(), false, at(170));
        assert_eq!((pulse.quiet(at(340)), pulse.is_well(at(340))), (Vec::new(), false));
        assert_eq!(pulse.since_look(&main(), at(200)), Some(Duration::from_secs(30)));
    }

    #[test]
    fn a_desk_is_quiet_when_it_does_not_answer_for_a_minute_or_has_ended() {
        let begun = Instant::now();
        let at = |seconds| begun + Duration::from_secs(seconds);
        let pulse = pulse(600, begun);
        pulse.looked(&main(), true, begun);
        pulse.desk("main", DeskBeat::Asked(begun));
        assert!(pulse.is_well(at(60)));
        assert_eq!(pulse.quiet(at(61)), [Quiet::Desk("main".to_owned(), Duration::from_secs(61))]);
        pulse.desk("main", DeskBeat::Answered);
        assert!(pulse.is_well(at(61)));
        pulse.desk("main", DeskBeat::Ended);
        assert_eq!(pulse.quiet(at(61)), [Quiet::DeskEnded("main".to_owned())]);
    }
}
