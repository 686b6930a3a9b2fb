//! What the ports themselves answer, now that nothing goes wrong any more: the session that lived through the faults is
//! asked everything there is to ask, and has to say what the exchange says.

use super::{Word, view};
use crate::faults::market::START;
use crate::faults::process::Process;
use crate::faults::step::Contract;
use plimsoll_domain::{
    AccountSnapshot, BalanceReport, Booking, Fill, FundingPayment, FundingRate, Order, PositionReport, SettledFunding,
};
use plimsoll_exchange::{Income, IncomeKind};
use plimsoll_ports::{Clock, QueryError};
use plimsoll_trial::books::{bookings, trades};
use plimsoll_trial::difference::Differences;
use std::time::Duration;

/// Everything that the ports of a process answered.
struct Answers {
    account: AccountSnapshot,
    positions: Vec<PositionReport>,
    balances: Vec<BalanceReport>,
    orders: Vec<Order>,
    fills: Vec<Fill>,
    payments: Vec<FundingPayment>,
    bookings: Vec<Booking>,
    rates: Vec<FundingRate>,
    settled: Vec<SettledFunding>,
}

impl Answers {
    async fn of(process: &Process, until: plimsoll_domain::Timestamp) -> Result<Self, QueryError> {
        let broker = process.broker.as_ref();
        let mut answers = Self {
            account: broker.account().await?,
            positions: broker.positions().await?,
            balances: broker.balances().await?,
            orders: broker.open_orders(None).await?,
            payments: broker.funding_payments(START).await?,
            // What was in the wallet before is nobody's booking.
            bookings: broker.bookings(START.plus(Duration::from_millis(1))).await?,
            fills: Vec::new(),
            rates: Vec::new(),
            settled: Vec::new(),
        };
        for symbol in Contract::ALL.map(Contract::symbol) {
            answers.fills.extend(broker.fills(&symbol, START).await?);
            answers.rates.push(process.funding_rates.current(&symbol).await?);
            answers.settled.extend(process.funding_rates.history(&symbol, START, until).await?);
        }
        Ok(answers)
    }
}

