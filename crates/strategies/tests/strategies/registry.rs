//! Strategies by name.

use crate::desk::place;
use plimsoll_strategies::{StrategyError, build, kinds};
use serde_json::json;

#[test]
fn every_kind_can_be_built_with_its_defaults_and_says_them() {
    for kind in kinds() {
        let places: Vec<_> = ["one", "two"][..kind.places].iter().map(|name| place(name)).collect();
        assert!(kind.defaults.as_object().is_some_and(|it| !it.is_empty()), "{} says no defaults", kind.name);
        for settings in [&kind.defaults, &json!({}), &json!(null)] {
            let built = build(kind.name, "mine", &places, settings).unwrap();
            assert_eq!(built.name(), "mine");
            assert!(!built.feeds().is_empty());
        }
        let given = kind.places + 1;
        let error = build(kind.name, "mine", &vec![place("one"); given], &json!({})).err().unwrap();
        assert_eq!(error, StrategyError::Places { kind: kind.name, wanted: kind.places, given });
    }
}

#[test]
fn what_is_wrong_is_said_in_words() {
    let check = |kind, settings, expected: &[&str]| {
        let places: Vec<_> = kinds()
            .iter()
            .find(|it| it.name == kind)
            .map_or_else(Vec::new, |it| ["one", "two"][..it.places].iter().map(|name| place(name)).collect());
        let error = build(kind, "mine", &places, &settings).err().unwrap().to_string();
        for part in expected {
            assert!(error.contains(part), "'{error}' says nothing of '{part}'");
        }
    };
    check("moon", json!({}), &["no strategy 'moon'", "ema_cross"]);
    check(
        "ema_cross",
        json!({"fats": 3}),
        &["settings of ema_cross", "there is no fats: there are atr_period, fast", "slow"],
    );
    check("ema_cross", json!({"interval": "soon"}), &["'soon' is no length of a candle", "15m"]);
    check(
        "ema_cross",
        json!({"fast": 50, "slow": 10, "leverage": 0, "stop": {"fraction": "1.5"}, "size": {"quantity": -1}}),
        &[
            "fast is below slow, got 50 and 10",
            "leverage is a whole number from 1 to 1000, got 0",
            "stop.fraction is a fraction above 0 and below 1, got 1.5",
            "size.quantity is above 0, got -1",
        ],
    );
}

#[test]
fn the_page_names_every_setting_with_its_default() {
    let page = include_str!("../../../../docs/strategies.md");
    for kind in kinds() {
        let section = page.split("\n## ").find(|it| it.starts_with(kind.name));
        let section = section.unwrap_or_else(|| panic!("the page has no section of {}", kind.name));
        for (name, value) in kind.defaults.as_object().unwrap() {
            let value =
                value.as_str().map_or_else(|| value.to_string().replace(":", ": ").replace(",", ", "), str::to_owned);
            assert!(section.contains(&format!("| `{name}` | `{value}` |")), "{}: {name} is {value}", kind.name);
        }
    }
}
