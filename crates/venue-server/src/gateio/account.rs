//! Calls about an account's money and its settings.

use crate::gateio::error::Refusal;
use crate::gateio::floor::Floor;
use crate::gateio::ledger::{Ledgers, kind};
use crate::gateio::market::maybe_named;
use crate::gateio::parameters::Parameters;
use crate::gateio::push::movement_text;
use crate::gateio::refusal;
use crate::gateio::router::{Call, Handled};
use crate::gateio::words::{self, seconds};
use crate::gateio::write::{Object, array};
use crate::number::cut;
use plimsoll_domain::{AccountId, Fill, MarginMode, Money, PositionMode, TradeId};
use plimsoll_exchange::Income;

/// Places of figures that are worked out.
const PLACES: u32 = 12;

pub(crate) fn accounts(floor: &mut Floor, call: &Call<'_>) -> Handled {
    row(floor, call.account()?)
}

/// What isolated positions hold of the wallet, and what cross ones must have.
#[derive(Default)]
struct Shares {
    isolated: Money,
    cross_initial: Money,
    cross_maintenance: Money,
}

fn shares(floor: &Floor, account: &AccountId) -> Shares {
    let mut shares = Shares::default();
    for report in floor.exchange.positions(account) {
        let figures = floor.exchange.position_figures(account, &report.symbol, report.position_side);
        let figures = figures.unwrap_or_default();
        if report.margin_mode == Some(MarginMode::Isolated) {
            shares.isolated += report.isolated_margin.unwrap_or_default();
        } else {
            shares.cross_initial += figures.initial_margin;
            shares.cross_maintenance += figures.maintenance_margin;
        }
    }
    shares
}

fn row(floor: &Floor, account: &AccountId) -> Handled {
    let it = floor.exchange.account_figures(account).ok_or(Refusal::USER_NOT_FOUND)?;
    let Shares { isolated, cross_initial, cross_maintenance } = shares(floor, account);
    let mode = floor.position_mode(account);
    let sum = |kind: &str| floor.ledgers.sum(account, kind);
    let shown = |value: Money| cut(value.get(), PLACES);
    let cross_balance = it.cross_wallet + it.cross_unrealized_pnl;
    let level = |requirement: Money| {
        let level = cross_balance.get().checked_div(requirement.get());
        cut(level.filter(|_| !requirement.is_zero()).unwrap_or_default(), 4)
    };
    let history = Object::new()
        .digits("dnw", sum("dnw"))
        .digits("pnl", sum("pnl"))
        .digits("fee", sum("fee"))
        .text("refr", "0")
        .digits("fund", sum("fund"))
        .text("point_dnw", "0")
        .text("point_fee", "0")
        .text("point_refr", "0")
        .text("bonus_dnw", "0")
        .text("bonus_offset", "0");
    Ok(Object::new()
        .raw("user", floor.user(account))
        .text("currency", "USDT")
        .digits("total", it.wallet.get())
        .digits("unrealised_pnl", it.unrealized_pnl.get())
        .digits("position_margin", isolated.get())
        .text("order_margin", &shown(it.order_initial_margin))
        .text("available", &shown(it.available))
        .text("point", "0")
        .text("bonus", "0")
        .raw("in_dual_mode", mode == PositionMode::Hedge)
        .text("position_mode", words::mode(mode))
        .raw("enable_evolved_classic", true)
        .raw("enable_tiered_mm", true)
        .raw("enable_dual_plus", false)
        .raw("margin_mode", 0)
        .text("position_initial_margin", &shown(it.position_initial_margin))
        .text("maintenance_margin", &shown(it.maintenance_margin))
        .text("cross_initial_margin", &shown(cross_initial))
        .text("cross_maintenance_margin", &shown(cross_maintenance))
        .text("cross_order_margin", &shown(it.order_initial_margin))
        .digits("cross_unrealised_pnl", it.cross_unrealized_pnl.get())
        .text("cross_available", &shown(it.available))
        .digits("cross_margin_balance", cross_balance.get())
        .text("cross_mmr", &level(cross_maintenance))
        .text("cross_imr", &level(cross_initial))
        .digits("isolated_position_margin", isolated.get())
        .raw("history", history.end())
        .end())
}

