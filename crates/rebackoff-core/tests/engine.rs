//! Properties of the engine that hold for every policy: bounds, independence, no surprise.

use std::time::Duration;

use proptest::prelude::*;
use rebackoff_core::{
    Above, Engine, Jitter, LastWait, Policy, Reason, Seconds, Step, Verdict, Wait, constant, decay,
    decorrelated, expo, fibo, linear, policy, secs,
};

fn millis() -> impl Strategy<Value = Duration> {
    prop_oneof![Just(0), 1..100_u64, 100..600_000_u64].prop_map(Duration::from_millis)
}

fn waits() -> impl Strategy<Value = Wait> {
    prop_oneof![
        millis().prop_map(|interval| constant().interval(interval).wait()),
        (millis(), millis()).prop_map(|(start, step)| linear().start(start).step(step).wait()),
        (0.5..4.0_f64, millis(), millis()).prop_map(|(base, factor, more)| {
            expo().base(base).factor(factor).max_value(factor + more).wait()
        }),
        millis().prop_map(|more| fibo().max_value(secs(1) + more).wait()),
        (millis(), 0.0..3.0_f64)
            .prop_map(|(initial, by)| decay().initial_value(initial).decay_factor(by).wait()),
        (1..60_000_u64, millis()).prop_map(|(base, more)| {
            let base = Duration::from_millis(base);
            decorrelated().base(base).max_value(base + more).wait()
        }),
    ]
}

fn jitters() -> impl Strategy<Value = Jitter> {
    prop_oneof![Just(Jitter::Full), Just(Jitter::Equal), Just(Jitter::Random), Just(Jitter::None)]
}

prop_compose! {
    fn policies()(
        wait in waits(),
        jitter in jitters(),
        max_tries in proptest::option::of(1..50_u64),
        max_time in proptest::option::of(millis()),
        stop in any::<bool>(),
        (ceiling, cap, spread) in (millis(), any::<bool>(), 0.0..=1.0_f64),
    ) -> Policy {
        let mut policy = Policy::new(wait);
        if !matches!(wait, Wait::Decorrelated(_)) {
            policy = policy.jitter(jitter);
        }
        if let Some(max_tries) = max_tries {
            policy = policy.max_tries(max_tries);
        }
        if let Some(max_time) = max_time {
            policy = policy.max_time(max_time);
        }
        if stop {
            policy = policy.last_wait(LastWait::Stop);
        }
        if cap {
            policy = policy.hint_above(Above::Cap);
        }
        policy.hint_ceiling(ceiling).hint_spread(spread).build().unwrap()
    }
}

/// The engine of a call whose first try has begun.
fn first_try() -> Engine {
    let mut engine = Engine::new();
    engine.handle_try();
    engine
}

/// Runs a call whose tries take no time and always fail, for at most 60 tries.
fn run(policy: &Policy, seed: u64) -> (Vec<Seconds>, Option<Reason>) {
    run_through(policy, seed, |engine| engine)
}

/// The steps of an engine that goes through `pass` before each try.
fn run_through(
    policy: &Policy,
    seed: u64,
    pass: impl Fn(Engine) -> Engine,
) -> (Vec<Seconds>, Option<Reason>) {
    let mut rng = fastrand::Rng::with_seed(seed);
    let mut draws = || rng.f64();
    let (mut engine, mut elapsed, mut waits) = (Engine::new(), Seconds::ZERO, Vec::new());
    while waits.len() < 60 {
        engine = pass(engine);
        engine.handle_try();
        match engine.handle_outcome(policy, Verdict::Retry, elapsed, &mut draws) {
            Step::Retry { wait, .. } => {
                elapsed = elapsed.saturating_add(wait);
                waits.push(wait);
            }
            Step::GiveUp { reason, .. } => return (waits, Some(reason)),
            Step::Accept => unreachable!("nothing was accepted"),
        }
    }
    (waits, None)
}

