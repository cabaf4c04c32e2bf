//! The figures that a table shows, of the many that a report has.

use rebackoff_sim::{Case, Figure, Report};

use crate::human::human;

/// A column of a table of cases.
pub(super) struct Column {
    pub(super) heading: &'static str,
    cell: fn(&Case) -> String,
}

/// The columns after those of the swept parameters.
pub(super) const COLUMNS: [Column; 8] = [
    Column {
        heading: "success",
        cell: |case| with_half(case, "success_rate", |share| format!("{:.2}%", share * 100.0)),
    },
    Column {
        heading: "tries/call",
        cell: |case| with_half(case, "amplification", |tries| format!("{tries:.3}")),
    },
    Column {
        heading: "goodput/s",
        cell: |case| with_half(case, "goodput", |rate| format!("{rate:.1}")),
    },
    Column { heading: "p50", cell: |case| duration(case, "latency_p50") },
    Column { heading: "p99", cell: |case| duration(case, "latency_p99") },
    Column {
        heading: "peak tries/s",
        cell: |case| with(case, "peak_rate", |figure| format!("{:.0}", figure.mean)),
    },
    Column { heading: "at", cell: |case| duration(case, "peak_at") },
    Column { heading: "recovery", cell: recovery },
];

/// The names of the swept parameters, then the headings of the columns.
pub(super) fn headings(report: &Report) -> Vec<String> {
    let swept = report.cases.first().into_iter().flat_map(|case| case.parameters.keys().cloned());
    swept.chain(COLUMNS.iter().map(|column| column.heading.to_owned())).collect()
}

/// The cells of a case under [`headings`].
pub(super) fn cells(case: &Case) -> Vec<String> {
    let swept = case.parameters.values().cloned();
    swept.chain(COLUMNS.iter().map(|column| (column.cell)(case))).collect()
}

/// The name of a case: its parameters, or its policy without a sweep.
pub(super) fn title(case: &Case) -> String {
    title_parts(case).join(", ")
}

/// Each parameter of a case, or its policy without a sweep.
pub(super) fn title_parts(case: &Case) -> Vec<String> {
    if case.parameters.is_empty() {
        return vec![case.policy.clone()];
    }
    case.parameters.iter().map(|(name, value)| format!("{name} = {value}")).collect()
}

/// The replications, the seed, and the part that was done before Ctrl-C.
pub(super) fn basis(report: &Report) -> String {
    let noun = if report.runs == 1 { "run" } else { "runs" };
    let part = if report.is_whole {
        ""
    } else {
        ", interrupted: the figures are those of the runs that were done"
    };
    let interval =
        if report.runs == 1 { "" } else { ", with the half of its 95 % confidence interval" };
    format!("Mean of {} {noun}{interval} (seed {}){part}", report.runs, report.seed)
}

fn with(case: &Case, name: &str, show: impl Fn(&Figure) -> String) -> String {
    case.figures.get(name).map_or_else(|| "-".to_owned(), show)
}

fn with_half(case: &Case, name: &str, show: fn(f64) -> String) -> String {
    with(case, name, |figure| {
        let half = figure.high - figure.mean;
        if figure.runs > 1 {
            format!("{} ±{}", show(figure.mean), show(half))
        } else {
            show(figure.mean)
        }
    })
}

fn duration(case: &Case, name: &str) -> String {
    with(case, name, |figure| human(figure.mean))
}

fn recovery(case: &Case) -> String {
    let never = case.figures.get("never_recovered").map_or(0.0, |figure| figure.mean);
    match case.figures.get("recovery") {
        _ if never >= 1.0 => "never".to_owned(),
        Some(figure) if never > 0.0 => {
            format!("{} ({:.0}% never)", human(figure.mean), never * 100.0)
        }
        Some(figure) => human(figure.mean),
        None => "-".to_owned(),
    }
}
