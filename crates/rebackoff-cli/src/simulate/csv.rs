//! A report as lines of CSV.

use std::fmt::Write as _;

use rebackoff_sim::Report;

/// A line for each figure of each case, under a heading.
pub(super) fn table(report: &Report) -> String {
    let swept: Vec<_> = report
        .cases
        .first()
        .map_or_else(Vec::new, |case| case.parameters.keys().map(|name| field(name)).collect());
    let mut table = format!("case,{}figure,mean,low,high,sd,runs\n", prefix(&swept));
    for (index, case) in report.cases.iter().enumerate() {
        let values: Vec<_> = case.parameters.values().map(|value| field(value)).collect();
        for (name, figure) in &case.figures {
            let rebackoff_sim::Figure { mean, low, high, sd, runs } = figure;
            let (number, values, name) = (index + 1, prefix(&values), field(name));
            // Writing to a string cannot fail.
            let _ = writeln!(table, "{number},{values}{name},{mean},{low},{high},{sd},{runs}");
        }
    }
    table
}

/// The fields, each with its comma.
fn prefix(fields: &[String]) -> String {
    fields.iter().flat_map(|field| [field.as_str(), ","]).collect()
}

/// A field as RFC 4180 has it.
fn field(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}
