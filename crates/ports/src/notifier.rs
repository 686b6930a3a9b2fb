//! Alerts to a person.

use async_trait::async_trait;

/// Tells a person.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait Notifier: Send + Sync {
    /// Sends one alert. A failure is reported, never a reason to stop protecting positions.
    async fn notify(&self, alert: &Alert) -> Result<(), NotifyError>;
}

/// Something a person should know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// How urgent.
    pub severity: Severity,
    /// What it is about (`margin/main/BTC/USDT:USDT`): alerts of one key have a cooldown.
    pub key: String,
    /// One line.
    pub title: String,
    /// The figures.
    pub body: String,
}

/// How urgent an alert is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Good to know.
    Info,
    /// Look at it today.
    Warning,
    /// Look at it now.
    Critical,
}

/// An alert that reached nobody.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the alert was not delivered: {0}")]
pub struct NotifyError(pub String);
