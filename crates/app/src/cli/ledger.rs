//! `plimsoll ledger`: what the records say was traded, paid and earned.

use super::target::Target;
use crate::failure::Failure;
use crate::records::Records;
use crate::screen::{self, counted, full};
use clap::Args;
use plimsoll_domain::{AccountId, Timestamp};
use plimsoll_ports::{
    Clock, DailyPnl, FundingRecord, PositionRecord, PositionStatus, SystemClock, Totals, TradeRecord,
};
use serde::Serialize;
use std::process::ExitCode;
use std::time::Duration;

/// Trades, funding, ended positions and the result of each day, from the records alone: the venue is not asked.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  plimsoll ledger --days 7 --json")]
pub(crate) struct Ledger {
    /// How many days back, today included
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=3660))]
    days: u32,
    #[command(flatten)]
    target: Target,
}

struct Books {
    trades: Vec<TradeRecord>,
    funding: Vec<FundingRecord>,
    ended: Vec<PositionRecord>,
    days: Vec<DailyPnl>,
    totals: Vec<Totals>,
}

#[derive(Serialize)]
struct Answer {
    account: String,
    since: String,
    days: Vec<Day>,
    positions: Vec<Ended>,
    trades: Vec<Trade>,
    funding: Vec<Payment>,
    totals: Vec<Sum>,
}

#[derive(Serialize)]
struct Day {
    day: String,
    realized_pnl: String,
    fees: String,
    funding: String,
    net: String,
}

#[derive(Serialize)]
struct Ended {
    symbol: String,
    side: String,
    quantity: String,
    entry_price: String,
    exit_price: String,
    realized_pnl: String,
    fees: String,
    funding: String,
    net: String,
    status: &'static str,
    reason: String,
    opened_at: String,
    closed_at: String,
}

#[derive(Serialize)]
struct Trade {
    time: String,
    symbol: String,
    side: String,
    price: String,
    quantity: String,
    fee: String,
    fee_currency: Option<String>,
    realized_pnl: Option<String>,
    trade_id: String,
    client_order_id: String,
}

#[derive(Serialize)]
struct Payment {
    time: String,
    symbol: String,
    payment: String,
    currency: String,
}

#[derive(Serialize)]
struct Sum {
    currency: String,
    realized_pnl: String,
    fees: String,
    funding: String,
    net: String,
}

impl Ledger {
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        super::runtime()?.block_on(self.show())?;
        Ok(ExitCode::SUCCESS)
    }

    /// Needs no secret and no venue, and no --live: it only reads what is written.
    async fn show(self) -> Result<(), Failure> {
        let chosen = Target { live: true, ..self.target.clone() }.choose()?;
        let records = Records::open_in_place(&chosen.config.database, &chosen.config.state).await?;
        let now = SystemClock.now();
        let since = now.minus(Duration::from_secs(u64::from(self.days) * 86_400));
        let books = read(&records, &chosen.account.name, self.days, since, now).await;
        records.close().await;
        let books = books.map_err(Failure::unreachable)?;
        if self.target.json {
            return screen::json(&books.answer(&chosen.account.name, since));
        }
        books.print(self.days)
    }
}

async fn read(
    records: &Records,
    account: &AccountId,
    days: u32,
    since: Timestamp,
    now: Timestamp,
) -> Result<Books, plimsoll_ports::StoreError> {
    let positions = &records.positions;
    let mut ended = positions.by_status(account, PositionStatus::Closed).await?;
    ended.extend(positions.by_status(account, PositionStatus::Liquidated).await?);
    ended.retain(|it| it.closed.as_ref().is_some_and(|closed| closed.closed_at >= since));
    ended.sort_by_key(|it| it.closed.as_ref().map(|closed| closed.closed_at));
    Ok(Books {
        trades: records.trades.since(account, None, since).await?,
        funding: records.funding.history(account, None, None, days, now).await?,
        days: records.trades.daily_pnl(account, days, now).await?,
        totals: records.trades.totals(account).await?,
        ended,
    })
}

