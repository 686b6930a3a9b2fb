//! One TLS configuration for both kinds of sessions: rustls with ring, and the roots that browsers trust, compiled in.

use rustls::{ClientConfig, RootCertStore};
use std::sync::{Arc, OnceLock};

/// The configuration, made once. Roots are compiled in, so that a machine without a certificate store works too.
pub(crate) fn client_config() -> Arc<ClientConfig> {
    static CONFIG: OnceLock<Arc<ClientConfig>> = OnceLock::new();
    Arc::clone(CONFIG.get_or_init(|| {
        // Whoever installed a provider first keeps it; ours is then used for our own connections only.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let roots: RootCertStore = webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        #[expect(clippy::expect_used, reason = "ring offers the cipher suites of TLS 1.2 and 1.3")]
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("ring offers the cipher suites of TLS 1.2 and 1.3");
        Arc::new(builder.with_root_certificates(roots).with_no_client_auth())
    }))
}
