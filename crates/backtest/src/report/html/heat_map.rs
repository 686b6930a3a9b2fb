//! A figure over two parameters.

use crate::report::figures::ratio;
use crate::report::sweep::{SweepOutcome, SweepRow};
use maud::{Markup, html};
use std::cmp::Ordering;

/// A figure of a row.
pub(super) type Figure = fn(&SweepRow) -> Option<f64>;

/// The values of two parameters, each in its order, and the colour scale that all maps of a sweep share.
pub(super) struct Map<'a> {
    sweep: &'a SweepOutcome,
    names: [&'a str; 2],
    across: Vec<&'a str>,
    down: Vec<&'a str>,
    /// The figure furthest from zero.
    furthest: f64,
}

impl<'a> Map<'a> {
    pub(super) fn of(sweep: &'a SweepOutcome, across: &'a str, down: &'a str) -> Self {
        let figures = sweep.rows.iter().flat_map(|row| [row.in_sample, row.out_of_sample]).flatten();
        Self {
            sweep,
            names: [across, down],
            across: values(sweep, across),
            down: values(sweep, down),
            furthest: figures.filter(|it| it.is_finite()).fold(0.0, |most, it| it.abs().max(most)),
        }
    }

    pub(super) fn draw(&self, title: &str, figure: Figure) -> Markup {
        let best = self.sweep.best();
        html! {
            div.scroll.heat-map tabindex="0" role="region" aria-label=(title) {
                table {
                    caption { span { b { (title) } ": " (self.names[0]) " across →, " (self.names[1]) " down ↓" } }
                    thead {
                        tr {
                            td {}
                            @for value in &self.across { th scope="col" { (value) } }
                        }
                    }
                    tbody {
                        @for down in &self.down {
                            tr {
                                th scope="row" { (down) }
                                @for across in &self.across { (self.field(across, down, figure, best)) }
                            }
                        }
                    }
                }
            }
        }
    }

    fn field(&self, across: &str, down: &str, figure: Figure, best: Option<&SweepRow>) -> Markup {
        let is_here =
            |row: &SweepRow| row.parameter(self.names[0]) == Some(across) && row.parameter(self.names[1]) == Some(down);
        let rows: Vec<&SweepRow> = self.sweep.rows.iter().filter(|row| is_here(row)).collect();
        let middle = median(rows.iter().filter_map(|row| figure(row)).filter(|it| it.is_finite()).collect());
        html! {
            td.best[best.is_some_and(is_here)] style=[middle.map(|it| self.colour(it))] {
                @if let Some(middle) = middle { (ratio(middle)) }
                @if rows.len() > 1 { small { "of " (rows.len()) } }
            }
        }
    }

    /// Fainter nearer to zero, and never so strong that the figure on it is hard to read.
    fn colour(&self, figure: f64) -> String {
        let strength = if self.furthest > 0.0 { (figure.abs() / self.furthest).min(1.0) * 48.0 } else { 0.0 };
        let colour = if figure < 0.0 { "down" } else { "up" };
        format!("background:color-mix(in srgb,var(--{colour}) {strength:.0}%,var(--panel))")
    }
}

/// Each value of a parameter once: by number if all are numbers.
fn values<'a>(sweep: &'a SweepOutcome, name: &str) -> Vec<&'a str> {
    let mut values: Vec<&str> = sweep.rows.iter().filter_map(|row| row.parameter(name)).collect();
    values.sort_unstable();
    values.dedup();
    if values.iter().all(|value| value.parse::<f64>().is_ok()) {
        let number = |value: &str| value.parse::<f64>().unwrap_or_default();
        values.sort_by(|one, other| number(one).partial_cmp(&number(other)).unwrap_or(Ordering::Equal));
    }
    values
}

fn median(mut figures: Vec<f64>) -> Option<f64> {
    figures.sort_by(f64::total_cmp);
    let upper = figures.len() / 2;
    let lower = figures.len().checked_sub(1)? / 2;
    Some((figures.get(lower)? + figures.get(upper)?) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::median;

    #[test]
    fn the_middle_of_figures() {
        for (figures, expected) in
            [(vec![], None), (vec![3.0], Some(3.0)), (vec![4.0, 1.0], Some(2.5)), (vec![9.0, 1.0, 2.0], Some(2.0))]
        {
            assert_eq!(median(figures), expected);
        }
    }
}
