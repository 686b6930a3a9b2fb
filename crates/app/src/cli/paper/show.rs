//! What a paper run tells as it happens.

use super::PaperRun;
use crate::failure::Failure;
use crate::screen;
use plimsoll_simulation::Told;
use serde::Serialize;
use std::path::Path;

#[derive(Serialize)]
#[serde(tag = "event")]
enum Event<'a> {
    #[serde(rename = "paper_began")]
    Began { strategies: Vec<&'a str>, accounts: Vec<&'a str>, resumed: bool },
    #[serde(rename = "paper_decided")]
    Decided { decision: &'a str },
    #[serde(rename = "paper_filled")]
    Filled {
        time: String,
        strategy: &'a str,
        account: &'a str,
        role: &'a str,
        symbol: &'a str,
        side: &'a str,
        quantity: String,
        price: String,
        fee: String,
    },
    #[serde(rename = "paper_incident")]
    Incident { time: String, kind: &'a str, text: &'a str },
}

pub(super) fn begun(run: &PaperRun, resumed: Option<&Path>, json: bool) -> Result<(), Failure> {
    let strategies: Vec<&str> = run.config.strategies.iter().map(|it| it.name.as_str()).collect();
    let accounts: Vec<&str> = run.simulation.accounts.iter().map(|it| it.id.as_str()).collect();
    if json {
        return screen::json(&Event::Began { strategies, accounts, resumed: resumed.is_some() });
    }
    let (strategies, accounts) = (strategies.join(", "), accounts.join(", "));
    let resumed = resumed.map(|path| format!("; goes on with {}", path.display())).unwrap_or_default();
    screen::line(format!(
        "On paper: {strategies} on {accounts}, with live prices{resumed}. Ctrl-C ends it with a report."
    ))
}

/// Whoever read along may go: the run goes on without being heard.
pub(super) fn told(told: &Told<'_>, json: bool) {
    let said = if json { for_programs(told) } else { for_people(told) };
    drop(said);
}

fn for_programs(told: &Told<'_>) -> Result<(), Failure> {
    let event = match told {
        Told::Progress(_) => return Ok(()),
        Told::Decided(decision) => Event::Decided { decision },
        Told::Filled(it) => Event::Filled {
            time: screen::instant(it.fill.time),
            strategy: &it.strategy,
            account: it.account.as_str(),
            role: &it.role,
            symbol: it.fill.symbol.as_str(),
            side: it.fill.side.as_str(),
            quantity: it.fill.quantity.to_string(),
            price: it.fill.price.to_string(),
            fee: it.fill.fee.to_string(),
        },
        Told::Incident(it) => Event::Incident { time: screen::instant(it.time), kind: &it.kind, text: &it.text },
    };
    screen::json(&event)
}

fn for_people(told: &Told<'_>) -> Result<(), Failure> {
    match told {
        Told::Progress(it) => screen::line(format!("{} {} fills", screen::minute(it.now), it.fills)),
        Told::Decided(decision) => {
            // When, who, what, and why.
            let mut parts = decision.split('|').skip(1);
            let (who, rest): (&str, Vec<&str>) = (parts.next().unwrap_or_default(), parts.collect());
            screen::line(format!("  {who}: {}", rest.join(": ")))
        }
        Told::Filled(it) => {
            let fill = &it.fill;
            let (side, quantity, symbol, price, fee) = (fill.side, fill.quantity, &fill.symbol, fill.price, fill.fee);
            let role = it.role.replace('_', " ");
            screen::line(format!("  {}: {role}: {side} {quantity} of {symbol} at {price}, fee {fee}", it.strategy))
        }
        Told::Incident(it) => {
            screen::line(format!("  {} {}: {}", screen::minute(it.time), it.kind.replace('_', " "), it.text))
        }
    }
}
