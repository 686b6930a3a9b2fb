//! Months, strategies, the ledger and incidents.

use super::shell::verdict_class;
use crate::report::Report;
use crate::report::figures::{amount, change, count, moment, signed};
use crate::report::summary;
use crate::statistics::Month;
use maud::{Markup, html};
use plimsoll_domain::Money;
use std::collections::BTreeMap;

const NAMES: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// More than this are not read.
const MOST_INCIDENTS: usize = 500;

pub(super) fn months(report: &Report<'_>) -> Markup {
    let mut years: BTreeMap<i32, Vec<&Month>> = BTreeMap::new();
    for month in &report.statistics.months {
        years.entry(month.year).or_default().push(month);
    }
    html! {
        @if years.is_empty() { p.note { "The run has no equity curve." } } @else {
            div.scroll tabindex="0" role="region" aria-label="Monthly returns" {
                table {
                    caption { span { "Returns by month, in percent of the equity that the month began with" } }
                    thead {
                        tr { th scope="col" { "Year" } @for name in NAMES { th.n scope="col" { (name) } } th.n scope="col" { "Year" } }
                    }
                    tbody {
                        @for (year, months) in &years {
                            tr {
                                th scope="row" { (year) }
                                @for number in 1..=12_u8 {
                                    (fraction(months.iter().find(|month| month.month == number).and_then(|it| it.result)))
                                }
                                (fraction(whole(months)))
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The months of a year together; `None` if one has none.
fn whole(months: &[&Month]) -> Option<f64> {
    months.iter().try_fold(1.0, |product, month| Some(product * (1.0 + month.result?))).map(|product| product - 1.0)
}

fn fraction(result: Option<f64>) -> Markup {
    let sign = verdict_class(result.is_some_and(|it| it > 0.0), result.is_some_and(|it| it < 0.0));
    html! { td.n.(sign) { (result.map(change).unwrap_or_default()) } }
}

/// A cell of money with its sign, coloured by it.
pub(super) fn money(sum: Money) -> Markup {
    html! { td.n.(verdict_class(sum.is_positive(), sum.is_negative())) { (signed(sum)) } }
}

pub(super) fn strategies(report: &Report<'_>) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label="Strategies" {
            table data-sortable {
                caption { span { "What each strategy earned and paid, in " (report.outcome.currency) "; of what is held still, what was realised" } }
                thead {
                    tr {
                        th scope="col" { "Strategy" }
                        @for name in ["Trades", "Profit", "Fees paid", "Funding paid", "Net"] { th.n scope="col" { (name) } }
                    }
                }
                tbody {
                    @for it in &report.statistics.strategies {
                        tr {
                            th scope="row" { (it.name) }
                            td.n { (count(it.trades)) }
                            (money(it.profit))
                            td.n { (amount(it.fees)) }
                            td.n { (amount(it.funding)) }
                            (money(it.net))
                        }
                    }
                }
            }
        }
    }
}

pub(super) fn ledger(report: &Report<'_>) -> Markup {
    html! {
        table.figures {
            caption { "From the first wallets to equity at last, to the last digit, in " (report.outcome.currency) }
            tbody {
                @for (name, sum) in summary::ledger(report) {
                    tr.sum[name.ends_with("at last")] { th scope="row" { (name) } td { (sum) } }
                }
            }
        }
    }
}

pub(super) fn incidents(report: &Report<'_>) -> Markup {
    let all = &report.outcome.incidents;
    html! {
        @if all.is_empty() { p.note { "None: no liquidation, no refusal, no gap." } } @else {
            @if all.len() > MOST_INCIDENTS {
                p.note { "The first " (count(MOST_INCIDENTS)) " of " (count(all.len())) ". The JSON of this run has all of them." }
            }
            div.scroll tabindex="0" role="region" aria-label="Incidents" {
                table data-sortable {
                    caption { span { "What a person should know of" } }
                    thead { tr { @for name in ["Time", "Kind", "What happened"] { th scope="col" { (name) } } } }
                    tbody {
                        @for it in all.iter().take(MOST_INCIDENTS) {
                            tr { td { (moment(it.time)) } td { (it.kind) } td.wrap { (it.text) } }
                        }
                    }
                }
            }
        }
    }
}
