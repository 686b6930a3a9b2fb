//! Funding, other bookings, and the wallet that all of it adds up to.

use super::Books;
use crate::faults::difference::Differences;
use crate::faults::market::START;
use crate::faults::stage::WALLET;
use plimsoll_domain::{Booking, BookingKind, Money, Timestamp};
use plimsoll_exchange::{Income, IncomeKind};
use plimsoll_ports::{BookingRepository, Clock, FundingRecord, FundingRepository, TradeRepository};

/// More days than any run has.
const DAYS: u32 = 1000;

impl Books<'_> {
    pub(super) async fn bookings(&self, differences: &mut Differences) {
        let (store, account) = (&self.process.store, &self.stage.account);
        let now = self.stage.market.clock.now();
        let funding = FundingRepository::history(store, account, None, None, DAYS, now).await;
        let funding = funding.expect("funding is read");
        let ours = funding.into_iter().map(|it| (number(&it.booking), it)).collect();
        let truth = self.income(|it| it.kind == IncomeKind::FundingFee);
        let truth = truth.into_iter().map(|it| (it.id.to_string(), it)).collect();
        differences.rows("funding", ours, truth, payment);
        let bookings = BookingRepository::since(store, account, Timestamp::default()).await;
        let bookings = bookings.expect("bookings are read");
        let ours = bookings.into_iter().map(|it| (number(&it.booking.id), it.booking)).collect();
        let truth = self.income(is_ours).into_iter().map(|it| (it.id.to_string(), it)).collect();
        differences.rows("booking", ours, truth, booking);
        self.wallet(differences).await;
    }

    pub(super) fn income(&self, which: impl Fn(&Income) -> bool) -> Vec<&Income> {
        self.truth.income.iter().filter(|it| which(it)).collect()
    }

    /// The wallet is what it began with and the sum of everything that is recorded.
    async fn wallet(&self, differences: &mut Differences) {
        let totals = self.process.store.totals(&self.stage.account).await.expect("the sums are read");
        let recorded: Money = totals.iter().map(|it| it.net() + it.transfers).sum();
        let wallet = Money::new(WALLET.into()) + recorded;
        differences.same("wallet", "start and sums", &Some(wallet), &self.truth.balance.wallet);
    }
}

/// What is booked beside trades and funding. The wallet that the account was opened with is older than our records.
pub(super) fn is_ours(it: &Income) -> bool {
    matches!(it.kind, IncomeKind::Transfer | IncomeKind::InsuranceClear) && it.time > START
}

fn payment(differences: &mut Differences, subject: &str, ours: &FundingRecord, truth: &&Income) {
    differences.same(subject, "payment", &ours.payment, &-truth.amount);
    differences.same(subject, "symbol", &Some(&ours.symbol), &truth.symbol.as_ref());
    differences.same(subject, "currency", &ours.currency, &truth.currency);
    differences.same(subject, "time", &ours.time, &truth.time);
}

pub(super) fn booking(differences: &mut Differences, subject: &str, ours: &Booking, truth: &&Income) {
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
pub(super) fn number(id: &str) -> String {
    id.rsplit('-').next().unwrap_or(id).to_owned()
}
