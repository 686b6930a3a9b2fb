//! What placing an order that goes on has in common: its preview, consent, its first parts, and who carries it on.

use super::following::Following;
use crate::cli::acting::{self, Found};
use crate::cli::composed::{ProgressRow, news, words};
use crate::cli::open::PreviewRow;
use crate::cli::opening::{self, Asked};
use crate::cli::signals::to_its_end;
use crate::cli::target::{Consent, Target};
use crate::desk::Desk;
use crate::failure::Failure;
use crate::screen;
use clap::Args;
use plimsoll_domain::ClientOrderId;
use plimsoll_engine::{ComposeFailure, Lookout, Preview, Progress, Settings};
use plimsoll_ports::{ComposedEnd, ComposedOrder, JournalEntry, JournalState};
use serde::Serialize;

/// How it is placed.
#[derive(Debug, Args)]
pub(super) struct Placing {
    /// Carry it on until it ends, and guard the account meanwhile, as `run` does
    #[arg(long, conflicts_with = "dry_run")]
    wait: bool,
    #[command(flatten)]
    consent: Consent,
    #[command(flatten)]
    target: Target,
}

#[derive(Serialize)]
struct Answer<'a> {
    reconciled: Vec<String>,
    preview: &'a Meant,
    placed: Option<ProgressRow>,
}

/// What it would mean.
#[derive(Serialize)]
struct Meant {
    kind: &'static str,
    symbol: String,
    side: String,
    order: String,
    /// What it opens, judged whole; null for what opens nothing.
    opens: Option<PreviewRow>,
}

impl Placing {
    /// Places what `order` says once the desk is there, with the settings of this verb; where it was asked for otherwise, it is
    /// said.
    pub(super) async fn place(
        &self,
        change: impl FnOnce(Settings) -> Settings,
        order: impl AsyncFnOnce(&Desk) -> Result<(ComposedOrder, Asked), Failure>,
    ) -> Result<(), Failure> {
        self.consent.can_be_had(self.target.json)?;
        let (desk, lookout) = match self.wait {
            true => self.target.desk_beside_lookout(change).await.map(|(desk, lookout)| (desk, Some(lookout)))?,
            false => (self.target.desk_with(change).await?, None),
        };
        let outcome = self.place_at(&desk, lookout, order).await;
        desk.close().await;
        outcome
    }

    async fn place_at(
        &self,
        desk: &Desk,
        lookout: Option<Lookout>,
        order: impl AsyncFnOnce(&Desk) -> Result<(ComposedOrder, Asked), Failure>,
    ) -> Result<(), Failure> {
        let json = self.target.json;
        let Found { said: reconciled, shown, .. } = acting::told_first(desk, self.consent, json).await?;
        let (order, asked) = order(desk).await?;
        let preview = desk.manager.preview_composed(&order).await.map_err(|failure| failed(&failure))?;
        let meant = Meant::of(desk, &order, preview.as_ref(), asked);
        let shown = if json { Ok(()) } else { shown.and_then(|()| meant.print(&order, preview.as_ref())) };
        // Nobody is asked for what is refused, and it is on record all the same. To whoever has said yes the order says it.
        let refused = preview.and_then(|it| it.refused);
        if let (Some(refused), false, false) = (&refused, self.consent.dry_run, self.consent.is_given_already()) {
            to_its_end(desk.manager.check_composed(&order)).await.map_err(|failure| failed(&failure))?;
            return Err(acting::refused_a_moment_ago(refused));
        }
        if !self.consent.is_given(shown, &format!("Place it on {}{}?", desk.account.name, acting::live(desk)))? {
            let told = match json {
                true => screen::json(&Answer { reconciled, preview: &meant, placed: None }),
                false => Ok(()),
            };
            return refused.map_or(told, |it| Err(Failure::no(format!("it would be refused: {it}"))));
        }
        let placed = to_its_end(desk.manager.compose(&order)).await.map_err(|failure| failed(&failure))?;
        let told = match json {
            true => screen::json(&Answer { reconciled, preview: &meant, placed: Some(ProgressRow::of(&placed)) }),
            false => print(&placed),
        };
        if let Some((how, why)) = &placed.ended {
            acting::done(told)?;
            return ended(&placed.id, *how, why);
        }
        let Some(lookout) = lookout else {
            is_known(desk, &placed.id).await?;
            let said = if json { Ok(()) } else { screen::line(goes_on(&placed)) };
            return acting::done(told.and(said));
        };
        Following { desk, id: &placed.id, json }.follow(lookout).await
    }
}

