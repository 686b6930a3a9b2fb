//! How accounts are kept afloat: from which figures on what is done.

use super::problem::{Origin, Problem};
use super::reader::{Reader, Section};
use super::word::{share, truth};
use plimsoll_domain::afloat::{HedgeRatio, Level, MarginTopUp, ThresholdSettings, Thresholds};
use plimsoll_domain::{Decimal, MarginRatio, Money, Rate, Symbol, decimal};
use plimsoll_engine::{AfloatSettings, HedgePair, KeptLeverage, LostLeg};

/// What is added is added from this margin ratio on, unless configured.
const ADDED_FROM: Decimal = Decimal::from_parts(77, 0, 0, false, 2);

/// How far a kept leverage may be away, as a share of it, unless configured.
const BAND: Rate = Rate::new(Decimal::from_parts(2, 0, 0, false, 1));

/// What a threshold that nobody has named can be wrong beside.
const NAMED: [&str; 10] = [
    "warn_distance",
    "cancel_distance",
    "reduce_distance",
    "flatten_distance",
    "add_margin_distance",
    "target",
    "warn",
    "cancel",
    "reduce",
    "add_margin_from",
];

/// How ratios stand to each other.
const RATIOS_RISE: &str =
    "they rise: target below warn, cancel, reduce and flatten, such as 60 %, 70 %, 75 %, 80 % and 95 %";

/// How distances do.
const DISTANCES_FALL: &str = "they fall: target_distance above warn_distance, cancel_distance, reduce_distance and \
                              flatten_distance, such as 12 %, 10 %, 8 %, 5 % and 1 %";

/// The names of one threshold: its ratio, and its distance.
type Names = (&'static str, &'static str);

pub(super) fn read(mut section: Section<'_>, reader: &mut Reader<'_>) -> AfloatSettings {
    let default = *Thresholds::default().settings();
    let of = &mut section;
    let wanted = ThresholdSettings {
        warn: level(of, reader, ("warn", "warn_distance"), default.warn),
        cancel: level(of, reader, ("cancel", "cancel_distance"), default.cancel),
        reduce: level(of, reader, ("reduce", "reduce_distance"), default.reduce),
        flatten: level(of, reader, ("flatten", "flatten_distance"), default.flatten),
        target: level(of, reader, ("target", "target_distance"), default.target),
        top_up: None,
    };
    let wanted = ThresholdSettings { top_up: top_up(of, reader), ..wanted };
    let most_at_once = section.wanted(reader, "most_at_once", &[], amount, Money::to_string);
    let leverage = leverage(&mut section, reader);
    let hedges = section.wanted(reader, "hedges", &[], hedges, |them| listed(them)).unwrap_or_default();
    let word = |it: &LostLeg| lost_hedge_word(*it).to_owned();
    let lost_leg = section.read(reader, "lost_hedge", &[], LostLeg::default(), lost_hedge, word);
    let thresholds = checked(wanted, &section, reader);
    section.refuse_unknown(reader);
    AfloatSettings { thresholds, most_at_once, leverage, hedges, lost_leg }
}

fn level(section: &mut Section<'_>, reader: &mut Reader<'_>, (ratio, distance): Names, default: Level) -> Level {
    let at = Rate::new(default.ratio.get());
    let at = section.read(reader, ratio, &[], at, share, Rate::to_string);
    let distance = section.wanted(reader, distance, &[], share, Rate::to_string);
    Level { ratio: MarginRatio::reported(at.get()), distance }
}

/// Nothing is added unless it is said how much at most.
fn top_up(section: &mut Section<'_>, reader: &mut Reader<'_>) -> Option<MarginTopUp> {
    let most = section.wanted(reader, "add_margin", &[], amount, Money::to_string);
    let at = section.wanted(reader, "add_margin_from", &[], share, Rate::to_string);
    let distance = section.wanted(reader, "add_margin_distance", &[], share, Rate::to_string);
    let ratio = MarginRatio::reported(at.map_or(ADDED_FROM, Rate::get));
    Some(MarginTopUp { at: Level { ratio, distance }, most: most? })
}

/// Leverage is what prices make it unless a target is named.
fn leverage(section: &mut Section<'_>, reader: &mut Reader<'_>) -> Option<KeptLeverage> {
    let target = section.wanted(reader, "leverage", &[], exact, Decimal::to_string);
    let band = section.read(reader, "leverage_band", &[], BAND, share, Rate::to_string);
    let gives = section.read(reader, "leverage_by_margin", &[], false, truth, bool::to_string);
    let adds = section.read(reader, "leverage_may_add", &[], false, truth, bool::to_string);
    match KeptLeverage::new(target?, band) {
        Ok(kept) => {
            let kept = if gives { kept.that_gives_margin() } else { kept };
            Some(if adds { kept.that_may_add() } else { kept })
        }
        Err(error) => {
            let path = section.full("leverage");
            let remedy = format!("change {path} and its band so that they fit");
            reader.wrong(Problem::new(reader.origin_of(&path), &path, error.to_string(), remedy));
            None
        }
    }
}

/// What the thresholds say of each other.
fn checked(wanted: ThresholdSettings, section: &Section<'_>, reader: &mut Reader<'_>) -> Thresholds {
    match Thresholds::new(wanted) {
        Ok(thresholds) => thresholds,
        Err(broken) => {
            for it in broken.all() {
                let path = section.full(if it.setting == "top_up" { "add_margin" } else { it.setting });
                let remedy = if it.rule.contains("distance") { DISTANCES_FALL } else { RATIOS_RISE };
                let what = format!("{}, got {}", it.rule, it.found);
                let origin = match reader.origin_of(&path) {
                    Origin::Default => NAMED.iter().find_map(|name| section.place_of(reader, name)),
                    origin => Some(origin),
                };
                reader.wrong(Problem::new(origin.unwrap_or(Origin::Default), &path, what, remedy));
            }
            Thresholds::default()
        }
    }
}

