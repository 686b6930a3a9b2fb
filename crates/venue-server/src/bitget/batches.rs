//! Many orders at once: each item says what became of it.

use crate::bitget::error::Refusal;
use crate::bitget::floor::Floor;
use crate::bitget::market::{listed, maybe_listed, product};
use crate::bitget::orders::{cancel_one, place_one, which};
use crate::bitget::router::{Call, Handled, answer};
use plimsoll_domain::{AccountId, Symbol};
use plimsoll_exchange::OrderRef;
use serde_json::{Value, json};

/// The most orders of a batch.
const MOST_PLACED: usize = 20;
const MOST_CANCELLED: usize = 50;

/// What became of the items of a batch.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    done: Vec<Value>,
    failed: Vec<Value>,
}

impl Outcome {
    pub(crate) fn add(&mut self, item: Result<Value, Refusal>, names: impl FnOnce() -> Value) {
        match item {
            Ok(row) => self.done.push(row),
            Err(refusal) => {
                let mut row = names();
                if let Some(members) = row.as_object_mut() {
                    members.insert("errorMsg".to_owned(), refusal.msg.clone().into());
                    members.insert("errorCode".to_owned(), refusal.word().into());
                }
                self.failed.push(row);
            }
        }
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.done.is_empty() && self.failed.is_empty()
    }

    pub(crate) fn answer(&self) -> Handled {
        answer(&json!({"successList": self.done, "failureList": self.failed}))
    }
}

pub(crate) fn place(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let account = call.account()?;
    listed(floor, call.parameters)?;
    let items = call.parameters.list("orderList")?.ok_or_else(|| Refusal::missing("orderList"))?;
    if items.is_empty() || items.len() > MOST_PLACED {
        return Err(Refusal::BATCH_SIZE);
    }
    let mut outcome = Outcome::default();
    for item in items {
        let item = item.over(call.parameters);
        let placed = place_one(floor, account, &item).map(|accepted| accepted.row());
        outcome.add(placed, || json!({"orderId": "", "clientOid": item.get("clientOid").unwrap_or_default()}));
    }
    outcome.answer()
}

/// Cancels those that are listed; without a list all of the contract, or of the product type.
pub(crate) fn cancel(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let account = call.account()?;
    let Some(items) = call.parameters.list("orderIdList")? else { return cancel_all(floor, call) };
    let symbol = listed(floor, call.parameters)?.symbol.clone();
    if items.len() > MOST_CANCELLED {
        return Err(Refusal::BATCH_SIZE);
    }
    let mut outcome = Outcome::default();
    for item in items {
        let cancelled = which(&item).and_then(|which| cancel_one(floor, account, &symbol, &which));
        let name = |name: &str| item.get(name).unwrap_or_default().to_owned();
        outcome.add(cancelled, || json!({"orderId": name("orderId"), "clientOid": name("clientOid")}));
    }
    outcome.answer()
}

pub(crate) fn cancel_all(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let account = call.account()?;
    product(call.parameters)?;
    let symbol = maybe_listed(floor, call.parameters)?.map(|instrument| instrument.symbol.clone());
    let outcome = cancel_orders(floor, account, symbol.as_ref());
    if outcome.is_empty() {
        return Err(Refusal::NOTHING_TO_CANCEL);
    }
    outcome.answer()
}

fn cancel_orders(floor: &mut Floor, account: &AccountId, symbol: Option<&Symbol>) -> Outcome {
    let mut outcome = Outcome::default();
    for placed in floor.open_orders(account, symbol) {
        let id = OrderRef::Id(placed.order.order_id.clone());
        let cancelled = cancel_one(floor, account, &placed.order.symbol, &id);
        outcome.add(cancelled, || json!({"orderId": placed.order.order_id.as_str()}));
    }
    outcome
}
