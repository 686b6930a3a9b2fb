//! Calls about an account's money and positions.

use crate::binance::error::Refusal;
use crate::binance::floor::Floor;
use crate::binance::market::maybe_named;
use crate::binance::number::{self, money, padded, shown, shown_trimmed, trimmed};
use crate::binance::router::{Call, Handled, json};
use crate::binance::user_data::{break_even, signed};
use crate::binance::words;
use plimsoll_domain::{AccountId, Instrument, Leverage, MarginMode, Money, PositionReport, PositionSide, Price};
use plimsoll_exchange::{AccountFigures, PositionFigures};
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

/// What stands for no limit of a notional.
pub(crate) const NO_LIMIT: i64 = i64::MAX;

/// The most notional that this leverage allows, as text.
pub(crate) fn max_notional(floor: &Floor, instrument: &Instrument, leverage: Leverage) -> String {
    let most = floor.exchange.max_notional(&instrument.symbol, leverage);
    most.map_or_else(|| NO_LIMIT.to_string(), |most| trimmed(most.get()))
}

fn figures(floor: &Floor, account: &AccountId) -> Result<AccountFigures, Refusal> {
    floor.exchange.account_figures(account).ok_or(Refusal::UNKNOWN_KEY)
}

/// Money that is only shown.
fn amount(value: Money) -> String {
    shown(value.get())
}

fn settle(floor: &Floor) -> String {
    floor.instruments().first().map_or_else(|| "USDT".to_owned(), |instrument| instrument.settle.to_string())
}

pub(crate) fn balance(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let it = figures(floor, call.account()?)?;
    json(&json!([{
        "accountAlias": "SgsR", "asset": settle(floor), "balance": money(it.wallet),
        "crossWalletBalance": money(it.cross_wallet), "crossUnPnl": amount(it.cross_unrealized_pnl),
        "availableBalance": amount(it.available), "maxWithdrawAmount": amount(it.withdrawable),
        "marginAvailable": true, "updateTime": floor.exchange.now().as_millis(),
    }]))
}

pub(crate) fn account_v3(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let account = call.account()?;
    let it = figures(floor, account)?;
    let mut body = totals(&it);
    body.insert("assets".to_owned(), json!([asset(floor, &it)]));
    let rows = floor.shown_positions(account, false);
    let rows: Vec<Value> = rows.iter().filter_map(|report| position_v3(floor, account, report)).collect();
    body.insert("positions".to_owned(), Value::from(rows));
    json(&body)
}

pub(crate) fn account_v2(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let account = call.account()?;
    let it = figures(floor, account)?;
    let mut body = totals(&it);
    for (name, value) in [
        ("feeTier", json!(0)),
        ("feeBurn", json!(false)),
        ("canTrade", json!(true)),
        ("canDeposit", json!(true)),
        ("canWithdraw", json!(true)),
        ("updateTime", json!(0)),
        ("multiAssetsMargin", json!(false)),
        ("tradeGroupId", json!(-1)),
    ] {
        body.insert(name.to_owned(), value);
    }
    let mut asset = asset(floor, &it);
    asset.insert("marginAvailable".to_owned(), json!(true));
    body.insert("assets".to_owned(), json!([asset]));
    let rows = floor.shown_positions(account, true);
    let rows: Vec<Value> = rows.iter().filter_map(|report| position_v2(floor, account, report)).collect();
    body.insert("positions".to_owned(), Value::from(rows));
    json(&body)
}

fn totals(it: &AccountFigures) -> Map<String, Value> {
    [
        ("totalInitialMargin", amount(it.position_initial_margin + it.order_initial_margin)),
        ("totalMaintMargin", amount(it.maintenance_margin)),
        ("totalWalletBalance", money(it.wallet)),
        ("totalUnrealizedProfit", amount(it.unrealized_pnl)),
        ("totalMarginBalance", amount(it.wallet + it.unrealized_pnl)),
        ("totalPositionInitialMargin", amount(it.position_initial_margin)),
        ("totalOpenOrderInitialMargin", amount(it.order_initial_margin)),
        ("totalCrossWalletBalance", money(it.cross_wallet)),
        ("totalCrossUnPnl", amount(it.cross_unrealized_pnl)),
        ("availableBalance", amount(it.available)),
        ("maxWithdrawAmount", amount(it.withdrawable)),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), Value::from(value)))
    .collect()
}