impl Word<'_> {
    pub(super) async fn ports(&self, differences: &mut Differences) {
        let until = self.stage.market.clock.now().plus(Duration::from_secs(1));
        let answers = match Answers::of(self.process, until).await {
            Ok(answers) => answers,
            Err(failure) => return differences.note("the ports", failure.to_string(), "answer"),
        };
        differences.same("account", "position mode", &answers.account.position_mode, &self.truth.position_mode);
        self.held(differences, "account, position", &answers.account.positions);
        self.held(differences, "position as read", &answers.positions);
        self.rests(differences, "account, order", &answers.account.orders);
        self.rests(differences, "order as read", &answers.orders);
        self.owned(differences, "account, balance", &answers.account.balances);
        self.owned(differences, "balance as read", &answers.balances);
        self.traded(differences, answers.fills);
        self.paid(differences, answers.payments);
        self.booked(differences, answers.bookings);
        self.rates(differences, answers.rates, answers.settled);
    }

    fn held(&self, differences: &mut Differences, subject: &str, ours: &[PositionReport]) {
        let ours = ours.iter().map(|it| (view::name(&it.symbol, it.position_side), it)).collect();
        let truth = self.truth.positions.iter().map(|it| (view::name(&it.symbol, it.position_side), it)).collect();
        differences.rows(subject, ours, truth, |differences, subject, ours: &&PositionReport, truth| {
            differences.same(subject, "position", &ours.position, &truth.position);
            // What a report does not carry is not said.
            differences.same_if_said(subject, "mark", ours.mark_price, truth.mark_price);
            differences.same_money_if_said(subject, "unrealised profit", ours.unrealized_pnl, truth.unrealized_pnl);
            differences.same_if_said(subject, "leverage", ours.leverage, truth.leverage);
            differences.same_if_said(subject, "margin mode", ours.margin_mode, truth.margin_mode);
            differences.same_money_if_said(subject, "isolated margin", ours.isolated_margin, truth.isolated_margin);
        });
    }

    fn rests(&self, differences: &mut Differences, subject: &str, ours: &[Order]) {
        let rows = |orders: &[Order]| orders.iter().map(|it| (it.order_id.to_string(), it.clone())).collect();
        differences.rows(subject, rows(ours), rows(&self.truth.open), view::order);
    }

    fn owned(&self, differences: &mut Differences, subject: &str, ours: &[BalanceReport]) {
        let truth = &self.truth.balance;
        let ours: Vec<_> = ours.iter().map(|it| (it.currency.to_string(), it)).collect();
        differences.rows(
            subject,
            ours,
            vec![(truth.currency.to_string(), truth)],
            |differences, subject, ours, truth| {
                differences.same(subject, "wallet", &ours.wallet, &truth.wallet);
                differences.same_if_said(subject, "cross wallet", ours.cross_wallet, truth.cross_wallet);
                differences.same_money_if_said(subject, "available", ours.available, truth.available);
                differences.same_money_if_said(subject, "equity", ours.equity, truth.equity);
                differences.same_money_if_said(subject, "unrealised profit", ours.unrealized_pnl, truth.unrealized_pnl);
            },
        );
    }

    fn traded(&self, differences: &mut Differences, ours: Vec<Fill>) {
        let ours = ours.into_iter().map(|fill| (trades::name(&fill), fill)).collect();
        let truth = self.truth.fills.iter().map(|fill| (trades::name(fill), fill)).collect();
        let words = &self.stage.wire;
        differences.rows("trade as read", ours, truth, |differences, subject, ours, truth| {
            trades::fill(differences, subject, ours, truth, words);
        });
    }

    fn paid(&self, differences: &mut Differences, ours: Vec<FundingPayment>) {
        let number = |it: &FundingPayment| it.id.as_deref().map_or("of no id".to_owned(), bookings::number);
        let ours = ours.into_iter().map(|it| (number(&it), it)).collect();
        let truth = self.truth.income.iter().filter(|it| it.kind == IncomeKind::FundingFee);
        let truth = truth.map(|it| (it.id.to_string(), it)).collect();
        differences.rows("funding as read", ours, truth, |differences, subject, ours, truth: &&Income| {
            differences.same(subject, "payment", &ours.payment, &-truth.amount);
            differences.same(subject, "symbol", &ours.symbol, &truth.symbol);
            differences.same(subject, "currency", &ours.currency, &truth.currency);
            differences.same(subject, "time", &ours.time, &truth.time);
            let settled =
                self.truth.settled.iter().find(|it| Some(&it.symbol) == truth.symbol.as_ref() && it.time == truth.time);
            differences.same_if_said(subject, "rate", ours.rate, settled.map(|it| it.rate));
        });
    }

    fn booked(&self, differences: &mut Differences, ours: Vec<Booking>) {
        let ours = ours.into_iter().map(|it| (bookings::number(&it.id), it)).collect();
        let truth = self
            .truth
            .income
            .iter()
            .filter(|it| bookings::is_ours(it, START))
            .map(|it| (it.id.to_string(), it))
            .collect();
        differences.rows("booking as read", ours, truth, bookings::booking);
    }

    fn rates(&self, differences: &mut Differences, rates: Vec<FundingRate>, settled: Vec<SettledFunding>) {
        let rates = rates.into_iter().map(|it| (it.symbol.to_string(), it)).collect();
        let truth = self.truth.markets.iter().map(|it| (it.symbol.to_string(), it)).collect();
        differences.rows("funding rate", rates, truth, |differences, subject, ours, truth| {
            differences.same(subject, "rate", &ours.rate, &truth.funding_rate);
            differences.same_if_said(subject, "next", ours.next_time, Some(truth.next_funding));
            differences.same_if_said(subject, "hours", ours.interval_hours, Some(truth.funding_interval_hours));
            differences.same_if_said(subject, "mark", ours.mark_price, Some(truth.mark));
            differences.same_if_said(subject, "index", ours.index_price, Some(truth.index));
        });
        let name = |it: &SettledFunding| format!("{} {}", it.symbol, it.time);
        let settled = settled.into_iter().map(|it| (name(&it), it)).collect();
        let truth = self.truth.settled.iter().map(|it| (name(it), it)).collect();
        differences.rows("settled funding", settled, truth, |differences, subject, ours, truth| {
            differences.same(subject, "rate", &ours.rate, &truth.rate);
            differences.same_if_said(subject, "mark", ours.mark_price, truth.mark_price);
        });
    }
}
