//! Faults commanded from another process: a few paths beside the venue's own.
//!
//! | call | does |
//! |---|---|
//! | `GET /plimsoll/faults` | tells the plan and what was injected |
//! | `POST /plimsoll/faults`, body SPEC | begins this plan in place of what was |
//! | `POST /plimsoll/faults/more`, body SPEC | adds these rules; a seed in it is ignored |
//! | `DELETE /plimsoll/faults` | no faults any more |

use crate::faults::{FaultPlan, Injected};
use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use serde_json::{Value, json};

/// Whose faults can be commanded.
pub(crate) trait Commanded {
    /// The plan as it is now.
    fn plan(&self) -> FaultPlan;
    /// What was injected so far.
    fn injected(&self) -> Vec<Injected>;
    /// Begins a plan in place of what was.
    fn begin(&self, plan: &FaultPlan);
    /// Adds its rules.
    fn add(&self, plan: &FaultPlan);
    /// No faults any more.
    fn calm(&self);
}

/// Obeys a command; `None` if this is none.
pub(crate) fn command(venue: &impl Commanded, method: &str, path: &str, body: &[u8]) -> Option<Response<Body>> {
    let more = match path.strip_prefix("/plimsoll/faults")? {
        "" => false,
        "/more" => true,
        _ => return None,
    };
    let done = || (StatusCode::OK, told(venue));
    let (status, body) = match (method, more) {
        ("GET", false) => done(),
        ("DELETE", false) => {
            venue.calm();
            done()
        }
        ("POST", _) => match std::str::from_utf8(body).map_err(|error| error.to_string()).and_then(read) {
            Err(error) => (StatusCode::BAD_REQUEST, json!({"error": error})),
            Ok(plan) => {
                if more {
                    venue.add(&plan)
                } else {
                    venue.begin(&plan)
                }
                done()
            }
        },
        _ => (StatusCode::METHOD_NOT_ALLOWED, json!({"error": "GET, POST SPEC or DELETE"})),
    };
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Some(response)
}

fn read(spec: &str) -> Result<FaultPlan, String> {
    spec.parse().map_err(|error: crate::faults::SpecError| error.to_string())
}

fn told(venue: &impl Commanded) -> Value {
    let injected = venue.injected().into_iter().map(|it| {
        json!({
            "number": it.number, "time": it.time.as_millis(), "fault": it.fault.word(), "at": it.at,
            "executed": it.executed,
        })
    });
    json!({"faults": venue.plan().to_string(), "injected": injected.collect::<Vec<_>>()})
}
