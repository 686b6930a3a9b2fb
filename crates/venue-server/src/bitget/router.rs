//! Every call that the venue answers: its path, who may make it, how often, who handles it.

use crate::bitget::auth::{self, Claim, Sent};
use crate::bitget::error::Refusal;
use crate::bitget::floor::Floor;
use crate::bitget::limits::Per;
use crate::bitget::parameters::Parameters;
use crate::bitget::{
    account, batches, closing, market, modify, orders, plan_calls, plan_lists, positions, queries, settings_calls,
};
use crate::faults::Target;
use plimsoll_domain::{AccountId, Timestamp};
use serde::Serialize;

/// One request as it arrived.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arrived<'a> {
    pub(crate) sent: Sent<'a>,
    pub(crate) claim: Claim<'a>,
}

/// What goes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
    pub(crate) remaining: Option<u32>,
    pub(crate) retry_after: Option<u64>,
}

impl Answer {
    pub(crate) fn refused(refusal: &Refusal, now: Timestamp) -> Self {
        let body = refusal.body(now.as_millis());
        Self { status: refusal.status, body, remaining: None, retry_after: refusal.retry_after }
    }
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
        self.caller.as_ref().ok_or(Refusal::KEY_MISSING)
    }
}

/// What an answer's envelope holds, as JSON.
pub(crate) type Handled = Result<String, Refusal>;

/// Writes what an answer's envelope holds.
pub(crate) fn answer(data: &(impl Serialize + ?Sized)) -> Handled {
    serde_json::to_string(data).map_err(|_| Refusal::UNKNOWN_ERROR)
}

type Handler = fn(&mut Floor, &Call<'_>) -> Handled;

#[derive(Debug)]
struct Route {
    method: &'static str,
    path: &'static str,
    /// Whether only its owner may make it.
    private: bool,
    /// How often a second, and by whom.
    limit: (u32, Per),
    target: Target,
    handle: Handler,
}

const fn public(path: &'static str, per_second: u32, handle: Handler) -> Route {
    let limit = (per_second, Per::Address);
    Route { method: "GET", path, private: false, limit, target: Target::Market, handle }
}

const fn read(path: &'static str, per_second: u32, handle: Handler) -> Route {
    let limit = (per_second, Per::Account);
    Route { method: "GET", path, private: true, limit, target: Target::Query, handle }
}

const fn command(path: &'static str, per_second: u32, target: Target, handle: Handler) -> Route {
    Route { method: "POST", path, private: true, limit: (per_second, Per::Account), target, handle }
}

const ROUTES: &[Route] = &[
    Route { target: Target::Clock, ..public("/api/v2/public/time", 20, market::time) },
    public("/api/v2/spot/public/coins", 3, market::nothing),
    public("/api/v2/spot/public/symbols", 20, market::nothing),
    public("/api/v2/margin/currencies", 10, market::nothing),
    public("/api/v2/mix/market/contracts", 20, market::contracts),
    public("/api/v2/mix/market/ticker", 20, market::ticker),
    public("/api/v2/mix/market/tickers", 20, market::tickers),
    public("/api/v2/mix/market/symbol-price", 20, market::symbol_price),
    public("/api/v2/mix/market/merge-depth", 20, market::depth),
    public("/api/v2/mix/market/candles", 20, market::candles),
    public("/api/v2/mix/market/history-candles", 20, market::old_candles),
    public("/api/v2/mix/market/history-mark-candles", 20, market::old_mark_candles),
    public("/api/v2/mix/market/history-index-candles", 20, market::old_mark_candles),
    public("/api/v2/mix/market/fills", 20, market::trades),
    public("/api/v2/mix/market/fills-history", 10, market::old_trades),
    public("/api/v2/mix/market/current-fund-rate", 20, market::funding_rate),
    public("/api/v2/mix/market/history-fund-rate", 20, market::funding_history),
    public("/api/v2/mix/market/funding-time", 20, market::funding_time),
    public("/api/v2/mix/market/query-position-lever", 10, market::tiers),
    public("/api/v2/mix/market/open-interest", 20, market::open_interest),
    read("/api/v2/common/trade-rate", 10, market::trade_rate),
    read("/api/v2/mix/account/account", 10, account::account),
    read("/api/v2/mix/account/accounts", 10, account::accounts),
    read("/api/v2/mix/account/bill", 10, account::bills),
    read("/api/v2/mix/account/open-count", 10, account::open_count),
    read("/api/v2/mix/account/isolated-symbols", 10, settings_calls::isolated_symbols),
    command("/api/v2/mix/account/set-leverage", 5, Target::Settings, settings_calls::set_leverage),
    command("/api/v2/mix/account/set-margin", 5, Target::Settings, settings_calls::set_margin),
    command("/api/v2/mix/account/set-margin-mode", 5, Target::Settings, settings_calls::set_margin_mode),
    command("/api/v2/mix/account/set-position-mode", 5, Target::Settings, settings_calls::set_position_mode),
    command("/api/v2/mix/account/set-auto-margin", 5, Target::Settings, settings_calls::set_auto_margin),
    command("/api/v2/mix/account/set-asset-mode", 2, Target::Settings, settings_calls::set_asset_mode),
    read("/api/v2/mix/position/all-position", 5, positions::all),
    read("/api/v2/mix/position/single-position", 10, positions::single),
    read("/api/v2/mix/position/history-position", 20, positions::history),
    read("/api/v2/mix/position/adlRank", 5, positions::adl_ranks),
    command("/api/v2/mix/order/place-order", 10, Target::Place, orders::place),
    command("/api/v2/mix/order/batch-place-order", 5, Target::Place, batches::place),
    command("/api/v2/mix/order/modify-order", 10, Target::Amend, modify::modify),
    command("/api/v2/mix/order/cancel-order", 10, Target::Cancel, orders::cancel),
    command("/api/v2/mix/order/batch-cancel-orders", 10, Target::Cancel, batches::cancel),
    command("/api/v2/mix/order/cancel-all-orders", 10, Target::Cancel, batches::cancel_all),
    command("/api/v2/mix/order/close-positions", 1, Target::Place, closing::close_positions),
    read("/api/v2/mix/order/detail", 10, queries::order),
    read("/api/v2/mix/order/orders-pending", 10, queries::pending),
    read("/api/v2/mix/order/orders-history", 10, queries::history),
    read("/api/v2/mix/order/fills", 10, queries::fills),
    read("/api/v2/mix/order/fill-history", 10, queries::old_fills),
    command("/api/v2/mix/order/place-plan-order", 10, Target::Stop, plan_calls::place),
    command("/api/v2/mix/order/place-tpsl-order", 10, Target::Stop, plan_calls::place_exit),
    command("/api/v2/mix/order/place-pos-tpsl", 10, Target::Stop, plan_calls::place_both),
    command("/api/v2/mix/order/modify-plan-order", 10, Target::Amend, plan_calls::modify),
    command("/api/v2/mix/order/modify-tpsl-order", 10, Target::Amend, plan_calls::modify_exit),
    command("/api/v2/mix/order/cancel-plan-order", 10, Target::Cancel, plan_calls::cancel),
    read("/api/v2/mix/order/orders-plan-pending", 10, plan_lists::pending),
    read("/api/v2/mix/order/orders-plan-history", 10, plan_lists::history),
    read("/api/v2/mix/order/plan-sub-order", 10, plan_lists::children),
];

fn route(method: &str, path: &str) -> Option<&'static Route> {
    ROUTES.iter().find(|route| route.path == path && route.method == method)
}

