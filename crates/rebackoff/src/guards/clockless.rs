//! The methods of guards that need the time, without a clock argument.

use std::time::Duration;

use rebackoff_core::{
    Breaker, BreakerState, Budget, CallCounts, Cost, Health, Open, Permit, Refused, Seconds,
    StateChange, Withdrawal,
};

use crate::Clock;
use crate::random::CallDraws;
use crate::sleepers::DefaultSleeper;

/// The present moment of the clock of [`DefaultSleeper`]: tokio's with the feature `tokio`, also where a test
/// has paused it, else the system's. [`BreakerExt`] and [`BudgetExt`] go by it.
///
/// ```
/// use rebackoff::prelude::*;
///
/// static SHOP: Breaker = breaker!(consecutive = 5);
///
/// assert_eq!(SHOP.state(), SHOP.state_at(rebackoff::now));
/// ```
#[inline]
pub fn now() -> Duration {
    DefaultSleeper::default().now()
}

/// The methods of a [`Breaker`] that need the time, by the clock [`now`].
///
/// Calls with a clock of their own go by that one. There, hand it to the methods of the same names with `_at`,
/// as in `breaker.state_at(|| clock.now())`.
///
/// ```
/// use rebackoff::prelude::*;
/// use rebackoff::BreakerState;
///
/// static SHOP: Breaker = breaker!(consecutive = 5, open_for = secs(30));
///
/// SHOP.force_open();
/// assert_eq!(SHOP.state(), BreakerState::Open);
/// assert!(SHOP.check().is_err());
/// SHOP.reset();
/// assert_eq!(SHOP.state(), BreakerState::Closed);
/// ```
pub trait BreakerExt {
    /// The state; see [`Breaker::state_at`].
    fn state(&self) -> BreakerState;

    /// The calls counted since the breaker was last closed; see [`Breaker::counts_at`].
    fn counts(&self) -> CallCounts;

    /// Looks whether [`admit`](Self::admit) would admit a call; see [`Breaker::check_at`].
    ///
    /// # Errors
    ///
    /// The breaker would reject the call.
    fn check(&self) -> Result<(), Open>;

    /// Asks for a call; see [`Breaker::admit_at`].
    ///
    /// # Errors
    ///
    /// The breaker rejects the call.
    fn admit(&self) -> Result<Permit, Open>;

    /// Takes the permit of a call back that took so long; see [`Breaker::settle_at`].
    fn settle(&self, permit: Permit, health: Health, took: Duration) -> Option<StateChange>;

    /// Opens the breaker now for `open_for`; see [`Breaker::force_open_at`].
    fn force_open(&self) -> Option<StateChange>;
}

impl BreakerExt for Breaker {
    fn state(&self) -> BreakerState {
        self.state_at(now)
    }

    fn counts(&self) -> CallCounts {
        self.counts_at(now)
    }

    fn check(&self) -> Result<(), Open> {
        self.check_at(now)
    }

    fn admit(&self) -> Result<Permit, Open> {
        self.admit_at(now)
    }

    fn settle(&self, permit: Permit, health: Health, took: Duration) -> Option<StateChange> {
        let mut draws = CallDraws::UNSEEDED;
        self.settle_at(permit, health, || Seconds::from_duration(took), now, &mut draws)
    }

    fn force_open(&self) -> Option<StateChange> {
        self.force_open_at(now)
    }
}

/// The methods of a [`Budget`] that need the time, by the clock [`now`].
///
/// Calls with a clock of their own go by that one. There, hand it to the methods of the same names with `_at`,
/// as in `budget.tokens_at(|| clock.now())`.
///
/// ```
/// use rebackoff::Cost;
/// use rebackoff::prelude::*;
///
/// static RETRIES: Budget = budget!(per_second(capacity = 10, rate = 0.001));
///
/// assert_eq!(RETRIES.tokens().floor(), 10.0);
/// assert!(RETRIES.withdraw(Cost::Retry).is_ok());
/// assert_eq!(RETRIES.tokens().floor(), 9.0);
/// ```
pub trait BudgetExt {
    /// The tokens left; see [`Budget::tokens_at`].
    fn tokens(&self) -> f64;

    /// Deposits for a call that begins; see [`Budget::handle_start_at`].
    fn handle_start(&self);

    /// Pays for a retry; see [`Budget::withdraw_at`].
    ///
    /// # Errors
    ///
    /// The budget has too few tokens. It took none, and the retry must not begin.
    fn withdraw(&self, cost: Cost) -> Result<Withdrawal, Refused>;
}

impl BudgetExt for Budget {
    fn tokens(&self) -> f64 {
        self.tokens_at(now)
    }

    fn handle_start(&self) {
        self.handle_start_at(now);
    }

    fn withdraw(&self, cost: Cost) -> Result<Withdrawal, Refused> {
        self.withdraw_at(cost, now)
    }
}
