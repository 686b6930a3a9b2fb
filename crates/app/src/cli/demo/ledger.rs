//! The ledger from the database, held against the exchange's own books.

use super::stage::Stage;
use super::story::{Step, Story};
use crate::failure::Failure;
use crate::screen::{self, full};
use plimsoll_domain::{Money, Timestamp};
use plimsoll_exchange::IncomeKind;
use plimsoll_ports::{OrderJournal, PositionRepository, PositionStatus, TradeRecord, TradeRepository};

/// Prints the ledger; a sum that differs from the exchange's is a failure.
pub(super) async fn print(stage: &Stage, story: &Story) -> Result<(), Failure> {
    let trades = stage.store.since(&stage.account, None, Timestamp::default()).await.map_err(Failure::unreachable)?;
    story.show("\n7  The ledger, from the database\n")?;
    story.show(table(&trades))?;
    let ours = Sums::of_the_records(stage).await?;
    let theirs = Sums::of_the_exchange(stage);
    let journal = stage.store.recent(&stage.account, 1000).await.map_err(Failure::unreachable)?;
    let closed = stage.store.by_status(&stage.account, PositionStatus::Closed).await.map_err(Failure::unreachable)?;
    let agrees = ours == theirs;
    let step = Step::new("ledger", "   Sums")
        .plain("positions_closed", "positions closed", closed.len())
        .plain("orders", "orders in the journal", journal.len())
        .plain("trades", "trades", trades.len())
        .fact("realized_pnl", full(ours.realized_pnl.get()), "realised", full(ours.realized_pnl.get()))
        .fact("fees", full(ours.fees.get()), "fees", full(ours.fees.get()))
        .fact("funding", full(ours.funding.get()), "funding", full(ours.funding.get()))
        .fact("wallet", full(ours.wallet.get()), "wallet", full(ours.wallet.get()))
        .fact("exchange_wallet", full(theirs.wallet.get()), "the exchange says", full(theirs.wallet.get()))
        .fact("agrees", agrees, "records and exchange agree", if agrees { "yes, to the last digit" } else { "no" });
    story.tell(&step)?;
    if agrees { Ok(()) } else { Err(Failure::no(ours.difference(&theirs)).help(cleared(stage))) }
}

/// What an account's books add up to; fees and funding are positive when paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Sums {
    realized_pnl: Money,
    fees: Money,
    funding: Money,
    wallet: Money,
}

impl Sums {
    async fn of_the_records(stage: &Stage) -> Result<Self, Failure> {
        let totals = stage.store.totals(&stage.account).await.map_err(Failure::unreachable)?;
        let totals = totals.into_iter().find(|totals| totals.currency == stage.instrument.settle);
        let (realized_pnl, fees, funding) =
            totals.map_or_else(Default::default, |totals| (totals.realized_pnl, totals.fees, totals.funding));
        Ok(Self { realized_pnl, fees, funding, wallet: stage.wallet + realized_pnl - fees - funding })
    }

    /// Every sum that differs, in words.
    fn difference(&self, theirs: &Self) -> String {
        let sums = [
            ("realised", self.realized_pnl, theirs.realized_pnl),
            ("fees", self.fees, theirs.fees),
            ("funding", self.funding, theirs.funding),
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
                wallet: wallet.unwrap_or_default(),
            }
        })
    }
}

/// What a liquidation took beyond its fill is booked by the exchange alone: no fill and no funding tells of it.
fn cleared(stage: &Stage) -> String {
    let cleared: Money = stage.venue.exchange(|exchange| {
        let income = exchange.income(&stage.account).iter();
        income.filter(|row| row.kind == IncomeKind::InsuranceClear).map(|row| row.amount).sum()
    });
    format!("Liquidations paid {} to the insurance fund, which the records do not hold.", full((-cleared).get()))
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
