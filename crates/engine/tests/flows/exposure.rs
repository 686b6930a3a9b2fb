use crate::desk::{Desk, desk_with, long, unprotected};
use crate::venue::{Fault, btc, eth, money, size};
use plimsoll_engine::{Action, OpenFailure, Settings, Sister};
use plimsoll_ports::domain::risk::{LimitSettings, OverExposure, Reason, RiskCheck, RiskLimits, Scope};
use plimsoll_ports::domain::{
    AccountId, ClientOrderId, Direction, Leverage, MarginMode, Money, Order, OrderId, OrderStatus, OrderType,
    PositionSide, Stamp, Symbol, VenueId,
};
use plimsoll_ports::{Clock, OpenIntent, OpenedPosition, PnlSnapshot, PositionId, PositionRecord, RefusalReason};

fn limited(change: impl FnOnce(&mut LimitSettings)) -> impl FnOnce(Settings) -> Settings {
    let mut limits = LimitSettings::default();
    change(&mut limits);
    let sister = |name: &str, venue: &str| Sister { account: AccountId::new(name), venue: VenueId::new(venue) };
    let sisters = vec![sister("near", "test"), sister("far", "elsewhere")];
    let limits = RiskLimits::new(limits).unwrap();
    |settings| Settings { limits, sisters, ..settings }
}

/// 0.5 ETH are worth 1,000.
fn more() -> OpenIntent {
    OpenIntent { symbol: eth(), quantity: size("0.5"), stop_loss: unprotected(), ..long() }
}

/// Another account holds so much BTC from 50,000, with this equity.
fn held_by(desk: &Desk, account: &str, quantity: &str, equity: &str) {
    let (account, opened_at) = (AccountId::new(account), desk.venue.now());
    let point = PnlSnapshot {
        account: account.clone(),
        time: opened_at,
        wallet: money(equity),
        unrealized_pnl: Money::ZERO,
        realized_pnl: Money::ZERO,
        fees: Money::ZERO,
        funding: Money::ZERO,
        adjustments: Money::ZERO,
        margin_ratio: None,
        open_positions: 1,
    };
    let opened = OpenedPosition {
        account,
        venue: VenueId::new("anywhere"),
        symbol: btc(),
        side: PositionSide::Both,
        direction: Direction::Short,
        quantity: size(quantity),
        entry_price: "50000".parse().unwrap(),
        leverage: Leverage::ONE,
        margin_mode: MarginMode::Isolated,
        strategy: "operator".to_owned(),
        opened_at,
    };
    let mut tables = desk.store.tables();
    tables.equity.push(point);
    let id = PositionId(i64::try_from(tables.positions.len()).unwrap() + 1);
    tables.positions.push(PositionRecord { id, opened, closed: None });
}

fn scopes(outcome: Result<plimsoll_engine::Opened, OpenFailure>) -> Vec<Scope> {
    let Err(OpenFailure::Refused(refused)) = outcome else { panic!("{outcome:?}") };
    let scope = |reason: &Reason| match reason {
        Reason::Exposure { scope, .. } => *scope,
        other => panic!("{other}"),
    };
    refused.reasons.iter().map(scope).collect()
}

#[tokio::test]
async fn all_positions_together_are_limited_in_money_and_as_leverage() {
    // 0.05 BTC are worth 2,500 of 10,000.
    for (most, share, allowed) in [
        (Some("3500"), None, true),
        (Some("3499"), None, false),
        (None, Some("0.36"), true),
        (None, Some("0.34"), false),
        (Some("3500"), Some("0.34"), false),
    ] {
        let desk = desk_with(limited(|limits| {
            limits.max_exposure = most.map(money);
            limits.max_exposure_share = share.map(|share| share.parse().unwrap());
        }));
        desk.open(&long()).await.unwrap();
        let outcome = desk.open(&more()).await;
        if allowed {
            assert!(outcome.is_ok(), "{most:?} {share:?}: {outcome:?}");
        } else {
            assert_eq!(scopes(outcome), [Scope::Account], "{most:?} {share:?}");
            assert_eq!(desk.store.events("refused_exposure").len(), 1);
        }
    }
}

/// An entry of 1 ETH at 1,900, of which half has filled elsewhere and is gone again.
pub(crate) fn entry_rests(desk: &Desk, symbol: Symbol) {
    let order = Order {
        order_id: OrderId::new("777"),
        client_order_id: ClientOrderId::reported("web_7"),
        symbol,
        side: Direction::Long.opening_side(),
        position_side: PositionSide::Both,
        order_type: OrderType::Limit,
        time_in_force: None,
        price: Some("1900".parse().unwrap()),
        trigger: None,
        quantity: Some(size("1")),
        filled: Some(size("0.5")),
        average_price: None,
        reduce_only: false,
        close_position: false,
        child: None,
        status: OrderStatus::PartiallyFilled,
        updated: Stamp::at(desk.venue.now()),
    };
    desk.venue.state().open.push(order);
}

