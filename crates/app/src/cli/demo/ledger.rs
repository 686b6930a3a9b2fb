//! The ledger from the database, held against the exchange's own books.

use super::stage::Stage;
use super::story::{Step, Story};
use crate::failure::Failure;
use crate::screen::{self, full};
use plimsoll_domain::{Money, Timestamp};
use plimsoll_exchange::IncomeKind;
use plimsoll_ports::{BookingRecord, PositionStatus, Totals, TradeRecord};

/// Prints the ledger; a sum that differs from the exchange's is a failure.
pub(super) async fn print(stage: &Stage, story: &Story) -> Result<(), Failure> {
    let (store, account, ever) = (&stage.store, &stage.account, Timestamp::default());
    let trades = store.trades.since(account, None, ever).await.map_err(Failure::unreachable)?;
    let bookings = store.bookings.since(account, ever).await.map_err(Failure::unreachable)?;
    story.show("\n7  The ledger, from the database\n")?;
    story.show(table(&trades))?;
    if !bookings.is_empty() {
        story.show("\n   Booked beside them\n")?;
        story.show(booked(&bookings))?;
    }
    let ours = Sums::of_the_records(stage).await?;
    let theirs = Sums::of_the_exchange(stage);
    let journal = store.journal.recent(&stage.account, 1000).await.map_err(Failure::unreachable)?;
    let closed =
        store.positions.by_status(&stage.account, PositionStatus::Closed).await.map_err(Failure::unreachable)?;
    let agrees = ours == theirs;
    let liquidated =
        store.positions.by_status(account, PositionStatus::Liquidated).await.map_err(Failure::unreachable)?;
    let step = Step::new("ledger", "   Sums").plain("positions_closed", "positions closed", closed.len());
    let step = match liquidated.len() {
        0 => step,
        count => step.plain("positions_liquidated", "positions liquidated", count),
    };
    let step = step
        .plain("orders", "orders in the journal", journal.len())
        .plain("trades", "trades", trades.len())
        .fact("realized_pnl", full(ours.realized_pnl.get()), "realised", full(ours.realized_pnl.get()))
        .fact("fees", full(ours.fees.get()), "fees", full(ours.fees.get()))
        .fact("funding", full(ours.funding.get()), "funding", full(ours.funding.get()));
    let step = match bookings.is_empty() {
        true => step,
        false => step
            .fact("adjustments", full(ours.adjustments.get()), "booked beside", full(ours.adjustments.get()))
            .fact("transfers", full(ours.transfers.get()), "transferred", full(ours.transfers.get())),
    };
    let step = step
        .fact("wallet", full(ours.wallet.get()), "wallet", full(ours.wallet.get()))
        .fact("exchange_wallet", full(theirs.wallet.get()), "the exchange says", full(theirs.wallet.get()))
        .fact("agrees", agrees, "records and exchange agree", if agrees { "yes, to the last digit" } else { "no" });
    story.tell(&step)?;
    if agrees { Ok(()) } else { Err(Failure::no(ours.difference(&theirs))) }
}

/// What an account's books add up to since it was opened; fees and funding are positive when paid.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Sums {
    realized_pnl: Money,
    fees: Money,
    funding: Money,
    adjustments: Money,
    transfers: Money,
    wallet: Money,
}

impl Sums {
    async fn of_the_records(stage: &Stage) -> Result<Self, Failure> {
        let totals = stage.store.trades.totals(&stage.account).await.map_err(Failure::unreachable)?;
        let totals = totals.into_iter().find(|totals| totals.currency == stage.instrument.settle);
        let Some(totals) = totals else { return Ok(Self { wallet: stage.wallet, ..Self::default() }) };
        let Totals { realized_pnl, fees, funding, adjustments, transfers, .. } = totals;
        let wallet = stage.wallet + totals.net() + transfers;
        Ok(Self { realized_pnl, fees, funding, adjustments, transfers, wallet })
    }

    /// Every sum that differs, in words.
    fn difference(&self, theirs: &Self) -> String {
        let sums = [
            ("realised", self.realized_pnl, theirs.realized_pnl),
            ("fees", self.fees, theirs.fees),
            ("funding", self.funding, theirs.funding),
            ("booked beside", self.adjustments, theirs.adjustments),
            ("transferred", self.transfers, theirs.transfers),
            ("wallet", self.wallet, theirs.wallet),
        ];
        let differ = sums.into_iter().filter(|(_, ours, theirs)| ours != theirs);
        let told = differ
            .map(|(what, ours, theirs)| format!("{what} {} here and {} there", full(ours.get()), full(theirs.get())));
        format!("the records and the exchange differ: {}", told.collect::<Vec<_>>().join("; "))
    }

    fn of_the_exchange(stage: &Stage) -> Self {
        stage.venue.exchange(|exchange| {
            let income = exchange.income(&stage.account);
            let sum = |kind| income.iter().filter(|row| row.kind == kind).map(|row| row.amount).sum::<Money>();
            let wallet = exchange.balance(&stage.account).and_then(|balance| balance.wallet);
            Self {
                realized_pnl: sum(IncomeKind::RealizedPnl),
                fees: -sum(IncomeKind::Commission),
                funding: -sum(IncomeKind::FundingFee),
                adjustments: sum(IncomeKind::InsuranceClear),
                // The account was opened with a transfer, before there was anything to record.
                transfers: sum(IncomeKind::Transfer) - stage.wallet,
                wallet: wallet.unwrap_or_default(),
            }
        })
    }
}

fn booked(bookings: &[BookingRecord]) -> comfy_table::Table {
    let rows = bookings.iter().map(|BookingRecord { booking, .. }| {
        vec![
            screen::minute(booking.time),
            booking.kind.to_string(),
            booking.symbol.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string),
            full(booking.amount.get()),
        ]
    });
    screen::table(&["time (UTC)", "what", "contract", "amount"], rows)
}

fn table(trades: &[TradeRecord]) -> comfy_table::Table {
    let rows = trades.iter().map(|TradeRecord { fill, .. }| {
        vec![
            screen::minute(fill.time),
            fill.side.to_string(),
            fill.quantity.to_string(),
            fill.price.to_string(),
            screen::money(fill.fee),
            fill.realized_pnl.map_or_else(|| "-".to_owned(), screen::money),
        ]
    });
    screen::table(&["time (UTC)", "side", "size", "price", "fee", "realised"], rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::demo::{Demo, act};
    use crate::venue::VenueName;

    /// Money that moves after the records were last brought up to date is a difference that nothing explains away.
    #[tokio::test]
    async fn a_wallet_that_differs_is_answered_with_no() {
        let demo = Demo { prices: None, seed: 3, database: None, venue: VenueName::Binance, json: true };
        let (stage, _) = Stage::set(&demo).await.unwrap();
        act::open(&stage).await.unwrap();
        act::pass(&stage).await.unwrap();
        let story = Story::new(true);
        print(&stage, &story).await.unwrap();
        stage.venue.exchange(|exchange| exchange.transfer(&stage.account, Money::new(7.into()))).unwrap();
        let (ours, theirs) = (Sums::of_the_records(&stage).await.unwrap(), Sums::of_the_exchange(&stage));
        assert_eq!(theirs.wallet - ours.wallet, Money::new(7.into()));
        assert!(ours.difference(&theirs).contains("transferred 0 here and 7 there; wallet "));
        let failure = print(&stage, &story).await.unwrap_err();
        assert_eq!(failure, Failure::no(ours.difference(&theirs)));
        assert_eq!(failure.report(true), std::process::ExitCode::from(1));
        stage.strike().await;
    }
}
