//! A report as one picture: the load of each case, side by side.
#![allow(clippy::cast_precision_loss, reason = "counts of cases are far below 2⁵³")]

use std::fmt::{self, Write as _};

use rebackoff_sim::Report;

use super::chart::{self, HEIGHT, LOAD, WIDTH};
use super::headline::title_parts;
use crate::markup::{escape, lines};

/// The charts of a row.
const COLUMNS: usize = 2;

const GAP: f64 = 20.0;

const HEADLINE: f64 = 46.0;

/// The height of a line of the headline, and the width of its widest small letter.
const HEAD: f64 = 20.0;
const LETTER: f64 = 10.0;

/// The height of a line of the name above a chart, and the letters of such a line.
const LINE: f64 = 16.0;
const LETTERS: usize = 50;

const STYLE: &str = "\
.paper{fill:var(--paper)}svg .title{font-size:16px;font-weight:600}svg .name{font-size:12px;font-weight:600}";

pub(super) fn picture(report: &Report) -> String {
    let mut svg = String::new();
    // Writing to a string cannot fail.
    let _ = write_picture(&mut svg, report);
    svg
}

fn write_picture(svg: &mut String, report: &Report) -> fmt::Result {
    let parts = |part: String| lines(&part, LETTERS);
    let names = report.cases.iter().map(|case| title_parts(case).into_iter().flat_map(parts));
    let names: Vec<Vec<_>> = names.map(Iterator::collect).collect();
    let above = LINE * names.iter().map(Vec::len).max().unwrap_or(0) as f64;
    let columns = report.cases.len().clamp(1, COLUMNS);
    let rows = report.cases.len().div_ceil(columns);
    let row = above + HEIGHT + GAP;
    let width = GAP + columns as f64 * (WIDTH + GAP);
    let name = if report.name.is_empty() { "Simulation" } else { &report.name };
    let title = format!("{name}: {}", lowered(LOAD.caption));
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the width is some hundreds"
    )]
    let headline = lines(&title, ((width - 2.0 * GAP) / LETTER) as usize);
    let top = HEADLINE + HEAD * (headline.len() - 1) as f64;
    let height = top + rows as f64 * row;
    let title = escape(&title);
    writeln!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
         height=\"{height}\" role=\"img\" aria-label=\"{title}\">\n\
         <style>{}{STYLE}</style>\n<rect class=\"paper\" width=\"{width}\" height=\"{height}\"/>",
        chart::STYLE
    )?;
    for (n, line) in headline.iter().enumerate() {
        let (y, line) = (28.0 + n as f64 * HEAD, escape(line));
        writeln!(svg, "<text class=\"title\" x=\"{GAP}\" y=\"{y}\">{line}</text>")?;
    }
    for (n, (case, name)) in report.cases.iter().zip(names).enumerate() {
        let x = GAP + (n % columns) as f64 * (WIDTH + GAP);
        let y = top + (n / columns) as f64 * row;
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
