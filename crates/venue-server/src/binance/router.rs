//! Every call that the venue answers: its path, who may make it, what it weighs, who handles it.

use crate::binance::auth::{self, Sent};
use crate::binance::error::Refusal;
use crate::binance::floor::Floor;
use crate::binance::limits::OrderCount;
use crate::binance::parameters::Parameters;
use crate::binance::{account, algo, leverage, listen_key_calls, market, modify, orders, queries, settings_calls};
use crate::faults::Target;
use plimsoll_domain::{AccountId, Timestamp};
use serde::Serialize;

/// One request as it arrived.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arrived<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) key: Option<&'a str>,
    pub(crate) sent: Sent<'a>,
    /// Whether the body is a form; any other body is signed but not read.
    pub(crate) form: bool,
}

/// What goes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
    pub(crate) used_weight: u32,
    pub(crate) order_count: Option<(u32, u32)>,
    pub(crate) retry_after: Option<u64>,
}

/// One call that has been let in.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    caller: Option<AccountId>,
    pub(crate) parameters: &'a Parameters,
    /// The server's time.
    pub(crate) now: Timestamp,
}

impl Call<'_> {
    /// The account that called; calls that anybody may make have none.
    pub(crate) fn account(&self) -> Result<&AccountId, Refusal> {
        self.caller.as_ref().ok_or(Refusal::BAD_KEY_FORMAT)
    }
}

/// A body to answer with.
pub(crate) type Handled = Result<String, Refusal>;

/// Writes an answer's body.
pub(crate) fn json(body: &impl Serialize) -> Handled {
    serde_json::to_string(body).map_err(|_| Refusal::UNKNOWN)
}

/// Who may call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Security {
    /// Anybody.
    Open,
    /// Whoever shows a key.
    Key,
    /// Whoever signs.
    Signed,
}

/// What a call weighs, by its parameters.
#[derive(Debug, Clone, Copy)]
enum Weight {
    Fixed(u32),
    /// With a symbol, and without.
    Symbol(u32, u32),
    /// By how many rows are asked for, 500 if it does not say.
    Rows(fn(i64) -> u32),
    /// Nothing, but one of the pool that the funding calls share.
    FundingPool,
}

struct Route {
    method: &'static str,
    path: &'static str,
    security: Security,
    weight: Weight,
    /// What it takes of the ten-second and the minute order limits.
    orders: (u32, u32),
    handle: fn(&mut Floor, &Call<'_>) -> Handled,
}

const fn open(path: &'static str, weight: Weight, handle: fn(&mut Floor, &Call<'_>) -> Handled) -> Route {
    Route { method: "GET", path, security: Security::Open, weight, orders: (0, 0), handle }
}

