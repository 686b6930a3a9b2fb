//! That every read of a growing table goes through an index made for it, and sorts nothing.

use crate::{
    SqliteStore, bookings, composed, controls, desks, equity, funding, journal, positions, risk_events, trades,
};
use sqlx::{Row, query};

async fn plan(store: &SqliteStore, sql: &'static str) -> String {
    let explain = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"));
    let rows = query(explain).fetch_all(&store.readers).await.unwrap();
    rows.iter().map(|row| row.get::<String, _>("detail")).collect::<Vec<_>>().join("; ")
}

#[tokio::test]
async fn every_read_uses_its_index() {
    let store = SqliteStore::in_memory().await.unwrap();
    for (index, sql) in [
        ("orders_key", journal::ENTRY),
        ("orders_by_time", journal::UNFINISHED),
        ("composed_orders_key", composed::BY_KEY),
        ("composed_orders_working", composed::WORKING),
        ("positions_one_open", positions::OPEN_ONE),
        ("positions_by_status", positions::BY_STATUS),
        ("trades_key", trades::BY_KEY),
        ("trades_by_position", trades::OF_POSITION),
        ("trades_by_time", trades::SINCE),
        ("trades_by_symbol", trades::SINCE_OF_SYMBOL),
        ("trades_by_time", trades::PROFIT),
        ("funding_events_by_time", trades::FUNDING),
        ("bookings_by_time", trades::BOOKINGS),
        ("bookings_key", bookings::BY_KEY),
        ("bookings_by_time", bookings::SINCE),
        ("bookings_by_time", bookings::LAST),
        ("funding_events_key", funding::BY_KEY),
        ("funding_events_by_time", funding::HISTORY),
        ("pnl_snapshots_key", equity::BY_KEY),
        ("pnl_snapshots_key", equity::CURVE),
        ("pnl_snapshots_key", equity::FIRST_SINCE),
        ("pnl_snapshots_key", equity::LAST_UNTIL),
        ("pnl_snapshots_latest", equity::PEAK),
        ("risk_events_key", risk_events::BY_KEY),
        ("risk_events_by_time", risk_events::SINCE),
        ("controls_latest", controls::LATEST),
        ("controls_latest", controls::HISTORY),
        ("desks_key", desks::BY_KEY),
    ] {
        let plan = plan(&store, sql).await;
        assert!(plan.contains(&format!("USING INDEX {index} (")), "{sql}\n{plan}");
        assert!(!plan.contains("SCAN") && !plan.contains("TEMP B-TREE"), "{sql}\n{plan}");
    }
}

/// The curve is walked along its index, once for each extreme, of which one row is kept, and looked up there for each moment.
/// Its extent is read of the index alone.
#[tokio::test]
async fn a_thinned_curve_is_chosen_along_its_index() {
    let store = SqliteStore::in_memory().await.unwrap();
    let plan = plan(&store, equity::THINNED).await;
    let range = "SEARCH pnl_snapshots USING INDEX pnl_snapshots_key (account=? AND time>? AND time<?)";
    assert_eq!(plan.matches(range).count(), 2, "{plan}");
    let lookup = "SEARCH pnl_snapshots USING COVERING INDEX pnl_snapshots_key (account=? AND time>?)";
    assert!(plan.contains(lookup), "{plan}");
    assert!(plan.contains("SEARCH pnl_snapshots USING INDEX pnl_snapshots_key (account=? AND time=?)"), "{plan}");
    assert!(!plan.contains("SCAN pnl_snapshots"), "{plan}");
    let extent = self::plan(&store, equity::EXTENT).await;
    assert!(extent.contains(&range.replace("USING INDEX", "USING COVERING INDEX")), "{extent}");
}

/// As many as are asked for of each, which are sorted together.
#[tokio::test]
async fn the_newest_orders_are_the_ends_of_two_ranges_of_the_index() {
    let store = SqliteStore::in_memory().await.unwrap();
    let plan = plan(&store, journal::RECENT).await;
    let range = "SEARCH orders USING INDEX orders_by_time (account=? AND <expr>=?)";
    assert_eq!(plan.matches(range).count(), 2, "{plan}");
    assert!(!plan.contains("SCAN orders"), "{plan}");
}

/// They are few, and lie beside one another in the index by their names.
#[tokio::test]
async fn the_parts_of_a_composed_order_are_one_range_of_the_index() {
    let store = SqliteStore::in_memory().await.unwrap();
    let plan = plan(&store, journal::PARTS).await;
    let range = "SEARCH orders USING INDEX orders_key (account=? AND client_order_id>? AND client_order_id<?)";
    assert!(plan.contains(range) && !plan.contains("SCAN"), "{plan}");
}
