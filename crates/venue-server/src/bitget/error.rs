//! What the venue says when it says no: a code, a sentence, an HTTP status.

use rust_decimal::Decimal;
use serde_json::json;
use std::borrow::Cow;

/// A refusal in the venue's words. Business errors come as HTTP 400, whatever they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: i32,
    pub(crate) msg: Cow<'static, str>,
    pub(crate) status: u16,
    /// Whole seconds after which another try makes sense.
    pub(crate) retry_after: Option<u64>,
}

impl Refusal {
    const fn plain(code: i32, msg: &'static str) -> Self {
        Self { code, msg: Cow::Borrowed(msg), status: 400, retry_after: None }
    }

    fn told(code: i32, msg: String) -> Self {
        Self { code, msg: Cow::Owned(msg), status: 400, retry_after: None }
    }

    /// The envelope: `{"code":"40034","msg":"…","requestTime":1695793701269,"data":null}`.
    pub(crate) fn body(&self, now_millis: i64) -> String {
        json!({"code": self.word(), "msg": self.msg, "requestTime": now_millis, "data": null}).to_string()
    }

    /// Codes are texts of at least five digits, but for 429.
    pub(crate) fn word(&self) -> String {
        self.code.to_string()
    }

    /// The path does not exist.
    pub(crate) fn no_such_path() -> Self {
        Self { status: 404, ..Self::plain(40404, "Request URL NOT FOUND") }
    }

    /// Too many requests of this kind, or at all.
    pub(crate) fn too_many_requests(retry_after: u64) -> Self {
        Self { status: 429, retry_after: Some(retry_after), ..Self::plain(429, "Too many requests") }
    }

    /// The refusal with this code.
    pub(crate) fn of_code(code: i32) -> Self {
        let known = Self::KNOWN.iter().find(|refusal| refusal.code == code);
        known.cloned().unwrap_or_else(|| Self::plain(code, "Refused."))
    }

    /// A parameter that must be there is not.
    pub(crate) fn missing(name: &str) -> Self {
        Self::told(40019, format!("Parameter {name} cannot be empty"))
    }

    /// A parameter that is none of what it may be.
    pub(crate) fn wrong(name: &str) -> Self {
        Self::told(40020, format!("Parameter {name} error"))
    }

    /// A symbol, or another name, that there is not.
    pub(crate) fn no_such(name: &str) -> Self {
        Self::told(40034, format!("Parameter {name} does not exist"))
    }

    /// A size with more places than the contract's.
    pub(crate) fn size_scale(value: Decimal, scale: u32) -> Self {
        let value = value.normalize();
        Self::told(
            40808,
            format!("Parameter verification exception size checkBDScale error value={value} checkScale={scale}"),
        )
    }

    /// An order too small in money.
    pub(crate) fn min_notional(notional: Decimal) -> Self {
        Self::told(45110, format!("less than the minimum amount {} USDT", notional.normalize()))
    }

    /// A price between ticks.
    pub(crate) fn price_step(tick: Decimal) -> Self {
        Self::told(45115, format!("The price you enter should be a multiple of {}", tick.normalize()))
    }

    /// A leverage outside what the contract has.
    pub(crate) fn leverage_range(most: u32) -> Self {
        Self::told(45045, format!("The leverage should be between 1 and {most}"))
    }
}

macro_rules! refusals {
    ($($name:ident = $code:literal $msg:literal;)*) => {
        impl Refusal {
            $(pub(crate) const $name: Self = Self::plain($code, $msg);)*

            const KNOWN: &[Self] = &[$(Self::$name),*];
        }
    };
}

