use crate::world::{btc, journal, start, until};
use plimsoll_engine::{
    AccountPorts, ContractSetting, Excess, Fleet, Placed, ReduceFailure, ReduceIntent, ReduceSize, VenueAccount,
    VenueAccountSettings, Verification,
};
use plimsoll_exchange::{Exchange, PaperBroker, PaperVenue, Tick, listings};
use plimsoll_ports::Broker;
use plimsoll_ports::domain::{
    AccountId, ClientOrderId, Currency, Decimal, Direction, Leverage, Liquidation, MarginMode, MarkPrice, NewOrder,
    OrderKind, OrderSize, OrderType, PositionSide, Side, TriggerBy, VenueId,
};
use std::sync::Arc;
use std::time::Duration;

async fn account(venue: &PaperVenue, name: &str) -> (VenueAccount, PaperBroker) {
    let broker = venue.open_account(AccountId::new(name), "10000".parse().unwrap()).unwrap();
    let ports = AccountPorts {
        broker: Arc::new(broker.clone()),
        audit: None,
        journal: Arc::new(journal()),
        clock: Arc::new(venue.clock()),
    };
    let mut settings = VenueAccountSettings::new(AccountId::new(name));
    let leverage = Some(Leverage::new(10).unwrap());
    settings.contracts.insert(btc(), ContractSetting { leverage, margin_mode: Some(MarginMode::Isolated) });
    let account = VenueAccount::connect(ports, Box::new(broker.account_stream()), settings).await.unwrap();
    (account, broker)
}

fn venue(name: &str) -> PaperVenue {
    let mut exchange = Exchange::new(start());
    exchange.list(listings::btc_usdt(), "50000".parse().unwrap()).unwrap();
    PaperVenue::new(VenueId::new(name), exchange)
}

async fn trade(broker: &PaperBroker, id: &str, side: Side, quantity: &str) {
    let order = NewOrder {
        client_order_id: ClientOrderId::new(id).unwrap(),
        symbol: btc(),
        side,
        position_side: PositionSide::Both,
        kind: OrderKind::Market,
        size: OrderSize::Quantity(quantity.parse().unwrap()),
        reduce_only: false,
    };
    broker.place(&order).await.unwrap();
}

fn part(quantity: &str) -> ReduceIntent {
    ReduceIntent::part(btc(), PositionSide::Both, quantity.parse().unwrap())
}

