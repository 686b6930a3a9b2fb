//! The table of trades.

use super::tables::money;
use crate::RoundTrip;
use crate::report::Report;
use crate::report::figures::{amount, count, minute};
use maud::{Markup, html};
use plimsoll_domain::{Money, Price};
use rust_decimal::Decimal;
use std::cmp::Reverse;

/// More rows than this make a page slow.
const MOST: usize = 1000;

pub(super) fn table(report: &Report<'_>) -> Markup {
    let all = &report.outcome.trades;
    let shown = gravest(all);
    html! {
        @if all.is_empty() { p.note { "There were none." } } @else {
            @if shown.len() < all.len() {
                p.note {
                    "The " (count(shown.len())) " of " (count(all.len())) " that won or lost most. The JSON of this run has all of them."
                }
            }
            (filter())
            div.scroll tabindex="0" role="region" aria-label="Trades" {
                table #trade-table data-sortable {
                    caption { span { "Positions from opening to end; money in " (report.outcome.currency) ". Net is after fees and funding." } }
                    thead { tr {
                        @for (name, is_number) in COLUMNS { th.n[is_number] scope="col" { (name) } }
                    } }
                    tbody { @for (number, trade) in shown { (row(number, trade)) } }
                }
            }
        }
    }
}

/// What is looked for first comes first: a narrow screen shows only these.
const COLUMNS: [(&str, bool); 15] = [
    ("No.", true),
    ("Contract", false),
    ("Side", false),
    ("Net", true),
    ("Opened", false),
    ("Closed", false),
    ("Entry", true),
    ("Exit", true),
    ("Quantity", true),
    ("Profit", true),
    ("Fees", true),
    ("Funding", true),
    ("Ended by", false),
    ("Strategy", false),
    ("Account", false),
];

fn filter() -> Markup {
    html! {
        div.filter data-table="trade-table" {
            label { "Filter " input type="search" placeholder="contract, strategy, date" autocomplete="off"; }
            label {
                "Outcome "
                select {
                    option value="" { "all" }
                    @for outcome in ["won", "lost", "even", "open"] { option value=(outcome) { (outcome) } }
                }
            }
            output {}
        }
    }
}

/// With their numbers, in the order in which they ended; the smallest left out where there are too many.
fn gravest(trades: &[RoundTrip]) -> Vec<(usize, &RoundTrip)> {
    let mut numbered: Vec<(usize, &RoundTrip)> = (1..).zip(trades).collect();
    if numbered.len() > MOST {
        numbered.sort_by_key(|(number, trade)| (trade.closed.is_some(), Reverse(trade.net().abs()), *number));
        numbered.truncate(MOST);
        numbered.sort_by_key(|(number, _)| *number);
    }
    numbered
}

fn row(number: usize, trade: &RoundTrip) -> Markup {
    let net = trade.net();
    html! {
        tr data-outcome=(outcome(trade, net)) {
            td.n { (number) }
            td { (trade.symbol) }
            td { (trade.direction) }
            (money(net))
            td { (minute(trade.opened)) }
            td { (trade.closed.map(minute).unwrap_or_default()) }
            td.n { (short(trade.entry)) }
            td.n { (trade.exit.map(short).unwrap_or_default()) }
            td.n { (trade.quantity) }
            (money(trade.profit))
            td.n { (amount(trade.fees)) }
            td.n { (amount(trade.funding)) }
            td { (trade.ended_by.as_deref().unwrap_or_default().replace('_', " ")) }
            td { (trade.strategy) }
            td { (trade.account) }
        }
    }
}

/// An average price has more digits than anyone reads.
fn short(price: Price) -> Decimal {
    price.get().round_sf(9).unwrap_or(price.get()).normalize()
}

fn outcome(trade: &RoundTrip, net: Money) -> &'static str {
    match (trade.closed, net.is_positive(), net.is_negative()) {
        (None, ..) => "open",
        (_, true, _) => "won",
        (_, _, true) => "lost",
        _ => "even",
    }
}

#[cfg(test)]
mod tests {
    use super::{MOST, gravest};
    use crate::statistics::fixture::trade;

    #[test]
    fn of_too_many_trades_the_smallest_are_left_out_and_what_is_open_stays() {
        let mut trades: Vec<_> = (0..3000).map(|hour| trade(hour, Some(hour + 1), "0.1", "0", "0")).collect();
        trades[1700] = trade(1700, Some(1701), "-50", "0", "0");
        trades[10] = trade(10, Some(11), "50", "0", "0");
        trades.push(trade(3000, None, "0", "0", "0"));
        let shown = gravest(&trades);
        assert_eq!(shown.len(), MOST);
        let numbers: Vec<usize> = shown.iter().map(|(number, _)| *number).collect();
        assert!(numbers.is_sorted());
        assert!([11, 1701, 3001].iter().all(|number| numbers.contains(number)));
        assert_eq!(gravest(&trades[..5]).len(), 5);
    }
}
