//! The summary in plain text.

use super::Report;
use super::figures::{amount, change, count, moment, or_not, signed, span};
use super::sparkline::sparkline;
use super::summary::{Section, basis, ledger, sections};
use rust_decimal::prelude::ToPrimitive;
use std::fmt::Write;

const WIDTH: usize = 80;

pub(super) fn write(report: &Report<'_>) -> String {
    let mut text = String::new();
    // Writing to a text cannot fail.
    let _ = head(&mut text, report)
        .and_then(|()| sections(report).iter().try_for_each(|it| section(&mut text, it)))
        .and_then(|()| months(&mut text, report))
        .and_then(|()| strategies(&mut text, report))
        .and_then(|()| sums(&mut text, report))
        .and_then(|()| writeln!(text, "\n{}", wrapped(&basis(report), WIDTH)));
    text
}

fn head(text: &mut String, report: &Report<'_>) -> std::fmt::Result {
    let run = report.outcome;
    writeln!(text, "{}", run.kind.title(&run.strategies))?;
    let period = span(report.statistics.period);
    writeln!(text, "{} to {} UTC: {period}, {} events", moment(run.from), moment(run.to), count(run.events))?;
    writeln!(text, "Hash {}", run.hash)?;
    if !report.reconciliation.adds_up() {
        writeln!(text, "\n{}", "!".repeat(WIDTH))?;
        writeln!(text, "THIS RUN DOES NOT ADD UP. BELIEVE NONE OF ITS FIGURES.")?;
        for mismatch in &report.reconciliation.mismatches {
            writeln!(text, "{}", wrapped(&format!("- {mismatch}"), WIDTH))?;
        }
        writeln!(text, "{}", "!".repeat(WIDTH))?;
    }
    if run.stops().next().is_some() {
        writeln!(text)?;
    }
    for stop in run.stops() {
        writeln!(text, "{}", wrapped(&super::summary::stopped(stop), WIDTH))?;
    }
    let equities: Vec<f64> = run.curve.iter().filter_map(|point| point.equity.get().to_f64()).collect();
    writeln!(text, "\nEquity  {} to {} {}", amount(run.opening), amount(run.equity), run.currency)?;
    if !equities.is_empty() {
        writeln!(text, "  {}", sparkline(&equities, WIDTH - 2))?;
    }
    Ok(())
}

fn section(text: &mut String, section: &Section) -> std::fmt::Result {
    writeln!(text, "\n{}", section.title)?;
    for row in &section.rows {
        let line = format!("  {:<25} {:>18}  {}", row.name, row.value, row.note);
        if line.chars().count() <= WIDTH {
            writeln!(text, "{}", line.trim_end())?;
            continue;
        }
        writeln!(text, "  {:<25} {:>18}", row.name, row.value)?;
        for line in wrapped(&row.note, WIDTH - 6).lines() {
            writeln!(text, "      {line}")?;
        }
    }
    Ok(())
}

fn months(text: &mut String, report: &Report<'_>) -> std::fmt::Result {
    if report.statistics.months.is_empty() {
        return Ok(());
    }
    writeln!(text, "\nMonths")?;
    for month in &report.statistics.months {
        let name = format!("{:04}-{:02}", month.year, month.month);
        writeln!(text, "  {name:<25} {:>18}  {}", or_not(month.result, change), signed(month.closing - month.opening))?;
    }
    Ok(())
}

fn strategies(text: &mut String, report: &Report<'_>) -> std::fmt::Result {
    writeln!(
        text,
        "\n{:<20} {:>6} {:>13} {:>11} {:>11} {:>13}",
        "Strategy", "trades", "profit", "fees", "funding", "net"
    )?;
    for it in &report.statistics.strategies {
        let money = [signed(it.profit), amount(it.fees), amount(it.funding), signed(it.net)];
        let [profit, fees, funding, net] = money;
        writeln!(text, "  {:<18} {:>6} {profit:>13} {fees:>11} {funding:>11} {net:>13}", it.name, count(it.trades))?;
    }
    Ok(())
}

fn sums(text: &mut String, report: &Report<'_>) -> std::fmt::Result {
    let verdict = if report.reconciliation.adds_up() { "adds up to the last digit" } else { "DOES NOT ADD UP" };
    writeln!(text, "\nLedger: {verdict}")?;
    for (name, sum) in ledger(report) {
        writeln!(text, "  {name:<25} {sum:>18}")?;
    }
    Ok(())
}

/// Broken at spaces, so that lines are no longer than that.
fn wrapped(text: &str, width: usize) -> String {
    let mut lines = String::new();
    let mut length = 0;
    for word in text.split(' ') {
        let letters = word.chars().count();
        if length > 0 && length + 1 + letters > width {
            lines.push('\n');
            length = 0;
        } else if length > 0 {
            lines.push(' ');
            length += 1;
        }
        lines.push_str(word);
        length += letters;
    }
    lines
}
