//! Margin that somebody else has assigned to a position of their own.

use crate::desk::{Desk, desk_with, long};
use crate::venue::{btc, eth, money, size};
use plimsoll_engine::{Action, ForeignPolicy, Measure, Settings};
use plimsoll_ports::domain::afloat::Stage;
use plimsoll_ports::domain::{Direction, MarginHealth, MarginMode, PositionSide};

/// Ours is calm; somebody else's has margin of its own, which is all but gone.
async fn beside_a_thin_one(margin: &str) -> Desk {
    let desk = desk_with(|settings| Settings { foreign: ForeignPolicy::Watch, ..settings });
    desk.open(&long()).await.unwrap();
    desk.venue.open_elsewhere(&eth(), Direction::Long, "0.5");
    desk.manager.reconcile().await.unwrap();
    {
        let mut state = desk.venue.state();
        let held = state.held.get_mut(&(eth(), PositionSide::Both)).unwrap();
        (held.margin, held.margin_mode) = (money(margin), MarginMode::Isolated);
    }
    desk
}

#[tokio::test]
async fn isolated_margin_of_others_that_is_gone_closes_nothing_of_ours() {
    // 4 are asked for.
    for (margin, stage) in [("3.9", Stage::Flatten), ("4.1", Stage::Flatten), ("4.9", Stage::Reduce)] {
        let desk = beside_a_thin_one(margin).await;
        let report = desk.manager.monitor().await.unwrap();
        assert_eq!((report.action, report.verdict.health), (Action::None, MarginHealth::Healthy), "{margin}");
        assert!(!desk.is_killed(), "{margin}");
        assert_eq!(desk.venue.position(&btc()).unwrap().quantity, size("0.05"), "{margin}");
        assert_eq!(desk.venue.position(&eth()).unwrap().quantity, size("0.5"), "{margin}");
        assert_eq!(report.measures.iter().filter_map(Measure::stage).max(), Some(stage), "it is told: {margin}");
    }
}
