//! A price chart for each contract: candles, fills, and the line at which the position would have been liquidated.

use super::chart::{Chart, Hover, HoverRow, line_key, seconds};
use super::marks::{keys, marks};
use super::scale::{Times, Values};
use crate::report::Report;
use crate::report::figures::{count, exact};
use crate::{ChartCandle, TaggedFill};
use maud::{Markup, html};
use plimsoll_domain::{Price, Symbol, Timestamp};
use rust_decimal::prelude::ToPrimitive;
use std::fmt::Write;
use std::time::Duration;

/// More candles than this are narrower than a dot of a screen.
const MOST: usize = 400;

pub(super) fn charts(report: &Report<'_>) -> Markup {
    let mut symbols: Vec<&Symbol> = Vec::new();
    for candle in &report.outcome.chart {
        if !symbols.contains(&&candle.symbol) {
            symbols.push(&candle.symbol);
        }
    }
    html! {
        @if symbols.is_empty() { p.note { "The run has no price chart." } }
        @for symbol in symbols { (chart(report, symbol)) }
    }
}

fn chart(report: &Report<'_>, symbol: &Symbol) -> Markup {
    let run = report.outcome;
    let all: Vec<&ChartCandle> = run.chart.iter().filter(|candle| candle.symbol == *symbol).collect();
    let candles = merged(&all);
    let fills: Vec<&TaggedFill> = run.fills.iter().filter(|tagged| tagged.fill.symbol == *symbol).collect();
    let (marks, left_out) = marks(&fills);
    let times = Times { from: run.from, to: run.to };
    let values = scale(&candles, &fills);
    let width = width(&candles);
    let mut legend = vec![line_key("up", "rose"), line_key("down", "fell")];
    let mut layers = vec![
        ("up", bodies(&candles, true, width, times, values)),
        ("down", bodies(&candles, false, width, times, values)),
    ];
    if candles.iter().any(|candle| candle.liquidation.is_some()) {
        layers.push(("liquidation", liquidation(&candles, width, times, values)));
        legend.push(line_key("line", "liquidation of what was held"));
    }
    legend.extend(keys(&marks));
    Chart {
        title: symbol.as_str(),
        resting: resting(&candles, values, fills.len(), left_out),
        size: "tall",
        times,
        values,
        suffix: "",
        layers,
        marks,
        keys: legend,
        hover: hover(&candles, &fills, width),
    }
    .draw()
}

fn float(price: Price) -> f64 {
    price.get().to_f64().unwrap_or_default()
}

fn resting(candles: &[ChartCandle], values: Values, fills: usize, left_out: usize) -> String {
    let ends = match (candles.first(), candles.last()) {
        (Some(first), Some(last)) => format!("{} to {}, ", shown(first.open), shown(last.close)),
        _ => String::new(),
    };
    let is_beyond = candles.iter().filter_map(|it| it.liquidation).any(|price| !values.holds(float(price)));
    let beyond = if is_beyond { "; liquidation prices that are far away are beyond the chart" } else { "" };
    let missing = if left_out > 0 { format!(", {} of them without a sign", count(left_out)) } else { String::new() };
    format!("{ends}{} fills{missing}{beyond}.", count(fills))
}

/// With its thousands apart; seven digits of what has more.
fn shown(price: Price) -> String {
    exact(price.get().round_sf(7).unwrap_or(price.get()).normalize(), 0)
}

/// As many candles in one as it takes to have no more than can be seen.
fn merged(candles: &[&ChartCandle]) -> Vec<ChartCandle> {
    candles.chunks(candles.len().div_ceil(MOST).max(1)).filter_map(merge).collect()
}

fn merge(candles: &[&ChartCandle]) -> Option<ChartCandle> {
    let (first, last) = (*candles.first()?, *candles.last()?);
    Some(ChartCandle {
        symbol: first.symbol.clone(),
        open_time: first.open_time,
        open: first.open,
        high: candles.iter().map(|candle| candle.high).max()?,
        low: candles.iter().map(|candle| candle.low).min()?,
        close: last.close,
        liquidation: last.liquidation,
    })
}

