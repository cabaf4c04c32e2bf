//! Blocking, async and hand-written loops give the same call for the same policy, target and draws.

mod support;

use std::time::Duration;

use proptest::prelude::*;
use rebackoff::prelude::*;
use rebackoff::testing::{VirtualClock, draws};
use support::{Fault, Flaky, block_on};

prop_compose! {
    fn policies()(
        base in 1.0..3.0_f64,
        factor in 0..2_000_u64,
        jitter in prop_oneof![Just(Jitter::Full), Just(Jitter::Equal), Just(Jitter::Random), Just(Jitter::None)],
        max_tries in 1..12_u64,
        max_time in 0..60_000_u64,
        stop in any::<bool>(),
    ) -> Policy {
        let wait = expo().base(base).factor(millis(factor)).max_value(secs(20));
        let last_wait = if stop { LastWait::Stop } else { LastWait::Shorten };
        let policy = Policy::new(wait).jitter(jitter).max_tries(max_tries).last_wait(last_wait);
        policy.max_time(millis(max_time)).build().unwrap()
    }
}

type Call = (Result<u64, Fault>, u64, Option<Reason>, Vec<Duration>);

#[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature of a hint")]
fn hint(fault: &Fault) -> Option<Duration> {
    (fault.0 % 3 == 0).then(|| millis(700))
}

fn blocking(policy: &Policy, failures: u64) -> Call {
    let (clock, mut target) = (VirtualClock::new(), Flaky::failing(failures));
    let call = policy.retry(|| target.call()).hint(hint).sleeper(clock.clone());
    let outcome = call.outcome();
    (outcome.result, outcome.tries, outcome.reason, clock.waits())
}

fn asynchronous(policy: &Policy, failures: u64) -> Call {
    let (clock, target) = (VirtualClock::new(), Flaky::failing(failures).shared());
    let call = policy.retry_async(|| target.call()).hint(hint).sleeper(clock.clone());
    let outcome = block_on(call.outcome());
    (outcome.result, outcome.tries, outcome.reason, clock.waits())
}

fn by_hand(policy: &Policy, failures: u64) -> Call {
    let (clock, mut target) = (VirtualClock::new(), Flaky::failing(failures));
    let mut tries = policy.tries().sleeper(clock.clone());
    let result = loop {
        match target.call() {
            Ok(value) => break Ok(value),
            Err(fault) => {
                if let Err(fault) = tries.backoff_after(hint(&fault), fault) {
                    break Err(fault);
                }
            }
        }
    };
    (result, tries.tries(), tries.reason(), clock.waits())
}

proptest! {
    #[test]
    fn every_layer_gives_the_same_call(
        policy in policies(),
        failures in 0..15_u64,
        chance in proptest::collection::vec(0.0..1.0_f64, 24),
    ) {
        let given = |call: fn(&Policy, u64) -> Call| {
            let _draws = draws(chance.clone());
            call(&policy, failures)
        };
        let expected = given(blocking);
        prop_assert_eq!(&given(asynchronous), &expected);
        prop_assert_eq!(&given(by_hand), &expected);
    }

    #[test]
    fn calls_in_turns_do_as_calls_by_themselves(policy in policies(), seed in any::<u64>()) {
        let call = |seed| {
            let clock = VirtualClock::new();
            let mut backoffs = Vec::new();
            let call = policy.retry(|| Err::<(), _>(())).seed(seed).sleeper(clock.clone());
            let _ = call.on_backoff(|event| backoffs.extend(event.wait)).call();
            backoffs
        };
        let (alone, other) = (call(seed), call(!seed));
        let mut nested = Vec::new();
        let mut inner = Ok(());
        let clock = VirtualClock::new();
        let outer = policy.retry(|| Err::<(), ()>(())).seed(seed).sleeper(clock);
        let _ = outer
            .on_backoff(|event| {
                inner = Err(call(!seed));
                nested.extend(event.wait);
            })
            .call();
        prop_assert!(inner.is_ok() || inner == Err(other));
        prop_assert_eq!(nested, alone);
    }
}
