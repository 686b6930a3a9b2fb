//! Candles of a contract: the venue's, asked for only when there can be newer ones.

mod kept;

pub(crate) use kept::KnownCandles;

use crate::account::ServedAccount;
use crate::failure::AskFailure;
use crate::figure::{Figure, Moment, answers};
use crate::service::Service;
pub use kept::RETRY;
use kept::Told;
use plimsoll_domain::{AccountId, Candle, Symbol};
use std::time::Duration;

/// How long a candle lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "their names say it")]
pub enum CandleInterval {
    OneMinute,
    FiveMinutes,
    QuarterHour,
    Hour,
    FourHours,
    Day,
}

impl CandleInterval {
    /// Those that every venue has.
    pub const ALL: [Self; 6] =
        [Self::OneMinute, Self::FiveMinutes, Self::QuarterHour, Self::Hour, Self::FourHours, Self::Day];

    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OneMinute => "1m",
            Self::FiveMinutes => "5m",
            Self::QuarterHour => "15m",
            Self::Hour => "1h",
            Self::FourHours => "4h",
            Self::Day => "1d",
        }
    }

    /// The interval of this word.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == word)
    }

    /// How long that is.
    #[must_use]
    pub const fn duration(self) -> Duration {
        let minutes = match self {
            Self::OneMinute => 1,
            Self::FiveMinutes => 5,
            Self::QuarterHour => 15,
            Self::Hour => 60,
            Self::FourHours => 4 * 60,
            Self::Day => 24 * 60,
        };
        Duration::from_secs(minutes * 60)
    }
}

answers! {
    /// Closed candles of a contract.
    pub struct Candles {
        /// When it was put together.
        pub time: Moment,
        /// By whose venue.
        pub account: String,
        /// Where that is.
        pub venue: String,
        /// The contract.
        pub symbol: String,
        /// How long each lasts: `1m`, `5m`, `15m`, `1h`, `4h` or `1d`.
        pub interval: &'static str,
        /// Whose they are: always `venue`, which makes them of what was traded there. The mark may have been elsewhere.
        pub source: &'static str,
        /// When the venue last told of them.
        pub known_at: Moment,
        /// Why there are no newer ones, where the venue was asked and did not tell.
        pub trouble: Option<String>,
        /// Those that have closed, oldest first. A time in which nobody traded may have none.
        pub candles: Vec<CandleRow>,
    }

    /// A candle that has closed.
    pub struct CandleRow {
        /// When it opened.
        pub time: Moment,
        /// The first price.
        pub open: Figure,
        /// The highest.
        pub high: Figure,
        /// The lowest.
        pub low: Figure,
        /// The last.
        pub close: Figure,
        /// What was traded, in base units.
        pub volume: Figure,
    }
}

impl Service {
    /// The newest closed candles of a contract, `limit` at most. The venue is asked when there can be newer ones than are
    /// known, and not too often; what is known is answered where it does not tell.
    ///
    /// # Errors
    /// [`AskFailure`]: there is no such account or contract, or the venue has not told of any yet.
    pub async fn candles(
        &self,
        account: &AccountId,
        symbol: &Symbol,
        interval: CandleInterval,
        limit: u32,
    ) -> Result<Candles, AskFailure> {
        let account = self.find(account).ok_or_else(|| AskFailure::UnknownAccount(account.clone()))?;
        if !is_listed(account, symbol) {
            return Err(AskFailure::UnknownContract(symbol.clone(), account.venue()));
        }
        let Told { candles, known_at, trouble } = self.0.candles.newest(account, symbol, interval, limit).await?;
        Ok(Candles {
            time: self.now().into(),
            account: account.name().to_string(),
            venue: account.venue().to_string(),
            symbol: symbol.to_string(),
            interval: interval.as_str(),
            source: "venue",
            known_at: known_at.into(),
            trouble,
            candles: candles.iter().map(CandleRow::of).collect(),
        })
    }
}

/// Whether the venue lists it, as far as its list is known.
fn is_listed(account: &ServedAccount, symbol: &Symbol) -> bool {
    let view = account.view.borrow();
    view.contracts.is_empty() || view.contracts.contains_key(symbol)
}

impl CandleRow {
    fn of(it: &Candle) -> Self {
        Self {
            time: it.open_time.into(),
            open: it.open.into(),
            high: it.high.into(),
            low: it.low.into(),
            close: it.close.into(),
            volume: it.volume.into(),
        }
    }
}
