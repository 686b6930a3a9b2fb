//! The ladder to live trading, for all live accounts.

use super::account::{Account, VenueEnvironment};
use super::problem::{Origin, Problem};
use super::reader::{Reader, Section, remedy_for};
use plimsoll_domain::risk::LadderRules;

pub(super) fn read(mut section: Section<'_>, reader: &mut Reader<'_>) -> LadderRules {
    let default = LadderRules::default();
    let rules = LadderRules {
        paper_days: section.value(reader, "paper_days", &[], default.paper_days),
        micro_days: section.value(reader, "micro_days", &[], default.micro_days),
        micro_minimum: section.value(reader, "micro_minimum", &[], default.micro_minimum),
        micro_capital: section.value(reader, "micro_capital", &[], default.micro_capital),
    };
    for broken in rules.problems() {
        let path = section.full(broken.setting);
        let origin = reader.origin_of(&path);
        let what = format!("{}, got {}", broken.rule, broken.found);
        let remedy = remedy_for(&origin, &path);
        reader.wrong(Problem::new(origin, &path, what, remedy));
    }
    section.refuse_unknown(reader);
    rules
}

/// Days of paper trading are those of another account, which is not live and is kept in the same currency.
pub(super) fn fit(accounts: &[Account], reader: &mut Reader<'_>) {
    for account in accounts {
        let Some(name) = &account.paper_account else { continue };
        let path = format!("accounts.{}.paper_account", account.name);
        let paper = accounts.iter().find(|other| other.name == *name);
        let (what, remedy) = match paper {
            None => (format!("no account is called '{name}'"), format!("add [accounts.{name}], or name another")),
            Some(_) if account.environment != VenueEnvironment::Live => {
                ("this account is not live: it climbs no ladder".to_owned(), "take it out".to_owned())
            }
            Some(paper) if paper.environment == VenueEnvironment::Live => (
                format!("'{name}' is live: what is traded there is not paper"),
                "name a testnet or loopback account".into(),
            ),
            Some(paper) if paper.settle != account.settle => {
                let what = format!("'{name}' is kept in {}, this account in {}", paper.settle, account.settle);
                (what, "name one that is kept in the same currency".to_owned())
            }
            Some(_) => continue,
        };
        let origin = match reader.origin_of(&path) {
            Origin::Default => reader.at(0..0),
            origin => origin,
        };
        reader.wrong(Problem::new(origin, &path, what, remedy));
    }
}
