//! In calm weather the market stands still, the guard brings books and venue together, and then they are compared.

use super::Trader;
use crate::books::{Books, Plain};
use crate::difference::{Difference, Differences};
use crate::market::Contract;
use crate::name::is_for;
use crate::observer::{Meant, key};
use crate::world::{START, WALLET};
use plimsoll_domain::{ClientOrderId, Decimal, Money, OrderType, Quantity};
use plimsoll_engine::{AccountView, Link, Reconciliation};
use plimsoll_ports::{ComposedState, JournalState, OrderJournal, Purpose};
use std::time::Duration;

/// How often the guard may compare before what differs counts as different.
const ROUNDS: u32 = 8;

/// The guard compares once a minute; a look is at most half a minute away.
const ROUND: Duration = Duration::from_secs(100);

/// Funding that would be settled within this is settled before.
const SETTLES_SOON: Duration = Duration::from_secs(20 * 60);

impl Trader<'_> {
    /// The faults have ceased: soon everything agrees, to the last digit.
    pub(crate) async fn compare(&mut self, number: usize) {
        let world = std::sync::Arc::clone(&self.world);
        world.state().is_still = true;
        let symbol = Contract::Bitcoin.symbol();
        let next = world.venue.exchange(|exchange| exchange.market(&symbol).map(|market| market.next_funding));
        if next.is_some_and(|next| next.since(world.time.now()) < SETTLES_SOON) {
            self.settles_funding().await;
        }
        let mut differences = Vec::new();
        for round in 1..=ROUNDS {
            let before = self.process().compared().0;
            world.time.sleep(ROUND).await;
            let (comparisons, told) = self.process().compared();
            differences = match told.filter(|_| comparisons > before) {
                Some(told) => self.differences(&told).await,
                None => vec![Difference::new("the guard", "has not compared", "compares every minute")],
            };
            if differences.is_empty() {
                world.note(|| format!("  agreed in round {round}"));
                self.agreed = self.agreed.saturating_add(1);
                break;
            }
            world.note(|| format!("  round {round}: {}", shown(&differences)));
        }
        for it in differences {
            world.is_wrong(format!("after step {number}, {}", it.subject), it.ours, it.truth);
        }
        world.state().is_still = false;
    }

    async fn differences(&self, told: &Reconciliation) -> Vec<Difference> {
        let world = &self.world;
        world.sync();
        let truth = world.truth();
        let mut differences = Differences::default();
        let books = Books {
            store: &world.store,
            account: &world.account,
            truth: &truth,
            told,
            ids: &world.ids,
            words: &Plain,
            start: START,
            wallet: Money::new(WALLET.into()),
        };
        books.compare(&mut differences).await;
        let mut differences = self.but_for_what_was_not_written(differences);
        self.stops(&truth, &mut differences).await;
        view(&self.process().eyes.view(), &truth, &mut differences);
        for (trade, times) in self.process().doubled() {
            differences.note(format!("changes, trade {trade}"), format!("told {times} times"), "once");
        }
        differences.into_vec()
    }

    /// What removes exposure or protects goes out although the records are away, which is told: it is in no journal, and may
    /// be there. Whoever finds its stop gone later sends one by the same name, since no record knows that it was used; so does
    /// whoever looked for a stop that was still on its way, if the venue has lost it since.
    fn but_for_what_was_not_written(&self, differences: Differences) -> Differences {
        let state = self.world.state();
        let is_excused = |it: &Difference| {
            let lost = &mut state.observer.lost.iter();
            let was_lost = lost.any(|id| {
                let is_named = it.subject.contains(id.as_str());
                is_named
                    && !self.trades(id)
                    && (it.subject.ends_with("how often it is at the venue") || it.subject.ends_with(", order id"))
            });
            let ids = &mut state.observer.unwritten.iter();
            was_lost
                || ids.any(|id| {
                    let is_named = it.subject.contains(id.as_str());
                    let is_again =
                        it.subject.ends_with("how often it is at the venue") || it.subject.starts_with("journal ");
                    it.subject == format!("order {id}, how often it is journalled") && it.ours == "0"
                        || is_named && is_again && !self.trades(id)
                })
        };
        differences.into_vec().into_iter().filter(|it| !is_excused(it)).collect()
    }

    /// Whether it trades at once, which protection does not.
    fn trades(&self, id: &ClientOrderId) -> bool {
        let name = self.world.ids.intent_of(id).map(|intent| intent.name());
        let protects =
            |name: &ClientOrderId| is_for(name, Purpose::StopLoss, id) || is_for(name, Purpose::TakeProfit, id);
        !name.is_some_and(|name| protects(&name))
    }

    /// It was of a stop that followed the price, and somebody has ended that: nobody owes it any more.
    async fn is_owed_no_more(&self, meant: &Meant) -> bool {
        let world = &self.world;
        let composed = world.store.composed(&world.account, &meant.intent.name()).await.expect("the journal is read");
        composed.is_some_and(|it| it.order.kind.is_trailing() && it.state != ComposedState::Working)
    }

    /// Every position for which a stop was meant has the one that was meant last.
    async fn stops(&self, truth: &crate::truth::Truth, differences: &mut Differences) {
        let all = self.world.state().observer.stops.clone();
        for report in &truth.positions {
            let Some(held) = report.position else { continue };
            let opens = held.direction.opening_side();
            let which = key(&report.symbol, report.position_side.as_str(), opens.as_str());
            let Some(meant) = all.get(&which) else { continue };
            let is_its_stop = |order: &&plimsoll_domain::Order| {
                order.symbol == report.symbol
                    && order.position_side == report.position_side
                    && order.side == opens.opposite()
                    && order.order_type == OrderType::StopMarket
                    && order.close_position
            };
            let its: Vec<_> = truth.open.iter().filter(is_its_stop).collect();
            let resting: Vec<_> = its.iter().map(|order| order.trigger).collect();
            let sized = truth.open.iter().filter(|order| {
                order.symbol == report.symbol
                    && order.position_side == report.position_side
                    && order.side == opens.opposite()
                    && order.order_type == OrderType::StopMarket
            });
            let covered: Decimal = sized.filter_map(|order| order.quantity).map(Quantity::get).sum();
            let stands = match its.as_slice() {
                [] => covered >= held.quantity.get() || self.is_owed_no_more(meant).await,
                [stop] => {
                    let came_to_nothing = self.came_to_nothing(meant).await;
                    let was_meant = stop.trigger.is_some_and(|trigger| meant.any.contains(&trigger));
                    (was_meant && (meant.is_composed || came_to_nothing))
                        || (came_to_nothing && self.is_of_an_ended_order(stop).await)
                }
                _ => false,
            };
            if !stands {
                differences.same(&format!("stops of {which}"), "triggers", &vec![Some(meant.trigger)], &resting);
            }
        }
    }

    /// A composed order that has ended since had sent it before its entries, for whatever would fill of them.
    async fn is_of_an_ended_order(&self, stop: &plimsoll_domain::Order) -> bool {
        let world = &self.world;
        let Some(intent) = world.ids.intent_of(&stop.client_order_id) else { return false };
        let composed = world.store.composed(&world.account, &intent.name()).await.expect("the journal is read");
        composed.is_some_and(|it| it.state != ComposedState::Working)
    }

    /// The stop that was meant last was refused, never got there, or was lost by the venue: the one before it rests on, and
    /// that was told.
    async fn came_to_nothing(&self, meant: &Meant) -> bool {
        let world = &self.world;
        for attempt in 0..36 {
            let id = meant.intent.order(Purpose::StopLoss, attempt);
            let entry = world.store.entry(&world.account, &id).await.expect("the journal is read");
            match entry.map(|entry| entry.state) {
                None => return attempt > 0,
                Some(_) if world.state().observer.lost.contains(&id) => {}
                Some(JournalState::Refused { .. } | JournalState::NotSent { .. }) => {}
                Some(_) => return false,
            }
        }
        true
    }
}

