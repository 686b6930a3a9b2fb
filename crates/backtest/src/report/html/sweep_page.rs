//! The page of a sweep.

use super::heat_map::Map;
use super::shell::{Page, page};
use crate::honesty::{Deflated, Overfitting};
use crate::report::figures::{NOT_AVAILABLE, count, minute, or_not, percent, ratio};
use crate::report::sweep::{SweepOutcome, SweepRow};
use maud::{Markup, html};
use plimsoll_domain::Timestamp;

/// More rows than this make a page slow.
const MOST: usize = 2000;

/// What is asked of a result before it is believed.
const ENOUGH: f64 = 0.95;

pub(in crate::report) fn sweep_page(sweep: &SweepOutcome, across: &str, down: &str) -> String {
    let map = Map::of(sweep, across, down);
    let head = html! {
        h1 { (sweep.title) }
        p { "Chosen from " (between(sweep.in_sample)) ", tried on " (between(sweep.out_of_sample)) " UTC" }
        (verdict(sweep))
        (tiles(sweep))
    };
    let body = html! {
        section {
            h2 { (sweep.figure) }
            p.note {
                "Both maps have one scale. The field of the combination that is best in sample has a frame. "
                "A good field among bad ones is luck more often than not."
            }
            div.heat {
                (map.draw("In sample", |row| row.in_sample))
                (map.draw("Out of sample", |row| row.out_of_sample))
            }
        }
        section { h2 { "All combinations" } (table(sweep)) }
    };
    let foot = html! {
        p {
            "The deflated Sharpe ratio is the probability that the true ratio of the best combination is above what the best of "
            "as many worthless ones would show (Bailey and López de Prado, 2014). Each combination counts as a trial of its own; "
            "trials that were made and are not in this table are not counted."
        }
    };
    page(&Page { title: &sweep.title, head, body, foot })
}

fn between((from, to): (Timestamp, Timestamp)) -> String {
    format!("{} to {}", minute(from), minute(to))
}

fn verdict(sweep: &SweepOutcome) -> Markup {
    let trials = count(sweep.rows.len());
    match sweep.deflated() {
        Some(Deflated { probability, .. }) if probability >= ENOUGH => html! {
            div.band.good {
                p.verdict { b { (percent(probability)) } " deflated Sharpe ratio of the best of " b { (trials) } " trials" }
                p { "Having tried so many does not explain it. It still has to do well out of sample." }
            }
        },
        Some(Deflated { probability, .. }) => html! {
            div.band.bad role="alert" {
                p.verdict { b { (percent(probability)) } " deflated Sharpe ratio of the best of " b { (trials) } " trials" }
                p { "The best of so many may well be this good by luck alone: 95 % is what is asked for." }
            }
        },
        None => html! {
            div.band.bad role="alert" {
                p.verdict { "Deflated Sharpe ratio " b { (NOT_AVAILABLE) } ", " b { (trials) } " trials" }
                p { "The best combination has too few returns to be judged." }
            }
        },
    }
}

fn tiles(sweep: &SweepOutcome) -> Markup {
    let best = sweep.best();
    let deflated = sweep.deflated();
    let record = best.and_then(|row| row.record);
    html! {
        ul.tiles {
            li { b { (or_not(best.and_then(|row| row.in_sample), ratio)) } span { "Best in sample" } }
            li { b { (or_not(best.and_then(|row| row.out_of_sample), ratio)) } span { "The same out of sample" } }
            li { b { (or_not(record, |it| fine(it.sharpe))) } span { "Its Sharpe ratio a step" } }
            li { b { (or_not(deflated, |it| fine(it.expected_maximum))) } span { "Expected of luck alone" } }
            @if let Some(Overfitting { probability, .. }) = sweep.overfitting {
                li { b { (percent(probability)) } span { "Probability of overfitting" } }
            }
        }
        @if let Some(best) = best {
            p { "Best in sample: " (parameters(best)) }
        }
    }
}

/// Ratios of a step are small.
fn fine(value: f64) -> String {
    format!("{value:.4}")
}

fn parameters(row: &SweepRow) -> String {
    row.parameters.iter().map(|(name, value)| format!("{name} {value}")).collect::<Vec<_>>().join(", ")
}

fn table(sweep: &SweepOutcome) -> Markup {
    let mut rows: Vec<&SweepRow> = sweep.rows.iter().collect();
    let worst_last = |row: &SweepRow| row.in_sample.filter(|it| it.is_finite()).unwrap_or(f64::NEG_INFINITY);
    rows.sort_by(|one, other| worst_last(other).total_cmp(&worst_last(one)));
    html! {
        @if rows.len() > MOST { p.note { "The best " (count(MOST)) " of " (count(rows.len())) " in sample." } }
        div.filter data-table="sweep-table" {
            label { "Filter " input type="search" placeholder="value, hash" autocomplete="off"; }
            output {}
        }
        div.scroll tabindex="0" role="region" aria-label="All combinations" {
            table #sweep-table data-sortable {
                caption { span { (sweep.figure) " of each combination; trades in sample" } }
                thead {
                    tr {
                        @for name in sweep.parameters() { th scope="col" { (name) } }
                        @for name in ["In sample", "Out of sample", "Trades"] { th.n scope="col" { (name) } }
                        th scope="col" { "Hash" }
                    }
                }
                tbody {
                    @for row in rows.into_iter().take(MOST) {
                        tr {
                            @for (_, value) in &row.parameters { td { (value) } }
                            td.n { (or_not(row.in_sample, ratio)) }
                            td.n { (or_not(row.out_of_sample, ratio)) }
                            td.n { (count(row.trades)) }
                            td.hash title=(row.hash) { (row.hash.chars().take(12).collect::<String>()) }
                        }
                    }
                }
            }
        }
    }
}
