//! Charts of the equity curve: equity, drawdown, exposure and funding.

use super::chart::{Chart, Hover, HoverRow, area, line, line_key, seconds};
use super::scale::{Times, Values};
use super::thinned::thinned;
use crate::CurvePoint;
use crate::report::Report;
use crate::report::figures::{amount, change, or_not, percent, ratio, signed};
use crate::statistics::under_water;
use maud::{Markup, html};
use plimsoll_domain::Money;
use rust_decimal::prelude::ToPrimitive;

/// As many points as a wide screen can tell apart.
const MOST: usize = 800;

pub(super) fn float(money: Money) -> f64 {
    money.get().to_f64().unwrap_or_default()
}

/// A curve of which only what can be seen is drawn.
struct Series<'a> {
    points: Vec<&'a CurvePoint>,
    values: Vec<f64>,
    times: Times,
}

impl<'a> Series<'a> {
    /// `None` if there is no curve.
    fn of(report: &'a Report<'a>, value: impl Fn(usize, &CurvePoint) -> f64) -> Option<Self> {
        let run = report.outcome;
        let all: Vec<f64> = run.curve.iter().enumerate().map(|(at, point)| value(at, point)).collect();
        let places = thinned(&all, MOST);
        let times = Times { from: run.curve.first()?.time, to: run.curve.last()?.time };
        Some(Self {
            points: places.iter().filter_map(|place| run.curve.get(*place)).collect(),
            values: places.iter().filter_map(|place| all.get(*place)).copied().collect(),
            times,
        })
    }

    fn places(&self, scale: Values) -> Vec<(f64, f64)> {
        self.points.iter().zip(&self.values).map(|(point, value)| (self.times.x(point.time), scale.y(*value))).collect()
    }

    fn hover(&self, rows: Vec<HoverRow>) -> Hover {
        Hover { times: self.points.iter().map(|point| seconds(point.time)).collect(), rows }
    }

    fn row(&self, name: &'static str, value: impl Fn(&CurvePoint) -> String) -> HoverRow {
        HoverRow { name, values: self.points.iter().map(|point| value(point)).collect() }
    }
}

fn without_curve() -> Markup {
    html! { p.note { "The run has no equity curve." } }
}

pub(super) fn equity(report: &Report<'_>) -> Markup {
    let Some(series) = Series::of(report, |_, point| float(point.equity)) else { return without_curve() };
    let run = report.outcome;
    let opening = float(run.opening);
    let scale = Values::around(series.values.iter().copied().chain([opening]));
    let places = series.places(scale);
    let base = scale.y(opening);
    Chart {
        title: "Equity",
        resting: format!("{} to {} {}.", amount(run.opening), amount(run.equity), run.currency),
        size: "",
        times: series.times,
        values: scale,
        suffix: "",
        layers: vec![
            ("area", area(&places, base)),
            ("base", format!("M0 {base:.1}H1000")),
            ("curve", line(places.iter().copied())),
        ],
        marks: Vec::new(),
        keys: vec![line_key("accent", "wallets and unrealised profit"), line_key("muted", "opening")],
        hover: series.hover(vec![
            series.row("equity", |point| amount(point.equity)),
            series.row("since the start", |point| signed(point.equity - run.opening)),
        ]),
    }
    .draw()
}

pub(super) fn drawdown(report: &Report<'_>) -> Markup {
    let depths = under_water(&report.outcome.curve);
    let depth = |at: usize, _: &CurvePoint| -100.0 * depths.get(at).copied().unwrap_or_default();
    let Some(series) = Series::of(report, depth) else { return without_curve() };
    let scale = Values::from_zero(series.values.iter().copied().chain([-0.01]));
    let places = series.places(scale);
    let shown = series.values.iter().map(|depth| percent(depth.abs() / 100.0)).collect();
    Chart {
        title: "Drawdown",
        resting: format!("{} at most.", or_not(report.statistics.drawdown, |it| percent(it.fraction))),
        size: "short",
        times: series.times,
        values: scale,
        suffix: " %",
        layers: vec![("depth", area(&places, scale.y(0.0))), ("fall", line(places.iter().copied()))],
        marks: Vec::new(),
        keys: vec![line_key("loss", "below the peak so far")],
        hover: series.hover(vec![HoverRow { name: "drawdown", values: shown }]),
    }
    .draw()
}

pub(super) fn exposure(report: &Report<'_>) -> Markup {
    let Some(series) = Series::of(report, |_, point| float(point.exposure)) else { return without_curve() };
    let scale = Values::from_zero(series.values.iter().copied());
    let places = series.places(scale);
    let highest = report.outcome.curve.iter().map(|point| point.exposure).max().unwrap_or_default();
    let leverage = |point: &CurvePoint| match float(point.equity) {
        equity if equity > 0.0 => format!("{} ×", ratio(float(point.exposure) / equity)),
        _ => String::new(),
    };
    Chart {
        title: "Notional of all positions",
        resting: format!("{} {} at most.", amount(highest), report.outcome.currency),
        size: "short",
        times: series.times,
        values: scale,
        suffix: "",
        layers: vec![("area", area(&places, scale.y(0.0))), ("curve", line(places.iter().copied()))],
        marks: Vec::new(),
        keys: vec![line_key("accent", "at the mark")],
        hover: series.hover(vec![
            series.row("exposure", |point| amount(point.exposure)),
            series.row("of equity", leverage),
            series.row("equity", |point| amount(point.equity)),
        ]),
    }
    .draw()
}

pub(super) fn funding(report: &Report<'_>) -> Markup {
    let Some(series) = Series::of(report, |_, point| float(point.funding)) else { return without_curve() };
    let run = report.outcome;
    let scale = Values::from_zero(series.values.iter().copied());
    let places = series.places(scale);
    let share = (float(run.ledger.funding) / float(run.opening)).abs();
    let of_opening = if share.is_finite() {
        format!(", {} of the opening wallets", change(share).replace('+', ""))
    } else {
        String::new()
    };
    let words = if run.ledger.funding.is_negative() { "received" } else { "paid" };
    Chart {
        title: "Funding paid so far",
        resting: format!("{} {} {words} in all{of_opening}.", amount(run.ledger.funding.abs()), run.currency),
        size: "short",
        times: series.times,
        values: scale,
        suffix: "",
        layers: vec![
            ("area", area(&places, scale.y(0.0))),
            ("base", format!("M0 {:.1}H1000", scale.y(0.0))),
            ("curve", line(places.iter().copied())),
        ],
        marks: Vec::new(),
        keys: vec![line_key("accent", "up is paid, down is received")],
        hover: series.hover(vec![series.row("paid", |point| amount(point.funding))]),
    }
    .draw()
}
