//! Commands: what asks is answered, what acts is prepared.

use crate::answers;
use crate::bot::Desk;
use crate::buttons::{Offer, Presser};
use crate::calls::Button;
use crate::command::{Command, OpenWish, StopWish, Wish};
use crate::doubts::{self, Doubts};
use crate::meant::symbol_of;
use crate::preview;
use crate::text::Text;
use crate::wire::Place;
use plimsoll_ports::Severity;
use plimsoll_ports::domain::{AccountId, Direction, Leverage, Symbol};
use plimsoll_service::{Action, Open, RecordFilter, ServedAccount, Size, Stop};

/// The reason of whoever gave none.
const NO_REASON: &str = "wanted on Telegram";
/// So many days of profit and loss are asked for.
const DAYS: u32 = 7;

impl Desk {
    /// Does what a command wants. `said` is the command as it was typed, to be said back where something is missing.
    pub(crate) async fn carry_out(&self, place: Place, user: i64, command: Command, said: &str) {
        let done = match command {
            Command::Help => Ok(Some(answers::help())),
            Command::Status(wish) => self.status(&wish).await.map(Some),
            Command::LiquidationRisk(wish) => self.liquidation_risk(&wish).await.map(Some),
            Command::Funding(wish) => self.funding(wish, said).await.map(Some),
            Command::Pnl(wish) => self.pnl(&wish).await.map(Some),
            Command::Risk(wish) => self.risk(&wish).await.map(Some),
            Command::Strategies => Ok(Some(answers::strategies(&self.service.strategies().await))),
            acts => match self.action(acts, said).await {
                Ok(action) if action.word().is_some() => {
                    self.ask(place, user, action).await;
                    Ok(None)
                }
                Ok(action) => self.prepare(place, user, action).await.map(|()| None),
                Err(why) => {
                    self.refused(user, &why);
                    Err(why)
                }
            },
        };
        match done {
            Ok(Some(text)) => self.say(place, text).await,
            Ok(None) => {}
            Err(why) => self.say(place, Text::default().line(&why)).await,
        }
    }

    /// The action that a command means, with what it leaves open settled.
    async fn action(&self, command: Command, said: &str) -> Result<Action, String> {
        let reason = |it: Option<String>| it.unwrap_or_else(|| NO_REASON.to_owned());
        Ok(match command {
            Command::Open(wish) => Action::Open(self.opening(wish, said).await?),
            Command::Close { wish, direction } => self.closing(&wish, direction, said).await?,
            Command::Leverage { leverage, wish } => {
                let (account, symbol) = self.contract_of(&wish, said).await?;
                Action::Leverage { account, symbol, leverage }
            }
            Command::EmergencyClose { account, reason: why } => {
                Action::Flatten { account: self.named(account.as_deref())?, reason: reason(why) }
            }
            Command::Kill { account, reason: why } => {
                Action::Kill { account: self.named(account.as_deref())?, reason: reason(why), flatten: false }
            }
            Command::Release { account, reason } => {
                Action::Release { account: self.named(account.as_deref())?, reason }
            }
            Command::Pause { strategy, reason: why } => Action::PauseStrategy { strategy, reason: reason(why) },
            Command::Resume { strategy, reason: why } => Action::ResumeStrategy { strategy, reason: reason(why) },
            other => return Err(format!("/{} does nothing", other.name())),
        })
    }

    async fn opening(&self, wish: OpenWish, said: &str) -> Result<Open, String> {
        let account = self.account(&wish.wish)?;
        let symbol = match &wish.wish.symbol {
            Some(symbol) => symbol_of(symbol, account)?,
            None => self.contract_on(account, said).await?,
        };
        let account = account.name().clone();
        let leverage = match wish.leverage {
            Some(leverage) => leverage,
            None => self.held_at(&account, &symbol).await.unwrap_or(self.settings.leverage),
        };
        let stop = match wish.stop {
            Some(StopWish::At(price)) => Stop::At(price),
            Some(StopWish::Within(share)) => Stop::Within(share),
            None => Stop::Within(self.settings.stop_distance),
        };
        let (direction, size) = (wish.direction, Size::Notional(wish.notional));
        Ok(Open { account, symbol, direction, size, leverage, stop, take_profit: None, limit: None })
    }

