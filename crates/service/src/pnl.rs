//! The equity curve, and where it comes from.

use crate::account::ServedAccount;
use crate::failure::AskFailure;
use crate::figure::{Figure, Moment, answers, known};
use crate::overview::{day_pnl, losses};
use crate::service::Service;
use crate::trades::DAY;
use plimsoll_domain::{AccountId, Timestamp};
use plimsoll_ports::{BookingRecord, DailyPnl, PnlSnapshot, RiskEventRecord, ThinnedCurve, Totals};

answers! {
    /// Profit and loss, account by account.
    pub struct Pnl {
        /// When it was put together.
        pub time: Moment,
        /// The accounts.
        pub accounts: Vec<PnlRow>,
    }

    /// Profit and loss of an account.
    pub struct PnlRow {
        /// Its name.
        pub account: String,
        /// Where it is.
        pub venue: String,
        /// What kind of money it trades.
        pub mode: &'static str,
        /// What it is kept in.
        pub currency: String,
        /// The day so far.
        pub day: DayRow,
        /// Everything since the records began, by currency.
        pub totals: Vec<PnlTotals>,
        /// Day by day (UTC), oldest first; days on which nothing was booked are not listed.
        pub days: Vec<PnlDay>,
        /// The equity curve, oldest first.
        pub curve: Vec<CurvePoint>,
        /// More points are on record than are shown of the curve that was asked for.
        pub thinned: bool,
        /// What to flag on it, oldest first.
        pub marks: Vec<CurveMark>,
    }

    /// The day so far; null until it is known what it opened with.
    pub struct DayRow {
        /// What it opened with.
        pub start_equity: Option<Figure>,
        /// Wallet and unrealised profit.
        pub equity: Option<Figure>,
        /// What was earned since; transfers are no part of it.
        pub pnl: Option<Figure>,
        /// How far it has fallen from its peak.
        pub drawdown: Option<Figure>,
        /// What it has fallen from.
        pub peak_equity: Option<Figure>,
    }

    /// Sums since the records began.
    pub struct PnlTotals {
        /// In this currency.
        pub currency: String,
        /// Before fees and funding.
        pub realized_pnl: Figure,
        /// Positive is paid.
        pub fees: Figure,
        /// Positive is paid.
        pub funding: Figure,
        /// What was booked otherwise and is no transfer; positive is received.
        pub adjustments: Figure,
        /// What was put in less what was taken out: neither profit nor loss.
        pub transfers: Figure,
        /// Realised less fees and funding, and the adjustments.
        pub net: Figure,
    }

    /// What a day brought.
    pub struct PnlDay {
        /// Midnight UTC at its start.
        pub day: Moment,
        /// Before fees and funding.
        pub realized_pnl: Figure,
        /// Positive is paid.
        pub fees: Figure,
        /// Positive is paid.
        pub funding: Figure,
        /// What was booked otherwise and is no transfer.
        pub adjustments: Figure,
        /// What was put in less what was taken out.
        pub transfers: Figure,
        /// Realised less fees and funding, and the adjustments.
        pub net: Figure,
    }

    /// A point of the equity curve.
    pub struct CurvePoint {
        /// When.
        pub time: Moment,
        /// Wallet and unrealised profit.
        pub equity: Figure,
        /// Everything but unrealised profit.
        pub wallet: Figure,
        /// Profit of the open positions at the mark.
        pub unrealized_pnl: Figure,
        /// Realised since the records began.
        pub realized_pnl: Figure,
        /// Fees since the records began.
        pub fees: Figure,
        /// Funding since the records began.
        pub funding: Figure,
        /// What was earned otherwise since the records began.
        pub adjustments: Figure,
        /// What was earned in all: deposits are no part of it.
        pub earned: Figure,
        /// The account's margin ratio.
        pub margin_ratio: Option<Figure>,
        /// How many positions were open.
        pub open_positions: u32,
    }

    /// Something to flag on the curve.
    pub struct CurveMark {
        /// When.
        pub time: Moment,
        /// `kill_switch`, `liquidated`, `flatten` or `transfer`.
        pub kind: &'static str,
        /// What it was.
        pub text: String,
    }
}

