//! An account's money as the venue tells of it: every movement with the balance after it, and sums by type.

use plimsoll_domain::{AccountId, Money};
use plimsoll_exchange::{Exchange, ExchangeEvent, Income, IncomeKind, News};
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// One movement.
#[derive(Debug, Clone)]
pub(crate) struct Movement {
    pub(crate) income: Income,
    /// The wallet after it.
    pub(crate) balance: Money,
}

/// The venue's word for a movement.
pub(crate) const fn kind(kind: IncomeKind) -> &'static str {
    match kind {
        IncomeKind::Transfer => "dnw",
        // What the insurance fund takes and gives has no word of its own.
        IncomeKind::RealizedPnl | IncomeKind::InsuranceClear => "pnl",
        IncomeKind::Commission => "fee",
        IncomeKind::FundingFee => "fund",
    }
}

/// How far each account's movements have been followed.
#[derive(Debug, Default)]
pub(crate) struct Ledgers(BTreeMap<AccountId, Ledger>);

#[derive(Debug, Default)]
struct Ledger {
    followed: u64,
    balance: Money,
    sums: BTreeMap<&'static str, Decimal>,
}

impl Ledgers {
    /// The movements that led to what an event tells of, in order: up to the wallet that it shows.
    pub(crate) fn until(&mut self, exchange: &Exchange, account: &AccountId, event: &ExchangeEvent) -> Vec<Movement> {
        let Some(wallet) = shown_wallet(&event.news) else { return Vec::new() };
        let ledger = self.0.entry(account.clone()).or_default();
        let rows = exchange.income(account);
        let from = rows.partition_point(|row| row.id <= ledger.followed);
        let mut movements = Vec::new();
        for row in rows.get(from..).unwrap_or_default() {
            if ledger.balance == wallet {
                break;
            }
            movements.push(ledger.follow(row));
        }
        movements
    }

    /// The sum of an account's movements of one type.
    pub(crate) fn sum(&self, account: &AccountId, kind: &str) -> Decimal {
        self.0.get(account).and_then(|ledger| ledger.sums.get(kind)).copied().unwrap_or_default()
    }

    /// Every movement that is remembered with the wallet after it, newest first.
    pub(crate) fn book<'a>(exchange: &'a Exchange, account: &AccountId) -> impl Iterator<Item = (&'a Income, Money)> {
        let wallet = exchange.balance(account).and_then(|balance| balance.wallet).unwrap_or_default();
        exchange.income(account).iter().rev().scan(wallet, |balance, row| {
            let after = *balance;
            *balance -= row.amount;
            Some((row, after))
        })
    }
}

impl Ledger {
    fn follow(&mut self, row: &Income) -> Movement {
        self.followed = row.id;
        self.balance += row.amount;
        *self.sums.entry(kind(row.kind)).or_default() += row.amount.get();
        Movement { income: row.clone(), balance: self.balance }
    }
}

/// The wallet after what has happened, where it has changed one.
const fn shown_wallet(news: &News) -> Option<Money> {
    match news {
        News::OrderFilled(news) => news.balance.wallet,
        News::FundingPaid { balance, .. }
        | News::Liquidated { balance, .. }
        | News::Covered { balance, .. }
        | News::IsolatedMarginChanged { balance, .. }
        | News::Transferred { balance, .. } => balance.wallet,
        _ => None,
    }
}
