//! A library that exposes retrying to its users: by a bound where it calls, erased where it stores.

use std::sync::Arc;

use rebackoff::prelude::*;
use rebackoff::{AnyPolicy, Guarded, Open, RetryFor};

static DEFAULT: Policy = policy!(expo(max_value = secs(30)), max_tries = 4);

#[derive(Debug, PartialEq)]
enum ShopError {
    Busy,
    Rejected,
}

// The library's users may bring a breaker: its rejections become errors of the library.
impl From<Open> for ShopError {
    fn from(_: Open) -> Self {
        Self::Rejected
    }
}

/// Generic: takes every policy by reference, with guards or without.
fn stock(policy: &impl RetryFor<Result<u32, ShopError>>) -> Result<u32, ShopError> {
    let mut answers = [Err(ShopError::Busy), Err(ShopError::Busy), Ok(7)].into_iter(); // scripted
    policy.retry(|| answers.next().unwrap_or(Err(ShopError::Busy))).call()
}

/// Erased: one type for all policies. `Client::new(DEFAULT)` has no guards.
struct Client {
    retries: AnyPolicy,
}

impl Client {
    fn new(retries: impl Into<AnyPolicy>) -> Self {
        Self { retries: retries.into() }
    }

    fn stock(&self) -> Result<u32, ShopError> {
        stock(&self.retries)
    }
}

fn main() {
    let _no_wait = rebackoff::testing::no_wait(); // waits are skipped
    assert_eq!(stock(&DEFAULT), Ok(7));
    assert_eq!(Client::new(DEFAULT).stock(), Ok(7));
    assert_eq!(Client::new(policy!(expo, max_tries = 2)).stock(), Err(ShopError::Busy));

    let breaker = Arc::new(breaker!(consecutive = 2));
    let client = Client::new(Guarded::new(DEFAULT, breaker));
    assert_eq!(client.stock(), Err(ShopError::Busy)); // two tries: the breaker opens
    assert_eq!(client.stock(), Err(ShopError::Rejected)); // none
}
