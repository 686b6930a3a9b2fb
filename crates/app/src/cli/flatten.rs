//! `plimsoll flatten`: everything closed and cancelled.

use super::acting::{self, Found};
use super::close::{Answer, ClosePreview, ClosedRow, print};
use super::signals::to_its_end;
use super::target::{Consent, Target};
use crate::desk::Desk;
use crate::failure::Failure;
use crate::screen::{self, counted};
use clap::Args;
use plimsoll_engine::{FlattenReason, Flattened, ForeignPolicy};
use std::process::ExitCode;

/// Close every position, and cancel every order.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  plimsoll flatten --reason 'leaving for the weekend'")]
pub(crate) struct Flatten {
    /// Why, for the records
    #[arg(long, default_value = "operator")]
    reason: String,
    #[command(flatten)]
    consent: Consent,
    #[command(flatten)]
    target: Target,
}

impl Flatten {
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        super::runtime()?.block_on(self.flatten())?;
        Ok(ExitCode::SUCCESS)
    }

    async fn flatten(self) -> Result<(), Failure> {
        self.consent.can_be_had(self.target.json)?;
        let desk = self.target.desk().await?;
        let outcome = self.flatten_at(&desk).await;
        desk.close().await;
        outcome
    }

    async fn flatten_at(&self, desk: &Desk) -> Result<(), Failure> {
        let Found { said: reconciled, shown, .. } = acting::told_in_passing(desk, self.consent, self.target.json).await;
        let positions = match desk.venue.broker.positions().await {
            Ok(positions) => Some(positions),
            // Who has said yes wants no preview more than to be out: flattening asks again by itself.
            Err(error) if self.consent.is_given_already() => {
                tracing::warn!(%error, "the positions cannot be shown first");
                None
            }
            Err(error) => return Err(Failure::unanswered(error)),
        };
        // How many orders there are is good to know, and no reason to wait.
        let orders = desk
            .venue
            .broker
            .open_orders(None)
            .await
            .map_or_else(|_| "whatever rests".to_owned(), |it| counted(it.len(), "order"));
        let mut preview = Vec::new();
        for (report, held) in positions.iter().flatten().filter_map(|report| Some((report, report.position?))) {
            let instrument = desk.venue.broker.instrument(&report.symbol).await.ok();
            preview.push(ClosePreview::of(report, held, held.quantity, instrument.as_ref()));
        }
        let shown = if self.target.json {
            Ok(())
        } else {
            let is_all_ours = desk.manager.settings().foreign == ForeignPolicy::Adopt;
            let shown = shown.and_then(|()| print_previews(positions.is_some(), &preview, &orders));
            if is_all_ours { shown } else { shown.and_then(|()| screen::line(LEFT_ALONE)) }
        };
        let question = format!("Close everything on {}{}?", desk.account.name, acting::live(desk));
        if !self.consent.is_given(shown, &question)? {
            let answer = Answer { reconciled, preview, closed: None, flat: None, troubles: Vec::new() };
            return if self.target.json { screen::json(&answer) } else { Ok(()) };
        }
        let reason = FlattenReason::Wanted { by: acting::operator(), reason: self.reason.clone() };
        let flattened = to_its_end(desk.manager.flatten_all(reason)).await;
        let told = if self.target.json {
            let closed = flattened.closed.iter().map(ClosedRow::of).collect();
            let flat = Some(flattened.is_confirmed());
            let troubles = flattened.troubles.iter().map(ToString::to_string).collect();
            screen::json(&Answer { reconciled, preview, closed: Some(closed), flat, troubles })
        } else {
            print_flattened(&flattened)
        };
        // What is left open is worse than what could not be printed.
        confirmed(&flattened)?;
        acting::done(told)
    }
}

fn print_previews(are_known: bool, previews: &[ClosePreview], orders: &str) -> Result<(), Failure> {
    if !are_known {
        return screen::line(
            "the venue does not tell what is held: whatever it is, is closed, and what rests is cancelled",
        );
    }
    previews.iter().try_for_each(ClosePreview::print)?;
    screen::line(format!("to close: {}; to cancel: {orders}", counted(previews.len(), "position")))
}

fn print_flattened(flattened: &Flattened) -> Result<(), Failure> {
    flattened.closed.iter().try_for_each(print)?;
    flattened.troubles.iter().try_for_each(|trouble| screen::line(format!("  trouble: {trouble}")))?;
    let flat = if flattened.is_confirmed() { "the venue is flat; " } else { "" };
    screen::line(format!("{flat}cancelled: {}", counted(flattened.cancelled.len(), "order")))
}

/// Flat is what the venue says is flat: no position and no order, of whomever.
pub(super) fn confirmed(flattened: &Flattened) -> Result<(), Failure> {
    if flattened.is_confirmed() {
        return Ok(());
    }
    let Some((positions, orders)) = &flattened.remaining else {
        return Err(Failure::outcome_unknown("the venue does not tell whether it is flat").help(HELD));
    };
    let left = format!("{} and {} are left", counted(positions.len(), "position"), counted(orders.len(), "order"));
    let failed = flattened.failed.iter().map(|it| format!("{} {}: {}", it.symbol, it.direction, it.failure));
    let theirs = (flattened.left_alone > 0).then(|| format!("{} of them of others, left alone", flattened.left_alone));
    let said: Vec<String> = std::iter::once(left).chain(theirs).chain(failed).collect();
    let is_all_theirs = flattened.left_alone == positions.len() + orders.len();
    Err(Failure::no(said.join("; ")).help(if is_all_theirs { THEIRS } else { HELD }))
}

const HELD: &str = "`plimsoll positions` shows what is held, `plimsoll orders` what rests. Run it again.";
const LEFT_ALONE: &str = "of that, what was made elsewhere is left alone: the account's `foreign` is not \"adopt\"";
const THEIRS: &str = "Close and cancel them where they were made, or set foreign = \"adopt\" on the account.";
