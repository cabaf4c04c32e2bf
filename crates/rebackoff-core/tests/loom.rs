//! Every order of events on the atomics of budgets and breakers, for a few threads. Run by
//! `scripts/test-loom`.
#![cfg(loom)]

use loom::sync::Arc;
use loom::sync::atomic::{AtomicU64, Ordering::Relaxed};
use loom::thread;
use rebackoff_core::{
    Breaker, BreakerBuilder, BreakerState, Budget, CallGuards, Cost, Health, Permit, Seconds,
    Verdict, secs,
};

/// All orders in which threads are interrupted at most three times where they need not be
/// (`LOOM_MAX_PREEMPTIONS`).
fn explore(model: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = builder.preemption_bound.or(Some(3));
    builder.check(model);
}

fn at(seconds: f64) -> impl Fn() -> Seconds + Copy {
    move || Seconds::new(seconds).unwrap()
}

/// Does both at once, and gives what each came to.
///
/// Loom overlooks that a load and a later write are in conflict where the writer has loaded in
/// between; the turn, which both take and which orders nothing else, makes it try who comes first.
fn both<Shared: Send + Sync + 'static, T: 'static, U>(
    shared: &Arc<Shared>,
    one: impl FnOnce(&Shared) -> T + 'static,
    other: impl FnOnce(&Shared) -> U,
) -> (T, U) {
    let turn = Arc::new(AtomicU64::new(0));
    let thread = thread::spawn({
        let (shared, turn) = (Arc::clone(shared), Arc::clone(&turn));
        move || {
            turn.fetch_add(1, Relaxed);
            let done = one(&shared);
            turn.fetch_add(1, Relaxed);
            done
        }
    });
    turn.fetch_add(1, Relaxed);
    let other = other(shared);
    turn.fetch_add(1, Relaxed);
    (thread.join().unwrap(), other)
}

fn is_allowed(budget: &Budget, now: f64) -> bool {
    budget.withdraw_at(Cost::Retry, at(now)).is_ok()
}

/// Budgets that have one retry.
const OF_ONE_RETRY: [fn() -> Budget; 3] = [
    || Budget::per_second().capacity(1).build().unwrap(),
    || Budget::share().floor(1.0).ttl(secs(1)).build().unwrap(),
    || Budget::quota().capacity(5).timeout_cost(5).build().unwrap(),
];

#[test]
fn the_last_token_is_withdrawn_once() {
    for kind in OF_ONE_RETRY {
        explore(move || {
            let budget = Arc::new(kind());
            let allowed = both(&budget, |b| is_allowed(b, 0.0), |b| is_allowed(b, 0.0));
            assert_eq!(u8::from(allowed.0) + u8::from(allowed.1), 1);
            assert_eq!(budget.refused(), 1);
        });
    }
}

#[test]
fn a_deposit_is_not_lost_to_a_withdrawal() {
    explore(|| {
        let budget = Arc::new(Budget::share().ratio(1.0).floor(0.0).ttl(secs(1)).build().unwrap());
        let start = |b: &Budget| {
            b.handle_start_at(at(0.0));
            false
        };
        let (_, early) = both(&budget, start, |b| is_allowed(b, 0.0));
        assert!(early != is_allowed(&budget, 0.0) && !is_allowed(&budget, 0.0));
    });
    explore(|| {
        let budget =
            Arc::new(Budget::quota().capacity(6).retry_cost(5).timeout_cost(5).build().unwrap());
        let last = budget.withdraw_at(Cost::Retry, at(0.0)).ok();
        let succeed = move |b: &Budget| {
            b.handle_success(last);
            true
        };
        let (_, allowed) = both(&budget, succeed, |b| is_allowed(b, 0.0));
        let left = budget.tokens_at(at(0.0));
        assert!((left - if allowed { 1.0 } else { 6.0 }).abs() < 1e-9, "{allowed} {left}");
    });
}

#[test]
fn a_refund_is_not_lost_to_a_withdrawal_and_gives_one_retry() {
    for kind in OF_ONE_RETRY {
        explore(move || {
            let budget = Arc::new(kind());
            let paid = budget.withdraw_at(Cost::Retry, at(0.0)).unwrap();
            let refund = move |b: &Budget| {
                b.refund(paid);
                false
            };
            let (_, early) = both(&budget, refund, |b| is_allowed(b, 0.0));
            assert!(early != is_allowed(&budget, 0.0) && !is_allowed(&budget, 0.0));
        });
    }
}

