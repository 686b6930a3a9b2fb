//! What a process takes of memory.

use serde::Serialize;
use std::time::Duration;

/// The resident memory of a process now, in kB; `None` where the system does not say.
pub(super) fn resident(process: &str) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

/// What a process took, as it went, in kB: resident, and, where it counts, of that in use.
#[derive(Debug, Default, Clone)]
pub(super) struct Memory {
    samples: Vec<(f64, f64)>,
    held: Vec<(f64, f64)>,
}

/// What a process took of memory.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct MemoryReport {
    /// At the end of the first tenth.
    pub early_mb: f64,
    /// At the end.
    pub late_mb: f64,
    /// At most.
    pub peak_mb: f64,
    /// By how much it grew in the last half, by the line that fits best.
    pub growth_bytes_a_second: f64,
    /// The same of what was in use of Rust's allocator between the bursts, where the process counts that: what is given back
    /// to it stays resident, and so the largest burst so far shows for ever. What C allocates (SQLite) is not counted.
    pub held_growth_bytes_a_second: Option<f64>,
}

impl Memory {
    pub(super) fn sample(&mut self, at: Duration, process: &str) {
        if let Some(kilobytes) = resident(process) {
            self.samples.push((at.as_secs_f64(), as_f64(kilobytes)));
        }
    }

    /// Takes down how many bytes are in use.
    pub(super) fn sample_held(&mut self, at: Duration, bytes: usize) {
        self.held.push((at.as_secs_f64(), as_f64(u64::try_from(bytes).unwrap_or(u64::MAX)) / 1024.0));
    }

    pub(super) fn report(&self) -> Option<MemoryReport> {
        let last = self.samples.last()?;
        let early = self.samples.get(self.samples.len() / 10)?;
        Some(MemoryReport {
            early_mb: early.1 / 1024.0,
            late_mb: last.1 / 1024.0,
            peak_mb: self.samples.iter().map(|it| it.1).fold(0.0, f64::max) / 1024.0,
            growth_bytes_a_second: slope(last_half(&self.samples)) * 1024.0,
            held_growth_bytes_a_second: (!self.held.is_empty()).then(|| slope(&floors(last_half(&self.held))) * 1024.0),
        })
    }

    pub(super) fn now(&self) -> f64 {
        self.samples.last().map_or(0.0, |it| it.1 / 1024.0)
    }

    pub(super) fn held_now(&self) -> Option<f64> {
        self.held.last().map(|it| it.1 / 1024.0)
    }
}

#[expect(clippy::cast_precision_loss, reason = "memories are less than 2^52 bytes")]
const fn as_f64(whole: u64) -> f64 {
    whole as f64
}

fn last_half(points: &[(f64, f64)]) -> &[(f64, f64)] {
    points.get(points.len() / 2..).unwrap_or_default()
}

/// The least of each tenth: what waits while a gap is made good comes and goes, what is kept stays.
fn floors(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let tenths = points.chunks(points.len().div_ceil(10).max(1));
    tenths.filter_map(|tenth| tenth.iter().copied().min_by(|one, other| one.1.total_cmp(&other.1))).collect()
}

/// Least squares.
#[expect(clippy::cast_precision_loss, reason = "samples are few")]
fn slope(points: &[(f64, f64)]) -> f64 {
    let count = points.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(|it| it.0), mean(|it| it.1));
    let spread: f64 = points.iter().map(|it| (it.0 - x).powi(2)).sum();
    if spread == 0.0 { 0.0 } else { points.iter().map(|it| (it.0 - x) * (it.1 - y)).sum::<f64>() / spread }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_is_that_of_the_last_half() {
        let grows = |at: f64| if at < 50.0 { at * 1000.0 } else { 50_000.0 + (at - 50.0) * 2.0 };
        let samples = (0..100_u32).map(|at| (f64::from(at), grows(f64::from(at)))).collect();
        let mut memory = Memory { samples, held: Vec::new() };
        assert_eq!(memory.report().unwrap().held_growth_bytes_a_second, None);
        for at in 0..100_u16 {
            memory.sample_held(Duration::from_secs(at.into()), 1_000_000 + usize::from(at / 50) * 7 * usize::from(at));
        }
        // A burst at the end, which is none of what is kept.
        memory.held.last_mut().unwrap().1 += 50_000.0;
        let report = memory.report().unwrap();
        assert!((report.held_growth_bytes_a_second.unwrap() - 7.0).abs() < 0.01, "{report:?}");
        assert!((report.growth_bytes_a_second - 2048.0).abs() < 1.0, "{report:?}");
        assert!((report.early_mb - 10_000.0 / 1024.0).abs() < 0.01);
        assert_eq!(Memory::default().report(), None);
    }
}
