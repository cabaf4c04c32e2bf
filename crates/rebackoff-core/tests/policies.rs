//! Policies as data: built, refused, compared, printed, read and written.

use rebackoff_core::{
    Above, Hints, Jitter, LastWait, Limits, Policy, Seconds, Settings, Wait, constant, decay,
    decorrelated, expo, fibo, linear, list, millis, policy, runtime, secs,
};
use std::time::Duration;

fn refusal(wait: impl Into<Wait>) -> (&'static str, String) {
    let error = Policy::new(wait).build().unwrap_err();
    (error.parameter(), error.to_string())
}

#[test]
fn a_wrong_parameter_is_named_with_its_value_and_what_is_allowed() {
    let wide: Vec<_> = (1..=17).map(secs).collect();
    for ((parameter, message), expected) in [
        (refusal(expo().base(-1.0)), "base must be a finite number above 0, but it is -1"),
        (refusal(expo().base(f64::NAN)), "base must be a finite number above 0, but it is NaN"),
        (
            refusal(expo().base(f64::INFINITY)),
            "base must be a finite number above 0, but it is inf",
        ),
        (refusal(expo().base(0.0)), "base must be a finite number above 0, but it is 0"),
        (
            refusal(expo().max_value(millis(999))),
            "max_value must be at least the first wait, but it is 999ms",
        ),
        (
            refusal(fibo().max_value(millis(1))),
            "max_value must be at least the first wait, but it is 1ms",
        ),
        (
            refusal(linear().start(secs(3)).max_value(secs(2))),
            "max_value must be at least the first wait, but it is 2s",
        ),
        (
            refusal(decorrelated().base(secs(61))),
            "max_value must be at least the first wait, but it is 1m",
        ),
        (refusal(decorrelated().base(Duration::ZERO)), "base must be above 0s, but it is 0s"),
        (
            refusal(decay().decay_factor(-0.1)),
            "decay_factor must be a finite number of at least 0, but it is -0.1",
        ),
        (
            refusal(decay().min_value(secs(2))),
            "min_value must be at most initial_value, but it is 2s",
        ),
        (refusal(list(&[])), "interval must list 1 to 16 waits, but it is 0"),
        (refusal(list(&wide)), "interval must list 1 to 16 waits, but it is 17"),
    ] {
        assert_eq!(message, expected);
        assert!(message.starts_with(parameter));
    }
    let error = Policy::new(expo()).max_tries(0).build().unwrap_err();
    assert_eq!(error.to_string(), "max_tries must be at least 1, but it is 0");
    for (share, shown) in [(-0.1, "-0.1"), (1.5, "1.5"), (f64::NAN, "NaN")] {
        let error = Policy::new(expo()).hint_spread(share).build().unwrap_err();
        let message = format!("hint_spread must be a share from 0 to 1, but it is {shown}");
        assert_eq!(error.to_string(), message);
    }
    let error = Policy::new(decorrelated()).jitter(Jitter::Full).build().unwrap_err();
    assert_eq!(
        error.to_string(),
        "jitter must be none for decorrelated, which is its own jitter, but it is full",
    );
}

#[test]
fn a_policy_built_at_run_time_equals_its_constant() {
    const LADDER: Policy =
        policy!(list(secs(1), secs(5)), jitter = Jitter::Equal, last_wait = LastWait::Stop);
    let built = Policy::new(list(&[secs(1), secs(5)]))
        .jitter(Jitter::Equal)
        .last_wait(LastWait::Stop)
        .build();
    assert_eq!(built, Ok(LADDER));
    assert_ne!(built, Ok(policy!(list(secs(1), secs(6)), jitter = Jitter::Equal)));
}

#[test]
fn full_jitter_is_the_default_but_for_decorrelated() {
    assert_eq!(policy!(expo).jitter(), Jitter::Full);
    assert_eq!(policy!(decorrelated).jitter(), Jitter::None);
}

