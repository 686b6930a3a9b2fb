//! The venue's list of contracts: remembered for a while, and asked of by whoever names one.
//!
//! Names of contracts do not change, so nothing that names a known one waits for a fresh list: an order least of all.

mod contract;

pub use contract::ListedContract;

use crate::call_error::CallError;
use crate::client::{Client, Rest};
use crate::json::DecodeError;
use crate::remembered::Remembered;
use crate::unread::Unread;
use contract::with_delisted;
use plimsoll_domain::{ContractStatus, Symbol, Timestamp};
use plimsoll_ports::{Refusal, RefusalReason};
use plimsoll_transport::Priority;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// A venue whose list of contracts can be read.
pub trait Lists: Rest + Sized {
    /// A row of the list.
    type Contract: ListedContract;

    /// A list is believed for so long.
    fn list_lives(&self) -> Duration;

    /// Reads the whole list: what it holds, and the rows that cannot be read. Everything that reduces risk rests on it, so
    /// it may use the reserve of the budget.
    fn read_list(
        client: &Client<Self>,
    ) -> impl Future<Output = Result<(Vec<Self::Contract>, Vec<Unread>), CallError>> + Send;
}

/// The venue's list at one moment.
pub struct Listed<C: ListedContract> {
    /// The names that the venue's messages are read with.
    pub symbols: C::Symbols,
    /// Every contract, and those that the list has left out since as delisted.
    pub contracts: Vec<C>,
    /// When it was read, on our clock.
    pub read: Timestamp,
    by_symbol: HashMap<Symbol, usize>,
}

impl<C: ListedContract> Listed<C> {
    fn new(contracts: Vec<C>, read: Timestamp) -> Self {
        let mut by_symbol = HashMap::with_capacity(contracts.len());
        for (index, contract) in contracts.iter().enumerate().filter(|(_, contract)| contract.is_perpetual()) {
            by_symbol.entry(contract.symbol().clone()).or_insert(index);
        }
        Self { symbols: C::symbols(&contracts), contracts, read, by_symbol }
    }

    /// The contract, whatever may be done with it.
    ///
    /// # Errors
    /// A no of our own, in the venue's words, to a name that the list does not hold.
    pub fn contract(&self, symbol: &Symbol) -> Result<&C, CallError> {
        let found = self.by_symbol.get(symbol).and_then(|index| self.contracts.get(*index));
        found.ok_or_else(|| not_listed::<C>(symbol))
    }

    /// Why the margin table of a contract cannot be told. Of one that is delisted venues tell none: that it is not listed is
    /// all there is to say.
    #[must_use]
    pub fn why_untold(&self, symbol: &Symbol, error: CallError) -> CallError {
        let is_gone = self.contract(symbol).is_ok_and(|contract| contract.standing() == ContractStatus::Delisted);
        if is_gone && error.is_final() { not_listed::<C>(symbol) } else { error }
    }

    /// The venue's name of a contract, trading or not.
    ///
    /// # Errors
    /// As [`contract`](Self::contract).
    pub fn native(&self, symbol: &Symbol) -> Result<Arc<str>, CallError> {
        self.contract(symbol).map(|contract| Arc::clone(contract.native()))
    }

    fn may_open(&self, symbol: &Symbol) -> Result<(), CallError> {
        let contract = self.contract(symbol)?;
        let refusal = Refusal::to_open(symbol, contract.standing(), contract.status());
        refusal.map_or(Ok(()), |refusal| Err(CallError::Refused(refusal)))
    }
}

fn not_listed<C: ListedContract>(symbol: &Symbol) -> CallError {
    CallError::Refused(Refusal {
        reason: RefusalReason::NotTrading,
        code: C::NOT_LISTED.to_owned(),
        message: format!("{symbol} is not listed"),
    })
}

/// A venue's list of contracts, remembered. What is known serves at once; the list is read again where that is not enough.
pub struct Listing<R: Lists>(Remembered<Listed<R::Contract>>);

impl<R: Lists> Listing<R> {
    /// A list that is believed still; an old one rather than none where it cannot be read again.
    ///
    /// # Errors
    /// Those of the reading, where nothing is known.
    pub async fn fresh(&self, client: &Client<R>) -> Result<Arc<Listed<R::Contract>>, CallError> {
        // Boxed: most find a fresh list.
        Box::pin(async {
            let (before, now) = (self.0.known().await, client.clock().now());
            let before = before.as_ref().map_or(&[][..], |listed| &listed.contracts);
            let read = async {
                let (contracts, unread) = R::read_list(client).await?;
                Ok(Listed::new(with_delisted(before, contracts, &unread)?, now))
            };
            self.0.fresh_or_old("the list of contracts", now, client.rest().list_lives(), read).await
        })
        .await
    }

