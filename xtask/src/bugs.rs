//! Deliberate bugs: patches to a copy of the tree, each of which the seeds must find.

use crate::shell::root;
use anyhow::{Context, Result, bail, ensure};
use std::fs;
use std::path::{Path, PathBuf};

/// One bug: what is replaced, where, by what.
pub(crate) struct Bug {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    patches: &'static [Patch],
}

struct Patch {
    file: &'static str,
    /// It must be there once.
    text: &'static str,
    instead: &'static str,
}

const ORDER_PATH: &str = "crates/engine/src/order_path.rs";
const PROTECTING: &str = "crates/engine/src/position_manager/composed/protecting.rs";
const STOP_AHEAD: &str = "crates/engine/src/position_manager/composed/ahead.rs";

/// What a command with a bug is called: it is built where the true one is, and may not take its place.
pub(crate) fn with_a_bug(command: &str) -> String {
    format!("{command}-with-a-bug")
}

/// What keeps the copy apart from the true tree, beside whose artefacts its own are built: Cargo tells packages apart by
/// name, version and place within the workspace, and not by where the workspace is.
const APART: &[Patch] = &[
    Patch { file: "tests/Cargo.toml", text: "name = \"faults\"", instead: "name = \"faults-with-a-bug\"" },
    Patch { file: "tests/trial/Cargo.toml", text: "name = \"trial\"", instead: "name = \"trial-with-a-bug\"" },
    Patch { file: "Cargo.toml", text: "version = \"0.1.0\"", instead: "version = \"0.1.0-bug\"" },
];

pub(crate) const JOURNAL_AFTER_SEND: Bug = Bug {
    name: "journal-after-send",
    about: "an order is written down after it was sent",
    patches: &[Patch {
        file: ORDER_PATH,
        text: "        self.intend(order, purpose, intended_at, troubles).await?;
        let (answer, last_at) = self.place(order, stop, wait).await;",
        instead: "        let (answer, last_at) = self.place(order, stop, wait).await;
        self.intend(order, purpose, intended_at, troubles).await?;",
    }],
};

pub(crate) const DEDUPE_OFF: Bug = Bug {
    name: "dedupe-off",
    about: "a fill that is recorded already is taken for news",
    patches: &[Patch {
        file: "crates/engine/src/position_manager/settle.rs",
        text: "let is_new = |fill: &Fill| fill.position_side == side && !is_known(fill);",
        instead: "let is_new = |fill: &Fill| fill.position_side == side && (true || !is_known(fill));",
    }],
};

pub(crate) const STATE_DEDUPE_OFF: Bug = Bug {
    name: "state-dedupe-off",
    about: "a fill that the stream tells twice counts twice",
    patches: &[
        Patch {
            file: "crates/domain/src/account.rs",
            text: "if !contract.trades.learn(fill.trade_id.clone(), fill.time) {",
            instead: "if !contract.trades.learn(fill.trade_id.clone(), fill.time) && false {",
        },
        Patch {
            file: "crates/venue/src/follow/heard.rs",
            text: "matches!(event, AccountEvent::Fill(fill) if self.trades.contains(&key(fill)))",
            instead: "matches!(event, AccountEvent::Fill(fill) if self.trades.contains(&key(fill)) && false)",
        },
    ],
};

pub(crate) const RESEND_UNDER_NEW_ID: Bug = Bug {
    name: "resend-under-new-id",
    about: "an order without an answer is sent again by another name",
    patches: &[Patch {
        file: ORDER_PATH,
        text: "                self.record(order, JournalState::Unanswered, troubles).await;
                Ok(Dispatched { order_id: None, sent })",
        instead: "                self.record(order, JournalState::Unanswered, troubles).await;
                let mut again = order.clone();
                let mut name = order.client_order_id.to_string();
                let attempt = name.pop().unwrap_or('0');
                name.push(char::from_u32(u32::from(attempt) + 1).unwrap_or('z'));
                again.client_order_id = plimsoll_domain::ClientOrderId::reported(name);
                let _ = Box::pin(self.dispatch((&again, stop), purpose, wait, troubles)).await;
                Ok(Dispatched { order_id: None, sent })",
    }],
};