#[test]
fn a_refund_in_a_slice_that_ends_allows_no_retry_more() {
    explore(|| {
        let budget = Arc::new(Budget::share().floor(2.0).ttl(secs(1)).build().unwrap());
        let paid = budget.withdraw_at(Cost::Retry, at(0.05)).unwrap();
        let refund = move |b: &Budget| {
            b.refund(paid);
            true
        };
        let (_, allowed) = both(&budget, refund, |b| is_allowed(b, 0.95));
        assert!(allowed);
        // The refund comes through, or is lost to the slice that ends; it never gives two.
        let more = (0..3).filter(|_| is_allowed(&budget, 0.95)).count();
        assert!(more <= 1, "{more}");
    });
}

#[test]
fn two_deposits_are_both_counted() {
    // In one slice, and in one and the next.
    for other in [0.0, 6.0] {
        explore(move || {
            let budget = Arc::new(Budget::share().ratio(1.0).floor(0.0).build().unwrap());
            both(&budget, |b| b.handle_start_at(at(0.0)), move |b| b.handle_start_at(at(other)));
            budget.handle_start_at(at(6.0));
            assert!((budget.tokens_at(at(6.0)) - 3.0).abs() < 1e-9);
        });
    }
}

#[test]
fn a_deposit_that_is_overtaken_by_a_window_is_counted_late_or_not_at_all() {
    explore(|| {
        let budget = Arc::new(Budget::share().ratio(1.0).floor(0.0).build().unwrap());
        both(&budget, |b| b.handle_start_at(at(0.0)), |b| b.handle_start_at(at(11.0)));
        let left = budget.tokens_at(at(11.0));
        assert!((left - 1.0).abs() < 1e-9 || (left - 2.0).abs() < 1e-9, "{left}");
    });
}

#[test]
fn a_slice_that_begins_under_withdrawals_loses_none_of_them() {
    for (one, other) in [(0.55, 0.95), (0.95, 0.95), (0.05, 0.95)] {
        explore(move || {
            let budget = Arc::new(Budget::share().floor(2.0).ttl(secs(1)).build().unwrap());
            assert!(is_allowed(&budget, 0.0));
            let allowed = both(&budget, move |b| is_allowed(b, one), move |b| is_allowed(b, other));
            assert!(allowed.0 != allowed.1, "{allowed:?}");
            // The retry of slice 0 has gone, the other one has not.
            assert!(is_allowed(&budget, 1.0) || one < 0.1);
        });
    }
}

#[test]
fn a_throttle_counts_failures_and_successes_of_many_threads() {
    explore(|| {
        let budget = Arc::new(Budget::throttle().build().unwrap());
        budget.handle_failure();
        both(&budget, |b| b.handle_failure(), |b| b.handle_success(None));
        assert!((budget.tokens_at(at(0.0)) - 8.1).abs() < 1e-9);
    });
}

fn breaker(set: impl Fn(BreakerBuilder) -> BreakerBuilder) -> Arc<Breaker> {
    Arc::new(set(Breaker::builder().open_for(secs(10))).build().unwrap())
}

fn settle(breaker: &Breaker, permit: Permit, health: Health, now: f64) {
    breaker.settle_at(permit, health, at(0.0), at(now), &mut || 0.5);
}

fn fail(breaker: &Breaker, now: f64) {
    if let Ok(permit) = breaker.admit_at(at(now)) {
        settle(breaker, permit, Health::Failure, now);
    }
}

#[test]
fn two_failures_trip_once() {
    for most in [1, 2] {
        explore(move || {
            let breaker = breaker(|b| b.consecutive(most));
            both(&breaker, |b| fail(b, 0.0), |b| fail(b, 0.0));
            assert_eq!((breaker.opened(), breaker.state_at(at(0.0))), (1, BreakerState::Open));
            assert!(breaker.failures() <= 2 && breaker.failures() >= u64::from(most));
        });
    }
}

#[test]
fn two_failures_of_a_window_trip_once() {
    let windows: [fn(BreakerBuilder) -> BreakerBuilder; 2] =
        [|b| b.min_calls(2), |b| b.window_calls(2)];
    for window in windows {
        explore(move || {
            let breaker = breaker(|b| window(b.failure_rate(1.0)));
            both(&breaker, |b| fail(b, 0.0), |b| fail(b, 0.0));
            assert_eq!((breaker.opened(), breaker.state_at(at(0.0))), (1, BreakerState::Open));
        });
    }
}

