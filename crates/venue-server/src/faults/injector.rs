//! A plan at work: it is asked at every place where something may go wrong, decides, and writes down what it did.

use crate::faults::chance::{draw, name};
use crate::faults::{Fault, FaultPlan, Often, Rule, Site, Target, Window};
use plimsoll_domain::Timestamp;
use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::time::Duration;

/// How many faults are remembered; older ones are forgotten.
const MOST_REMEMBERED: usize = 100_000;

/// One fault that was injected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Injected {
    /// The number of the fault, from 1.
    pub number: u64,
    /// The market's time.
    pub time: Timestamp,
    /// What went wrong.
    pub fault: Fault,
    /// What it struck at: a request, a frame, a socket.
    pub at: String,
    /// Whether the venue did what was asked for; `None` where nothing was, or where it refused to anyway.
    pub executed: Option<bool>,
}

impl fmt::Display for Injected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.number, self.fault.word(), self.at)?;
        match self.executed {
            Some(true) => f.write_str(", executed"),
            Some(false) => f.write_str(", not executed"),
            None => Ok(()),
        }
    }
}

/// A plan at work. Without rules, every question costs a look at an empty list.
///
/// A venue's server has one and asks it at every place where something may go wrong. Whoever stands for a venue without a
/// wire can do the same.
#[derive(Debug, Default)]
pub struct Faults {
    seed: u64,
    armed: Vec<Armed>,
    injected: VecDeque<Injected>,
    struck: u64,
}

/// A rule and how far it has come.
#[derive(Debug)]
struct Armed {
    rule: Rule,
    began: Timestamp,
    /// Tells rules of the same fault apart.
    twin: usize,
    /// How many times it could have struck, and did.
    met: u64,
    struck: u64,
    /// How many draws have been made from each of its streams.
    streams: BTreeMap<(Target, &'static str), u64>,
}

impl Armed {
    fn is_open(&self, now: Timestamp) -> bool {
        let spent = matches!(self.rule.often, Often::Next(times) if self.struck >= times);
        !spent && self.rule.window.holds(now.since(self.began))
    }

    /// Whether it would strike this time; what it draws is drawn, whether it comes to that or not.
    fn would_strike(&mut self, seed: u64, target: Target, kind: &'static str) -> bool {
        self.met += 1;
        match self.rule.often {
            Often::Always | Often::Next(_) => true,
            Often::Only(number) => self.met == number,
            Often::Sometimes(chance) => {
                let stream = name(&[self.rule.fault.word(), &self.twin.to_string(), target.word(), kind]);
                let drawn = self.streams.entry((target, kind)).or_default();
                *drawn += 1;
                chance.holds(draw(seed, stream, *drawn))
            }
        }
    }
}

impl Faults {
    /// Begins a plan in place of what was.
    pub fn begin(&mut self, plan: &FaultPlan, now: Timestamp) {
        self.seed = plan.seed;
        self.armed.clear();
        for rule in &plan.rules {
            self.arm(*rule, now);
        }
    }

    /// Adds a rule.
    pub(crate) fn arm(&mut self, rule: Rule, now: Timestamp) {
        let twin = self.armed.iter().filter(|armed| armed.rule.fault == rule.fault).count();
        self.armed.push(Armed { rule, began: now, twin, met: 0, struck: 0, streams: BTreeMap::new() });
    }

    /// Takes the rules of one fault away.
    pub(crate) fn call_off(&mut self, fault: Fault) {
        self.armed.retain(|armed| armed.rule.fault != fault);
    }

    /// Takes every rule away. What was injected is remembered.
    pub fn calm(&mut self) {
        self.armed.clear();
    }

    /// Whether nothing goes wrong any more.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.armed.is_empty()
    }

    /// The plan as it is now.
    pub(crate) fn plan(&self) -> FaultPlan {
        FaultPlan { seed: self.seed, rules: self.armed.iter().map(|armed| armed.rule).collect() }
    }

    /// What has been injected so far.
    pub fn injected(&self) -> impl Iterator<Item = &Injected> {
        self.injected.iter()
    }

    /// Whether something goes wrong here. Of the rules that could strike, each draws; the first that strikes is it.
    /// `kind` tells things of one target apart, so that they do not disturb each other's draws.
    pub fn decide(&mut self, sites: &[Site], target: Target, kind: &'static str, now: Timestamp) -> Option<Rule> {
        self.decide_sparing(sites, target, kind, now, None)
    }

