//! governor, a rate limiter, with the standard library's clock.

use std::hint::black_box;
use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{FakeRelativeClock, MonotonicClock};
use governor::{Quota, RateLimiter};

use crate::peer::Shared;
use crate::work::keyed;
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
    timed: &[
        (row::KEYED, || keyed(1_000, 1, by_key())),
        (row::KEYED_MANY, || keyed(100_000, 1, by_key())),
        (row::KEYED_TWO_THREADS, || keyed(1_000, 2, by_key())),
        (row::BUCKET_TIME, || check(generous(), true)),
        (row::BUCKET_FAST_CLOCK, || {
            let limiter = RateLimiter::direct(generous());
            Box::new(move |n| (0..n).for_each(|_| assert!(black_box(limiter.check()).is_ok())))
        }),
    ],
    ..Peer::named("governor")
};

/// With its own default clock.
fn by_key() -> impl Fn(&String) + Send + Sync {
    let limiter = RateLimiter::keyed(generous());
    move |key| assert!(black_box(limiter.check_key(key)).is_ok())
}

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
