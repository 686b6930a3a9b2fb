//! A contract by itself, held or not: what it costs to hold, and what there is of it to trade.

use crate::figure::{Figure, Moment, answers, known};
use crate::service::Service;
use crate::{ActFailure, acting};
use plimsoll_domain::{AccountId, Symbol, funding};

answers! {
    /// A contract at the venue of an account, by what the venue says now.
    pub struct Contract {
        /// When it was put together.
        pub time: Moment,
        /// By whose venue.
        pub account: String,
        /// Where that is.
        pub venue: String,
        /// What kind of money the account trades.
        pub mode: &'static str,
        /// The contract.
        pub symbol: String,
        /// What it settles in.
        pub currency: String,
        /// The venue's fair price.
        pub mark_price: Figure,
        /// Prices are multiples of this.
        pub tick: Figure,
        /// Sizes are multiples of this, in base units.
        pub lot: Figure,
        /// The rate of the coming settlement; positive: longs pay shorts. Null: unknown.
        pub funding_rate: Option<Figure>,
        /// Hours between settlements.
        pub interval_hours: u32,
        /// The next settlement.
        pub next_time: Option<Moment>,
        /// The rate of a year, without compounding.
        pub annualised: Option<Figure>,
    }
}

impl Service {
    /// A contract, held or not. The venue is asked for its mark.
    ///
    /// # Errors
    /// [`ActFailure`]: there is no such account or contract, or the venue does not tell.
    pub async fn contract(&self, account: &AccountId, symbol: &Symbol) -> Result<Contract, ActFailure> {
        let account = self.find(account).ok_or_else(|| ActFailure::UnknownAccount(account.clone()))?;
        let instrument = account.ports.broker.instrument(symbol).await.map_err(|error| acting::venue(&error))?;
        let mark = account.ports.feed.mark_price(symbol).await.map_err(|error| acting::venue(&error))?;
        let rate = self.0.rates.known(account, symbol).await;
        let interval_hours =
            rate.as_ref().and_then(|it| it.interval_hours).unwrap_or(instrument.funding_interval_hours);
        let annualised = rate.as_ref().and_then(|it| funding::annualised(it.rate, interval_hours));
        Ok(Contract {
            time: self.now().into(),
            account: account.name().to_string(),
            venue: account.venue().to_string(),
            mode: account.mode.as_str(),
            symbol: symbol.to_string(),
            currency: instrument.settle.to_string(),
            mark_price: mark.price.into(),
            tick: instrument.tick.get().into(),
            lot: instrument.lot.get().into(),
            funding_rate: known(rate.as_ref().map(|it| it.rate)),
            interval_hours,
            next_time: rate.as_ref().and_then(|it| it.next_time).map(Moment),
            annualised: known(annualised),
        })
    }
}
