//! A ledger as lines of JSON.

use super::line::line;
use crate::failure::Failure;
use crate::screen;
use async_trait::async_trait;
use plimsoll_ports::{LedgerListener, LedgerRecord, StoreError, WholeLedger};
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::io::Write;

/// Prints every record.
pub(super) async fn print(ledger: &dyn WholeLedger) -> Result<(), Failure> {
    let mut printer = Printer { stopped: None };
    let outcome = ledger.tell(&mut printer).await;
    match printer.stopped {
        Some(failure) => Err(failure),
        None => outcome.map_err(Failure::unreachable),
    }
}

/// How many records there are, and what their lines come to: the same for the same ledger, whatever holds it.
pub(super) async fn digest(ledger: &dyn WholeLedger) -> Result<(u64, u64), Failure> {
    let mut digest = Digest { records: 0, hasher: DefaultHasher::new() };
    ledger.tell(&mut digest).await.map_err(Failure::unreachable)?;
    Ok((digest.records, digest.hasher.finish()))
}

struct Printer {
    stopped: Option<Failure>,
}

#[async_trait]
impl LedgerListener for Printer {
    async fn hear(&mut self, records: Vec<LedgerRecord>) -> Result<(), StoreError> {
        let lines: String = records.iter().map(|record| line(record) + "\n").collect();
        screen::written(std::io::stdout().write_all(lines.as_bytes())).map_err(|failure| {
            let why = StoreError::Unreachable(failure.message().to_owned());
            self.stopped = Some(failure);
            why
        })
    }
}

struct Digest {
    records: u64,
    hasher: DefaultHasher,
}

#[async_trait]
impl LedgerListener for Digest {
    async fn hear(&mut self, records: Vec<LedgerRecord>) -> Result<(), StoreError> {
        for record in &records {
            line(record).hash(&mut self.hasher);
            self.records += 1;
        }
        Ok(())
    }
}
