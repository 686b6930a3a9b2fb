//! Alerts in the log, for when nobody is connected to hear them.

use async_trait::async_trait;
use plimsoll_ports::{Alert, Notifier, NotifyError, Severity};

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