pub(crate) fn detail(floor: &mut Floor, call: &Call<'_>) -> Handled {
    Ok(Object::new()
        .raw("user_id", floor.user(call.account()?))
        .raw("ip_whitelist", r#"["127.0.0.1"]"#)
        .raw("currency_pairs", "[]")
        .raw("key", r#"{"mode":1}"#)
        .raw("tier", 0)
        .raw("copy_trading_role", 0)
        .end())
}

pub(crate) fn book(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let account = call.account()?;
    let only = maybe_named(floor, call.parameters)?.map(|instrument| instrument.symbol.clone());
    let (page, period, wanted) = (call.parameters.page()?, call.parameters.period()?, call.parameters.get("type"));
    let rows = Ledgers::book(&floor.exchange, account).filter(|(income, _)| {
        period.holds(income.time)
            && wanted.is_none_or(|wanted| wanted == kind(income.kind))
            && (only.is_none() || income.symbol == only)
    });
    let rows = page.cut(rows).into_iter().map(|(income, balance)| {
        let symbol = income.symbol.as_ref();
        let native = symbol.and_then(|symbol| floor.instrument(symbol)).map_or("", |instrument| &*instrument.native);
        let trade = income.trade_id.as_ref();
        let order = fill_of(floor, account, income).map(|fill| fill.order_id.as_str());
        Object::new()
            .raw("time", seconds(income.time))
            .digits("change", income.amount.get())
            .digits("balance", balance.get())
            .text("type", kind(income.kind))
            .text("text", &movement_text(floor, symbol, order))
            .text("contract", native)
            .text("trade_id", trade.map_or("", TradeId::as_str))
            .text("id", &income.id.to_string())
            .end()
    });
    Ok(array(rows))
}

/// The trade that a movement comes from: both are of the same moment.
fn fill_of<'a>(floor: &'a Floor, account: &AccountId, income: &Income) -> Option<&'a Fill> {
    let (symbol, trade) = (income.symbol.as_ref()?, income.trade_id.as_ref()?);
    let fills = floor.exchange.fills_between(account, Some(income.time), Some(income.time));
    fills.iter().find(|fill| fill.trade_id == *trade && fill.symbol == *symbol)
}

pub(crate) fn fee(floor: &mut Floor, call: &Call<'_>) -> Handled {
    call.account()?;
    let only = maybe_named(floor, call.parameters)?.map(|instrument| instrument.symbol.clone());
    let wanted = floor.instruments().filter(|instrument| only.as_ref().is_none_or(|only| instrument.symbol == *only));
    let rates = wanted.fold(Object::new(), |map, instrument| {
        let rates = Object::new()
            .digits("taker_fee", instrument.fees.taker.get())
            .digits("maker_fee", instrument.fees.maker.get());
        map.raw(&instrument.native, rates.end())
    });
    Ok(rates.end())
}

/// The rates of every kind of market in one row; those of contracts are the first contract's.
pub(crate) fn wallet_fee(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let user = floor.user(call.account()?);
    let fees = floor.instruments().next().ok_or(Refusal::CONTRACT_NOT_FOUND)?.fees;
    Ok(Object::new()
        .raw("user_id", user)
        .text("taker_fee", "0")
        .text("maker_fee", "0")
        .raw("gt_discount", false)
        .digits("futures_taker_fee", fees.taker.get())
        .digits("futures_maker_fee", fees.maker.get())
        .end())
}

/// Money from and to the account's own spot wallet, which has as much as is asked for.
pub(crate) fn transfer(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let account = call.account()?;
    let amount = Money::new(call.parameters.required_decimal("amount")?);
    if !amount.is_positive() {
        return Err(Refusal::invalid("amount", &amount.to_string()));
    }
    let amount = match (call.parameters.required("from")?, call.parameters.required("to")?) {
        ("spot", "futures") => amount,
        ("futures", "spot") => -amount,
        (_, to) => return Err(Refusal::invalid("to", to)),
    };
    floor.exchange.transfer(account, amount).map_err(|rejection| refusal::of(&rejection))?;
    let id = floor.exchange.income(account).last().map_or(0, |row| row.id);
    Ok(Object::new().raw("tx_id", id).end())
}

pub(crate) fn set_dual_mode(floor: &mut Floor, call: &Call<'_>) -> Handled {
    call.parameters.required("dual_mode")?;
    let hedge = call.parameters.flag("dual_mode")?;
    set_mode(floor, call.account()?, if hedge { PositionMode::Hedge } else { PositionMode::OneWay })
}

pub(crate) fn set_position_mode(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let mode = read_mode(call.parameters)?;
    set_mode(floor, call.account()?, mode)
}

/// Split positions are not offered.
fn read_mode(parameters: &Parameters) -> Result<PositionMode, Refusal> {
    match parameters.required("position_mode")? {
        "single" => Ok(PositionMode::OneWay),
        "dual" => Ok(PositionMode::Hedge),
        other => Err(Refusal::invalid("position_mode", other)),
    }
}

fn set_mode(floor: &mut Floor, account: &AccountId, mode: PositionMode) -> Handled {
    floor.exchange.set_position_mode(account, mode).map_err(|rejection| refusal::of(&rejection))?;
    floor.publish();
    row(floor, account)
}