fn asset(floor: &Floor, it: &AccountFigures) -> Map<String, Value> {
    let mut row: Map<String, Value> = [
        ("asset", settle(floor)),
        ("walletBalance", money(it.wallet)),
        ("unrealizedProfit", amount(it.unrealized_pnl)),
        ("marginBalance", amount(it.wallet + it.unrealized_pnl)),
        ("maintMargin", amount(it.maintenance_margin)),
        ("initialMargin", amount(it.position_initial_margin + it.order_initial_margin)),
        ("positionInitialMargin", amount(it.position_initial_margin)),
        ("openOrderInitialMargin", amount(it.order_initial_margin)),
        ("crossWalletBalance", money(it.cross_wallet)),
        ("crossUnPnl", amount(it.cross_unrealized_pnl)),
        ("availableBalance", amount(it.available)),
        ("maxWithdrawAmount", amount(it.withdrawable)),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), Value::from(value)))
    .collect();
    row.insert("updateTime".to_owned(), json!(floor.exchange.now().as_millis()));
    row
}

/// What the rows of every version are made of.
struct Row<'a> {
    instrument: &'a Instrument,
    report: &'a PositionReport,
    figures: PositionFigures,
    isolated: Option<Money>,
    profit: Money,
    notional: Decimal,
    updated: i64,
}

impl<'a> Row<'a> {
    fn new(floor: &'a Floor, account: &AccountId, report: &'a PositionReport) -> Option<Self> {
        let instrument = floor.instrument(&report.symbol)?;
        let (symbol, side) = (&report.symbol, report.position_side);
        let figures = floor.exchange.position_figures(account, symbol, side)?;
        let updated = floor.exchange.position_updated(account, symbol, side).unwrap_or_default();
        let isolated = report.isolated_margin.filter(|_| report.margin_mode == Some(MarginMode::Isolated));
        let sign = if signed(report).is_sign_negative() { Decimal::NEGATIVE_ONE } else { Decimal::ONE };
        Some(Self {
            instrument,
            report,
            isolated,
            profit: report.unrealized_pnl.unwrap_or_default(),
            notional: sign * figures.notional.get(),
            figures,
            updated: updated.as_millis(),
        })
    }

    fn native(&self) -> &str {
        &self.instrument.native
    }

    fn side(&self) -> &'static str {
        words::position_side(self.report.position_side)
    }

    fn amount(&self) -> String {
        padded(signed(self.report), number::quantity_precision(self.instrument))
    }

    fn entry(&self) -> String {
        self.report.position.map_or_else(|| "0.0".to_owned(), |position| padded(position.entry.get(), 1))
    }

    fn break_even(&self) -> String {
        let price = break_even(self.report, self.instrument);
        if price.is_zero() { "0.0".to_owned() } else { shown_trimmed(price) }
    }

    fn mark(&self) -> String {
        shown(self.report.mark_price.map_or(Decimal::ZERO, Price::get))
    }

    fn liquidation(&self) -> String {
        self.report.liquidation_price.map_or_else(|| "0".to_owned(), |price| shown(price.get()))
    }

    /// The margin of an isolated position with its profit; 0 where it is cross.
    fn isolated_margin(&self) -> String {
        let margin = self.isolated.filter(|_| self.report.position.is_some()).map(|wallet| wallet + self.profit);
        margin.map_or_else(|| "0".to_owned(), |margin| shown_trimmed(margin.get()))
    }

    fn isolated_wallet(&self) -> String {
        trimmed(self.isolated.unwrap_or_default().get())
    }

    fn initial_margin(&self) -> String {
        shown_trimmed((self.figures.initial_margin + self.figures.order_initial_margin).get())
    }
}

fn position_v3(floor: &Floor, account: &AccountId, report: &PositionReport) -> Option<Value> {
    let row = Row::new(floor, account, report)?;
    Some(json!({
        "symbol": row.native(), "positionSide": row.side(), "positionAmt": row.amount(),
        "unrealizedProfit": amount(row.profit), "isolatedMargin": row.isolated_margin(),
        "notional": shown_trimmed(row.notional), "isolatedWallet": row.isolated_wallet(),
        "initialMargin": row.initial_margin(), "maintMargin": shown_trimmed(row.figures.maintenance_margin.get()),
        "updateTime": row.updated,
    }))
}

fn position_v2(floor: &Floor, account: &AccountId, report: &PositionReport) -> Option<Value> {
    let row = Row::new(floor, account, report)?;
    let (leverage, mode) = floor.setting(account, &report.symbol);
    Some(json!({
        "symbol": row.native(), "initialMargin": row.initial_margin(),
        "maintMargin": shown_trimmed(row.figures.maintenance_margin.get()), "unrealizedProfit": amount(row.profit),
        "positionInitialMargin": shown_trimmed(row.figures.initial_margin.get()),
        "openOrderInitialMargin": shown_trimmed(row.figures.order_initial_margin.get()),
        "leverage": leverage.get().to_string(), "isolated": mode == MarginMode::Isolated, "entryPrice": row.entry(),
        "breakEvenPrice": row.break_even(), "maxNotional": max_notional(floor, row.instrument, leverage),
        "bidNotional": shown_trimmed(row.figures.bid_notional.get()),
        "askNotional": shown_trimmed(row.figures.ask_notional.get()), "positionSide": row.side(),
        "positionAmt": row.amount(), "notional": shown_trimmed(row.notional),
        "isolatedWallet": row.isolated_wallet(), "updateTime": row.updated,
    }))
}