#[test]
fn no_more_probes_are_admitted_than_there_are_permits() {
    let is_probe = |b: &Breaker| b.admit_at(at(10.0)).is_ok_and(Permit::is_probe);
    explore(move || {
        let breaker = breaker(|b| b.consecutive(1));
        fail(&breaker, 0.0);
        let probes = both(&breaker, is_probe, is_probe);
        assert_eq!(u8::from(probes.0) + u8::from(probes.1), 1);
        assert_eq!((breaker.rejected(), breaker.opened()), (1, 1));
    });
    explore(move || {
        let breaker = breaker(|b| b.consecutive(1).probes(2));
        fail(&breaker, 0.0);
        assert!(is_probe(&breaker));
        let probes = both(&breaker, is_probe, is_probe);
        assert_eq!(u8::from(probes.0) + u8::from(probes.1), 1);
    });
}

#[test]
fn a_probe_that_asks_too_late_keeps_no_other_out() {
    explore(|| {
        let breaker = breaker(|b| b.consecutive(1).probe_timeout(secs(60)));
        fail(&breaker, 0.0);
        let force = |b: &Breaker| b.force_open_at(at(10.0));
        let (_, early) = both(&breaker, force, |b| b.admit_at(at(10.0)).ok());
        let probe = breaker.admit_at(at(20.0)).unwrap();
        assert!(probe.is_probe() && breaker.admit_at(at(20.0)).is_err());
        if let Some(early) = early {
            settle(&breaker, early, Health::Success, 20.0);
        }
        assert_eq!(breaker.state_at(at(20.0)), BreakerState::HalfOpen);
    });
}

#[test]
fn what_is_settled_late_changes_nothing() {
    explore(|| {
        let breaker = breaker(|b| b.consecutive(1));
        let late = breaker.admit_at(at(0.0)).unwrap();
        both(&breaker, move |b| settle(b, late, Health::Failure, 0.0), |b| b.reset());
        assert_eq!(breaker.state_at(at(0.0)), BreakerState::Closed);
        settle(&breaker, late, Health::Failure, 0.0);
        assert_eq!(breaker.state_at(at(0.0)), BreakerState::Closed);
    });
    explore(|| {
        let breaker = breaker(|b| b.consecutive(1).probes(2).close_after(1));
        fail(&breaker, 0.0);
        let probes = [breaker.admit_at(at(10.0)).unwrap(), breaker.admit_at(at(10.0)).unwrap()];
        let failed = move |b: &Breaker| settle(b, probes[0], Health::Failure, 11.0);
        both(&breaker, failed, |b| settle(b, probes[1], Health::Success, 11.0));
        // Whichever came first ended the half-open state; the other one came late.
        let state = breaker.state_at(at(11.0));
        assert!(matches!(
            (state, breaker.opened(), breaker.failures()),
            (BreakerState::Closed, 1, 1) | (BreakerState::Open, 2, 2)
        ));
    });
}

#[test]
fn a_place_is_released_or_expires_and_not_both() {
    explore(|| {
        let breaker = breaker(|b| b.consecutive(1).probe_timeout(secs(5)));
        fail(&breaker, 0.0);
        let slow = breaker.admit_at(at(10.0)).unwrap();
        let release = move |b: &Breaker| settle(b, slow, Health::Success, 14.0);
        let (_, next) = both(&breaker, release, |b| b.admit_at(at(15.0)).ok());
        let (next, state) = (next.unwrap(), breaker.state_at(at(15.0)));
        // A probe that was admitted between release and closing came before the last change.
        settle(&breaker, next, Health::Failure, 15.0);
        let end = breaker.state_at(at(15.0));
        match (state, next.is_probe()) {
            (BreakerState::Closed, true) => assert_eq!(end, BreakerState::Closed),
            (BreakerState::Closed, false) | (BreakerState::HalfOpen, true) => {
                assert_eq!(end, BreakerState::Open);
            }
            other => panic!("{other:?}"),
        }
    });
}

#[test]
fn a_window_that_begins_under_failures_goes_on_counting() {
    explore(|| {
        let breaker = breaker(|b| b.failure_rate(1.0).window_calls(2));
        both(&breaker, |b| fail(b, 0.0), |b| b.reset());
        assert!(breaker.counts_at(at(0.0)).failures <= 1);
        breaker.reset();
        fail(&breaker, 0.0);
        assert_eq!(breaker.counts_at(at(0.0)).failures, 1);
        fail(&breaker, 0.0);
        assert_eq!(breaker.state_at(at(0.0)), BreakerState::Open);
    });
}

#[test]
fn two_changes_of_state_follow_each_other() {
    explore(|| {
        let breaker = breaker(|b| b.failure_rate(1.0).min_calls(1));
        both(&breaker, |b| b.force_open_at(at(0.0)), |b| b.reset());
        fail(&breaker, 10.0);
        assert!(breaker.opened() >= 1);
        assert_eq!(breaker.state_at(at(10.0)), BreakerState::Open);
    });
}

