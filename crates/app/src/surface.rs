//! What runs, for whoever looks at it or acts on it from outside: the dashboard and the API.

use crate::config::{Account, Config, Environment, SecretPlace, VenueEnvironment};
use crate::desk::{Desk, ports};
use crate::failure::Failure;
use plimsoll_api::{Api, ApiSettings, Metrics, Scope, Token};
use plimsoll_engine::desk::SeatIndex;
use plimsoll_engine::trading::TradingNews;
use plimsoll_engine::{AccountView, Ports};
use plimsoll_ports::{Clock, Notifier, Severity, SystemClock};
use plimsoll_service::{EventHub, Mode, NewEvent, ServedAccount, Service, ServiceSettings, StrategyControl, ToldToo};
use plimsoll_telegram::BotToken;
use secrecy::{ExposeSecret, SecretString};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use tokio::sync::watch;

/// Who comes in with each token of the API, and what it allows, by the setting that says where the token is.
const BEARERS: [(&str, &str, Scope); 2] =
    [("api.read_token", "api-reader", Scope::Read), ("api.act_token", "api-operator", Scope::Act)];

/// What to do about a token that is not fit.
const ANOTHER: &str = "put another one there: `run` does not begin with this one";
const ITS_OWN: &str = "put the bot's own token there, as BotFather gives it";

/// What runs is asked and ordered by this.
pub(crate) fn service(
    config: &Config,
    desks: &[Desk],
    views: &[watch::Receiver<Arc<AccountView>>],
    control: Arc<dyn StrategyControl>,
    (hub, next): (&Arc<EventHub>, &Arc<dyn Notifier>),
) -> Service {
    let accounts = desks.iter().zip(views).map(|(desk, view)| ServedAccount {
        mode: match desk.account.environment {
            VenueEnvironment::Live => Mode::Live,
            VenueEnvironment::Testnet => Mode::Testnet,
            VenueEnvironment::Loopback => Mode::Simulated,
        },
        manager: Arc::clone(&desk.manager),
        ports: Ports { notifier: notifier(hub, &desk.account, next), ..ports(&desk.venue, &desk.records) },
        view: view.clone(),
    });
    let settings = ServiceSettings { may_open: config.trading.enabled, ..ServiceSettings::default() };
    Service::new(accounts, control, Arc::clone(hub), Arc::new(SystemClock), settings)
}

/// Tells the events of an account to whoever looks, and then to `next`.
pub(crate) fn notifier(hub: &Arc<EventHub>, account: &Account, next: &Arc<dyn Notifier>) -> Arc<dyn Notifier> {
    Arc::new(ToldToo::new(Arc::clone(hub), account.name.clone(), Arc::new(SystemClock), Arc::clone(next)))
}

/// How the Telegram bot is to work, if there is one.
///
/// # Errors
/// What is wrong with its token.
pub(crate) fn telegram(
    config: &Config,
    environment: &Environment,
) -> Result<Option<plimsoll_telegram::Settings>, Failure> {
    let Some(it) = &config.telegram else { return Ok(None) };
    let token = secret(&it.token, environment, "the Telegram bot")?;
    let unfit = |why| Failure::usage(format!("{}: {why}", it.token.named("telegram.token"))).help(ITS_OWN);
    let token = BotToken::new(token.expose_secret()).map_err(unfit)?;
    let mut settings = plimsoll_telegram::Settings::new(token, it.chats.clone(), it.users.clone());
    settings.account.clone_from(&it.account);
    settings.symbol.clone_from(&it.symbol);
    settings.address = it.address.clone().unwrap_or(settings.address);
    Ok(Some(settings))
}

