//! How a fault of a request looks on this venue's wire, and whether what was asked for is done all the same.

use crate::binance::error::Refusal;
use crate::binance::facts::order_id;
use crate::binance::floor::Floor;
use crate::binance::parameters::Parameters;
use crate::binance::router::{self, Answer, Arrived, json};
use crate::binance::{http, plain};
use crate::faults::{Fault, Rule, Site, Target, Targets};
use crate::server::Reply;
use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use plimsoll_domain::AccountId;
use plimsoll_exchange::OrderRef;
use serde_json::Value;
use std::time::Duration;

/// Answers one request, as the faults would have it. What it set off is published.
pub(crate) fn answer(floor: &mut Floor, arrived: Arrived<'_>) -> Reply {
    if floor.faults.is_quiet() {
        return Reply::Now(http(done(floor, arrived)));
    }
    let now = floor.exchange.now();
    let at = format!("{} {}", arrived.method, arrived.path);
    if floor.faults.maintenance(now) {
        floor.faults.note(Fault::Maintenance, at, Some(false), now);
        return Reply::Now(http(refused(floor, &Refusal::unavailable())));
    }
    let target = router::target(arrived.method, arrived.path);
    let spared = spared(target, &arrived).then_some(Fault::Overloaded);
    match floor.faults.decide_sparing(&[Site::Request], target, "", now, spared) {
        None => Reply::Now(http(done(floor, arrived))),
        Some(rule) => {
            let (reply, executed) = misdone(floor, arrived, target, rule);
            floor.faults.note(rule.fault(), format!("{} {at}", target.word()), executed, now);
            reply
        }
    }
}

/// What the venue would answer without faults.
fn done(floor: &mut Floor, arrived: Arrived<'_>) -> Answer {
    let answer = router::answer(floor, arrived);
    floor.publish();
    answer
}

fn refused(floor: &Floor, refusal: &Refusal) -> Answer {
    Answer {
        status: refusal.status,
        body: json(refusal).unwrap_or_default(),
        used_weight: floor.usage.weight(),
        order_count: None,
        retry_after: refusal.retry_after,
    }
}

/// The reply, and whether what was asked for has been done.
fn misdone(floor: &mut Floor, arrived: Arrived<'_>, target: Target, rule: Rule) -> (Reply, Option<bool>) {
    if rule.fault().executes() != Some(true) {
        return (without(floor, target, rule), Some(false));
    }
    let stops = (rule.fault() == Fault::LoseStop).then(|| stops(floor, &arrived));
    let answer = done(floor, arrived);
    let executed = (answer.status == 200).then_some(true);
    if let (Some((Some(account), before)), true) = (stops, executed.is_some()) {
        lose(floor, &account, &before, &answer);
    }
    (after(floor, rule, answer), executed)
}

/// Replies to what was not done.
fn without(floor: &mut Floor, target: Target, rule: Rule) -> Reply {
    let span = rule.span().unwrap_or_default();
    let refusal = match rule.fault() {
        Fault::TooManyRequests => Refusal::too_many_requests(floor.usage.limits().weight_per_minute, seconds(span)),
        Fault::Banned => {
            let until = floor.server_time().plus(span);
            floor.usage.ban(until);
            Refusal::banned(until.as_millis(), seconds(span))
        }
        Fault::ServerErrorBefore => Refusal { status: 500, ..Refusal::UNKNOWN },
        Fault::BadGatewayBefore => return Reply::Now(bad_gateway()),
        Fault::Overloaded => Refusal::overloaded(),
        Fault::UnknownBefore => Refusal::outcome_unknown(),
        Fault::BackendTimeoutBefore => Refusal::backend_timeout(),
        Fault::TimeoutBefore => return Reply::HangUp(rule.span()),
        Fault::CutBefore => return Reply::HangUp(Some(Duration::ZERO)),
        Fault::Reject => Refusal::of_code(rule.code().unwrap_or(usual_code(target))),
        _ => Refusal::unavailable(),
    };
    Reply::Now(http(refused(floor, &refusal)))
}