/// Prices and fills fit; of liquidation prices those that are not so far away that prices would be a flat line.
fn scale(candles: &[ChartCandle], fills: &[&TaggedFill]) -> Values {
    let traded = fills.iter().map(|tagged| float(tagged.fill.price));
    let prices: Vec<f64> =
        candles.iter().flat_map(|candle| [float(candle.low), float(candle.high)]).chain(traded).collect();
    let plain = Values::around(prices.iter().copied());
    let room = plain.height() * 0.5;
    let (low, high) = (plain.at_share(1.0) - room, plain.at_share(0.0) + room);
    let lines = candles.iter().filter_map(|candle| candle.liquidation).map(float);
    Values::around(prices.iter().copied().chain(lines.filter(|line| (low..=high).contains(line))))
}

/// The time of a candle.
fn width(candles: &[ChartCandle]) -> Duration {
    let gaps = candles.windows(2).filter_map(|pair| {
        let [one, other] = pair else { return None };
        Some(other.open_time.since(one.open_time)).filter(|gap| !gap.is_zero())
    });
    gaps.min().unwrap_or(Duration::from_secs(60))
}

fn middle(candle: &ChartCandle, width: Duration) -> Timestamp {
    candle.open_time.plus(width / 2)
}

/// Wicks and bodies of those that rose, or of those that fell.
fn bodies(candles: &[ChartCandle], that_rose: bool, width: Duration, times: Times, values: Values) -> String {
    let mut path = String::new();
    for candle in candles.iter().filter(|candle| (candle.close >= candle.open) == that_rose) {
        let (left, right) = (times.x(candle.open_time.plus(width / 6)), times.x(candle.open_time.plus(width * 5 / 6)));
        let centre = times.x(middle(candle, width));
        let [open, high, low, close] =
            [candle.open, candle.high, candle.low, candle.close].map(|it| values.y(float(it)));
        // Writing to a text cannot fail.
        let _ = write!(path, "M{centre:.1} {high:.1}V{low:.1}M{left:.1} {open:.1}H{right:.1}V{close:.1}H{left:.1}Z");
    }
    path
}

/// A step for each candle at whose end something was held.
fn liquidation(candles: &[ChartCandle], width: Duration, times: Times, values: Values) -> String {
    let mut path = String::new();
    let mut before: Option<Price> = None;
    for candle in candles {
        if let Some(price) = candle.liquidation {
            let (left, right, y) =
                (times.x(candle.open_time), times.x(candle.open_time.plus(width)), values.y(float(price)));
            // From a long's line to a short's there is no step: that is across the price.
            let same_side = before.is_some_and(|other| (other < candle.open) == (price < candle.close));
            let _ = match same_side {
                true => write!(path, "V{y:.1}H{right:.1}"),
                false => write!(path, "M{left:.1} {y:.1}H{right:.1}"),
            };
        }
        before = candle.liquidation;
    }
    path
}

fn hover(candles: &[ChartCandle], fills: &[&TaggedFill], width: Duration) -> Hover {
    let row =
        |name, value: &dyn Fn(&ChartCandle) -> String| HoverRow { name, values: candles.iter().map(value).collect() };
    let ends: Vec<Timestamp> = candles
        .iter()
        .enumerate()
        .map(|(at, candle)| candles.get(at + 1).map_or_else(|| candle.open_time.plus(width), |next| next.open_time))
        .collect();
    let traded = candles.iter().zip(ends).map(|(candle, end)| traded(fills, candle.open_time, end)).collect();
    Hover {
        times: candles.iter().map(|candle| seconds(middle(candle, width))).collect(),
        rows: vec![
            row("open", &|it| shown(it.open)),
            row("high", &|it| shown(it.high)),
            row("low", &|it| shown(it.low)),
            row("close", &|it| shown(it.close)),
            row("liquidation", &|it| it.liquidation.map(shown).unwrap_or_default()),
            HoverRow { name: "fills:", values: traded },
        ],
    }
}

