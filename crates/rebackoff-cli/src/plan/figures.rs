//! The figures of a plan, whatever form they are shown in.
#![allow(clippy::cast_precision_loss, reason = "counts of clients and tries are far below 2⁵³")]

use rebackoff_core::Seconds;
use rebackoff_sim::{HerdTries, percentile};
use serde::Serialize;

use super::Plan;
use super::chart::{Chart, Peak, SHORT, peak};
use super::lint::{Warning, warnings};
use super::load::PlanFigures;
use crate::CliError;

/// Tries beyond these are not listed one by one.
const LISTED: usize = 20;

/// Durations for people, in seconds.
const ROUND: [f64; 24] = [
    0.1,
    0.2,
    0.5,
    1.0,
    2.0,
    5.0,
    10.0,
    20.0,
    30.0,
    60.0,
    120.0,
    300.0,
    600.0,
    1200.0,
    1800.0,
    3600.0,
    7200.0,
    14_400.0,
    21_600.0,
    43_200.0,
    86_400.0,
    172_800.0,
    604_800.0,
    2_592_000.0,
];

/// The figures of a plan. Times are seconds from the start of the first try.
#[derive(Debug, Serialize)]
pub(super) struct Figures {
    pub(super) clients: u32,
    pub(super) seed: u64,
    /// The duration of each try.
    pub(super) try_time: f64,
    /// The limit on each try.
    pub(super) timeout: Option<f64>,
    pub(super) tries: Vec<PlannedTry>,
    /// The most tries that a client made, listed or not.
    pub(super) most_tries: usize,
    /// The time that is simulated of a policy that never gives up.
    pub(super) horizon: Option<f64>,
    /// The longest time that all waits can take together; none where nothing limits it.
    pub(super) worst_case: Option<f64>,
    pub(super) outages: Vec<Outage>,
    pub(super) chart: Chart,
    pub(super) peak: Option<Peak>,
    #[serde(flatten)]
    pub(super) load: PlanFigures,
    /// The load of the policy of `--compare`.
    pub(super) compared: Option<PlanFigures>,
    pub(super) warnings: Vec<Warning>,
}

/// One try.
#[derive(Debug, Serialize)]
pub(super) struct PlannedTry {
    pub(super) number: usize,
    /// The raw wait before it, the longest possible where it is drawn by chance.
    pub(super) raw_wait: Option<f64>,
    /// The range of the wait after jitter, before limits.
    pub(super) shortest_wait: Option<f64>,
    pub(super) longest_wait: Option<f64>,
    /// Its begin, for five, fifty and ninety-five of a hundred clients.
    pub(super) p5: f64,
    pub(super) p50: f64,
    pub(super) p95: f64,
    /// The share of the clients that come to it.
    pub(super) share: f64,
}

/// An outage that ends after so long.
#[derive(Debug, Serialize)]
pub(super) struct Outage {
    pub(super) lasts: f64,
    /// The chance that a try begins after it.
    pub(super) chance: f64,
}

impl Figures {
    pub(super) fn of(
        plan: &Plan,
        simulation: &HerdTries,
        load: PlanFigures,
        compared: Option<PlanFigures>,
    ) -> Self {
        let policy = &plan.config.policy;
        let retries = simulation.retries();
        let chart = Chart::of(&retries);
        Self {
            clients: plan.clients,
            seed: plan.seed,
            try_time: plan.time_of_try().get(),
            timeout: plan.config.timeout.map(|timeout| timeout.as_secs_f64()),
            tries: tries(plan, simulation),
            most_tries: simulation.most_tries(),
            horizon: Some(simulation.horizon).filter(|horizon| horizon.is_finite()),
            worst_case: policy.worst_case().map(|longest| longest.as_secs_f64()),
            outages: outages(simulation),
            peak: peak(&retries, chart.width.min(SHORT)),
            chart,
            load,
            compared,
            warnings: warnings(plan, simulation),
        }
    }

    /// Returns whether there are tries that are not listed.
    pub(super) fn is_cut(&self) -> bool {
        self.most_tries > self.tries.len()
    }

    pub(super) fn json(&self) -> Result<String, CliError> {
        let text = serde_json::to_string_pretty(self).map_err(CliError::new)?;
        Ok(text + "\n")
    }
}

fn tries(plan: &Plan, simulation: &HerdTries) -> Vec<PlannedTry> {
    let policy = &plan.config.policy;
    // Of a policy that never gives up, a try is known when all clients have made it.
    let known = if simulation.horizon.is_finite() {
        simulation.least_tries()
    } else {
        simulation.most_tries()
    };
    let listed = known.min(LISTED);
    let all = (0..listed).filter_map(|n| {
        let begins = simulation.begins(n);
        let retry = n.checked_sub(1).map(|retry| retry as u64);
        let raw = retry.and_then(|retry| policy.wait().raw(retry));
        let shortest = raw.map(|raw| policy.spread(raw, &mut || 0.0));
        let shortest = if matches!(policy.wait(), rebackoff_core::Wait::Decorrelated(_)) {
            // It is its own jitter, and its base the shortest.
            raw.and_then(|_| policy.wait().next(rebackoff_core::Position::START, &mut || 0.0))
        } else {
            shortest
        };
        Some(PlannedTry {
            number: n + 1,
            raw_wait: raw.map(Seconds::get),
            shortest_wait: shortest.map(Seconds::get),
            longest_wait: retry
                .and_then(|retry| policy.longest_wait(retry))
                .map(|wait| wait.as_secs_f64()),
            p5: percentile(&begins, 0.05)?,
            p50: percentile(&begins, 0.5)?,
            p95: percentile(&begins, 0.95)?,
            share: begins.len() as f64 / f64::from(plan.clients),
        })
    });
    all.collect()
}

/// From where some client may have given up, to where all have.
fn outages(simulation: &HerdTries) -> Vec<Outage> {
    let ends = simulation.ends();
    let chance = |lasts: f64| {
        let lasting = ends.len() - ends.partition_point(|end| *end < lasts);
        lasting as f64 / ends.len().max(1) as f64
    };
    let mut outages = Vec::new();
    for (n, lasts) in ROUND.into_iter().enumerate() {
        let next = ROUND.get(n + 1).copied().unwrap_or(f64::INFINITY);
        if chance(next) < 1.0 || next.is_infinite() {
            outages.push(Outage { lasts, chance: chance(lasts) });
        }
        if chance(lasts) <= 0.0 {
            break;
        }
    }
    outages
}
