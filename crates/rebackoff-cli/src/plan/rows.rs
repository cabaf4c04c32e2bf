//! The load of policies as rows of a table.

use rebackoff_sim::plan::{ChanceFailures, OutageRecovery, PlanLoad, RetryPeak};

use crate::human::{human, percent};

/// The rows of a table of loads: a name, and the value of each load.
pub(super) fn rows(loads: &[&PlanLoad]) -> Vec<(String, Vec<String>)> {
    let row = |name: &str, value: &dyn Fn(&PlanLoad) -> Option<String>| {
        let values: Vec<_> = loads.iter().map(|load| value(load)).collect();
        let is_known = values.iter().any(Option::is_some);
        let values = values.into_iter().map(|value| value.unwrap_or_else(|| "-".to_owned()));
        is_known.then(|| (name.to_owned(), values.collect()))
    };
    let per_call = |requests: f64| format!("{requests:.2}");
    let at = |peak: RetryPeak| format!("{} after {}", peak.retries, human(peak.begin));
    let failures = |load: &PlanLoad, value: &dyn Fn(&ChanceFailures) -> String| {
        load.failures.as_ref().map(value)
    };
    let recovery = |load: &PlanLoad, value: &dyn Fn(&OutageRecovery) -> Option<String>| {
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