const fn signed(
    method: &'static str,
    path: &'static str,
    weight: Weight,
    handle: fn(&mut Floor, &Call<'_>) -> Handled,
) -> Route {
    Route { method, path, security: Security::Signed, weight, orders: (0, 0), handle }
}

const fn keyed(method: &'static str, path: &'static str, handle: fn(&mut Floor, &Call<'_>) -> Handled) -> Route {
    Route { method, path, security: Security::Key, weight: Weight::Fixed(1), orders: (0, 0), handle }
}

impl Route {
    const fn ordering(self, ten_seconds: u32, minute: u32) -> Self {
        Self { orders: (ten_seconds, minute), ..self }
    }
}

const W0: Weight = Weight::Fixed(0);
const W1: Weight = Weight::Fixed(1);
const W5: Weight = Weight::Fixed(5);

const ROUTES: &[Route] = &[
    open("/fapi/v1/ping", W1, market::ping),
    open("/fapi/v1/time", W1, market::time),
    open("/fapi/v1/exchangeInfo", W1, market::exchange_info),
    open("/fapi/v1/depth", Weight::Rows(depth_weight), market::depth),
    open("/fapi/v1/trades", W5, market::trades),
    open("/fapi/v1/aggTrades", Weight::Fixed(20), market::aggregate_trades),
    open("/fapi/v1/klines", Weight::Rows(candle_weight), market::candles),
    open("/fapi/v1/markPriceKlines", Weight::Rows(candle_weight), market::mark_price_candles),
    open("/fapi/v1/premiumIndex", Weight::Symbol(1, 10), market::premium_index),
    open("/fapi/v1/fundingRate", Weight::FundingPool, market::funding_history),
    open("/fapi/v1/fundingInfo", Weight::FundingPool, market::funding_info),
    open("/fapi/v1/ticker/price", Weight::Symbol(1, 2), market::price_ticker),
    open("/fapi/v2/ticker/price", Weight::Symbol(1, 2), market::price_ticker),
    open("/fapi/v1/ticker/bookTicker", Weight::Symbol(2, 5), market::book_ticker),
    open("/fapi/v1/ticker/24hr", Weight::Symbol(1, 40), market::day_ticker),
    open("/fapi/v1/openInterest", W1, market::open_interest),
    signed("GET", "/fapi/v2/account", W5, account::account_v2),
    signed("GET", "/fapi/v3/account", W5, account::account_v3),
    signed("GET", "/fapi/v2/balance", W5, account::balance),
    signed("GET", "/fapi/v3/balance", W5, account::balance),
    signed("GET", "/fapi/v2/positionRisk", W5, account::position_risk_v2),
    signed("GET", "/fapi/v3/positionRisk", W5, account::position_risk_v3),
    signed("GET", "/fapi/v1/leverageBracket", W1, leverage::brackets),
    signed("GET", "/fapi/v1/symbolConfig", W5, leverage::symbol_config),
    signed("POST", "/fapi/v1/leverage", W1, leverage::set_leverage),
    signed("POST", "/fapi/v1/marginType", W1, leverage::set_margin_type),
    signed("POST", "/fapi/v1/positionMargin", W1, leverage::adjust_margin),
    signed("GET", "/fapi/v1/positionMargin/history", W1, leverage::margin_history),
    signed("GET", "/fapi/v1/accountConfig", W5, settings_calls::account_config),
    signed("GET", "/fapi/v1/positionSide/dual", Weight::Fixed(30), settings_calls::position_mode),
    signed("POST", "/fapi/v1/positionSide/dual", W1, settings_calls::set_position_mode),
    signed("GET", "/fapi/v1/multiAssetsMargin", Weight::Fixed(30), settings_calls::multi_assets),
    signed("POST", "/fapi/v1/multiAssetsMargin", W1, settings_calls::set_multi_assets),
    signed("GET", "/fapi/v1/feeBurn", Weight::Fixed(30), settings_calls::fee_burn),
    signed("GET", "/fapi/v1/commissionRate", Weight::Fixed(20), settings_calls::commission_rate),
    signed("GET", "/fapi/v1/rateLimit/order", W1, settings_calls::order_limits),
    signed("GET", "/fapi/v1/adlQuantile", W5, account::adl_quantile),
    signed("GET", "/fapi/v1/income", Weight::Fixed(30), queries::income),
    signed("POST", "/fapi/v1/order", W0, orders::place).ordering(1, 1),
    signed("POST", "/fapi/v1/order/test", W0, orders::place_test).ordering(1, 1),
    signed("PUT", "/fapi/v1/order", W0, modify::modify).ordering(1, 1),
    signed("DELETE", "/fapi/v1/order", W1, orders::cancel),
    signed("POST", "/fapi/v1/batchOrders", W5, orders::place_batch).ordering(5, 1),
    signed("PUT", "/fapi/v1/batchOrders", W5, modify::modify_batch).ordering(5, 1),
    signed("DELETE", "/fapi/v1/batchOrders", W1, orders::cancel_batch),
    signed("DELETE", "/fapi/v1/allOpenOrders", W1, orders::cancel_all),
    signed("POST", "/fapi/v1/countdownCancelAll", Weight::Fixed(10), orders::countdown),
    signed("GET", "/fapi/v1/order", W1, queries::order),
    signed("GET", "/fapi/v1/openOrder", W1, queries::open_order),
    signed("GET", "/fapi/v1/openOrders", Weight::Symbol(1, 40), queries::open_orders),
    signed("GET", "/fapi/v1/allOrders", W5, queries::all_orders),
    signed("GET", "/fapi/v1/userTrades", W5, queries::user_trades),
    signed("GET", "/fapi/v1/forceOrders", Weight::Symbol(20, 50), queries::forced_orders),
    signed("POST", "/fapi/v1/algoOrder", W0, algo::place).ordering(1, 1),
    signed("GET", "/fapi/v1/algoOrder", W1, algo::order),
    signed("DELETE", "/fapi/v1/algoOrder", W1, algo::cancel),
    signed("GET", "/fapi/v1/openAlgoOrders", Weight::Symbol(1, 40), algo::open_orders),
    signed("GET", "/fapi/v1/allAlgoOrders", W5, algo::all_orders),
    signed("DELETE", "/fapi/v1/algoOpenOrders", W1, algo::cancel_all),
    keyed("POST", "/fapi/v1/listenKey", listen_key_calls::open),
    keyed("PUT", "/fapi/v1/listenKey", listen_key_calls::extend),
    keyed("DELETE", "/fapi/v1/listenKey", listen_key_calls::close),
];

/// What kind of request this is, for the faults.
pub(crate) fn target(method: &str, path: &str) -> Target {
    let name = path.rsplit('/').next().unwrap_or_default();
    match (method, name) {
        ("POST", "order" | "batchOrders") => Target::Place,
        ("POST", "algoOrder") => Target::Stop,
        ("PUT", "order" | "batchOrders") => Target::Amend,
        (_, "listenKey") => Target::Key,
        ("DELETE", _) | ("POST", "countdownCancelAll") => Target::Cancel,
        ("GET", "ping" | "time") => Target::Clock,
        ("POST", "test") => Target::Query,
        ("POST" | "PUT", _) => Target::Settings,
        _ if ROUTES.iter().any(|route| route.path == path && route.security == Security::Signed) => Target::Query,
        _ => Target::Market,
    }
}

fn depth_weight(rows: i64) -> u32 {
    match rows {
        ..=50 => 2,
        51..=100 => 5,
        101..=500 => 10,
        _ => 20,
    }
}

fn candle_weight(rows: i64) -> u32 {
    match rows {
        ..100 => 1,
        100..500 => 2,
        500..=1000 => 5,
        _ => 10,
    }
}

/// Answers one request; whatever it set off on the exchange is still to be published.
pub(crate) fn answer(floor: &mut Floor, arrived: Arrived<'_>) -> Answer {
    let mut order_count = None;
    let handled = admitted(floor, arrived, &mut order_count);
    let used_weight = floor.usage.weight();
    let order_count = order_count.map(|count: OrderCount| count.used());
    match handled {
        Ok(body) => Answer { status: 200, body, used_weight, order_count, retry_after: None },
        Err(refusal) => Answer {
            status: refusal.status,
            body: json(&refusal).unwrap_or_default(),
            used_weight,
            order_count,
            retry_after: refusal.retry_after,
        },
    }
}

fn admitted(floor: &mut Floor, arrived: Arrived<'_>, order_count: &mut Option<OrderCount>) -> Handled {
    let Arrived { method, path, key, sent, form } = arrived;
    let now = floor.server_time();
    let route = ROUTES.iter().find(|route| route.path == path && route.method == method);
    // What is asked with GET is asked in the query; any body is signed all the same.
    let parameters = Parameters::read(sent.query, if form && method != "GET" { sent.body } else { "" });
    let weight = route.map_or(1, |route| weight(route.weight, &parameters));
    floor.usage.take_weight(weight, now)?;
    let route = route.ok_or_else(|| Refusal::no_such_path(method, path))?;
    if matches!(route.weight, Weight::FundingPool) {
        floor.usage.take_funding(now)?;
    }
    let caller = match route.security {
        Security::Open => None,
        Security::Key => Some(known(floor, key)?),
        Security::Signed => Some(signed_by(floor, key, sent, &parameters, now)?),
    };
    if let (Some(account), true) = (&caller, route.orders != (0, 0)) {
        *order_count = Some(floor.usage.take_orders(account, route.orders, now)?);
    }
    (route.handle)(floor, &Call { caller, parameters: &parameters, now })
}

fn known(floor: &Floor, key: Option<&str>) -> Result<AccountId, Refusal> {
    let key = key.filter(|key| auth::well_formed(key)).ok_or(Refusal::BAD_KEY_FORMAT)?;
    floor.caller(key).map(|(account, _)| account.clone()).ok_or(Refusal::UNKNOWN_KEY)
}

fn signed_by(
    floor: &Floor,
    key: Option<&str>,
    sent: Sent<'_>,
    parameters: &Parameters,
    now: Timestamp,
) -> Result<AccountId, Refusal> {
    let key = key.filter(|key| auth::well_formed(key)).ok_or(Refusal::BAD_KEY_FORMAT)?;
    let (account, secret) = floor.caller(key).ok_or(Refusal::UNKNOWN_KEY)?;
    parameters.required_integer("timestamp")?;
    auth::verify(sent, secret)?;
    auth::in_time(parameters, now)?;
    Ok(account.clone())
}

fn weight(weight: Weight, parameters: &Parameters) -> u32 {
    match weight {
        Weight::Fixed(weight) => weight,
        Weight::Symbol(one, all) => {
            if parameters.get("symbol").is_some() {
                one
            } else {
                all
            }
        }
        Weight::Rows(of) => of(parameters.get("limit").and_then(|limit| limit.parse().ok()).unwrap_or(500)),
        Weight::FundingPool => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, BTreeSet};

    #[test]
    fn no_call_is_listed_twice() {
        let distinct: BTreeSet<_> = ROUTES.iter().map(|route| (route.method, route.path)).collect();
        assert_eq!(distinct.len(), ROUTES.len());
    }

    const NAMES: [&str; 24] = [
        "symbol",
        "side",
        "type",
        "quantity",
        "price",
        "timeInForce",
        "positionSide",
        "reduceOnly",
        "closePosition",
        "triggerPrice",
        "algoType",
        "orderId",
        "origClientOrderId",
        "batchOrders",
        "orderIdList",
        "leverage",
        "amount",
        "startTime",
        "endTime",
        "fromId",
        "limit",
        "interval",
        "countdownTime",
        "goodTillDate",
    ];
    const VALUES: [&str; 22] = [
        "BTCUSDT",
        "ETHUSDT",
        "BUY",
        "SELL",
        "LIMIT",
        "MARKET",
        "STOP_MARKET",
        "GTC",
        "GTD",
        "CONDITIONAL",
        "LONG",
        "true",
        "0",
        "1",
        "-1",
        "0.001",
        "60000.1",
        "9223372036854775807",
        "-9223372036854775808",
        "1e10",
        "[{\"symbol\":\"BTCUSDT\",\"side\":\"BUY\",\"type\":\"MARKET\",\"quantity\":1e-3}]",
        "1m",
    ];

    fn floor() -> (Floor, AccountId) {
        let mut exchange = plimsoll_exchange::Exchange::new(Timestamp::from_millis(1_767_226_200_000));
        exchange.list(plimsoll_exchange::listings::btc_usdt(), "60000".parse().unwrap()).unwrap();
        exchange.list(plimsoll_exchange::listings::eth_usdt(), "3000".parse().unwrap()).unwrap();
        let account = AccountId::new("main");
        exchange.open_account(account.clone(), "10000".parse().unwrap()).unwrap();
        let settings = crate::Settings { clock: crate::AuthenticationClock::Market, ..Default::default() };
        let mut floor = Floor::new(exchange, settings);
        floor.add_key(account.clone(), "key".to_owned(), "secret".to_owned().into());
        (floor, account)
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig { cases: 40, ..Default::default() })]
        #[test]
        fn no_request_breaks_the_venue(
            calls in proptest::collection::vec(
                (0..ROUTES.len(), proptest::collection::vec((0..NAMES.len(), 0..VALUES.len()), 0..9)),
                1..60,
            )
        ) {
            let (mut floor, account) = floor();
            for (route, chosen) in calls {
                let pairs = chosen.into_iter().map(|(name, value)| (NAMES[name].to_owned(), VALUES[value].to_owned()));
                let parameters = Parameters::from_pairs(pairs);
                let now = floor.server_time();
                let call = Call { caller: Some(account.clone()), parameters: &parameters, now };
                if let Ok(body) = (ROUTES[route].handle)(&mut floor, &call) {
                    proptest::prop_assert!(serde_json::from_str::<serde_json::Value>(&body).is_ok(), "{}", body);
                }
                floor.publish();
            }
        }

        #[test]
        fn no_bytes_break_the_venue(path in ".*", query in ".*", body in ".*", key in ".*") {
            let (mut floor, _) = floor();
            let sent = Sent { query: &query, body: &body };
            for path in [path.as_str(), "/fapi/v1/order"] {
                let arrived = Arrived { method: "POST", path, key: Some(&key), sent, form: true };
                proptest::prop_assert!(answer(&mut floor, arrived).status >= 400);
            }
            floor.open(&path, &query);
        }
    }

    #[test]
    fn every_call_is_of_one_kind() {
        let mut kinds: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for route in ROUTES {
            let kind = target(route.method, route.path).word();
            let name = route.path.trim_start_matches("/fapi/");
            kinds.entry(kind).or_default().push(format!("{} {name}", route.method));
        }
        let of = |kind: &str| kinds[kind].join(", ");
        assert_eq!(of("place"), "POST v1/order, POST v1/batchOrders");
        assert_eq!(of("stop"), "POST v1/algoOrder");
        assert_eq!(of("amend"), "PUT v1/order, PUT v1/batchOrders");
        assert_eq!(
            of("cancel"),
            "DELETE v1/order, DELETE v1/batchOrders, DELETE v1/allOpenOrders, POST v1/countdownCancelAll, \
             DELETE v1/algoOrder, DELETE v1/algoOpenOrders"
        );
        assert_eq!(
            of("settings"),
            "POST v1/leverage, POST v1/marginType, POST v1/positionMargin, POST v1/positionSide/dual, \
             POST v1/multiAssetsMargin"
        );
        assert_eq!(of("key"), "POST v1/listenKey, PUT v1/listenKey, DELETE v1/listenKey");
        assert_eq!(of("clock"), "GET v1/ping, GET v1/time");
        assert!(kinds["query"].contains(&"GET v3/positionRisk".to_owned()), "{kinds:?}");
        assert!(kinds["market"].contains(&"GET v1/klines".to_owned()), "{kinds:?}");
    }

    #[test]
    fn rows_weigh() {
        for (rows, depth, candles) in [(5, 2, 1), (100, 5, 2), (500, 10, 5), (1000, 20, 5), (1500, 20, 10)] {
            assert_eq!((depth_weight(rows), candle_weight(rows)), (depth, candles), "{rows}");
        }
    }
}
