//! What is held, what rests, and what the records say of it.

use super::{Checkup, Weight, when};
use crate::config::Account;
use crate::records::Records;
use plimsoll_domain::Money;
use plimsoll_domain::risk::MarginAlert;
use plimsoll_engine::{PositionManager, Survey};

impl Checkup {
    /// The account as it is: what is naked, strange, thin or cut short.
    pub(crate) async fn of_books(&mut self, account: &Account, manager: &PositionManager, records: &Records) {
        match manager.survey().await {
            Ok(survey) => self.of_survey(account, &survey),
            Err(error) => {
                let found = Some((format!("the account cannot be read: {error}"), "run it again".to_owned()));
                self.check("account", Weight::Wrong, found);
            }
        }
        if let Ok(switch) = manager.kill_switch().await {
            let why = || format!("the kill switch is engaged by {}: {}", switch.by, switch.reason);
            let remedy = "plimsoll release --reason '…', once the cause is gone";
            self.check("kill_switch", Weight::Warning, when(switch.engaged, why, remedy));
        }
        self.of_step(manager).await;
        let unfinished = records.journal.unfinished(&account.name).await.unwrap_or_default();
        let open = unfinished.iter().filter(|entry| entry.state.rank() < 2).count();
        let found = || format!("{open} orders of unknown fate");
        self.check("journal", Weight::Wrong, when(open > 0, found, "plimsoll run, which looks them up first"));
    }

    fn of_survey(&mut self, account: &Account, survey: &Survey) {
        self.check("account", Weight::Wrong, None);
        let naked: Vec<String> = survey
            .positions
            .iter()
            .filter(|it| !it.health.has_stop)
            .map(|it| it.instrument.symbol.to_string())
            .collect();
        let found = || format!("without a stop-loss at the venue: {}", naked.join(", "));
        self.check(
            "stops",
            Weight::Wrong,
            when(!naked.is_empty(), found, "set one at the venue, or `plimsoll close` it"),
        );
        let strange = survey.orders.iter().filter(|(_, is_ours)| !is_ours).count();
        let found = || format!("{strange} open orders are not ours");
        let remedy =
            format!("cancel them at the venue, or say what to do about them: foreign in [accounts.{}]", account.name);
        self.check("foreign_orders", Weight::Warning, when(strange > 0, found, remedy));
        let found = || format!("margin is thin: {}", survey.alert);
        let remedy = "plimsoll margin SYMBOL add AMOUNT, or plimsoll close SYMBOL --part 50%";
        self.check("margin", Weight::Wrong, when(survey.alert != MarginAlert::Calm, found, remedy));
        let (loss, equity) = (account.limits.max_daily_loss, survey.equity);
        let found = || format!("a day may lose {loss}, the account is worth {equity}");
        let too_much = equity > Money::ZERO && loss > equity;
        self.check(
            "daily_loss_of_equity",
            Weight::Warning,
            when(too_much, found, "lower max_daily_loss under [limits]"),
        );
        let empty = || "the wallet is empty".to_owned();
        self.check(
            "wallet",
            Weight::Warning,
            when(survey.wallet <= Money::ZERO, empty, "transfer to the futures wallet"),
        );
    }

    /// Which step of the ladder it is on: a step that is not known lets nothing be opened.
    async fn of_step(&mut self, manager: &PositionManager) {
        let climb = match manager.ladder().await {
            Ok(Some(climb)) => climb,
            Ok(None) => return,
            Err(error) => {
                let found = format!("the step of the ladder cannot be read, so nothing is opened: {error}");
                return self.check("ladder", Weight::Wrong, Some((found, "`plimsoll db check`".to_owned())));
            }
        };
        let found = climb.missing().map(|days| {
            let found = format!("it is on the {} step of the ladder, {days} days are missing", climb.foothold.rung);
            (found, "`plimsoll ladder` shows what is allowed there, and what is missing".to_owned())
        });
        self.check("ladder", Weight::Warning, found);
    }
}
