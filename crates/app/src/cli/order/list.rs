//! `plimsoll order list` and `plimsoll order show`: how far the orders have got that go on.

use crate::cli::composed::{Composed, Row};
use crate::cli::target::Target;
use crate::desk::Desk;
use crate::failure::Failure;
use crate::screen;
use clap::Args;
use plimsoll_domain::{ClientOrderId, Order};
use std::convert::Infallible;

/// Every order that goes on, and how far it has got.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  plimsoll order list --json")]
pub(crate) struct List {
    #[command(flatten)]
    target: Target,
}

/// One order by its name, whether it goes on or has ended, with all its parts.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  plimsoll order show NAME")]
pub(crate) struct Show {
    /// Its name, as `order list` shows it
    #[arg(value_parser = name)]
    name: ClientOrderId,
    #[command(flatten)]
    target: Target,
}

impl List {
    pub(super) async fn show(self) -> Result<(), Failure> {
        let desk = self.target.desk().await?;
        let read = read_working(&desk).await;
        desk.close().await;
        let (them, resting) = read?;
        if self.target.json {
            return screen::json(&them.iter().map(|it| Row::of(it, &resting)).collect::<Vec<_>>());
        }
        if them.is_empty() {
            return screen::line("no order goes on");
        }
        them.iter().try_for_each(|it| print(it, &resting))
    }
}

impl Show {
    pub(super) async fn show(self) -> Result<(), Failure> {
        let desk = self.target.desk().await?;
        let read = self.read(&desk).await;
        desk.close().await;
        let (it, resting) = read?;
        if self.target.json {
            return screen::json(&Row::of(&it, &resting));
        }
        print(&it, &resting)?;
        for part in &it.parts {
            let (id, purpose, state) = (&part.order.client_order_id, part.purpose.as_str(), part.state.as_str());
            let since = screen::minute(part.updated_at);
            screen::line(format!("  {purpose} {id}: {state} since {since}"))?;
        }
        Ok(())
    }

    async fn read(&self, desk: &Desk) -> Result<(Composed, Vec<(Order, bool)>), Failure> {
        let found = desk.manager.composed(&self.name).await.map_err(Failure::unreachable)?;
        let entry = found.ok_or_else(|| unknown(&self.name))?;
        let it = Composed::of(desk, entry).await.map_err(Failure::unreachable)?;
        Ok((it, resting(desk).await))
    }
}

/// Whatever is written: venues and other programs name orders as they like.
pub(super) fn name(text: &str) -> Result<ClientOrderId, Infallible> {
    Ok(ClientOrderId::reported(text))
}

/// Nobody has ever placed it.
pub(super) fn unknown(name: &ClientOrderId) -> Failure {
    Failure::no(format!("there is no order '{name}'"))
        .help("`plimsoll order list` shows those that go on, `plimsoll orders` what rests at the venue.")
}

async fn read_working(desk: &Desk) -> Result<(Vec<Composed>, Vec<(Order, bool)>), Failure> {
    let them = Composed::working(desk).await.map_err(Failure::unreachable)?;
    Ok((them, resting(desk).await))
}

/// What rests at the venue, as a survey has it. Without it the journal tells how far an order has got, but for what its
/// parts that rest have filled.
async fn resting(desk: &Desk) -> Vec<(Order, bool)> {
    match desk.venue.broker.open_orders(None).await {
        Ok(open) => open.into_iter().map(|order| (order, true)).collect(),
        Err(error) => {
            screen::aside(format!("what rests has filled this much or more, since the venue does not tell: {error}"));
            Vec::new()
        }
    }
}

fn print(it: &Composed, resting: &[(Order, bool)]) -> Result<(), Failure> {
    screen::line(format!("{} since {}", it.entry.id, screen::minute(it.entry.placed_at)))?;
    screen::line(format!("  {}", it.sentence(resting)))
}
