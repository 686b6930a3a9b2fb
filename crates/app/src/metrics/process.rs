//! The process itself.

use super::names::{BUILD, MEMORY, START_TIME, UPTIME};
use super::page::Page;
use plimsoll_domain::Timestamp;
use plimsoll_ports::{Clock, SystemClock};

pub(super) fn show(page: &Page, since: Timestamp) {
    page.set(BUILD, &[env!("CARGO_PKG_VERSION")], 1.0);
    page.set(START_TIME, &[], since.since(Timestamp::default()).as_secs_f64());
    page.set(UPTIME, &[], SystemClock.now().since(since).as_secs_f64());
    if let Some(bytes) = std::fs::read_to_string("/proc/self/status").ok().as_deref().and_then(resident) {
        page.set(MEMORY, &[], bytes);
    }
}

/// Reads `VmRSS:     12345 kB`.
fn resident(status: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u32 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(f64::from(kilobytes) * 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_where_it_is_told() {
        for (status, bytes) in [
            ("Name:\tplimsoll\nVmHWM:\t   40000 kB\nVmRSS:\t   12345 kB\n", Some(12_641_280.0)),
            ("Name:\tplimsoll\n", None),
            ("VmRSS:\tmuch\n", None),
        ] {
            assert_eq!(resident(status), bytes, "{status}");
        }
    }
}
