//! Reading the configuration again while accounts are guarded: all of it takes effect, or nothing.

use super::strategies::{planned, together};
use crate::cli::target::{ChosenAll, Target};
use crate::config::{Config, StrategyConfig, find};
use crate::failure::Failure;
use crate::venue::Keys;
use plimsoll_engine::trading::{DecisionOutcome, SeatState, SeatStatus, TradingHandle};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// What may be otherwise from now on. Everything else takes another process: accounts and what is known of them, the records, the
/// dashboard, who is told.
const MAY_CHANGE: [&str; 8] = [
    "limits.",
    "protection.",
    "watch.",
    "intervals.monitor",
    "intervals.audit",
    "intervals.reconcile",
    "trading.",
    "strategies.",
];

/// What is guarded by: as it was read, with the keys as they were found then.
pub(super) struct Reading {
    pub(super) chosen: ChosenAll,
    pub(super) keys: Vec<Keys>,
    /// The file that was read at the start.
    file: Option<PathBuf>,
}

/// One setting that is otherwise than before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Change {
    pub(super) setting: String,
    pub(super) before: Option<String>,
    pub(super) now: Option<String>,
}

impl Reading {
    /// The first.
    pub(super) fn of(target: &Target) -> Result<Self, Failure> {
        let chosen = target.choose_all()?;
        let file = target.config.clone().or_else(|| find::found(&chosen.environment));
        Ok(Self { keys: chosen.keys()?, chosen, file })
    }

    /// What is written now, and what of it is new. `seats` are the desks that strategies sit at, if any may, and
    /// who sits there.
    ///
    /// # Errors
    /// Everything that is against it; then what was read before goes on.
    pub(super) fn again(
        &self,
        target: &Target,
        seats: Option<(&[TradingHandle], &[StrategyConfig])>,
    ) -> Result<(Self, Vec<Change>), Vec<String>> {
        // Another file that would be found now, because this one is gone, was never meant.
        let target = Target { config: self.file.clone(), ..target.clone() };
        let chosen = target.choose_all_again()?;
        let (before, now) = (&self.chosen.config, &chosen.config);
        let changes = changes(before, now);
        let mut problems: Vec<String> = changes.iter().filter_map(Change::needs_a_restart).collect();
        if let Some((seats, seated)) = seats {
            problems.extend(planned(&chosen).err().map(|failure| failure.message().to_owned()));
            // Whoever was to be taken out and was not sits there still.
            let known = |it: &&StrategyConfig| before.strategies.iter().all(|other| other.name != it.name);
            let before = [before.strategies.clone(), seated.iter().filter(known).cloned().collect()].concat();
            problems.extend(unseated(&before, &now.strategies, seats));
        }
        if problems.is_empty() {
            let (keys, file) = (self.keys.clone(), self.file.clone());
            return Ok((Self { chosen, keys, file }, changes));
        }
        Err(problems)
    }
}

impl Change {
    fn needs_a_restart(&self) -> Option<String> {
        let setting = self.setting.as_str();
        let is_own_limit = setting.starts_with("accounts.") && setting.split('.').nth(2) == Some("limits");
        let may_change = is_own_limit || MAY_CHANGE.iter().any(|section| setting.starts_with(section));
        (!may_change).then(|| format!("{self}: that needs a restart"))
    }
}

impl std::fmt::Display for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let said = |value: &Option<String>| value.clone().unwrap_or_else(|| "unset".to_owned());
        write!(f, "{}: {}, before {}", self.setting, said(&self.now), said(&self.before))
    }
}

/// Every setting in force that is another than before.
fn changes(before: &Config, now: &Config) -> Vec<Change> {
    let of = |config: &Config| -> BTreeMap<String, String> {
        config.shown.iter().map(|shown| (shown.setting.clone(), shown.value.clone())).collect()
    };
    let addresses = readdressed(before, now);
    let (before, now) = (of(before), of(now));
    let settings: BTreeSet<&String> = before.keys().chain(now.keys()).collect();
    let changed = settings.into_iter().filter(|setting| before.get(*setting) != now.get(*setting));
    let of = |setting: &String| Change {
        setting: setting.clone(),
        before: before.get(setting).cloned(),
        now: now.get(setting).cloned(),
    };
    let mut changed: Vec<Change> = changed.map(of).collect();
    for setting in addresses {
        if !changed.iter().any(|change| change.setting == setting) {
            let said = |what: &str| Some(what.to_owned());
            changed.push(Change { setting, before: said("another one"), now: said("an address that is not shown") });
        }
    }
    changed
}

/// Addresses that are others than before, whatever is shown of them: a path or a password may be all that has changed.
fn readdressed(before: &Config, now: &Config) -> Vec<String> {
    let webhook = before.webhook.as_ref().zip(now.webhook.as_ref()).map(|(one, other)| (&one.address, &other.address));
    let heartbeat =
        before.heartbeat.as_ref().zip(now.heartbeat.as_ref()).map(|(one, other)| (&one.address, &other.address));
    let both = [("webhook.url", webhook), ("heartbeat.url", heartbeat)];
    let differ = both.into_iter().filter(|(_, pair)| pair.is_some_and(|(one, other)| one.differs(other)));
    differ.map(|(setting, _)| setting.to_owned()).collect()
}

