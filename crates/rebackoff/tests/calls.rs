//! Closures and loops, blocking and async: what each setter does, on virtual time.

mod support;

use rebackoff::hooks::{OnBackoff, OnGiveup};
use rebackoff::prelude::*;
use rebackoff::testing::{self, VirtualClock};
use rebackoff::{EventKind, Hook, Policy, Seconds};
use support::{Fault, Flaky, block_on};

static PLAIN: Policy = policy!(expo, jitter = Jitter::None, max_tries = 4);
static UNLIMITED: Policy = policy!(expo, jitter = Jitter::None);

#[test]
fn retries_until_it_succeeds() {
    let (clock, mut target) = (VirtualClock::new(), Flaky::failing(2));
    let outcome = PLAIN.retry(|| target.call()).sleeper(clock.clone()).outcome();
    assert_eq!(outcome.result, Ok(3));
    assert_eq!((outcome.tries, outcome.elapsed, outcome.reason), (3, secs(3), None));
    assert!(outcome.is_success());
    assert_eq!(clock.waits(), [secs(1), secs(2)]);
}

#[test]
fn retries_an_async_function_until_it_succeeds() {
    let clock = VirtualClock::new();
    let target = Flaky::failing(2).shared();
    let call = UNLIMITED.retry_async(|| target.call()).sleeper(clock.clone());
    let outcome = block_on(call.outcome());
    assert_eq!((outcome.result, outcome.tries, outcome.elapsed), (Ok(3), 3, secs(3)));
    assert_eq!(clock.waits(), [secs(1), secs(2)]);
}

#[test]
fn gives_the_last_error_back_untouched() {
    let mut target = Flaky::failing(9);
    let error = PLAIN.retry(|| target.call()).sleeper(VirtualClock::new()).call().unwrap_err();
    assert_eq!(error, Fault(4));
}

#[test]
fn an_error_may_borrow() {
    let name = String::from("local");
    let borrowed: Result<(), &str> =
        PLAIN.retry(|| Err(name.as_str())).sleeper(VirtualClock::new()).call();
    assert_eq!(borrowed, Err("local"));
}

#[test]
fn when_gives_up_on_other_errors() {
    let mut target = Flaky::failing(9);
    let call = PLAIN.retry(|| target.call()).when(|fault| fault.0 < 2);
    let outcome = call.sleeper(VirtualClock::new()).outcome();
    assert_eq!((outcome.tries, outcome.reason), (2, Some(Reason::Giveup)));
}

#[test]
fn giveup_is_asked_even_on_the_last_try() {
    let mut asked = Vec::new();
    let mut target = Flaky::failing(9);
    let call = PLAIN.retry(|| target.call()).giveup(|fault| {
        asked.push(fault.0);
        fault.0 == 4
    });
    let outcome = call.sleeper(VirtualClock::new()).outcome();
    assert_eq!(outcome.reason, Some(Reason::Giveup));
    assert_eq!(asked, [1, 2, 3, 4]);
}

#[test]
fn a_hint_raises_the_wait_and_gives_up_past_the_deadline() {
    let policy = policy!(expo, jitter = Jitter::None, max_time = secs(10));
    let clock = VirtualClock::new();
    let mut target = Flaky::failing(9);
    let hints = [None, Some(secs(5)), Some(secs(60))];
    let call = policy.retry(|| target.call()).hint(|fault| hints[fault.index()]);
    let outcome = call.sleeper(clock.clone()).outcome();
    assert_eq!(clock.waits(), [secs(1), secs(5)]);
    assert_eq!((outcome.tries, outcome.reason), (3, Some(Reason::Hint)));
}

#[test]
fn a_hint_above_the_ceiling_gives_up_and_hands_the_time_back() {
    let mut told = None;
    let call = PLAIN.retry(|| Err::<(), _>("busy")).hint(|_| Some(secs(3600)));
    let call = call.on_giveup(|event| told = event.hint).sleeper(VirtualClock::new());
    let outcome = call.outcome();
    assert_eq!((outcome.tries, outcome.reason), (1, Some(Reason::Hint)));
    assert_eq!((outcome.hint, told), (Some(secs(3600)), Some(secs(3600))));

    let limited = PLAIN.retry(|| Err::<(), _>("busy")).sleeper(VirtualClock::new()).outcome();
    assert_eq!(limited.hint, None);
}

