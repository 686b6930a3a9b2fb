//! What every verb that acts has in common.

use crate::desk::Desk;
use crate::failure::Failure;
use crate::screen;
use plimsoll_domain::ClientOrderId;
use plimsoll_engine::{Finding, SendFailure};

/// Brings records and venue together before anything new is done, and tells what that found. An order whose fate is not
/// known still is an unknown outcome: nothing is added to it.
pub(super) async fn told_first(desk: &Desk, json: bool) -> Result<Vec<String>, Failure> {
    let reconciliation = desk.reconcile().await?;
    let found: Vec<String> = reconciliation.summary().findings.iter().map(sentence).collect();
    if !json && !found.is_empty() {
        screen::line("first, what was found:")?;
        found.iter().try_for_each(|said| screen::line(format!("  {said}")))?;
        screen::line("")?;
    }
    Ok(found)
}

/// One finding of a reconciliation in one sentence.
pub(super) fn sentence(finding: &Finding) -> String {
    let symbol = finding.symbol.as_ref().map(|symbol| format!("{symbol}: ")).unwrap_or_default();
    let id = finding.id.as_ref().map(|id| format!(" ({id})")).unwrap_or_default();
    format!("{symbol}{}{id}: {}", finding.found, finding.done)
}

/// An order that may be live.
pub(super) fn unknown(id: &ClientOrderId, failure: &SendFailure) -> Failure {
    Failure::outcome_unknown(format!("order {id}: {failure}")).help(how_to_find_out(id))
}

/// What to do about an order that may be live.
pub(super) fn how_to_find_out(id: &ClientOrderId) -> String {
    format!(
        "{id} is in the journal and may be live. Do not send it again: `plimsoll orders` shows what rests,\n\
         `plimsoll positions` what is held; `plimsoll run`, and any verb that acts, looks it up first."
    )
}

/// Said where real money is meant.
pub(super) fn live(desk: &Desk) -> &'static str {
    if desk.is_live() { ", with real money" } else { "" }
}

/// Who is at the keyboard, for the records.
pub(super) fn operator() -> String {
    std::env::var("USER").ok().filter(|user| !user.is_empty()).unwrap_or_else(|| "operator".to_owned())
}
