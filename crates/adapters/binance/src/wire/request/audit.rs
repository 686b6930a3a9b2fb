//! What is asked before the first order, and never again.

use super::call::{Call, Security};
use plimsoll_venue::Method;

/// Whether fees are paid in BNB.
#[must_use]
pub fn fee_burn() -> Call {
    Call::new(Method::Get, "/fapi/v1/feeBurn", Security::Signed, 30)
}

/// What the key may do. It is a call of the wallet service (`https://api.binance.com`), whose answer is documented there
/// and is not confirmed for keys of the demo environment.
#[must_use]
pub fn key_restrictions() -> Call {
    Call::new(Method::Get, "/sapi/v1/account/apiRestrictions", Security::Signed, 1)
}

/// Validates the smallest market order and does nothing with it: refused as unauthorised if the key may not trade.
#[must_use]
pub fn order_test(native: &str, quantity: &str) -> Call {
    Call::new(Method::Post, "/fapi/v1/order/test", Security::Signed, 1)
        .with("symbol", native)
        .with("side", "BUY")
        .with("type", "MARKET")
        .with("quantity", quantity)
        .counted()
}
