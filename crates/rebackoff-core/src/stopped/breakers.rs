use core::cell::Cell;
use core::time::Duration;
use std::vec::Vec;

use super::{combinations, each_stop};
use crate::host::HostGuard;
use crate::{
    Breaker, BreakerBuilder, BreakerState, Health, HostClock, Moment, Permit, Seconds, StateChange,
    secs,
};

fn at(seconds: u64) -> impl Fn() -> Moment + Copy {
    move || Duration::from_secs(seconds).into()
}

/// A call that ends with `health`; `None` where the breaker rejects it.
fn call(breaker: &Breaker, now: u64, health: Health) -> Option<Permit> {
    let permit = breaker.admit_at(at(now)).ok()?;
    settle(breaker, permit, now, health);
    Some(permit)
}

fn settle(breaker: &Breaker, permit: Permit, now: u64, health: Health) {
    breaker.settle_at(permit, health, || Seconds::ZERO, at(now), &mut || 0.5);
}

fn no_result<T>(_: T) {}

const PROBES: usize = 2;

fn breakers() -> [BreakerBuilder; 4] {
    let all = Breaker::builder().open_for(secs(10)).growth(2.0).probe_timeout(secs(7)).probes(2);
    [
        all.consecutive(3),
        all.failure_rate(0.5).min_calls(3),
        all.failure_rate(0.5).min_calls(3).window_calls(4),
        all.slow_rate(0.5, secs(1)).failure_rate(0.5).min_calls(3),
    ]
}

/// The states from which an operation begins, with the time that it is then.
const SCENES: [fn(&Breaker) -> u64; 6] = [
    |_| 0,
    |breaker| {
        call(breaker, 3, Health::Failure);
        call(breaker, 3, Health::Failure);
        3
    },
    |breaker| {
        trip(breaker, 5);
        5
    },
    |breaker| {
        trip(breaker, 5);
        100
    },
    |breaker| {
        trip(breaker, 5);
        call(breaker, 100, Health::Success);
        100
    },
    |breaker| {
        // The next change forgets earlier turns.
        (0..63).for_each(|_| no_result(breaker.reset()));
        call(breaker, 3, Health::Failure);
        call(breaker, 3, Health::Failure);
        3
    },
];

const OPERATIONS: [fn(&Breaker, u64); 8] = [
    |breaker, now| no_result(call(breaker, now, Health::Failure)),
    |breaker, now| no_result(call(breaker, now, Health::Success)),
    |breaker, now| no_result(call(breaker, now, Health::Neutral)),
    |breaker, now| no_result(breaker.admit_at(at(now))),
    |breaker, now| no_result(breaker.check_at(at(now))),
    |breaker, now| no_result(breaker.force_open_at(at(now))),
    |breaker, _| no_result(breaker.isolate()),
    |breaker, _| no_result(breaker.reset()),
];

fn trip(breaker: &Breaker, now: u64) {
    for _ in 0..3 {
        call(breaker, now, Health::Failure);
    }
    assert_eq!(breaker.state_at(at(now)), BreakerState::Open);
}

/// Probes until the breaker is closed. Returns the time that it is then.
fn close(breaker: &Breaker, now: u64) -> u64 {
    for now in now..now + 100 {
        match breaker.state_at(at(now)) {
            BreakerState::Closed => return now,
            BreakerState::Isolated => no_result(breaker.reset()),
            BreakerState::Open => assert!(breaker.admit_at(at(now)).is_err()),
            BreakerState::HalfOpen => {
                let probes: Vec<_> = (0..9).map_while(|_| breaker.admit_at(at(now)).ok()).collect();
                assert!(probes.len() <= PROBES, "{probes:?}");
                for probe in probes {
                    settle(breaker, probe, now, Health::Success);
                }
            }
        }
    }
    panic!("does not close: {breaker:?}");
}