/// A part whose answer never came may be live.
async fn is_known(desk: &Desk, id: &ClientOrderId) -> Result<(), Failure> {
    let Ok(parts) = desk.records.journal.parts(&desk.account.name, id).await else { return Ok(()) };
    let is_open = |it: &&JournalEntry| matches!(it.state, JournalState::Unanswered);
    let Some(part) = parts.iter().find(is_open) else { return Ok(()) };
    let part = &part.order.client_order_id;
    Err(Failure::outcome_unknown(format!("{id} goes on, and it is not known what became of its part {part}"))
        .help(acting::how_to_find_out(part)))
}

/// Who carries it on.
pub(super) fn goes_on(it: &Progress) -> String {
    format!(
        "\nIt goes on: `plimsoll run` carries it on, now or after a restart.\n\
         plimsoll order show {}    how far it has got\n\
         plimsoll order cancel {}  ends it",
        it.id, it.id
    )
}

/// What its end is worth: done, or no.
pub(super) fn ended(id: &ClientOrderId, how: ComposedEnd, why: &str) -> Result<(), Failure> {
    match how {
        ComposedEnd::Done => Ok(()),
        ComposedEnd::Canceled | ComposedEnd::Failed => Err(Failure::no(format!("{id} has {}: {why}", past(how)))
            .help(format!("What had filled stays, with its stop: `plimsoll order show {id}`, `plimsoll positions`."))),
    }
}

const fn past(how: ComposedEnd) -> &'static str {
    match how {
        ComposedEnd::Done => "ended",
        ComposedEnd::Canceled => "been cancelled",
        ComposedEnd::Failed => "failed",
    }
}

fn print(placed: &Progress) -> Result<(), Failure> {
    let said = news(placed).unwrap_or_else(|| format!("{} {}: waits", placed.order.kind.as_str(), placed.id));
    screen::line(format!("\nplaced {said}"))?;
    placed.sent.iter().try_for_each(|id| screen::line(format!("  sent {id}")))
}

impl Meant {
    fn of(desk: &Desk, order: &ComposedOrder, preview: Option<&Preview>, asked: Asked) -> Self {
        let limit = match &order.kind {
            plimsoll_ports::ComposedKind::Bracket { price, .. }
            | plimsoll_ports::ComposedKind::Iceberg { price, .. } => Some(*price),
            _ => None,
        };
        Self {
            kind: order.kind.as_str(),
            symbol: order.symbol.to_string(),
            side: order.direction.to_string(),
            order: order.to_string(),
            opens: preview.map(|it| PreviewRow::of(it, limit, desk.manager.settings().margin_mode, asked)),
        }
    }

    fn print(&self, order: &ComposedOrder, preview: Option<&Preview>) -> Result<(), Failure> {
        screen::line(words(order))?;
        self.opens.iter().zip(preview).try_for_each(|(row, it)| row.print_figures(it))
    }
}

/// The exit code and remedy of an order that was not taken.
fn failed(failure: &ComposeFailure) -> Failure {
    match failure {
        ComposeFailure::NotOpened(failure) => opening::failed(failure),
        ComposeFailure::Nonsense(_) => Failure::usage(failure).help("Nothing was written down, and nothing sent."),
        ComposeFailure::NothingHeld { .. } | ComposeFailure::MoreThanHeld { .. } => {
            Failure::no(failure).help("`plimsoll positions` shows what is held. Nothing was sent.")
        }
        ComposeFailure::NotKnown(error) => Failure::query(error, failure),
        ComposeFailure::Records(_) => Failure::unreachable(failure)
            .help("Nothing was sent: what nobody can go on with after a crash is not begun. `plimsoll doctor`."),
        ComposeFailure::NotKnownWritten { .. } => Failure::outcome_unknown(failure)
            .help("`plimsoll orders` shows whether it goes on, and `plimsoll order cancel` ends it."),
        ComposeFailure::ShuttingDown => Failure::no(failure),
    }
}