#[tokio::test]
async fn entries_that_rest_in_other_contracts_count_as_what_they_would_hold() {
    // 2,500 of the order itself and 950 that may fill yet.
    for (most, positions, expected) in
        [("3450", 2, vec![]), ("3449", 2, vec![RiskCheck::Exposure]), ("3450", 1, vec![RiskCheck::Positions])]
    {
        let desk = desk_with(limited(|limits| {
            (limits.max_exposure, limits.max_positions) = (Some(money(most)), positions);
        }));
        entry_rests(&desk, eth());
        match desk.open(&long()).await {
            Ok(_) => assert_eq!(expected, vec![], "{most} {positions}"),
            Err(OpenFailure::Refused(refused)) => {
                let found: Vec<RiskCheck> = refused.reasons.iter().map(Reason::check).collect();
                assert_eq!(found, expected, "{most} {positions}");
            }
            Err(other) => panic!("{other}"),
        }
    }
}

#[tokio::test]
async fn a_position_that_an_entry_adds_to_is_counted_once() {
    let desk = desk_with(limited(|limits| limits.max_positions = 2));
    desk.venue.open_elsewhere(&eth(), Direction::Long, "0.5");
    entry_rests(&desk, eth());
    desk.open(&long()).await.unwrap();
}

#[tokio::test]
async fn what_other_accounts_hold_counts_at_their_venue_and_in_the_portfolio() {
    for (near, far, expected) in [
        ("0.03", "0.03", vec![]),
        ("0.07", "0.001", vec![Scope::Venue]),
        ("0.001", "0.09", vec![Scope::Portfolio]),
        ("0.07", "0.09", vec![Scope::Venue, Scope::Portfolio]),
    ] {
        let desk = desk_with(limited(|limits| {
            limits.max_venue_exposure = Some(money("4000"));
            limits.max_portfolio_exposure = Some(money("5000"));
        }));
        held_by(&desk, "near", near, "1000");
        held_by(&desk, "far", far, "1000");
        let outcome = desk.open(&more()).await;
        if expected.is_empty() {
            assert!(outcome.is_ok(), "{near} {far}: {outcome:?}");
        } else {
            assert_eq!(scopes(outcome), expected, "{near} {far}");
        }
    }
}

#[tokio::test]
async fn the_equity_of_other_accounts_counts_only_as_long_as_it_is_known() {
    let desk = desk_with(limited(|limits| limits.max_portfolio_exposure_share = Some("0.25".parse().unwrap())));
    // 2,500 and 1,000 of 14,000 are a quarter; of 10,000 they are more.
    held_by(&desk, "far", "0.05", "4000");
    desk.manager.preview(&more()).await.map(|it| assert_eq!(it.refused, None)).unwrap();
    desk.venue.sleep(std::time::Duration::from_secs(3601)).await;
    assert_eq!(scopes(desk.open(&more()).await), [Scope::Portfolio]);
}

#[tokio::test]
async fn positions_that_prices_bring_over_the_limit_are_told_once() {
    let desk = desk_with(limited(|limits| limits.max_exposure = Some(money("2600"))));
    desk.open(&long()).await.unwrap();
    assert!(desk.manager.monitor().await.unwrap().overexposed.is_empty());
    desk.venue.mark(&btc(), "52001");
    for _ in 0..2 {
        let report = desk.manager.monitor().await.unwrap();
        assert_eq!((report.overexposed.len(), report.action), (1, Action::None));
    }
    let told = |desk: &Desk| desk.store.events("exposure").len();
    assert_eq!(told(&desk), 1);
    assert!(desk.store.tables().alerts.iter().any(|alert| alert.key == "exposure/main"));
    desk.venue.mark(&btc(), "52000");
    assert!(desk.manager.monitor().await.unwrap().overexposed.is_empty());
    desk.venue.mark(&btc(), "53000");
    desk.manager.monitor().await.unwrap();
    assert_eq!(told(&desk), 2, "each time that it comes to be so");
}

