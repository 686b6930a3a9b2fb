//! Contracts that no desk knows yet: they are read before anything takes effect, so that no desk has to wait for them.

use crate::desk::Desk;
use crate::failure::Failure;
use futures_util::future::try_join_all;
use plimsoll_domain::{AccountId, Instrument};
use plimsoll_engine::trading::Unlisted;
use plimsoll_ports::QueryError;
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
    Ok((it.account.clone(), one(it, desk.venue.broker.instrument(&it.symbol), PATIENCE).await?))
}

async fn one(
    it: &Unlisted,
    asked: impl Future<Output = Result<Instrument, QueryError>>,
    patience: Duration,
) -> Result<Instrument, Failure> {
    match tokio::time::timeout(patience, asked).await {
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

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_ports::NotSent;
    use std::future::{pending, ready};

    fn unlisted() -> Unlisted {
        let symbol = "BTC/USDT:USDT".parse().unwrap();
        Unlisted { strategy: "cross".to_owned(), account: AccountId::new("main"), symbol }
    }

    #[tokio::test]
    async fn a_contract_of_an_account_that_is_not_guarded_is_not_asked_for() {
        let failure = read(&[unlisted()], &[]).await.unwrap_err();
        let expected =
            "strategies.cross: BTC/USDT:USDT of account 'main' cannot be read: the account is not guarded here;";
        assert!(failure.message().starts_with(expected), "{}", failure.message());
    }

    #[tokio::test]
    async fn why_a_contract_cannot_be_read_is_told_with_the_strategy_that_wants_it() {
        let gone = QueryError::Unreachable(NotSent::Disconnected("no route".to_owned()));
        let refused = one(&unlisted(), ready(Err(gone)), PATIENCE).await.unwrap_err();
        assert!(
            refused.message().contains("of account 'main' cannot be read") && refused.message().contains("no route")
        );
        let silent = one(&unlisted(), pending(), Duration::ZERO).await.unwrap_err();
        assert!(silent.message().contains("no answer within 0 s"), "{}", silent.message());
    }
}
