//! governor, a rate limiter, with the standard library's clock.

use std::hint::black_box;
use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{FakeRelativeClock, MonotonicClock};
use governor::{Quota, RateLimiter};

use crate::peer::Shared;
use crate::{Peer, row};

pub const PEER: Peer = Peer {
    rows: &[
        (row::BUCKET_AFTER_SECOND, |n| idle(Duration::from_secs(1), n)),
        (row::BUCKET_AFTER_MONTH, |n| idle(Duration::from_secs(30 * 86_400), n)),
    ],
    shared: &[
        (row::BUCKET, || check(generous(), true)),
        (row::BUCKET_REFUSED, || {
            check(Quota::with_period(Duration::from_secs(3_600)).unwrap(), false)
        }),
    ],
    ..Peer::named("governor")
};

fn generous() -> Quota {
    Quota::per_second(NonZeroU32::new(1_000_000).unwrap())
}

fn check(quota: Quota, permitted: bool) -> Shared {
    let limiter = RateLimiter::direct_with_clock(quota, MonotonicClock);
    if !permitted {
        let _ = limiter.check();
    }
    Box::new(move |n| {
        for _ in 0..n {
            assert_eq!(black_box(limiter.check()).is_ok(), permitted);
        }
    })
}

fn idle(pause: Duration, n: u64) {
    let clock = FakeRelativeClock::default();
    let limiter = RateLimiter::direct_with_clock(generous(), clock.clone());
    for _ in 0..n {
        clock.advance(black_box(pause));
        assert!(limiter.check().is_ok());
    }
}