    /// The list that is known, however old, at once; read, if none is.
    ///
    /// # Errors
    /// Those of the reading, where nothing is known.
    pub async fn known(&self, client: &Client<R>) -> Result<Arc<Listed<R::Contract>>, CallError> {
        match self.0.known().await {
            Some(listed) => Ok(listed),
            None => self.fresh(client).await,
        }
    }

    /// The same, but read again where it was [forgotten](Self::forget) since; the old one where that fails.
    ///
    /// # Errors
    /// Those of the reading, where nothing is known.
    pub async fn unforgotten(&self, client: &Client<R>) -> Result<Arc<Listed<R::Contract>>, CallError> {
        match self.0.unforgotten().await {
            Some(listed) => Ok(listed),
            None => self.fresh(client).await,
        }
    }

    /// A list that holds the contract, trading or not: the known one at once, a fresh one only where that does not know it.
    ///
    /// # Errors
    /// As [`fresh`](Self::fresh); nothing of whatever this is wanted for has been sent.
    pub async fn knowing(&self, client: &Client<R>, symbol: &Symbol) -> Result<Arc<Listed<R::Contract>>, CallError> {
        match self.0.known().await {
            Some(listed) if listed.contract(symbol).is_ok() => Ok(listed),
            _ => self.fresh(client).await.map_err(CallError::before_sending),
        }
    }

    /// The venue's name of a contract, trading or not, found as by [`knowing`](Self::knowing).
    ///
    /// # Errors
    /// As [`knowing`](Self::knowing), and [`Listed::contract`].
    pub async fn native(&self, client: &Client<R>, symbol: &Symbol) -> Result<Arc<str>, CallError> {
        match self.0.known().await.map(|listed| listed.native(symbol)) {
            Some(Ok(native)) => Ok(native),
            _ => self.fresh(client).await.map_err(CallError::before_sending)?.native(symbol),
        }
    }

    /// Whether orders that add exposure are taken. No order waits for a fresh list; only a no does.
    ///
    /// # Errors
    /// A no of our own that says why not.
    pub async fn may_open(&self, client: &Client<R>, symbol: &Symbol) -> Result<(), CallError> {
        match self.0.known().await.map(|listed| listed.may_open(symbol)) {
            None | Some(Ok(())) => Ok(()),
            Some(Err(_)) => self.fresh(client).await.map_err(CallError::before_sending)?.may_open(symbol),
        }
    }

    /// Asks, and reads the answer with the names that are known. Only one that names a contract that is not among them is
    /// read once more, with a newer list: somebody has read one meanwhile, or it is read now.
    ///
    /// # Errors
    /// [`CallError`] if there is no answer, or none that can be read with a newer list either.
    pub async fn ask<T>(
        &self,
        client: &Client<R>,
        call: &R::Call,
        priority: Priority,
        decode: impl Fn(&[u8], &<R::Contract as ListedContract>::Symbols) -> Result<T, DecodeError>,
    ) -> Result<T, CallError> {
        let known = self.known(client).await.map_err(CallError::before_sending)?;
        let answer = client.call(call, priority).await?;
        let unreadable = |error: &DecodeError| client.unreadable(call, &answer, error);
        let error = match decode(&answer, &known.symbols) {
            Err(error) if error.is_of_unlisted() => error,
            outcome => return outcome.map_err(|error| unreadable(&error)),
        };
        match self.newer(client, &known).await {
            Some(listed) => decode(&answer, &listed.symbols).map_err(|error| unreadable(&error)),
            None => Err(unreadable(&error)),
        }
    }

    /// Another list than this one, which does not hold what it should.
    async fn newer(&self, client: &Client<R>, known: &Arc<Listed<R::Contract>>) -> Option<Arc<Listed<R::Contract>>> {
        self.0.forget_this(known).await;
        let listed = self.unforgotten(client).await.ok()?;
        (!Arc::ptr_eq(&listed, known)).then_some(listed)
    }

    /// What is known is out of date: the venue has changed it. Names serve still.
    pub async fn forget(&self) {
        self.0.forget().await;
    }
}

impl<R: Lists> Default for Listing<R> {
    fn default() -> Self {
        Self(Remembered::default())
    }
}

impl<C: ListedContract> fmt::Debug for Listed<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listed").field("contracts", &self.contracts.len()).finish_non_exhaustive()
    }
}

impl<R: Lists> fmt::Debug for Listing<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listing").finish_non_exhaustive()
    }
}
