//! Funding: what it is, what it costs, and what was booked.

use crate::account::ServedAccount;
use crate::failure::AskFailure;
use crate::figure::{Figure, Moment, answers, known};
use crate::rates::KnownCost;
use crate::service::Service;
use crate::trades::{DAY, RecordFilter};
use plimsoll_domain::{Currency, Money, PositionFigures, Symbol};
use plimsoll_ports::{FundingRecord, Totals};
use std::cmp::Reverse;
use std::collections::BTreeMap;

answers! {
    /// Rates, costs and bookings.
    pub struct Funding {
        /// When it was put together.
        pub time: Moment,
        /// One row for each position.
        pub rates: Vec<FundingRateRow>,
        /// What all positions cost a day; null if that of one is not known.
        pub per_day: Vec<FundingPerDay>,
        /// What was booked, by account and currency.
        pub totals: Vec<FundingTotals>,
        /// What was booked within the days that were asked for, by contract.
        pub by_symbol: Vec<FundingBySymbol>,
        /// The bookings, newest first.
        pub history: Vec<FundingBooking>,
        /// There are older ones within the days that were asked for.
        pub truncated: bool,
    }

    /// The rate of a position's contract, and what it costs.
    pub struct FundingRateRow {
        /// Whose.
        pub account: String,
        /// Where.
        pub venue: String,
        /// The contract.
        pub symbol: String,
        /// `long` or `short`.
        pub direction: &'static str,
        /// How much is held, in base units.
        pub quantity: Figure,
        /// The mark that the figures are for.
        pub mark_price: Option<Figure>,
        /// The rate of the coming settlement; positive: longs pay shorts. Null: unknown, as is what follows.
        pub rate: Option<Figure>,
        /// Hours between settlements.
        pub interval_hours: Option<u32>,
        /// The next settlement.
        pub next_time: Option<Moment>,
        /// At the next settlement; positive is paid.
        pub next_payment: Option<Figure>,
        /// Over a day; positive is paid.
        pub per_day: Option<Figure>,
        /// The rate of a year, without compounding.
        pub annualised: Option<Figure>,
        /// When the rate was asked for.
        pub known_at: Option<Moment>,
    }

    /// What all positions cost a day.
    pub struct FundingPerDay {
        /// In this currency.
        pub currency: String,
        /// Whether it is real money.
        pub is_live: bool,
        /// Positive is paid.
        pub per_day: Option<Figure>,
    }

    /// What was booked; positive is paid.
    pub struct FundingTotals {
        /// Of this account.
        pub account: String,
        /// In this currency.
        pub currency: String,
        /// In the last 24 hours.
        pub last_24h: Figure,
        /// In the last seven days.
        pub last_7d: Figure,
        /// In the days that were asked for.
        pub last_days: Figure,
        /// Since the records began.
        pub all: Figure,
        /// Booked less expected, of those of the days where both are known: 0, or rounding.
        pub difference: Figure,
    }

    /// What was booked of a contract.
    pub struct FundingBySymbol {
        /// Of this account.
        pub account: String,
        /// The contract.
        pub symbol: String,
        /// In this currency.
        pub currency: String,
        /// What was paid.
        pub paid: Figure,
        /// What was received.
        pub received: Figure,
        /// Paid less received.
        pub net: Figure,
        /// In so many bookings.
        pub bookings: usize,
    }

    /// A booking.
    pub struct FundingBooking {
        /// Whose.
        pub account: String,
        /// Where.
        pub venue: String,
        /// The contract.
        pub symbol: String,
        /// When it was settled.
        pub time: Moment,
        /// At this rate.
        pub rate: Option<Figure>,
        /// For this size.
        pub quantity: Option<Figure>,
        /// At this mark.
        pub mark_price: Option<Figure>,
        /// As booked; positive is paid.
        pub payment: Figure,
        /// What our own formula gives.
        pub expected: Option<Figure>,
        /// Booked less expected.
        pub difference: Option<Figure>,
        /// What it was paid in.
        pub currency: String,
    }
}

