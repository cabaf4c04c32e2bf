//! Budgets and breakers under many real threads at once.
#![allow(clippy::disallowed_methods, reason = "these threads are the callers")]

use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;

use rebackoff_core::{Breaker, BreakerState, Budget, Cost, Health, Permit, Seconds, secs};

const THREADS: u32 = 8;
/// Miri takes a thousand times as long as the processor.
const TURNS: u32 = if cfg!(miri) { 40 } else { 5000 };

fn at(seconds: u64) -> impl Fn() -> Seconds + Copy {
    move || secs(seconds).into()
}

/// Does it on all threads at once, and sums up what it comes to.
fn on_all(work: impl Fn(u32) -> u64 + Sync) -> u64 {
    let (barrier, work) = (Barrier::new(THREADS as usize), &work);
    thread::scope(|scope| {
        let one = |number| {
            let barrier = &barrier;
            scope.spawn(move || {
                barrier.wait();
                work(number)
            })
        };
        let threads: Vec<_> = (0..THREADS).map(one).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    })
}

fn fail(breaker: &Breaker, now: u64) {
    let permit = breaker.admit_at(at(now)).unwrap();
    breaker.settle_at(permit, Health::Failure, at(0), at(now), &mut || 0.5);
}

#[test]
fn half_open_admits_exactly_its_probes_of_many_callers() {
    for probes in [1, 2, 5, 8] {
        let breaker = Breaker::builder().consecutive(1).open_for(secs(1)).probes(probes);
        let breaker = breaker.build().unwrap();
        for round in 0..u64::from(TURNS / 20) {
            let now = round * 10;
            fail(&breaker, now);
            let admitted = on_all(|_| {
                let probes =
                    (0..20).filter(|_| breaker.admit_at(at(now + 1)).is_ok_and(Permit::is_probe));
                probes.count() as u64
            });
            assert_eq!(admitted, u64::from(probes), "round {round}");
            breaker.reset();
        }
    }
}

#[test]
fn as_many_probes_are_out_as_there_are_permits_and_never_more() {
    let breaker =
        Breaker::builder().consecutive(1).probes(3).close_after(u32::MAX).build().unwrap();
    fail(&breaker, 0);
    let (out, most) = (AtomicU64::new(0), AtomicU64::new(0));
    let admitted = on_all(|_| {
        let mut admitted = 0;
        for _ in 0..TURNS {
            if let Ok(permit) = breaker.admit_at(at(40)) {
                most.fetch_max(out.fetch_add(1, Relaxed) + 1, Relaxed);
                admitted += 1;
                out.fetch_sub(1, Relaxed);
                breaker.settle_at(permit, Health::Success, at(0), at(40), &mut || 0.5);
            }
        }
        admitted
    });
    assert!(most.into_inner() <= 3);
    assert_eq!(admitted + breaker.rejected(), u64::from(TURNS * THREADS));
    assert_eq!(breaker.state_at(at(40)), BreakerState::HalfOpen);
}

#[test]
fn a_share_of_many_threads_is_exact() {
    let budget = Budget::share().ratio(0.3).floor(1.0).ttl(secs(10)).build().unwrap();
    let allowed = on_all(|number| {
        let now = at(u64::from(number));
        let mut allowed = 0;
        for _ in 0..TURNS {
            budget.handle_start_at(now);
            allowed += u64::from(budget.withdraw_at(Cost::Retry, now).is_ok());
        }
        allowed
    });
    let mut rest = 0;
    while budget.withdraw_at(Cost::Retry, at(7)).is_ok() {
        rest += 1;
    }
    assert_eq!(allowed + rest, u64::from(TURNS * THREADS) * 3 / 10 + 10);
}

#[test]
fn tokens_of_many_threads_are_neither_lost_nor_made() {
    let bucket = Budget::per_second().capacity(TURNS).build().unwrap();
    let allowed = on_all(|_| {
        let retries = (0..TURNS).filter(|_| bucket.withdraw_at(Cost::Retry, at(5)).is_ok());
        retries.count() as u64
    });
    assert_eq!((allowed, bucket.refused()), (TURNS.into(), u64::from(TURNS * (THREADS - 1))));

    let quota = Budget::quota().capacity(1000).build().unwrap();
    let failed = on_all(|number| {
        let mut failed = 0;
        for turn in 0..TURNS {
            if let Ok(last) = quota.withdraw_at(Cost::Retry, at(0)) {
                if (turn + number) % 40 == 0 {
                    failed += 1;
                } else {
                    quota.handle_success(Some(last));
                }
            }
        }
        failed
    });
    #[allow(clippy::cast_precision_loss, reason = "at most 200")]
    let spent = failed as f64 * 5.0;
    assert!((quota.tokens_at(at(0)) - (1000.0 - spent)).abs() < 1e-9);
}

#[test]
fn a_window_of_many_threads_counts_every_call() {
    let breaker = Breaker::builder().failure_rate(1.0).min_calls(u32::MAX).build().unwrap();
    on_all(|number| {
        for turn in 0..TURNS {
            let permit = breaker.admit_at(at(3)).unwrap();
            let health = if (turn + number) % 4 == 0 { Health::Failure } else { Health::Success };
            breaker.settle_at(permit, health, at(0), at(3), &mut || 0.5);
        }
        0
    });
    let counts = breaker.counts_at(at(3));
    let calls = u64::from(TURNS * THREADS);
    assert_eq!((counts.calls, counts.failures), (calls, calls / 4));
}

#[test]
fn a_breaker_under_all_events_at_once_stays_of_use() {
    let breaker = Breaker::builder()
        .failure_rate(0.5)
        .window_calls(20)
        .open_for(rebackoff_core::millis(1))
        .probe_timeout(secs(1));
    let breaker = breaker.build().unwrap();
    on_all(|number| {
        for turn in 0..TURNS {
            let now = || Seconds::new(f64::from(turn)).unwrap();
            match (turn * 7 + number * 3) % 31 {
                0 => {
                    breaker.reset();
                }
                1 => {
                    breaker.force_open_at(now);
                }
                2 => {
                    breaker.isolate();
                }
                _ => {
                    if let Ok(permit) = breaker.admit_at(now) {
                        let failed = (turn + number) % 3 == 0;
                        let health = if failed { Health::Failure } else { Health::Success };
                        breaker.settle_at(permit, health, at(0), now, &mut || 0.5);
                    }
                }
            }
        }
        0
    });
    breaker.reset();
    assert_eq!(breaker.counts_at(at(6000)).calls, 0);
    for _ in 0..20 {
        assert_eq!(breaker.state_at(at(6000)), BreakerState::Closed);
        fail(&breaker, 6000);
    }
    assert_eq!(breaker.state_at(at(6000)), BreakerState::Open);
}
