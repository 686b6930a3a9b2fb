//! What the paper venue adds to the exchange: names, readers and the clock.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

use plimsoll_domain::{
    AccountEvent, AccountId, AccountState, ClientOrderId, MarginMode, MarketEvent, NewOrder, OrderKind, OrderSize,
    OrderStatus, OrderType, PositionSide, Price, Side, Symbol, TimeInForce, Timestamp, TriggerBy, VenueId,
};
use plimsoll_exchange::{Exchange, PaperAccountStream, PaperBroker, PaperVenue, Rejection, Tick, listings};
use plimsoll_ports::{
    AccountStream, Broker, Clock, CommandError, MarketFeed, MarketItem, MarketStream, NotSent, PlaceError, QueryError,
    RefusalReason, StreamItem,
};
use std::time::Duration;

const START: Timestamp = Timestamp::from_millis(1_704_067_200_000);

fn bitcoin() -> Symbol {
    listings::btc_usdt().symbol
}

fn venue() -> PaperVenue {
    let mut exchange = Exchange::new(START);
    exchange.list(listings::btc_usdt(), "50000".parse().unwrap()).unwrap();
    PaperVenue::new(VenueId::new("paper"), exchange)
}

fn open(venue: &PaperVenue, name: &str) -> PaperBroker {
    venue.open_account(AccountId::new(name), "1000".parse().unwrap()).unwrap()
}

fn move_to(venue: &PaperVenue, seconds: u64, price: &str) {
    let time = START.plus(Duration::from_secs(seconds));
    venue.advance([&Tick::at(bitcoin(), time, price.parse().unwrap())]).unwrap();
}

fn order(name: &str, side: Side, kind: OrderKind) -> NewOrder {
    NewOrder {
        client_order_id: ClientOrderId::new(name).unwrap(),
        symbol: bitcoin(),
        side,
        position_side: PositionSide::Both,
        kind,
        size: OrderSize::Quantity("0.01".parse().unwrap()),
        reduce_only: false,
    }
}

fn limit(price: &str) -> OrderKind {
    OrderKind::Limit { price: price.parse().unwrap(), time_in_force: TimeInForce::Gtc }
}

fn stop(trigger: &str) -> OrderKind {
    OrderKind::StopMarket { trigger: trigger.parse().unwrap(), trigger_by: TriggerBy::Mark }
}

#[tokio::test]
async fn a_contract_is_the_paper_venues_own() {
    let venue = venue();
    let ann = open(&venue, "ann");
    let listed = ann.instrument(&bitcoin()).await.unwrap();
    assert_eq!((&listed.venue, ann.venue()), (&VenueId::new("paper"), VenueId::new("paper")));
    assert_eq!(ann.instruments().await.unwrap(), [listed]);
}

#[tokio::test]
async fn a_refusal_has_the_exchanges_word_and_figures() {
    let ann = open(&venue(), "ann");
    let beyond =
        NewOrder { size: OrderSize::Quantity("5".parse().unwrap()), ..order("a", Side::Buy, OrderKind::Market) };
    let Err(PlaceError::Refused(refusal)) = ann.place(&beyond).await else { panic!("taken") };
    assert_eq!((refusal.reason, refusal.code.as_str()), (RefusalReason::InsufficientMargin, "insufficient_margin"));
    assert!(refusal.message.ends_with("1000 is available"), "{refusal}");
}

#[tokio::test]
async fn an_account_that_is_not_open_has_no_broker() {
    let venue = venue();
    open(&venue, "ann");
    assert_eq!(venue.broker(&AccountId::new("ben")).unwrap_err(), Rejection::UnknownAccount);
    let again = venue.broker(&AccountId::new("ann")).unwrap();
    assert_eq!(again.account_id(), &AccountId::new("ann"));
}

#[tokio::test]
async fn one_id_is_open_in_one_order_service_only() {
    let ann = open(&venue(), "ann");
    ann.place(&order("twice", Side::Sell, stop("49000"))).await.unwrap();
    let Err(PlaceError::Refused(refusal)) = ann.place(&order("twice", Side::Buy, limit("48000"))).await else {
        panic!("taken")
    };
    assert_eq!(refusal.reason, RefusalReason::DuplicateId);
    let id = ClientOrderId::new("twice").unwrap();
    ann.cancel(&bitcoin(), &id).await.unwrap();
    ann.place(&order("twice", Side::Buy, limit("48000"))).await.unwrap();
    let found = ann.order(&bitcoin(), &id).await.unwrap().unwrap();
    assert_eq!((found.order_type, found.status), (OrderType::Limit, OrderStatus::New));
}

