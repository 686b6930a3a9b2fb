//! What this process has used.

use rustix::time::{ClockId, clock_gettime};
use std::time::Duration;

/// Seconds of the processor, in user code and in the kernel.
pub(crate) fn cpu() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    let seconds = Duration::new(u64::try_from(time.tv_sec).unwrap(), u32::try_from(time.tv_nsec).unwrap());
    seconds.as_secs_f64()
}

/// The most memory that was resident since [`forget_peak`], in megabytes; none where the system does not tell.
pub(crate) fn peak_mb() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: f64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kilobytes / 1024.0)
}

/// The peak begins anew; where that is not allowed it is the process's own.
pub(crate) fn forget_peak() {
    drop(std::fs::write("/proc/self/clear_refs", "5"));
}
