//! The picture of a plan: the density of retries over time.
#![allow(clippy::cast_precision_loss, reason = "counts of retries are far below 2⁵³")]

use std::fmt::{self, Write as _};

use rebackoff_sim::plan::PlanFigures;

use super::text::{clients, peak};
use crate::human::human;
use crate::markup::{escape, lines};

const WIDTH: f64 = 860.0;
const HEIGHT: f64 = 360.0;
const RIGHT: f64 = 40.0;
const TOP: f64 = 60.0;
const BOTTOM: f64 = 72.0;

/// The height of a line of text, the width of its widest digit, and the letters of a line across the picture.
const LINE: f64 = 18.0;
const DIGIT: f64 = 9.0;
const LETTERS: usize = 96;

pub(super) fn picture(figures: &PlanFigures) -> String {
    let mut svg = String::new();
    // Writing to a string cannot fail.
    let _ = write_picture(&mut svg, figures);
    svg
}

/// Colours that can be read on white and on black.
const STYLE: &str = "\
text{font:13px system-ui,sans-serif;fill:#24292f}.title{font-size:16px;font-weight:600}.note{fill:#57606a}\
.bar{fill:#2f81f7}.grid{stroke:#d0d7de;stroke-width:1}.paper{fill:#fff}\
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.note{fill:#8b949e}.grid{stroke:#30363d}.paper{fill:#0d1117}}";

fn write_picture(svg: &mut String, figures: &PlanFigures) -> fmt::Result {
    let chart = &figures.chart;
    let notes = lines(&figures.load.policy, LETTERS);
    // The picture grows by the text above and beside it.
    let top = TOP + notes.len() as f64 * LINE;
    let height = HEIGHT + notes.len() as f64 * LINE;
    let highest = axis_end(chart.highest());
    let left = DIGIT * (highest.to_string().len() as f64).max(4.0) + 16.0;
    let (wide, high) = (WIDTH - left - RIGHT, height - top - BOTTOM);
    let x = |seconds: f64| left + wide * seconds / chart.end();
    let y = |count: f64| top + high * (1.0 - count / highest);

    let together = if figures.clients == 1 { "" } else { " that fail together" };
    let title = format!("Retries of {}{together}", clients(figures.clients));
    writeln!(
        svg,
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" role="img" aria-label="{}">"#,
        escape(&title)
    )?;
    writeln!(
        svg,
        "<style>{STYLE}</style>\n<rect class=\"paper\" width=\"{WIDTH}\" height=\"{height}\"/>"
    )?;
    writeln!(svg, r#"<text class="title" x="{left}" y="28">{}</text>"#, escape(&title))?;
    for (n, line) in notes.iter().enumerate() {
        let at = 48.0 + n as f64 * LINE;
        writeln!(svg, r#"<text class="note" x="{left}" y="{at}">{}</text>"#, escape(line))?;
    }

    for part in 0..=4 {
        let count = highest * f64::from(part) / 4.0;
        let at = y(count);
        writeln!(
            svg,
            r#"<line class="grid" x1="{left}" x2="{:.1}" y1="{at:.1}" y2="{at:.1}"/>"#,
            WIDTH - RIGHT
        )?;
        writeln!(
            svg,
            r#"<text class="note" x="{:.1}" y="{:.1}" text-anchor="end">{count}</text>"#,
            left - 8.0,
            at + 4.0
        )?;
    }
    writeln!(
        svg,
        r#"<text class="note" x="{left}" y="{:.1}">retries in each {}</text>"#,
        top - 10.0,
        human(chart.width)
    )?;
    for (n, count) in chart.counts.iter().enumerate().filter(|(_, count)| **count > 0) {
        let (from, to) = (x(n as f64 * chart.width), x((n + 1) as f64 * chart.width));
        let upper = y(*count as f64);
        let bottom = top + high;
        let width = (to - from - 1.0).max(1.0);
        writeln!(
            svg,
            r#"<rect class="bar" x="{from:.1}" y="{upper:.1}" width="{width:.1}" height="{:.1}"><title>{} to {}: {count}</title></rect>"#,
            bottom - upper,
            human(n as f64 * chart.width),
            human((n + 1) as f64 * chart.width)
        )?;
    }
    for tick in chart.ticks(8) {
        let (at, bottom) = (x(tick), top + high);
        writeln!(
            svg,
            r#"<line class="grid" x1="{at:.1}" x2="{at:.1}" y1="{bottom:.1}" y2="{:.1}"/>"#,
            bottom + 5.0
        )?;
        writeln!(
            svg,
            r#"<text class="note" x="{at:.1}" y="{:.1}" text-anchor="middle">{}</text>"#,
            bottom + 20.0,
            human(tick)
        )?;
    }
    let mut note = "time since the first failure".to_owned();
    if chart.later > 0 {
        write!(note, "; {} retries came later", chart.later)?;
    }
    let (middle, bottom) = (left + wide / 2.0, height - 28.0);
    writeln!(
        svg,
        r#"<text class="note" x="{middle:.1}" y="{bottom:.1}" text-anchor="middle">{note}</text>"#
    )?;
    if let Some(most) = figures.peak {
        writeln!(
            svg,
            r#"<text class="note" x="{middle:.1}" y="{:.1}" text-anchor="middle">{}</text>"#,
            height - 10.0,
            peak(most)
        )?;
    }
    writeln!(svg, "</svg>")
}

/// A round number that is divisible by four, at least `count`.
fn axis_end(count: usize) -> f64 {
    let power = 10_f64.powf((count.max(4) as f64).log10().floor());
    let steps = [1.0, 1.2, 1.6, 2.0, 2.4, 3.2, 4.0, 6.0, 8.0, 10.0];
    let end = steps.into_iter().map(|step| step * power).find(|end| *end >= count as f64);
    (end.unwrap_or(10.0 * power) / 4.0).ceil() * 4.0
}
