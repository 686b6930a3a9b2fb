//! The figures of an account that are told, and looked at at once, when they cross a line.

use super::reader::{Reader, Section};
use super::word::share;
use plimsoll_domain::{Decimal, Money, Rate, Threshold};
use plimsoll_engine::WatchSettings;

pub(super) fn read(mut section: Section<'_>, reader: &mut Reader<'_>) -> WatchSettings {
    let default = WatchSettings::default();
    let rate = |line: Option<Threshold>| Rate::new(line.map(|line| line.at()).unwrap_or_default());
    let money = |line: Option<Threshold>| Money::new(line.map(|line| line.at()).unwrap_or_default());
    let position = rate(default.position_margin_ratio);
    let position = section.read(reader, "position_margin_ratio", &[], position, ratio, Rate::to_string);
    let account = rate(default.account_margin_ratio);
    let account = section.read(reader, "account_margin_ratio", &[], account, ratio, Rate::to_string);
    let loss = money(default.unrealized_loss);
    let loss = section.read(reader, "unrealized_loss", &[], loss, amount, Money::to_string);
    let available = money(default.available_balance);
    let available = section.read(reader, "available_balance", &[], available, amount, Money::to_string);
    section.refuse_unknown(reader);
    WatchSettings {
        position_margin_ratio: Some(Threshold::above(position.get())),
        account_margin_ratio: Some(Threshold::above(account.get())),
        unrealized_loss: Some(Threshold::above(loss.get())),
        available_balance: Some(Threshold::below(available.get())),
        ..default
    }
}

/// A margin ratio that can be crossed: 1 liquidates.
fn ratio(text: &str) -> Result<Rate, String> {
    let ratio = share(text)?;
    let can_be_crossed = ratio.get() > Decimal::ZERO && ratio.get() <= Decimal::ONE;
    can_be_crossed.then_some(ratio).ok_or_else(|| format!("{text} is no margin ratio: above 0, and 1 liquidates"))
}

/// How much: a loss is told without its sign.
fn amount(text: &str) -> Result<Money, String> {
    let amount: Money = text.parse().map_err(|error: plimsoll_domain::NotMoney| error.to_string())?;
    (amount >= Money::ZERO).then_some(amount).ok_or_else(|| format!("{text} is below zero"))
}
