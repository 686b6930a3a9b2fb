//! Alerts in the log, for when nobody is connected to hear them.

use async_trait::async_trait;
use plimsoll_ports::{Alert, Notifier, NotifyError, Severity};
use std::io::IsTerminal;
use std::sync::OnceLock;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

/// What the log takes, where there is one.
static WANTED: OnceLock<Targets> = OnceLock::new();

/// Tells of a failure where people look for one, once: in the log, or on stderr where the log does not take it.
pub(crate) fn failed(said: &str, why: &str) {
    tracing::error!(why, "{said}");
    let is_logged = WANTED.get().is_some_and(|wanted| wanted.would_enable(module_path!(), &tracing::Level::ERROR));
    if !is_logged {
        crate::screen::aside(format!("{said}: {why}"));
    }
}

/// Sends the log to stderr, as much of it as the variable `PLIMSOLL_LOG` asks for (`warn`, `plimsoll=info`, ...): nothing
/// if it is not set. With `PLIMSOLL_LOG_FORMAT=json` each line is one JSON object.
pub(crate) fn log_to_stderr() {
    let Some(asked) = std::env::var("PLIMSOLL_LOG").ok().filter(|asked| !asked.is_empty()) else { return };
    let wanted = asked.parse::<Targets>().unwrap_or_else(|error| {
        crate::screen::aside(format!(
            "PLIMSOLL_LOG={asked}: {error}; taken as warn. It is a level, or several like plimsoll_engine=debug,warn"
        ));
        Targets::new().with_default(LevelFilter::WARN)
    });
    let wanted = WANTED.get_or_init(|| wanted).clone();
    let to_stderr = fmt::layer().with_writer(std::io::stderr);
    let log = tracing_subscriber::registry();
    if is_json() {
        log.with(to_stderr.json().with_filter(wanted)).init();
    } else {
        log.with(to_stderr.with_ansi(std::io::stderr().is_terminal()).with_filter(wanted)).init();
    }
}

fn is_json() -> bool {
    match std::env::var("PLIMSOLL_LOG_FORMAT").as_deref() {
        Ok("json") => true,
        Ok("" | "text") | Err(_) => false,
        Ok(other) => {
            crate::screen::aside(format!("PLIMSOLL_LOG_FORMAT={other}: it is text or json; taken as text"));
            false
        }
    }
}

/// Writes every alert to the log.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Log;

#[async_trait]
impl Notifier for Log {
    async fn notify(&self, alert: &Alert) -> Result<(), NotifyError> {
        let Alert { severity, key, title, body } = alert;
        match severity {
            Severity::Info => tracing::info!(%key, "{title}: {body}"),
            Severity::Warning => tracing::warn!(%key, "{title}: {body}"),
            Severity::Critical => tracing::error!(%key, "{title}: {body}"),
        }
        Ok(())
    }
}
