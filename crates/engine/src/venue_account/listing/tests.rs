//! What is asked for by name, what its answer means, and what becomes of everything else.

use super::*;
use crate::venue_account::news::AccountNews;
use crate::venue_account::owner::{Judgement, Owner};
use crate::venue_account::telemetry::Telemetry;
use crate::venue_account::watchers::WatchSettings;
use plimsoll_domain::{
    ClientOrderId, ContractChange, Currency, Direction, HeldPosition, Order, OrderId, OrderStatus, OrderType, Position,
    PositionSide, Rate, Side, Stamp, Timestamp,
};
use plimsoll_exchange::listings;
use plimsoll_ports::{MockBroker, NotSent, Refusal};
use std::sync::{Arc, Mutex};

const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

fn symbol(base: &str) -> Symbol {
    Symbol::new(base, "USDT", "USDT").unwrap()
}

fn contract(base: &str) -> Instrument {
    Instrument { symbol: symbol(base), ..listings::btc_usdt() }
}

fn ordered(base: &str) -> Order {
    Order {
        order_id: OrderId::new("1"),
        client_order_id: ClientOrderId::reported("one"),
        symbol: symbol(base),
        side: Side::Buy,
        position_side: PositionSide::Both,
        order_type: OrderType::Limit,
        time_in_force: None,
        price: None,
        trigger: None,
        quantity: None,
        filled: None,
        average_price: None,
        reduce_only: false,
        close_position: false,
        child: None,
        status: OrderStatus::New,
        updated: Stamp::at(NOW),
    }
}

fn held(base: &str) -> HeldPosition {
    let (quantity, entry) = ("1".parse().unwrap(), "100".parse().unwrap());
    HeldPosition {
        symbol: symbol(base),
        position_side: PositionSide::Both,
        position: Position { direction: Direction::Long, quantity, entry },
        mark_price: None,
        unrealized_pnl: None,
        leverage: None,
        margin_mode: None,
        isolated_margin: None,
        liquidation_price: None,
        maintenance_margin: None,
        margin_ratio: None,
        as_of: None,
    }
}

/// An account that knows these contracts.
fn knowing<'a>(bases: impl IntoIterator<Item = &'a str>) -> AccountView {
    let contracts = bases.into_iter().map(|base| (symbol(base), contract(base))).collect();
    AccountView { contracts: Arc::new(contracts), ..AccountView::unknown() }
}

/// What is read where the venue lists nothing, and answers so to each name.
async fn read(
    known: &AccountView,
    answer: impl Fn(&Symbol) -> Result<Instrument, QueryError> + Send + 'static,
) -> (List, Vec<String>) {
    let asked: Arc<Mutex<Vec<String>>> = Arc::default();
    let hears = Arc::clone(&asked);
    let mut broker = MockBroker::new();
    broker.expect_instruments().returning(|| Ok(Vec::new()));
    broker.expect_instrument().returning(move |symbol| {
        hears.lock().unwrap().push(symbol.base().to_owned());
        answer(symbol)
    });
    let list = List::read(&broker, known).await.unwrap();
    let asked = asked.lock().unwrap().clone();
    (list, asked)
}

fn refused(reason: RefusalReason) -> QueryError {
    QueryError::Refused(Refusal { reason, code: "7".to_owned(), message: "no".to_owned() })
}

fn unreadable() -> QueryError {
    QueryError::Unreadable("no margin table".to_owned())
}

fn throttled() -> QueryError {
    QueryError::Unreachable(NotSent::Throttled { until: NOW })
}

#[tokio::test]
async fn all_that_is_held_or_ordered_is_asked_for_by_name_and_few_others() {
    let known = AccountView {
        positions: vec![held("X")],
        orders: vec![ordered("Y"), ordered("Y")].into(),
        ..knowing(["A", "B", "C", "D", "E", "F", "X", "Y"])
    };
    let (list, asked) = read(&known, |_| Err(throttled())).await;
    assert_eq!(asked, ["X", "Y", "A", "B", "C", "D"]);
    assert!(list.contracts.is_empty() && list.gone.is_empty());
}

#[tokio::test]
async fn only_the_venues_word_makes_a_contract_gone_or_unreadable() {
    let (list, _) = read(&knowing(["A", "B", "C", "D"]), |it| match it.base() {
        "A" => Err(refused(RefusalReason::NotTrading)),
        "B" => Err(unreadable()),
        "C" => Err(throttled()),
        _ => Err(refused(RefusalReason::NotAllowed)),
    })
    .await;
    assert_eq!(list.gone, BTreeSet::from([symbol("A")]));
    assert_eq!(list.unreadable.into_keys().collect::<Vec<_>>(), [symbol("B")]);
}

fn owner() -> Owner {
    Owner::new(Judgement {
        telemetry: Telemetry::default(),
        settle: Currency::new("USDT"),
        closing_fee: Rate::ZERO,
        watch: WatchSettings::none(),
    })
}

/// What is known after that, and what was told of it.
fn known_and_told(owner: &mut Owner) -> (Vec<String>, Vec<String>) {
    let (view, news) = owner.publish(NOW);
    let told = news.into_iter().filter_map(|it| match it {
        AccountNews::Contract(ContractChange::Unreadable { symbol, .. }) => Some(format!("{symbol} unreadable")),
        AccountNews::Contract(change) => Some(change.to_string()),
        _ => None,
    });
    (view.contracts.keys().map(|symbol| symbol.base().to_owned()).collect(), told.collect())
}

#[test]
fn a_list_undoes_nothing_that_was_learnt_while_it_was_read() {
    let mut owner = owner();
    owner.contracts(List::of(vec![contract("A"), contract("B")]));
    owner.contract(contract("C"));
    known_and_told(&mut owner);
    owner.contracts(List::of(vec![contract("A")]));
    let (known, told) = known_and_told(&mut owner);
    assert_eq!((known.join(" "), told.len()), ("A B C".to_owned(), 0), "of what it lacks nothing was said");
    owner.contracts(List { gone: BTreeSet::from([symbol("B")]), ..List::of(vec![contract("A")]) });
    let (known, told) = known_and_told(&mut owner);
    assert_eq!((known.join(" "), told.len()), ("A C".to_owned(), 1), "{told:?}");
}

#[test]
fn what_cannot_be_read_is_told_once_until_it_can_be_read() {
    let mut owner = owner();
    let list = |unreadable: &[&str]| {
        let unreadable = unreadable.iter().map(|base| (symbol(base), "why".to_owned())).collect();
        List { unreadable, ..List::of(vec![contract("A")]) }
    };
    owner.contracts(List::of(vec![contract("A"), contract("B")]));
    let mut told = |list| {
        owner.contracts(list);
        known_and_told(&mut owner).1
    };
    assert_eq!(told(list(&["B"])), ["B/USDT:USDT unreadable"]);
    // The venue could not be asked.
    assert!(told(list(&[])).is_empty());
    assert!(told(list(&["B"])).is_empty());
    assert!(told(List::of(vec![contract("B")])).is_empty());
    assert_eq!(told(list(&["B"])), ["B/USDT:USDT unreadable"]);
}