    /// The same, where one fault does not strike at things like this.
    pub fn decide_sparing(
        &mut self,
        sites: &[Site],
        target: Target,
        kind: &'static str,
        now: Timestamp,
        spared: Option<Fault>,
    ) -> Option<Rule> {
        let seed = self.seed;
        let mut chosen = None;
        for armed in &mut self.armed {
            let rule = armed.rule;
            // What has its moment strikes at a socket by itself: see `due`.
            let waits = rule.fault.site() == Site::Socket && matches!(rule.window, Window::At(_));
            let concerned = sites.contains(&rule.fault.site())
                && (rule.targets.hold(target) || rule.fault.site() == Site::Events)
                && Some(rule.fault) != spared
                && !waits
                && armed.is_open(now);
            if concerned && armed.would_strike(seed, target, kind) && chosen.is_none() {
                armed.struck += 1;
                chosen = Some(rule);
            }
        }
        chosen
    }

    /// What happens to sockets because its moment has come.
    pub fn due(&mut self, now: Timestamp) -> Vec<Rule> {
        let due = self.armed.iter_mut().filter(|armed| {
            let rule = armed.rule;
            rule.fault.site() == Site::Socket && matches!(rule.window, Window::At(_)) && armed.is_open(now)
        });
        due.map(|armed| {
            armed.struck = u64::MAX;
            armed.rule
        })
        .collect()
    }

    /// What the server's clock shows, where it would show `time`; the market's is `now`.
    pub(crate) fn skewed(&self, time: Timestamp, now: Timestamp) -> Timestamp {
        if self.is_quiet() {
            return time;
        }
        let millis = self.skew_millis(now);
        let span = Duration::from_millis(millis.unsigned_abs());
        if millis < 0 { time.minus(span) } else { time.plus(span) }
    }

    /// How far the server's clock is off, in milliseconds.
    pub(crate) fn skew_millis(&self, now: Timestamp) -> i64 {
        let skews = self.armed.iter().filter(|armed| armed.rule.fault == Fault::Skew);
        let open = skews.filter(|armed| armed.rule.window.holds(now.since(armed.began)));
        open.fold(0, |total, armed| total.saturating_add(armed.rule.shift_millis()))
    }

    /// Whether the whole venue is down.
    #[must_use]
    pub fn maintenance(&self, now: Timestamp) -> bool {
        let down =
            |armed: &Armed| armed.rule.fault == Fault::Maintenance && armed.rule.window.holds(now.since(armed.began));
        self.armed.iter().any(down)
    }

    /// The rules for the whole venue that have just begun to hold; each is told once.
    pub fn begun(&mut self, now: Timestamp) -> Vec<Rule> {
        let fresh = self.armed.iter_mut().filter(|armed| {
            let held = armed.rule.window.holds(now.since(armed.began));
            armed.rule.fault.site() == Site::Venue && armed.met == 0 && held
        });
        fresh
            .map(|armed| {
                armed.met = 1;
                armed.rule
            })
            .collect()
    }

    /// A number for the details of a fault: where a frame is cut.
    pub(crate) fn number(&self) -> u64 {
        draw(self.seed, name(&["detail"]), self.struck)
    }