#[test]
fn a_policy_prints_its_schedule_and_its_worst_case() {
    for (policy, text) in [
        (
            policy!(expo(max_value = secs(30)), max_tries = 8, max_time = secs(60)),
            "expo: waits 1s, 2s, 4s … 30s; worst case 1m (full jitter, max_tries 8, max_time 1m)",
        ),
        (
            policy!(expo, jitter = Jitter::None, max_tries = 8),
            "expo: waits 1s, 2s, 4s … 1m 4s; worst case 2m 7s (no jitter, max_tries 8)",
        ),
        (policy!(expo), "expo: waits 1s, 2s, 4s …; worst case unlimited (full jitter)"),
        (
            policy!(fibo(max_value = secs(13)), max_tries = 4),
            "fibo: waits 1s, 1s, 2s; worst case 4s (full jitter, max_tries 4)",
        ),
        (
            policy!(constant(interval = millis(250)), jitter = Jitter::Random, max_tries = 3),
            "constant: waits 250ms, 250ms; worst case 2.5s (random jitter, max_tries 3)",
        ),
        (
            policy!(list(secs(1), secs(5), secs(30)), jitter = Jitter::None),
            "constant: waits 1s, 5s, 30s; worst case 36s (no jitter)",
        ),
        (
            policy!(decorrelated, max_tries = 9, last_wait = LastWait::Stop),
            "decorrelated: waits up to 3s, 9s, 27s … 1m; worst case 5m 39s \
             (no jitter, max_tries 9, last_wait stop)",
        ),
        (
            policy!(runtime, max_time = secs(600)),
            "runtime: waits as the outcome says; worst case 10m (full jitter, max_time 10m)",
        ),
        (
            policy!(expo, max_tries = 4, reset_after = secs(90)),
            "expo: waits 1s, 2s, 4s; worst case unlimited \
             (full jitter, max_tries 4, reset_after 1m 30s)",
        ),
        (
            policy!(expo, max_tries = 1),
            "expo: never waits; worst case 0s (full jitter, max_tries 1)",
        ),
    ] {
        assert_eq!(policy.to_string(), text);
    }
}

#[test]
fn the_worst_case_of_a_million_tries_is_known_at_once() {
    let policy = policy!(expo(max_value = secs(30)), max_tries = 1_000_001);
    let expected = secs(1 + 2 + 4 + 8 + 16 + 30 * (1_000_000 - 5));
    assert_eq!(policy.worst_case(), Some(expected));
    assert_eq!(
        policy!(expo, max_tries = u64::MAX).worst_case(),
        Some(Duration::from_nanos(u64::MAX))
    );
}

#[test]
fn only_time_limits_the_worst_case_of_a_strategy_that_the_outcome_decides() {
    assert_eq!(policy!(runtime, max_tries = 5).worst_case(), None);
    assert_eq!(policy!(runtime, max_tries = 5, max_time = secs(7)).worst_case(), Some(secs(7)));
}

#[test]
fn laying_nothing_over_a_policy_changes_nothing() {
    let policy = policy!(expo(max_value = secs(u64::MAX)), max_time = millis(u64::MAX / 1_000_003));
    assert_eq!(Settings::new().over(&policy), Ok(policy));
    let mut settings = Settings::new();
    settings.set("wait", " expo ");
    assert_eq!(settings.over(&policy), Ok(policy));
}

#[test]
fn a_policy_inside_limits_keeps_the_stricter_of_each() {
    let inner = policy!(expo, max_tries = 9, max_time = secs(5));
    let outer = policy!(fibo, max_tries = 3, max_time = secs(60), last_wait = LastWait::Stop);
    let both = policy!(expo, max_tries = 3, max_time = secs(5), last_wait = LastWait::Stop);
    assert_eq!(inner.inside(outer.limits()), both);
}

#[test]
fn settings_give_back_every_policy() {
    for policy in [
        policy!(constant(interval = millis(5)), max_tries = 2),
        policy!(list(secs(1), millis(1500))),
        policy!(linear(start = secs(2), step = millis(10), max_value = secs(9))),
        policy!(expo(base = 1.5, factor = millis(100)), jitter = Jitter::Random),
        policy!(fibo(max_value = secs(21)), max_time = millis(2500)),
        policy!(decay(initial_value = secs(7), decay_factor = 0.25, min_value = millis(1))),
        policy!(decorrelated(base = millis(3), max_value = secs(4))),
        policy!(decorrelated(max_value = Duration::MAX), max_tries = 1),
        policy!(fibo, last_wait = LastWait::Stop),
        policy!(expo, hint_ceiling = millis(90_500), hint_above = Above::Cap, hint_spread = 0.25),
        policy!(fibo, hint_ceiling = Duration::MAX, jitter = Jitter::None),
        policy!(fibo, hint_spread = 0.1, jitter = Jitter::None),
        policy!(fibo, reset_after = millis(90_500)),
    ] {
        assert_eq!(Settings::from(&policy).build(), Ok(policy));
        #[cfg(feature = "serde")]
        {
            let json = serde_json::to_string(&policy).unwrap();
            assert_eq!(serde_json::from_str::<Policy>(&json).unwrap(), policy, "{json}");
        }
    }
}

#[test]
fn hints_are_spread_unless_the_policy_leaves_nothing_to_chance() {
    let spread = |policy: Policy| Seconds::new(policy.limits().hints.spread);
    let [none, tenth] = [0.0, Hints::SPREAD].map(Seconds::new);
    let exact = policy!(expo, jitter = Jitter::None);
    assert_eq!(spread(policy!(expo)), tenth);
    assert_eq!(spread(policy!(decorrelated)), tenth);
    assert_eq!(spread(exact), none);
    let mut settings = Settings::new();
    assert_eq!(spread(settings.set("jitter", "none").over(&policy!(expo)).unwrap()), none);
    assert_eq!(
        spread(settings.over(&policy!(expo, hint_spread = 0.5)).unwrap()),
        Seconds::new(0.5)
    );
    assert_eq!(spread(settings.set("jitter", "full").over(&exact).unwrap()), tenth);
    assert_eq!(spread(settings.set("hint_spread", "0.2").over(&exact).unwrap()), Seconds::new(0.2));
}

