//! Breakers beyond the vectors: wrong parameters, extreme clocks, late and double returns.

use proptest::prelude::*;
use rebackoff_core::{
    Breaker, BreakerState, CallCounts, Health, Jitter, Permit, Seconds, StateChange, millis, secs,
};

fn at(seconds: f64) -> impl Fn() -> Seconds + Copy {
    move || Seconds::new(seconds).unwrap()
}

fn settle(breaker: &Breaker, permit: Permit, health: Health, now: f64) {
    breaker.settle_at(permit, health, at(0.0), at(now), &mut || 0.5);
}

fn fail(breaker: &Breaker, now: f64) {
    settle(breaker, breaker.admit_at(at(now)).unwrap(), Health::Failure, now);
}

#[test]
fn a_breaker_says_what_is_wrong_with_it() {
    let new = Breaker::builder;
    let rate = || new().failure_rate(0.5);
    let errors = [
        new().consecutive(0),
        new().min_calls(5),
        new().window_calls(5),
        new().window_time(secs(5)),
        rate().consecutive(5),
        new().failure_rate(0.0),
        new().failure_rate(1.1),
        new().failure_rate(f64::NAN),
        new().slow_rate(f64::INFINITY, secs(1)),
        rate().min_calls(0),
        rate().window_calls(0),
        rate().window_calls(1_000_001),
        rate().window_calls(10).min_calls(11),
        rate().window_time(millis(999)),
        rate().window_time(secs(601)),
        new().open_for(secs(0)),
        new().growth(0.5),
        new().max_open_for(secs(29)),
        new().probes(0),
        new().probes(17),
        new().close_after(0),
        new().probe_timeout(secs(2_678_400)),
    ];
    let told = errors.map(|error| error.build().unwrap_err().to_string());
    assert_eq!(
        told,
        [
            "consecutive must be at least 1, but it is 0",
            "min_calls must be given together with a rate, but it is 5",
            "window_calls must be given together with a rate, but it is 5",
            "window_time must be given together with a rate, but it is 5s",
            "consecutive must not be given together with a rate, but it is 5",
            "failure_rate must be above 0 and at most 1, but it is 0",
            "failure_rate must be above 0 and at most 1, but it is 1.1",
            "failure_rate must be above 0 and at most 1, but it is NaN",
            "slow_rate must be above 0 and at most 1, but it is inf",
            "min_calls must be at least 1, but it is 0",
            "window_calls must be from 1 to 1000000, but it is 0",
            "window_calls must be from 1 to 1000000, but it is 1000001",
            "min_calls must be at most window_calls, but it is 11",
            "window_time must be from 1s to 10m, but it is 999ms",
            "window_time must be from 1s to 10m, but it is 10m 1s",
            "open_for must be from 1ms to 30d, but it is 0s",
            "growth must be from 1 to 1000, but it is 0.5",
            "max_open_for must be from open_for to 30d, but it is 29s",
            "probes must be from 1 to 16, but it is 0",
            "probes must be from 1 to 16, but it is 17",
            "close_after must be at least 1, but it is 0",
            "probe_timeout must be from 1ms to 30d, but it is 31d",
        ]
    );
}

#[test]
fn a_breaker_prints_the_window_that_was_asked_for() {
    let rates = Breaker::builder().failure_rate(0.5).window_calls(25).open_for(secs(5));
    assert_eq!(
        rates.build().unwrap().to_string(),
        "opens at 50% failures in 25 calls (20 calls or more), for 5s"
    );
}

#[test]
fn the_longest_open_time_by_default_is_one_that_can_be_asked_for() {
    let month = secs(2_592_000);
    let breaker = Breaker::builder().consecutive(1).open_for(month).growth(2.0).build().unwrap();
    assert!(breaker.to_string().ends_with("(times 2, up to 30d)"), "{breaker}");
}

#[test]
fn a_probe_that_returns_twice_counts_once() {
    let breaker = Breaker::builder().consecutive(1).close_after(2).build().unwrap();
    fail(&breaker, 0.0);
    let probe = breaker.admit_at(at(30.0)).unwrap();
    settle(&breaker, probe, Health::Success, 30.0);
    settle(&breaker, probe, Health::Success, 30.0);
    settle(&breaker, probe, Health::Failure, 30.0);
    assert_eq!(breaker.state_at(at(30.0)), BreakerState::HalfOpen);
}

