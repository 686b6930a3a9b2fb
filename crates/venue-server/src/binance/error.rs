//! What the venue says when it says no: a code, a sentence, an HTTP status.

use rust_decimal::Decimal;
use serde::Serialize;
use std::borrow::Cow;

/// A refusal in the venue's words. Rendered as `{"code":-1121,"msg":"Invalid symbol."}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Refusal {
    pub(crate) code: i32,
    pub(crate) msg: Cow<'static, str>,
    #[serde(skip)]
    pub(crate) status: u16,
    /// Whole seconds after which another try makes sense.
    #[serde(skip)]
    pub(crate) retry_after: Option<u64>,
}

impl Refusal {
    const fn plain(code: i32, msg: &'static str) -> Self {
        Self { code, msg: Cow::Borrowed(msg), status: 400, retry_after: None }
    }

    const fn unauthorised(code: i32, msg: &'static str) -> Self {
        Self { code, msg: Cow::Borrowed(msg), status: 401, retry_after: None }
    }

    fn told(code: i32, msg: String) -> Self {
        Self { code, msg: Cow::Owned(msg), status: 400, retry_after: None }
    }

    /// The path, or this method on it, does not exist.
    pub(crate) fn no_such_path(method: &str, path: &str) -> Self {
        Self { status: 404, ..Self::told(-5000, format!("Path {path}, Method {method} is invalid")) }
    }

    /// Too much weight in this minute.
    pub(crate) fn too_many_requests(limit: u32, retry_after: u64) -> Self {
        let msg = format!(
            "Too many requests; current limit of IP(127.0.0.1) is {limit} requests per minute. Please use the \
             websocket for live updates to avoid polling the API."
        );
        Self { status: 429, retry_after: Some(retry_after), ..Self::told(-1003, msg) }
    }

    /// Went on after being told; the time is when the ban ends, in milliseconds.
    pub(crate) fn banned(until_millis: i64, retry_after: u64) -> Self {
        let msg = format!(
            "Way too many requests; IP(127.0.0.1) banned until {until_millis}. Please use the websocket for live \
             updates to avoid bans."
        );
        Self { status: 418, retry_after: Some(retry_after), ..Self::told(-1003, msg) }
    }

    /// Too many orders of one account.
    pub(crate) fn too_many_orders(limit: u32, interval: &str, retry_after: u64) -> Self {
        let msg = format!("Too many new orders; current limit is {limit} orders per {interval}.");
        Self { status: 429, retry_after: Some(retry_after), ..Self::told(-1015, msg) }
    }

    /// Nothing was done, and nothing is for the moment.
    pub(crate) fn unavailable() -> Self {
        Self { status: 503, ..Self::plain(-1000, "Service Unavailable.") }
    }

    /// It may have been done.
    pub(crate) fn outcome_unknown() -> Self {
        Self { status: 503, ..Self::plain(-1000, "Unknown error, please check your request or try again later.") }
    }

    /// Nothing was done, to keep the venue upright.
    pub(crate) fn overloaded() -> Self {
        let msg = "Request throttled by system-level protection. Reduce-only/close-position orders are exempt. Please try again.";
        Self { status: 503, ..Self::plain(-1008, msg) }
    }

    /// The venue's own machinery did not answer in time: it may have been done.
    pub(crate) fn backend_timeout() -> Self {
        let msg = "Timeout waiting for response from backend server. Send status unknown; execution status unknown.";
        Self { status: 408, ..Self::plain(-1007, msg) }
    }

    /// The refusal with this code.
    pub(crate) fn of_code(code: i32) -> Self {
        let known = Self::KNOWN.iter().find(|refusal| refusal.code == code);
        known.cloned().unwrap_or_else(|| Self::plain(code, "Refused."))
    }

    /// A parameter that must be there is not, or is no such thing.
    pub(crate) fn mandatory(name: &str) -> Self {
        let name = name.to_ascii_lowercase();
        Self::told(-1102, format!("Mandatory parameter '{name}' was not sent, was empty/null, or malformed."))
    }

    /// A parameter that must not be there is.
    pub(crate) fn not_required(name: &str) -> Self {
        Self::told(-1106, format!("Parameter '{}' sent when not required.", name.to_ascii_lowercase()))
    }

