//! tower, which is async alone: its retry layer, with the policy that its user writes around its
//! backoff, and its budget.

use std::future::ready;
use std::hint::black_box;
use std::time::Duration;

use tower::retry::backoff::{Backoff, ExponentialBackoff, ExponentialBackoffMaker, MakeBackoff};
use tower::retry::budget::{Budget, TpsBudget};
use tower::retry::{Policy, Retry};
use tower::util::rng::HasherRng;
use tower::{Service, ServiceExt, service_fn};

use crate::clock::{self, PAUSE};
use crate::edges::{self, TEN};
use crate::peer::Shared;
use crate::work::{
    CAP, CROWD_CAP, CROWD_FIRST, CROWD_TRIES, FIRST, Failure, RETRIES, TRIES, crowd,
    on_paused_tokio, on_tokio, paused, succeed, target,
};
use crate::{Peer, row};

pub const PEER: Peer = Peer {
    rows: &[
        (row::ASYNC_SUCCESS, async_success),
        (row::ASYNC_RETRY_TIMER, async_retry_timer),
        (row::SHARE_AFTER_SECOND, |n| idle(Duration::from_secs(1), n)),
        (row::SHARE_AFTER_MONTH, |n| idle(Duration::from_secs(30 * 86_400), n)),
    ],
    shared: &[
        (row::SHARE, || withdraw(i32::MAX as u32 - 1, true)),
        (row::SHARE_REFUSED, || withdraw(0, false)),
        (row::SHARE_DEPOSIT, || {
            let budget = TpsBudget::new(Duration::from_secs(60), 10, 0.2);
            Box::new(move |n| (0..n).for_each(|_| budget.deposit()))
        }),
    ],
    future_bytes: Some(|| {
        let mut service = Retry::new(attempts(FIRST, CAP, TRIES), service_fn(target));
        size_of_val(&service.call(1))
    }),
    crowd: Some(|| {
        crowd(|flaky| {
            let attempts = attempts(CROWD_FIRST, CROWD_CAP, CROWD_TRIES);
            Retry::new(attempts, service_fn(move |_| flaky.call())).oneshot(1)
        });
    }),
    clocked: Some(|| {
        let attempts = attempts(PAUSE, 2 * PAUSE, clock::TRIES);
        let mut service = Retry::new(attempts, service_fn(|_| ready(clock::target())));
        on_tokio(1, |_| service.call(1));
    }),
    edges: &[
        (edges::GROWTH, || {
            let millis = Duration::from_millis(u64::MAX);
            edges::growth(waits(FIRST, millis, 0.0).into_iter())
        }),
        (edges::LONGEST, || edges::longest(waits(Duration::MAX, Duration::MAX, 1.0).into_iter())),
        (edges::AT_CAP, || edges::at_cap(waits(FIRST, TEN, 1.0).into_iter().skip(10))),
        (edges::TWO_SESSIONS, two_sessions),
    ],
    ..Peer::named("tower")
};

#[derive(Clone)]
struct Attempts {
    left: u64,
    backoff: ExponentialBackoff,
}

impl Policy<u64, u64, Failure> for Attempts {
    type Future = tokio::time::Sleep;

    fn retry(
        &mut self,
        _request: &mut u64,
        result: &mut Result<u64, Failure>,
    ) -> Option<Self::Future> {
        if result.is_ok() {
            return None;
        }
        self.left = self.left.checked_sub(1)?;
        Some(self.backoff.next_backoff())
    }

    fn clone_request(&mut self, request: &u64) -> Option<u64> {
        Some(*request)
    }
}

fn maker(first: Duration, cap: Duration, jitter: f64) -> ExponentialBackoffMaker {
    ExponentialBackoffMaker::new(first, cap, jitter, HasherRng::default()).unwrap()
}

fn attempts(first: Duration, cap: Duration, tries: u64) -> Attempts {
    black_box(Attempts { left: tries - 1, backoff: maker(first, cap, 1.0).make_backoff() })
}

fn async_success(n: u64) {
    let service = service_fn(|i| async move { succeed(i) });
    let mut service = Retry::new(attempts(FIRST, CAP, TRIES), service);
    on_tokio(n, |i| service.call(i));
}

fn async_retry_timer(n: u64) {
    let mut service = Retry::new(attempts(FIRST, CAP, RETRIES + 1), service_fn(target));
    on_paused_tokio(n / RETRIES, |i| service.call(i));
}

fn withdraw(reserve: u32, permitted: bool) -> Shared {
    let budget = TpsBudget::new(Duration::from_secs(60), reserve, 1.0);
    Box::new(move |n| {
        for _ in 0..n {
            assert_eq!(black_box(budget.withdraw()), permitted);
        }
    })
}

fn idle(pause: Duration, n: u64) {
    paused(async {
        let budget = TpsBudget::new(Duration::from_secs(1), 1_000, 1.0);
        for _ in 0..n {
            tokio::time::advance(black_box(pause)).await;
            assert!(budget.withdraw());
        }
    });
}

fn waits(first: Duration, cap: Duration, jitter: f64) -> Vec<Duration> {
    paused(async { session(&mut maker(first, cap, jitter), 2_000) })
}

/// Its backoff gives a sleep, from which the wait has to be worked out.
fn session(maker: &mut ExponentialBackoffMaker, waits: usize) -> Vec<Duration> {
    let mut backoff = maker.make_backoff();
    let now = tokio::time::Instant::now();
    (0..waits).map(|_| backoff.next_backoff().deadline() - now).collect()
}

fn two_sessions() -> String {
    paused(async {
        let mut maker = maker(FIRST, TEN, 1.0);
        edges::two_sessions(|| session(&mut maker, 8).into_iter())
    })
}