#[test]
fn failures_of_a_clock_that_went_back_do_not_outnumber_their_calls() {
    let breaker = Breaker::builder().failure_rate(0.5).min_calls(10).build().unwrap();
    for slice in 0..10 {
        (0..4).for_each(|_| fail_or_succeed(&breaker, f64::from(slice), slice == 0));
        // Four of ten calls, and later fewer, have failed: it stays closed.
    }
    for slice in 10..15 {
        (0..40).for_each(|_| fail_or_succeed(&breaker, f64::from(slice), false));
    }
    // The calls of the first slices are gone, and so are the failures among them.
    let counts = breaker.counts_at(at(9.0));
    assert_eq!(counts, CallCounts { calls: 20, failures: 0, slow: 0 });
    assert_eq!(breaker.counts_at(at(14.0)), CallCounts { calls: 220, failures: 0, slow: 0 });
}

fn fail_or_succeed(breaker: &Breaker, now: f64, failed: bool) {
    let permit = breaker.admit_at(at(now)).unwrap();
    settle(breaker, permit, if failed { Health::Failure } else { Health::Success }, now);
}

proptest! {
    #[test]
    fn no_clock_is_too_strange(
        times in proptest::collection::vec(
            prop_oneof![Just(0.0), 0.0..1e3, 0.0..1e7, 4e9..5e9, Just(1.8e10), Just(f64::INFINITY)],
            1..80,
        ),
        kind in 0..3_usize,
        growth in prop_oneof![Just(1.0), Just(1000.0)],
    ) {
        let new = Breaker::builder().growth(growth).jitter(Jitter::Random).probes(2);
        let breaker = [
            new.consecutive(1),
            new.failure_rate(0.1).window_calls(3),
            new.slow_rate(0.1, millis(1)).window_time(secs(1)).min_calls(1),
        ][kind].build().unwrap();
        for (number, time) in times.into_iter().enumerate() {
            let now = at(time);
            if let Some(retry_in) = breaker.check_at(now).err().and_then(|open| open.retry_in) {
                prop_assert!(retry_in.get() <= Seconds::MAX.get());
            }
            if number % 17 == 16 {
                breaker.force_open_at(now);
            }
            if let Ok(permit) = breaker.admit_at(now) {
                let health = if number % 3 == 0 { Health::Success } else { Health::Failure };
                breaker.settle_at(permit, health, now, now, &mut || 0.999);
            }
            let counts = breaker.counts_at(now);
            prop_assert!(counts.failures <= counts.calls && counts.slow <= counts.calls);
        }
    }
}

#[test]
fn one_failure_is_no_row() {
    let breaker = Breaker::builder().consecutive(1).build().unwrap();
    assert_eq!(breaker.to_string(), "opens after a failure, for 30s");
}

#[test]
fn each_change_of_state_is_returned_once_by_the_call_that_made_it() {
    use BreakerState::{Closed, HalfOpen, Isolated, Open};
    let at = |seconds: f64| move || Seconds::new(seconds).unwrap();
    let states = |change: Option<StateChange>| change.map(|change| (change.from, change.to));
    let breaker = Breaker::builder().consecutive(2).open_for(secs(1)).probes(2).build().unwrap();
    let mut draws = || 0.0;
    let mut settle = |permit, health, time| {
        states(breaker.settle_at(permit, health, || Seconds::ZERO, at(time), &mut draws))
    };
    let [first, second, late] = [(); 3].map(|()| breaker.admit_at(at(0.0)).unwrap());
    assert_eq!(settle(first, Health::Failure, 0.0), None);
    assert_eq!(settle(second, Health::Failure, 0.0), Some((Closed, Open)));
    assert_eq!(settle(late, Health::Failure, 0.0), None);

    let [probe, other] = [(); 2].map(|()| breaker.admit_at(at(1.0)).unwrap());
    assert_eq!((states(probe.change()), other.change()), (Some((Open, HalfOpen)), None));
    assert_eq!(settle(probe, Health::Success, 1.0), None);
    assert_eq!(settle(other, Health::Success, 1.0), Some((HalfOpen, Closed)));

    assert_eq!(states(breaker.force_open_at(at(2.0))), Some((Closed, Open)));
    assert_eq!(states(breaker.force_open_at(at(2.0))), None);
    let again = breaker.admit_at(at(3.0)).unwrap();
    assert_eq!(states(again.change()), Some((Open, HalfOpen)));
    assert_eq!(settle(again, Health::Failure, 3.0), Some((HalfOpen, Open)));
    assert_eq!(states(breaker.isolate()), Some((Open, Isolated)));
    assert_eq!(states(breaker.reset()), Some((Isolated, Closed)));
    assert_eq!(states(breaker.reset()), None);
}
