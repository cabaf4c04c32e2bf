//! The memory and time that a scenario needs, beside the bounds of the simulator.

use rebackoff_core::{Breaker, Budget};

use super::ScenarioError;
use crate::distribution::seconds;
use crate::figures::{Bin, NamedFigures};
use crate::load::LoadKind;
use crate::model::Model;

/// The most memory of all replications that run at once, in bytes.
const MOST_MEMORY: f64 = 4e9;

/// The most calls of all replications of a scenario: about an hour of one processor.
const MOST_CALLS: f64 = 2e10;

/// A client with a call, a job and their events, in bytes.
const CLIENT: f64 = 200.0;

/// The number of replications that fit into memory at once, of cases with so many figures.
///
/// # Errors
///
/// The cases need more than the bounds; the error has the reason.
pub(super) fn at_once(models: &[&Model], figures: usize, runs: u64) -> Result<f64, ScenarioError> {
    let calls: f64 = models.iter().map(|model| calls(model) * runs as f64).sum();
    if calls > MOST_CALLS {
        let message = format!(
            "the scenario would make about {calls:.1e} calls, and at most {MOST_CALLS:.0e} are simulated: \
             lower load.rate, load.clients, duration, runs or the cases of the sweep"
        );
        return Err(ScenarioError::new(None, message));
    }
    let replication = models.iter().map(|model| memory(model)).fold(1.0, f64::max);
    let results = results(models, figures, runs);
    let memory = replication + results;
    if memory > MOST_MEMORY {
        let message = format!(
            "the scenario would need about {:.1} GB, and at most {:.0} GB are used: \
             lower load.clients, runs or the cases of the sweep, widen the bins, \
             or give guards the scope process or fleet",
            memory / 1e9,
            MOST_MEMORY / 1e9
        );
        return Err(ScenarioError::new(None, message));
    }
    Ok((MOST_MEMORY - results) / replication)
}

/// The calls of a replication at most, where the load bounds them.
fn calls(model: &Model) -> f64 {
    let (clients, duration) = (f64::from(model.fleet.clients), seconds(model.duration as f64));
    let factors = model.load.changes.iter().map(|(_, factor)| *factor);
    let factor = factors.fold(1.0, f64::max);
    match &model.load.kind {
        LoadKind::Open { rate, .. } => rate * duration * factor,
        LoadKind::Serial { rate } => rate * clients * duration * factor,
        LoadKind::Closed { think } => clients * duration * factor / seconds(think.mean()).max(1e-3),
        LoadKind::Burst { .. } => clients,
    }
}

/// The bytes of the results, which stay until the end.
fn results(models: &[&Model], figures: usize, runs: u64) -> f64 {
    let replication = size_of::<NamedFigures>() + figures * size_of::<Option<f64>>();
    let bins: f64 = models.iter().map(|model| (model.end() / model.bin) as f64).sum();
    models.len() as f64 * runs as f64 * replication as f64 + bins * size_of::<Bin>() as f64
}

/// The bytes of a replication that runs.
fn memory(model: &Model) -> f64 {
    let guards = model.links.first().map_or(0.0, |link| {
        let count = |scope| f64::from(model.fleet.count(scope));
        let budgets = link.guards.budget.map_or(0.0, |(_, scope)| count(scope));
        let breakers = link.guards.breaker.map_or(0.0, |(_, scope)| count(scope));
        budgets * size_of::<Budget>() as f64 + breakers * size_of::<Breaker>() as f64
    });
    f64::from(model.fleet.clients) * CLIENT + guards
}
