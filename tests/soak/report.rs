//! What a soak has found, and whether it is well.

pub use super::books::Difference;
pub use super::memory::MemoryReport;

use super::account::as_f64;
use super::plan::Plan;
use serde::Serialize;
use std::fmt;

/// Followers that keep a pointer of eight bytes for every event grow by more than this for each of them.
const MOST_BYTES_KEPT_OF_AN_EVENT: f64 = 3.0;

/// Pages that were in use once stay resident, and SQLite's own memory is not counted: so there is a bound on these too.
const MOST_BYTES_RESIDENT_OF_AN_EVENT: f64 = 12.0;

/// Memories fill in the first minutes: a shorter soak says nothing of growth.
const SETTLED_AFTER_SECONDS: u64 = 300;

/// What the machine may add to a lag, whatever else it does.
const NOISE_MS: f64 = 5.0;

/// So much of the rate must have been held.
const HELD: f64 = 0.95;

/// What became of a soak.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// Its seed.
    pub seed: u64,
    /// How long was traded.
    pub seconds: u64,
    /// What was wanted of each account.
    pub rate: u64,
    /// Account by account.
    pub accounts: Vec<AccountReport>,
    /// The followers' process.
    pub followers: Option<MemoryReport>,
    /// The exchange's process.
    pub exchange: Option<MemoryReport>,
    /// What went wrong; nothing, if all is well.
    pub wrong: Vec<String>,
}

/// What became of an account.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AccountReport {
    /// Where.
    pub venue: String,
    /// Order updates, fills and changes of positions and balances that the exchange made.
    pub told: u64,
    /// Of these, each second.
    pub rate: f64,
    /// Trades among them.
    pub fills: u64,
    /// What the exchange refused to do.
    pub refused: u64,
    /// Events that the stream brought, snapshots aside.
    pub heard: u64,
    /// Changes whose lag could not be taken, since the one who took it was too slow.
    pub unheard: u64,
    /// How late changes were told, slice by slice, while the account was whole.
    pub slices: Vec<Slice>,
    /// How often the stream was connected.
    pub connections: u64,
    /// How often it had missed something without being disconnected.
    pub resyncs: u64,
    /// How often the account was read by the stream.
    pub snapshots: u64,
    /// When it was in doubt.
    pub gaps: Gaps,
    /// How often it was audited.
    pub audits: u64,
    /// What audits found, which no frame had told.
    pub audit_differences: u64,
    /// Trades that were told more than once.
    pub doubled: Vec<String>,
    /// What went wrong on the way, and how often.
    pub faults: Vec<(String, u64)>,
    /// What differed after the last fault, before the account was read once more: frames that were lost in silence.
    pub before_asking: usize,
    /// What differed after that.
    pub differences: Vec<Difference>,
}

/// How late changes were told in one part of the time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Slice {
    /// When it ended.
    pub until_seconds: f64,
    /// Changes of orders, and trades.
    pub changes: u64,
    /// The median.
    pub p50_ms: f64,
    /// The 99th percentile.
    pub p99_ms: f64,
    /// The latest.
    pub longest_ms: f64,
}

/// When an account was in doubt.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Gaps {
    /// How often.
    pub count: u64,
    /// For how long, at the median.
    pub p50_ms: f64,
    /// At the 99th percentile.
    pub p99_ms: f64,
    /// At most.
    pub longest_ms: f64,
    /// Changes that happened in gaps, or unheard before them, and were learnt at their end.
    pub caught_up: u64,
    /// How late the latest of these was told.
    pub latest_ms: f64,
}

impl Report {
    /// Nothing is wrong.
    #[must_use]
    pub const fn is_well(&self) -> bool {
        self.wrong.is_empty()
    }

    /// A soak that could not be held.
    pub(super) fn failed(plan: &Plan, wrong: String) -> Self {
        let (seed, seconds, rate) = (plan.seed, plan.length.as_secs(), plan.rate);
        Self { seed, seconds, rate, accounts: Vec::new(), followers: None, exchange: None, wrong: vec![wrong] }
    }

    /// Judges.
    pub(super) fn judge(mut self, plan: &Plan) -> Self {
        let mut wrong = Vec::new();
        for it in &self.accounts {
            let venue = &it.venue;
            wrong.extend(it.differences.iter().map(|difference| format!("{venue}: {difference}")));
            wrong.extend(it.doubled.iter().map(|trade| format!("{venue}: trade {trade} was told more than once")));
            if plan.judges_time {
                wrong.extend(it.grown().map(|grown| format!("{venue}: {grown}")));
                if it.rate < as_f64(plan.rate) * HELD {
                    wrong.push(format!("{venue}: {:.0} events a second, not {}", it.rate, plan.rate));
                }
            }
        }
        if plan.judges_time && plan.length.as_secs() >= SETTLED_AFTER_SECONDS {
            wrong.extend(self.followers.and_then(|memory| self.kept(&memory)));
        }
        self.wrong.extend(wrong);
        self
    }