/// What kind of request this is, for the faults.
pub(crate) fn target(method: &str, path: &str) -> Target {
    route(method, path).map_or(Target::Market, |route| route.target)
}

/// Answers one request; whatever it set off on the exchange is still to be published.
pub(crate) fn respond(floor: &mut Floor, arrived: Arrived<'_>) -> Answer {
    let now = floor.server_time();
    let mut remaining = None;
    match admitted(floor, arrived, now, &mut remaining) {
        Ok(data) => {
            let millis = now.as_millis();
            let body = format!(r#"{{"code":"00000","msg":"success","requestTime":{millis},"data":{data}}}"#);
            Answer { status: 200, body, remaining, retry_after: None }
        }
        Err(refusal) => Answer { remaining, ..Answer::refused(&refusal, now) },
    }
}

fn admitted(floor: &mut Floor, arrived: Arrived<'_>, now: Timestamp, remaining: &mut Option<u32>) -> Handled {
    let Arrived { sent, claim } = arrived;
    floor.usage.take_request(now)?;
    let route = route(sent.method, sent.path).ok_or_else(|| elsewhere(sent.path))?;
    let caller = if route.private { Some(auth::verify(claim, sent, now, |key| floor.credentials(key))?) } else { None };
    let (per_second, per) = route.limit;
    let counted = caller.as_ref().filter(|_| per == Per::Account);
    *remaining = Some(floor.usage.take_call(route.path, counted, per_second, now)?);
    let parameters =
        if sent.method == "GET" { Parameters::of_query(sent.query) } else { Parameters::of_body(sent.body)? };
    (route.handle)(floor, &Call { caller, parameters: &parameters, now })
}

/// Calls of the generations before and after this one are told apart from those that never were.
fn elsewhere(path: &str) -> Refusal {
    if path.starts_with("/api/v3/") {
        Refusal::CLASSIC_ACCOUNT
    } else if path.starts_with("/api/mix/v1/") {
        Refusal::V1_DECOMMISSIONED
    } else {
        Refusal::no_such_path()
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

    #[test]
    fn every_call_is_of_one_kind() {
        let mut kinds: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for route in ROUTES {
            let name = route.path.rsplit('/').next().unwrap_or_default();
            kinds.entry(target(route.method, route.path).word()).or_default().push(name);
        }
        let of = |kind: &str| kinds[kind].join(", ");
        assert_eq!(of("clock"), "time");
        assert_eq!(of("place"), "place-order, batch-place-order, close-positions");
        assert_eq!(of("stop"), "place-plan-order, place-tpsl-order, place-pos-tpsl");
        assert_eq!(of("amend"), "modify-order, modify-plan-order, modify-tpsl-order");
        assert_eq!(of("cancel"), "cancel-order, batch-cancel-orders, cancel-all-orders, cancel-plan-order");
        assert_eq!(
            of("settings"),
            "set-leverage, set-margin, set-margin-mode, set-position-mode, set-auto-margin, set-asset-mode"
        );
        assert!(kinds["query"].contains(&"orders-pending") && kinds["market"].contains(&"candles"), "{kinds:?}");
    }

    const NAMES: [&str; 30] = [
        "symbol",
        "productType",
        "marginCoin",
        "marginMode",
        "side",
        "tradeSide",
        "holdSide",
        "orderType",
        "size",
        "price",
        "force",
        "reduceOnly",
        "clientOid",
        "orderId",
        "planType",
        "triggerPrice",
        "triggerType",
        "presetStopLossPrice",
        "newSize",
        "newPrice",
        "newClientOid",
        "leverage",
        "posMode",
        "amount",
        "startTime",
        "endTime",
        "idLessThan",
        "limit",
        "granularity",
        "orderList",
    ];
    const VALUES: [&str; 26] = [
        "BTCUSDT",
        "ETHUSDT",
        "USDT-FUTURES",
        "USDT",
        "crossed",
        "isolated",
        "buy",
        "sell",
        "open",
        "close",
        "long",
        "limit",
        "market",
        "gtc",
        "yes",
        "normal_plan",
        "pos_loss",
        "profit_loss",
        "hedge_mode",
        "0",
        "-1",
        "0.001",
        "60000.1",
        "9223372036854775807",
        "1e10",
        "1m",
    ];

    fn floor() -> (Floor, AccountId) {
        let mut exchange = plimsoll_exchange::Exchange::new(Timestamp::from_millis(1_767_226_200_000));
        exchange.list(plimsoll_exchange::listings::btc_usdt(), "60000".parse().unwrap()).unwrap();
        exchange.list(plimsoll_exchange::listings::eth_usdt(), "3000".parse().unwrap()).unwrap();
        let account = AccountId::new("main");
        exchange.open_account(account.clone(), "10000".parse().unwrap()).unwrap();
        let settings = crate::bitget::Settings { clock: crate::AuthenticationClock::Market, ..Default::default() };
        (Floor::new(exchange, settings), account)
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig { cases: 40, ..Default::default() })]
        #[test]
        fn no_request_breaks_the_venue(
            calls in proptest::collection::vec(
                (0..ROUTES.len(), proptest::collection::vec((0..NAMES.len(), 0..VALUES.len()), 0..12)),
                1..60,
            )
        ) {
            let (mut floor, account) = floor();
            for (route, chosen) in calls {
                // What most calls need stands behind what was drawn.
                let usual = "symbol=BTCUSDT&productType=USDT-FUTURES&marginCoin=USDT&marginMode=crossed&side=buy&size=0.01";
                let drawn: Vec<String> = chosen.iter().map(|(name, value)| format!("{}={}", NAMES[*name], VALUES[*value])).collect();
                let parameters = Parameters::of_query(&format!("{}&{usual}", drawn.join("&")));
                let now = floor.server_time();
                let call = Call { caller: Some(account.clone()), parameters: &parameters, now };
                if let Ok(data) = (ROUTES[route].handle)(&mut floor, &call) {
                    proptest::prop_assert!(serde_json::from_str::<serde_json::Value>(&data).is_ok(), "{}", data);
                }
                floor.publish();
            }
        }

        #[test]
        fn no_bytes_break_the_venue(path in ".*", query in ".*", body in ".*", key in ".*") {
            let (mut floor, _) = floor();
            for path in [path.as_str(), "/api/v2/mix/order/place-order"] {
                let sent = Sent { method: "POST", path, query: &query, body: &body };
                let claim = Claim { key: Some(&key), sign: Some(&body), timestamp: Some(&query), passphrase: Some("x") };
                let answer = respond(&mut floor, Arrived { sent, claim });
                proptest::prop_assert!(answer.status >= 400);
            }
            floor.open(&path);
        }
    }
}
