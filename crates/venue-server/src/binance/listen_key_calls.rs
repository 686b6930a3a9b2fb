//! Calls about the key of the user-data stream.

use crate::binance::error::Refusal;
use crate::binance::floor::Floor;
use crate::binance::router::{Call, Handled, json};
use serde_json::json;

pub(crate) fn open(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let account = call.account()?;
    let secret = floor.secret(account).ok_or(Refusal::UNKNOWN_KEY)?.clone();
    let key = floor.listen_keys.open(account, &secret, call.now);
    json(&json!({"listenKey": key}))
}

pub(crate) fn extend(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let key = floor.listen_keys.extend(call.account()?, call.now).ok_or(Refusal::NO_LISTEN_KEY)?;
    json(&json!({"listenKey": key}))
}

pub(crate) fn close(floor: &mut Floor, call: &Call<'_>) -> Handled {
    if floor.listen_keys.close(call.account()?) { Ok("{}".to_owned()) } else { Err(Refusal::NO_LISTEN_KEY) }
}
