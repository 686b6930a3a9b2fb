//! Every figure by its name. docs/metrics.md says the same, and a test holds that.

/// What a figure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Gauge,
    Counter,
    Histogram,
}

/// A figure, before it has a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Metric {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// What tells one of its values from another.
    pub(crate) labels: &'static [&'static str],
    pub(crate) help: &'static str,
}

macro_rules! figures {
    ($($constant:ident: $kind:ident $name:literal [$($label:literal),*] $help:literal;)+) => {
        $(
            pub(crate) const $constant: Metric =
                Metric { name: $name, kind: Kind::$kind, labels: &[$($label),*], help: $help };
        )+

        /// All of them.
        pub(crate) const ALL: &[Metric] = &[$($constant),+];
    };
}

figures! {
    ACCOUNT_INFO: Gauge "plimsoll_account_info" ["account", "venue", "mode", "currency"] "1; where the account is, what kind of money it trades, and its currency";
    MARGIN_RATIO: Gauge "plimsoll_account_margin_ratio" ["account"] "maintenance margin ÷ equity, the worst of the cross pool and the isolated positions: 0 is safe, 1 liquidates";
    UNPROTECTED: Gauge "plimsoll_account_unprotected_positions" ["account"] "positions that no stop covers";
    UNPROTECTED_SECONDS: Gauge "plimsoll_account_unprotected_seconds" ["account"] "for how long some position has had no stop that covers it; 0: all are covered";
    KILL_SWITCH: Gauge "plimsoll_account_kill_switch_engaged" ["account"] "1: nothing is opened; absent while the records cannot be read";
    RECORDS_READABLE: Gauge "plimsoll_account_records_readable" ["account"] "0: the database is away";
    STREAM_CONNECTED: Gauge "plimsoll_account_stream_connected" ["account"] "1: the private stream is live";
    IN_DOUBT: Gauge "plimsoll_account_in_doubt" ["account"] "1: what is known may be wrong until the account is read again";
    DATA_AGE: Gauge "plimsoll_account_data_age_seconds" ["account"] "since the stream last brought anything, or the venue was asked";
    LOOK_AGE: Gauge "plimsoll_account_look_age_seconds" ["account"] "since the account was last looked at, whether or not anything could be seen";
    EQUITY: Gauge "plimsoll_account_equity" ["account", "currency"] "wallet and unrealised profit";
    WALLET: Gauge "plimsoll_account_wallet" ["account", "currency"] "everything but unrealised profit";
    AVAILABLE: Gauge "plimsoll_account_available" ["account", "currency"] "what new positions may use";
    USED_MARGIN: Gauge "plimsoll_account_used_margin" ["account", "currency"] "what the positions tie up";
    MAINTENANCE: Gauge "plimsoll_account_maintenance_margin" ["account", "currency"] "what the contracts require";
    UNREALIZED: Gauge "plimsoll_account_unrealized_pnl" ["account", "currency"] "profit of every position at its mark, before fees";
    EXPOSURE: Gauge "plimsoll_account_exposure" ["account", "currency"] "notional of all positions together; absent while a mark is missing";
    DAY_PNL: Gauge "plimsoll_account_day_pnl" ["account", "currency"] "what was earned since midnight UTC, unrealised profit included";
    DRAWDOWN: Gauge "plimsoll_account_drawdown" ["account", "currency"] "how far it has fallen from the peak of its earnings";
    REALIZED_TODAY: Gauge "plimsoll_account_realized_pnl_today" ["account", "currency"] "realised since midnight UTC, before fees and funding";
    FEES_TODAY: Gauge "plimsoll_account_fees_today" ["account", "currency"] "fees since midnight UTC; positive is paid";
    FUNDING_TODAY: Gauge "plimsoll_account_funding_today" ["account", "currency"] "funding since midnight UTC; positive is paid";
    REALIZED: Gauge "plimsoll_account_realized_pnl" ["account", "currency"] "realised since the records began, before fees and funding";
    FEES: Gauge "plimsoll_account_fees" ["account", "currency"] "fees since the records began; positive is paid";
    FUNDING: Gauge "plimsoll_account_funding" ["account", "currency"] "funding since the records began; positive is paid";
    POSITIONS: Gauge "plimsoll_account_open_positions" ["account"] "positions";
    RESTING: Gauge "plimsoll_account_resting_orders" ["account"] "orders that rest at the venue, protection among them";
    POSITION_NOTIONAL: Gauge "plimsoll_position_notional" ["account", "symbol", "side", "currency"] "size × mark";
    POSITION_RATIO: Gauge "plimsoll_position_margin_ratio" ["account", "symbol", "side"] "maintenance margin ÷ equity of what backs it";
    POSITION_DISTANCE: Gauge "plimsoll_position_liquidation_distance_ratio" ["account", "symbol", "side"] "from the mark to the nearer liquidation price, as a share of the mark; absent where no price liquidates it";
    POSITION_PROTECTED: Gauge "plimsoll_position_protected" ["account", "symbol", "side"] "1: stops rest that close it whole";
    POSITION_UNPROTECTED: Gauge "plimsoll_position_unprotected_seconds" ["account", "symbol", "side"] "for how long it has had no stop that covers it; 0: one does";
    POSITION_UNREALIZED: Gauge "plimsoll_position_unrealized_pnl" ["account", "symbol", "side", "currency"] "profit at the mark, before fees";
    POSITION_FUNDING: Gauge "plimsoll_position_funding_per_day" ["account", "symbol", "side", "currency"] "a day of funding at the rate and the mark of now; positive is paid";
    STRATEGY_STATE: Gauge "plimsoll_strategy_state" ["strategy", "state"] "1 for the state that it is in: running, paused or stopped";
    STRATEGY_DEGRADED: Gauge "plimsoll_strategy_degraded" ["strategy"] "1: its round trips bring less than its backtest predicts; absent where nothing was predicted";
    STRATEGY_ROUND_TRIPS: Gauge "plimsoll_strategy_round_trips" ["strategy"] "round trips since its settings are as they are, 200 at the most";
    STRATEGY_DRIFTING: Gauge "plimsoll_strategy_drifting" ["strategy"] "1: its orders fill worse than its backtest took for; absent where nothing was predicted";
    STRATEGY_ORDERS: Gauge "plimsoll_strategy_market_orders" ["strategy"] "orders at market since its settings are as they are, 200 at the most";
    STRATEGY_DECISIONS: Counter "plimsoll_strategy_decisions_total" ["strategy", "outcome"] "decisions: decided, and refused of them";
    STRATEGY_FILLS: Counter "plimsoll_strategy_fills_total" ["strategy"] "fills of its orders";
    EVENTS: Counter "plimsoll_events_total" ["account", "kind", "severity"] "events since the start, those of the risk limits among them; kinds are listed in limits.md and guarding.md";
    ORDERS: Counter "plimsoll_orders_total" ["account", "venue", "outcome"] "sendings of orders: accepted, refused, not_sent, or unanswered, of which nobody knows at first whether it arrived";
    ORDER_ANSWER: Histogram "plimsoll_order_answer_seconds" ["account", "venue"] "from sending an order to the venue's answer";
    UPDATE_LATENCY: Histogram "plimsoll_account_order_update_latency_seconds" ["account"] "from the venue's change of an order to our hearing of it, by both clocks";
    SESSIONS: Counter "plimsoll_account_sessions_total" ["account", "outcome"] "private sessions: connected, lost, or refused before they were connected";
    GAPS: Histogram "plimsoll_account_gap_seconds" ["account"] "how long the account was in doubt, each time";
    RESYNCS: Histogram "plimsoll_account_resync_seconds" ["account"] "how long reading the whole account took";
    AUDITS: Counter "plimsoll_account_audits_total" ["account"] "times that what is believed was held against what the venue says";
    DIFFERENCES: Counter "plimsoll_account_audit_differences_total" ["account"] "differences that this has found";
    WARNINGS: Counter "plimsoll_account_liquidation_warnings_total" ["account", "origin"] "warnings that a liquidation is near: the venue's, or derived from the figures";
    BALANCE_CHANGES: Counter "plimsoll_account_balance_changes_total" ["account"] "balances that changed";
    POSITION_UPDATES: Counter "plimsoll_account_position_updates_total" ["account", "symbol"] "positions that changed";
    ALERTS_DELIVERED: Counter "plimsoll_alerts_delivered_total" ["place"] "alerts that have arrived, at telegram or webhook";
    ALERTS_FAILED: Counter "plimsoll_alerts_failed_total" ["place"] "attempts that came to nothing; of one alert there may be many";
    ALERTS_DROPPED: Counter "plimsoll_alerts_dropped_total" ["place"] "alerts that were given up, critical ones only for a newer one of the same";
    ALERTS_WAITING: Gauge "plimsoll_alerts_waiting" ["place"] "alerts on their way";
    HEARTBEATS: Counter "plimsoll_heartbeats_total" ["outcome"] "calls of the dead man's switch: heard, unheard, or withheld since not all was well";
    BUILD: Gauge "plimsoll_build_info" ["version"] "1; what runs";
    START_TIME: Gauge "plimsoll_process_start_time_seconds" [] "when it was started, since 1970";
    UPTIME: Gauge "plimsoll_process_uptime_seconds" [] "since it was started";
    MEMORY: Gauge "plimsoll_process_resident_memory_bytes" [] "memory in use; on Linux";
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    const PAGE: &str = include_str!("../../../../docs/metrics.md");
    const DASHBOARD: &str = include_str!("../../../../docs/grafana/plimsoll.json");
    const RULES: &str = include_str!("../../../../docs/grafana/alerts.yml");

    fn row(it: &Metric) -> String {
        let kind = match it.kind {
            Kind::Gauge => "gauge",
            Kind::Counter => "counter",
            Kind::Histogram => "histogram",
        };
        let labels = it.labels.iter().map(|label| format!("`{label}`")).collect::<Vec<_>>().join(", ");
        format!("| `{}` | {kind} | {labels} | {} |", it.name, it.help)
    }

    #[test]
    fn the_page_lists_every_figure_and_no_other() {
        let listed: Vec<&str> = PAGE.lines().filter(|line| line.starts_with("| `plimsoll_")).collect();
        let mut expected: Vec<String> = ALL.iter().map(row).collect();
        let mut sorted = listed.clone();
        expected.sort();
        sorted.sort_unstable();
        assert_eq!(sorted, expected, "docs/metrics.md should say:\n{}", expected.join("\n"));
    }

    #[test]
    fn names_say_their_unit_and_counters_that_they_are_ones() {
        let names: BTreeSet<&str> = ALL.iter().map(|it| it.name).collect();
        assert_eq!(names.len(), ALL.len(), "a name is used once");
        for it in ALL {
            assert!(it.name.starts_with("plimsoll_"), "{}", it.name);
            assert_eq!(it.name.ends_with("_total"), it.kind == Kind::Counter, "{}", it.name);
            assert!(it.kind != Kind::Histogram || it.name.ends_with("_seconds"), "{}", it.name);
        }
    }

    /// Every name in a text of queries.
    fn asked(text: &str) -> BTreeSet<&str> {
        let words = text.split(|character: char| !(character.is_ascii_alphanumeric() || character == '_'));
        words.filter(|word| word.starts_with("plimsoll_")).collect()
    }

    #[test]
    fn the_dashboard_and_the_rules_ask_for_figures_that_there_are() {
        let dashboard: serde_json::Value = serde_json::from_str(DASHBOARD).unwrap();
        let mut queries = Vec::new();
        expressions(&dashboard, &mut queries);
        assert!(queries.len() > 20, "{queries:?}");
        let rules: Vec<&str> = RULES.lines().filter(|line| line.trim_start().starts_with("expr:")).collect();
        assert!(rules.len() > 5, "{rules:?}");
        for query in queries.iter().map(String::as_str).chain(rules) {
            let names = asked(query);
            assert!(!names.is_empty(), "{query}");
            for name in names {
                let is_part = |it: &&Metric| {
                    let part = name.strip_prefix(it.name);
                    it.kind == Kind::Histogram && matches!(part, Some("_bucket" | "_sum" | "_count"))
                };
                let is_known = |it: &&Metric| it.name == name && it.kind != Kind::Histogram || is_part(it);
                assert!(ALL.iter().any(|it| is_known(&it)), "{name} in {query}");
            }
        }
    }

    #[test]
    fn what_a_strategy_is_judged_by_is_on_the_dashboard_and_what_it_comes_to_in_the_rules() {
        let mut queries = Vec::new();
        expressions(&serde_json::from_str(DASHBOARD).unwrap(), &mut queries);
        let shown: BTreeSet<&str> = queries.iter().flat_map(|query| asked(query)).collect();
        let watched: BTreeSet<&str> =
            RULES.lines().filter(|line| line.trim_start().starts_with("expr:")).flat_map(asked).collect();
        for it in [STRATEGY_DEGRADED, STRATEGY_DRIFTING] {
            assert!(shown.contains(it.name) && watched.contains(it.name), "{}", it.name);
        }
        for it in [STRATEGY_ROUND_TRIPS, STRATEGY_ORDERS] {
            assert!(shown.contains(it.name), "{}", it.name);
        }
    }

    /// No panel lies over another, and none is beyond the edge.
    #[test]
    fn the_panels_of_the_dashboard_lie_beside_each_other() {
        let dashboard: serde_json::Value = serde_json::from_str(DASHBOARD).unwrap();
        let panels = dashboard["panels"].as_array().unwrap();
        let mut taken = BTreeSet::new();
        let ids: BTreeSet<u64> = panels.iter().map(|panel| panel["id"].as_u64().unwrap()).collect();
        assert_eq!(ids.len(), panels.len(), "an id is given once");
        for panel in panels {
            let at = |edge: &str| panel["gridPos"][edge].as_u64().unwrap();
            for (x, y) in (at("x")..at("x") + at("w")).flat_map(|x| (at("y")..at("y") + at("h")).map(move |y| (x, y))) {
                assert!(x < 24 && taken.insert((x, y)), "{} at {x} {y}", panel["title"]);
            }
        }
    }

    fn expressions(value: &serde_json::Value, into: &mut Vec<String>) {
        match value {
            serde_json::Value::Object(fields) => {
                into.extend(fields.get("expr").and_then(|it| it.as_str()).map(str::to_owned));
                fields.values().for_each(|it| expressions(it, into));
            }
            serde_json::Value::Array(them) => them.iter().for_each(|it| expressions(it, into)),
            _ => {}
        }
    }
}