#[tokio::test]
async fn a_triggered_order_is_found_as_what_was_placed() {
    let venue = venue();
    let ann = open(&venue, "ann");
    ann.place(&order("in", Side::Buy, OrderKind::Market)).await.unwrap();
    ann.place(&order("out", Side::Sell, stop("49000"))).await.unwrap();
    move_to(&venue, 1, "48999");
    let found = ann.order(&bitcoin(), &ClientOrderId::new("out").unwrap()).await.unwrap().unwrap();
    assert_eq!((found.order_type, found.status), (OrderType::StopMarket, OrderStatus::Filled));
    assert!(found.child.is_some());
}

#[tokio::test]
async fn amending_to_what_is_so_already_succeeds_and_a_stop_is_not_amended() {
    let ann = open(&venue(), "ann");
    ann.place(&order("rests", Side::Buy, limit("48000"))).await.unwrap();
    ann.place(&order("waits", Side::Sell, stop("49000"))).await.unwrap();
    let (quantity, price): (_, Price) = ("0.01".parse().unwrap(), "48000".parse().unwrap());
    ann.amend(&bitcoin(), &ClientOrderId::new("rests").unwrap(), quantity, price).await.unwrap();
    match ann.amend(&bitcoin(), &ClientOrderId::new("waits").unwrap(), quantity, price).await {
        Err(CommandError::Refused(refusal)) => assert_eq!(refusal.code, "not_amendable"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_clock_shows_the_time_of_the_newest_tick() {
    let venue = venue();
    let clock = venue.clock();
    move_to(&venue, 90, "50000");
    assert_eq!(clock.now(), START.plus(Duration::from_secs(90)));
    let late = Tick::at(bitcoin(), START, "50000".parse().unwrap());
    venue.advance([&late]).unwrap_err();
    assert_eq!(clock.now(), START.plus(Duration::from_secs(90)));
}

#[tokio::test]
async fn a_reader_who_waits_is_woken() {
    let venue = venue();
    let (ann, ben) = (open(&venue, "ann"), open(&venue, "ben"));
    let mut stream = ann.account_stream();
    assert_eq!(stream.next().await, Some(StreamItem::Connected));
    assert!(matches!(stream.next().await, Some(StreamItem::Event(AccountEvent::Snapshot(_)))));
    let trade = async {
        ben.place(&order("other", Side::Buy, OrderKind::Market)).await.unwrap();
        ann.place(&order("own", Side::Buy, OrderKind::Market)).await.unwrap();
    };
    let (heard, ()) = tokio::join!(stream.next(), trade);
    let Some(StreamItem::Event(AccountEvent::Order(heard))) = heard else { panic!("{heard:?}") };
    assert_eq!(heard.client_order_id.as_str(), "own");
}

#[tokio::test]
async fn every_reader_of_an_account_hears_all_of_it() {
    let ann = open(&venue(), "ann");
    let mut streams = [ann.account_stream(), ann.account_stream()];
    for stream in &mut streams {
        assert_eq!(stream.next().await, Some(StreamItem::Connected));
        assert!(matches!(stream.next().await, Some(StreamItem::Event(AccountEvent::Snapshot(_)))));
    }
    ann.place(&order("rests", Side::Buy, limit("48000"))).await.unwrap();
    for stream in &mut streams {
        assert!(matches!(stream.next().await, Some(StreamItem::Event(AccountEvent::Order(_)))));
    }
}

#[tokio::test]
async fn a_market_stream_begins_with_the_prices_of_its_contracts_and_tells_trades() {
    let venue = venue();
    let ann = open(&venue, "ann");
    let mut stream = venue.subscribe(&[bitcoin()]).await.unwrap();
    assert_eq!(stream.next().await, Some(MarketItem::Connected));
    let mark = next_event(&mut *stream).await;
    assert_eq!(mark, MarketEvent::Mark(venue.mark_price(&bitcoin()).await.unwrap()));
    assert_eq!(next_event(&mut *stream).await, MarketEvent::Quotes(venue.best_quotes(&bitcoin()).await.unwrap()));
    ann.place(&order("in", Side::Buy, OrderKind::Market)).await.unwrap();
    let MarketEvent::Trade(trade) = next_event(&mut *stream).await else { panic!("no trade") };
    assert_eq!((trade.taker, trade.price), (Side::Buy, "50000.1".parse().unwrap()));
}

#[tokio::test]
async fn a_slow_reader_of_prices_goes_on_at_the_newest() {
    let venue = venue();
    let mut stream = venue.subscribe(&[bitcoin()]).await.unwrap();
    for _ in 0..3 {
        stream.next().await.unwrap();
    }
    for second in 1..=2049 {
        move_to(&venue, second, "50000");
    }
    move_to(&venue, 2050, "51000");
    for _ in 0..4096 {
        next_event(&mut *stream).await;
    }
    assert!(matches!(stream.next().await, Some(MarketItem::Disconnected { .. })));
    assert_eq!(stream.next().await, Some(MarketItem::Connected));
    let MarketEvent::Mark(mark) = next_event(&mut *stream).await else { panic!("no mark") };
    assert_eq!(mark.price, "51000".parse().unwrap());
}

async fn next_event(stream: &mut dyn MarketStream) -> MarketEvent {
    match stream.next().await {
        Some(MarketItem::Event(event)) => event,
        other => panic!("no event: {other:?}"),
    }
}

#[tokio::test]
async fn candles_are_of_tens_of_seconds() {
    let venue = venue();
    let end = START.plus(Duration::from_secs(3600));
    for seconds in [0, 9, 15, 59] {
        let asked = venue.candles(&bitcoin(), Duration::from_secs(seconds), START, end).await;
        assert!(matches!(asked, Err(QueryError::Unreachable(NotSent::Invalid(_)))), "{seconds}: {asked:?}");
    }
    move_to(&venue, 61, "50100");
    for seconds in [10, 60] {
        let candles = venue.candles(&bitcoin(), Duration::from_secs(seconds), START, end).await.unwrap();
        assert_eq!(candles.iter().map(|candle| candle.open_time).collect::<Vec<_>>(), [START], "{seconds}");
    }
}

/// Takes in everything that waits to be read.
async fn listen(stream: &mut PaperAccountStream, state: &mut AccountState) {
    while let Ok(Some(item)) = tokio::time::timeout(Duration::ZERO, stream.next()).await {
        if let StreamItem::Event(event) = item {
            state.apply(&event);
        }
    }
}

#[tokio::test]
async fn what_changes_in_the_moment_of_a_reading_is_newer_than_the_reading() {
    let venue = venue();
    let ann = open(&venue, "ann");
    ann.set_margin_mode(&bitcoin(), MarginMode::Isolated).await.unwrap();
    ann.place(&order("in", Side::Buy, OrderKind::Market)).await.unwrap();
    let account = ann.account_id().clone();
    let (mut stream, mut state) = (ann.account_stream(), AccountState::new());
    listen(&mut stream, &mut state).await;
    // The market's time stands still through all of this.
    for step in 0..3 {
        match step {
            0 => venue.exchange(|exchange| exchange.transfer(&account, "-78".parse().unwrap())).unwrap(),
            1 => ann.adjust_isolated_margin(&bitcoin(), PositionSide::Both, "20".parse().unwrap()).await.unwrap(),
            _ => ann.adjust_isolated_margin(&bitcoin(), PositionSide::Both, "-7".parse().unwrap()).await.unwrap(),
        }
        listen(&mut stream, &mut state).await;
        let truth = venue.exchange(|exchange| exchange.balance(&account)).unwrap();
        let balance = state.balance(&truth.currency);
        let known = (balance.wallet, balance.cross_wallet, balance.available);
        assert_eq!(known, (truth.wallet, truth.cross_wallet, truth.available), "step {step}");
        let held = &ann.positions().await.unwrap()[0];
        let margin = state.position(&bitcoin(), PositionSide::Both).and_then(|held| held.isolated_margin);
        assert_eq!(margin, held.isolated_margin, "step {step}");
        // Somebody else reads the account at this moment, and nothing is told.
        state.apply(&AccountEvent::Snapshot(Box::new(ann.account().await.unwrap())));
    }
}