impl Books {
    fn print(&self, days: u32) -> Result<(), Failure> {
        if self.trades.is_empty() && self.funding.is_empty() {
            return screen::line(format!("nothing is recorded in the last {days} days"));
        }
        let day = |it: &DailyPnl| {
            let date = screen::minute(it.day).chars().take(10).collect();
            let money = [it.realized_pnl, it.fees, it.funding, it.net()].map(screen::money);
            [vec![date], money.to_vec()].concat()
        };
        screen::line(screen::table(&["day", "realised", "fees", "funding", "net"], self.days.iter().map(day)))?;
        let ended = self.ended.iter().filter_map(|it| {
            let closed = it.closed.as_ref()?;
            let net = plimsoll_domain::pnl::net(closed.realized_pnl, closed.fees, closed.funding);
            Some(vec![
                format!("{} {}", it.opened.symbol.base(), it.opened.direction),
                screen::price(it.opened.entry_price),
                screen::price(closed.exit_price),
                screen::money(net),
                closed.reason.clone(),
                screen::minute(closed.closed_at),
            ])
        });
        let ended: Vec<_> = ended.collect();
        if !ended.is_empty() {
            screen::line(screen::table(&["ended", "entry", "exit", "net", "why", "when (UTC)"], ended))?;
        }
        let traded =
            format!("{}, {}", counted(self.trades.len(), "trade"), counted(self.funding.len(), "funding payment"));
        screen::line(format!("{traded}; everything on record:"))?;
        let total = |it: &Totals| {
            let money = [it.realized_pnl, it.fees, it.funding, it.net()].map(screen::money);
            [vec![it.currency.to_string()], money.to_vec()].concat()
        };
        screen::line(screen::table(&["total", "realised", "fees", "funding", "net"], self.totals.iter().map(total)))
    }

    fn answer(&self, account: &AccountId, since: Timestamp) -> Answer {
        Answer {
            account: account.to_string(),
            since: screen::instant(since),
            days: self.days.iter().map(Day::of).collect(),
            positions: self.ended.iter().filter_map(Ended::of).collect(),
            trades: self.trades.iter().map(Trade::of).collect(),
            funding: self.funding.iter().map(Payment::of).collect(),
            totals: self.totals.iter().map(Sum::of).collect(),
        }
    }
}

impl Day {
    fn of(it: &DailyPnl) -> Self {
        Self {
            day: screen::minute(it.day).chars().take(10).collect(),
            realized_pnl: full(it.realized_pnl.get()),
            fees: full(it.fees.get()),
            funding: full(it.funding.get()),
            net: full(it.net().get()),
        }
    }
}

impl Ended {
    fn of(it: &PositionRecord) -> Option<Self> {
        let (opened, closed) = (&it.opened, it.closed.as_ref()?);
        let net = plimsoll_domain::pnl::net(closed.realized_pnl, closed.fees, closed.funding);
        Some(Self {
            symbol: opened.symbol.to_string(),
            side: opened.direction.to_string(),
            quantity: full(opened.quantity.get()),
            entry_price: full(opened.entry_price.get()),
            exit_price: full(closed.exit_price.get()),
            realized_pnl: full(closed.realized_pnl.get()),
            fees: full(closed.fees.get()),
            funding: full(closed.funding.get()),
            net: full(net.get()),
            status: closed.status.as_str(),
            reason: closed.reason.clone(),
            opened_at: screen::instant(opened.opened_at),
            closed_at: screen::instant(closed.closed_at),
        })
    }
}

impl Trade {
    fn of(it: &TradeRecord) -> Self {
        let fill = &it.fill;
        Self {
            time: screen::instant(fill.time),
            symbol: fill.symbol.to_string(),
            side: fill.side.to_string(),
            price: full(fill.price.get()),
            quantity: full(fill.quantity.get()),
            fee: full(fill.fee.get()),
            fee_currency: fill.fee_currency.as_ref().map(ToString::to_string),
            realized_pnl: fill.realized_pnl.map(|money| full(money.get())),
            trade_id: fill.trade_id.to_string(),
            client_order_id: fill.client_order_id.to_string(),
        }
    }
}

impl Payment {
    fn of(it: &FundingRecord) -> Self {
        Self {
            time: screen::instant(it.time),
            symbol: it.symbol.to_string(),
            payment: full(it.payment.get()),
            currency: it.currency.to_string(),
        }
    }
}

impl Sum {
    fn of(it: &Totals) -> Self {
        Self {
            currency: it.currency.to_string(),
            realized_pnl: full(it.realized_pnl.get()),
            fees: full(it.fees.get()),
            funding: full(it.funding.get()),
            net: full(it.net().get()),
        }
    }
}
