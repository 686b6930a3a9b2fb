//! The page as a browser reads it, without one.

use super::{broken, walk};
use crate::report::Report;
use crate::statistics::fixture::{HOUR, START, fill, money, quiet, trade, two_trades};
use crate::{CurvePoint, Incident, Outcome};
use html5gum::{DefaultEmitter, Token, Tokenizer};
use plimsoll_domain::{AccountId, Currency, Side};
use std::collections::BTreeMap;
use std::time::Duration;

/// What is in a page: its elements with their attributes, and its text.
#[derive(Default)]
pub(super) struct Parsed {
    pub(super) elements: Vec<(String, BTreeMap<String, String>)>,
    pub(super) text: String,
}

impl Parsed {
    /// Fails on anything that the standard calls an error, and on elements that are not closed in order.
    pub(super) fn of(page: &str) -> Self {
        const VOID: [&str; 5] = ["br", "hr", "input", "link", "meta"];
        let mut emitter = DefaultEmitter::default();
        emitter.naively_switch_states(true);
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let (mut parsed, mut open) = (Self::default(), Vec::new());
        for token in Tokenizer::new_with_emitter(page, emitter) {
            match token.unwrap() {
                Token::StartTag(tag) => {
                    let name = text(&tag.name);
                    let attributes = tag.attributes.iter().map(|(name, value)| (text(name), text(value))).collect();
                    if !VOID.contains(&name.as_str()) {
                        open.push(name.clone());
                    }
                    parsed.elements.push((name, attributes));
                }
                Token::EndTag(tag) => assert_eq!(open.pop(), Some(text(&tag.name))),
                Token::String(string) => parsed.text.push_str(&text(&string)),
                Token::Error(error) => panic!("{error:?}"),
                Token::Comment(_) | Token::Doctype(_) => {}
            }
        }
        assert_eq!(open, [""; 0], "elements that are not closed");
        parsed
    }

    pub(super) fn count(&self, name: &str) -> usize {
        self.elements.iter().filter(|(element, _)| element == name).count()
    }

    fn attributes<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.elements.iter().filter_map(move |(_, attributes)| attributes.get(name).map(String::as_str))
    }
}

/// What holds for every page of ours.
pub(super) fn stands_alone(page: &str) -> Parsed {
    for outside in
        ["http:", "https:", "url(", "@import", "//cdn", "fetch(", "XMLHttpRequest", "NaN,", "inf,", ">NaN<", ">inf<"]
    {
        assert!(!page.contains(outside), "{outside}");
    }
    let parsed = Parsed::of(page);
    assert_eq!(parsed.attributes("src").count(), 0);
    for name in ["link", "img", "iframe", "object", "base", "form"] {
        assert_eq!(parsed.count(name), 0, "{name}");
    }
    let ids: Vec<&str> = parsed.attributes("id").collect();
    for target in parsed.attributes("href") {
        assert!(ids.contains(&target.strip_prefix('#').unwrap()), "{target}");
    }
    assert_eq!(parsed.count("table"), parsed.count("caption"));
    assert!(parsed.elements.iter().filter(|(name, _)| name == "th").all(|(_, it)| it.contains_key("scope")));
    assert!(parsed.attributes("onclick").next().is_none());
    parsed
}

#[test]
fn a_page_stands_alone_and_has_all_its_sections() {
    let page = Report::of(&walk::month(7, 744)).html();
    assert!(page.len() < 500_000, "{}", page.len());
    let parsed = stands_alone(&page);
    let ids: Vec<&str> = parsed.attributes("id").collect();
    for id in ["equity", "prices", "exposure", "funding", "statistics", "months", "strategies", "trades", "incidents"] {
        assert!(ids.contains(&id), "{id}");
    }
    // Equity, drawdown, exposure, funding, and two contracts.
    assert_eq!(parsed.count("figure"), 6);
    assert!(parsed.text.contains("Adds up to the last digit"));
    assert!(!parsed.text.contains("does not add up"));
}

