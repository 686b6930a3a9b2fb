//! Reports of runs that are counted by hand.

mod browser;
mod page;
mod sweep;
#[path = "../../examples/report/walk.rs"]
mod walk;

use super::Report;
use crate::statistics::fixture::{money, quiet, two_trades};
use crate::{Incident, Outcome};

#[test]
fn the_summary_of_a_run() {
    insta::assert_snapshot!(Report::of(&two_trades()).terminal());
}

#[test]
fn the_summary_of_a_run_in_which_nothing_happened() {
    insta::assert_snapshot!(Report::of(&quiet()).terminal());
}

#[test]
fn the_summary_of_a_run_that_does_not_add_up() {
    insta::assert_snapshot!(Report::of(&broken()).terminal());
}

/// A limit has stopped it in the thirteenth hour.
pub(super) fn cut_short() -> Outcome {
    let run = two_trades();
    let text = "trading on main is stopped: the day's loss of 21 is above its limit of 20".to_owned();
    let stop = Incident { time: run.incidents[0].time, kind: "kill_switch".to_owned(), text };
    Outcome { incidents: vec![stop], ..run }
}

#[test]
fn that_a_limit_has_stopped_a_run_is_said_before_its_figures() {
    let run = cut_short();
    let text = Report::of(&run).terminal();
    let (before, _) = text.split_once("Equity").unwrap();
    let said = before.replace('\n', " ");
    assert!(
        said.contains("STOPPED BY A LIMIT at ")
            && said.contains("the day's loss of 21 is above its limit of 20. Nothing was opened")
    );
    let page = Report::of(&run).html();
    assert!(page.contains("STOPPED BY A LIMIT"), "the page hides it");
    assert!(!Report::of(&two_trades()).terminal().contains("STOPPED"));
}

#[test]
fn the_json_of_a_run() {
    insta::assert_snapshot!(Report::of(&two_trades()).json().unwrap());
}

#[test]
fn json_says_what_does_not_add_up() {
    let json: serde_json::Value = serde_json::from_str(&Report::of(&broken()).json().unwrap()).unwrap();
    assert_eq!(json["reconciliation"]["adds_up"], false);
    assert_eq!(
        json["reconciliation"]["mismatches"][0],
        "the wallets at last: 1000, but must be 999.99999999: off by 0.00000001"
    );
}

#[test]
fn nothing_in_json_is_rounded_or_lost() {
    let precise = "1234567890.123456789012345678";
    let run = Outcome { equity: money(precise), ..quiet() };
    let json: serde_json::Value = serde_json::from_str(&Report::of(&run).json().unwrap()).unwrap();
    assert_eq!(json["run"]["equity"], precise);
}

#[test]
fn no_line_of_the_summary_is_longer_than_a_terminal_is_wide() {
    for run in [two_trades(), quiet(), broken(), cut_short()] {
        for line in Report::of(&run).terminal().lines() {
            assert!(line.chars().count() <= 80, "{line}");
        }
    }
}

pub(super) fn broken() -> Outcome {
    Outcome { opening: money("999.99999999"), ..quiet() }
}
