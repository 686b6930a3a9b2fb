//! How a fault of a request looks on this venue's wire, and whether what was asked for is done all the same.

use crate::faults::{Fault, Rule, Site, Target, Targets};
use crate::gateio::error::Refusal;
use crate::gateio::floor::Floor;
use crate::gateio::router::{self, Answer, Arrived};
use crate::gateio::write::Object;
use crate::gateio::{http, parameters::Parameters};
use crate::server::Reply;
use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use plimsoll_domain::{AccountId, OrderId, Timestamp};
use plimsoll_exchange::OrderRef;
use serde_json::Value;
use std::time::Duration;

/// Answers one request, as the faults would have it. What it set off is published.
pub(crate) fn answer(floor: &mut Floor, arrived: Arrived<'_>) -> Reply {
    if floor.faults.is_quiet() {
        return Reply::Now(done(floor, arrived, None));
    }
    let now = floor.exchange.now();
    let (method, path) = (arrived.sent.method, arrived.sent.path);
    let at = format!("{method} {path}");
    if floor.faults.maintenance(now) {
        floor.faults.note(Fault::Maintenance, at, Some(false), now);
        return Reply::Now(refused(floor, &Refusal::TOO_BUSY));
    }
    let target = router::target(method, path);
    let spared = spared(target, &arrived).then_some(Fault::Overloaded);
    match floor.faults.decide_sparing(&[Site::Request], target, "", now, spared) {
        None => Reply::Now(done(floor, arrived, None)),
        Some(rule) => {
            let (reply, executed) = misdone(floor, arrived, target, rule);
            floor.faults.note(rule.fault(), format!("{} {at}", target.word()), executed, now);
            reply
        }
    }
}

/// What the venue would answer without faults.
fn carried_out(floor: &mut Floor, arrived: Arrived<'_>) -> Answer {
    let answer = router::answer(floor, arrived);
    floor.publish();
    answer
}

fn done(floor: &mut Floor, arrived: Arrived<'_>, body: Option<String>) -> axum::http::Response<Body> {
    let answer = carried_out(floor, arrived);
    let answer = Answer { body: body.unwrap_or(answer.body), ..answer };
    http(&answer, floor.server_time())
}

fn refused(floor: &Floor, refusal: &Refusal) -> axum::http::Response<Body> {
    http(&Answer::refused(refusal, None), floor.server_time())
}

/// The reply, and whether what was asked for has been done.
fn misdone(floor: &mut Floor, arrived: Arrived<'_>, target: Target, rule: Rule) -> (Reply, Option<bool>) {
    if rule.fault().executes() != Some(true) {
        return (without(floor, target, rule), Some(false));
    }
    let caller = arrived.claim.key.and_then(|key| floor.keys.get(key)).map(|known| known.account.clone());
    let lost = (rule.fault() == Fault::LoseStop).then_some(caller).flatten();
    let answer = carried_out(floor, arrived);
    let executed = answer.succeeded().then_some(true);
    if let (Some(account), true) = (lost, executed.is_some()) {
        lose(floor, &account, &answer);
    }
    (after(floor, rule, answer), executed)
}

/// Replies to what was not done.
fn without(floor: &mut Floor, target: Target, rule: Rule) -> Reply {
    let span = rule.span().unwrap_or_default();
    let refusal = match rule.fault() {
        Fault::TooManyRequests => Refusal::too_many_requests(floor.server_time().plus(span)),
        Fault::Banned => {
            let until = floor.server_time().plus(span);
            floor.usage.shut(until);
            Refusal::too_many_requests(until)
        }
        Fault::ServerErrorBefore => Refusal::INTERNAL,
        Fault::BadGatewayBefore => return Reply::Now(bad_gateway()),
        Fault::UnknownBefore => Refusal { status: 503, ..Refusal::SERVER_TIMEOUT },
        Fault::BackendTimeoutBefore => Refusal::SERVER_TIMEOUT,
        Fault::TimeoutBefore => return Reply::HangUp(rule.span()),
        Fault::CutBefore => return Reply::HangUp(Some(Duration::ZERO)),
        Fault::Reject => rejection(target, rule.code()),
        _ => Refusal::TOO_BUSY,
    };
    Reply::Now(refused(floor, &refusal))
}

