//! The load and the success of a policy's clients, which `--compare` sets beside those of another policy.
#![allow(clippy::cast_precision_loss, reason = "counts of clients and tries are far below 2⁵³")]

use rebackoff_core::{Policy, Seconds};
use rebackoff_sim::{Herd, HerdTries, Target, percentile};
use serde::Serialize;

use super::Plan;
use super::chart::{Peak, peak};
use crate::CliError;
use crate::random::Chance;

/// The width of the peak rate, in seconds.
const SECOND: f64 = 1.0;

/// The figures of one policy. Times are seconds from the start of the first try.
#[derive(Debug, Serialize)]
pub(super) struct PlanFigures {
    /// The policy in words.
    pub(super) policy: String,
    /// Tries per call, where every try fails.
    pub(super) requests_per_call: f64,
    /// The most retries in any second.
    pub(super) peak_second: Option<Peak>,
    /// The longest time of a call with all its waits and tries; none where nothing limits it.
    pub(super) worst_case_with_tries: Option<f64>,
    /// The success where each try fails with the chance of `--failure-rate`.
    pub(super) failures: Option<ChanceFailures>,
    /// The recovery where every try fails until the end of `--outage`.
    pub(super) recovery: Option<OutageRecovery>,
}

/// Tries that fail by chance.
#[derive(Debug, Serialize)]
pub(super) struct ChanceFailures {
    pub(super) rate: f64,
    /// The share of the calls that succeed.
    pub(super) success: f64,
    pub(super) requests_per_call: f64,
}

/// The recovery of the clients from an outage.
#[derive(Debug, Serialize)]
pub(super) struct OutageRecovery {
    pub(super) outage: f64,
    /// The share of the calls that succeed after it.
    pub(super) success: f64,
    /// The time from its end to the success of half of these calls, of 95 % and of the last.
    pub(super) p50: Option<f64>,
    pub(super) p95: Option<f64>,
    pub(super) last: Option<f64>,
    /// The most calls that the target gets back in any second.
    pub(super) peak_second: Option<Peak>,
}

impl PlanFigures {
    /// The load of the plan's clients under `policy`.
    pub(super) fn of(plan: &Plan, policy: &Policy, down: &HerdTries) -> Result<Self, CliError> {
        let (clients, time_of_try) = (plan.clients, plan.time_of_try());
        let run = |target| {
            let herd = Herd { policy, clients, time_of_try, target };
            herd.run(&mut Chance::seeded(plan.seed)).map_err(CliError::new)
        };
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

/// The rows of a table of loads: a name, and the value of each load.
pub(super) fn rows(loads: &[&PlanFigures]) -> Vec<(String, Vec<String>)> {
    use crate::human::{human, percent};
    let row = |name: &str, value: &dyn Fn(&PlanFigures) -> Option<String>| {
        let values: Vec<_> = loads.iter().map(|load| value(load)).collect();
        let is_known = values.iter().any(Option::is_some);
        let values = values.into_iter().map(|value| value.unwrap_or_else(|| "-".to_owned()));
        is_known.then(|| (name.to_owned(), values.collect()))
    };
    let per_call = |requests: f64| format!("{requests:.2}");
    let at = |peak: Peak| format!("{} after {}", peak.retries, human(peak.begin));
    let failures = |load: &PlanFigures, value: &dyn Fn(&ChanceFailures) -> String| {
        load.failures.as_ref().map(value)
    };
    let recovery = |load: &PlanFigures, value: &dyn Fn(&OutageRecovery) -> Option<String>| {
        load.recovery.as_ref().and_then(value)
    };
    let rows = [
        row("requests per call", &|load| Some(per_call(load.requests_per_call))),
        row("peak retries in a second", &|load| load.peak_second.map(at)),
        row("longest call, tries included", &|load| load.worst_case_with_tries.map(human)),
        row("success at the failure rate", &|load| {
            failures(load, &|failures| percent(failures.success))
        }),
        row("requests per call at the failure rate", &|load| {
            failures(load, &|failures| per_call(failures.requests_per_call))
        }),
        row("success after the outage", &|load| {
            recovery(load, &|recovery| Some(percent(recovery.success)))
        }),
        row("half recovered after", &|load| recovery(load, &|recovery| recovery.p50.map(human))),
        row("95% recovered after", &|load| recovery(load, &|recovery| recovery.p95.map(human))),
        row("the last recovered after", &|load| {
            recovery(load, &|recovery| recovery.last.map(human))
        }),
        row("peak successes in a second", &|load| {
            recovery(load, &|recovery| recovery.peak_second.map(at))
        }),
    ];
    rows.into_iter().flatten().collect()
}
