//! Every call that the venue answers: its path, who may make it, what it counts as, who handles it.

use crate::faults::Target;
use crate::gateio::auth::{self, Claim, Sent};
use crate::gateio::error::Refusal;
use crate::gateio::floor::Floor;
use crate::gateio::limits::{Bucket, Left};
use crate::gateio::orders::Source;
use crate::gateio::parameters::Parameters;
use crate::gateio::{account, history, market, orders, positions, triggers};
use plimsoll_domain::{AccountId, Timestamp};

/// One request as it arrived.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arrived<'a> {
    pub(crate) sent: Sent<'a>,
    pub(crate) claim: Claim<'a>,
    /// Sizes are wanted as texts with fractions.
    pub(crate) decimal: bool,
    /// When it is no longer wanted, in milliseconds.
    pub(crate) expires: Option<&'a str>,
}

/// What goes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
    pub(crate) left: Option<Left>,
}

impl Answer {
    pub(crate) fn refused(refusal: &Refusal, left: Option<Left>) -> Self {
        let left = left.or_else(|| refusal.reset.map(|reset| Left { limit: 0, remain: 0, reset }));
        Self { status: refusal.status, body: refusal.body(), left }
    }

    pub(crate) const fn succeeded(&self) -> bool {
        self.status < 300
    }
}

/// One call that has been let in.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) caller: Option<AccountId>,
    pub(crate) parameters: &'a Parameters,
    /// The body as it was sent: of calls whose body is a list.
    pub(crate) body: &'a str,
    /// What stands in the path where its pattern has a name.
    pub(crate) places: Vec<&'a str>,
    pub(crate) decimal: bool,
    /// The server's time.
    pub(crate) now: Timestamp,
    pub(crate) source: Source,
}

impl Call<'_> {
    /// The account that called; calls that anybody may make have none.
    pub(crate) fn account(&self) -> Result<&AccountId, Refusal> {
        self.caller.as_ref().ok_or(Refusal::MISSING_REQUIRED_HEADER)
    }

    /// What the path names.
    pub(crate) fn place(&self, at: usize) -> Result<&str, Refusal> {
        self.places.get(at).copied().ok_or(Refusal::NOT_FOUND)
    }
}

/// A body to answer with.
pub(crate) type Handled = Result<String, Refusal>;