/// Strategies that cannot be seated anew without losing what they hold: a desk is saved under its accounts.
fn unseated(before: &[StrategyConfig], now: &[StrategyConfig], seats: &[TradingHandle]) -> Vec<String> {
    let mut problems = Vec::new();
    for it in before {
        let name = &it.name;
        match now.iter().find(|other| other.name == *name) {
            Some(other) if other.kind == it.kind && other.places == it.places => {}
            Some(_) => problems.push(format!("strategies.{name}: another kind or another place needs a restart")),
            None => problems.extend(holds(name, seats).map(|what| {
                format!("strategies.{name} cannot be taken out while {what}: pause it, and close what it holds, first")
            })),
        }
    }
    let desks: Vec<_> = together(before).into_iter().map(|(accounts, _)| accounts).collect();
    for (accounts, _) in together(now) {
        if !desks.contains(&accounts) && desks.iter().any(|desk| !desk.is_disjoint(&accounts)) {
            let names = accounts.iter().map(|account| account.as_str()).collect::<Vec<_>>().join(" and ");
            problems
                .push(format!("strategies would share a desk over {names}, and did not before: that needs a restart"));
        }
    }
    problems
}

/// What a strategy has at the venue or may have in a moment, if it has anything or nobody knows. One that is not paused may decide
/// something between this question and its end.
fn holds(name: &str, seats: &[TradingHandle]) -> Option<&'static str> {
    let seat = seats.iter().flat_map(|handle| handle.seats().to_vec()).find(|seat| seat.name == name);
    seat.as_ref().map_or(Some("it is not known what it holds"), what_it_has)
}

fn what_it_has(seat: &SeatStatus) -> Option<&'static str> {
    let has = |is_empty: bool, what| (!is_empty).then_some(what);
    has(seat.accounts.iter().all(|(_, held, _)| held.is_empty()), "it holds something")
        .or(has(seat.accounts.iter().all(|(_, _, resting)| resting.is_empty()), "orders of its rest"))
        .or(has(seat.decisions.iter().all(|it| it.outcome != DecisionOutcome::Underway), "it is at something"))
        .or(has(seat.state != SeatState::Running, "it is not paused"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Environment, Places};
    use plimsoll_domain::Timestamp;
    use plimsoll_engine::trading::DecisionStatus;

    const MAIN: &str = "[accounts.main]\nenvironment = \"testnet\"\nkey_env = \"K\"\nsecret_env = \"S\"\n";

    fn config(text: &str) -> Config {
        let places = Places { file: "plimsoll.toml".to_owned(), state: "/state".into() };
        Config::read(text, &Environment::new(), &places).unwrap()
    }

    fn cross(name: &str, more: &str) -> String {
        format!("[strategies.{name}]\nkind = \"ema_cross\"\non = \"main BTC/USDT:USDT\"\n{more}")
    }

    #[test]
    fn limits_may_change_and_accounts_may_not() {
        let before = config(MAIN);
        let limits = "[limits]\nmax_leverage = 4\n[accounts.main.limits]\nmax_positions = 1\n";
        let of = |more: &str| changes(&before, &config(&format!("{MAIN}{more}")));
        let settings: Vec<String> = of(limits).into_iter().map(|change| change.setting).collect();
        assert_eq!(
            settings,
            ["accounts.main.limits.max_leverage", "accounts.main.limits.max_positions", "limits.max_leverage"]
        );
        assert!(of(limits).iter().all(|change| change.needs_a_restart().is_none()));
        let refused: Vec<String> = of("margin_mode = \"cross\"\n").iter().filter_map(Change::needs_a_restart).collect();
        assert_eq!(refused, ["accounts.main.margin_mode: cross, before isolated: that needs a restart"]);
        assert_eq!(of(""), []);
    }

    #[test]
    fn an_address_of_which_only_the_path_has_changed_is_another_one_and_is_not_told() {
        let of = |path: &str| config(&format!("{MAIN}[webhook]\nurl = \"https://alerts.example/{path}\"\n"));
        assert_eq!(changes(&of("one"), &of("one")), []);
        let changed: Vec<String> = changes(&of("one"), &of("two")).iter().filter_map(Change::needs_a_restart).collect();
        assert_eq!(changed, ["webhook.url: an address that is not shown, before another one: that needs a restart"]);
    }

    #[test]
    fn a_strategy_is_taken_out_only_once_it_is_paused_and_has_nothing_left() {
        let seat = |state, outcome: Option<DecisionOutcome>| SeatStatus {
            name: "one".to_owned(),
            state,
            accounts: Vec::new(),
            decisions: outcome
                .into_iter()
                .map(|outcome| DecisionStatus { at: Timestamp::default(), reason: String::new(), outcome })
                .collect(),
            made_with: String::new(),
            track: std::sync::Arc::default(),
        };
        let paused = || SeatState::Paused { by: "ana".to_owned() };
        for (seat, expected) in [
            (seat(SeatState::Running, None), Some("it is not paused")),
            (seat(paused(), Some(DecisionOutcome::Underway)), Some("it is at something")),
            (seat(paused(), Some(DecisionOutcome::Done)), None),
            (seat(SeatState::Stopped { why: "it panicked".to_owned() }, None), None),
        ] {
            assert_eq!(what_it_has(&seat), expected, "{seat:?}");
        }
    }

    #[test]
    fn a_strategy_keeps_its_kind_and_its_place_and_is_not_taken_out_unseen() {
        let of = |text: &str| config(&format!("{MAIN}{text}")).strategies;
        let before = of(&cross("one", ""));
        assert_eq!(unseated(&before, &of(&cross("one", "settings = { fast = 5 }\n")), &[]), Vec::<String>::new());
        assert_eq!(unseated(&before, &of(&(cross("one", "") + &cross("two", ""))), &[]), Vec::<String>::new());
        let elsewhere = cross("one", "").replace("BTC", "ETH");
        assert!(unseated(&before, &of(&elsewhere), &[])[0].contains("another place needs a restart"));
        assert!(unseated(&before, &of(""), &[])[0].contains("cannot be taken out while it is not known what it holds"));
    }
}
