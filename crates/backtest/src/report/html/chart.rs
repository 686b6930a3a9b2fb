//! A chart: lines stretched to any size, with figures beside it that keep theirs.

use super::scale::{Times, Values};
use maud::{Markup, PreEscaped, html};
use plimsoll_domain::Timestamp;
use serde::Serialize;
use std::fmt::Write;

/// A chart of one thing over the time of the run.
pub(super) struct Chart<'a> {
    pub(super) title: &'a str,
    /// What is to be seen, for those who do not see it, and when nothing is pointed at.
    pub(super) resting: String,
    /// `short`, `tall`, or neither.
    pub(super) size: &'static str,
    pub(super) times: Times,
    pub(super) values: Values,
    /// What figures at the side end with.
    pub(super) suffix: &'static str,
    /// Lines and areas, with their classes.
    pub(super) layers: Vec<(&'static str, String)>,
    /// Signs of a size of their own.
    pub(super) marks: Vec<Mark>,
    /// What the lines and signs mean.
    pub(super) keys: Vec<Markup>,
    pub(super) hover: Hover,
}

/// A sign at a place.
pub(super) struct Mark {
    pub(super) class: &'static str,
    pub(super) time: Timestamp,
    pub(super) value: f64,
}

/// What is read out at a point.
#[derive(Serialize)]
pub(super) struct Hover {
    /// Seconds since 1970.
    pub(super) times: Vec<i64>,
    pub(super) rows: Vec<HoverRow>,
}

#[derive(Serialize)]
pub(super) struct HoverRow {
    pub(super) name: &'static str,
    pub(super) values: Vec<String>,
}

#[derive(Serialize)]
struct Data<'a> {
    from: i64,
    to: i64,
    #[serde(flatten)]
    hover: &'a Hover,
}

pub(super) fn seconds(time: Timestamp) -> i64 {
    time.as_millis().div_euclid(1000)
}

/// A key of a line in this colour.
pub(super) fn line_key(colour: &str, text: &str) -> Markup {
    html! { span.key { i.stroke style={ "color:var(--" (colour) ")" } {} (text) } }
}

/// A key of a sign.
pub(super) fn mark_key(class: &str, text: &str) -> Markup {
    html! { span.key { i.m.(class) {} (text) } }
}

impl Chart<'_> {
    pub(super) fn draw(&self) -> Markup {
        let marks = self.marks.iter().filter(|mark| self.values.holds(mark.value));
        let ticks = self.values.ticks(if self.size == "short" { 3.0 } else { 5.0 }, self.suffix);
        html! {
            figure data-chart {
                figcaption { b { (self.title) } @for key in &self.keys { (key) } }
                output.readout { (self.resting) }
                div.frame.(self.size) {
                    div.plot tabindex="0" role="img" aria-label={ (self.title) ": " (self.resting) " Arrow keys read out points." } {
                        svg viewBox="0 0 1000 1000" preserveAspectRatio="none" aria-hidden="true" {
                            path.grid d=(grid(&ticks)) {}
                            @for (class, path) in &self.layers { path.(class) d=(path) {} }
                        }
                        @for mark in marks {
                            i.m.(mark.class) style={
                                "left:" (percent(self.times.share(mark.time))) ";top:" (percent(self.values.share(mark.value)))
                            } {}
                        }
                        div.cursor {}
                    }
                    @for (place, name) in &ticks { span.y style={ "top:" (percent(*place)) } { (name) } }
                    @for (place, name) in self.times.ticks() {
                        // What would stand out at the right is left out.
                        @if place < 0.97 { span.x style={ "left:" (percent(place)) } { (name) } }
                    }
                }
                script type="application/json" { (self.data()) }
            }
        }
    }

    /// In a script nothing is escaped, so that what could end it is written otherwise.
    fn data(&self) -> PreEscaped<String> {
        let data = Data { from: seconds(self.times.from), to: seconds(self.times.to), hover: &self.hover };
        let nothing = r#"{"from":0,"to":0,"times":[],"rows":[]}"#;
        let json = serde_json::to_string(&data).unwrap_or_else(|_| nothing.to_owned());
        PreEscaped(json.replace('<', "\\u003c"))
    }
}

fn grid(ticks: &[(f64, String)]) -> String {
    ticks.iter().map(|(place, _)| format!("M0 {:.1}H1000", place * 1000.0)).collect()
}

fn percent(share: f64) -> String {
    format!("{:.2}%", share * 100.0)
}

/// A line through points.
pub(super) fn line(points: impl IntoIterator<Item = (f64, f64)>) -> String {
    let mut path = String::new();
    for (x, y) in points {
        let letter = if path.is_empty() { 'M' } else { 'L' };
        // Writing to a text cannot fail.
        let _ = write!(path, "{letter}{x:.1} {y:.1}");
    }
    path
}

/// The area between a line and a height.
pub(super) fn area(points: &[(f64, f64)], base: f64) -> String {
    let (Some(first), Some(last)) = (points.first(), points.last()) else { return String::new() };
    format!("{}L{:.1} {base:.1}L{:.1} {base:.1}Z", line(points.iter().copied()), last.0, first.0)
}
