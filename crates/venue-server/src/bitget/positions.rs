//! Calls about what is held, and what was.

use crate::bitget::floor::Floor;
use crate::bitget::market::{listed, maybe_listed, product};
use crate::bitget::position_row::{PositionFacts, history_row};
use crate::bitget::router::{Call, Handled, answer};
use crate::bitget::words;
use crate::number::trimmed;
use plimsoll_domain::{AccountId, Symbol};
use rust_decimal::Decimal;
use serde_json::{Value, json};

fn rows(floor: &Floor, account: &AccountId, only: Option<&Symbol>) -> Vec<Value> {
    let reports = floor.exchange.positions(account);
    let wanted = reports.iter().filter(|report| only.is_none_or(|symbol| report.symbol == *symbol));
    wanted.filter_map(|report| PositionFacts::new(floor, account, report).map(|it| it.row())).collect()
}

/// Every open position, as the positions channel lists them.
pub(crate) fn pushed(floor: &Floor, account: &AccountId) -> Vec<Value> {
    let reports = floor.exchange.positions(account);
    reports.iter().filter_map(|report| PositionFacts::new(floor, account, report).map(|it| it.pushed())).collect()
}

pub(crate) fn all(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let account = call.account()?;
    let found = product(call.parameters)?;
    let coin = call.parameters.get("marginCoin").is_none_or(|coin| coin.eq_ignore_ascii_case(&floor.settle()));
    answer(&if found && coin { rows(floor, account, None) } else { Vec::new() })
}

pub(crate) fn single(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let account = call.account()?;
    call.parameters.required("marginCoin")?;
    let symbol = listed(floor, call.parameters)?.symbol.clone();
    answer(&rows(floor, account, Some(&symbol)))
}

pub(crate) fn history(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let account = call.account()?;
    let only = maybe_listed(floor, call.parameters)?.map(|instrument| &instrument.symbol);
    let page = call.parameters.page(20, 100)?;
    let lives = floor.lives.over(account).iter().filter(|life| only.is_none_or(|symbol| life.symbol == *symbol));
    let (lives, end) = page.cut(lives.collect(), |life| (life.id, life.updated.as_millis()));
    let rows: Vec<Value> = lives
        .into_iter()
        .filter_map(|life| floor.instrument(&life.symbol).map(|instrument| history_row(instrument, life)))
        .collect();
    answer(&json!({"list": rows, "endId": end.map_or(Value::Null, |end| end.to_string().into())}))
}

/// Places in the queue of deleveraging: nearer 1 is sooner.
pub(crate) fn adl_ranks(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let account = call.account()?;
    product(call.parameters)?;
    let rows = floor.exchange.positions(account).into_iter().filter_map(|report| {
        let (position, side) = (report.position?, report.position_side);
        let instrument = floor.instrument(&report.symbol)?;
        let figures = floor.exchange.position_figures(account, &report.symbol, side)?;
        // The exchange has five places.
        let rank = Decimal::from(figures.adl) / Decimal::from(4);
        Some(json!({
            "symbol": &*instrument.native, "marginCoin": instrument.settle.as_str(),
            "adlRank": trimmed(Decimal::ONE - rank), "rank": trimmed(rank),
            "holdSide": words::direction(position.direction),
        }))
    });
    answer(&rows.collect::<Vec<_>>())
}