struct Route {
    method: &'static str,
    /// Below `/api/v4`; `{}` is any one segment.
    path: &'static str,
    bucket: Bucket,
    handle: fn(&mut Floor, &Call<'_>) -> Handled,
}

const fn route(
    method: &'static str,
    path: &'static str,
    bucket: Bucket,
    handle: fn(&mut Floor, &Call<'_>) -> Handled,
) -> Route {
    Route { method, path, bucket, handle }
}

const fn open(path: &'static str, handle: fn(&mut Floor, &Call<'_>) -> Handled) -> Route {
    route("GET", path, Bucket::Public, handle)
}

const fn private(method: &'static str, path: &'static str, handle: fn(&mut Floor, &Call<'_>) -> Handled) -> Route {
    route(method, path, Bucket::Private, handle)
}

const ROUTES: &[Route] = &[
    open("/spot/time", market::time),
    open("/spot/currencies", market::nothing),
    open("/spot/currency_pairs", market::nothing),
    open("/margin/currency_pairs", market::nothing),
    open("/options/underlyings", market::nothing),
    open("/options/contracts", market::nothing),
    open("/delivery/{}/contracts", market::nothing),
    open("/futures/usdt/contracts", market::list_contracts),
    open("/futures/usdt/contracts_all", market::list_contracts),
    open("/futures/usdt/contracts/{}", market::one_contract),
    open("/futures/{}/contracts", market::nothing),
    open("/futures/usdt/order_book", market::order_book),
    open("/futures/usdt/trades", market::trades),
    open("/futures/usdt/candlesticks", market::candlesticks),
    open("/futures/usdt/premium_index", market::premium_index),
    open("/futures/usdt/tickers", market::tickers),
    open("/futures/usdt/funding_rate", market::funding_rate),
    route("POST", "/futures/usdt/funding_rates", Bucket::Public, market::funding_rates),
    open("/futures/usdt/risk_limit_tiers", market::risk_limit_tiers),
    open("/futures/usdt/risk_limit_table", market::risk_limit_table),
    open("/futures/usdt/liq_orders", market::liquidated_orders),
    open("/futures/usdt/insurance", market::insurance),
    private("GET", "/account/detail", account::detail),
    private("GET", "/wallet/fee", account::wallet_fee),
    private("POST", "/wallet/transfers", account::transfer),
    private("GET", "/futures/usdt/accounts", account::accounts),
    private("GET", "/futures/usdt/account_book", account::book),
    private("GET", "/futures/usdt/fee", account::fee),
    private("POST", "/futures/usdt/dual_mode", account::set_dual_mode),
    private("POST", "/futures/usdt/set_position_mode", account::set_position_mode),
    private("GET", "/futures/usdt/positions", positions::list),
    private("POST", "/futures/usdt/positions/cross_mode", positions::set_margin_mode),
    private("GET", "/futures/usdt/positions/{}", positions::single),
    private("GET", "/futures/usdt/get_leverage/{}", positions::get_leverage),
    private("POST", "/futures/usdt/positions/{}/leverage", positions::set_leverage),
    private("POST", "/futures/usdt/positions/{}/set_leverage", positions::set_leverage_and_mode),
    private("POST", "/futures/usdt/positions/{}/margin", positions::change_margin),
    private("POST", "/futures/usdt/positions/{}/risk_limit", positions::set_risk_limit),
    private("POST", "/futures/usdt/dual_comp/positions/cross_mode", positions::set_margin_mode),
    private("GET", "/futures/usdt/dual_comp/positions/{}", positions::dual),
    private("POST", "/futures/usdt/dual_comp/positions/{}/leverage", positions::set_leverage),
    private("POST", "/futures/usdt/dual_comp/positions/{}/margin", positions::change_margin),
    private("POST", "/futures/usdt/dual_comp/positions/{}/risk_limit", positions::set_risk_limit),
    route("POST", "/futures/usdt/orders", Bucket::Orders, orders::place),
    private("GET", "/futures/usdt/orders", orders::list),
    route("DELETE", "/futures/usdt/orders", Bucket::Cancels, orders::cancel_all),
    private("GET", "/futures/usdt/orders_timerange", orders::list_by_time),
    private("GET", "/futures/usdt/orders/{}", orders::order),
    route("PUT", "/futures/usdt/orders/{}", Bucket::Orders, orders::amend),
    route("DELETE", "/futures/usdt/orders/{}", Bucket::Cancels, orders::cancel),
    route("POST", "/futures/usdt/batch_orders", Bucket::Orders, orders::place_batch),
    route("POST", "/futures/usdt/batch_cancel_orders", Bucket::Cancels, orders::cancel_batch),
    route("POST", "/futures/usdt/batch_amend_orders", Bucket::Orders, orders::amend_batch),
    private("POST", "/futures/usdt/countdown_cancel_all", orders::countdown),
    private("GET", "/futures/usdt/my_trades", history::my_trades),
    private("GET", "/futures/usdt/my_trades_timerange", history::my_trades_by_time),
    private("GET", "/futures/usdt/position_close", history::position_closes),
    private("GET", "/futures/usdt/liquidates", history::liquidates),
    private("GET", "/futures/usdt/auto_deleverages", history::deleverages),
    route("POST", "/futures/usdt/price_orders", Bucket::Orders, triggers::place),
    private("GET", "/futures/usdt/price_orders", triggers::list),
    route("DELETE", "/futures/usdt/price_orders", Bucket::Cancels, triggers::cancel_all),
    private("GET", "/futures/usdt/price_orders/{}", triggers::order),
    route("DELETE", "/futures/usdt/price_orders/{}", Bucket::Cancels, triggers::cancel),
];

/// What this call is, and what its path names.
fn find<'a>(method: &str, path: &'a str) -> Result<(&'static Route, Vec<&'a str>), Refusal> {
    let below = path.strip_prefix("/api/v4").ok_or(Refusal::NOT_FOUND)?;
    let mut elsewhere = false;
    for route in ROUTES {
        if let Some(places) = matched(route.path, below) {
            if route.method == method {
                return Ok((route, places));
            }
            elsewhere = true;
        }
    }
    Err(if elsewhere { Refusal::METHOD_NOT_ALLOWED } else { Refusal::NOT_FOUND })
}

/// What stands where the pattern has a name; `None` if it is another path.
fn matched<'a>(pattern: &str, path: &'a str) -> Option<Vec<&'a str>> {
    let mut places = Vec::new();
    let (mut expected, mut found) = (pattern.split('/'), path.split('/'));
    loop {
        match (expected.next(), found.next()) {
            (None, None) => return Some(places),
            (Some("{}"), Some(segment)) if !segment.is_empty() => places.push(segment),
            // Stock clients write the settle currency of some calls in capitals.
            (Some("usdt"), Some(settle)) if settle.eq_ignore_ascii_case("usdt") => {}
            (Some(one), Some(other)) if one == other => {}
            _ => return None,
        }
    }
}

