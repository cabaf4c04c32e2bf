//! The boot that the host is in, and the boot's clock.

use std::path::Path;
use std::time::Duration;

use rebackoff_core::Moment;
use rustix::time::{ClockId, clock_gettime};

use super::SharedError;

/// The id of a boot.
pub(super) type BootId = [u8; 16];

const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// The time since the host started, with the time that it slept; it is never set.
pub(super) fn clock() -> Moment {
    let time = clock_gettime(ClockId::Boottime);
    let (seconds, nanos) = (u64::try_from(time.tv_sec), u32::try_from(time.tv_nsec));
    Duration::new(seconds.unwrap_or(0), nanos.unwrap_or(0)).into()
}

/// The id of this boot.
pub(super) fn id() -> Result<BootId, SharedError> {
    let path = Path::new(BOOT_ID);
    let text = std::fs::read_to_string(path).map_err(SharedError::io("read", path))?;
    let digits: String = text.chars().filter(char::is_ascii_hexdigit).collect();
    let id = u128::from_str_radix(&digits, 16);
    id.map(u128::to_be_bytes).map_err(|_| SharedError::refused(path, "no boot id"))
}
