//! The risk limits, for all accounts and for one.

use super::account::Account;
use super::problem::{Origin, Problem};
use super::reader::{Reader, Section, Shown, remedy_for};
use super::word::{duration, duration_text, percentage, share};
use plimsoll_domain::risk::{LimitSettings, OverExposure, OverLimit, RiskLimits};
use plimsoll_domain::{Decimal, Leverage, Money, Rate, decimal};
use std::collections::BTreeMap;

/// The leverage of an order that names none, unless configured.
pub(super) fn default_leverage() -> Leverage {
    Leverage::new(3).unwrap_or(Leverage::ONE)
}

/// The limits of a table; what it does not name is as `above` has it, or else the default.
pub(super) fn read(mut section: Section<'_>, reader: &mut Reader<'_>, above: Option<&LimitSettings>) -> LimitSettings {
    let default = above.cloned().unwrap_or_default();
    // What one account has of its own is not what the environment says for all.
    let also = |name: &'static str| if above.is_none() { vec![name] } else { Vec::new() };
    let rate = |rate: &Rate| rate.to_string();
    // The environment's daily loss is a percentage, as it always was there.
    let daily = section.read(reader, "max_daily_loss_share", &[], default.max_daily_loss_share, share, rate);
    let daily = if above.is_none() { daily_from_environment(reader, daily) } else { daily };
    let settings = LimitSettings {
        max_position: section.value(reader, "max_position", &[], default.max_position),
        max_position_share: section.read(reader, "max_position_share", &[], default.max_position_share, share, rate),
        max_exposure: money(&mut section, reader, "max_exposure").or(default.max_exposure),
        max_exposure_share: part(&mut section, reader, "max_exposure_share").or(default.max_exposure_share),
        max_venue_exposure: money(&mut section, reader, "max_venue_exposure").or(default.max_venue_exposure),
        max_venue_exposure_share: part(&mut section, reader, "max_venue_exposure_share")
            .or(default.max_venue_exposure_share),
        max_portfolio_exposure: money(&mut section, reader, "max_portfolio_exposure")
            .or(default.max_portfolio_exposure),
        max_portfolio_exposure_share: part(&mut section, reader, "max_portfolio_exposure_share")
            .or(default.max_portfolio_exposure_share),
        over_exposure: section.read(reader, "over_exposure", &[], default.over_exposure, over_exposure, |over| {
            over_exposure_word(*over).to_owned()
        }),
        max_daily_loss: section.value(reader, "max_daily_loss", &[], default.max_daily_loss),
        max_daily_loss_share: daily,
        max_drawdown: section.value(reader, "max_drawdown", &[], default.max_drawdown),
        max_leverage: section.value(reader, "max_leverage", &also("MAX_LEVERAGE"), default.max_leverage),
        leverage_cap: section.value(reader, "leverage_cap", &[], default.leverage_cap),
        max_positions: section.value(reader, "max_positions", &also("MAX_POSITIONS_FUTURES"), default.max_positions),
        min_liquidation_distance: section.read(
            reader,
            "min_liquidation_distance",
            &[],
            default.min_liquidation_distance,
            share,
            rate,
        ),
        max_funding_per_day: section.value(reader, "max_funding_per_day", &[], default.max_funding_per_day),
        funding_over_limit: section.read(
            reader,
            "funding_over_limit",
            &[],
            default.funding_over_limit,
            over_limit,
            |over| over_limit_word(*over).to_owned(),
        ),
        min_cover: section.read(reader, "min_cover", &[], default.min_cover, exact, Decimal::to_string),
        cover_buffer: section.read(reader, "cover_buffer", &[], default.cover_buffer, share, rate),
        max_state_age: section
            .read(reader, "max_state_age", &[], default.max_state_age, duration, |age| duration_text(*age)),
    };
    refuse_nonsense(&settings, &section, reader);
    section.refuse_unknown(reader);
    settings
}

/// A limit that an account takes over from `[limits]` comes from where that one does.
pub(super) fn show_where_from(shown: &mut [Shown]) {
    let of_all = |it: &Shown| Some((it.setting.strip_prefix("limits.")?.to_owned(), it.origin.clone()));
    let of_all: BTreeMap<String, Origin> = shown.iter().filter_map(of_all).collect();
    for it in shown.iter_mut().filter(|it| it.origin == Origin::Default) {
        let parts: Vec<&str> = it.setting.split('.').collect();
        if let ["accounts", _, "limits", name] = parts[..]
            && let Some(origin) = of_all.get(name)
        {
            it.origin = origin.clone();
        }
    }
}

/// An amount that may be left out.
fn money(section: &mut Section<'_>, reader: &mut Reader<'_>, name: &'static str) -> Option<Money> {
    let read = |text: &str| text.parse().map_err(|error: plimsoll_domain::NotMoney| error.to_string());
    section.wanted(reader, name, &[], read, Money::to_string)
}

/// A share that may be left out.
fn part(section: &mut Section<'_>, reader: &mut Reader<'_>, name: &'static str) -> Option<Rate> {
    section.wanted(reader, name, &[], share, Rate::to_string)
}

/// `DAILY_LOSS_LIMIT=5` is five per cent of the equity that the day opened with.
fn daily_from_environment(reader: &mut Reader<'_>, daily: Rate) -> Rate {
    const NAME: &str = "DAILY_LOSS_LIMIT";
    let Some(text) = reader.variable("limits.max_daily_loss_share", NAME) else { return daily };
    let origin = Origin::Environment(NAME.to_owned());
    match percentage(text.trim_end_matches('%').trim()) {
        Ok(rate) => {
            reader.show("limits.max_daily_loss_share".to_owned(), rate, origin);
            rate
        }
        Err(why) => {
            let remedy = "set it to a percentage, like 5, or unset it";
            reader.wrong(Problem::new(origin, "limits.max_daily_loss_share", why, remedy));
            daily
        }
    }
}