impl Service {
    /// Rates, costs and bookings. Sums are of all that was booked in the days; the filter's limit is on the list alone.
    ///
    /// # Errors
    /// [`AskFailure`].
    pub async fn funding(&self, filter: &RecordFilter) -> Result<Funding, AskFailure> {
        let now = self.now();
        let (mut rates, mut per_day) = (Vec::new(), BTreeMap::new());
        let (mut totals, mut by_symbol, mut history) = (Vec::new(), Vec::new(), Vec::new());
        for account in self.chosen(filter.account.as_ref())? {
            for it in account.seen(now).of_symbol(filter.symbol.as_ref()) {
                let cost = self.funding_cost(account, it).await;
                let key = (Currency::new(it.held.symbol.settle()), account.is_live());
                let sum = per_day.entry(key).or_insert(Some(Money::ZERO));
                *sum = sum.zip(cost.map(|it| it.cost.per_day)).map(|(sum, cost)| sum + cost);
                rates.push(FundingRateRow::of(account, it, cost));
            }
            let (name, symbol) = (account.name(), filter.symbol.as_ref());
            let days = filter.days.max(7);
            let booked = account.ports.funding.history(name, symbol, None, days, now).await?;
            let recorded = account.ports.trades.totals(name).await?;
            totals.extend(totals_of(account, &booked, &recorded, filter.days, now));
            let since = now.minus(DAY * filter.days);
            let within: Vec<FundingRecord> = booked.into_iter().filter(|it| it.time > since).collect();
            by_symbol.extend(grouped(account, &within));
            history.extend(within);
        }
        history.sort_by_key(|it| Reverse(it.time));
        let per_day = per_day.into_iter().map(|((currency, is_live), per_day)| FundingPerDay {
            currency: currency.to_string(),
            is_live,
            per_day: known(per_day),
        });
        Ok(Funding {
            time: now.into(),
            rates,
            per_day: per_day.collect(),
            totals,
            by_symbol,
            truncated: history.len() > filter.limit,
            history: history.iter().take(filter.limit).map(FundingBooking::of).collect(),
        })
    }
}

/// The sums of every currency in which something was booked or is on record.
fn totals_of(
    account: &ServedAccount,
    booked: &[FundingRecord],
    recorded: &[Totals],
    days: u32,
    now: plimsoll_domain::Timestamp,
) -> Vec<FundingTotals> {
    let row = |it: &Totals| {
        let within = |days: u32| {
            let since = now.minus(DAY * days);
            booked.iter().filter(move |record| record.currency == it.currency && record.time > since)
        };
        let sum = |days| -> Figure { within(days).map(|record| record.payment).sum::<Money>().into() };
        FundingTotals {
            account: account.name().to_string(),
            currency: it.currency.to_string(),
            last_24h: sum(1),
            last_7d: sum(7),
            last_days: sum(days),
            all: it.funding.into(),
            difference: within(days).filter_map(difference).sum::<Money>().into(),
        }
    };
    recorded.iter().map(row).collect()
}

fn difference(it: &FundingRecord) -> Option<Money> {
    it.expected.map(|expected| it.payment - expected)
}

fn grouped(account: &ServedAccount, booked: &[FundingRecord]) -> Vec<FundingBySymbol> {
    let mut groups: BTreeMap<(&Symbol, &Currency), (Money, Money, usize)> = BTreeMap::new();
    for it in booked {
        let (paid, received, count) = groups.entry((&it.symbol, &it.currency)).or_default();
        match it.payment.is_negative() {
            true => *received += it.payment.abs(),
            false => *paid += it.payment,
        }
        *count += 1;
    }
    let row = |((symbol, currency), (paid, received, bookings)): ((&Symbol, &Currency), (Money, Money, usize))| {
        FundingBySymbol {
            account: account.name().to_string(),
            symbol: symbol.to_string(),
            currency: currency.to_string(),
            paid: paid.into(),
            received: received.into(),
            net: (paid - received).into(),
            bookings,
        }
    };
    groups.into_iter().map(row).collect()
}

impl FundingRateRow {
    fn of(account: &ServedAccount, it: &PositionFigures, cost: Option<KnownCost>) -> Self {
        let (known_at, cost) = (cost.map(|it| it.known_at.into()), cost.map(|it| it.cost));
        Self {
            account: account.name().to_string(),
            venue: account.venue().to_string(),
            symbol: it.held.symbol.to_string(),
            direction: it.held.position.direction.as_str(),
            quantity: it.held.position.quantity.into(),
            mark_price: known(it.held.mark_price),
            rate: known(cost.map(|it| it.rate)),
            interval_hours: cost.map(|it| it.interval_hours),
            next_time: cost.and_then(|it| it.next_time).map(Moment),
            next_payment: known(cost.map(|it| it.next_payment)),
            per_day: known(cost.map(|it| it.per_day)),
            annualised: known(cost.map(|it| it.annualised)),
            known_at,
        }
    }
}

impl FundingBooking {
    fn of(it: &FundingRecord) -> Self {
        Self {
            account: it.account.to_string(),
            venue: it.venue.to_string(),
            symbol: it.symbol.to_string(),
            time: it.time.into(),
            rate: known(it.rate),
            quantity: known(it.quantity),
            mark_price: known(it.mark_price),
            payment: it.payment.into(),
            expected: known(it.expected),
            difference: known(difference(it)),
            currency: it.currency.to_string(),
        }
    }
}
