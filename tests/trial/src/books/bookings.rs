//! Funding, other bookings, and the wallet that all of it adds up to.

use super::{Books, Ledger};
use crate::difference::Differences;
use plimsoll_domain::{Booking, BookingKind, Money, Timestamp};
use plimsoll_exchange::{Income, IncomeKind};
use plimsoll_ports::FundingRecord;

/// All of them.
const DAYS: u32 = u32::MAX;

impl<S: Ledger> Books<'_, S> {
    pub(super) async fn bookings(&self, differences: &mut Differences) {
        let (store, account) = (self.store, self.account);
        let now = Timestamp::from_micros(i64::MAX);
        let funding = plimsoll_ports::FundingRepository::history(store, account, None, None, DAYS, now).await;
        let funding = funding.expect("funding is read");
        let ours = funding.into_iter().map(|it| (number(&it.booking), it)).collect();
        let truth = self.income(|it| it.kind == IncomeKind::FundingFee);
        let truth = truth.into_iter().map(|it| (it.id.to_string(), it)).collect();
        differences.rows("funding", ours, truth, payment);
        let bookings = plimsoll_ports::BookingRepository::since(store, account, Timestamp::default()).await;
        let bookings = bookings.expect("bookings are read");
        let ours = bookings.into_iter().map(|it| (number(&it.booking.id), it.booking)).collect();
        let truth = self.income(|it| is_ours(it, self.start)).into_iter().map(|it| (it.id.to_string(), it)).collect();
        differences.rows("booking", ours, truth, booking);
        self.wallet(differences).await;
    }

    /// Changes of the wallet of these kinds.
    pub fn income(&self, which: impl Fn(&Income) -> bool) -> Vec<&Income> {
        self.truth.income.iter().filter(|it| which(it)).collect()
    }

    /// The wallet is what it began with and the sum of everything that is recorded.
    async fn wallet(&self, differences: &mut Differences) {
        let totals = self.store.totals(self.account).await.expect("the sums are read");
        let recorded: Money = totals.iter().map(|it| it.net() + it.transfers).sum();
        let wallet = self.wallet + recorded;
        differences.same("wallet", "start and sums", &Some(wallet), &self.truth.balance.wallet);
    }
}

/// What is booked beside trades and funding. The wallet that the account was opened with is older than our records.
#[must_use]
pub fn is_ours(it: &Income, start: Timestamp) -> bool {
    matches!(it.kind, IncomeKind::Transfer | IncomeKind::InsuranceClear) && it.time > start
}

fn payment(differences: &mut Differences, subject: &str, ours: &FundingRecord, truth: &&Income) {
    differences.same(subject, "payment", &ours.payment, &-truth.amount);
    differences.same(subject, "symbol", &Some(&ours.symbol), &truth.symbol.as_ref());
    differences.same(subject, "currency", &ours.currency, &truth.currency);
    differences.same(subject, "time", &ours.time, &truth.time);
}

/// Compares one booking.
pub fn booking(differences: &mut Differences, subject: &str, ours: &Booking, truth: &&Income) {
    let kind = match truth.kind {
        IncomeKind::Transfer => BookingKind::Transfer,
        _ => BookingKind::LiquidationClearance,
    };
    differences.same(subject, "kind", &ours.kind, &kind);
    differences.same(subject, "amount", &ours.amount, &truth.amount);
    differences.same(subject, "symbol", &ours.symbol.as_ref(), &truth.symbol.as_ref());
    differences.same(subject, "currency", &ours.currency, &truth.currency);
    differences.same(subject, "time", &ours.time, &truth.time);
}

/// The venue's number of a booking: adapters may name it by its kind too.
#[must_use]
pub fn number(id: &str) -> String {
    id.rsplit('-').next().unwrap_or(id).to_owned()
}
