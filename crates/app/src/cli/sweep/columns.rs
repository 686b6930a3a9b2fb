//! All combinations as a table for a notebook.

use plimsoll_backtest::honesty::TrackRecord;
use plimsoll_backtest::report::{SweepOutcome, SweepRow};
use plimsoll_history::{TableColumn, Values};

/// What stands behind the parameters, whatever is swept.
const FIXED: [&str; 8] =
    ["in_sample", "out_of_sample", "trades", "sharpe_of_a_step", "samples", "skewness", "kurtosis", "hash"];

/// A column for each parameter, then the figures.
pub(super) fn of(outcome: &SweepOutcome) -> Vec<TableColumn> {
    let rows = &outcome.rows;
    let mut columns: Vec<TableColumn> = outcome.parameters().into_iter().map(|name| parameter(rows, name)).collect();
    let float = |figure: &dyn Fn(&SweepRow) -> Option<f64>| Values::Float(rows.iter().map(figure).collect());
    let shape = |figure: fn(&TrackRecord) -> f64| float(&|row| row.record.as_ref().map(figure));
    let whole = |count: &dyn Fn(&SweepRow) -> Option<i64>| Values::Whole(rows.iter().map(count).collect());
    let values = [
        float(&|row| row.in_sample),
        float(&|row| row.out_of_sample),
        whole(&|row| i64::try_from(row.trades).ok()),
        shape(|it| it.sharpe),
        whole(&|row| row.record.and_then(|it| i64::try_from(it.samples).ok())),
        shape(|it| it.skewness),
        shape(|it| it.kurtosis),
        Values::Text(rows.iter().map(|row| Some(row.hash.clone())).collect()),
    ];
    let fixed = FIXED.into_iter().zip(values);
    columns.extend(fixed.map(|(name, values)| TableColumn { name: name.to_owned(), values }));
    columns
}

/// Numbers where all values are numbers, else texts.
fn parameter(rows: &[SweepRow], name: &str) -> TableColumn {
    let texts: Vec<&str> = rows.iter().filter_map(|row| row.parameter(name)).collect();
    let whole: Option<Vec<i64>> = texts.iter().map(|text| text.parse().ok()).collect();
    let float = || texts.iter().map(|text| text.parse().ok().filter(|it: &f64| it.is_finite())).collect::<Option<_>>();
    let values = match (whole, float()) {
        (Some(all), _) => Values::Whole(all.into_iter().map(Some).collect()),
        (None, Some(all)) => Values::Float(Vec::<f64>::into_iter(all).map(Some).collect()),
        (None, None) => Values::Text(texts.iter().map(|text| Some((*text).to_owned())).collect()),
    };
    // A setting that is called as a figure is told apart from it.
    let name = if FIXED.contains(&name) { format!("setting.{name}") } else { name.to_owned() };
    TableColumn { name, values }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(values: &[&str]) -> Vec<SweepRow> {
        let row = |value: &&str| SweepRow {
            parameters: vec![("it".into(), (*value).into()), ("hash".into(), "1".into())],
            in_sample: None,
            out_of_sample: None,
            trades: 0,
            hash: String::new(),
            record: None,
        };
        values.iter().map(row).collect()
    }

    #[test]
    fn a_parameter_is_of_numbers_where_all_its_values_are() {
        let of = |values: &[&str]| parameter(&rows(values), "it").values;
        assert_eq!(of(&["5", "10"]), Values::Whole(vec![Some(5), Some(10)]));
        assert_eq!(of(&["5", "0.5"]), Values::Float(vec![Some(5.0), Some(0.5)]));
        assert_eq!(of(&["5", "15m"]), Values::Text(vec![Some("5".into()), Some("15m".into())]));
        assert_eq!(parameter(&rows(&["1"]), "hash").name, "setting.hash");
    }
}