/// Replies to what was done.
fn after(floor: &Floor, rule: Rule, mut answer: Answer) -> Reply {
    let refusal = match rule.fault() {
        Fault::ServerErrorAfter => Refusal { status: 500, ..Refusal::UNKNOWN },
        Fault::UnknownAfter => Refusal::outcome_unknown(),
        Fault::BackendTimeoutAfter => Refusal::backend_timeout(),
        Fault::BadGatewayAfter => return Reply::Now(bad_gateway()),
        Fault::TimeoutAfter => return Reply::HangUp(rule.span()),
        Fault::CutAfter => return Reply::HangUp(Some(Duration::ZERO)),
        Fault::Slow => return Reply::After(rule.span().unwrap_or_default(), http(answer)),
        Fault::ShortBody => {
            answer.body = crate::faults::truncated(&answer.body, floor.faults.number());
            return Reply::Now(http(answer));
        }
        _ => return Reply::Now(http(answer)),
    };
    Reply::Now(http(refused(floor, &refusal)))
}

fn bad_gateway() -> axum::http::Response<Body> {
    let mut response = plain(StatusCode::BAD_GATEWAY);
    let page = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<h1>502 Bad Gateway</h1>\r\n</body>\r\n</html>\r\n";
    *response.body_mut() = Body::from(page);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html"));
    response
}

/// Rounded up: whoever waits so long has waited long enough.
fn seconds(span: Duration) -> u64 {
    span.as_secs() + u64::from(span.subsec_nanos() > 0)
}

/// What is refused in the field, by what was asked for: a stop that would trigger at once, an order without margin.
const fn usual_code(target: Target) -> i32 {
    match target {
        Target::Stop => -2021,
        Target::Place | Target::Amend => -2019,
        Target::Cancel => -2011,
        _ => -1000,
    }
}

/// Overload does not touch what reduces risk.
fn spared(target: Target, arrived: &Arrived<'_>) -> bool {
    match target {
        Target::Cancel => true,
        Target::Place | Target::Stop => {
            let parameters = Parameters::read(arrived.sent.query, if arrived.form { arrived.sent.body } else { "" });
            let says = |name: &str| parameters.get(name).is_some_and(|value| value.eq_ignore_ascii_case("true"));
            let leaves = matches!(
                (parameters.get("positionSide"), parameters.get("side")),
                (Some("LONG"), Some("SELL")) | (Some("SHORT"), Some("BUY"))
            );
            says("reduceOnly") || says("closePosition") || leaves
        }
        _ => false,
    }
}

/// Who calls, and the conditional orders that wait for them.
fn stops(floor: &Floor, arrived: &Arrived<'_>) -> (Option<AccountId>, Vec<OrderRef>) {
    let account = arrived.key.and_then(|key| floor.caller(key)).map(|(account, _)| account.clone());
    let waiting = account.iter().flat_map(|account| floor.open_conditionals(account, None));
    let waiting = waiting.map(|order| OrderRef::Id(order.order.order_id)).collect();
    (account, waiting)
}

/// Drops the conditional order that was just placed, without a word to anybody.
fn lose(floor: &mut Floor, account: &AccountId, before: &[OrderRef], answer: &Answer) {
    let placed = serde_json::from_str::<Value>(&answer.body).ok().and_then(|body| body.get("algoId")?.as_i64());
    let Some(which) = placed.map(|id| OrderRef::Id(order_id(id))).filter(|which| !before.contains(which)) else {
        return;
    };
    // One that has triggered already is no stop any more.
    if floor.exchange.cancel_conditional(account, &which).is_ok() {
        floor.exchange.drain_events();
    }
}

impl Floor {
    /// Does what the faults have fall due.
    pub(crate) fn keep_faults(&mut self) {
        if self.faults.is_quiet() {
            return;
        }
        let now = self.exchange.now();
        for rule in self.faults.begun(now) {
            self.faults.note(rule.fault(), "venue", None, now);
            if rule.fault() == Fault::Maintenance {
                self.sockets.finish(Targets::SOCKETS);
            }
        }
        for rule in self.faults.due(now) {
            let at: Vec<_> = rule.targets().iter().map(Target::word).collect();
            self.faults.note(rule.fault(), format!("{} sockets", at.join("+")), None, now);
            match rule.fault() {
                Fault::Disconnect => self.sockets.finish(rule.targets()),
                Fault::HalfOpen => self.sockets.kill(rule.targets()),
                Fault::ExpireKey => self.expire_listen_keys(),
                _ => {
                    self.listen_keys.expire_all();
                }
            }
        }
        self.sockets.release_overdue();
    }
}