proptest! {
    #[test]
    fn a_wait_is_never_above_its_strategys_cap(policy in policies(), seed in any::<u64>()) {
        for wait in run(&policy, seed).0 {
            prop_assert!(wait <= policy.wait().cap());
        }
    }

    #[test]
    fn a_wait_is_never_above_what_the_schedule_says(policy in policies(), seed in any::<u64>()) {
        for (n, wait) in (0..).zip(run(&policy, seed).0) {
            let longest = policy.longest_wait(n).unwrap();
            prop_assert!(wait.to_duration() <= longest + Duration::from_nanos(1));
        }
    }

    #[test]
    fn a_call_goes_on_elsewhere_as_it_would_have_here(policy in policies(), seed in any::<u64>()) {
        let elsewhere = |engine: Engine| Engine::resume(engine.tries(), engine.position().previous);
        prop_assert_eq!(run_through(&policy, seed, elsewhere), run(&policy, seed));
    }

    #[test]
    fn limits_hold(policy in policies(), seed in any::<u64>()) {
        let (waits, reason) = run(&policy, seed);
        if let Some(max_tries) = policy.max_tries() {
            prop_assert!((waits.len() as u64) < max_tries.get());
        }
        if let (Some(max_time), Some(worst)) = (policy.max_time(), policy.worst_case()) {
            let total: Duration = waits.iter().map(|wait| wait.to_duration()).sum();
            prop_assert!(total <= max_time + Duration::from_nanos(60));
            prop_assert!(total <= worst + Duration::from_nanos(60));
        }
        prop_assert!(matches!(reason, None | Some(Reason::MaxTries | Reason::MaxTime)));
    }

    #[test]
    fn the_same_draws_give_the_same_call(policy in policies(), seed in any::<u64>()) {
        prop_assert_eq!(run(&policy, seed), run(&policy, seed));
    }

    #[test]
    fn a_hint_is_a_floor(policy in policies(), hint in 0..1_000_000_u64, draw in 0.0..1.0_f64) {
        let hint = Seconds::from_duration(Duration::from_millis(hint));
        let verdict = Verdict::RetryAfter(hint);
        let step = first_try().handle_outcome(&policy, verdict, Seconds::ZERO, &mut || draw);
        match step {
            Step::Retry { wait, .. } => {
                let bare = first_try().handle_outcome(&policy, Verdict::Retry, Seconds::ZERO, &mut || draw);
                let Step::Retry { wait: bare, .. } = bare else { unreachable!("{bare:?}") };
                let floor = hint.min(policy.limits().hints.ceiling);
                let spread = floor.get() * (1.0 + policy.limits().hints.spread);
                prop_assert!(wait >= floor && wait >= bare);
                prop_assert!(wait.get() <= bare.get().max(spread) + 1e-6);
            }
            Step::GiveUp { reason: Reason::Hint, .. } => {
                let past_deadline = policy.max_time().is_some_and(|limit| hint.to_duration() > limit);
                prop_assert!(past_deadline || hint > policy.limits().hints.ceiling);
            }
            Step::GiveUp { reason, .. } => {
                prop_assert!(matches!(reason, Reason::MaxTries | Reason::MaxTime));
            }
            Step::Accept => prop_assert!(false),
        }
    }

    #[test]
    fn the_condition_speaks_before_any_limit(policy in policies(), elapsed in millis()) {
        let elapsed = Seconds::from_duration(elapsed);
        let step = |verdict| first_try().handle_outcome(&policy, verdict, elapsed, &mut || 0.5);
        prop_assert_eq!(step(Verdict::Accept), Step::Accept);
        prop_assert_eq!(step(Verdict::GiveUp), Step::GiveUp { reason: Reason::Giveup, tries: 1 });
        prop_assert_eq!(step(Verdict::Stop), Step::GiveUp { reason: Reason::Hint, tries: 1 });
    }
}

/// Waits at the cap of 10 s, from a fixed seed.
fn at_the_cap(jitter: Jitter) -> Vec<f64> {
    let policy = Policy::new(expo().factor(secs(10)).max_value(secs(10))).jitter(jitter);
    let policy = policy.build().unwrap();
    let mut rng = fastrand::Rng::with_seed(7);
    let mut draws = || rng.f64();
    let mut engine = Engine::new();
    (0..20_000)
        .map(|_| {
            engine.handle_try();
            match engine.handle_outcome(&policy, Verdict::Retry, Seconds::ZERO, &mut draws) {
                Step::Retry { wait, .. } => wait.get(),
                step => unreachable!("{step:?}"),
            }
        })
        .collect()
}

#[test]
fn keeps_its_spread_at_the_cap() {
    for (jitter, low, high) in
        [(Jitter::Full, 0.0, 10.0), (Jitter::Equal, 5.0, 10.0), (Jitter::Random, 9.0, 10.0)]
    {
        let waits = at_the_cap(jitter);
        assert!(waits.iter().all(|wait| (low..=high).contains(wait)), "{jitter}");
        let count = f64::from(u32::try_from(waits.len()).unwrap());
        let mean = waits.iter().sum::<f64>() / count;
        let deviation =
            (waits.iter().map(|wait| (wait - mean).powi(2)).sum::<f64>() / count).sqrt();
        // A uniform spread of width w has its mean in the middle and a deviation of w / √12.
        let width = high - low;
        assert!((mean - f64::midpoint(low, high)).abs() < width * 0.01, "{jitter}: mean {mean}");
        assert!((deviation - width / 12_f64.sqrt()).abs() < width * 0.01, "{jitter}: {deviation}");
        let in_lowest_tenth = waits.iter().filter(|wait| **wait < low + width / 10.0).count();
        assert!((1_800..2_200).contains(&in_lowest_tenth), "{jitter}: {in_lowest_tenth}");
    }
}