    /// A parameter that is none of what it may be.
    pub(crate) fn invalid(name: &str) -> Self {
        Self::told(-1130, format!("Data sent for parameter '{name}' is not valid."))
    }

    /// A client id with characters that no id may have.
    pub(crate) fn illegal_characters(name: &str, range: &str) -> Self {
        Self::told(-1100, format!("Illegal characters found in parameter '{name}'; legal range is '{range}'."))
    }

    /// A call for more history than one may cover.
    pub(crate) fn interval_too_long(days: u32) -> Self {
        Self::told(-4165, format!("Maximum time interval is {days} days."))
    }

    /// A book depth that is not offered.
    pub(crate) fn depth_limit(limit: i64) -> Self {
        Self::told(-4021, format!("'{limit}' is not valid depth limit."))
    }

    /// A leverage that the contract does not have.
    pub(crate) fn invalid_leverage(leverage: &str) -> Self {
        Self::told(-4028, format!("Leverage {leverage} is not valid"))
    }

    /// A buy above the price band.
    pub(crate) fn price_too_high(bound: Decimal) -> Self {
        Self::told(-4016, format!("Limit price can't be higher than {}.", bound.normalize()))
    }

    /// A sale below the price band.
    pub(crate) fn price_too_low(bound: Decimal) -> Self {
        Self::told(-4024, format!("Limit price can't be lower than {}.", bound.normalize()))
    }

    /// An order too small in money.
    pub(crate) fn min_notional(notional: Decimal) -> Self {
        let notional = notional.normalize();
        Self::told(
            -4164,
            format!("Order's notional must be no smaller than {notional} (unless you choose reduce only)."),
        )
    }

    /// A change to less in money than an order may be; it has a code of its own.
    pub(crate) fn modified_below_min_notional(notional: Decimal) -> Self {
        Self::told(-5029, format!("The modified order's notional must be no smaller than {}.", notional.normalize()))
    }

    /// A close-position that this type cannot be.
    pub(crate) fn invalid_strategy(order_type: &str, close_position: bool) -> Self {
        Self::told(-4136, format!("Target strategy invalid for orderType {order_type},closePosition {close_position}"))
    }
}

