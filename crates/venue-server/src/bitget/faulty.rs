//! How a fault of a request looks on this venue's wire, and whether what was asked for is done all the same.
//!
//! The venue has few words that say for sure that nothing was done: of these 429 and 40908 are used. Where the outcome is
//! unknown it says 40725, 45001 or 40010.

use crate::bitget::error::Refusal;
use crate::bitget::floor::Floor;
use crate::bitget::limits::whole_seconds;
use crate::bitget::parameters::Parameters;
use crate::bitget::router::{self, Answer, Arrived};
use crate::bitget::{http, plain};
use crate::faults::{Fault, Rule, Site, Target, Targets};
use crate::server::Reply;
use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use plimsoll_domain::{AccountId, OrderId};
use plimsoll_exchange::OrderRef;
use serde_json::Value;
use std::time::Duration;

/// Answers one request, as the faults would have it. What it set off is published.
pub(crate) fn answer(floor: &mut Floor, arrived: Arrived<'_>) -> Reply {
    if floor.faults.is_quiet() {
        return Reply::Now(http(done(floor, arrived)));
    }
    let now = floor.exchange.now();
    let (method, path) = (arrived.sent.method, arrived.sent.path);
    let at = format!("{method} {path}");
    if floor.faults.maintenance(now) {
        floor.faults.note(Fault::Maintenance, at, Some(false), now);
        return Reply::Now(http(refused(floor, &Refusal { status: 503, ..Refusal::UPGRADING })));
    }
    let target = router::target(method, path);
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
    let answer = router::respond(floor, arrived);
    floor.publish();
    answer
}

fn refused(floor: &Floor, refusal: &Refusal) -> Answer {
    Answer::refused(refusal, floor.server_time())
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
        Fault::TooManyRequests => Refusal::too_many_requests(whole_seconds(span)),
        Fault::Banned => {
            let until = floor.server_time().plus(span);
            floor.usage.shut(until);
            Refusal::too_many_requests(whole_seconds(span))
        }
        Fault::ServerErrorBefore => Refusal { status: 500, ..Refusal::SERVICE_ERROR },
        Fault::BadGatewayBefore => return Reply::Now(bad_gateway()),
        Fault::Overloaded => Refusal::CONCURRENT,
        Fault::UnknownBefore => Refusal::UNKNOWN_ERROR,
        Fault::BackendTimeoutBefore => Refusal::TIMED_OUT,
        Fault::TimeoutBefore => return Reply::HangUp(rule.span()),
        Fault::CutBefore => return Reply::HangUp(Some(Duration::ZERO)),
        Fault::Reject => Refusal::of_code(rule.code().unwrap_or(usual_code(target))),
        _ => Refusal { status: 503, ..Refusal::UPGRADING },
    };
    Reply::Now(http(refused(floor, &refusal)))
}

/// Replies to what was done.
fn after(floor: &Floor, rule: Rule, mut answer: Answer) -> Reply {
    let refusal = match rule.fault() {
        Fault::ServerErrorAfter => Refusal { status: 500, ..Refusal::SERVICE_ERROR },
        Fault::UnknownAfter => Refusal::UNKNOWN_ERROR,
        Fault::BackendTimeoutAfter => Refusal::TIMED_OUT,
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

/// What is refused in the field, by what was asked for: a stop that would trigger at once, an order without margin.
const fn usual_code(target: Target) -> i32 {
    match target {
        Target::Stop => 40917,
        Target::Place | Target::Amend => 40762,
        Target::Cancel => 43001,
        _ => 40015,
    }
}

/// Overload does not touch what reduces risk.
fn spared(target: Target, arrived: &Arrived<'_>) -> bool {
    match target {
        Target::Cancel => true,
        Target::Place | Target::Stop => {
            let path = arrived.sent.path;
            let Ok(parameters) = Parameters::of_body(arrived.sent.body) else { return false };
            let says = |name: &str, word: &str| parameters.get(name).is_some_and(|it| it.eq_ignore_ascii_case(word));
            let leaves = path.ends_with("close-positions") || path.contains("tpsl");
            leaves || says("reduceOnly", "yes") || says("tradeSide", "close")
        }
        _ => false,
    }
}

/// Who calls, and the plans that wait for them.
fn stops(floor: &Floor, arrived: &Arrived<'_>) -> (Option<AccountId>, Vec<OrderRef>) {
    let account = arrived.claim.key.and_then(|key| floor.credentials(key)).map(|it| it.account.clone());
    let waiting = account.iter().flat_map(|account| floor.exchange.open_conditionals(account));
    let waiting = waiting.map(|order| OrderRef::Id(order.order.order_id)).collect();
    (account, waiting)
}

/// Drops the plan that was just placed, without a word to anybody.
fn lose(floor: &mut Floor, account: &AccountId, before: &[OrderRef], answer: &Answer) {
    let Ok(body) = serde_json::from_str::<Value>(&answer.body) else { return };
    let placed = body.pointer("/data/orderId").or_else(|| body.pointer("/data/0/orderId")).and_then(Value::as_str);
    let Some(which) = placed.map(|id| OrderRef::Id(OrderId::new(id))).filter(|which| !before.contains(which)) else {
        return;
    };
    // One that has triggered already is no plan any more.
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
                Fault::ExpireKey => self.end_logins(true),
                _ => self.end_logins(false),
            }
        }
        self.sockets.release_overdue();
    }
}
