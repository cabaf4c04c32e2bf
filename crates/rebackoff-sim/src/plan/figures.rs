//! The figures of a plan.

use rebackoff_core::{Position, Seconds, Wait};

use serde::Serialize;

use super::Plan;
use super::chart::{RetryChart, RetryPeak, SHORT, peak};
use super::load::PlanLoad;
use crate::{HerdTries, Target, TooManyTries, percentile};

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
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PlanFigures {
    /// The number of clients.
    pub clients: u32,
    /// The seed of the draws.
    pub seed: u64,
    /// The duration of each try.
    pub try_time: f64,
    /// The limit on each try.
    pub timeout: Option<f64>,
    /// The policy after a server that throttles, in words, where it has one of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub throttled: Option<String>,
    /// The first tries, one by one.
    pub tries: Vec<PlannedTry>,
    /// The most tries that a client made, listed or not.
    pub most_tries: usize,
    /// The time that is simulated of a policy that never gives up.
    pub horizon: Option<f64>,
    /// The longest time that all waits can take together; none where nothing limits it.
    pub worst_case: Option<f64>,
    /// Outages, from where some client may have given up, to where all have.
    pub outages: Vec<OutlastedOutage>,
    /// The density of the retries.
    pub chart: RetryChart,
    /// The most retries in a short time; none without retries.
    pub peak: Option<RetryPeak>,
    /// The load of the policy.
    #[serde(flatten)]
    pub load: PlanLoad,
    /// The load of the policy of `--compare`.
    pub compared: Option<PlanLoad>,
}

/// One try.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PlannedTry {
    /// Its number, counted from 1.
    pub number: usize,
    /// The raw wait before it, the longest possible where it is drawn by chance.
    pub raw_wait: Option<f64>,
    /// The shortest wait after jitter, before limits.
    pub shortest_wait: Option<f64>,
    /// The longest wait after jitter, before limits.
    pub longest_wait: Option<f64>,
    /// The time by which 5 % of the clients begin it.
    pub p5: f64,
    /// The time by which half of the clients begin it.
    pub p50: f64,
    /// The time by which 95 % of the clients begin it.
    pub p95: f64,
    /// The share of the clients that come to it.
    pub share: f64,
}

/// An outage that ends after so long.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OutlastedOutage {
    /// The duration of the outage.
    pub lasts: f64,
    /// The chance that a try begins after it.
    pub chance: f64,
}

impl PlanFigures {
    pub(super) fn of(plan: &Plan, simulation: &HerdTries) -> Result<Self, TooManyTries> {
        let policy = &plan.profile.policy;
        let compared = plan.compared.as_ref().map(|other| {
            let down = plan.run(other, plan.time_of_try(), Target::Down)?;
            PlanLoad::of(plan, other, &down)
        });
        let retries = simulation.retries();
        let chart = RetryChart::of(&retries);
        Ok(Self {
            clients: plan.clients,
            seed: plan.seed,
            try_time: plan.time_of_try().get(),
            timeout: plan.profile.timeout.map(|timeout| timeout.as_secs_f64()),
            throttled: plan.profile.throttled.map(|throttled| throttled.to_string()),
            tries: tries(plan, simulation),
            most_tries: simulation.most_tries(),
            horizon: Some(simulation.horizon).filter(|horizon| horizon.is_finite()),
            worst_case: policy.worst_case().map(|longest| longest.as_secs_f64()),
            outages: outages(simulation),
            peak: peak(&retries, chart.width.min(SHORT)),
            chart,
            load: PlanLoad::of(plan, policy, simulation)?,
            compared: compared.transpose()?,
        })
    }

    /// Returns whether there are tries that are not listed.
    pub fn is_cut(&self) -> bool {
        self.most_tries > self.tries.len()
    }
}

fn tries(plan: &Plan, simulation: &HerdTries) -> Vec<PlannedTry> {
    let policy = &plan.profile.policy;
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
        let shortest = raw.and_then(|raw| match policy.wait() {
            // It is its own jitter, and its base the shortest.
            wait @ Wait::Decorrelated(_) => wait.next(Position::START, &mut || 0.0),
            _ => Some(policy.spread(raw, &mut || 0.0)),
        });
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
fn outages(simulation: &HerdTries) -> Vec<OutlastedOutage> {
    let ends = simulation.ends();
    let chance = |lasts: f64| {
        let lasting = ends.len() - ends.partition_point(|end| *end < lasts);
        lasting as f64 / ends.len().max(1) as f64
    };
    let mut outages = Vec::new();
    for (n, lasts) in ROUND.into_iter().enumerate() {
        let next = ROUND.get(n + 1).copied().unwrap_or(f64::INFINITY);
        if chance(next) < 1.0 || next.is_infinite() {
            outages.push(OutlastedOutage { lasts, chance: chance(lasts) });
        }
        if chance(lasts) <= 0.0 {
            break;
        }
    }
    outages
}
