//! The figures of an account that are told, and looked at at once, when they cross a line.

use super::reader::{Reader, Section};
use super::word::share;
use plimsoll_domain::{Money, Rate, Threshold};
use plimsoll_engine::WatchSettings;

pub(super) fn read(mut section: Section<'_>, reader: &mut Reader<'_>) -> WatchSettings {
    let default = WatchSettings::default();
    let rate = |line: Option<Threshold>| Rate::new(line.map(|line| line.at()).unwrap_or_default());
    let money = |line: Option<Threshold>| Money::new(line.map(|line| line.at()).unwrap_or_default());
    let position = rate(default.position_margin_ratio);
    let position = section.read(reader, "position_margin_ratio", &[], position, share, Rate::to_string);
    let account = rate(default.account_margin_ratio);
    let account = section.read(reader, "account_margin_ratio", &[], account, share, Rate::to_string);
    let loss = section.value(reader, "unrealized_loss", &[], money(default.unrealized_loss));
    let available = section.value(reader, "available_balance", &[], money(default.available_balance));
    section.refuse_unknown(reader);
    WatchSettings {
        position_margin_ratio: Some(Threshold::above(position.get())),
        account_margin_ratio: Some(Threshold::above(account.get())),
        unrealized_loss: Some(Threshold::above(loss.get())),
        available_balance: Some(Threshold::below(available.get())),
        ..default
    }
}
