//! How far reading has come, for people at a terminal.

use indicatif::{ProgressBar, ProgressStyle};
use plimsoll_history::Progress;
use std::io::IsTerminal;

/// A line that is drawn over itself and leaves nothing behind; nothing at all where nobody looks.
pub(super) struct Bar(ProgressBar);

impl Bar {
    pub(super) fn new(json: bool) -> Self {
        if json || !std::io::stderr().is_terminal() {
            return Self(ProgressBar::hidden());
        }
        let style = ProgressStyle::with_template("  {msg} {bar:40} {percent} %, {eta} left");
        let bar = ProgressBar::new(0);
        Self(style.map_or_else(|_| bar.clone(), |style| bar.clone().with_style(style)))
    }

    /// Is at this, so far.
    pub(super) fn tell(&self, what: &'static str, progress: Progress) {
        self.0.set_message(what);
        if let Some(total) = progress.total {
            self.0.set_length(total);
        }
        self.0.set_position(progress.done);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
