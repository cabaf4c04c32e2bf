//! A report as a page of its own, which loads nothing.
#![allow(clippy::cast_precision_loss, reason = "counts of bins are far below 2⁵³")]

use std::fmt::{self, Write as _};

use rebackoff_sim::{Case, Report, TimeSeries};

use super::headline::{basis, cells, headings, title};
use crate::human::human;
use crate::markup::escape;

/// The lines of a chart differ in dashes and labels, so that colour is not needed to read it.
const STYLE: &str = "\
:root{color-scheme:light dark;--text:#24292f;--paper:#fff;--grid:#d0d7de;--a:#0550ae;--b:#bc4c00;--c:#1a7f37}\
@media(prefers-color-scheme:dark){:root{--text:#e6edf3;--paper:#0d1117;--grid:#30363d;--a:#79c0ff;--b:#ffa657;--c:#7ee787}}\
body{font:16px/1.5 system-ui,sans-serif;color:var(--text);background:var(--paper);\
max-width:1200px;margin:0 auto;padding:1rem;overflow-wrap:anywhere}\
.wide{overflow-x:auto;margin:1rem 0}table{border-collapse:collapse}\
th,td{padding:.25rem .75rem;text-align:right;white-space:nowrap;border-bottom:1px solid var(--grid)}\
.cases{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,320px),1fr));gap:1rem 2rem}\
h2{font-size:1rem;margin:.5rem 0}figure{margin:0 0 1rem}figcaption{font-weight:600}\
svg{display:block;width:100%;height:auto}svg text{font:11px system-ui,sans-serif;fill:var(--text)}\
.grid{stroke:var(--grid)}.line{fill:none;stroke-width:2}\
.a{stroke:var(--a)}.b{stroke:var(--b);stroke-dasharray:7 3}.c{stroke:var(--c);stroke-dasharray:2 3}\
.fails{font-weight:700}";

const WIDTH: f64 = 400.0;
const HEIGHT: f64 = 150.0;
const LEFT: f64 = 48.0;
const BOTTOM: f64 = 20.0;
const TOP: f64 = 20.0;

/// The most points of a line.
const POINTS: usize = 400;

