use std::iter;
use std::time::Duration;

use rebackoff_core::{Engine, NextWait, Policy, Seconds, Step, Verdict};

/// The waits of `policy` before jitter, for a target that fails each time at once: as many as its
/// limits allow, without end if nothing does.
///
/// ```
/// use rebackoff::prelude::*;
/// use rebackoff::testing::schedule;
///
/// let fetch = policy!(expo, max_time = secs(5));
/// assert_eq!(schedule(&fetch).collect::<Vec<_>>(), [secs(1), secs(2), secs(2)]);
/// ```
pub fn schedule(policy: &Policy) -> impl Iterator<Item = Duration> + '_ {
    let mut engine = Engine::new();
    let mut elapsed = Seconds::ZERO;
    iter::from_fn(move || {
        engine.handle_try();
        let wait = policy.wait().raw(engine.position().n).map(NextWait::exact);
        let (limits, verdict) = (policy.limits(), Verdict::Retry);
        let step = engine
            .handle_verdict(limits, verdict, elapsed)
            .unwrap_or_else(|| engine.handle_wait(limits, verdict, elapsed, wait, &mut || 0.0));
        match step {
            Step::Retry { wait, .. } => {
                elapsed = elapsed.saturating_add(wait);
                Some(wait.to_duration())
            }
            _ => None,
        }
    })
}