#[tokio::test]
async fn an_account_from_its_first_order_to_its_last() {
    let venue = venue("paper");
    let (account, broker) = account(&venue, "ann").await;
    assert_eq!(account.applied()[0].verification, Verification::Accepted, "paper tells settings of positions only");
    let nothing = account.close_position(&btc(), PositionSide::Both, None).await.unwrap_err();
    assert!(matches!(nothing, ReduceFailure::NoPosition { .. }), "{nothing}");

    trade(&broker, "in", Side::Buy, "0.1").await;
    until(&account, |view| view.positions.first().is_some_and(|it| it.isolated_margin.is_some())).await;
    // The market falls by 2 %.
    let time = start().plus(Duration::from_secs(1));
    venue.advance([&Tick::at(btc(), time, "49000".parse().unwrap())]).unwrap();
    account.mark(MarkPrice { symbol: btc(), price: "49000".parse().unwrap(), index: None, time });
    until(&account, |view| view.positions[0].mark_price == Some("49000".parse().unwrap())).await;
    let truth = broker.positions().await.unwrap().remove(0);
    let risk = account.position_risk(&btc());
    let [it] = risk.fresh(Duration::from_secs(10)).unwrap().as_slice() else { panic!("one position is held") };
    let Some(Liquidation::Bounds(bounds)) = it.liquidation else { panic!("it stands") };
    assert_eq!(bounds.below, truth.liquidation_price, "the exchange liquidates where we say");
    assert_eq!(it.held.unrealized_pnl, truth.unrealized_pnl);
    assert_eq!(it.maintenance, truth.maintenance_margin);
    assert!(it.return_on_equity.unwrap() < Decimal::from(-19), "a fall by 2 % at 10x");
    let margin = account.margin().value;
    assert_eq!((margin.used, margin.maintenance), (truth.isolated_margin, truth.maintenance_margin));

    // Part of it, too much of it, a stop for all of it, and the rest.
    let reduced = account.reduce(&part("0.0409")).await.unwrap();
    assert!(matches!(reduced.orders.as_slice(), [Placed::Ended(_)]));
    until(&account, |view| view.positions.first().is_some_and(|it| it.position.quantity == "0.06".parse().unwrap()))
        .await;
    let refused = account.reduce(&part("0.061")).await.unwrap_err();
    assert!(matches!(refused, ReduceFailure::LargerThanPosition { .. }), "{refused}");
    let refused = account.reduce(&part("0.0001")).await.unwrap_err();
    assert!(matches!(refused, ReduceFailure::Unfit(_)), "{refused}");
    let kind = OrderKind::StopMarket { trigger: "48000".parse().unwrap(), trigger_by: TriggerBy::Mark };
    let stop = ReduceIntent { kind, size: ReduceSize::Whole, ..part("1") };
    let stop = account.reduce(&stop).await.unwrap();
    assert!(matches!(&stop.orders[0], Placed::Resting(order) if order.close_position));
    until(&account, |view| view.orders.iter().any(|order| order.order_type == OrderType::StopMarket)).await;
    let rest = ReduceIntent { excess: Excess::Cap, ..part("1") };
    account.reduce(&rest).await.unwrap();
    let view = until(&account, |view| view.positions.is_empty()).await;
    assert_eq!(view.tally.fills, 3);

    let statistics = account.statistics().value;
    assert_eq!((statistics.active_positions, statistics.unjudged), (0, 0));
    let paid: Decimal = broker.fills(&btc(), start()).await.unwrap().iter().map(|fill| fill.fee.get()).sum();
    assert_eq!(statistics.tally.fees[&Currency::new("USDT")].get(), paid);
    assert_eq!(statistics.total_margin_used, Some(Default::default()));
    let equity = account.metrics().value.total_equity;
    assert_eq!(equity, broker.balances().await.unwrap()[0].wallet);
    assert!(account.audit().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_position_that_is_not_fresh_is_not_touched() {
    let venue = venue("paper");
    let (account, broker) = account(&venue, "ann").await;
    trade(&broker, "in", Side::Buy, "0.1").await;
    until(&account, |view| !view.positions.is_empty()).await;
    // Eleven seconds without a word.
    let later = start().plus(Duration::from_secs(11));
    venue.clock().tell(later);
    let stale = account.close_position(&btc(), PositionSide::Both, None).await.unwrap_err();
    assert_eq!(
        stale.to_string(),
        "the position of BTC/USDT:USDT is not known well enough: it is 11000 ms old, at most 10000 ms are allowed"
    );
    assert!(account.positions().fresh(Duration::from_secs(10)).is_none(), "it shows in every figure");
    account.resynchronise().await.unwrap();
    account.close_position(&btc(), PositionSide::Both, None).await.unwrap();
    until(&account, |view| view.positions.is_empty()).await;
}

#[tokio::test]
async fn two_venues_are_seen_as_one() {
    let (here, there) = (venue("here"), venue("there"));
    let (long, ann) = account(&here, "ann").await;
    let (short, bob) = account(&there, "bob").await;
    trade(&ann, "in", Side::Buy, "0.1").await;
    trade(&bob, "in", Side::Sell, "0.04").await;
    let is_whole =
        |view: &plimsoll_engine::AccountView| view.positions.first().is_some_and(|it| it.isolated_margin.is_some());
    until(&long, is_whole).await;
    until(&short, is_whole).await;
    let fleet = Fleet::of([&long, &short]);
    assert!(fleet.stale(Duration::from_secs(10)).is_empty());
    let together = fleet.portfolio();
    let exposure = together.by_symbol()[&btc()];
    let (net, gross) = (exposure.net().get(), exposure.gross().get());
    assert!(net > Decimal::from(2990) && net < Decimal::from(3010), "{net}");
    assert!(gross > Decimal::from(6990) && gross < Decimal::from(7010), "{gross}");
    let usdt = Currency::new("USDT");
    let at = |name| together.by_venue()[&(VenueId::new(name), usdt.clone())];
    assert!(at("here").short.is_zero() && at("there").long.is_zero());
    let totals = together.totals()[&usdt];
    let used = |account: &VenueAccount| account.margin().value.used.unwrap();
    assert_eq!(totals.used_margin, Some(used(&long) + used(&short)));
    assert!(together.nearest_liquidation().is_some());

    let due = |factor: &str| {
        let stressed = together.stress(factor.parse().unwrap()).unwrap();
        stressed.into_iter().map(|it| it.outcome.unwrap().liquidated.len()).collect::<Vec<_>>()
    };
    assert_eq!(due("1"), [0, 0]);
    assert_eq!(due("0.8"), [1, 0], "a fall liquidates who is long");
    assert_eq!(due("1.2"), [0, 1], "and a rise who is short");
    assert_eq!(long.positions().value[0].held.position.direction, Direction::Long);
}