pub(crate) fn position_risk_v3(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let account = call.account()?;
    let only = maybe_named(floor, call.parameters)?.map(|instrument| &instrument.symbol);
    let mut reports = floor.shown_positions(account, false);
    // Of the legs of hedge mode only those are shown where something is held, unless nothing but orders is there.
    reports.retain(|report| only.is_none_or(|symbol| report.symbol == *symbol));
    let held = |report: &PositionReport| report.position.is_some();
    let holds = |report: &PositionReport| reports.iter().any(|other| other.symbol == report.symbol && held(other));
    let rows = reports.iter().filter(|report| held(report) || !holds(report)).filter_map(|report| {
        let row = Row::new(floor, account, report)?;
        Some(json!({
            "symbol": row.native(), "positionSide": row.side(), "positionAmt": row.amount(), "entryPrice": row.entry(),
            "breakEvenPrice": row.break_even(), "markPrice": row.mark(), "unRealizedProfit": amount(row.profit),
            "liquidationPrice": row.liquidation(), "isolatedMargin": row.isolated_margin(),
            "notional": shown_trimmed(row.notional), "marginAsset": row.instrument.settle.as_str(),
            "isolatedWallet": row.isolated_wallet(), "initialMargin": row.initial_margin(),
            "maintMargin": shown_trimmed(row.figures.maintenance_margin.get()),
            "positionInitialMargin": shown_trimmed(row.figures.initial_margin.get()),
            "openOrderInitialMargin": shown_trimmed(row.figures.order_initial_margin.get()), "adl": row.figures.adl,
            "bidNotional": shown_trimmed(row.figures.bid_notional.get()),
            "askNotional": shown_trimmed(row.figures.ask_notional.get()), "updateTime": row.updated,
        }))
    });
    json(&rows.collect::<Vec<_>>())
}

pub(crate) fn position_risk_v2(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let account = call.account()?;
    let only = maybe_named(floor, call.parameters)?.map(|instrument| &instrument.symbol);
    let mut reports = floor.shown_positions(account, true);
    reports.retain(|report| only.is_none_or(|symbol| report.symbol == *symbol));
    let rows = reports.iter().filter_map(|report| {
        let row = Row::new(floor, account, report)?;
        let (leverage, mode) = floor.setting(account, &report.symbol);
        Some(json!({
            "symbol": row.native(), "positionAmt": row.amount(), "entryPrice": row.entry(),
            "breakEvenPrice": row.break_even(), "markPrice": row.mark(), "unRealizedProfit": amount(row.profit),
            "liquidationPrice": row.liquidation(), "leverage": leverage.get().to_string(),
            "maxNotionalValue": max_notional(floor, row.instrument, leverage), "marginType": words::margin_type(mode),
            "isolatedMargin": row.isolated_margin(), "isAutoAddMargin": "false", "positionSide": row.side(),
            "notional": shown_trimmed(row.notional), "isolatedWallet": row.isolated_wallet(),
            "updateTime": row.updated,
        }))
    });
    json(&rows.collect::<Vec<_>>())
}

pub(crate) fn adl_quantile(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let account = call.account()?;
    let only = maybe_named(floor, call.parameters)?;
    let instruments = only.map_or_else(|| floor.instruments(), |one| vec![one]);
    let rank = |instrument: &Instrument, side: PositionSide| {
        floor.exchange.position_figures(account, &instrument.symbol, side).map_or(0, |figures| figures.adl)
    };
    let held = |instrument: &&Instrument| floor.positions(account).iter().any(|it| it.symbol == instrument.symbol);
    let rows = instruments.into_iter().filter(held).map(|instrument| {
        let quantile = match floor.position_sides(account) {
            [PositionSide::Both] => json!({"LONG": 0, "SHORT": 0, "BOTH": rank(instrument, PositionSide::Both)}),
            _ => {
                let (long, short) = (rank(instrument, PositionSide::Long), rank(instrument, PositionSide::Short));
                if floor.setting(account, &instrument.symbol).1 == MarginMode::Cross {
                    // Crossed legs stand in one place of the queue, and a marker says so.
                    json!({"LONG": long.max(short), "SHORT": long.max(short), "HEDGE": 0})
                } else {
                    json!({"LONG": long, "SHORT": short, "BOTH": 0})
                }
            }
        };
        json!({"symbol": &*instrument.native, "adlQuantile": quantile})
    });
    json(&rows.collect::<Vec<_>>())
}
