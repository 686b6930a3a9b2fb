//! What every page of ours is wrapped in.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

const STYLE: &str = include_str!("../../../assets/page.css");
const SCRIPT: &str = include_str!("../../../assets/page.js");

/// The parts of a page.
pub(super) struct Page<'a> {
    pub(super) title: &'a str,
    pub(super) head: Markup,
    pub(super) body: Markup,
    pub(super) foot: Markup,
}

/// A whole document. It may fetch nothing, and may run no script but ours: a text that got past the escaping would
/// stay a text.
pub(super) fn page(page: &Page<'_>) -> String {
    let policy = format!(
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        STANDARD.encode(Sha256::digest(SCRIPT.as_bytes()))
    );
    let document = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (page.title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header { (page.head) }
                main { (page.body) }
                footer { (page.foot) }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    document.into_string()
}

/// The class of a figure above or below zero, which its sign says too.
pub(super) fn verdict_class(is_gain: bool, is_loss: bool) -> &'static str {
    match (is_gain, is_loss) {
        (true, _) => "gain",
        (_, true) => "loss",
        _ => "even",
    }
}