/// Replies to what was done.
fn after(floor: &Floor, rule: Rule, mut answer: Answer) -> Reply {
    let now = floor.server_time();
    let refusal = match rule.fault() {
        Fault::ServerErrorAfter => Refusal::INTERNAL,
        Fault::UnknownAfter => Refusal { status: 503, ..Refusal::SERVER_TIMEOUT },
        Fault::BackendTimeoutAfter => Refusal::SERVER_TIMEOUT,
        Fault::BadGatewayAfter => return Reply::Now(bad_gateway()),
        Fault::TimeoutAfter => return Reply::HangUp(rule.span()),
        Fault::CutAfter => return Reply::HangUp(Some(Duration::ZERO)),
        Fault::Slow => return Reply::After(rule.span().unwrap_or_default(), http(&answer, now)),
        Fault::ShortBody => {
            answer.body = crate::faults::truncated(&answer.body, floor.faults.number());
            return Reply::Now(http(&answer, now));
        }
        _ => return Reply::Now(http(&answer, now)),
    };
    Reply::Now(refused(floor, &refusal))
}

fn bad_gateway() -> axum::http::Response<Body> {
    let page = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<h1>502 Bad Gateway</h1>\r\n</body>\r\n</html>\r\n";
    let mut response = axum::http::Response::new(Body::from(page));
    *response.status_mut() = StatusCode::BAD_GATEWAY;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html"));
    response
}

/// The venue's errors are words: a plan's codes, which are Binance's, stand for the like of them.
fn rejection(target: Target, code: Option<i32>) -> Refusal {
    let label = match (code, target) {
        (Some(-2021), _) | (None, Target::Stop) => "AUTO_TRIGGER_PRICE_LESS_LAST",
        (Some(-2019), _) | (None, Target::Place | Target::Amend) => "INSUFFICIENT_AVAILABLE",
        (Some(-2011 | -2013), _) | (None, Target::Cancel) => "ORDER_NOT_FOUND",
        (Some(-2022), _) => "REDUCE_EXCEEDED",
        (Some(-5022), _) => "ORDER_POC_IMMEDIATE",
        (Some(-1021), _) => "REQUEST_EXPIRED",
        (Some(-1022), _) => "INVALID_SIGNATURE",
        (Some(-2014 | -2015), _) => "INVALID_KEY",
        (Some(_), _) => "INVALID_PARAM_VALUE",
        (None, _) => "INTERNAL",
    };
    Refusal::labelled(label).unwrap_or(Refusal::INTERNAL)
}

/// Overload does not touch what reduces risk.
fn spared(target: Target, arrived: &Arrived<'_>) -> bool {
    let Ok(parameters) = Parameters::object(arrived.sent.body) else { return target == Target::Cancel };
    let initial = parameters.nested("initial").unwrap_or_default();
    let says = |name: &str| [&parameters, &initial].iter().any(|it| it.get(name) == Some("true"));
    match target {
        Target::Cancel => true,
        Target::Place | Target::Stop => {
            let closes = parameters.get("order_type").is_some_and(|word| word.contains("close"));
            says("reduce_only") || says("close") || closes || parameters.get("auto_size").is_some()
        }
        _ => false,
    }
}

/// Drops the trigger order that was just placed, without a word to anybody.
fn lose(floor: &mut Floor, account: &AccountId, answer: &Answer) {
    let placed = serde_json::from_str::<Value>(&answer.body).ok();
    let id = placed.and_then(|body| body.get("id_string")?.as_str().map(OrderId::new));
    // One that has triggered already is no stop any more.
    if id.is_some_and(|id| floor.exchange.cancel_conditional(account, &OrderRef::Id(id)).is_ok()) {
        floor.exchange.drain_events();
    }
}

/// What sockets are told before they are closed for maintenance.
fn upgrade(now: Timestamp) -> String {
    let message = "The connection will soon be closed for a service upgrade. Please reconnect.";
    let result = Object::new().text("type", "upgrade").text("msg", message).end();
    Object::new()
        .raw("time", now.as_millis().div_euclid(1000))
        .raw("time_ms", now.as_millis())
        .text("channel", "futures.system")
        .text("event", "update")
        .raw("result", result)
        .end()
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
                self.sockets.retain(|session| session.say(upgrade(now)));
                self.sockets.finish(Targets::SOCKETS);
            }
        }
        for rule in self.faults.due(now) {
            let at: Vec<_> = rule.targets().iter().map(Target::word).collect();
            self.faults.note(rule.fault(), format!("{} sockets", at.join("+")), None, now);
            match rule.fault() {
                Fault::Disconnect => self.sockets.finish(rule.targets()),
                Fault::HalfOpen => self.sockets.kill(rule.targets()),
                Fault::ExpireKey => self.log_everybody_out(true),
                _ => self.log_everybody_out(false),
            }
        }
        self.sockets.release_overdue();
    }
}
