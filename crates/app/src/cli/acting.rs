//! What every verb that acts has in common.

use super::signals::patiently;
use super::target::Consent;
use crate::desk::Desk;
use crate::failure::Failure;
use crate::screen;
use plimsoll_domain::ClientOrderId;
use plimsoll_domain::risk::Refused;
use plimsoll_engine::{Finding, JustRead, Reconciliation, SendFailure};

/// What was found before anything new is done.
pub(super) struct Found {
    /// Each finding in a sentence.
    pub(super) said: Vec<String>,
    /// What became of showing them: [`Consent::is_given`] judges that.
    pub(super) shown: Result<(), Failure>,
    /// What was read of the account on the way.
    pub(super) read: Option<JustRead>,
}

/// Brings records and venue together before anything new is done, and tells what that found. An order whose fate is not
/// known still is an unknown outcome: nothing is added to it. A dry run does nothing at all, and finds nothing.
pub(super) async fn told_first(desk: &Desk, consent: Consent, json: bool) -> Result<Found, Failure> {
    if consent.dry_run {
        return Ok(Found { said: Vec::new(), shown: Ok(()), read: None });
    }
    let (reconciliation, read) = patiently(desk.reconcile_and_read()).await?;
    Ok(Found { read, ..told(&reconciliation, json) })
}

/// The same before getting out, which waits neither for records that cannot be had nor for what an earlier run left: that is
/// told, and it goes on.
pub(super) async fn told_in_passing(desk: &Desk, consent: Consent, json: bool) -> Found {
    if consent.dry_run {
        return Found { said: Vec::new(), shown: Ok(()), read: None };
    }
    match patiently(desk.compare()).await {
        Ok(reconciliation) => told(&reconciliation, json),
        Err(failure) => of(vec![failure.message().to_owned()], json),
    }
}

fn told(reconciliation: &Reconciliation, json: bool) -> Found {
    of(reconciliation.summary().findings.iter().map(sentence).collect(), json)
}

fn of(said: Vec<String>, json: bool) -> Found {
    let shown = if json || said.is_empty() { Ok(()) } else { show(&said) };
    Found { said, shown, read: None }
}

fn show(found: &[String]) -> Result<(), Failure> {
    screen::line("first, what was found:")?;
    found.iter().try_for_each(|said| screen::line(format!("  {said}")))?;
    screen::line("")
}

/// What a preview refused and the check behind it did not: prices have moved between the two.
pub(super) fn refused_a_moment_ago(refused: &Refused) -> Failure {
    Failure::no(format!("a moment ago it was refused: {refused}"))
        .help("Nothing was sent. Judged once more it would have passed: try it again.")
}

/// The end of a verb that has acted, `told` being what became of telling the outcome: who went away did not want to know
/// it, and a full disk does not undo it.
pub(super) fn done(told: Result<(), Failure>) -> Result<(), Failure> {
    match told {
        Err(failure) if failure.is_unread() => Ok(()),
        Err(failure) => Err(failure.help("It was done all the same: `plimsoll status` shows how the account is now.")),
        Ok(()) => Ok(()),
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::written;
    use std::io::ErrorKind;

    #[test]
    fn what_was_done_and_is_not_read_is_done_and_what_cannot_be_written_is_told_as_done() {
        assert_eq!(done(Ok(())), Ok(()));
        assert_eq!(done(written(Err(ErrorKind::BrokenPipe.into()))), Ok(()));
        let full = written(Err(ErrorKind::StorageFull.into()));
        assert!(done(full.clone()).is_err_and(|failure| failure.is_unreachable()));
        assert_ne!(done(full.clone()), full, "it does not say that it was done");
    }
}
