//! Alerts in the log, for when nobody is connected to hear them.

use async_trait::async_trait;
use plimsoll_ports::{Alert, Notifier, NotifyError, Severity};
use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

/// Sends the log to stderr, as much of it as the variable `PLIMSOLL_LOG` asks for (`warn`, `plimsoll=info`, ...): nothing
/// if it is not set.
pub(crate) fn log_to_stderr() {
    let wanted = EnvFilter::builder().with_default_directive(LevelFilter::OFF.into());
    let wanted = wanted.with_env_var("PLIMSOLL_LOG").from_env_lossy();
    let is_terminal = std::io::stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(wanted).with_ansi(is_terminal).with_writer(std::io::stderr).init();
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