#[test]
fn a_draw_outside_of_its_range_is_clamped() {
    let policy = policy!(expo(max_value = secs(5)), max_tries = 2);
    for (draw, wait) in [(-0.5, 0.0), (f64::NAN, 0.0), (0.25, 0.25), (1.5, 1.0)] {
        let step = first_try().handle_outcome(&policy, Verdict::Retry, Seconds::ZERO, &mut || draw);
        let Step::Retry { wait: got, .. } = step else { unreachable!("{step:?}") };
        assert!((got.get() - wait).abs() < 1e-9 && got.get() <= wait, "{draw}: {got:?}");
    }
}

#[test]
fn a_try_counts_when_it_begins() {
    let policy = policy!(expo, max_tries = 2);
    let mut engine = Engine::new();
    assert_eq!(engine.tries(), 0);
    for tries in [1, 2] {
        assert_eq!(engine.handle_try(), tries);
        let step = engine.handle_outcome(&policy, Verdict::Retry, Seconds::ZERO, &mut || 0.5);
        assert_eq!(engine.tries(), tries);
        match step {
            Step::Retry { tries: said, .. } | Step::GiveUp { tries: said, .. } => {
                assert_eq!(said, tries);
            }
            Step::Accept => unreachable!("no try was accepted"),
        }
    }
    let mut last = Engine::resume(u64::MAX, Seconds::ZERO);
    assert_eq!(last.handle_try(), u64::MAX);
}

#[test]
fn a_verdict_alone_never_moves_the_schedule() {
    let policy = policy!(expo, jitter = Jitter::None);
    let mut engine = first_try();
    for _ in 0..3 {
        assert_eq!(engine.handle_verdict(policy.limits(), Verdict::Retry, Seconds::ZERO), None);
    }
    let step = engine.handle_outcome(&policy, Verdict::Retry, Seconds::ZERO, &mut || 0.5);
    assert_eq!(step, Step::Retry { wait: Seconds::from_duration(secs(1)), tries: 1 });
}

#[test]
fn goes_on_in_another_strategy_at_the_place_it_has_come_to() {
    let (first, second) =
        (policy!(expo, jitter = Jitter::None), policy!(linear, jitter = Jitter::None));
    let mut engine = Engine::new();
    let mut wait = |policy: &Policy| {
        engine.handle_try();
        let wait = policy.next_wait(policy.wait().take_over(engine.position()), &mut || 0.5);
        let (limits, verdict) = (policy.limits(), Verdict::Retry);
        match engine.handle_wait(limits, verdict, Seconds::ZERO, wait, &mut || 0.5) {
            Step::Retry { wait, .. } => wait.to_duration(),
            step => unreachable!("{step:?}"),
        }
    };
    let waits = [wait(&first), wait(&second), wait(&second), wait(&first), wait(&first)];
    assert_eq!(waits, [1, 2, 3, 8, 16].map(secs));
}

#[test]
fn a_try_a_million_of_an_uncapped_strategy_waits_the_longest_span() {
    for policy in [policy!(expo, jitter = Jitter::None), policy!(fibo, jitter = Jitter::None)] {
        let mut engine = Engine::new();
        let mut last = Seconds::ZERO;
        for _ in 0..1_000_000 {
            engine.handle_try();
            let step = engine.handle_outcome(&policy, Verdict::Retry, Seconds::ZERO, &mut || 0.5);
            if let Step::Retry { wait, .. } = step {
                assert!(wait >= last);
                last = wait;
            }
        }
        assert_eq!((engine.tries(), last), (1_000_000, Seconds::MAX));
    }
}

#[test]
fn the_longest_duration_saturates_wherever_it_stands() {
    let longest = Duration::MAX;
    let policy = policy!(
        constant(interval = Duration::MAX),
        jitter = Jitter::None,
        max_time = Duration::MAX
    );
    let mut engine = Engine::new();
    let mut step = |elapsed| {
        let elapsed = Seconds::from_duration(elapsed);
        engine.handle_try();
        engine.handle_outcome(&policy, Verdict::Retry, elapsed, &mut || 0.5)
    };
    assert_eq!(step(Duration::ZERO), Step::Retry { wait: Seconds::MAX, tries: 1 });
    assert_eq!(step(longest), Step::GiveUp { reason: Reason::MaxTime, tries: 2 });
}

#[test]
fn a_call_that_counts_no_time_is_not_limited_by_time() {
    let policy = policy!(
        constant(interval = secs(9)),
        jitter = Jitter::None,
        max_time = secs(1),
        last_wait = LastWait::Stop
    );
    let mut engine = Engine::new();
    let mut step = |verdict, elapsed: Option<Seconds>| {
        engine.handle_outcome(&policy, verdict, elapsed, &mut || 0.5)
    };
    let wait = Seconds::from_duration(secs(9));
    for verdict in [Verdict::Retry, Verdict::RetryAfter(wait)] {
        assert_eq!(step(verdict, None), Step::Retry { wait, tries: 0 });
        assert!(matches!(step(verdict, Some(Seconds::ZERO)), Step::GiveUp { .. }));
    }
}
