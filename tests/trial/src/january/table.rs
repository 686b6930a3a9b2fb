//! Outcomes as a table.

use super::outcome::{Liquidated, Outcome};
use plimsoll_domain::{Decimal, MarginMode, Money};

const HEAD: [&str; 13] = [
    "leverage",
    "margin",
    "protected",
    "size",
    "entry",
    "liquidation",
    "liquidated",
    "cuts (orders)",
    "margin added",
    "fees",
    "realised",
    "funding",
    "left; equity",
];

/// One line each, with bars between the columns.
#[must_use]
pub fn table(outcomes: &[Outcome]) -> String {
    let rows: Vec<[String; 13]> = outcomes.iter().map(row).collect();
    let mut widths = HEAD.map(|word| word.chars().count());
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |cells: &[String; 13]| {
        let each = cells.iter().zip(widths).map(|(cell, width)| format!(" {cell:<width$} "));
        format!("|{}|\n", each.collect::<Vec<_>>().join("|"))
    };
    let rule = widths.map(|width| "-".repeat(width));
    let mut text = line(&HEAD.map(str::to_owned)) + &line(&rule);
    text.extend(rows.iter().map(line));
    text
}

fn row(it: &Outcome) -> [String; 13] {
    let left = it.left.map_or_else(|| "none".to_owned(), |left| left.to_string());
    [
        it.case.leverage.to_string(),
        match it.case.margin_mode {
            MarginMode::Isolated => "isolated".to_owned(),
            MarginMode::Cross => "cross".to_owned(),
        },
        if it.case.is_protected { "yes" } else { "no" }.to_owned(),
        it.quantity.to_string(),
        cents(it.entry.get()),
        cents(it.liquidation.get()),
        it.liquidated.as_ref().map_or_else(|| "never".to_owned(), liquidated),
        if it.case.is_protected { format!("{} ({})", it.cuts, it.orders) } else { String::new() },
        if it.case.is_protected { money(it.margin_added) } else { String::new() },
        money(it.fees),
        money(it.realized),
        money(it.funding),
        format!("{left}; {}", money(it.equity)),
    ]
}

fn liquidated(it: &Liquidated) -> String {
    let gap = if it.is_gap == Some(true) { ", a gap" } else { "" };
    let (exact, mark) = (cents(it.exact.get()), cents(it.mark.get()));
    format!("{}: {mark} ≤ {exact} < {}{gap}", it.time, cents(it.before.get()))
}

fn money(amount: Money) -> String {
    cents(amount.get())
}

fn cents(number: Decimal) -> String {
    format!("{:.2}", number.round_dp(2))
}
