//! What is at work while a round lasts, and takes another configuration where it stands: nothing is wired anew, and no venue is
//! asked for what is known.

use super::Audience;
use super::reread::{Change, Reading};
use super::strategies::{Otherwise, Trading};
use super::watchdog::Feeling;
use crate::cli::target::ChosenAll;
use crate::desk::{Desk, guard_settings, rules, vigilance};
use crate::pulse::Pulse;
use crate::traders::Traders;
use plimsoll_domain::AccountId;
use plimsoll_engine::{AccountView, Attention, Rules};
use plimsoll_service::{EventHub, Service};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::watch;

/// Everything that another configuration touches.
pub(super) struct Floor<'a> {
    pub(super) desks: &'a [Desk],
    pub(super) views: &'a [watch::Receiver<Arc<AccountView>>],
    /// What changes how each account is watched, in the order of the desks.
    pub(super) attentions: Vec<Attention>,
    /// Whether records and venue have been brought together, by account.
    pub(super) ready: BTreeMap<AccountId, watch::Receiver<bool>>,
    pub(super) trading: Trading,
    pub(super) traders: Arc<Traders>,
    pub(super) service: Service,
    pub(super) feeling: Feeling,
    pub(super) pulse: Arc<Pulse>,
}

/// What is to be from now on: it was judged whole, and nothing of it has taken effect.
pub(super) struct Prepared {
    rules: Vec<Rules>,
    otherwise: Option<Otherwise>,
}

impl Floor<'_> {
    /// Reads the configuration again, and makes everything ready that it asks for.
    ///
    /// # Errors
    /// Everything that is against it.
    pub(super) async fn prepare(
        &self,
        before: &Reading,
        target: &crate::cli::target::Target,
        lets_trade: bool,
    ) -> Result<(Reading, Vec<Change>, Prepared), Vec<String>> {
        let (handles, seated) = (self.traders.handles(), self.traders.configured());
        let (now, changed) = before.again(target, lets_trade.then_some((handles.as_slice(), seated.as_slice())))?;
        let said = |failure: crate::failure::Failure| vec![failure.message().to_owned()];
        let ChosenAll { config, accounts, .. } = &now.chosen;
        let rules = accounts.iter().map(|account| rules(config, account)).collect::<Result<_, _>>().map_err(said)?;
        let otherwise = match lets_trade {
            true => Some(self.trading.prepare(&now.chosen, self.desks, self.views).await.map_err(said)?),
            false => None,
        };
        Ok((now, changed, Prepared { rules, otherwise }))
    }

    /// Desks begin, and are felt.
    pub(super) fn begin(&mut self, (audience, hub): (&Audience, &Arc<EventHub>)) {
        self.trading.named_handles().into_iter().for_each(|(name, handle)| self.feeling.ask(name, handle));
        self.trading.begin(&self.ready, audience, hub);
    }

    /// What accounts are judged by and how they are watched takes effect.
    pub(super) fn judge_by(&self, now: &ChosenAll, prepared: &Prepared) {
        let (config, settings) = (&now.config, guard_settings(&now.config));
        for (desk, rules) in self.desks.iter().zip(&prepared.rules) {
            desk.manager.judge_by(rules.clone());
        }
        for (attention, account) in self.attentions.iter().zip(&now.accounts) {
            attention.pay(settings, vigilance(config, account));
        }
        self.pulse.expect(settings);
        self.service.let_open(config.trading.enabled);
    }

    /// And so does who trades, once what strategies have under way is done.
    pub(super) fn seat(&mut self, prepared: Prepared, (audience, hub): (&Audience, &Arc<EventHub>)) {
        let Some(otherwise) = prepared.otherwise else { return };
        let (ended, begun) = self.trading.be(otherwise);
        ended.iter().for_each(|name| self.feeling.leave(name));
        begun.into_iter().for_each(|(name, handle)| self.feeling.ask(name, handle));
        self.traders.are(self.trading.at_work());
        self.trading.begin(&self.ready, audience, hub);
    }
}
