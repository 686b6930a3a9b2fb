//! What is next, in tables: the parts as they are, and what is to be done.

use super::{Facts, Fate, Next, Part, Parts, next};
use plimsoll_domain::{
    AccountId, ClientOrderId, Direction, Leverage, NewOrder, OrderKind, OrderSize, OrderStatus, Position, PositionSide,
    Price, Quantity, Side, Timestamp, TriggerBy, VenueId,
};
use plimsoll_exchange::listings;
use plimsoll_ports::{
    ComposedEntry, ComposedKind, ComposedOrder, ComposedState, Opening, Purpose, SlicedTrade, StopLoss,
};
use std::time::Duration;

const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

fn size(text: &str) -> Quantity {
    text.parse().unwrap()
}

fn price(text: &str) -> Price {
    text.parse().unwrap()
}

fn entry(kind: ComposedKind) -> ComposedEntry {
    ComposedEntry {
        account: AccountId::new("main"),
        venue: VenueId::new("paper"),
        id: ClientOrderId::reported("name"),
        order: ComposedOrder { symbol: listings::btc_usdt().symbol, direction: Direction::Long, kind },
        state: ComposedState::Working,
        placed_at: NOW,
        updated_at: NOW,
    }
}

fn opening(quantity: &str) -> Opening {
    Opening {
        quantity: size(quantity),
        leverage: Leverage::new(5).unwrap(),
        stop_loss: StopLoss::At(price("45000")),
        take_profit: None,
    }
}

fn iceberg() -> ComposedKind {
    ComposedKind::Iceberg { trade: SlicedTrade::Open(opening("0.05")), price: price("50000"), visible: size("0.02") }
}

/// All of it is seen: it may only rest.
fn resting() -> ComposedKind {
    ComposedKind::Iceberg { trade: SlicedTrade::Open(opening("0.05")), price: price("50000"), visible: size("0.05") }
}

fn twap() -> ComposedKind {
    ComposedKind::Twap { trade: SlicedTrade::Open(opening("0.05")), slices: 3, every: Duration::from_secs(60) }
}

fn oco() -> ComposedKind {
    ComposedKind::Oco { quantity: size("0.03"), stop: price("47000"), target: price("55000") }
}

fn trailing() -> ComposedKind {
    ComposedKind::TrailingStop { distance: "0.02".parse().unwrap(), activation: None }
}

/// `e0 filled 0.02`, `s0 rests`, `t0 expired 0.01 of 0.03`, `s0 rests @ 48000` and so on.
fn part(text: &str) -> Part {
    let words: Vec<&str> = text.split(' ').collect();
    let (letter, number) = words[0].split_at(1);
    let purpose = match letter {
        "e" => Purpose::Entry,
        "s" => Purpose::StopLoss,
        _ => Purpose::TakeProfit,
    };
    let after = |word: &str| words.iter().position(|it| *it == word).and_then(|at| words.get(at + 1));
    let filled = words.get(2).and_then(|it| it.parse().ok());
    let ended = |status| Fate::Ended { status, filled };
    let fate = match words[1] {
        "rests" => Fate::Rests { filled },
        "filled" => ended(OrderStatus::Filled),
        "expired" => ended(OrderStatus::Expired),
        "canceled" => ended(OrderStatus::Canceled),
        "rejected" => ended(OrderStatus::Rejected),
        "refused" => Fate::Refused("no".to_owned()),
        "unsent" => Fate::NotSent,
        _ => Fate::Unknown,
    };
    let trigger = after("@").map_or_else(|| price("47000"), |at| price(at));
    let whole = after("of").copied().or_else(|| words.get(2).copied().filter(|_| filled.is_some()));
    let order = NewOrder {
        client_order_id: ClientOrderId::reported(words[0]),
        symbol: listings::btc_usdt().symbol,
        side: Side::Buy,
        position_side: PositionSide::Both,
        kind: match purpose {
            Purpose::Entry => OrderKind::Market,
            _ => OrderKind::StopMarket { trigger, trigger_by: TriggerBy::Mark },
        },
        size: whole.map_or(OrderSize::WholePosition, |it| OrderSize::Quantity(size(it))),
        reduce_only: purpose != Purpose::Entry,
    };
    Part { purpose, number: number.parse().unwrap(), order, intended_at: NOW, fate }
}

/// What is next in so many seconds, with so much held at this mark.
fn told(kind: ComposedKind, parts: &[&str], held: &str, mark: &str, seconds: u64) -> String {
    let held =
        held.parse().ok().map(|quantity| Position { direction: Direction::Long, quantity, entry: price("50000") });
    let now = NOW.plus(Duration::from_secs(seconds));
    let instrument = listings::btc_usdt();
    let facts = Facts { now, mark: price(mark), held, instrument: &instrument };
    let parts = Parts(parts.iter().map(|it| part(it)).collect());
    match next(&entry(kind), &parts, &facts) {
        Next::Wait(None) => "wait".to_owned(),
        Next::Wait(Some(until)) => format!("wait {} s", until.since(now).as_secs()),
        Next::Cancel(id) => format!("cancel {id}"),
        Next::End(how, why) => format!("{}: {why}", how.as_str()),
        Next::Place(it) => {
            let letter = match it.purpose {
                Purpose::Entry => "e",
                Purpose::StopLoss => "s",
                _ => "t",
            };
            let what = match (it.size, it.kind.trigger()) {
                (OrderSize::Quantity(size), Some(trigger)) => format!("{size} @ {trigger}"),
                (OrderSize::Quantity(size), None) => size.to_string(),
                (OrderSize::WholePosition, trigger) => format!("all @ {}", trigger.unwrap()),
            };
            format!("place {letter}{} {what}", it.number)
        }
    }
}

