//! The report of a simulation.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;
use serde::Serialize;

use crate::distribution::seconds;
use crate::figures::{Bin, Figure, NamedFigures, Tally};
use crate::model::Model;
use crate::scenario::{Bound, Checked, Value};

/// The quantiles of the latency that a report has.
const QUANTILES: [f64; 10] = [0.05, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 0.9999, 1.0];

/// The figures of a scenario, case by case.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// The name of the scenario.
    pub name: String,
    /// The paragraph on the scenario.
    pub about: String,
    /// The seed of its draws.
    pub seed: u64,
    /// The number of replications of each case.
    pub runs: u64,
    /// All replications are done. A simulation that was stopped has figures of those that were.
    pub is_whole: bool,
    /// The cases of the sweep; one without a sweep.
    pub cases: Vec<Case>,
    /// The bounds of the scenario, for each case.
    pub checks: Vec<Check>,
}

/// The figures of a case. Durations are seconds, rates are per second.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Case {
    /// The swept parameters, with their values.
    pub parameters: BTreeMap<String, String>,
    /// The policy of the clients, in words.
    pub policy: String,
    /// The figures by name.
    pub figures: BTreeMap<String, Figure>,
    /// The quantiles of the latency of calls that succeeded, over all replications: share and duration.
    pub latency: Vec<(f64, f64)>,
    /// The time series.
    pub series: TimeSeries,
}

/// Time series: means over the replications, one number for each bin.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct TimeSeries {
    /// The width of a bin.
    pub bin: f64,
    /// The begin of each bin.
    pub time: Vec<f64>,
    /// Calls that began, per second.
    pub offered: Vec<f64>,
    /// Tries that began, per second.
    pub tries: Vec<f64>,
    /// Calls that succeeded, per second.
    pub goodput: Vec<f64>,
    /// Calls that failed, per second.
    pub failed: Vec<f64>,
    /// The mean duration of the calls that succeeded; 0 where there were none.
    pub latency: Vec<f64>,
    /// The most jobs that waited at one server.
    pub queue: Vec<f64>,
    /// Retries and calls that guards refused, per second.
    pub refused: Vec<f64>,
    /// The most breakers that were open.
    pub open_breakers: Vec<f64>,
}

/// The outcome of a bound.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Check {
    /// The index of the case.
    pub case: usize,
    /// The name of the figure.
    pub figure: String,
    /// The bound, as written.
    pub bound: String,
    /// The mean of the figure; `None` where no replication has it.
    pub value: Option<f64>,
    /// The figure keeps the bound.
    pub holds: bool,
}

impl Report {
    /// A figure of the first case, or of the only one.
    pub fn figure(&self, name: &str) -> Option<&Figure> {
        self.cases.first()?.figures.get(name)
    }

    /// Returns whether every bound of the scenario holds.
    pub fn is_as_expected(&self) -> bool {
        self.checks.iter().all(|check| check.holds)
    }

    /// The report as JSON.
    pub fn to_json(&self) -> String {
        // Neither a map with other keys than texts nor an error of a writer can come.
        serde_json::to_string_pretty(self).unwrap_or_default()
    }

    pub(crate) fn of<'a>(
        checked: &Checked,
        cases: impl Iterator<
            Item = (&'a [(String, Value)], &'a Model, Vec<NamedFigures>, Option<CaseSum>),
        >,
        is_whole: bool,
    ) -> Self {
        let cases: Vec<_> = cases
            .map(|(parameters, model, figures, sum)| {
                Case::of(checked, parameters, model, &figures, sum)
            })
            .collect();
        let checks = cases.iter().enumerate().flat_map(|(index, case)| {
            checked.bounds.iter().map(move |bound| case.check(index, bound))
        });
        Self {
            name: checked.name.clone(),
            about: checked.about.clone(),
            seed: checked.cases.first().map_or(0, |(_, model)| model.seed),
            runs: checked.runs,
            is_whole,
            checks: checks.collect(),
            cases,
        }
    }
}

impl Case {
    fn of(
        checked: &Checked,
        parameters: &[(String, Value)],
        model: &Model,
        runs: &[NamedFigures],
        sum: Option<CaseSum>,
    ) -> Self {
        let figures = checked.names.iter().enumerate().filter_map(|(index, name)| {
            let values: Vec<_> = runs.iter().filter_map(|run| *run.0.get(index)?).collect();
            Some((name.clone(), Figure::of(&values)?))
        });
        let text = |value: &Value| match value {
            Value::Text(text) => text.clone(),
            value => value.to_string(),
        };
        let parameters = parameters.iter().map(|(name, value)| (name.clone(), text(value)));
        Self {
            parameters: parameters.collect(),
            policy: model.links.first().map(|link| link.policy.to_string()).unwrap_or_default(),
            figures: figures.collect(),
            latency: sum.as_ref().map(CaseSum::quantiles).unwrap_or_default(),
            series: sum.map(|sum| sum.series(model)).unwrap_or_default(),
        }
    }

    fn check(&self, case: usize, bound: &Bound) -> Check {
        let mean = |name: &str| self.figures.get(name).map(|figure| figure.mean);
        let value = mean(&bound.figure);
        // A replication that never recovers has no recovery, and keeps no bound on it.
        let never =
            bound.figure == "recovery" && mean("never_recovered").is_some_and(|share| share > 0.0);
        Check {
            case,
            figure: bound.figure.clone(),
            bound: bound.text.clone(),
            value,
            holds: !never && value.is_some_and(|value| bound.holds(value)),
        }
    }
}

/// Whole numbers, whose sums over replications do not depend on their order.
#[derive(Debug)]
pub(crate) struct CaseSum {
    runs: u64,
    latency: Histogram<u64>,
    bins: Vec<Bin>,
}

impl CaseSum {
    pub(crate) fn of(tally: Tally) -> Self {
        Self { runs: 1, latency: tally.latency, bins: tally.series.bins }
    }

    pub(crate) fn add(&mut self, tally: &Tally) {
        self.runs += 1;
        // A histogram that grows takes another one of its precision.
        let _ = self.latency.add(&tally.latency);
        for (sum, bin) in self.bins.iter_mut().zip(&tally.series.bins) {
            sum.add(bin);
        }
    }

    fn quantiles(&self) -> Vec<(f64, f64)> {
        if self.latency.is_empty() {
            return Vec::new();
        }
        let at = |share| seconds(self.latency.value_at_quantile(share) as f64);
        QUANTILES.iter().map(|share| (*share, at(*share))).collect()
    }

    fn series(&self, model: &Model) -> TimeSeries {
        let (runs, bin) = (self.runs as f64, seconds(model.bin as f64));
        let mean =
            |value: fn(&Bin) -> u64| self.bins.iter().map(|bin| value(bin) as f64 / runs).collect();
        let rate = |value: fn(&Bin) -> u64| {
            self.bins.iter().map(|counts| value(counts) as f64 / runs / bin).collect()
        };
        let latency = |bin: &Bin| seconds(bin.latency as f64 / bin.succeeded.max(1) as f64);
        TimeSeries {
            bin,
            time: (0..self.bins.len()).map(|index| index as f64 * bin).collect(),
            offered: rate(|bin| bin.calls),
            tries: rate(|bin| bin.tries),
            goodput: rate(|bin| bin.succeeded),
            failed: rate(|bin| bin.failed),
            latency: self.bins.iter().map(latency).collect(),
            queue: mean(|bin| bin.queue),
            refused: rate(|bin| bin.refused),
            open_breakers: mean(|bin| bin.open),
        }
    }
}