/// What kind of request this is, for the faults.
pub(crate) fn target(method: &str, path: &str) -> Target {
    let Ok((route, _)) = find(method, path) else { return Target::Market };
    let name = route.path.strip_prefix("/futures/usdt/").unwrap_or(route.path);
    match (route.bucket, route.method, name) {
        (Bucket::Public, _, "/spot/time") => Target::Clock,
        (Bucket::Public, _, _) => Target::Market,
        (Bucket::Cancels, _, _) | (_, _, "countdown_cancel_all") => Target::Cancel,
        (_, "POST", "price_orders") => Target::Stop,
        (Bucket::Orders, "PUT", _) | (_, _, "batch_amend_orders") => Target::Amend,
        (Bucket::Orders, _, _) => Target::Place,
        (_, "GET", _) => Target::Query,
        _ => Target::Settings,
    }
}

/// Answers one request; whatever it set off on the exchange is still to be published.
pub(crate) fn answer(floor: &mut Floor, arrived: Arrived<'_>) -> Answer {
    let mut left = None;
    match admitted(floor, arrived, &mut left) {
        Ok((status, body)) => Answer { status, body, left },
        Err(refusal) => Answer::refused(&refusal, left),
    }
}

fn admitted(floor: &mut Floor, arrived: Arrived<'_>, left: &mut Option<Left>) -> Result<(u16, String), Refusal> {
    let Arrived { sent, claim, decimal, expires } = arrived;
    let now = floor.server_time();
    floor.usage.check_open(now)?;
    let (route, places) = find(sent.method, sent.path)?;
    let caller = match route.bucket {
        Bucket::Public => None,
        _ => Some(auth::verify(claim, sent, now, &floor.keys)?),
    };
    let (still, taken) = floor.usage.take(route.bucket, caller.as_ref(), route.path, now);
    *left = Some(still);
    taken?;
    if expires.and_then(|millis| millis.parse::<i64>().ok()).is_some_and(|millis| millis < now.as_millis()) {
        return Err(Refusal::REQUEST_EXPIRED);
    }
    let object = sent.body.trim_start().starts_with('{') && sent.method != "GET";
    let body = if object { Parameters::object(sent.body)? } else { Parameters::default() };
    let parameters = Parameters::query(sent.query).and(body);
    let call = Call { caller, parameters: &parameters, body: sent.body, places, decimal, now, source: Source::Rest };
    let body = (route.handle)(floor, &call)?;
    let created = sent.method == "POST" && (route.path.ends_with("/orders") || route.path.ends_with("price_orders"));
    Ok((if created { 201 } else { 200 }, body))
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_exchange::{Exchange, listings};
    use std::collections::{BTreeMap, BTreeSet};

    #[test]
    fn no_call_is_listed_twice() {
        let distinct: BTreeSet<_> = ROUTES.iter().map(|route| (route.method, route.path)).collect();
        assert_eq!(distinct.len(), ROUTES.len());
    }

    #[test]
    fn paths_name_what_they_are_about() {
        let places = |method, path| find(method, path).map(|(route, places)| (route.path, places));
        assert_eq!(
            places("POST", "/api/v4/futures/usdt/positions/BTC_USDT/leverage"),
            Ok(("/futures/usdt/positions/{}/leverage", vec!["BTC_USDT"]))
        );
        assert_eq!(
            places("POST", "/api/v4/futures/usdt/positions/cross_mode"),
            Ok(("/futures/usdt/positions/cross_mode", vec![]))
        );
        assert_eq!(
            places("POST", "/api/v4/futures/USDT/batch_cancel_orders"),
            Ok(("/futures/usdt/batch_cancel_orders", vec![]))
        );
        assert_eq!(places("GET", "/api/v4/futures/usdt/dual_comp/positions"), Err(Refusal::NOT_FOUND));
        assert_eq!(places("PATCH", "/api/v4/futures/usdt/orders"), Err(Refusal::METHOD_NOT_ALLOWED));
        assert_eq!(places("GET", "/futures/usdt/orders"), Err(Refusal::NOT_FOUND));
    }

    #[test]
    fn every_call_is_of_one_kind() {
        let mut kinds: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for route in ROUTES {
            let path = format!("/api/v4{}", route.path.replace("{}", "X"));
            let kind = target(route.method, &path).word();
            let name = route.path.trim_start_matches("/futures/usdt/");
            kinds.entry(kind).or_default().push(format!("{} {name}", route.method));
        }
        let of = |kind: &str| kinds[kind].join(", ");
        assert_eq!(of("place"), "POST orders, POST batch_orders");
        assert_eq!(of("stop"), "POST price_orders");
        assert_eq!(of("amend"), "PUT orders/{}, POST batch_amend_orders");
        assert_eq!(
            of("cancel"),
            "DELETE orders, DELETE orders/{}, POST batch_cancel_orders, POST countdown_cancel_all, \
             DELETE price_orders, DELETE price_orders/{}"
        );
        assert_eq!(of("clock"), "GET /spot/time");
        assert!(kinds["settings"].contains(&"POST positions/{}/leverage".to_owned()), "{kinds:?}");
        assert!(kinds["query"].contains(&"GET my_trades".to_owned()), "{kinds:?}");
        assert!(kinds["market"].contains(&"GET candlesticks".to_owned()), "{kinds:?}");
    }

    const NAMES: [&str; 22] = [
        "contract",
        "size",
        "price",
        "tif",
        "text",
        "reduce_only",
        "close",
        "auto_size",
        "leverage",
        "cross_leverage_limit",
        "change",
        "dual_side",
        "mode",
        "status",
        "limit",
        "offset",
        "from",
        "to",
        "interval",
        "timeout",
        "initial",
        "trigger",
    ];
    const VALUES: [&str; 24] = [
        "BTC_USDT",
        "ETH_USDT",
        "0",
        "1",
        "-1",
        "0.5",
        "60000.1",
        "9223372036854775807",
        "-9223372036854775808",
        "1e10",
        "gtc",
        "ioc",
        "poc",
        "true",
        "close_long",
        "dual_long",
        "ISOLATED",
        "open",
        "finished",
        "1m",
        "t-name",
        r#"{"contract":"BTC_USDT","size":-1,"price":"0","tif":"ioc","reduce_only":true}"#,
        r#"{"price":"59000","rule":2,"expiration":86400}"#,
        r#"[{"contract":"BTC_USDT","size":1,"price":"0","tif":"ioc"}]"#,
    ];

    fn floor() -> (Floor, AccountId) {
        let mut exchange = Exchange::new(Timestamp::from_millis(1_767_226_200_000));
        exchange.list(listings::gateio::btc_usdt(), "60000".parse().unwrap()).unwrap();
        exchange.list(listings::gateio::eth_usdt(), "3000".parse().unwrap()).unwrap();
        let account = AccountId::new("main");
        exchange.open_account(account.clone(), "10000".parse().unwrap()).unwrap();
        let settings = crate::Settings { clock: crate::AuthenticationClock::Market, ..Default::default() };
        (Floor::new(exchange, settings), account)
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig { cases: 40, ..Default::default() })]
        #[test]
        fn no_request_breaks_the_venue(
            calls in proptest::collection::vec(
                (
                    0..ROUTES.len(),
                    0..VALUES.len(),
                    proptest::collection::vec((0..NAMES.len(), 0..VALUES.len()), 0..9),
                ),
                1..60,
            )
        ) {
            let (mut floor, account) = floor();
            for (route, place, chosen) in calls {
                let pairs = chosen.iter().map(|(name, value)| (NAMES[*name].to_owned(), VALUES[*value].to_owned()));
                let parameters = Parameters::from_pairs(pairs);
                let now = floor.server_time();
                let (caller, places, body) = (Some(account.clone()), vec![VALUES[place]], VALUES[place]);
                let source = Source::Rest;
                let call = Call { caller, parameters: &parameters, body, places, decimal: true, now, source };
                if let Ok(body) = (ROUTES[route].handle)(&mut floor, &call) {
                    proptest::prop_assert!(serde_json::from_str::<serde_json::Value>(&body).is_ok(), "{}", body);
                }
                floor.publish();
            }
        }

        #[test]
        fn no_bytes_break_the_venue(path in ".*", query in ".*", body in ".*", key in ".*", said in ".*") {
            let (mut floor, _) = floor();
            for path in [path.as_str(), "/api/v4/futures/usdt/orders"] {
                let sent = Sent { method: "POST", path, query: &query, body: &body };
                let claim = Claim { key: Some(&key), sign: Some(&key), timestamp: Some(&query) };
                let arrived = Arrived { sent, claim, decimal: false, expires: Some(&key) };
                proptest::prop_assert!(answer(&mut floor, arrived).status >= 400);
            }
            let headers = axum::http::HeaderMap::new();
            let _opening = crate::running::Face::open(&mut floor, "/v4/ws/usdt", &query, &headers);
            proptest::prop_assert!(floor.hear(1, &said));
        }
    }
}
