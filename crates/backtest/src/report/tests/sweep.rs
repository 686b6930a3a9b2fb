//! The page of a sweep.

use super::browser::answers;
use super::page::stands_alone;
use crate::honesty::{Overfitting, TrackRecord};
use crate::report::{NoSuchParameter, SweepOutcome, SweepRow};
use crate::statistics::fixture::{DAY, START};

fn row(length: &str, width: &str, in_sample: Option<f64>, out_of_sample: Option<f64>) -> SweepRow {
    SweepRow {
        parameters: vec![("length".to_owned(), length.to_owned()), ("width".to_owned(), width.to_owned())],
        in_sample,
        out_of_sample,
        trades: 40,
        hash: format!("{length}{width}c0ffee0123456789"),
        record: in_sample.map(|ratio| TrackRecord {
            sharpe: ratio / 365_f64.sqrt(),
            samples: 730,
            skewness: 0.0,
            kurtosis: 3.0,
        }),
    }
}

/// Annualised ratios of 1, 2 and 3 in sample: the best would be 3 of three.
fn sweep() -> SweepOutcome {
    SweepOutcome {
        title: "Sweep of trend".to_owned(),
        figure: "Sharpe ratio, a year".to_owned(),
        in_sample: (START, START.plus(DAY * 730)),
        out_of_sample: (START.plus(DAY * 730), START.plus(DAY * 1000)),
        rows: vec![
            row("9", "1.5", Some(1.0), Some(-0.5)),
            row("10", "1.5", Some(3.0), Some(0.25)),
            row("100", "2", Some(2.0), None),
            row("10", "2", None, None),
        ],
        overfitting: Some(Overfitting { probability: 0.25, loss: 0.1, halvings: 70 }),
    }
}

#[test]
fn the_best_is_that_of_the_highest_figure_in_sample() {
    assert_eq!(sweep().best(), Some(&sweep().rows[1]));
    let nothing =
        SweepOutcome { rows: vec![row("1", "1", None, Some(9.0)), row("1", "2", Some(f64::NAN), None)], ..sweep() };
    assert_eq!(nothing.best(), None);
    assert_eq!(SweepOutcome { rows: Vec::new(), ..sweep() }.deflated(), None);
}

/// Variance of 1, 2 and 3 a year is 1; every row is a trial, the one without a figure too: 4 trials have an expected
/// maximum of 0.4228 × Φ⁻¹(0.75) + 0.5772 × Φ⁻¹(1 − 1 ÷ 4e) = 1.0521 a year.
#[test]
fn every_combination_counts_as_a_trial() {
    let found = sweep().deflated().unwrap();
    assert_eq!(found.trials, 4);
    assert!((found.expected_maximum * 365_f64.sqrt() - 1.0521).abs() < 0.001, "{found:?}");
    assert!(found.probability > 0.95);
}

#[test]
fn a_page_of_a_sweep_stands_alone() {
    let page = sweep().html("length", "width").unwrap();
    let parsed = stands_alone(&page);
    assert_eq!(parsed.count("table"), 3);
    // Values of a parameter are in the order of numbers: 9 before 10 before 100.
    let heading = "length across →, width down ↓910100";
    assert_eq!(parsed.text.matches(heading).count(), 2, "{}", parsed.text);
    assert!(parsed.text.contains("deflated Sharpe ratio of the best of 4 trials"));
    assert!(parsed.text.contains("25.00 %Probability of overfitting"));
    assert!(parsed.text.contains("Best in sample: length 10, width 1.5"));
}

#[test]
fn a_sweep_that_proves_nothing_says_so_in_red() {
    let lucky = SweepOutcome {
        rows: (0..200).map(|at| row(&at.to_string(), "1", Some(f64::from(at % 20 - 10) / 5.0), Some(0.0))).collect(),
        ..sweep()
    };
    assert!(lucky.deflated().unwrap().probability < 0.5);
    for page in [lucky, SweepOutcome { rows: vec![row("1", "1", None, None)], ..sweep() }] {
        let page = page.html("length", "width").unwrap();
        stands_alone(&page);
        assert!(page.contains("class=\"band bad\""));
    }
}

#[test]
fn what_a_parameter_is_called_is_a_text() {
    let hostile = "<script>alert(1)</script>\"'&";
    let mut outcome = sweep();
    outcome.title = hostile.to_owned();
    outcome.figure = hostile.to_owned();
    for row in &mut outcome.rows {
        row.parameters[0].0 = hostile.to_owned();
        row.parameters[1].1 = hostile.to_owned();
        row.hash = hostile.to_owned();
    }
    let page = outcome.html(hostile, "width").unwrap();
    assert!(!page.contains("<script>alert"));
    assert_eq!(stands_alone(&page).count("script"), 1);
}

#[test]
fn a_parameter_that_no_run_has_is_named_with_those_there_are() {
    let expected = NoSuchParameter { name: "depth".to_owned(), known: "length, width".to_owned() };
    assert_eq!(sweep().html("length", "depth"), Err(expected.clone()));
    assert_eq!(expected.to_string(), "no run has a parameter 'depth'; there are: length, width");
}

#[test]
fn fields_of_several_combinations_are_their_median() {
    let mut outcome = sweep();
    outcome.rows.push(row("9", "1.5", Some(2.0), None));
    let text = stands_alone(&outcome.html("length", "width").unwrap()).text;
    assert!(text.contains("1.51.50of 23.00"), "{text}");
}

#[test]
fn a_sweep_can_be_sorted_and_fits_a_telephone() {
    let script = "(page) => {
      page.querySelector('#sweep-table thead th:nth-child(1) button').click();
      return {
        lengths: [...page.querySelectorAll('#sweep-table tbody td:first-child')].map((it) => it.textContent).join(' '),
        width: page.documentElement.scrollWidth,
      };
    }";
    let Some(found) = answers(&sweep().html("length", "width").unwrap(), 360, script) else { return };
    assert_eq!(found["lengths"], "9 10 10 100", "{found}");
    assert!(found["width"].as_u64().unwrap() <= 360, "{found}");
}