/// What the account's own task believes, which hears of everything by the stream.
fn view(view: &AccountView, truth: &crate::truth::Truth, differences: &mut Differences) {
    differences.same("view", "link", &view.link, &Link::Live);
    differences.same("view", "in doubt", &view.needs_resync, &false);
    let name = |it: &plimsoll_domain::PositionReport| format!("{} {}", it.symbol, it.position_side);
    let ours = view.positions.iter().map(|it| (format!("{} {}", it.symbol, it.position_side), it)).collect();
    let held = truth.positions.iter().map(|it| (name(it), it)).collect();
    differences.rows("view of position", ours, held, |differences, subject, ours, truth| {
        differences.same(subject, "position", &Some(ours.position), &truth.position);
    });
    let rows = |orders: &[plimsoll_domain::Order]| -> Vec<(String, plimsoll_domain::Order)> {
        orders.iter().map(|it| (it.order_id.to_string(), it.clone())).collect()
    };
    differences.rows("view of order", rows(&view.orders), rows(&truth.open), |differences, subject, ours, truth| {
        differences.same(subject, "filled", &ours.filled, &truth.filled);
        differences.same(subject, "status", &ours.status, &truth.status);
    });
    let balance = view.balances.iter().find(|(currency, _)| *currency == truth.balance.currency);
    let wallet = balance.and_then(|(_, balance)| balance.wallet);
    differences.same("view", "wallet", &wallet, &truth.balance.wallet);
}

fn shown(differences: &[Difference]) -> String {
    differences.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