fn exact(text: &str) -> Result<Decimal, String> {
    decimal::exact(text).map_err(|error| error.to_string())
}

fn over_limit(text: &str) -> Result<OverLimit, String> {
    match text {
        "warn" => Ok(OverLimit::Warn),
        "refuse" => Ok(OverLimit::Refuse),
        _ => Err(format!("'{text}' is neither warn nor refuse")),
    }
}

const fn over_limit_word(over: OverLimit) -> &'static str {
    match over {
        OverLimit::Warn => "warn",
        OverLimit::Refuse => "refuse",
    }
}

fn over_exposure(text: &str) -> Result<OverExposure, String> {
    match text {
        "tell" => Ok(OverExposure::Tell),
        "reduce" => Ok(OverExposure::Reduce),
        _ => Err(format!("'{text}' is neither tell nor reduce")),
    }
}

const fn over_exposure_word(over: OverExposure) -> &'static str {
    match over {
        OverExposure::Tell => "tell",
        OverExposure::Reduce => "reduce",
    }
}

/// What the limits themselves say of each other.
fn refuse_nonsense(settings: &LimitSettings, section: &Section<'_>, reader: &mut Reader<'_>) {
    let Err(broken) = RiskLimits::new(settings.clone()) else { return };
    for limit in broken.all() {
        let path = format!("{}.{}", section.path, limit.setting);
        let origin = match reader.origin_of(&path) {
            Origin::Default => section.place_of(reader, "leverage_cap").unwrap_or(Origin::Default),
            origin => origin,
        };
        let what = format!("{}, got {}", limit.rule, limit.found);
        let remedy = remedy_for(&origin, &path);
        reader.wrong(Problem::new(origin, &path, what, remedy));
    }
}

/// The leverage that is taken where none is named must be allowed everywhere, and that of an account there.
pub(super) fn fit(accounts: &[Account], default_leverage: Leverage, reader: &mut Reader<'_>) {
    let strictest = accounts.iter().min_by_key(|account| account.limits.max_leverage);
    if let Some(account) = strictest {
        refuse_above(account, default_leverage, "trading.default_leverage", reader);
    }
    for account in accounts {
        if let Some(leverage) = account.leverage {
            refuse_above(account, leverage, &format!("accounts.{}.leverage", account.name), reader);
        }
    }
}

/// A leverage that the limits of an account do not allow.
pub(super) fn refuse_above(account: &Account, leverage: Leverage, path: &str, reader: &mut Reader<'_>) {
    let most = account.limits.max_leverage;
    if leverage <= most {
        return;
    }
    let own = format!("accounts.{}.limits.max_leverage", account.name);
    let limit = if reader.origin_of(&own) == Origin::Default { "limits.max_leverage" } else { &own };
    let what = format!("{leverage} is above {limit}, which is {most}");
    let remedy = format!("set {path} to at most {}, or raise {limit}", most.get());
    let origin = match reader.origin_of(path) {
        Origin::Default => reader.origin_of(limit),
        origin => origin,
    };
    reader.wrong(Problem::new(origin, path, what, remedy));
}

#[cfg(test)]
mod tests {
    use super::super::tests::{MINIMAL, config};

    /// What is shown of a limit: its value and origin, once for each line.
    fn shown(limit: &str, variables: &[(&str, &str)]) -> Vec<String> {
        let text = format!(
            "{MINIMAL}[limits]\nmax_daily_loss = 300\nmax_daily_loss_share = \"5 %\"\nmax_drawdown = 900\n\
             [accounts.main.limits]\nmax_drawdown = 400\n"
        );
        let all = config(&text, variables).shown;
        let of_it = all.iter().filter(|it| it.setting.ends_with(&format!("limits.{limit}")));
        of_it.map(|it| format!("{} {} {}", it.setting, it.value, it.origin)).collect()
    }

    #[test]
    fn a_limit_that_an_account_takes_over_is_shown_with_where_it_comes_from() {
        for (limit, of_all, of_the_account) in [
            ("max_daily_loss", "300 plimsoll.toml:6:18", "300 plimsoll.toml:6:18"),
            ("max_drawdown", "900 plimsoll.toml:8:16", "400 plimsoll.toml:10:16"),
            ("max_leverage", "4x environment MAX_LEVERAGE", "4x environment MAX_LEVERAGE"),
            ("leverage_cap", "20x default", "20x default"),
        ] {
            let expected =
                [format!("limits.{limit} {of_all}"), format!("accounts.main.limits.{limit} {of_the_account}")];
            assert_eq!(shown(limit, &[("MAX_LEVERAGE", "4")]), expected);
        }
    }

    #[test]
    fn a_limit_of_the_file_and_of_the_environment_is_shown_once_as_the_one_that_holds() {
        let expected = |it: &str| [format!("limits.{it}"), format!("accounts.main.limits.{it}")];
        let limit = "max_daily_loss_share";
        let of_environment = format!("{limit} 0.03 environment DAILY_LOSS_LIMIT");
        assert_eq!(shown(limit, &[("DAILY_LOSS_LIMIT", "3")]), expected(&of_environment));
        assert_eq!(shown(limit, &[]), expected(&format!("{limit} 0.05 plimsoll.toml:7:24")));
    }
}