    /// The leverage of what is held: adding to it is not to change it unasked.
    async fn held_at(&self, account: &AccountId, symbol: &Symbol) -> Option<Leverage> {
        let held = self.service.positions(Some(account), Some(symbol)).await.ok()?;
        held.positions.first()?.leverage.and_then(|it| Leverage::new(it).ok())
    }

    async fn closing(&self, wish: &Wish, direction: Option<Direction>, said: &str) -> Result<Action, String> {
        let mut held = self.held(wish).await?;
        held.retain(|it| direction.is_none_or(|direction| it.direction == direction.as_str()));
        match held.as_slice() {
            [] => {
                // What the view has not heard of yet, the venue may know: whoever names it gets it looked up.
                let meant = self.contract_of(wish, said).await;
                let (account, symbol) = meant.map_err(|_| "nothing like that is held")?;
                Ok(Action::Close { account, symbol, direction })
            }
            [it] => {
                let symbol = it.symbol.parse().map_err(|_| "its name cannot be read")?;
                let direction = direction.or_else(|| it.direction.parse().ok());
                Ok(Action::Close { account: AccountId::new(it.account.as_str()), symbol, direction })
            }
            several => {
                let ways =
                    several.iter().map(|it| format!("/futures_close {} {} on {}", it.symbol, it.direction, it.account));
                Err(format!("several positions are held; which one?\n{}", ways.collect::<Vec<_>>().join("\n")))
            }
        }
    }

    /// What it would mean, and the buttons that confirm it.
    async fn prepare(&self, place: Place, user: i64, action: Action) -> Result<(), String> {
        let prepared = self.service.prepare(&Self::caller(user), action, None).await;
        let prepared = prepared.map_err(|failure| failure.to_string())?;
        let text = preview::prepared(&prepared);
        let Some(nonce) = prepared.nonce else {
            self.say(place, text).await;
            return Ok(());
        };
        let offer = Offer::Confirm { nonce, summary: prepared.summary };
        self.offer(place, user, offer, text, "Confirm").await
    }

    /// Asks whether that is really meant. Nothing is prepared before the second press: until then nobody has typed the word.
    async fn ask(&self, place: Place, user: i64, action: Action) {
        let shown = self.meant(&action).await;
        self.publish(Severity::Info, "action_asked", None, format!("{}: {action}", Self::caller(user)));
        let text = Text::titled(&format!("{action}?")).lines(shown.lines()).gap();
        let text = text.line("Nothing is done yet. It takes two presses, within a minute each.");
        let offer = Offer::Ask { action, shown };
        if let Err(why) = self.offer(place, user, offer, text, "Yes…").await {
            self.say(place, Text::default().line(&why)).await;
        }
    }

    /// What it is about, as far as is known: getting out waits for no more than that.
    async fn meant(&self, action: &Action) -> String {
        let (account, is_closing) = match action {
            Action::Flatten { account, .. } => (account, true),
            Action::Kill { account, flatten, .. } => (account, *flatten),
            _ => return String::new(),
        };
        let accounts = self.service.accounts().filter(|it| account.as_ref().is_none_or(|name| it.name() == name));
        let is_live = accounts.into_iter().any(ServedAccount::is_live);
        let mut lines = vec![if is_live { "REAL MONEY".to_owned() } else { "play money".to_owned() }];
        // Of those, what is known at once: nothing more is read for it.
        let is_meant = |it: &String| account.as_ref().is_none_or(|name| it.starts_with(&format!("{name}: ")));
        lines.extend(self.service.unready().iter().filter(|it| is_meant(it)).map(|it| doubts::line(it)));
        let held = self.service.positions(account.as_ref(), None).await.map(|it| it.positions).unwrap_or_default();
        for it in &held {
            let verb = if is_closing { "closes" } else { "keeps" };
            lines.push(format!("{verb} {} {} {} on {}", it.symbol, it.direction, it.quantity, it.account));
        }
        if held.is_empty() {
            lines.push("no position is known of".to_owned());
        }
        lines.push(match is_closing {
            true => "every order is cancelled".to_owned(),
            false => "entries that rest are cancelled, and nothing more is opened; stops stay".to_owned(),
        });
        lines.join("\n")
    }

