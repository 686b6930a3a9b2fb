//! Statistics as JSON.

use super::{Amount, Text, Time, seconds};
use crate::statistics::{Drawdown, Month, NearestLiquidation, Statistics, StrategyFigures, TradeFigures};
use plimsoll_domain::Symbol;
use serde::Serialize;

#[derive(Serialize)]
pub(super) struct Figures<'a> {
    period_seconds: f64,
    step_seconds: Option<f64>,
    returns: usize,
    total_return: Option<f64>,
    annualised_return: Option<f64>,
    volatility: Option<f64>,
    sharpe: Option<f64>,
    sortino: Option<f64>,
    calmar: Option<f64>,
    skewness: Option<f64>,
    kurtosis: Option<f64>,
    sharpe_above_zero: Option<f64>,
    length_needed_seconds: Option<f64>,
    drawdown: Option<Fall>,
    trades: Trades,
    exposure_time: Option<f64>,
    turnover: Amount,
    turnover_ratio: Option<f64>,
    fees: Amount,
    funding: Amount,
    nearest_liquidation: Option<Nearest<'a>>,
}

impl<'a> Figures<'a> {
    pub(super) fn of(it: &'a Statistics) -> Self {
        Self {
            period_seconds: it.period.as_secs_f64(),
            step_seconds: seconds(it.step),
            returns: it.returns,
            total_return: it.total_return,
            annualised_return: it.annualised_return,
            volatility: it.volatility,
            sharpe: it.sharpe,
            sortino: it.sortino,
            calmar: it.calmar,
            skewness: it.skewness,
            kurtosis: it.kurtosis,
            sharpe_above_zero: it.sharpe_above_zero,
            length_needed_seconds: seconds(it.length_needed),
            drawdown: it.drawdown.map(Fall::of),
            trades: Trades::of(&it.trades),
            exposure_time: it.exposure_time,
            turnover: Text(it.turnover),
            turnover_ratio: it.turnover_ratio,
            fees: Text(it.fees),
            funding: Text(it.funding),
            nearest_liquidation: it.nearest_liquidation.as_ref().map(Nearest::of),
        }
    }
}

#[derive(Serialize)]
struct Fall {
    amount: Amount,
    fraction: f64,
    peak: Time,
    trough: Time,
    longest_seconds: f64,
    recovered: bool,
}

impl Fall {
    fn of(it: Drawdown) -> Self {
        Self {
            amount: Text(it.amount),
            fraction: it.fraction,
            peak: Text(it.peak),
            trough: Text(it.trough),
            longest_seconds: it.length.as_secs_f64(),
            recovered: it.recovered,
        }
    }
}

#[derive(Serialize)]
struct Trades {
    closed: usize,
    open: usize,
    won: usize,
    lost: usize,
    win_rate: Option<f64>,
    profit_factor: Option<f64>,
    expectancy: Option<Amount>,
    average_win: Option<Amount>,
    average_loss: Option<Amount>,
    largest_win: Option<Amount>,
    largest_loss: Option<Amount>,
    losing_streak: usize,
    average_held_seconds: Option<f64>,
}

impl Trades {
    fn of(it: &TradeFigures) -> Self {
        Self {
            closed: it.closed,
            open: it.open,
            won: it.won,
            lost: it.lost,
            win_rate: it.win_rate,
            profit_factor: it.profit_factor,
            expectancy: it.expectancy.map(Text),
            average_win: it.average_win.map(Text),
            average_loss: it.average_loss.map(Text),
            largest_win: it.largest_win.map(Text),
            largest_loss: it.largest_loss.map(Text),
            losing_streak: it.losing_streak,
            average_held_seconds: seconds(it.average_held),
        }
    }
}

#[derive(Serialize)]
struct Nearest<'a> {
    symbol: Text<&'a Symbol>,
    time: Time,
    distance: f64,
}

impl<'a> Nearest<'a> {
    fn of(it: &'a NearestLiquidation) -> Self {
        Self { symbol: Text(&it.symbol), time: Text(it.time), distance: it.distance }
    }
}

#[derive(Serialize)]
pub(super) struct Strategy<'a> {
    name: &'a str,
    trades: usize,
    profit: Amount,
    fees: Amount,
    funding: Amount,
    net: Amount,
}

impl<'a> Strategy<'a> {
    pub(super) fn of(it: &'a StrategyFigures) -> Self {
        Self {
            name: &it.name,
            trades: it.trades,
            profit: Text(it.profit),
            fees: Text(it.fees),
            funding: Text(it.funding),
            net: Text(it.net),
        }
    }
}

#[derive(Serialize)]
pub(super) struct MonthRow {
    month: String,
    opening: Amount,
    closing: Amount,
    result: Option<f64>,
}

impl MonthRow {
    pub(super) fn of(it: &Month) -> Self {
        Self {
            month: format!("{:04}-{:02}", it.year, it.month),
            opening: Text(it.opening),
            closing: Text(it.closing),
            result: it.result,
        }
    }
}