#[test]
fn a_hint_above_the_ceiling_may_be_capped() {
    let policy = policy!(
        expo,
        jitter = Jitter::None,
        hint_ceiling = secs(60),
        hint_above = Above::Cap,
        max_tries = 2
    );
    let (clock, mut told) = (VirtualClock::new(), None);
    let call = policy.retry(|| Err::<(), _>("busy")).hint(|_| Some(secs(3600)));
    let call = call.on_backoff(|event| told = event.hint).sleeper(clock.clone());
    let _ = call.call();
    assert_eq!((clock.waits(), told), (vec![secs(60)], Some(secs(3600))));
}

#[test]
fn polls_until_the_condition_holds_or_gives_the_last_value_back() {
    let clock = VirtualClock::new();
    let mut numbers = 1..;
    let call = PLAIN.poll(|| numbers.next().unwrap()).until(|number| *number == 3);
    assert_eq!(call.sleeper(clock.clone()).call(), 3);

    let call = PLAIN.poll(|| numbers.next().unwrap()).until(|number| *number < 0);
    let outcome = call.sleeper(clock).outcome();
    assert_eq!((outcome.result, outcome.reason), (7, Some(Reason::MaxTries)));
}

#[test]
fn polls_an_async_function() {
    let mut numbers = 1..;
    let call = PLAIN.poll_async(|| std::future::ready(numbers.next().unwrap()));
    let call = call.until(|number| *number == 2).sleeper(VirtualClock::new());
    assert_eq!(block_on(call.into_future()), 2);
}

#[test]
fn until_looks_at_values_and_errors_are_retried_anyway() {
    let mut results = [Ok(503), Err("reset"), Ok(200)].into_iter();
    let call = PLAIN.retry(|| results.next().unwrap()).until(|result| *result == Ok(200));
    assert_eq!(call.sleeper(VirtualClock::new()).outcome().tries, 3);
}

#[test]
fn judge_has_the_last_word() {
    let mut target = Flaky::failing(9);
    let call = PLAIN.retry(|| target.call()).judge(|result| match result {
        Err(Fault(1)) => Verdict::RetryAfter(Seconds::new(7.0).unwrap()),
        Err(Fault(2)) => Verdict::Stop,
        _ => Verdict::Accept,
    });
    let clock = VirtualClock::new();
    let outcome = call.sleeper(clock.clone()).outcome();
    assert_eq!(clock.waits(), [secs(7)]);
    assert_eq!((outcome.tries, outcome.reason), (2, Some(Reason::Hint)));
}

#[test]
fn waits_come_from_a_function_of_the_outcome() {
    let clock = VirtualClock::new();
    let policy = policy!(runtime, jitter = Jitter::None);
    let mut target = Flaky::failing(9);
    let call = policy.retry(|| target.call()).wait_from(|result| match result {
        Err(Fault(n)) if *n < 3 => Some(secs(10 * n)),
        _ => None,
    });
    let outcome = call.sleeper(clock.clone()).outcome();
    assert_eq!(clock.waits(), [secs(10), secs(20)]);
    assert_eq!(outcome.reason, Some(Reason::Exhausted));
}

#[test]
fn runtime_without_a_function_is_exhausted_at_once() {
    let outcome = policy!(runtime).retry(|| Err::<(), _>("down")).outcome();
    assert_eq!((outcome.tries, outcome.reason), (1, Some(Reason::Exhausted)));
}

#[test]
fn jitter_may_be_a_function() {
    let clock = VirtualClock::new();
    let call = PLAIN.retry(|| Err::<(), _>("down")).jitter(|raw| raw / 4);
    let _ = call.sleeper(clock.clone()).call();
    assert_eq!(clock.waits(), [millis(250), millis(500), secs(1)]);
}

#[test]
fn a_jitter_function_is_clamped_to_the_cap() {
    let clock = VirtualClock::new();
    let policy = policy!(expo(max_value = secs(3)), max_tries = 4);
    let call = policy.retry(|| Err::<(), _>("down")).jitter(|raw| raw * 2);
    let _ = call.sleeper(clock.clone()).call();
    assert_eq!(clock.waits(), [secs(2), secs(3), secs(3)]);
}