macro_rules! refusals {
    ($($(#[$doc:meta])* $name:ident = $code:literal $text:literal;)*) => {
        impl Refusal {
            $($(#[$doc])* pub(crate) const $name: Self = Self::plain($code, $text);)*

            /// Those that always say the same.
            const KNOWN: &'static [Self] = &[$(Self::$name),*];
        }
    };
}

refusals! {
    UNKNOWN = -1000 "An unknown error occurred while processing the request.";
    BAD_PRECISION = -1111 "Precision is over the maximum defined for this asset.";
    INVALID_TIME_IN_FORCE = -1115 "Invalid timeInForce.";
    INVALID_ORDER_TYPE = -1116 "Invalid orderType.";
    INVALID_SIDE = -1117 "Invalid side.";
    INVALID_INTERVAL = -1120 "Invalid interval.";
    INVALID_SYMBOL = -1121 "Invalid symbol.";
    NO_LISTEN_KEY = -1125 "This listenKey does not exist.";
    BAD_COMBINATION = -1128 "Combination of optional parameters invalid.";
    OUTSIDE_WINDOW = -1021 "Timestamp for this request is outside of the recvWindow.";
    AHEAD_OF_SERVER = -1021 "Timestamp for this request was 1000ms ahead of the server's time.";
    BAD_SIGNATURE = -1022 "Signature for this request is not valid.";
    CANCEL_REJECTED = -2011 "Unknown order sent.";
    NO_SUCH_ORDER = -2013 "Order does not exist.";
    MARGIN_INSUFFICIENT = -2019 "Margin is insufficient.";
    WOULD_TRIGGER = -2021 "Order would immediately trigger.";
    REDUCE_ONLY_REJECTED = -2022 "ReduceOnly Order is rejected.";
    TOO_MANY_OPEN_ORDERS = -2025 "Reach max open order limit.";
    MAX_POSITION = -2027 "Exceeded the maximum allowable position at current leverage.";
    LEVERAGE_TOO_SMALL = -2028 "Leverage is smaller than permitted: insufficient margin balance.";
    PRICE_NOT_POSITIVE = -4001 "Price less than 0.";
    PRICE_ABOVE_MAX = -4002 "Price greater than max price.";
    QUANTITY_NOT_POSITIVE = -4003 "Quantity less than or equal to zero.";
    QUANTITY_BELOW_MIN = -4004 "Quantity less than min quantity.";
    QUANTITY_ABOVE_MAX = -4005 "Quantity greater than max quantity.";
    PRICE_OFF_TICK = -4014 "Price not increased by tick size.";
    CLIENT_ID_LENGTH = -4015 "Client order id length should be less than 36 chars";
    QUANTITY_OFF_STEP = -4023 "Qty not increased by step size.";
    TOO_MANY_STOP_ORDERS = -4045 "Reach max stop order limit.";
    MARGIN_TYPE_SET = -4046 "No need to change margin type.";
    MARGIN_TYPE_ORDERS = -4047 "Margin type cannot be changed if there exists open orders.";
    MARGIN_TYPE_POSITION = -4048 "Margin type cannot be changed if there exists position.";
    NOT_ISOLATED = -4049 "Add margin only support for isolated position.";
    CROSS_BALANCE = -4050 "Cross balance insufficient.";
    ISOLATED_BALANCE = -4051 "Isolated balance insufficient.";
    NO_POSITION_FOR_MARGIN = -4054 "Cannot add position margin: position is 0.";
    AMOUNT_NOT_POSITIVE = -4055 "Amount must be positive.";
    POSITION_MODE_SET = -4059 "No need to change position side.";
    INVALID_POSITION_SIDE = -4060 "Invalid position side.";
    POSITION_SIDE_MISMATCH = -4061 "Order's position side does not match user's setting.";
    POSITION_MODE_ORDERS = -4067 "Position side cannot be changed if there exists open orders.";
    POSITION_MODE_POSITION = -4068 "Position side cannot be changed if there exists position.";
    BATCH_SIZE = -4082 "Invalid number of batch place orders.";
    DUPLICATE_CLIENT_ID = -4116 "ClientOrderId is duplicated.";
    USE_ALGO_ENDPOINT = -4120
        "Order type not supported for this endpoint. Please use the Algo Order API endpoints instead.";
    CLOSING_ORDER_WAITS = -4130 "An order that closes this position whole exists already.";
    COUNTER_PRICE = -4131 "The counterparty's best price does not meet the PERCENT_PRICE filter limit.";
    QUANTITY_WITH_CLOSE = -4137 "Quantity must be zero with closePosition equals true.";
    REDUCE_WITH_CLOSE = -4138 "Reduce only must be true with closePosition equals true.";
    LEVERAGE_REDUCTION = -4161 "Leverage reduction is not supported in Isolated Margin Mode with open positions.";
    MULTI_ASSETS_SET = -4171 "No need to change Multi-Assets mode.";
    MULTI_ASSETS_UNAVAILABLE = -4170 "Multi-Assets mode is not available for this account.";
    FOK_REJECTED = -5021 "Due to the order could not be filled immediately, the FOK order has been rejected. The order will not be recorded in the order history";
    GTX_REJECTED = -5022 "Due to the order could not be executed as maker, the Post Only order will be rejected. The order will not be recorded in the order history";
    ONLY_LIMIT = -5025 "Only limit order is supported.";
    NOTHING_TO_MODIFY = -5027 "No need to modify the order.";
    INVALID_PRICE_MATCH = -5037 "Invalid price match";
    INVALID_GOOD_TILL = -5040 "The goodTillDate timestamp must be greater than the current time plus 600 seconds and smaller than 253402300799000";
}

impl Refusal {
    /// No key, or nothing that could be one.
    pub(crate) const BAD_KEY_FORMAT: Self = Self::unauthorised(-2014, "API-key format invalid.");
    /// A key of nobody's.
    pub(crate) const UNKNOWN_KEY: Self = Self::unauthorised(-2015, "Invalid API-key, IP, or permissions for action.");
}