#[test]
fn the_lower_ceiling_holds_and_what_it_leads_to() {
    let capped = policy!(expo, hint_ceiling = secs(60), hint_above = Above::Cap).limits().hints;
    let strict = policy!(expo, hint_ceiling = secs(90), hint_spread = 0.5).limits().hints;
    for both in [capped.and(strict), strict.and(capped)] {
        assert_eq!(both, Hints { spread: strict.spread, ..capped });
    }
    let equal = Hints { ceiling: capped.ceiling, ..strict };
    assert_eq!(capped.and(equal).above, Above::GiveUp);
    assert_eq!(equal.and(capped).above, Above::GiveUp);
    assert_eq!(Limits::new().hints.and(capped), capped);
}

#[test]
fn settings_refuse_what_a_strategy_does_not_know() {
    let mut settings = Settings::new();
    settings.set("wait", "constant").set("max_value", "3s");
    assert_eq!(
        settings.build().unwrap_err().to_string(),
        "constant takes interval, beside jitter, max_tries, max_time, last_wait, nested, reset_after, hint_ceiling, hint_above, hint_spread, but it is given max_value as well",
    );
    let error = Settings::new().set("wait", "expos").build().unwrap_err();
    assert_eq!(error.parameter(), "wait");
    assert_eq!(Settings::new().build().unwrap_err().parameter(), "wait");
}

#[test]
fn a_number_with_a_point_is_shown_with_it_where_a_whole_one_is_needed() {
    for (value, shown) in [(3.0, "3.0"), (2.5, "2.5"), (1e300, "1e300"), (-1.0, "-1")] {
        let error =
            Settings::new().set("wait", "expo").set("max_tries", value).build().unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("max_tries must be a whole number of at least 1, but it is {shown}")
        );
    }
}

#[test]
fn reset_after_is_above_zero_and_taken_away_by_none() {
    let message = "reset_after must be above 0s, but it is 0s";
    let error = Policy::new(expo()).reset_after(Duration::ZERO).build().unwrap_err();
    assert_eq!((error.parameter(), error.to_string().as_str()), ("reset_after", message));
    let lay = |text: &str| {
        Settings::new().set("reset_after", text).over(&policy!(expo, reset_after = secs(60)))
    };
    assert_eq!(lay("0").unwrap_err().to_string(), message);
    assert!(lay("soon").unwrap_err().to_string().starts_with("reset_after is a duration, and"));
    assert_eq!(lay("5m"), Ok(policy!(expo, reset_after = secs(300))));
    assert_eq!(lay("none"), Ok(policy!(expo)));
}

#[test]
fn a_call_keeps_its_own_reset_after_inside_other_limits() {
    let connect = policy!(expo, reset_after = secs(60));
    assert_eq!(connect.within(Some(secs(5))).limits().reset_after, connect.limits().reset_after);
    assert_eq!(policy!(expo).inside(connect.limits()).limits().reset_after, None);
}

#[test]
fn the_first_waits_of_each_strategy_are_its_defaults() {
    let first = |wait: Wait| (0..3).map(|n| wait.raw(n).unwrap().get()).collect::<Vec<_>>();
    assert_eq!(first(constant().wait()), [1.0, 1.0, 1.0]);
    assert_eq!(first(linear().wait()), [1.0, 2.0, 3.0]);
    assert_eq!(first(expo().wait()), [1.0, 2.0, 4.0]);
    assert_eq!(first(fibo().wait()), [1.0, 1.0, 2.0]);
    assert_eq!(first(decay().wait()), [1.0, (-1.0_f64).exp(), (-2.0_f64).exp()]);
    assert_eq!(runtime().wait().raw(0), None);
}

#[test]
fn a_negative_zero_never_shows() {
    use rebackoff_core::{Breaker, Budget};

    let errors = [
        Breaker::builder().failure_rate(-0.0).build().unwrap_err(),
        Breaker::builder().growth(-0.0).build().unwrap_err(),
        Budget::per_second().rate(-0.0).build().unwrap_err(),
    ];
    for error in errors {
        assert!(error.to_string().ends_with(", but it is 0"), "{error}");
    }
    let policy = Policy::new(expo()).hint_spread(-0.0).build().unwrap();
    assert!(policy.to_string().ends_with("hint_spread 0)"), "{policy}");
    let policy = Settings::new().set("hint_spread", -0.0).over(&policy!(expo)).unwrap();
    assert!(policy.to_string().ends_with("hint_spread 0)"), "{policy}");
    assert_eq!(Budget::share().floor(-0.0).build().unwrap().to_string(), "20% of calls + 0/s");
    assert_eq!(Seconds::new(-0.0).unwrap().to_string(), "0s");
}
