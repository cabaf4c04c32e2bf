//! A report for a terminal.
#![allow(clippy::cast_precision_loss, reason = "counts of bins are far below 2⁵³")]

use std::fmt::{self, Write as _};

use rebackoff_sim::Report;

use super::headline::{basis, cells, headings, title};
use crate::human::human;
use crate::markup::printable;

/// The width of a time series.
const WIDTH: usize = 60;

const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

pub(super) fn page(report: &Report) -> String {
    let mut page = String::new();
    // Writing to a string cannot fail.
    let _ = write_page(&mut page, report);
    printable(&page)
}

fn write_page(page: &mut String, report: &Report) -> fmt::Result {
    if !report.name.is_empty() {
        writeln!(page, "{}\n", report.name)?;
    }
    if !report.about.is_empty() {
        writeln!(page, "{}\n", report.about)?;
    }
    writeln!(page, "{}\n", basis(report))?;
    let mut rows = vec![headings(report)];
    rows.extend(report.cases.iter().map(cells));
    for line in table(&rows) {
        writeln!(page, "{line}")?;
    }
    for case in &report.cases {
        let series = &case.series;
        let span = series.bin * series.time.len() as f64;
        writeln!(page, "\n{} (0s to {})", title(case), human(span))?;
        for (name, values) in [
            ("offered/s", &series.offered),
            ("tries/s", &series.tries),
            ("goodput/s", &series.goodput),
            ("queue", &series.queue),
            ("refused/s", &series.refused),
        ] {
            let most = values.iter().copied().fold(0.0, f64::max);
            if most > 0.0 {
                writeln!(page, "  {name:>9} {} up to {most:.0}", sparkline(values, most))?;
            }
        }
    }
    if !report.checks.is_empty() {
        writeln!(page)?;
    }
    for check in &report.checks {
        let value = check.value.map_or_else(|| "missing".to_owned(), |value| format!("{value:.4}"));
        let case = report.cases.get(check.case).filter(|case| !case.parameters.is_empty());
        let place = case.map_or_else(String::new, |case| format!(" [{}]", title(case)));
        let outcome = if check.holds { "holds" } else { "FAILS" };
        writeln!(page, "{outcome}: {} {}, it is {value}{place}", check.figure, check.bound)?;
    }
    Ok(())
}

fn table(rows: &[Vec<String>]) -> impl Iterator<Item = String> + '_ {
    let columns = rows.first().map_or(0, Vec::len);
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max()
    };
    let widths: Vec<_> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
    rows.iter().map(move |row| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:>width$}"));
        cells.collect::<Vec<_>>().join("  ")
    })
}

/// The highest values of parts of the time.
fn sparkline(values: &[f64], most: f64) -> String {
    let together = values.len().div_ceil(WIDTH).max(1);
    let level = |part: &[f64]| {
        let value = part.iter().copied().fold(0.0, f64::max) / most;
        let index = LEVELS.iter().enumerate().rfind(|(index, _)| value >= *index as f64 / 8.0);
        index.map_or(' ', |(_, level)| if value > 0.0 { *level } else { ' ' })
    };
    values.chunks(together).map(level).collect()
}