/// What strategies do, as events.
pub(crate) fn publish(hub: &EventHub, names: &[String], news: &TradingNews) {
    let name = |seat: &SeatIndex| names.get(seat.get()).map_or("", String::as_str);
    let (severity, kind, account, symbol, text) = match news {
        TradingNews::Filled { seat, account, role, fill, .. } => {
            let (side, quantity, symbol, price) = (fill.side, fill.quantity, &fill.symbol, fill.price);
            let role = role.as_fill().as_str().replace('_', " ");
            let text = format!("{}: {role}: {side} {quantity} of {symbol} at {price}, fee {}", name(seat), fill.fee);
            (Severity::Info, "strategy_filled", Some(account.clone()), Some(symbol.clone()), text)
        }
        TradingNews::Decided { seat, decision, .. } => {
            let leg = decision.legs.first();
            let symbol = leg.map(|leg| leg.intent.symbol().clone());
            let text = format!("{}: {}", name(seat), decision.reason);
            (Severity::Info, "strategy_decided", leg.map(|leg| leg.account.clone()), symbol, text)
        }
        TradingNews::Refused { seat, decision, reason } => {
            let leg = decision.legs.first();
            let symbol = leg.map(|leg| leg.intent.symbol().clone());
            let text = format!("{}: {} was refused: {reason}", name(seat), decision.reason);
            (Severity::Warning, "strategy_refused", leg.map(|leg| leg.account.clone()), symbol, text)
        }
        TradingNews::Stopped { seat, why } => {
            (Severity::Critical, "strategy_stopped", None, None, format!("{} has stopped: {why}", name(seat)))
        }
        TradingNews::Differs { seat, account, what } => {
            let text = format!("{}: {what}", name(seat));
            (Severity::Warning, "strategy_differs", Some(account.clone()), None, text)
        }
        TradingNews::Trouble { what } => (Severity::Warning, "strategy_trouble", None, None, what.clone()),
        _ => return,
    };
    let (time, kind) = (SystemClock.now(), kind.to_owned());
    hub.publish(NewEvent { time, severity, kind, account, symbol, text });
}

/// Where the dashboard and the API are served.
#[derive(Debug)]
pub(crate) enum Place {
    /// At this address, if it is free.
    At(SocketAddr),
    /// Where this listens already.
    On(TcpListener),
}

/// Serves the dashboard and the API there.
///
/// # Errors
/// What is wrong with the address or a token; nothing is served then.
pub(crate) async fn bind(
    config: &Config,
    environment: &Environment,
    place: Place,
    service: Service,
    metrics: Metrics,
) -> Result<Api, Failure> {
    let mut settings = ApiSettings::new(match &place {
        Place::At(address) => *address,
        Place::On(listener) => listener.local_addr().map_err(Failure::usage)?,
    });
    settings.metrics = Some(metrics);
    settings.hosts.clone_from(&config.api.hosts);
    for (setting, place) in config.tokens() {
        let Some((_, name, scope)) = bearer(setting) else { continue };
        let unfit = |why| Failure::usage(format!("{}: {why}", place.named(setting))).help(ANOTHER);
        let token = Token::new(name, scope, &secret(place, environment, name)?).map_err(unfit)?;
        settings.tokens.push(token);
    }
    let api = match place {
        Place::At(_) => Api::bind(service, settings).await,
        Place::On(listener) => Api::bound(service, settings, listener),
    };
    api.map_err(|failure| Failure::usage(&failure).help(failure.remedy()))
}

fn secret(place: &SecretPlace, environment: &Environment, name: &str) -> Result<SecretString, Failure> {
    place
        .read(environment)
        .map_err(|missing| Failure::usage(format!("the token of '{name}': {}", missing.what)).help(missing.remedy))
}

fn bearer(setting: &str) -> Option<(&'static str, &'static str, Scope)> {
    BEARERS.into_iter().find(|(of, ..)| *of == setting)
}

/// What is wrong with the token of this setting, and what to do: nothing is served with it.
pub(crate) fn unfit(setting: &str, token: &SecretString) -> Option<(String, &'static str)> {
    match bearer(setting) {
        Some((_, name, scope)) => {
            let why = Token::new(name, scope, token).err()?;
            Some((why.to_string(), ANOTHER))
        }
        None => {
            let why = BotToken::new(token.expose_secret()).err()?;
            Some((why.to_string(), ITS_OWN))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Places;

    #[test]
    fn a_token_that_is_not_fit_is_refused_by_the_setting_that_names_it_and_not_told() {
        let text = "[accounts.main]\nenvironment = \"testnet\"\nkey_env = \"K\"\nsecret_env = \"S\"\n\
                    [telegram]\ntoken_env = \"BOT\"\nchats = \"1\"\nusers = \"1\"\n";
        let places = Places { file: "plimsoll.toml".to_owned(), state: "/state".into() };
        let environment: Environment = [("BOT".to_owned(), "987:lime".to_owned())].into_iter().collect();
        let config = Config::read(text, &environment, &places).unwrap();
        let failure = telegram(&config, &environment).unwrap_err();
        assert!(failure.message().starts_with("telegram.token_env: a bot's token is a number"), "{failure:?}");
        let said = format!("{failure:?}");
        assert!(said.contains(ITS_OWN) && !said.contains("lime"), "{said}");
    }
}
