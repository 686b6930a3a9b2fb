//! The run as one page that needs nothing else: no network, no other file.

mod chart;
mod curves;
mod heat_map;
mod marks;
mod prices;
mod scale;
mod shell;
mod sweep_page;
mod tables;
mod thinned;
mod trades;

use super::Report;
use super::figures::{change, count, moment, or_not, percent, ratio, signed, span};
use super::summary::{basis, sections, stopped};
use maud::{Markup, html};
use shell::{Page, page, verdict_class};
pub(super) use sweep_page::sweep_page;

pub(super) fn write(report: &Report<'_>) -> String {
    let run = report.outcome;
    let title = run.kind.title(&run.strategies);
    let head = html! {
        h1 { (title) }
        p {
            (moment(run.from)) " to " (moment(run.to)) " UTC: " (span(report.statistics.period)) ", "
            (count(run.events)) " market events"
        }
        p.muted { "Hash " span.hash { (run.hash) } }
        (band(report))
        (tiles(report))
        nav aria-label="Sections" {
            @for (id, name) in SECTIONS { a href={ "#" (id) } { (name) } " " }
        }
    };
    let body = html! {
        section #equity { h2 { "Equity and drawdown" } (curves::equity(report)) (curves::drawdown(report)) }
        section #prices { h2 { "Prices, entries and exits" } (prices::charts(report)) }
        section #exposure { h2 { "Exposure" } (curves::exposure(report)) }
        section #funding { h2 { "Funding" } (curves::funding(report)) }
        (statistics(report))
        section #months { h2 { "Months" } (tables::months(report)) }
        section #strategies { h2 { "Strategies" } (tables::strategies(report)) }
        section #trades { h2 { "Trades" } (trades::table(report)) }
        section #incidents { h2 { "Incidents" } (tables::incidents(report)) }
    };
    page(&Page { title: &title, head, body, foot: html! { p { (basis(report)) " All times are UTC." } } })
}

const SECTIONS: [(&str, &str); 9] = [
    ("equity", "Equity"),
    ("prices", "Prices"),
    ("exposure", "Exposure"),
    ("funding", "Funding"),
    ("statistics", "Statistics"),
    ("months", "Months"),
    ("strategies", "Strategies"),
    ("trades", "Trades"),
    ("incidents", "Incidents"),
];

/// Whether a limit has stopped it, and whether it adds up; in red if it does not.
fn band(report: &Report<'_>) -> Markup {
    html! {
        @for it in report.outcome.stops() { p.band.bad role="alert" { b { (stopped(it)) } } }
        @if report.reconciliation.adds_up() {
            p.band.good { "Adds up to the last digit: fills, trades and curve agree with the exchange's ledger." }
        } @else {
            div.band.bad role="alert" {
                p { b { "This run does not add up. Believe none of its figures." } }
                ul { @for mismatch in &report.reconciliation.mismatches { li { (mismatch) } } }
            }
        }
    }
}

fn tiles(report: &Report<'_>) -> Markup {
    let (run, it) = (report.outcome, &report.statistics);
    let net = run.equity - run.opening;
    let sign = verdict_class(net.is_positive(), net.is_negative());
    let nearest = it.nearest_liquidation.as_ref();
    html! {
        ul.tiles {
            li { b.(sign) { (signed(net)) } span { "Net result, " (run.currency) } }
            li { b.(sign) { (or_not(it.total_return, change)) } span { "Total return" } }
            li { b { (or_not(it.drawdown, |it| percent(it.fraction))) } span { "Maximum drawdown" } }
            li { b { (or_not(it.sharpe, ratio)) } span { "Sharpe ratio, a year" } }
            li { b { (or_not(it.trades.win_rate, percent)) } span { "Won of " (count(it.trades.closed)) " trades" } }
            li { b { (or_not(nearest, |it| percent(it.distance))) } span { "Nearest liquidation" } }
        }
    }
}

fn statistics(report: &Report<'_>) -> Markup {
    html! {
        div #statistics .columns {
            @for section in sections(report) {
                section {
                    h2 { (section.title) }
                    table.figures {
                        caption.said { (section.title) " in figures" }
                        tbody {
                            @for row in section.rows {
                                tr {
                                    th scope="row" { (row.name) }
                                    td { (row.value) @if !row.note.is_empty() { small { (row.note) } } }
                                }
                            }
                        }
                    }
                }
            }
            section { h2 { "Ledger" } (tables::ledger(report)) }
        }
    }
}
