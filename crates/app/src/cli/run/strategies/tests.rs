use super::*;
use crate::config::{Environment, Places};

/// Three accounts, and strategies, each a name and where it trades.
fn chosen(strategies: &[(&str, &str)], guarded: &[&str], state: &std::path::Path) -> ChosenAll {
    let mut text = String::new();
    for account in ["main", "second", "third"] {
        let key = account.to_ascii_uppercase();
        text += &format!("[accounts.{account}]\nenvironment = \"testnet\"\nkey_env = \"{key}\"\nsecret_env = \"S\"\n");
    }
    for (name, on) in strategies {
        let kind = if on.contains(',') { "funding_arbitrage" } else { "ema_cross" };
        text += &format!("[strategies.{name}]\nkind = \"{kind}\"\non = \"{on}\"\n");
    }
    let places = Places { file: "plimsoll.toml".to_owned(), state: state.to_owned() };
    let config = Config::read(&text, &Environment::new(), &places).unwrap();
    let is_guarded = |name: &AccountId| guarded.is_empty() || guarded.contains(&name.as_str());
    let accounts = config.accounts.iter().filter(|it| is_guarded(&it.name)).cloned().collect();
    ChosenAll { config, accounts, environment: Environment::new() }
}

const BOTH: &str = "second BTC/USDT:USDT, third BTC/USDT:USDT";

fn planned(guarded: &[&str]) -> Result<Vec<(String, Vec<String>)>, Failure> {
    let folder = tempfile::tempdir().unwrap();
    let strategies =
        [("one", "main BTC/USDT:USDT"), ("arb", BOTH), ("two", "main ETH/USDT:USDT"), ("three", "third BTC/USDT:USDT")];
    let groups = plan(&chosen(&strategies, guarded, folder.path()))?;
    let names = |group: &Group| group.strategies.iter().map(|strategy| strategy.name.clone()).collect();
    Ok(groups.iter().map(|group| (named(&group.accounts), names(group))).collect())
}

#[test]
fn strategies_that_share_an_account_sit_together_and_others_apart() {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let (one, other) =
        (("main".to_owned(), names(&["one", "two"])), ("second+third".to_owned(), names(&["arb", "three"])));
    assert_eq!(planned(&[]), Ok(vec![one.clone(), other.clone()]));
    assert_eq!(planned(&["main"]), Ok(vec![one]), "they are saved under the same name, whatever else is guarded");
    assert_eq!(planned(&["second", "third"]), Ok(vec![other]));
}

#[test]
fn a_strategy_that_needs_an_account_which_is_not_guarded_is_refused() {
    for guarded in ["second", "third"] {
        let refused = planned(&[guarded]).unwrap_err();
        let missing = if guarded == "second" { "third" } else { "second" };
        let said = format!("strategy 'arb' trades on 'second' and 'third', and '{missing}' would not be guarded here");
        assert_eq!(refused.message(), said);
    }
}