#[test]
fn a_page_of_a_run_without_anything_is_whole_too() {
    for run in [
        quiet(),
        two_trades(),
        Outcome { to: START, opening: money("0"), wallet: money("0"), equity: money("0"), ..quiet() },
    ] {
        stands_alone(&Report::of(&run).html());
    }
    let flat = Outcome { curve: crate::statistics::fixture::curve(HOUR, &["1000"; 25]), ..quiet() };
    stands_alone(&Report::of(&flat).html());
    let mut lost = Outcome { curve: crate::statistics::fixture::curve(HOUR, &["1000", "0", "-5"]), ..quiet() };
    (lost.wallet, lost.equity) = (money("-5"), money("-5"));
    stands_alone(&Report::of(&lost).html());
}

#[test]
fn a_page_says_first_that_a_run_does_not_add_up() {
    let page = Report::of(&broken()).html();
    let parsed = stands_alone(&page);
    assert!(parsed.text.contains("This run does not add up."));
    assert!(parsed.text.contains("the wallets at last: 1000, but must be 999.99999999: off by 0.00000001"));
    assert!(page.find("role=\"alert\"").unwrap() < page.find("<section").unwrap());
}

#[test]
fn what_a_strategy_or_a_venue_calls_itself_is_a_text_wherever_it_stands() {
    let hostile = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'&<!--";
    let mut run = two_trades();
    let plain = Parsed::of(&Report::of(&run).html());
    run.strategies = vec![hostile.to_owned()];
    run.hash = hostile.to_owned();
    run.currency = Currency::new(hostile);
    run.incidents = vec![Incident { time: START, kind: hostile.to_owned(), text: hostile.to_owned() }];
    for trade in &mut run.trades {
        trade.strategy = hostile.to_owned();
        trade.account = AccountId::new(hostile);
        trade.ended_by = Some(hostile.to_owned());
    }
    for tagged in &mut run.fills {
        tagged.role = hostile.to_owned();
        tagged.fill.fee_currency = Some(Currency::new(hostile));
    }
    let page = Report::of(&run).html();
    assert!(!page.contains("<script>alert"));
    assert!(!page.contains("<img"));
    let parsed = stands_alone(&page);
    assert_eq!(parsed.count("script"), plain.count("script"));
    assert!(parsed.text.matches(hostile).count() >= 5);
    // Where our script reads it, it is the same text again.
    let data: Vec<serde_json::Value> = page
        .split("<script type=\"application/json\">")
        .skip(1)
        .map(|rest| serde_json::from_str(rest.split("</script>").next().unwrap()).unwrap())
        .collect();
    let words =
        |chart: &serde_json::Value| chart["rows"][5]["values"][0].as_str().is_some_and(|it| it.contains(hostile));
    assert!(data.iter().any(words), "{data:?}");
}

#[test]
fn a_month_of_minutes_with_thousands_of_trades_is_less_than_a_megabyte() {
    let minute = Duration::from_secs(60);
    let mut run = two_trades();
    run.to = START.plus(HOUR * 744);
    run.curve = (0..44_641_u32)
        .map(|at| CurvePoint {
            time: START.plus(minute * at),
            equity: money(&format!("{}.12345678", 1000 + at * 7919 % 997)),
            exposure: money(&format!("{}.12345678", at * 7919 % 1997)),
            funding: money(&format!("{}.12345678", at / 100)),
        })
        .collect();
    run.trades =
        (0..6000_u32).map(|at| trade(at % 700, Some(at % 700 + 1), "12.34567891", "0.12345678", "0.01")).collect();
    run.fills = (0..12_000_u32).map(|at| fill(at % 744, Side::Buy, "100.12", "0.1", Some("1"), "resting")).collect();
    run.incidents = (0..5000)
        .map(|_| Incident { time: START, kind: "refused".to_owned(), text: "more than the size limit of 1 ".repeat(4) })
        .collect();
    let page = Report::of(&run).html();
    assert!(page.len() < 1_000_000, "{}", page.len());
    let parsed = stands_alone(&page);
    assert!(parsed.text.contains("1,000 of 6,000"));
    assert!(parsed.text.contains("500 of 5,000"));
}