/// The fills of a candle in words, three at most.
fn traded(fills: &[&TaggedFill], from: Timestamp, to: Timestamp) -> String {
    let of_candle: Vec<&&TaggedFill> = fills.iter().filter(|it| it.fill.time >= from && it.fill.time < to).collect();
    let mut words: Vec<String> = of_candle
        .iter()
        .take(3)
        .map(|it| format!("{} {} at {} ({})", it.fill.side, it.fill.quantity, it.fill.price, it.role.replace('_', " ")))
        .collect();
    if of_candle.len() > 3 {
        words.push(format!("and {} more", of_candle.len() - 3));
    }
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use super::{Times, Values, float, liquidation, merged, scale, traded, width};
    use crate::ChartCandle;
    use crate::statistics::fixture::{HOUR, START, candle, fill};
    use plimsoll_domain::Side;

    #[test]
    fn many_candles_become_fewer_and_keep_their_extremes() {
        let mut all: Vec<ChartCandle> = (0..1000).map(|hour| candle(hour, "95", "105", "100", None)).collect();
        all[500] = candle(500, "40", "105", "100", Some("30"));
        all[731] = candle(731, "95", "170", "100", None);
        let fewer = merged(&all.iter().collect::<Vec<_>>());
        assert_eq!(fewer.len(), 334);
        assert_eq!((fewer[0].open_time, width(&fewer)), (START, HOUR * 3));
        let ends = (fewer.iter().map(|it| it.low).min().unwrap(), fewer.iter().map(|it| it.high).max().unwrap());
        assert_eq!(ends, ("40".parse().unwrap(), "170".parse().unwrap()));
        assert_eq!(merged(&[]), []);
    }

    #[test]
    fn the_line_of_a_liquidation_is_broken_where_nothing_is_held_and_where_it_changes_sides() {
        let steps = |lines: [Option<&str>; 4]| {
            let candles: Vec<ChartCandle> =
                (0..).zip(lines).map(|(hour, line)| candle(hour, "95", "105", "100", line)).collect();
            let times = Times { from: START, to: START.plus(HOUR * 4) };
            let path = liquidation(&candles, HOUR, times, Values::around([0.0, 200.0]));
            (path.matches('M').count(), path.matches('V').count())
        };
        assert_eq!(steps([None; 4]), (0, 0));
        assert_eq!(steps([Some("80"), Some("82"), Some("82"), None]), (1, 2));
        assert_eq!(steps([Some("80"), None, Some("82"), Some("83")]), (2, 1));
        assert_eq!(steps([Some("80"), Some("120"), Some("121"), None]), (2, 1));
    }

    #[test]
    fn a_liquidation_far_away_does_not_flatten_the_prices() {
        let near = scale(&[candle(0, "90", "110", "100", Some("85"))], &[]);
        let far = scale(&[candle(0, "90", "110", "100", Some("10"))], &[]);
        assert!(near.holds(85.0) && near.holds(float("110".parse().unwrap())));
        assert!(!far.holds(10.0) && far.holds(90.0) && far.height() < 30.0);
    }

    #[test]
    fn the_fills_of_a_candle_are_told_three_at_most() {
        let fills: Vec<_> = (0..5).map(|_| fill(2, Side::Sell, "99.5", "0", None, "stop_loss")).collect();
        let fills: Vec<_> = fills.iter().collect();
        let told = |count: usize| traded(&fills[..count], START.plus(HOUR * 2), START.plus(HOUR * 3));
        assert_eq!(told(0), "");
        assert_eq!(told(1), "sell 1 at 99.5 (stop loss)");
        assert!(told(5).ends_with("sell 1 at 99.5 (stop loss), and 2 more"));
        assert_eq!(traded(&fills, START, START.plus(HOUR * 2)), "");
    }
}