#[test]
fn a_breaker_that_is_isolated_beside_its_first_probe_reports_each_change_once() {
    explore(|| {
        let breaker = breaker(|b| b.consecutive(1));
        fail(&breaker, 0.0);
        let admit = |b: &Breaker| b.admit_at(at(50.0)).ok().and_then(Permit::change);
        let (probe, isolated) = both(&breaker, admit, Breaker::isolate);
        let last = probe.map_or(BreakerState::Open, |change| change.to);
        assert_eq!(isolated.map(|change| change.from), Some(last));
    });
}

/// A call whose first try has failed, and that has paid for its retry.
fn paid(budget: &Budget, breaker: &Breaker) -> Option<CallGuards> {
    let (budget, breaker) = (Some(budget), Some(breaker));
    let mut call = CallGuards::new();
    call.handle_start(budget, breaker, at(0.0)).ok()?;
    call.handle_try();
    call.handle_settled(budget, breaker, Verdict::Retry, None, at(0.0), &mut || 0.5);
    call.handle_retry(budget, breaker, Cost::Retry, Seconds::ZERO, at(0.0)).ok()?;
    Some(call)
}

#[test]
fn two_calls_share_one_token_and_one_gives_it_back() {
    for kind in OF_ONE_RETRY {
        explore(move || {
            let shared = Arc::new((kind(), Breaker::builder().consecutive(9).build().unwrap()));
            let pay_and_drop = |(budget, breaker): &(Budget, Breaker)| {
                let call = paid(budget, breaker);
                let is_paid = call.is_some();
                if let Some(mut call) = call {
                    call.handle_abandoned(Some(budget), Some(breaker));
                }
                is_paid
            };
            let (one, other) = both(&shared, pay_and_drop, pay_and_drop);
            assert!(one || other);
            assert!(is_allowed(&shared.0, 0.0) && !is_allowed(&shared.0, 0.0));
        });
    }
}

#[test]
fn one_of_two_retries_is_the_probe_and_the_other_is_paid_back() {
    explore(|| {
        let budget = Budget::quota().capacity(10).build().unwrap();
        let breaker = Breaker::builder().consecutive(2).open_for(secs(10)).build().unwrap();
        let mut calls = [CallGuards::new(), CallGuards::new()];
        for call in &mut calls {
            call.handle_start(Some(&budget), Some(&breaker), at(0.0)).unwrap();
            call.handle_try();
        }
        for call in &mut calls {
            let (budget, breaker) = (Some(&budget), Some(&breaker));
            call.handle_settled(budget, breaker, Verdict::Retry, None, at(0.0), &mut || 0.5);
        }
        let wait = Seconds::new(10.0).unwrap();
        for call in &mut calls {
            let (budget, breaker) = (Some(&budget), Some(&breaker));
            assert_eq!(call.handle_retry(budget, breaker, Cost::Retry, wait, at(0.0)), Ok(()));
        }
        let [mut one, mut other] = calls;
        let shared = Arc::new((budget, breaker));
        let resume = |call: &mut CallGuards, (budget, breaker): &(Budget, Breaker)| {
            call.handle_resume(Some(budget), Some(breaker), at(10.0)).is_ok()
        };
        let resumed = both(
            &shared,
            move |guards| {
                let resumed = resume(&mut one, guards);
                one.handle_try();
                resumed
            },
            move |guards| {
                let resumed = resume(&mut other, guards);
                other.handle_try();
                resumed
            },
        );
        assert!(resumed.0 != resumed.1, "{resumed:?}");
        assert!((shared.0.tokens_at(at(10.0)) - 5.0).abs() < 1e-9);
        assert_eq!(shared.1.rejected(), 1);
    });
}

#[test]
fn a_probe_that_is_dropped_while_another_call_asks_leaves_its_place_free() {
    explore(|| {
        let breaker = breaker(|b| b.consecutive(1));
        fail(&breaker, 0.0);
        let mut probe = CallGuards::new();
        probe.handle_start(None, Some(&breaker), at(10.0)).unwrap();
        let drop_it = move |b: &Breaker| {
            probe.handle_abandoned(None, Some(b));
            false
        };
        let ask = |b: &Breaker| {
            let mut call = CallGuards::new();
            let admitted = call.handle_start(None, Some(b), at(10.0)).is_ok();
            call.handle_abandoned(None, Some(b));
            admitted
        };
        both(&breaker, drop_it, ask);
        assert!(breaker.admit_at(at(10.0)).is_ok_and(Permit::is_probe));
    });
}