#[test]
fn changes_that_are_reported_follow_on_each_other_after_a_stop_of_the_first_probe() {
    let later: [fn(&Breaker) -> Option<StateChange>; 4] = [
        |breaker| breaker.admit_at(at(100)).unwrap().change(),
        |breaker| breaker.force_open_at(at(100)),
        Breaker::isolate,
        Breaker::reset,
    ];
    for later in later {
        each_stop(|stopping| {
            let breaker = Breaker::builder().consecutive(1).probes(2).build().unwrap();
            call(&breaker, 0, Health::Failure);
            let reported = Cell::new(BreakerState::Open);
            let report = |change: Option<StateChange>| {
                if let Some(change) = change {
                    assert_eq!(change.from, reported.replace(change.to));
                }
            };
            let is_stopped = stopping(&mut || report(breaker.admit_at(at(50)).unwrap().change()));
            report(later(&breaker));
            assert_eq!(reported.get(), breaker.state_at(at(100)));
            is_stopped
        });
    }
}

#[test]
fn a_breaker_trips_refuses_and_closes_after_a_stop_between_any_two_steps() {
    let (breakers, later) = (breakers(), [0, 1, 200]);
    let lengths = [breakers.len(), SCENES.len(), OPERATIONS.len(), later.len()];
    for [breaker, scene, operation, wait] in combinations(lengths) {
        each_stop(|stopping| {
            let breaker = breakers[breaker].build().unwrap();
            let now = SCENES[scene](&breaker);
            let is_stopped = stopping(&mut || OPERATIONS[operation](&breaker, now));
            let mut now = close(&breaker, now + later[wait]);
            for _ in 0..2 {
                trip(&breaker, now);
                assert!(breaker.admit_at(at(now)).is_err());
                now = close(&breaker, now);
            }
            is_stopped
        });
    }
}

#[test]
fn a_probe_that_is_killed_holds_its_place_until_it_expires() {
    let breaker = Breaker::builder().consecutive(1).open_for(secs(10)).probe_timeout(secs(7));
    let breaker = breaker.build().unwrap();
    call(&breaker, 0, Health::Failure);
    assert!(breaker.admit_at(at(10)).is_ok());
    assert!(breaker.admit_at(at(16)).is_err());
    assert!(breaker.admit_at(at(17)).is_ok());
}

#[test]
fn a_shared_breaker_goes_by_the_clock_of_the_host() {
    static CLOCK: fn() -> Moment = || Duration::from_secs(1000).into();
    let asked = Cell::new(false);
    let now = || {
        asked.set(true);
        Moment::ZERO
    };
    let breaker = Breaker::builder().consecutive(1).open_for(secs(10)).build().unwrap();
    let breaker = breaker.with_host_clock(HostClock::new(&CLOCK));
    let permit = breaker.admit_at(now).unwrap();
    breaker.settle_at(permit, Health::Failure, || Seconds::ZERO, now, &mut || 0.5);
    assert_eq!(breaker.admit_at(now).unwrap_err().retry_in, Seconds::new(10.0));
    assert!(!asked.get());
    let counts = [("host_rejected", 1), ("host_opened", 1), ("host_failures", 1)];
    assert_eq!(breaker.host_counts(), counts);
}

#[test]
fn parameters_make_the_breaker_again() {
    let more = Breaker::builder().window_time(secs(7)).jitter(crate::Jitter::Equal).dry_run(true);
    let more = more.failure_rate(1.0 / 3.0).max_open_for(secs(86_400 * 29));
    for breaker in breakers().into_iter().chain([more]) {
        let breaker = breaker.build().unwrap();
        let again = Breaker::from_parameters(&breaker.parameters()).unwrap();
        assert_eq!(again.parameters(), breaker.parameters());
        assert_eq!(std::format!("{again:?}"), std::format!("{breaker:?}"));
    }
    assert!(Breaker::from_parameters(&[0; 16]).is_err());
    assert!(Breaker::from_parameters(&[u64::MAX; 16]).is_err());
}
