//! Thresholds that make sense, and what they mean.

use super::{settings, thresholds};
use crate::given::{decimal, rate};
use plimsoll_domain::MarginRatio;
use plimsoll_domain::afloat::{Stage, Thresholds};

#[test]
fn a_threshold_is_reached_by_the_ratio_or_by_the_distance() {
    let thresholds = thresholds("0.6@0.2 0.7@0.1 0.75 0.8@0.05 0.95@0.01", Some("0.77 100"));
    let check = |ratio: &str, distance: &str, isolated: Option<Stage>, pool: Option<Stage>| {
        let ratio = (ratio != "-").then(|| MarginRatio::reported(decimal(ratio)));
        let distance = (distance != "-").then(|| rate(distance));
        assert_eq!(thresholds.isolated_stage(ratio, distance), isolated, "{ratio:?} {distance:?}");
        assert_eq!(thresholds.pool_stage(ratio, distance), pool, "{ratio:?} {distance:?}");
    };
    let both = |stage| (Some(stage), Some(stage));
    let same = |ratio, distance, stage| {
        let (isolated, pool) = both(stage);
        check(ratio, distance, isolated, pool);
    };
    check("-", "-", None, None);
    check("0.69", "0.11", None, None);
    same("0.7", "0.11", Stage::Warn);
    same("0.1", "0.1", Stage::Warn);
    same("0.75", "-", Stage::Cancel);
    check("0.77", "0.5", Some(Stage::TopUp), Some(Stage::Cancel));
    same("0.8", "0.5", Stage::Reduce);
    same("0.1", "0.05", Stage::Reduce);
    same("-", "0.04", Stage::Reduce);
    same("0.95", "0.5", Stage::Flatten);
    same("0.1", "0.01", Stage::Flatten);
    same("0.1", "-0.2", Stage::Flatten);
}

#[test]
fn thresholds_that_make_no_sense_say_why() {
    let check = |levels: &str, top_up: Option<&str>, expected: &str| {
        let broken = Thresholds::new(settings(levels, top_up)).unwrap_err();
        assert_eq!(broken.to_string(), expected, "{levels}");
        assert!(!broken.all().is_empty());
    };
    let rises = "must have a ratio above the target's, and not below that of the threshold before";
    check("0.7 0.7 0.75 0.8 0.95", None, &format!("warn {rises}, got 0.7"));
    check("0.6 0.7 0.65 0.8 0.95", None, &format!("cancel {rises}, got 0.65"));
    check("0.6 0.7 0.75 0.8 0.95", Some("0.9 5"), &format!("reduce {rises}, got 0.8"));
    check("0.6 0.7 0.75 0.8 1.01", None, "flatten must have a ratio above 0, at most 1, got 1.01");
    check("0 0.7 0.75 0.8 1", None, "target must have a ratio above 0, at most 1, got 0");
    check("0.6 0.7 0.75 0.8 0.95", Some("0.75 0"), "top_up must move an amount above 0, got 0");
    check("0.6 0.7 0.75 0.8@0.1 1", None, "target must have a distance, above that of every threshold, got 0");
    check("0.6@0.1 0.7 0.75 0.8@0.1 1", None, "target must have a distance, above that of every threshold, got 0.1");
    check(
        "0.6@0.5 0.7@0.1 0.75 0.8@0.2 1",
        None,
        "reduce must have a distance not above that of a threshold before, got 0.2",
    );
    check("0.6@1 0.7 0.75 0.8 1", None, "target must have a distance of at least 0 and below 1, got 1");
}

#[test]
fn the_thresholds_that_are_meant_where_none_are_configured_make_sense() {
    assert_eq!(Thresholds::new(*Thresholds::default().settings()), Ok(Thresholds::default()));
}

#[test]
fn a_limit_on_cover_moves_the_thresholds_down_and_never_up() {
    let ratio = |text: &str| MarginRatio::reported(decimal(text));
    let check = |reduce: &str, flatten: &str, expected: &str| {
        let moved = Thresholds::default().no_later_than(ratio(reduce), ratio(flatten));
        assert_eq!(*moved.settings(), settings(expected, None), "{reduce} {flatten}");
        assert_eq!(Thresholds::new(*moved.settings()), Ok(moved));
    };
    check("0.87", "1", "0.6 0.7 0.75 0.8 0.95");
    check("0.8", "0.9", "0.6 0.7 0.75 0.8 0.9");
    check("0.4", "0.5", "0.3 0.35 0.375 0.4 0.5");
    check("0.8", "0.4", "0.3 0.35 0.375 0.4 0.4");
}
