//! What came of a sweep, for people and for programs.

use super::Swept;
use crate::failure::Failure;
use crate::screen;
use plimsoll_backtest::honesty::{Deflated, Overfitting};
use plimsoll_backtest::report::SweepRow;
use plimsoll_backtest::sweep::Figure;
use serde_json::{Map, Value, json};

/// So many of the best are shown.
const SHOWN: usize = 10;
/// More settings than this stand in one column.
const COLUMNS: usize = 4;

/// The ten best, and what the best is worth.
pub(super) fn terminal(swept: &Swept) -> Result<(), Failure> {
    let outcome = &swept.outcome;
    let (count, figure) = (outcome.rows.len(), &outcome.figure);
    screen::line(format!("{}: {} by {figure}", outcome.title, combinations(count)))?;
    if swept.kept > 0 {
        screen::line(format!("{} of them had been run before.", swept.kept))?;
    }
    if let Some((key, wrong)) = swept.unfit.first() {
        screen::line(format!("{} cannot be run; {key}: {wrong}", combinations(swept.unfit.len())))?;
    }
    let span = |(from, to)| format!("{} to {}", screen::minute(from), screen::minute(to));
    screen::line(format!("Chosen from {}, judged from {}.\n", span(outcome.in_sample), span(outcome.out_of_sample)))?;
    screen::line(table(swept))?;
    for sentence in meaning(swept) {
        screen::line(format!("\n{sentence}"))?;
    }
    Ok(())
}

fn combinations(count: usize) -> String {
    if count == 1 { "1 combination".to_owned() } else { format!("{count} combinations") }
}

fn table(swept: &Swept) -> comfy_table::Table {
    let mut best: Vec<&SweepRow> = swept.outcome.rows.iter().collect();
    let figure = |row: &SweepRow| row.in_sample.filter(|it| it.is_finite()).unwrap_or(f64::NEG_INFINITY);
    best.sort_by(|one, other| figure(other).total_cmp(&figure(one)));
    let names = swept.outcome.parameters();
    let narrow = names.len() <= COLUMNS;
    let mut header = if narrow { names.clone() } else { vec!["settings"] };
    header.extend(["in sample", "out of sample", "trades"]);
    let shown = |it: Option<f64>| match (it, swept.figure) {
        (None, _) => "none".to_owned(),
        (Some(it), Figure::Return) => format!("{:.2} %", it * 100.0),
        (Some(it), _) => format!("{it:.2}"),
    };
    let line = |row: &SweepRow| {
        let mut cells: Vec<String> = row.parameters.iter().map(|(_, value)| value.clone()).collect();
        if !narrow {
            let words: Vec<String> = row.parameters.iter().map(|(name, value)| format!("{name}={value}")).collect();
            cells = vec![words.join(" ")];
        }
        cells.extend([shown(row.in_sample), shown(row.out_of_sample), row.trades.to_string()]);
        cells
    };
    screen::table(&header, best.into_iter().take(SHOWN).map(line))
}

/// In sentences.
fn meaning(swept: &Swept) -> Vec<String> {
    let outcome = &swept.outcome;
    let mut sentences = Vec::new();
    match (outcome.best(), outcome.deflated()) {
        (None, _) => sentences
            .push("No combination has a figure: it takes 30 hours at least, and something that was traded.".to_owned()),
        (Some(_), Some(found)) => sentences.push(deflated(&found, swept.steps_a_year)),
        (Some(_), None) => sentences.push("The best has no Sharpe ratio that could be deflated.".to_owned()),
    }
    match (&outcome.overfitting, &swept.incomparable) {
        (Some(found), _) => sentences.push(overfitting(found)),
        (None, Some(why)) => sentences.push(format!("There is no probability of backtest overfitting: {why}.")),
        (None, None) => {}
    }
    sentences
}

fn deflated(found: &Deflated, steps_a_year: f64) -> String {
    let luck = found.expected_maximum * steps_a_year.sqrt();
    let verdict = if found.probability >= 0.95 {
        "From 95 % on, chance alone hardly explains it."
    } else {
        "Below 95 %, the best may look so good by chance alone."
    };
    format!(
        "Deflated Sharpe ratio: {:.1} %. The best of {} without any merit is expected to show a Sharpe ratio of {luck:.2} a \
         year; so probable it is that the true one of this best is above that. {verdict}",
        found.probability * 100.0,
        found.trials,
    )
}

fn overfitting(found: &Overfitting) -> String {
    format!(
        "Probability of backtest overfitting: {:.1} %. So often the best of one half of the time was no better than the median \
         in the other half, and in {:.1} % it lost there. Near 0 % the choice means something; 50 % and more is what noise \
         does.",
        found.probability * 100.0,
        found.loss * 100.0,
    )
}

/// Everything.
pub(super) fn json(swept: &Swept) -> Result<(), Failure> {
    let outcome = &swept.outcome;
    let span = |(from, to)| json!({"from": screen::instant(from), "to": screen::instant(to)});
    let deflated = outcome.deflated().map(|it| {
        json!({
            "trials": it.trials,
            "expected_maximum_of_a_step": it.expected_maximum,
            "probability": it.probability,
        })
    });
    let overfitting =
        outcome.overfitting.map(|it| json!({"probability": it.probability, "loss": it.loss, "halvings": it.halvings}));
    let wrong = |(key, wrong): &(String, String)| json!({"combination": key, "wrong": wrong});
    screen::json(&json!({
        "title": outcome.title,
        "figure": outcome.figure,
        "in_sample": span(outcome.in_sample),
        "out_of_sample": span(outcome.out_of_sample),
        "run_before": swept.kept,
        "best": outcome.best().map(row),
        "deflated_sharpe": deflated,
        "overfitting": overfitting,
        "no_overfitting_because": swept.incomparable,
        "rows": outcome.rows.iter().map(row).collect::<Vec<_>>(),
        "unfit": swept.unfit.iter().map(wrong).collect::<Vec<_>>(),
    }))
}

fn row(row: &SweepRow) -> Value {
    let parameters: Map<String, Value> =
        row.parameters.iter().map(|(name, value)| (name.clone(), Value::String(value.clone()))).collect();
    json!({
        "parameters": parameters,
        "in_sample": row.in_sample,
        "out_of_sample": row.out_of_sample,
        "trades": row.trades,
        "sharpe_of_a_step": row.record.map(|it| it.sharpe),
        "samples": row.record.map(|it| it.samples),
        "skewness": row.record.map(|it| it.skewness),
        "kurtosis": row.record.map(|it| it.kurtosis),
        "hash": row.hash,
    })
}