impl Service {
    /// The equity curve of so many days, with at most so many points, if it is wanted at all; where it comes from, and the day
    /// so far.
    ///
    /// # Errors
    /// [`AskFailure`].
    pub async fn pnl(&self, account: Option<&AccountId>, days: u32, points: Option<u32>) -> Result<Pnl, AskFailure> {
        let now = self.now();
        let mut accounts = Vec::new();
        for account in self.chosen(account)? {
            accounts.push(row(account, days, points, now).await?);
        }
        Ok(Pnl { time: now.into(), accounts })
    }
}

async fn row(account: &ServedAccount, days: u32, points: Option<u32>, now: Timestamp) -> Result<PnlRow, AskFailure> {
    let (name, ports, since) = (account.name(), &account.ports, now.minus(DAY * days));
    let curve = match points {
        None => ThinnedCurve::default(),
        Some(points) => ports.equity.thinned(name, days, points, now).await?,
    };
    let totals = ports.trades.totals(name).await?;
    let daily = ports.trades.daily_pnl(name, days, now).await?;
    let events = ports.risk_events.since(name, since).await?;
    let bookings = ports.bookings.since(name, since).await?;
    let seen = account.seen(now);
    let watch = losses(account, &seen);
    let mut marks: Vec<CurveMark> =
        events.iter().filter_map(mark).chain(bookings.iter().filter_map(transfer)).collect();
    marks.sort_by_key(|it| it.time);
    Ok(PnlRow {
        account: name.to_string(),
        venue: account.venue().to_string(),
        mode: account.mode.as_str(),
        currency: account.currency().to_string(),
        day: DayRow {
            start_equity: known(watch.map(|it| it.day_start_equity())),
            equity: known(seen.margin.equity),
            pnl: known(watch.as_ref().map(day_pnl)),
            drawdown: known(watch.map(|it| it.drawdown())),
            peak_equity: known(watch.map(|it| it.peak_equity())),
        },
        totals: totals.iter().map(PnlTotals::from).collect(),
        days: daily.iter().map(PnlDay::from).collect(),
        thinned: curve.points.len() < curve.on_record as usize,
        curve: curve.points.iter().map(CurvePoint::from).collect(),
        marks,
    })
}

fn mark(it: &RiskEventRecord) -> Option<CurveMark> {
    let kind = match it.kind.as_str() {
        "kill_switch" => "kill_switch",
        "liquidated" => "liquidated",
        "flatten" => "flatten",
        _ => return None,
    };
    Some(CurveMark { time: it.time.into(), kind, text: format!("{}: {}", it.action, it.detail) })
}

fn transfer(it: &BookingRecord) -> Option<CurveMark> {
    let booking = &it.booking;
    let text = format!("{} {} (into the account, if positive)", booking.amount, booking.currency);
    booking.kind.is_transfer().then(|| CurveMark { time: booking.time.into(), kind: "transfer", text })
}

impl From<&Totals> for PnlTotals {
    fn from(it: &Totals) -> Self {
        Self {
            currency: it.currency.to_string(),
            realized_pnl: it.realized_pnl.into(),
            fees: it.fees.into(),
            funding: it.funding.into(),
            adjustments: it.adjustments.into(),
            transfers: it.transfers.into(),
            net: it.net().into(),
        }
    }
}

impl From<&DailyPnl> for PnlDay {
    fn from(it: &DailyPnl) -> Self {
        Self {
            day: it.day.into(),
            realized_pnl: it.realized_pnl.into(),
            fees: it.fees.into(),
            funding: it.funding.into(),
            adjustments: it.adjustments.into(),
            transfers: it.transfers.into(),
            net: it.net().into(),
        }
    }
}

impl From<&PnlSnapshot> for CurvePoint {
    fn from(it: &PnlSnapshot) -> Self {
        Self {
            time: it.time.into(),
            equity: it.equity().into(),
            wallet: it.wallet.into(),
            unrealized_pnl: it.unrealized_pnl.into(),
            realized_pnl: it.realized_pnl.into(),
            fees: it.fees.into(),
            funding: it.funding.into(),
            adjustments: it.adjustments.into(),
            earned: it.earned().into(),
            margin_ratio: known(it.margin_ratio),
            open_positions: it.open_positions,
        }
    }
}