refusals! {
    V1_DECOMMISSIONED = 30032 "The V1 API has been decommissioned. Please migrate to a newer version.";
    KEY_MISSING = 40001 "ACCESS_KEY cannot be empty";
    SIGN_MISSING = 40002 "ACCESS_SIGN cannot be empty";
    TIMESTAMP_MISSING = 40003 "ACCESS_TIMESTAMP cannot be empty";
    BAD_TIMESTAMP = 40005 "Invalid ACCESS_TIMESTAMP";
    EXPIRED = 40008 "Request timestamp expired";
    BAD_SIGNATURE = 40009 "sign signature error";
    TIMED_OUT = 40010 "Request timed out";
    PASSPHRASE_MISSING = 40011 "ACCESS_PASSPHRASE cannot be empty";
    BAD_PASSPHRASE = 40012 "apikey/password is incorrect";
    SYSTEM_ABNORMAL = 40015 "System is abnormal, please try again later";
    BAD_PARAMETERS = 40017 "Parameter verification failed";
    UNKNOWN_KEY = 40037 "Apikey does not exist";
    CLASSIC_ACCOUNT = 40084 "You are in Classic Account mode, and the Unified Account API is not supported at this time";
    NO_SUCH_ORDER = 40109 "The data of the order cannot be found, please confirm the order number";
    UPGRADING = 40200 "Server upgrade, please try again later";
    CLIENT_ID = 40305 "client_oid length is not greater than 50, and cannot be Martian characters";
    BATCH_SIZE = 40306 "Batch processing orders can only process up to 20";
    SERVICE_ERROR = 40725 "service return an error";
    LEVERAGE_ORDERS = 40730 "There are open orders, the leverage cannot be adjusted";
    TOO_MUCH_BALANCE = 40762 "The order size is greater than the max open size";
    MODE_MISMATCH = 40774 "The order type for unilateral position must also be the unilateral position type.";
    MARGIN_AMOUNT = 40800 "The amount of adjustment margin is wrong";
    MARGIN_TOO_MUCH = 40801 "The amount of adjustment margin is more than can be adjusted";
    MARGIN_NO_POSITION = 40802 "There is no position, the margin cannot be adjusted";
    HOLD_SIDE_MISSING = 40808 "Parameter verification exception double fixed, hold side is null";
    PLAN_TYPE = 40812 "Parameter verification exception planType is illegal";
    LEVERAGE_UNCHANGED = 40814 "No change in leverage";
    PRICE_TOO_HIGH = 40815 "The price is above the highest that is allowed";
    PRICE_TOO_LOW = 40816 "The price is below the lowest that is allowed";
    NO_POSITION_FOR_EXIT = 40837 "There is no position to take a profit or stop a loss of";
    MARGIN_CROSS = 40875 "The margin of a crossed position cannot be adjusted";
    LEVERAGE_MARGIN = 40893 "The margin does not suffice for this leverage";
    CONCURRENT = 40908 "Concurrent operation failed";
    PROFIT_PRICE = 40915 "The take profit price is on the wrong side of the market";
    LOSS_PRICE = 40917 "The stop loss price is on the wrong side of the market";
    POSITION_MODE_LOCKED = 40920 "The position mode cannot be changed while there are positions or orders";
    ABOVE_TIER = 40921 "The position would be above what the leverage allows";
    UNCHANGED = 40923 "The order size and price have not changed";
    PRICE_AND_SIZE = 40925 "The price and the size have to be sent together";
    NOTHING_TO_CANCEL = 22001 "No order to cancel";
    NO_POSITION = 22002 "No position to close";
    NEW_CLIENT_ID = 22003 "newClientOid cannot be empty";
    ORDER_GONE = 43001 "The order does not exist";
    PLAN_GONE = 43020 "The plan order does not exist";
    BELOW_SPEC = 43011 "The parameter does not meet the specification";
    UNKNOWN_ERROR = 45001 "Unknown error";
    LEVERAGE_HELD = 45097 "The leverage cannot be lowered while an isolated position is open";
    NOT_TO_CLOSE = 45012 "The position cannot be closed by so much";
    NOT_MODIFIABLE = 45056 "The status of the order does not allow this";
    DUPLICATE_CLIENT_ID = 45034 "clientOid duplicate";
    BELOW_MIN_SIZE = 45111 "less than the minimum order quantity";
    ABOVE_MAX_SIZE = 45112 "greater than the maximum order quantity";
    MARGIN_MODE_LOCKED = 45117 "The margin mode cannot be changed while there are positions or orders";
    TOO_MANY_ORDERS = 45118 "Reached the upper limit of the order of transactions";
    BAD_GRANULARITY = 400171 "Parameter verification failed granularity";
    PRODUCT_MISSING = 400172 "productType cannot be empty";
}
