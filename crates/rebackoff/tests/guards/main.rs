//! Budgets and breakers around calls: blocking, async, loops and attributes.
#![allow(clippy::float_cmp, reason = "tokens that are whole come out whole")]

mod asynchronous;
mod attributes;
mod blocking;
mod loops;
mod policies;

use std::cell::Cell;
use std::sync::{Arc, LazyLock};

use rebackoff::prelude::*;
use rebackoff::testing::VirtualClock;
use rebackoff::{BreakerState, Cost, EventKind, Guarded, Health, Open, Seconds};

static EACH_SECOND: Policy =
    policy!(constant(interval = secs(1)), jitter = Jitter::None, max_tries = 9);

#[derive(Clone, Copy, Debug, PartialEq)]
enum Failure {
    Down,
    Rejected,
    TimedOut,
    Open,
}

impl From<Open> for Failure {
    fn from(_: Open) -> Self {
        Self::Open
    }
}

fn down() -> Result<(), Failure> {
    Err(Failure::Down)
}

/// A breaker that opens after `failures` in a row, for 10 s.
fn opens_after(failures: u32) -> Breaker {
    Breaker::builder().consecutive(failures).open_for(secs(10)).build().unwrap()
}

fn few(tokens: u32) -> Budget {
    Budget::per_second().rate(0.001).capacity(tokens).build().unwrap()
}

fn state(breaker: &Breaker, clock: &VirtualClock) -> BreakerState {
    breaker.state_at(|| rebackoff::Clock::now(clock))
}
