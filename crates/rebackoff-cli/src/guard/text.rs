//! Guards for a terminal.

use std::fmt::Write as _;

use super::GuardReport;
use crate::human::human;

/// A line for each guard.
pub(super) fn table(reports: &[GuardReport]) -> String {
    let heading = ["NAME", "KIND", "STATE", "RULE"].map(str::to_owned);
    let row = |report: &GuardReport| {
        [report.name.clone(), report.kind.to_owned(), state(report), report.rule.clone()]
    };
    let rows: Vec<_> = std::iter::once(heading).chain(reports.iter().map(row)).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
    let [name, kind, state] = [0, 1, 2].map(width);
    let mut table = String::new();
    for row in &rows {
        let _ =
            writeln!(table, "{:name$}  {:kind$}  {:state$}  {}", row[0], row[1], row[2], row[3]);
    }
    table
}

/// All that is known of each guard.
pub(super) fn details(reports: &[GuardReport]) -> String {
    let mut page = String::new();
    for report in reports {
        let _ = writeln!(page, "{} {}: {}", report.kind, report.name, report.rule);
        let _ = writeln!(page, "  state     {}", state(report));
        for (name, count) in &report.counts {
            let _ = writeln!(page, "  {:<8}  {count}", name.trim_start_matches("host_"));
        }
        for vote in report.votes.iter().flatten() {
            let _ = writeln!(page, "  vote      {vote}");
        }
        if let Some(probing) = &report.probing {
            let _ = writeln!(page, "  probing   {probing}");
        }
    }
    page
}

fn state(report: &GuardReport) -> String {
    if let Some(tokens) = report.tokens {
        return format!("{} tokens", (tokens * 10.0).round() / 10.0);
    }
    let until = report.retry_in.map(|retry_in| format!(", next probe in {}", human(retry_in)));
    format!("{}{}", report.state.unwrap_or_default(), until.unwrap_or_default())
}