#[test]
fn different_errors_have_different_policies_inside_one_limit() {
    static QUICKLY: Policy =
        policy!(constant(interval = millis(1)), jitter = Jitter::None, max_tries = 3);
    static GENTLY: Policy = policy!(linear(start = secs(5)), jitter = Jitter::None);
    let clock = VirtualClock::new();
    let mut target = Flaky::failing(9);
    let call = UNLIMITED.retry(|| target.call()).policy_for(|fault| match fault.0 {
        3 | 4 => &QUICKLY,
        _ => &GENTLY,
    });
    let outcome = call.sleeper(clock.clone()).outcome();
    assert_eq!(clock.waits(), [secs(5), secs(6)]);
    assert_eq!((outcome.tries, outcome.reason), (3, Some(Reason::MaxTries)));

    let (clock, mut target) = (VirtualClock::new(), Flaky::failing(9));
    let mut tries = PLAIN.tries().sleeper(clock.clone());
    let last = loop {
        match target.call() {
            Ok(value) => break Ok(value),
            Err(fault) => {
                let policy = if fault.0 == 1 { &GENTLY } else { &PLAIN };
                if let Err(fault) = tries.backoff_by(policy, fault) {
                    break Err(fault);
                }
            }
        }
    };
    assert_eq!((last, tries.tries(), tries.reason()), (Err(Fault(4)), 4, Some(Reason::MaxTries)));
    assert_eq!(clock.waits(), [secs(5), secs(2), secs(4)]);
}

#[test]
fn goes_back_to_its_own_schedule_after_another_policy() {
    static NOT_AT_ALL: Policy = policy!(constant(interval = millis(0)), jitter = Jitter::None);
    let clock = VirtualClock::new();
    let mut tries = UNLIMITED.tries().sleeper(clock.clone());
    tries.backoff_by(&NOT_AT_ALL, "deadlock").unwrap();
    for _ in 0..3 {
        tries.backoff("down").unwrap();
    }
    assert_eq!(clock.waits(), [secs(2), secs(4), secs(8)]);
}

#[test]
fn goes_back_to_its_schedule_after_a_wait_of_the_callers_own() {
    struct OnceBriefly(bool);
    impl Hook<Result<u64, Fault>> for OnceBriefly {
        fn raw_wait(&mut self, _: &Result<u64, Fault>) -> Option<Option<Seconds>> {
            std::mem::take(&mut self.0).then_some(Seconds::new(0.5))
        }
    }
    let (clock, mut target) = (VirtualClock::new(), Flaky::failing(9));
    let call = PLAIN.retry(|| target.call()).hook(OnceBriefly(true));
    let _ = call.sleeper(clock.clone()).call();
    assert_eq!(clock.waits(), [millis(500), secs(2), secs(4)]);
}

#[test]
fn the_time_limit_of_a_chosen_policy_holds_in_every_layer() {
    static BRIEFLY: Policy =
        policy!(constant(interval = secs(2)), jitter = Jitter::None, max_time = secs(5));
    let clock = VirtualClock::new();
    let call = UNLIMITED.retry(|| Err::<(), _>("down")).policy_for(|_| &BRIEFLY);
    assert_eq!(call.sleeper(clock.clone()).call(), Err("down"));
    assert_eq!(clock.waits(), [secs(2), secs(2), secs(1)]);

    let clock = VirtualClock::new();
    let mut tries = UNLIMITED.tries().sleeper(clock.clone());
    while tries.backoff_by(&BRIEFLY, "down").is_ok() {}
    assert_eq!(tries.reason(), Some(Reason::MaxTime));
    assert_eq!(clock.waits(), [secs(2), secs(2), secs(1)]);
}

#[test]
fn no_policy_is_asked_for_an_error_that_is_given_up() {
    let call = PLAIN.retry(|| Err::<(), _>("fatal")).giveup(|error| *error == "fatal");
    let call = call.policy_for(|error| -> &Policy { panic!("asked for {error}") });
    assert_eq!(call.outcome().reason, Some(Reason::Giveup));
}

#[test]
fn a_wait_of_the_callers_own_stays_within_the_cap_too() {
    let clock = VirtualClock::new();
    let policy = policy!(expo(max_value = secs(5)), jitter = Jitter::None, max_tries = 2);
    let call = policy.retry(|| Err::<(), _>("down")).wait_from(|_| Some(secs(60)));
    let _ = call.sleeper(clock.clone()).call();
    assert_eq!(clock.waits(), [secs(5)]);
}

