//! Contracts that no desk knows yet: they are read before anything takes effect, so that no desk has to wait for them.

use crate::desk::Desk;
use crate::failure::Failure;
use futures_util::future::try_join_all;
use plimsoll_domain::{AccountId, Instrument};
use plimsoll_engine::trading::Unlisted;
use plimsoll_ports::Broker;
use std::time::Duration;

/// A venue that takes longer cannot be asked now.
const PATIENCE: Duration = Duration::from_secs(10);

/// Each of these with its account; all are asked for at once.
///
/// # Errors
/// One cannot be read: which, and what to do.
pub(super) async fn read(unlisted: &[Unlisted], desks: &[Desk]) -> Result<Vec<(AccountId, Instrument)>, Failure> {
    try_join_all(unlisted.iter().map(|it| ask(it, desks))).await
}

async fn ask(it: &Unlisted, desks: &[Desk]) -> Result<(AccountId, Instrument), Failure> {
    let desk = desks.iter().find(|desk| desk.account.name == it.account);
    let desk = desk.ok_or_else(|| refused(it, "the account is not guarded here"))?;
    Ok((it.account.clone(), one(it, &*desk.venue.broker, PATIENCE).await?))
}

async fn one(it: &Unlisted, broker: &dyn Broker, patience: Duration) -> Result<Instrument, Failure> {
    match tokio::time::timeout(patience, broker.instrument(&it.symbol)).await {
        Ok(read) => read.map_err(|error| refused(it, &error.to_string())),
        Err(_) => Err(refused(it, &format!("no answer within {} s", patience.as_secs()))),
    }
}

fn refused(it: &Unlisted, why: &str) -> Failure {
    let Unlisted { strategy, account, symbol } = it;
    Failure::usage(format!(
        "strategies.{strategy}: {symbol} of account '{account}' cannot be read: {why}; correct the contract if the venue has none \
         by this name, or read the configuration again once the venue answers"
    ))
}