/// A line of a chart.
type Line = (&'static str, fn(&TimeSeries) -> &[f64]);

/// A chart: its caption, and up to three lines.
const CHARTS: [(&str, &[Line]); 4] = [
    (
        "Load, per second",
        &[
            ("offered", |series| &series.offered),
            ("tries", |series| &series.tries),
            ("goodput", |series| &series.goodput),
        ],
    ),
    ("Jobs in the longest queue", &[("queue", |series| &series.queue)]),
    ("Latency of successes, in seconds", &[("mean", |series| &series.latency)]),
    (
        "Guards",
        &[
            ("refused per second", |series| &series.refused),
            ("open breakers", |series| &series.open_breakers),
        ],
    ),
];

pub(super) fn page(report: &Report) -> String {
    let mut html = String::new();
    // Writing to a string cannot fail.
    let _ = write_page(&mut html, report);
    html
}

fn write_page(html: &mut String, report: &Report) -> fmt::Result {
    let name = if report.name.is_empty() { "Simulation" } else { &report.name };
    let name = escape(name);
    writeln!(
        html,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <link rel=\"icon\" href=\"data:,\">\n<title>{name}</title>\n<style>{STYLE}</style>\n</head>"
    )?;
    writeln!(html, "<body>\n<main>\n<h1>{name}</h1>\n<p>{}</p>", escape(&report.about))?;
    write_table(html, report)?;
    write_checks(html, report)?;
    writeln!(html, "<div class=\"cases\">")?;
    for case in &report.cases {
        writeln!(html, "<section>\n<h2>{}</h2>", escape(&title(case)))?;
        for (caption, lines) in CHARTS {
            write_chart(html, report, case, caption, lines)?;
        }
        writeln!(html, "</section>")?;
    }
    writeln!(html, "</div>\n</main>\n</body>\n</html>")
}

fn write_table(html: &mut String, report: &Report) -> fmt::Result {
    writeln!(html, "<p>{}</p>\n<div class=\"wide\">\n<table>", basis(report))?;
    let headings = headings(report).into_iter();
    let headings = headings.map(|heading| format!("<th scope=\"col\">{}</th>", escape(&heading)));
    writeln!(html, "<thead><tr>{}</tr></thead>\n<tbody>", headings.collect::<String>())?;
    for case in &report.cases {
        let cells = cells(case).into_iter().map(|cell| format!("<td>{}</td>", escape(&cell)));
        writeln!(html, "<tr>{}</tr>", cells.collect::<String>())?;
    }
    writeln!(html, "</tbody>\n</table>\n</div>")
}

fn write_checks(html: &mut String, report: &Report) -> fmt::Result {
    if report.checks.is_empty() {
        return Ok(());
    }
    writeln!(html, "<ul>")?;
    for check in &report.checks {
        let value = check.value.map_or_else(|| "missing".to_owned(), |value| format!("{value:.4}"));
        let (class, outcome) =
            if check.holds { ("", "holds") } else { (" class=\"fails\"", "FAILS") };
        let case = report.cases.get(check.case).map(title).unwrap_or_default();
        let text = format!("{} {}: {outcome}, it is {value} ({case})", check.figure, check.bound);
        writeln!(html, "<li{class}>{}</li>", escape(&text))?;
    }
    writeln!(html, "</ul>")
}

/// A chart on the scale that all cases share; none where all values are zero.
fn write_chart(
    html: &mut String,
    report: &Report,
    case: &Case,
    caption: &str,
    lines: &[Line],
) -> fmt::Result {
    let values =
        report.cases.iter().flat_map(|case| lines.iter().flat_map(|(_, of)| of(&case.series)));
    let most = values.copied().fold(0.0, f64::max);
    if most <= 0.0 {
        return Ok(());
    }
    let bins = active_bins(report);
    let span = case.series.bin * bins as f64;
    let top = number(most);
    writeln!(
        html,
        "<figure>\n<figcaption>{caption}</figcaption>\n\
         <svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{caption}: up to {top}\">"
    )?;
    let (right, base) = (WIDTH - 4.0, HEIGHT - BOTTOM);
    for share in [0.0, 0.5, 1.0] {
        let y = base - share * (base - TOP);
        writeln!(html, "<path class=\"grid\" d=\"M{LEFT} {y}H{right}\"/>")?;
        let (x, y, label) = (LEFT - 4.0, y + 4.0, number(share * most));
        writeln!(html, "<text x=\"{x}\" y=\"{y}\" text-anchor=\"end\">{label}</text>")?;
    }
    for (share, anchor) in [(0.0, "start"), (0.5, "middle"), (1.0, "end")] {
        let (x, y, label) = (LEFT + share * (right - LEFT), HEIGHT - 5.0, human(share * span));
        writeln!(html, "<text x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\">{label}</text>")?;
    }
    let mut legend = LEFT;
    for ((label, of), class) in lines.iter().zip(["a", "b", "c"]) {
        let path = path(
            of(&case.series).get(..bins).unwrap_or_default(),
            most,
            |share| LEFT + share * (right - LEFT),
            |share| base - share * (base - TOP),
        );
        writeln!(html, "<path class=\"line {class}\" d=\"{path}\"/>")?;
        let (end, x) = (legend + 24.0, legend + 28.0);
        writeln!(html, "<path class=\"line {class}\" d=\"M{legend} 8H{end}\"/>")?;
        writeln!(html, "<text x=\"{x}\" y=\"12\">{label}</text>")?;
        legend = x + 8.0 * label.chars().count() as f64;
    }
    writeln!(html, "</svg>\n</figure>")
}

/// The bins up to the last one in which anything happens: a drain may be much longer.
fn active_bins(report: &Report) -> usize {
    let series = report.cases.iter().flat_map(|case| {
        CHARTS.iter().flat_map(|(_, lines)| *lines).map(|(_, of)| of(&case.series))
    });
    let active = series.filter_map(|values| values.iter().rposition(|value| *value > 0.0));
    active.max().map_or(0, |last| last + 1)
}

/// The points of a line: the highest value of each part of the time.
fn path(values: &[f64], most: f64, x: impl Fn(f64) -> f64, y: impl Fn(f64) -> f64) -> String {
    let together = values.len().div_ceil(POINTS).max(1);
    let count = values.len().div_ceil(together).max(1) as f64;
    let mut path = String::new();
    for (index, part) in values.chunks(together).enumerate() {
        let value = part.iter().copied().fold(0.0, f64::max);
        let (x, y) = (x((index as f64 + 0.5) / count), y(value / most));
        // Writing to a string cannot fail.
        let _ = write!(path, "{}{x:.1} {y:.1}", if index == 0 { 'M' } else { 'L' });
    }
    path
}

fn number(value: f64) -> String {
    match value {
        value if value >= 10_000.0 => format!("{:.0}k", value / 1000.0),
        value if value >= 10.0 || value <= 0.0 => format!("{value:.0}"),
        value => format!("{value:.2}"),
    }
}
