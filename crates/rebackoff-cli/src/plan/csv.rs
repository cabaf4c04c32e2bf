//! A plan as lines of CSV.

use std::fmt::Write as _;

use rebackoff_sim::plan::PlanFigures;

use super::rows::rows;

/// A line for each try, then a line for each figure of the load.
pub(super) fn table(figures: &PlanFigures) -> String {
    let mut table = "try,raw_wait,shortest_wait,longest_wait,p5,p50,p95,share\n".to_owned();
    let wait = |wait: Option<f64>| wait.map_or_else(String::new, |wait| wait.to_string());
    // Writing to a string cannot fail.
    for row in &figures.tries {
        let waits = [row.raw_wait, row.shortest_wait, row.longest_wait].map(wait).join(",");
        let (number, p5, p50, p95, share) = (row.number, row.p5, row.p50, row.p95, row.share);
        let _ = writeln!(table, "{number},{waits},{p5},{p50},{p95},{share}");
    }
    let loads: Vec<_> = std::iter::once(&figures.load).chain(&figures.compared).collect();
    table.push_str(if loads.len() == 1 {
        "\nfigure,policy\n"
    } else {
        "\nfigure,policy,compared\n"
    });
    for (name, values) in rows(&loads) {
        let name = if name.contains(',') { format!("\"{name}\"") } else { name };
        let _ = writeln!(table, "{name},{}", values.join(","));
    }
    table
}
