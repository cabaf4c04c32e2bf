//! Guards that the processes of a host share, in calls.
#![cfg(target_os = "linux")]

use std::num::NonZeroU64;

use rebackoff::prelude::*;
use rebackoff::{BreakerState, Keyed, Open, Seconds};
use rebackoff_shared::Host;

const NEVER: fn() -> Seconds = || Seconds::ZERO;

fn host() -> (tempfile::TempDir, Host) {
    let parent = tempfile::tempdir().unwrap();
    let host = Host::at(parent.path().join("guards"));
    (parent, host)
}

#[derive(Debug, PartialEq)]
enum Failed {
    Target,
    Open,
}

impl From<Open> for Failed {
    fn from(_: Open) -> Self {
        Self::Open
    }
}

#[test]
fn a_call_takes_a_shared_breaker_and_a_shared_budget() {
    let (_parent, host) = host();
    let breaker = Breaker::builder().consecutive(2).shared_on("shop", &host).unwrap();
    let budget = Budget::quota().capacity(5).timeout_cost(5).shared_on("shop", &host).unwrap();
    let policy = policy!(constant(interval = millis(1)), jitter = Jitter::None, max_tries = 5);
    let mut tries = 0;
    let call = || {
        tries += 1;
        Err::<(), _>(Failed::Target)
    };
    let failed = policy.retry(call).breaker(breaker).budget(budget).call();
    assert_eq!((failed, tries), (Err(Failed::Target), 2));
    assert_eq!(breaker.state_at(NEVER), BreakerState::Open);
    let rejected = policy.retry(|| Ok::<_, Failed>(())).breaker(breaker).call();
    assert_eq!(rejected, Err(Failed::Open));
}

#[test]
fn keyed_holds_shared_guards() {
    let (_parent, host) = host();
    let hosts = Keyed::new(NonZeroU64::new(9).unwrap(), move |name: &String| {
        Breaker::builder().consecutive(1).shared_on(name, &host).unwrap()
    });
    hosts.get("a").force_open_at(NEVER);
    assert_eq!(hosts.get("a").state_at(NEVER), BreakerState::Open);
    assert_eq!(hosts.get("b").state_at(NEVER), BreakerState::Closed);
    let policy = policy!(constant, max_tries = 1);
    let called = policy.retry(|| Ok::<_, Failed>(7)).breaker(hosts.get("a")).call();
    assert_eq!(called, Err(Failed::Open));
}
