//! A report as one picture: the load of each case, side by side.
#![allow(clippy::cast_precision_loss, reason = "counts of cases are far below 2⁵³")]

use std::fmt::{self, Write as _};

use rebackoff_sim::Report;

use super::chart::{self, HEIGHT, LOAD, WIDTH};
use super::headline::title_parts;
use crate::markup::escape;

/// The charts of a row.
const COLUMNS: usize = 2;

const GAP: f64 = 20.0;

const HEADLINE: f64 = 46.0;

/// The height of a line of the name above a chart.
const LINE: f64 = 16.0;

const STYLE: &str = "\
.paper{fill:var(--paper)}svg .title{font-size:16px;font-weight:600}svg .name{font-size:12px;font-weight:600}";

pub(super) fn picture(report: &Report) -> String {
    let mut svg = String::new();
    // Writing to a string cannot fail.
    let _ = write_picture(&mut svg, report);
    svg
}

fn write_picture(svg: &mut String, report: &Report) -> fmt::Result {
    let names: Vec<_> = report.cases.iter().map(title_parts).collect();
    let above = LINE * names.iter().map(Vec::len).max().unwrap_or(0) as f64;
    let columns = report.cases.len().clamp(1, COLUMNS);
    let rows = report.cases.len().div_ceil(columns);
    let row = above + HEIGHT + GAP;
    let width = GAP + columns as f64 * (WIDTH + GAP);
    let height = HEADLINE + rows as f64 * row;
    let name = if report.name.is_empty() { "Simulation" } else { &report.name };
    let headline = escape(&format!("{name}: {}", lowered(LOAD.caption)));
    writeln!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
         height=\"{height}\" role=\"img\" aria-label=\"{headline}\">\n\
         <style>{}{STYLE}</style>\n<rect class=\"paper\" width=\"{width}\" height=\"{height}\"/>\n\
         <text class=\"title\" x=\"{GAP}\" y=\"28\">{headline}</text>",
        chart::STYLE
    )?;
    for (n, (case, name)) in report.cases.iter().zip(names).enumerate() {
        let x = GAP + (n % columns) as f64 * (WIDTH + GAP);
        let y = HEADLINE + (n / columns) as f64 * row;
        writeln!(svg, "<g transform=\"translate({x} {y})\">")?;
        for (n, line) in name.iter().enumerate() {
            let (y, line) = (12.0 + n as f64 * LINE, escape(line));
            writeln!(svg, "<text class=\"name\" x=\"0\" y=\"{y}\">{line}</text>")?;
        }
        writeln!(svg, "<g transform=\"translate(0 {above})\">")?;
        LOAD.write(svg, report, case, LOAD.highest(report).unwrap_or(1.0))?;
        writeln!(svg, "</g>\n</g>")?;
    }
    writeln!(svg, "</svg>")
}

fn lowered(caption: &str) -> String {
    let mut letters = caption.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}