#[tokio::test]
async fn positions_over_the_limit_are_reduced_if_so_configured() {
    let desk = desk_with(limited(|limits| {
        (limits.max_exposure, limits.over_exposure) = (Some(money("2600")), OverExposure::Reduce);
    }));
    desk.open(&long()).await.unwrap();
    desk.venue.mark(&btc(), "53000");
    let report = desk.manager.monitor().await.unwrap();
    let Action::Reduced(closed) = report.action else { panic!("{:?}", report.action) };
    assert_eq!(closed.quantity, size("0.025"));
    assert_eq!(desk.store.events("exposure_reduced").len(), 1);
    let after = desk.manager.monitor().await.unwrap();
    assert_eq!((after.overexposed.len(), after.action), (0, Action::None));
    assert!(!desk.is_killed());
}

fn shared(over_exposure: OverExposure) -> impl FnOnce(Settings) -> Settings {
    limited(move |limits| {
        limits.max_portfolio_exposure_share = Some("0.3".parse().unwrap());
        limits.over_exposure = over_exposure;
    })
}

#[tokio::test]
async fn nothing_is_sold_here_because_nobody_looks_at_another_account() {
    let desk = desk_with(shared(OverExposure::Reduce));
    held_by(&desk, "far", "0.05", "14000");
    desk.open(&long()).await.unwrap();
    let report = desk.manager.monitor().await.unwrap();
    assert_eq!((report.overexposed.len(), report.action), (0, Action::None), "5,000 of 24,000");
    desk.venue.sleep(std::time::Duration::from_secs(3601)).await;
    let report = desk.manager.monitor().await.unwrap();
    assert_eq!((report.overexposed.len(), report.action), (1, Action::None), "5,000 of the 10,000 that are known");
    assert_eq!(desk.venue.position(&btc()).unwrap().quantity, size("0.05"));
    assert_eq!(desk.store.events("exposure").len(), 1, "it is told all the same");
}

#[tokio::test]
async fn what_is_too_much_whatever_others_have_is_reduced() {
    let desk = desk_with(limited(|limits| {
        limits.max_portfolio_exposure = Some(money("2400"));
        limits.over_exposure = OverExposure::Reduce;
    }));
    held_by(&desk, "far", "0.001", "14000");
    desk.venue.mark(&btc(), "46000");
    desk.open(&long()).await.unwrap();
    desk.venue.sleep(std::time::Duration::from_secs(3601)).await;
    desk.venue.mark(&btc(), "50000");
    let report = desk.manager.monitor().await.unwrap();
    assert!(matches!(report.action, Action::Reduced(_)), "{:?}", report.action);
}

#[tokio::test]
async fn the_last_word_on_the_equity_of_another_account_counts() {
    let desk = desk_with(shared(OverExposure::Tell));
    held_by(&desk, "far", "0.05", "0");
    desk.venue.sleep(std::time::Duration::from_secs(600)).await;
    assert_eq!(scopes(desk.open(&long()).await), [Scope::Portfolio], "5,000 of 10,000");
    let point = PnlSnapshot { time: desk.venue.now(), wallet: money("14000"), ..desk.store.tables().equity[0].clone() };
    desk.store.tables().equity.push(point);
    desk.open(&long()).await.unwrap();
}

#[tokio::test]
async fn where_the_largest_position_cannot_be_reduced_the_next_is() {
    let desk = desk_with(limited(|limits| {
        (limits.max_exposure, limits.over_exposure) = (Some(money("3600")), OverExposure::Reduce);
    }));
    desk.open(&long()).await.unwrap();
    desk.open(&more()).await.unwrap();
    desk.venue.mark(&btc(), "53000");
    desk.venue.fail(OrderType::Market, Fault::Refuse(RefusalReason::Other));
    let Action::Reduced(closed) = desk.manager.monitor().await.unwrap().action else { panic!("not reduced") };
    assert_eq!((closed.symbol, closed.quantity), (eth(), size("0.25")));
    assert_eq!(desk.venue.position(&btc()).unwrap().quantity, size("0.05"));
    let outcomes: Vec<String> = desk.store.events("exposure_reduced").into_iter().map(|it| it.action).collect();
    assert_eq!(outcomes, ["failed", "reduced"]);
}

#[tokio::test]
async fn a_rest_that_its_venue_would_not_take_is_closed_as_well() {
    let desk = desk_with(limited(|limits| {
        (limits.max_exposure, limits.over_exposure) = (Some(money("6.5")), OverExposure::Reduce);
    }));
    desk.open(&OpenIntent { quantity: size("0.003"), ..more() }).await.unwrap();
    // Of 6.9, 2.3 would stay after 0.002; the least is 5.
    desk.venue.mark(&eth(), "2300");
    let Action::Reduced(closed) = desk.manager.monitor().await.unwrap().action else { panic!("not reduced") };
    assert_eq!((closed.quantity, desk.venue.position(&eth())), (size("0.003"), None));
}
