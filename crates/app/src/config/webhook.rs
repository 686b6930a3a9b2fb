//! Where `run` posts alerts.

use super::account::optional_secret;
use super::address::{self, Address};
use super::reader::{Reader, Section};
use super::secret::SecretPlace;

/// The webhook that is told of alerts.
#[derive(Debug, Clone)]
pub(crate) struct WebhookConfig {
    pub(crate) address: Address,
    /// Where the secret is that signs what is posted.
    pub(crate) secret: Option<SecretPlace>,
}

pub(super) fn read(root: &mut Section<'_>, reader: &mut Reader<'_>) -> Option<WebhookConfig> {
    let origin = root.place_of(reader, "webhook");
    let mut section = root.section(reader, "webhook");
    let address = address::read(&mut section, reader, origin);
    let secret = optional_secret(&mut section, reader, ["secret_env", "secret_file"]);
    section.refuse_unknown(reader);
    Some(WebhookConfig { address: address?, secret })
}