pub(crate) const STOP_NOT_RESTORED: Bug = Bug {
    name: "stop-not-restored",
    about: "protection that is owed or lost is not placed again",
    patches: &[Patch {
        file: "crates/engine/src/position_manager/reconcile/restore.rs",
        text: "if let Some(trigger) = meant.entry.order.kind.trigger() {",
        instead: "if let Some(trigger) = meant.entry.order.kind.trigger().filter(|_| false) {",
    }],
};

pub(crate) const STOP_NOT_MOVED: Bug = Bug {
    name: "stop-not-moved",
    about: "what an entry has filled in part waits for its stop until the rest has filled",
    patches: &[
        Patch {
            file: PROTECTING,
            text: "if parts.filled(Purpose::Entry).is_zero() {",
            instead: "if parts.filled(Purpose::Entry) < opening.quantity.get() {",
        },
        Patch {
            file: PROTECTING,
            text: "return self.is_covered_by_the_view(&order)\n",
            instead: "return self.is_covered_by_the_view(&order) || true\n",
        },
        Patch {
            file: STOP_AHEAD,
            text: "if self.stops_follow() || is_held {",
            instead: "if self.stops_follow() || is_held || true {",
        },
    ],
};

pub(crate) const ATTACHED_FORGOTTEN: Bug = Bug {
    name: "attached-forgotten",
    about: "a stop that the venue has made of what an entry carried is nobody's",
    patches: &[Patch {
        file: "crates/engine/src/position_manager/attached.rs",
        text: "place_of(order).is_some_and(|place| self.carried_stops().contains(&place))",
        instead: "place_of(order).is_some_and(|place| self.carried_stops().contains(&place)) && false",
    }],
};

/// Every one of them.
#[cfg(test)]
const ALL: [&Bug; 7] = [
    &JOURNAL_AFTER_SEND,
    &DEDUPE_OFF,
    &STATE_DEDUPE_OFF,
    &RESEND_UNDER_NEW_ID,
    &STOP_NOT_RESTORED,
    &STOP_NOT_MOVED,
    &ATTACHED_FORGOTTEN,
];

/// Copies the tree to `target/bugs/tree` and puts the bug into the copy. Files that are the same there already are left
/// alone, so that only what differs is built again.
pub(crate) fn plant(bug: &Bug) -> Result<PathBuf> {
    let (from, to) = (root(), root().join("target/bugs/tree"));
    fs::create_dir_all(&to).with_context(|| format!("cannot make {}", to.display()))?;
    for part in ["Cargo.toml", "Cargo.lock", "rust-toolchain.toml", "crates", "tests", "xtask"] {
        copy(&from.join(part), &to.join(part), bug, part)?;
    }
    for patch in APART.iter().chain(bug.patches) {
        ensure!(from.join(patch.file).is_file(), "{}: there is no {}", bug.name, patch.file);
    }
    Ok(to)
}

fn copy(from: &Path, to: &Path, bug: &Bug, name: &str) -> Result<()> {
    if from.is_dir() {
        fs::create_dir_all(to).with_context(|| format!("cannot make {}", to.display()))?;
        for entry in fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))? {
            let entry = entry?.file_name();
            let inside = format!("{name}/{}", entry.to_string_lossy());
            copy(&from.join(&entry), &to.join(&entry), bug, &inside)?;
        }
        return Ok(());
    }
    let mut bytes = fs::read(from).with_context(|| format!("cannot read {}", from.display()))?;
    let patches = APART.iter().chain(bug.patches);
    for patch in patches.filter(|patch| patch.file == name) {
        bytes = patch.put_into(bytes, bug)?;
    }
    if fs::read(to).is_ok_and(|there| there == bytes) {
        return Ok(());
    }
    fs::write(to, bytes).with_context(|| format!("cannot write {}", to.display()))
}

impl Patch {
    fn put_into(&self, bytes: Vec<u8>, bug: &Bug) -> Result<Vec<u8>> {
        let text = String::from_utf8(bytes).with_context(|| format!("{} is no text", self.file))?;
        match text.matches(self.text).count() {
            1 => Ok(text.replacen(self.text, self.instead, 1).into_bytes()),
            0 => bail!("{}: {} has changed, and the text to replace is not there any more", bug.name, self.file),
            times => bail!("{}: the text to replace is {times} times in {}", bug.name, self.file),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bug_can_still_be_put_into_the_tree() {
        for bug in ALL {
            for patch in APART.iter().chain(bug.patches) {
                let bytes = fs::read(root().join(patch.file)).unwrap();
                patch.put_into(bytes, bug).unwrap();
            }
        }
    }
}
