//! failsafe, a circuit breaker.

use std::hint::black_box;
use std::thread;
use std::time::Duration;

use failsafe::failure_policy::{consecutive_failures, success_rate_over_time_window};
use failsafe::{CircuitBreaker, Config, FailurePolicy, backoff};

use crate::peer::Shared;
use crate::work::{fail, repeat, succeed};
use crate::{Peer, edges, row};

pub const PEER: Peer = Peer {
    options: &[
        (row::BREAKER_CALL, |n| {
            let policy = consecutive_failures(5, backoff::constant(Duration::from_secs(30)));
            let breaker = Config::new().failure_policy(policy).build();
            repeat(n, |i| breaker.call(|| succeed(i)));
        }),
        (row::BREAKER_CALL_REJECTED, |n| {
            let breaker = tripped(Duration::from_secs(3_600));
            repeat(n, |i| breaker.call(|| succeed(i)));
        }),
    ],
    shared: &[
        (row::BREAKER, || {
            succeed_through(consecutive_failures(5, backoff::constant(Duration::from_secs(30))))
        }),
        (row::BREAKER_RATE, || {
            let (window, wait) = (Duration::from_secs(10), Duration::from_secs(30));
            let backoff = backoff::constant(wait);
            succeed_through(success_rate_over_time_window(0.5, 20, window, backoff))
        }),
        (row::BREAKER_REJECTED, || {
            let breaker = tripped(Duration::from_secs(3_600));
            Box::new(move |n| (0..n).for_each(|i| drop(black_box(breaker.call(|| succeed(i))))))
        }),
    ],
    edges: &[(edges::HALF_OPEN, || {
        let breaker = tripped(Duration::from_millis(1));
        thread::sleep(Duration::from_millis(20));
        edges::half_open(nest(&breaker, 10))
    })],
    ..Peer::named("failsafe")
};

fn succeed_through<P: FailurePolicy + Send + 'static>(policy: P) -> Shared {
    let breaker = Config::new().failure_policy(policy).build();
    Box::new(move |n| (0..n).for_each(|i| drop(black_box(breaker.call(|| succeed(i))))))
}

fn tripped(wait: Duration) -> impl CircuitBreaker + Send + Sync {
    let policy = consecutive_failures(1, backoff::constant(wait));
    let breaker = Config::new().failure_policy(policy).build();
    drop(breaker.call(|| fail(0)));
    assert!(!breaker.is_call_permitted(), "it was to open");
    breaker
}

fn nest(breaker: &impl CircuitBreaker, calls: usize) -> usize {
    if calls == 0 {
        return 0;
    }
    let inside = breaker.call(|| Ok::<_, ()>(1 + nest(breaker, calls - 1)));
    inside.unwrap_or(0)
}
