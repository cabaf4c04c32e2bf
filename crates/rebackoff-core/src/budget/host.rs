//! The parameters of a budget as words, for a file that processes share.

use alloc::vec::Vec;
use core::mem::offset_of;

use super::{Budget, Kind, Special, Timed};
use crate::PolicyError;
use crate::atomic::Ordering::Relaxed;
use crate::error::Value;
use crate::host::{GuardParameters, HostClock, HostGuard};

const PER_SECOND: u64 = 0;
const SHARE: u64 = 1;
const QUOTA: u64 = 2;
const THROTTLE: u64 = 3;

impl HostGuard for Budget {
    const KIND: &'static str = "budget";
    const STATE: usize = offset_of!(Self, state);

    fn with_host_clock(self, clock: HostClock) -> Self {
        let special = Special { dry_run: self.is_dry_run(), host_clock: Some(clock) };
        Self { special: Some(special), ..self }
    }

    fn parameters(&self) -> GuardParameters {
        let (kind, [one, two, three, four]) = match &self.kind {
            Kind::Timed(Timed::PerSecond(bucket)) | Kind::Leased(_, Timed::PerSecond(bucket)) => {
                (PER_SECOND, bucket.parameters())
            }
            Kind::Timed(Timed::Share(bucket)) | Kind::Leased(_, Timed::Share(bucket)) => {
                (SHARE, bucket.parameters())
            }
            Kind::Quota(bucket) => (QUOTA, bucket.parameters()),
            Kind::Throttle(bucket) => (THROTTLE, bucket.parameters()),
        };
        let dry_run = u64::from(self.is_dry_run());
        [kind, one, two, three, four, dry_run, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
    }

    fn from_parameters(words: &GuardParameters) -> Result<Self, PolicyError> {
        let &[kind, one, two, three, four, dry_run, ..] = words;
        let count = |word: u64| u32::try_from(word).unwrap_or(u32::MAX);
        let dry_run = dry_run != 0;
        match kind {
            PER_SECOND => {
                let new = Self::per_second().rate(f64::from_bits(one)).capacity(count(two));
                new.dry_run(dry_run).build()
            }
            SHARE => {
                let new = Self::share().ratio(f64::from_bits(one)).floor(f64::from_bits(two));
                new.ttl(core::time::Duration::from_nanos(three)).dry_run(dry_run).build()
            }
            QUOTA => {
                let new = Self::quota().capacity(count(one)).retry_cost(count(two));
                new.timeout_cost(count(three)).throttled_cost(count(four)).dry_run(dry_run).build()
            }
            THROTTLE => {
                let new = Self::throttle().max_tokens(count(one)).token_ratio(f64::from_bits(two));
                new.dry_run(dry_run).build()
            }
            _ => Err(PolicyError::new("kind", "kind must be from 0 to 3", Value::Count(kind))),
        }
    }

    fn host_counts(&self) -> Vec<(&'static str, u64)> {
        Vec::from([("host_refused", self.state.refused.load(Relaxed))])
    }
}