    fn kept(&self, memory: &MemoryReport) -> Option<String> {
        let events: f64 = self.accounts.iter().map(|it| it.rate).sum();
        let grows = |what: &str, bytes_a_second: f64, most: f64| {
            let kept = bytes_a_second / events;
            (kept > most)
                .then(|| format!("the followers' {what} grows by {kept:.1} bytes an event: {most} are too many"))
        };
        let held = memory.held_growth_bytes_a_second;
        held.and_then(|held| grows("memory in use", held, MOST_BYTES_KEPT_OF_AN_EVENT)).or_else(|| {
            let most = if held.is_some() { MOST_BYTES_RESIDENT_OF_AN_EVENT } else { MOST_BYTES_KEPT_OF_AN_EVENT };
            grows("memory", memory.growth_bytes_a_second, most)
        })
    }
}

impl AccountReport {
    /// In what the last third was slower than the first, the very first slice aside. At the median: the 99th percentile of a
    /// slice is that of the faults which fell into it, a stream that was deaf for a third of it above all.
    fn grown(&self) -> Option<String> {
        let slices: Vec<Slice> = self.slices.iter().skip(1).copied().filter(|it| it.changes > 0).collect();
        let third = (slices.len() / 3).max(1);
        let (early, late) = (median(slices.get(..third)?), median(slices.get(slices.len() - third..)?));
        (late > early * 2.0 + NOISE_MS).then(|| format!("lag at the median grew from {early:.1} to {late:.1} ms"))
    }
}

/// The median slice's median.
fn median(slices: &[Slice]) -> f64 {
    let mut values: Vec<f64> = slices.iter().map(|it| it.p50_ms).collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "seed {}, {} s, {} private events a second and account", self.seed, self.seconds, self.rate)?;
        self.accounts.iter().try_for_each(|it| write!(f, "{it}"))?;
        let memories = [("followers", &self.followers), ("exchange", &self.exchange)];
        for (name, memory) in memories.iter().filter_map(|(name, memory)| Some((name, memory.as_ref()?))) {
            writeln!(
                f,
                "memory of the {name}: {:.1} MB early, {:.1} late, {:.1} at most; {:+.0} bytes a second in the last half{}",
                memory.early_mb,
                memory.late_mb,
                memory.peak_mb,
                memory.growth_bytes_a_second,
                memory.held_growth_bytes_a_second.map(|held| format!(", {held:+.0} of it in use")).unwrap_or_default()
            )?;
        }
        match self.wrong.as_slice() {
            [] => write!(f, "well: the books are the exchange's"),
            wrong => wrong.iter().try_for_each(|it| writeln!(f, "wrong: {it}")),
        }
    }
}

