//! A policy that can be replaced while the program runs.

use std::sync::Arc;

use arc_swap::ArcSwap;
use rebackoff_core::Policy;

use crate::guards::{GuardsOfCall, NoRejection};
use crate::source::PolicySource;

/// A policy that is read on each call, so that a changed configuration holds from the next call
/// on.
///
/// Reading takes no lock: it costs one atomic load and a reference count. A call that is under way
/// keeps the policy that it began with.
///
/// ```
/// use rebackoff::LivePolicy;
/// use rebackoff::prelude::*;
/// # let _no_wait = rebackoff::testing::no_wait();
///
/// let fetch = LivePolicy::new(policy!(expo(factor = millis(1)), max_tries = 2));
/// let tries = |fetch: &LivePolicy| fetch.retry(|| Err::<(), _>("down")).outcome().tries;
/// assert_eq!(tries(&fetch), 2);
///
/// fetch.replace(policy!(expo(factor = millis(1)), max_tries = 3)); // from a file, on SIGHUP
/// assert_eq!(tries(&fetch), 3);
/// ```
#[derive(Debug)]
pub struct LivePolicy {
    current: ArcSwap<Policy>,
}

impl LivePolicy {
    /// Begins with `policy`.
    pub fn new(policy: Policy) -> Self {
        Self { current: ArcSwap::from_pointee(policy) }
    }

    /// The policy of calls that begin now.
    pub fn current(&self) -> Arc<Policy> {
        self.current.load_full()
    }

    /// Puts `policy` in place of the one before, for calls that begin from now on.
    pub fn replace(&self, policy: Policy) {
        self.current.store(Arc::new(policy));
    }
}

impl From<Policy> for LivePolicy {
    fn from(policy: Policy) -> Self {
        Self::new(policy)
    }
}

impl PolicySource for LivePolicy {
    type Rejection = NoRejection;
    type Policy<'p> = Arc<Policy>;
    type Breakers = ();
    type Budgets = ();

    fn policy(&self) -> Arc<Policy> {
        self.current()
    }

    fn guards(&self) -> GuardsOfCall<(), ()> {
        GuardsOfCall::NONE
    }
}