#[test]
fn the_longer_of_two_hints_holds() {
    let clock = VirtualClock::new();
    let policy = policy!(expo, jitter = Jitter::None, max_tries = 2);
    let call = policy.retry(|| Err::<(), _>("down"));
    let call = call.hint(|_| Some(secs(9))).hint(|_| Some(secs(3)));
    let _ = call.sleeper(clock.clone()).call();
    assert_eq!(clock.waits(), [secs(9)]);
}

#[test]
fn a_hint_that_ends_at_the_deadline_is_waited_for() {
    let clock = VirtualClock::new();
    let policy = policy!(constant(interval = millis(1)), max_time = millis(300));
    let call = policy.retry(|| {
        clock.advance(millis(100));
        Err::<(), _>("down")
    });
    let outcome = call.hint(|_| Some(millis(200))).sleeper(clock.clone()).outcome();
    assert_eq!(clock.waits(), [millis(200)]);
    assert_eq!((outcome.tries, outcome.reason), (2, Some(Reason::MaxTime)));
}

#[test]
fn handlers_are_told_each_event_with_what_belongs_to_it() {
    let mut told = Vec::new();
    let log = std::cell::RefCell::new(&mut told);
    let note = |event: &Event<'_, Result<u64, Fault>>| {
        let error = event.error().map(|fault| fault.0);
        log.borrow_mut().push((
            event.kind,
            event.tries,
            event.elapsed(),
            event.wait,
            event.reason,
            error,
        ));
    };
    let mut target = Flaky::failing(9);
    let policy = policy!(expo, jitter = Jitter::None, max_tries = 2);
    let call = policy.retry(|| target.call());
    let call = call.on_try(note).on_backoff(note).on_giveup(note).on_success(note);
    let _ = call.sleeper(VirtualClock::new()).call();
    let (zero, one) = (secs(0), secs(1));
    assert_eq!(
        told,
        [
            (EventKind::Try, 1, zero, None, None, None),
            (EventKind::Backoff, 1, zero, Some(one), None, Some(1)),
            (EventKind::Try, 2, one, None, None, None),
            (EventKind::Giveup, 2, one, None, Some(Reason::MaxTries), Some(2)),
        ]
    );

    let mut successes = 0;
    let _ = PLAIN.retry(|| Ok::<_, ()>(1)).on_success(|event| successes += event.tries).call();
    assert_eq!(successes, 1);
}

#[test]
fn a_hook_bundles_conditions_and_handlers() {
    #[derive(Default)]
    struct Count(u64);
    impl<T> Hook<Result<T, Fault>> for Count {
        fn judge(&mut self, outcome: &Result<T, Fault>, verdict: Verdict) -> Verdict {
            if matches!(outcome, Err(Fault(3))) { Verdict::GiveUp } else { verdict }
        }

        fn notify(&mut self, event: &Event<'_, Result<T, Fault>>) {
            self.0 += u64::from(event.kind == EventKind::Backoff);
        }
    }
    let mut count = Count::default();
    let mut target = Flaky::failing(9);
    let call = PLAIN.retry(|| target.call()).hook(&mut count).sleeper(VirtualClock::new());
    assert_eq!(call.outcome().reason, Some(Reason::Giveup));
    assert_eq!(count.0, 2);
}

#[test]
fn the_target_may_ask_for_the_time_left_and_nested_calls_inherit_it() {
    let clock = VirtualClock::new();
    let outer = policy!(constant(interval = secs(4)), jitter = Jitter::None, max_time = secs(10));
    let inner = policy!(constant(interval = secs(60)), jitter = Jitter::None);
    let mut seen = Vec::new();
    let call = outer.retry_with(|attempt| {
        seen.push((attempt.tries, attempt.remaining));
        let within = inner.within(attempt.remaining);
        within.retry(|| Err::<(), _>("down")).sleeper(clock.clone()).call()
    });
    let outcome = call.sleeper(clock.clone()).outcome();
    assert_eq!(seen, [(1, Some(secs(10)))]);
    assert_eq!((outcome.elapsed, outcome.reason), (secs(10), Some(Reason::MaxTime)));
}

#[test]
fn a_loop_of_the_callers_own_borrows_what_it_likes() {
    fn transfer(log: &mut Vec<u64>, clock: &VirtualClock) -> Result<u64, Fault> {
        let mut tries = PLAIN.tries().sleeper(clock.clone());
        let mut target = Flaky::failing(2);
        loop {
            log.push(tries.tries());
            match target.call() {
                Ok(value) => return Ok(value),
                Err(fault) => tries.backoff(fault)?,
            }
        }
    }
    let (mut log, clock) = (Vec::new(), VirtualClock::new());
    assert_eq!(transfer(&mut log, &clock), Ok(3));
    assert_eq!(log, [1, 2, 3]);
    assert_eq!(clock.waits(), [secs(1), secs(2)]);
}