impl fmt::Display for AccountReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { venue, told, rate, fills, heard, connections, resyncs, snapshots, gaps, .. } = self;
        writeln!(
            f,
            "{venue}: {told} events, {rate:.0} a second, {fills} of them fills; {heard} brought by the stream"
        )?;
        writeln!(
            f,
            "  {} reconnects, {resyncs} resyncs, {snapshots} snapshots; {} gaps of {:.0} ms at the median, {:.0} at p99, \
             {:.0} at most; {} changes learnt at their ends, the latest after {:.0} ms",
            connections.saturating_sub(1),
            gaps.count,
            gaps.p50_ms,
            gaps.p99_ms,
            gaps.longest_ms,
            gaps.caught_up,
            gaps.latest_ms
        )?;
        writeln!(
            f,
            "  {} audits found {} differences; {} fields differed after the last fault, {} after a last look",
            self.audits,
            self.audit_differences,
            self.before_asking,
            self.differences.len()
        )?;
        let faults: Vec<String> = self.faults.iter().map(|(word, count)| format!("{count} {word}")).collect();
        writeln!(f, "  faults: {}", faults.join(", "))?;
        writeln!(f, "  {:>8}  {:>8}  {:>9}  {:>9}  {:>9}", "until s", "changes", "p50 ms", "p99 ms", "latest ms")?;
        self.slices.iter().try_for_each(|it| {
            let Slice { until_seconds, changes, p50_ms, p99_ms, longest_ms } = it;
            writeln!(f, "  {until_seconds:>8.0}  {changes:>8}  {p50_ms:>9.2}  {p99_ms:>9.2}  {longest_ms:>9.1}")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slices(medians: &[f64]) -> Vec<Slice> {
        let slice =
            |p50_ms: &f64| Slice { until_seconds: 0.0, changes: 1, p50_ms: *p50_ms, p99_ms: 20.0, longest_ms: 0.0 };
        medians.iter().map(slice).collect()
    }

    fn account(medians: &[f64]) -> AccountReport {
        let gaps = Gaps { count: 0, p50_ms: 0.0, p99_ms: 0.0, longest_ms: 0.0, caught_up: 0, latest_ms: 0.0 };
        AccountReport {
            venue: "binance".to_owned(),
            told: 600_000,
            rate: 1000.0,
            fills: 0,
            refused: 0,
            heard: 0,
            unheard: 0,
            slices: slices(medians),
            connections: 1,
            resyncs: 0,
            snapshots: 1,
            gaps,
            audits: 0,
            audit_differences: 0,
            doubled: Vec::new(),
            faults: Vec::new(),
            before_asking: 0,
            differences: Vec::new(),
        }
    }

    fn judged(medians: &[f64], growth_bytes_a_second: f64, seconds: u64) -> Vec<String> {
        judged_by(medians, (growth_bytes_a_second, None), seconds)
    }

    fn judged_by(medians: &[f64], (resident, held): (f64, Option<f64>), seconds: u64) -> Vec<String> {
        let length = std::time::Duration::from_secs(seconds);
        let plan = Plan { length, rate: 1000, seed: 1, judges_time: true };
        let memory = MemoryReport {
            early_mb: 1.0,
            late_mb: 1.0,
            peak_mb: 1.0,
            growth_bytes_a_second: resident,
            held_growth_bytes_a_second: held,
        };
        let report = Report {
            accounts: vec![account(medians)],
            followers: Some(memory),
            ..Report::failed(&plan, String::new())
        };
        Report { wrong: Vec::new(), ..report }.judge(&plan).wrong
    }

    #[test]
    fn lag_that_grows_is_named() {
        assert_eq!(judged(&[90.0, 1.0, 1.2, 1.1, 1.0, 6.0, 1.0], 0.0, 600), Vec::<String>::new());
        let wrong = judged(&[90.0, 1.0, 1.2, 1.1, 1.0, 9.0, 11.0], 0.0, 600);
        assert_eq!(wrong, ["binance: lag at the median grew from 1.2 to 11.0 ms"]);
    }

    #[test]
    fn memory_that_grows_with_events_is_named_where_it_has_had_time_to_settle() {
        let wrong = ["the followers' memory grows by 8.0 bytes an event: 3 are too many"];
        assert_eq!(judged(&[1.0; 7], 8000.0, 600), wrong);
        assert_eq!(judged(&[1.0; 7], 8000.0, 60), Vec::<String>::new());
        assert_eq!(judged(&[1.0; 7], 2000.0, 600), Vec::<String>::new());
    }

    #[test]
    fn what_is_in_use_counts_and_not_what_the_largest_burst_left_resident() {
        assert_eq!(judged_by(&[1.0; 7], (8000.0, Some(100.0)), 600), Vec::<String>::new());
        let wrong = ["the followers' memory in use grows by 8.0 bytes an event: 3 are too many"];
        assert_eq!(judged_by(&[1.0; 7], (100.0, Some(8000.0)), 600), wrong);
        let wrong = ["the followers' memory grows by 13.0 bytes an event: 12 are too many"];
        assert_eq!(judged_by(&[1.0; 7], (13_000.0, Some(100.0)), 600), wrong);
    }

    #[test]
    fn what_differs_and_what_is_told_twice_is_named() {
        let plan = Plan { length: std::time::Duration::from_secs(600), rate: 1000, seed: 1, judges_time: false };
        let difference = Difference { subject: "wallet".to_owned(), ours: "1".to_owned(), truth: "2".to_owned() };
        let bad = AccountReport { differences: vec![difference], doubled: vec!["A 7".to_owned()], ..account(&[1.0]) };
        let report = Report { accounts: vec![bad], ..Report::failed(&plan, "late".to_owned()) }.judge(&plan);
        let expected =
            ["late", "binance: wallet: ours 1, the exchange's 2", "binance: trade A 7 was told more than once"];
        assert_eq!(report.wrong, expected);
    }
}
