use crate::world::{World, btc, next, position, report, start, until};
use plimsoll_engine::{AccountNews, Derived, VenueAccount, Watched, WatchedFigure};
use plimsoll_ports::Clock;
use plimsoll_ports::domain::risk::MarginAlert;
use plimsoll_ports::domain::{AccountEvent, Crossing, Direction, MarginWarning, MarkPrice, PositionSide};
use std::time::Duration;

/// Long 0.1 from 50,000 with 500 of its own margin: liquidated a little above 45,180.
async fn long() -> (World, VenueAccount) {
    let mut world = World::new();
    let held = position(Direction::Long, "0.1", "50000");
    world.truth.change(|truth| truth.positions = vec![report(Some(held), "500", "50000", start())]);
    let account = world.account().await;
    (world, account)
}

async fn mark(world: &World, account: &VenueAccount, price: &str) {
    world.pass(Duration::from_millis(1));
    let price = price.parse().unwrap();
    account.mark(MarkPrice { symbol: btc(), price, index: None, time: world.clock.now() });
    until(account, |view| view.positions.iter().all(|it| it.mark_price == Some(price))).await;
}

fn ratio_news(it: AccountNews) -> Option<Watched> {
    match it {
        AccountNews::Watched(watched) if matches!(watched.figure, WatchedFigure::PositionMarginRatio(..)) => {
            Some(watched)
        }
        _ => None,
    }
}

#[tokio::test]
async fn a_ratio_that_crosses_is_told_once_and_again_only_after_it_has_come_back() {
    let (world, account) = long().await;
    let mut news = account.news();
    // Ratios of about 0.26, 0.83, 0.79, 0.83, 0.05 and 0.83.
    for price in ["45800", "45217", "45230", "45217", "50000", "45217"] {
        mark(&world, &account, price).await;
    }
    let mut crossings = Vec::new();
    while let Ok(it) = news.try_recv() {
        crossings.extend(ratio_news(it).map(|it| it.crossing));
    }
    assert_eq!(crossings, [Crossing::Raised, Crossing::Cleared, Crossing::Raised]);
}

#[tokio::test]
async fn what_the_venue_does_not_push_is_derived_and_marked_so() {
    let (world, account) = long().await;
    let mut news = account.news();
    mark(&world, &account, "45217").await;
    let it = next(&mut news, |it| matches!(it, AccountNews::Derived(Derived::MarginCall(_))).then_some(it)).await;
    assert!(it.is_derived());
    let AccountNews::Derived(Derived::MarginCall(warning)) = it else { panic!("it was one") };
    assert_eq!(warning.mark_price, Some("45217".parse().unwrap()));
    let at = warning.liquidation_price.unwrap();
    assert!(at < "45217".parse().unwrap() && at > "45000".parse().unwrap(), "{at}");
    let level = |it| match it {
        AccountNews::Derived(Derived::LiquidationWarning { level, .. }) => Some(level),
        _ => None,
    };
    assert_eq!(next(&mut news, level).await, MarginAlert::HighUsage);
    mark(&world, &account, "45200").await;
    assert_eq!(next(&mut news, level).await, MarginAlert::Warning, "nearer by a level");
    assert_eq!(account.statistics().value.high_risk, [(btc(), PositionSide::Both)]);
}

#[tokio::test]
async fn a_margin_call_of_the_venue_is_not_repeated() {
    let (world, account) = long().await;
    let mut news = account.news();
    mark(&world, &account, "49000").await;
    world.pass(Duration::from_millis(1));
    world.event(AccountEvent::MarginCall(MarginWarning {
        level: None,
        symbol: btc(),
        position_side: PositionSide::Both,
        quantity: None,
        margin_ratio: None,
        liquidation_price: None,
        mark_price: None,
        maintenance_margin: None,
        time: world.clock.now(),
    }));
    next(&mut news, |it| (it.as_str() == "margin_call").then_some(())).await;
    mark(&world, &account, "45217").await;
    let mut told = Vec::new();
    while let Ok(it) = news.try_recv() {
        told.push(it.as_str());
    }
    assert!(told.contains(&"threshold_crossed") && !told.contains(&"derived_margin_call"), "{told:?}");
}

#[tokio::test]
async fn losses_and_a_thin_balance_are_told() {
    let mut world = World::new();
    let held = position(Direction::Long, "1", "50000");
    world.truth.change(|truth| {
        truth.positions = vec![report(Some(held), "5000", "50000", start())];
        truth.balances[0].wallet = Some("5200".parse().unwrap());
    });
    let account = world.account().await;
    let mut news = account.news();
    mark(&world, &account, "48900").await;
    let figure = |it| if let AccountNews::Watched(it) = it { Some((it.figure, it.crossing)) } else { None };
    let told = [next(&mut news, figure).await, next(&mut news, figure).await];
    assert_eq!(
        told,
        [(WatchedFigure::UnrealizedLoss, Crossing::Raised), (WatchedFigure::AvailableBalance, Crossing::Raised),]
    );
    let metrics = account.metrics().value;
    assert_eq!(metrics.unrealized_pnl, Some("-1100".parse().unwrap()));
    assert_eq!(metrics.total_equity, Some("4100".parse().unwrap()));
    assert_eq!(metrics.used_margin, Some("5000".parse().unwrap()));
}