    /// A message with two buttons: one for what is offered, one against it.
    async fn offer(&self, place: Place, user: i64, offer: Offer, text: Text, yes: &str) -> Result<(), String> {
        let buttons = self.buttons_for(Presser { user, chat: place.chat }, offer, yes)?;
        if let Err(failure) = self.calls.say(place, text, &buttons).await {
            tracing::warn!(%failure, chat = place.chat, "a preview does not arrive; it lapses");
        }
        Ok(())
    }

    pub(crate) fn buttons_for(&self, presser: Presser, offer: Offer, yes: &str) -> Result<[Button; 2], String> {
        let name = self.buttons.make(presser, offer, self.clock.now());
        let name = name.ok_or("this machine gives no randomness: no button can be made")?;
        let button = |words: &str, data| Button { words: words.to_owned(), data };
        Ok([button(yes, format!("y:{name}")), button("Cancel", format!("n:{name}"))])
    }

    /// What came to nothing before the service heard of it.
    pub(crate) fn refused(&self, user: i64, why: &str) {
        self.publish(Severity::Warning, "action_refused", None, format!("{}: {why}", Self::caller(user)));
    }

    async fn status(&self, wish: &Wish) -> Result<Text, String> {
        let (account, overview) = (self.named(wish.account.as_deref())?, self.service.overview().await);
        let positions = self.service.positions(account.as_ref(), None).await.map_err(|error| error.to_string())?;
        Ok(answers::status(&overview, &positions, account.as_ref()))
    }

    /// Asked before the figures: what goes stale between the two is no older than the answer.
    async fn doubts(&self) -> Doubts {
        Doubts::of(&self.service.overview().await)
    }

    async fn liquidation_risk(&self, wish: &Wish) -> Result<Text, String> {
        let (account, doubts) = (self.named(wish.account.as_deref())?, self.doubts().await);
        let positions = self.service.positions(account.as_ref(), None).await.map_err(|error| error.to_string())?;
        let risk = self.service.risk(account.as_ref()).await.map_err(|error| error.to_string())?;
        Ok(answers::liquidation_risk(&positions, &risk, &doubts))
    }

    /// Of what is held; of a contract by itself where one is named, or nothing is held.
    async fn funding(&self, wish: Wish, said: &str) -> Result<Text, String> {
        let account = self.named(wish.account.as_deref())?;
        if wish.symbol.is_none() {
            let (filter, doubts) = (RecordFilter { account, symbol: None, days: 1, limit: 1 }, self.doubts().await);
            let funding = self.service.funding(&filter).await.map_err(|error| error.to_string())?;
            if !funding.rates.is_empty() {
                return Ok(answers::funding(&funding, &doubts));
            }
            if self.settings.symbol.is_none() {
                return Ok(Text::default().line(&format!("Nothing is held. Of a contract: {said} BTC/USDT:USDT")));
            }
        }
        // Rates are the venue's: any account of it will do.
        let first = self.service.accounts().next().map(|it| it.name().to_string());
        let account = wish.account.or_else(|| self.settings.account.as_ref().map(ToString::to_string)).or(first);
        let (account, symbol) = self.contract_of(&Wish { account, ..wish }, said).await?;
        let contract = self.service.contract(&account, &symbol).await.map_err(|error| error.to_string())?;
        Ok(answers::contract(&contract))
    }

    async fn pnl(&self, wish: &Wish) -> Result<Text, String> {
        let (account, doubts) = (self.named(wish.account.as_deref())?, self.doubts().await);
        let pnl = self.service.pnl(account.as_ref(), DAYS, None).await.map_err(|error| error.to_string())?;
        Ok(answers::pnl(&pnl, &doubts))
    }

    async fn risk(&self, wish: &Wish) -> Result<Text, String> {
        let (account, doubts) = (self.named(wish.account.as_deref())?, self.doubts().await);
        let risk = self.service.risk(account.as_ref()).await.map_err(|error| error.to_string())?;
        Ok(answers::risk(&risk, &doubts))
    }
}