#[test]
fn a_loop_of_the_callers_own_tells_its_hooks() {
    let mut told = Vec::new();
    let tell = OnBackoff(|event: &Event<'_, Fault>| told.push((event.tries, event.wait)));
    let mut gave_up = None;
    let last = OnGiveup(|event: &Event<'_, Fault>| gave_up = event.reason);
    let mut tries = PLAIN.tries().sleeper(VirtualClock::new()).hook(tell).hook(last);
    assert!(tries.backoff(Fault(1)).is_ok());
    assert!(tries.backoff_after(None, Fault(2)).is_ok());
    assert!(tries.backoff_after(secs(60), Fault(3)).is_ok());
    assert_eq!(tries.elapsed(), Some(secs(1 + 2 + 60)));
    assert_eq!(tries.backoff(Fault(4)), Err(Fault(4)));
    drop(tries);
    assert_eq!(told, [(1, Some(secs(1))), (2, Some(secs(2))), (3, Some(secs(60)))]);
    assert_eq!(gave_up, Some(Reason::MaxTries));
}

#[test]
fn an_async_loop_of_the_callers_own_lends_mutably() {
    let clock = VirtualClock::new();
    let policy = policy!(expo, jitter = Jitter::None, max_time = secs(20));
    let outcome = block_on(async {
        let mut target = Flaky::failing(9);
        let mut tries = policy.tries_async().sleeper(clock.clone());
        loop {
            match target.call_async().await {
                Ok(value) => return Ok(value),
                Err(fault) if fault.0 == 2 => tries.backoff_after(Some(secs(9)), fault).await?,
                Err(fault) => {
                    assert!(tries.remaining().is_some());
                    tries.backoff(fault).await?;
                }
            }
        }
    });
    assert_eq!(outcome, Err(Fault(5)));
    assert_eq!(clock.waits(), [secs(1), secs(9), secs(4), secs(6)]);
}

#[test]
fn a_seed_makes_a_run_repeatable() {
    let waits = |seed| {
        let clock = VirtualClock::new();
        let policy = policy!(expo, max_tries = 9);
        let call = policy.retry(|| Err::<(), _>("down")).seed(seed).sleeper(clock.clone());
        let _ = call.call();
        clock.waits()
    };
    assert_eq!(waits(0), waits(0));
    assert_ne!(waits(0), waits(1));
}

#[test]
fn two_sessions_of_one_policy_do_not_share_draws() {
    static JITTERED: Policy = policy!(expo, max_tries = 9);
    let waits = || {
        let clock = VirtualClock::new();
        let _ = JITTERED.retry(|| Err::<(), _>("down")).sleeper(clock.clone()).call();
        clock.waits()
    };
    let here = waits();
    assert_ne!(here, waits());
    assert_ne!(here, std::thread::spawn(waits).join().unwrap());
}

#[test]
fn disabled_retries_give_the_first_outcome_back() {
    let _disabled = testing::disable();
    let mut target = Flaky::failing(1);
    let outcome = UNLIMITED.retry(|| target.call()).outcome();
    assert_eq!((outcome.result, outcome.reason), (Err(Fault(1)), Some(Reason::MaxTries)));
}

#[test]
fn waits_that_are_switched_off_count_as_elapsed() {
    let _no_wait = testing::no_wait();
    let policy = policy!(constant(interval = secs(20)), jitter = Jitter::None, max_time = secs(60));
    let outcome = policy.retry(|| Err::<(), _>("down")).outcome();
    assert_eq!((outcome.tries, outcome.reason), (4, Some(Reason::MaxTime)));
    assert!(outcome.elapsed >= secs(60) && outcome.elapsed < secs(80));
}

#[test]
fn without_waits_the_events_tell_them_all_the_same() {
    let _no_wait = testing::no_wait();
    let mut waits = Vec::new();
    let call = PLAIN.retry(|| Err::<(), _>("down")).on_backoff(|event| waits.extend(event.wait));
    assert_eq!(call.call(), Err("down"));
    assert_eq!(waits, [secs(1), secs(2), secs(4)]);
}
