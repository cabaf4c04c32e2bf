//! Moments that another run can compare with its own.

use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// A moment by two clocks. The clock of the boot is never set, but another boot does not know it; the clock of the
/// system may be wrong before or after.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Timestamp {
    /// Seconds since 1970.
    system: f64,
    /// The boot, and seconds since it began, sleep included.
    boot: Option<(String, f64)>,
}

impl Timestamp {
    pub(super) fn now() -> Self {
        let system = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { system: system.as_secs_f64(), boot: since_boot() }
    }

    /// The seconds since `earlier`; `None` where the only clock that knows both went back.
    pub(super) fn since(&self, earlier: &Self) -> Option<f64> {
        let seconds = match (&self.boot, &earlier.boot) {
            (Some((boot, now)), Some((same, then))) if boot == same => now - then,
            _ => self.system - earlier.system,
        };
        (seconds >= 0.0).then_some(seconds)
    }
}

#[cfg(target_os = "linux")]
fn since_boot() -> Option<(String, f64)> {
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let clock = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    let since = std::time::Duration::try_from(clock).ok()?;
    Some((boot.trim().to_owned(), since.as_secs_f64()))
}

#[cfg(not(target_os = "linux"))]
fn since_boot() -> Option<(String, f64)> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(system: f64, boot: Option<(&str, f64)>) -> Timestamp {
        Timestamp { system, boot: boot.map(|(boot, since)| (boot.to_owned(), since)) }
    }

    #[test]
    fn within_a_boot_the_clock_of_the_system_may_be_set_either_way() {
        for system in [0.0, 1e9, 2e9] {
            let then = moment(1e9, Some(("a", 10.0)));
            assert_eq!(moment(system, Some(("a", 12.0))).since(&then), Some(2.0));
        }
    }

    #[test]
    fn across_boots_the_clock_of_the_system_counts_unless_it_went_back() {
        let then = moment(100.0, Some(("a", 10.0)));
        assert_eq!(moment(130.0, Some(("b", 1.0))).since(&then), Some(30.0));
        assert_eq!(moment(130.0, None).since(&then), Some(30.0));
        assert_eq!(moment(99.0, Some(("b", 1.0))).since(&then), None);
    }
}
