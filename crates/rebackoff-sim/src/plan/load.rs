//! The load and the success of a policy's clients, which `--compare` sets beside those of another policy.

use rebackoff_core::{Policy, Seconds};
use serde::Serialize;

use super::Plan;
use super::chart::{RetryPeak, peak};
use crate::{HerdTries, Target, TooManyTries, percentile};

/// The width of the peak rate, in seconds.
const SECOND: f64 = 1.0;

/// The figures of one policy. Times are seconds from the start of the first try.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PlanLoad {
    /// The policy in words.
    pub policy: String,
    /// Tries per call, where every try fails.
    pub requests_per_call: f64,
    /// The most retries in any second.
    pub peak_second: Option<RetryPeak>,
    /// The longest time of a call with all its waits and tries; none where nothing limits it.
    pub worst_case_with_tries: Option<f64>,
    /// The success where each try fails with the chance of `--failure-rate`.
    pub failures: Option<ChanceFailures>,
    /// The recovery where every try fails until the end of `--outage`.
    pub recovery: Option<OutageRecovery>,
}

/// Tries that fail by chance.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ChanceFailures {
    /// The chance that a try fails.
    pub rate: f64,
    /// The share of the calls that succeed.
    pub success: f64,
    /// Tries per call.
    pub requests_per_call: f64,
}

/// The recovery of the clients from an outage.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OutageRecovery {
    /// The end of the outage.
    pub outage: f64,
    /// The share of the calls that succeed after it.
    pub success: f64,
    /// The time from its end to the success of half of these calls.
    pub p50: Option<f64>,
    /// The time from its end to the success of 95 % of these calls.
    pub p95: Option<f64>,
    /// The time from its end to the last success.
    pub last: Option<f64>,
    /// The most calls that the target gets back in any second.
    pub peak_second: Option<RetryPeak>,
}

impl PlanLoad {
    /// The load of the plan's clients under `policy`.
    pub(super) fn of(plan: &Plan, policy: &Policy, down: &HerdTries) -> Result<Self, TooManyTries> {
        let (clients, time_of_try) = (plan.clients, plan.time_of_try());
        let run = |target| plan.run(policy, time_of_try, target);
        let failures = plan.failure_rate.map(|rate| {
            let tries = run(Target::Fails(rate))?;
            let success = share(tries.successes().len(), clients);
            Ok(ChanceFailures { rate, success, requests_per_call: share(tries.tries(), clients) })
        });
        let recovery = plan.outage.map(|outage| {
            Ok(OutageRecovery::of(outage.get(), clients, &run(Target::DownUntil(outage))?))
        });
        let tries = down.most_tries() as f64;
        Ok(Self {
            policy: policy.to_string(),
            requests_per_call: share(down.tries(), clients),
            peak_second: peak(&down.retries(), SECOND),
            worst_case_with_tries: policy
                .worst_case()
                .map(|waits| waits.as_secs_f64() + tries * Seconds::get(time_of_try)),
            failures: failures.transpose()?,
            recovery: recovery.transpose()?,
        })
    }
}

impl OutageRecovery {
    fn of(outage: f64, clients: u32, tries: &HerdTries) -> Self {
        let successes = tries.successes();
        let after = |time: f64| (time - outage).max(0.0);
        Self {
            outage,
            success: share(successes.len(), clients),
            p50: percentile(&successes, 0.5).map(after),
            p95: percentile(&successes, 0.95).map(after),
            last: successes.last().copied().map(after),
            peak_second: peak(&successes, SECOND),
        }
    }
}

fn share(count: usize, clients: u32) -> f64 {
    count as f64 / f64::from(clients)
}
