//! One guard for each key.

use std::num::NonZeroU64;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;

use rebackoff::prelude::*;
use rebackoff::{Health, Keyed, Seconds};

fn hosts(capacity: u64) -> Keyed<String, Breaker> {
    Keyed::new(NonZeroU64::new(capacity).unwrap(), |_| breaker!(consecutive = 1))
}

fn fail(breaker: &Breaker) {
    let now = || Seconds::ZERO;
    let permit = breaker.admit_at(now).unwrap();
    breaker.settle_at(permit, Health::Failure, now, now, &mut || 0.5);
}

fn is_open(breaker: &Breaker) -> bool {
    breaker.check_at(|| Seconds::ZERO).is_err()
}

#[test]
fn each_key_has_a_guard_of_its_own() {
    let hosts = hosts(10);
    fail(&hosts.get("a"));
    assert!(is_open(&hosts.get("a")));
    assert!(!is_open(&hosts.get("b")));
}

#[test]
fn the_least_recently_used_key_goes_first() {
    let hosts = hosts(2);
    for host in ["a", "b"] {
        fail(&hosts.get(host));
        hosts.trim();
    }
    let _ = hosts.get("a");
    hosts.trim();
    fail(&hosts.get("c"));
    hosts.trim();
    let mut kept: Vec<String> = hosts.iter().map(|(host, _)| (*host).clone()).collect();
    kept.sort();
    assert_eq!(kept, ["a", "c"]);
    assert!(is_open(&hosts.get("a")));
    assert!(!is_open(&hosts.get("b")));
}

#[test]
fn uses_between_new_keys_count_in_their_order() {
    let hosts = hosts(2);
    for host in ["a", "b", "a", "b", "a", "c"] {
        let _ = hosts.get(host);
    }
    let mut kept: Vec<_> = hosts.iter().map(|(host, _)| host.to_string()).collect();
    kept.sort();
    assert_eq!(kept, ["a", "c"]);
}

#[test]
fn keys_go_before_they_are_an_eighth_too_many() {
    let budgets = Keyed::new(NonZeroU64::new(80).unwrap(), |_: &u32| budget!(per_second));
    for key in 0..1_000 {
        let _ = budgets.get(&key);
        assert!(budgets.iter().count() <= 90);
    }
}

#[test]
fn a_guard_may_be_made_with_the_guard_of_another_key() {
    static HOSTS: OnceLock<Keyed<String, Arc<Budget>>> = OnceLock::new();
    let hosts = HOSTS.get_or_init(|| {
        Keyed::new(NonZeroU64::new(10).unwrap(), |host: &String| match host.split_once('.') {
            Some((_, domain)) => Arc::clone(&*HOSTS.get().unwrap().get(domain)),
            None => Arc::new(budget!(per_second)),
        })
    });
    let domain = hosts.get("example");
    assert!(Arc::ptr_eq(&*hosts.get("shop.example"), &*domain));
}

#[test]
fn a_panic_while_a_guard_is_made_leaves_its_key_usable() {
    static MADE: AtomicU32 = AtomicU32::new(0);
    let hosts = Keyed::new(NonZeroU64::new(10).unwrap(), |_: &String| {
        assert!(MADE.fetch_add(1, Ordering::Relaxed) > 0, "the first time");
        budget!(per_second)
    });
    assert!(catch_unwind(AssertUnwindSafe(|| hosts.get("a"))).is_err());
    assert_eq!(hosts.iter().count(), 0);
    let _ = hosts.get("a");
    assert_eq!(hosts.iter().count(), 1);
}

#[test]
fn the_number_of_keys_is_bounded() {
    let budgets = Keyed::new(NonZeroU64::new(100).unwrap(), |_: &u32| budget!(per_second));
    for key in 0..10_000 {
        let _ = budgets.get(&key);
    }
    budgets.trim();
    assert!(budgets.iter().count() <= 100);
}

#[test]
fn a_guard_outlives_its_key_in_the_calls_that_hold_it() {
    let hosts = hosts(1);
    let held = hosts.get("a");
    let _ = hosts.get("b");
    hosts.trim();
    fail(&held);
    assert!(is_open(&held));
}

#[test]
fn threads_that_ask_for_a_new_key_at_once_get_the_same_guard() {
    static MADE: AtomicU32 = AtomicU32::new(0);
    let hosts = Keyed::new(NonZeroU64::new(10).unwrap(), |_: &String| {
        MADE.fetch_add(1, Ordering::Relaxed);
        budget!(per_second)
    });
    let all: Vec<Arc<Budget>> = thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| hosts.get("a"))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(all.iter().all(|budget| Arc::ptr_eq(budget, &all[0])));
    assert_eq!(MADE.load(Ordering::Relaxed), 1);
}