    /// Writes down what was injected.
    pub fn note(&mut self, fault: Fault, at: impl Into<String>, executed: Option<bool>, now: Timestamp) {
        self.struck += 1;
        let injected = Injected { number: self.struck, time: now, fault, at: at.into(), executed };
        tracing::debug!(%injected, "fault");
        if self.injected.len() >= MOST_REMEMBERED {
            self.injected.pop_front();
        }
        self.injected.push_back(injected);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    fn begun(spec: &str) -> Faults {
        let mut faults = Faults::default();
        faults.begin(&spec.parse().unwrap(), at(0));
        faults
    }

    /// For each of so many requests whether something goes wrong.
    fn struck(faults: &mut Faults, target: Target, times: usize) -> Vec<bool> {
        (0..times).map(|_| faults.decide(&[Site::Request], target, "", at(1)).is_some()).collect()
    }

    #[test]
    fn a_seed_decides_the_same_again_and_another_otherwise() {
        let run = |seed: u64| struck(&mut begun(&format!("seed={seed},500-before=0.3")), Target::Place, 100);
        assert_eq!(run(7), run(7));
        assert_ne!(run(7), run(8));
    }

    #[test]
    fn requests_of_one_kind_do_not_shift_what_happens_to_another() {
        let spec = "seed=7,500-before=0.3,slow=0.2";
        let alone = struck(&mut begun(spec), Target::Place, 100);
        let mut mixed = begun(spec);
        let among: Vec<bool> = (0..100)
            .flat_map(|_| {
                struck(&mut mixed, Target::Query, 3);
                struck(&mut mixed, Target::Place, 1)
            })
            .collect();
        assert_eq!(alone, among);
    }

    #[test]
    fn a_rule_that_is_beaten_draws_all_the_same() {
        let alone = struck(&mut begun("seed=7,slow=0.2"), Target::Place, 100);
        let mut beaten = begun("seed=7,500-before=0.5,slow=0.2");
        let rules: Vec<_> =
            (0..100).map(|_| beaten.decide(&[Site::Request], Target::Place, "", at(1)).map(|it| it.fault)).collect();
        for (alone, rule) in alone.iter().zip(&rules) {
            assert!(*rule == Some(Fault::ServerErrorBefore) || *alone == (*rule == Some(Fault::Slow)));
        }
        assert!(rules.contains(&Some(Fault::Slow)));
    }

    #[test]
    fn two_rules_of_one_fault_are_not_the_same_twice() {
        let mut faults = begun("seed=7,500-before=0.5,500-before=0.5");
        let both = struck(&mut faults, Target::Place, 1000).into_iter().filter(|struck| *struck).count();
        assert!((650..850).contains(&both), "{both} of 1000 at three quarters");
    }

    #[test]
    fn counted_rules_strike_when_they_say() {
        let strikes = |spec: &str| struck(&mut begun(spec), Target::Place, 5);
        assert_eq!(strikes("500-before=#3"), [false, false, true, false, false]);
        assert_eq!(strikes("500-before=x2"), [true, true, false, false, false]);
        assert_eq!(strikes("500-before=1"), [true; 5]);
        assert_eq!(strikes("500-before=0"), [false; 5]);
        assert_eq!(strikes("500-before=query:1"), [false; 5]);
        assert_eq!(strikes("500-before=x1,500-before=x1"), [true, true, false, false, false]);
    }

    #[test]
    fn windows_are_on_the_markets_clock_since_the_plan_began() {
        let mut faults = Faults::default();
        faults.begin(&"503@60s..90s,500-before@100s".parse().unwrap(), at(1000));
        let struck = [1059, 1060, 1089, 1090, 1099, 1100, 1101]
            .map(|second| faults.decide(&[Site::Request], Target::Place, "", at(second)).map(|rule| rule.fault));
        let (down, error) = (Some(Fault::Unavailable), Some(Fault::ServerErrorBefore));
        assert_eq!(struck, [None, down, down, None, None, error, None]);
    }

    #[test]
    fn what_has_its_moment_is_due_once() {
        let mut faults = begun("half-open=private@10s,disconnect=market:x1");
        assert_eq!(faults.due(at(9)), []);
        assert_eq!(faults.decide(&[Site::Frame, Site::Socket], Target::Private, "", at(11)), None);
        assert_eq!(faults.due(at(11)).len(), 1);
        assert_eq!(faults.due(at(12)), []);
        assert!(faults.decide(&[Site::Frame, Site::Socket], Target::Market, "", at(12)).is_some());
    }

    #[test]
    fn the_venue_is_down_and_its_clock_off_while_it_says() {
        let mut faults = begun("skew=-3s,skew=5s@20s..,maintenance@10s..30s");
        let seen = [0, 10, 20, 30].map(|second| (faults.skew_millis(at(second)), faults.maintenance(at(second))));
        assert_eq!(seen, [(-3000, false), (-3000, true), (2000, true), (2000, false)]);
        assert_eq!(faults.begun(at(10)).len(), 2);
        assert_eq!(faults.begun(at(20)).len(), 1);
        assert_eq!(faults.begun(at(Duration::from_secs(60).as_secs() as i64)).len(), 0);
    }
}
