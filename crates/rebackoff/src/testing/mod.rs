//! Aids for tests of code that retries (feature `testing`, for `[dev-dependencies]`).
//!
//! - [`no_wait`] and [`disable`] switch waits or retries off for a whole test, without a change to
//!   the code under test.
//! - [`VirtualClock`] is a sleeper and a clock in one: sleeping advances it.
//! - [`draws`] gives the jitter's uniform draws; [`schedule`] gives a policy's waits.
//!
//! ```
//! use rebackoff::prelude::*;
//! use rebackoff::testing;
//!
//! static FETCH: Policy = policy!(expo(max_value = secs(30)), max_tries = 8);
//!
//! let _no_wait = testing::no_wait();
//! let outcome = FETCH.retry(|| Err::<(), _>("down")).outcome();
//! assert_eq!((outcome.tries, outcome.reason), (8, Some(Reason::MaxTries))); // at once
//!
//! let waits: Vec<_> = testing::schedule(&FETCH).take(3).collect();
//! assert_eq!(waits, [secs(1), secs(2), secs(4)]);
//! ```

mod clock;
mod given;
mod schedule;
mod switches;

pub use clock::{VirtualClock, VirtualSleep};
pub(crate) use given::given_draw;
pub use given::{GivenDraws, draws};
pub use schedule::schedule;
pub use switches::{Switch, disable, no_wait};
pub(crate) use switches::{allowed, skip_to, skipped, skips_waits};

pub use crate::virtual_time::ClockId;