#[test]
fn an_iceberg_shows_one_part_after_another_and_leaves_no_rest_behind_that_is_too_small() {
    for (parts, held, expected) in [
        (&[][..], "", "place e0 0.02"),
        (&["e0 rests"], "", "wait"),
        (&["e0 unknown"], "", "wait"),
        (&["e0 unsent"], "", "place e1 0.02"),
        (&["e0 filled 0.02"], "0.02", "place e1 0.02"),
        (&["e0 filled 0.02", "e1 filled 0.02"], "0.04", "place e2 0.01"),
        (&["e0 filled 0.02", "e1 filled 0.02", "e2 filled 0.01"], "0.05", "done: all of it has filled"),
        (&["e0 canceled 0.01 of 0.02"], "0.01", "canceled: e0 was cancelled at the venue"),
        (&["e0 rejected"], "", "failed: the venue rejected e0"),
        (&["e0 refused"], "", "failed: no"),
        // A lot of bitcoin is 0.001 and worth 50; less than it is no order.
        (
            &["e0 filled 0.02", "e1 filled 0.02", "e2 expired 0.0095 of 0.01"],
            "0.0495",
            "done: all of it has filled but 0.0005, which is too small to be an order",
        ),
    ] {
        assert_eq!(told(iceberg(), parts, held, "50000", 0), expected, "{parts:?}");
    }
}

#[test]
fn what_may_only_rest_and_would_fill_at_once_is_not_sent_again() {
    for (parts, held, expected) in [
        (&[][..], "", "place e0 0.05"),
        (&["e0 rests"], "", "wait"),
        (&["e0 expired"], "", "canceled: it would take liquidity, and may only rest"),
        // It did rest; what ended it was not its price.
        (&["e0 expired 0.02 of 0.05"], "0.02", "place e1 0.03"),
    ] {
        assert_eq!(told(resting(), parts, held, "50000", 0), expected, "{parts:?}");
    }
}

#[test]
fn a_twap_sends_each_slice_at_its_time_and_makes_good_what_an_earlier_one_left() {
    for (parts, held, seconds, expected) in [
        (&[][..], "", 0, "place e0 0.016"),
        (&["e0 filled 0.016"], "0.016", 20, "wait 40 s"),
        (&["e0 filled 0.016"], "0.016", 60, "place e1 0.017"),
        (&["e0 expired 0.01 of 0.016"], "0.01", 60, "place e1 0.023"),
        (&["e0 unsent"], "", 60, "place e1 0.016"),
        (&["e0 filled 0.016", "e1 filled 0.017"], "0.033", 600, "place e2 0.017"),
        (&["e0 filled 0.016", "e1 filled 0.017", "e2 filled 0.017"], "0.05", 600, "done: all of it has filled"),
    ] {
        assert_eq!(told(twap(), parts, held, "50000", seconds), expected, "{parts:?} after {seconds} s");
    }
}

#[test]
fn a_pair_is_over_when_one_has_done_all_and_what_one_has_done_in_part_is_left_to_both() {
    for (parts, held, expected) in [
        (&[][..], "0.05", "place s0 0.03 @ 47000"),
        (&["s0 rests"], "0.05", "place t0 0.03 @ 55000"),
        (&["s0 rests", "t0 rests"], "0.05", "wait"),
        (&["s0 unknown"], "0.05", "wait"),
        (&["s0 rests", "t0 filled 0.03"], "0.02", "cancel s0"),
        (&["s0 canceled", "t0 filled 0.03"], "0.02", "done: the target has filled"),
        (&["s0 filled 0.03", "t0 rests"], "0.02", "cancel t0"),
        (&["s0 rests", "t0 expired 0.01 of 0.03"], "0.04", "place t1 0.02 @ 55000"),
        (&["s0 expired 0.01 of 0.03", "t0 rests"], "0.04", "place s1 0.02 @ 47000"),
        (&["s0 canceled", "t0 rests"], "0.02", "place s1 0.02 @ 47000"),
        (&["s0 refused", "t0 rests"], "0.05", "cancel t0"),
        (&["s0 rests", "t0 rests"], "", "cancel t0"),
        (&["s0 canceled", "t0 canceled"], "", "canceled: the position is gone"),
        (&["s0 rests", "t0 refused"], "0.05", "failed: the target: no"),
    ] {
        assert_eq!(told(oco(), parts, held, "50000", 0), expected, "{parts:?}");
    }
}

#[test]
fn a_trailing_stop_moves_by_a_tenth_of_its_distance_and_never_back() {
    for (parts, held, mark, expected) in [
        (&[][..], "0.05", "50000", "place s0 all @ 49000"),
        (&["s0 rests @ 49000"], "0.05", "50090", "wait 5 s"),
        (&["s0 rests @ 49000"], "0.05", "50200", "place s1 all @ 49196"),
        (&["s0 rests @ 49000"], "0.05", "49500", "wait 5 s"),
        (&["s0 canceled @ 49000"], "0.05", "49500", "place s1 all @ 49000"),
        (&["s0 unsent @ 49000"], "0.05", "49500", "place s1 all @ 49000"),
        (&["s0 filled 0.05 of 0.05 @ 49000"], "", "49000", "done: the stop has filled"),
        (&["s0 rests @ 49000"], "", "50000", "cancel s0"),
        (&["s0 rests @ 49000", "s1 rests @ 49500"], "0.05", "50500", "cancel s0"),
        (&["s1295 rests @ 49000"], "0.05", "51000", "failed: it was moved 1295 times; the stop rests where it is"),
    ] {
        assert_eq!(told(trailing(), parts, held, mark, 0), expected, "{parts:?} at {mark}");
    }
}
