//! Positions that are kept at a leverage.

use crate::afloat::{held, isolated, look, with};
use crate::desk::{desk_with, long};
use crate::venue::{btc, money, size};
use plimsoll_engine::{Action, AfloatSettings, CutFor, KeptLeverage, MarginFor, Measure, Settings};
use plimsoll_ports::domain::risk::{LimitSettings, RiskLimits};
use plimsoll_ports::domain::{Direction, PositionSide};
use plimsoll_ports::{ComposedKind, ComposedOrder, SlicedTrade};
use std::time::Duration;

fn keeping(target: &str, adjust: impl Fn(KeptLeverage) -> KeptLeverage) -> AfloatSettings {
    let kept = KeptLeverage::new(target.parse().unwrap(), "0.1".parse().unwrap()).unwrap();
    AfloatSettings { leverage: Some(adjust(kept)), ..AfloatSettings::default() }
}

#[tokio::test]
async fn a_leverage_that_is_kept_is_come_back_to_by_a_reduction() {
    let desk = isolated(keeping("2.5", |it| it), "50000").await;
    let report = look(&desk).await;
    assert!(matches!(report.measures[0], Measure::Cut { why: CutFor::Leverage, failure: None, .. }));
    // 1,200 on 499.35: 2,500 on 500 were twice as much as may be.
    assert_eq!(held(&desk), size("0.024"));
    assert_eq!(desk.venue.state().held[&(btc(), PositionSide::Both)].margin, money("499.35"));
    let report = look(&desk).await;
    assert_eq!((report.measures.len(), report.action), (0, Action::None), "within the band nothing is done");
}

#[tokio::test]
async fn a_leverage_that_is_kept_is_come_back_to_by_margin_where_that_may_be_given() {
    let desk = isolated(keeping("2.5", KeptLeverage::that_gives_margin), "50000").await;
    let report = look(&desk).await;
    assert!(
        matches!(&report.measures[..], [Measure::MarginAdded { amount, why: MarginFor::Leverage, .. }] if *amount == money("500")),
        "{:?}",
        report.measures
    );
    assert_eq!((held(&desk), look(&desk).await.measures.len()), (size("0.05"), 0));
}

#[tokio::test]
async fn a_position_grows_to_its_leverage_only_where_it_may_and_passes_every_check() {
    let never = desk_with(with(keeping("6", |it| it)));
    never.open(&long()).await.unwrap();
    assert_eq!((look(&never).await.measures.len(), held(&never)), (0, size("0.05")));

    let desk = desk_with(with(keeping("6", KeptLeverage::that_may_add)));
    desk.open(&long()).await.unwrap();
    let report = look(&desk).await;
    assert!(matches!(&report.measures[..], [Measure::Grown { failure: None, .. }]), "{:?}", report.measures);
    assert_eq!(held(&desk), size("0.059"));
    assert!(look(&desk).await.positions[0].has_stop);

    let refused = desk_with(|settings| {
        let it = with(keeping("6", KeptLeverage::that_may_add))(settings);
        let limits = LimitSettings { max_position: money("2500"), ..it.limits.settings().clone() };
        Settings { limits: RiskLimits::new(limits).unwrap(), ..it }
    });
    refused.open(&long()).await.unwrap();
    let report = look(&refused).await;
    assert!(matches!(&report.measures[..], [Measure::Grown { failure: Some(_), .. }]), "{:?}", report.measures);
    assert_eq!(
        (held(&refused), look(&refused).await.measures.len()),
        (size("0.05"), 0),
        "it is not asked for again at once"
    );

    let naked = isolated(keeping("6", KeptLeverage::that_may_add), "50000").await;
    look(&naked).await;
    assert_eq!(held(&naked), size("0.05"), "without a stop nothing grows");
}

#[tokio::test]
async fn what_is_being_closed_in_parts_is_not_bought_back() {
    let desk = desk_with(with(keeping("6", KeptLeverage::that_may_add)));
    desk.open(&long()).await.unwrap();
    let (trade, every) = (SlicedTrade::Close(size("0.04")), Duration::from_secs(3600));
    let kind = ComposedKind::Twap { trade, slices: 4, every };
    desk.manager.compose(&ComposedOrder { symbol: btc(), direction: Direction::Long, kind }).await.unwrap();
    for _ in 0..2 {
        let report = look(&desk).await;
        assert_eq!((held(&desk), report.measures), (size("0.04"), vec![]));
    }
}
