//! Times of a breaker, in whole milliseconds of its clock.

use super::permit::Open;
use crate::{Moment, Seconds};

const NANOS_PER_MILLI: u64 = 1_000_000;

/// The period of the window that a generation has.
#[allow(clippy::cast_possible_truncation, reason = "periods come round after 256 generations")]
pub(super) const fn period(generation: u16) -> u8 {
    generation as u8
}

/// The millisecond that `now` is in.
pub(super) const fn floor_millis(now: Moment) -> u64 {
    now.nanos() / NANOS_PER_MILLI
}

/// The millisecond at which `span` is over.
pub(super) fn until(now: Moment, span: Seconds) -> u64 {
    now.nanos().saturating_add(span.to_nanos()).div_ceil(NANOS_PER_MILLI)
}

#[inline]
pub(super) fn is_before(now: Moment, millis: u64) -> bool {
    now.nanos() < millis * NANOS_PER_MILLI
}

/// The end of the time of a breaker that is open until its reset.
pub(super) const NEVER: u64 = u64::MAX;

#[inline]
#[allow(clippy::cast_precision_loss, reason = "exact up to 104 days")]
pub(super) fn open_until(millis: u64, now: Moment) -> Open {
    if millis == NEVER {
        return Open { retry_in: None };
    }
    let left = (millis * NANOS_PER_MILLI).saturating_sub(now.nanos());
    Open { retry_in: Some(Seconds::saturating(left as f64 / 1e9)) }
}
