//! A state of any bits, as a faulty process or a damaged file leaves it.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;
use std::time::Duration;

use proptest::prelude::*;
use rebackoff_core::{Breaker, Budget, Cost, Health, Moment, Seconds};

use super::super::file::STATE_SIZE;
use super::{Mapper, StateOfAtomics, set_clock};

/// The clock of the call, which a shared guard never reads.
fn unread() -> Moment {
    panic!("a shared guard reads the clock of the host");
}

/// Words that are as good as random, and those at the ends of their fields.
fn words() -> impl Strategy<Value = Vec<u64>> {
    let word = prop_oneof![
        Just(0),
        Just(u64::MAX),
        any::<u64>(),
        (0..64_u32).prop_map(|bits| u64::MAX >> bits),
        (0..64_u32, 0..4_u64).prop_map(|(bits, low)| (1 << bits) | low),
    ];
    prop::collection::vec(word, STATE_SIZE / 8)
}

fn moments() -> impl Strategy<Value = Vec<Seconds>> {
    let seconds = 0..u64::MAX / 1_000_000_000;
    let moment = seconds.prop_map(|seconds| Seconds::from_duration(Duration::from_secs(seconds)));
    prop::collection::vec(moment, 3)
}

/// The guard, with a state of these words.
fn damaged<G: StateOfAtomics>(mapper: &Mapper, guard: G, words: &[u64]) -> &'static G {
    let guard = mapper.place(guard);
    let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_ne_bytes()).collect();
    for entry in fs::read_dir(mapper.folder.path().join("guards")).unwrap() {
        let file = OpenOptions::new().write(true).open(entry.unwrap().path()).unwrap();
        file.write_all_at(&bytes, 0).unwrap();
    }
    guard
}

fn use_budget(budget: &Budget) {
    for cost in [Cost::Retry, Cost::Timeout, Cost::Throttled] {
        budget.handle_start_at(unread);
        budget.handle_failure();
        let withdrawal = budget.withdraw_at(cost, unread);
        assert!(budget.tokens_at(unread) >= 0.0);
        budget.handle_success(withdrawal.ok());
        if let Ok(withdrawal) = budget.withdraw_at(cost, unread) {
            budget.refund(withdrawal);
        }
    }
}

fn use_breaker(breaker: &Breaker) {
    for health in [Health::Failure, Health::Failure, Health::Success, Health::Neutral] {
        if let Ok(permit) = breaker.admit_at(unread) {
            let took = || Seconds::ZERO;
            breaker.settle_at(permit, health, took, unread, &mut || 0.5);
        }
        let _ = (breaker.check_at(unread), breaker.state_at(unread), breaker.counts_at(unread));
    }
}

proptest! {
    // Each case makes files.
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bits_are_a_state_of_a_budget(words in words(), moments in moments()) {
        let day = Duration::from_secs(86_400);
        for budget in [
            Budget::per_second().build(),
            Budget::per_second().rate(0.001).capacity(1_000_000).build(),
            Budget::share().build(),
            Budget::share().ratio(1.0).floor(0.0).ttl(day).build(),
            Budget::quota().build(),
            Budget::quota().capacity(u32::MAX).retry_cost(u32::MAX).build(),
            Budget::throttle().build(),
        ].into_iter().flatten() {
            let mapper = Mapper::new();
            let budget = damaged(&mapper, budget, &words);
            for moment in &moments {
                set_clock(*moment);
                use_budget(budget);
            }
        }
    }

    #[test]
    fn any_bits_are_a_state_of_a_breaker(words in words(), moments in moments()) {
        let new = Breaker::builder;
        for breaker in [
            new().build(),
            new().consecutive(u32::MAX).growth(2.0).probes(16).build(),
            new().failure_rate(0.5).min_calls(1).build(),
            new().failure_rate(1.0).min_calls(1).window_calls(3).build(),
            new().slow_rate(0.5, Duration::ZERO).min_calls(1).window_calls(1_000_000).build(),
        ].into_iter().flatten() {
            let mapper = Mapper::new();
            let breaker = damaged(&mapper, breaker, &words);
            for moment in &moments {
                set_clock(*moment);
                use_breaker(breaker);
            }
            breaker.force_open_at(unread);
            use_breaker(breaker);
            breaker.reset();
            use_breaker(breaker);
            breaker.isolate();
        }
    }
}