fn exact(text: &str) -> Result<Decimal, String> {
    decimal::exact(text).map_err(|error| error.to_string())
}

fn amount(text: &str) -> Result<Money, String> {
    let amount: Money = text.parse().map_err(|error: plimsoll_domain::NotMoney| error.to_string())?;
    amount.is_positive().then_some(amount).ok_or_else(|| format!("{text} is not above 0"))
}

/// `BTC/USDT:USDT ETH/USDT:USDT 15`: fifteen of the second against one of the first; several with commas between them.
fn hedges(text: &str) -> Result<Vec<HedgePair>, String> {
    text.split(',').map(str::trim).filter(|pair| !pair.is_empty()).map(pair).collect()
}

fn pair(text: &str) -> Result<HedgePair, String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let [one, other, ratio] = words[..] else {
        return Err(format!("'{text}' is no hedge: write it like BTC/USDT:USDT ETH/USDT:USDT 15"));
    };
    let symbol = |word: &str| word.parse::<Symbol>().map_err(|error| error.to_string());
    let ratio = HedgeRatio::new(exact(ratio)?).map_err(|error| error.to_string())?;
    let (one, other) = (symbol(one)?, symbol(other)?);
    if one == other {
        return Err(format!("'{text}' names one contract twice: its two legs hedge each other anyway"));
    }
    Ok(HedgePair { one, other, ratio })
}

fn listed(hedges: &[HedgePair]) -> String {
    let each = hedges.iter().map(|it| format!("{} {} {}", it.one, it.other, it.ratio.get()));
    each.collect::<Vec<_>>().join(", ")
}

fn lost_hedge(text: &str) -> Result<LostLeg, String> {
    match text {
        "match" => Ok(LostLeg::Match),
        "tell" => Ok(LostLeg::Tell),
        _ => Err(format!("'{text}' is neither match nor tell")),
    }
}

const fn lost_hedge_word(lost: LostLeg) -> &'static str {
    match lost {
        LostLeg::Match => "match",
        LostLeg::Tell => "tell",
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{MINIMAL, config, problems};
    use super::*;
    use plimsoll_domain::afloat::Adding;

    fn read(text: &str) -> AfloatSettings {
        config(&format!("{MINIMAL}[protection]\n{text}"), &[]).protection
    }

    #[test]
    fn what_is_not_named_is_as_it_is_meant() {
        assert_eq!(read(""), AfloatSettings::default());
        assert_eq!(config(MINIMAL, &[]).protection, AfloatSettings::default());
    }

    #[test]
    fn what_is_named_holds() {
        let it = read(
            "warn = \"50 %\"\nwarn_distance = \"10 %\"\ntarget = 0.4\ntarget_distance = \"20 %\"\nadd_margin = 100\n\
             most_at_once = 50000\nleverage = 2.5\nleverage_band = \"10 %\"\nleverage_may_add = true\n\
             hedges = [\"BTC/USDT:USDT ETH/USDT:USDT 15\"]\nlost_hedge = \"tell\"\n",
        );
        let thresholds = it.thresholds.settings();
        let level = |ratio: &str, distance: &str| Level {
            ratio: MarginRatio::reported(ratio.parse().unwrap()),
            distance: distance.parse().ok(),
        };
        assert_eq!((thresholds.warn, thresholds.target), (level("0.5", "0.1"), level("0.4", "0.2")));
        let top_up = thresholds.top_up.unwrap();
        assert_eq!((top_up.at.ratio.get(), top_up.most), (ADDED_FROM, "100".parse().unwrap()));
        assert_eq!((it.most_at_once, it.lost_leg), ("50000".parse().ok(), LostLeg::Tell));
        let leverage = it.leverage.unwrap();
        assert_eq!((leverage.target().to_string(), leverage.adding()), ("2.5".to_owned(), Adding::Allowed));
        assert!(!leverage.gives_margin());
        assert_eq!(listed(&it.hedges), "BTC/USDT:USDT ETH/USDT:USDT 15");
    }

    #[test]
    fn what_makes_no_sense_is_said() {
        for (text, said) in [
            ("reduce = \"50 %\"", "protection.reduce: must have a ratio above the target's"),
            ("flatten = \"120 %\"", "protection.flatten: must have a ratio above 0, at most 1"),
            ("warn_distance = \"10 %\"", "must have a distance, above that of every threshold"),
            ("add_margin = 0", "protection.add_margin: 0 is not above 0"),
            ("leverage = 0", "a leverage to be kept is above 0"),
            ("leverage = 3\nleverage_band = \"100 %\"", "the band of a leverage"),
            ("hedges = \"BTC/USDT:USDT\"", "is no hedge"),
            ("hedges = \"BTC/USDT:USDT BTC/USDT:USDT 1\"", "names one contract twice"),
            ("lost_hedge = \"hope\"", "'hope' is neither match nor tell"),
            ("wran = 1", "no such setting"),
        ] {
            let found = problems(&format!("{MINIMAL}[protection]\n{text}\n"), &[]);
            assert!(found.contains(said), "{text}: {found}");
        }
    }
}
