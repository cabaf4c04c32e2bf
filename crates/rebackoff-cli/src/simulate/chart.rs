//! The charts of time series, as a page and a picture show them.
#![allow(clippy::cast_precision_loss, reason = "counts of bins are far below 2⁵³")]

use std::fmt::{self, Write as _};

use rebackoff_sim::{Case, Report, TimeSeries};

use crate::human::human;

pub(super) const WIDTH: f64 = 400.0;
pub(super) const HEIGHT: f64 = 150.0;
const LEFT: f64 = 48.0;
const RIGHT: f64 = WIDTH - 4.0;
const TOP: f64 = 20.0;
const BASE: f64 = HEIGHT - 20.0;

/// The most points of a line.
const POINTS: usize = 400;

/// The lines of a chart differ in dashes and labels, so that colour is not needed to read it.
pub(super) const STYLE: &str = "\
:root{color-scheme:light dark;--text:#24292f;--paper:#fff;--grid:#d0d7de;--a:#0550ae;--b:#bc4c00;--c:#1a7f37}\
@media(prefers-color-scheme:dark){:root{--text:#e6edf3;--paper:#0d1117;--grid:#30363d;--a:#79c0ff;--b:#ffa657;--c:#7ee787}}\
svg text{font:11px system-ui,sans-serif;fill:var(--text)}.grid{stroke:var(--grid)}.line{fill:none;stroke-width:2}\
.a{stroke:var(--a);stroke-linecap:round}.b{stroke:var(--b);stroke-dasharray:7 3}.c{stroke:var(--c);stroke-dasharray:2 3}";

/// A label, and the values of a time series.
type Line = (&'static str, fn(&TimeSeries) -> &[f64]);

/// Up to three lines over time.
pub(super) struct Chart {
    pub(super) caption: &'static str,
    lines: &'static [Line],
    /// The counts of which the values are means; a line has a gap where they are 0.
    of: Option<fn(&TimeSeries) -> &[f64]>,
}

pub(super) const LOAD: Chart = Chart {
    caption: "Load, per second",
    lines: &[
        ("offered", |series| &series.offered),
        ("tries", |series| &series.tries),
        ("goodput", |series| &series.goodput),
    ],
    of: None,
};

pub(super) const CHARTS: [Chart; 4] = [
    LOAD,
    Chart {
        caption: "Jobs in the longest queue",
        lines: &[("queue", |series| &series.queue)],
        of: None,
    },
    Chart {
        caption: "Latency of successes, in seconds",
        lines: &[("mean", |series| &series.latency)],
        of: Some(|series| &series.goodput),
    },
    Chart {
        caption: "Guards",
        lines: &[
            ("refused per second", |series| &series.refused),
            ("open breakers", |series| &series.open_breakers),
        ],
        of: None,
    },
];

impl Chart {
    /// The end of the scale, which all cases share; none where all values are zero.
    pub(super) fn highest(&self, report: &Report) -> Option<f64> {
        let series = report.cases.iter().map(|case| &case.series);
        let values = series.flat_map(|series| self.lines.iter().flat_map(|(_, of)| of(series)));
        Some(values.copied().fold(0.0, f64::max)).filter(|highest| *highest > 0.0)
    }

    /// Writes the elements of an SVG of [`WIDTH`] and [`HEIGHT`].
    pub(super) fn write(
        &self,
        svg: &mut String,
        report: &Report,
        case: &Case,
        highest: f64,
    ) -> fmt::Result {
        let bins = active_bins(report);
        let span = case.series.bin * bins as f64;
        for share in [0.0, 0.5, 1.0] {
            let y = height(share);
            writeln!(svg, "<path class=\"grid\" d=\"M{LEFT} {y}H{RIGHT}\"/>")?;
            let (x, y, label) = (LEFT - 4.0, y + 4.0, number(share * highest));
            writeln!(svg, "<text x=\"{x}\" y=\"{y}\" text-anchor=\"end\">{label}</text>")?;
        }
        for (share, anchor) in [(0.0, "start"), (0.5, "middle"), (1.0, "end")] {
            let (x, y, label) = (along(share), HEIGHT - 5.0, human(share * span));
            writeln!(svg, "<text x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\">{label}</text>")?;
        }
        let mut legend = LEFT;
        for ((label, of), class) in self.lines.iter().zip(["a", "b", "c"]) {
            let counts = self.of.map(|of| of(&case.series));
            let path = path(of(&case.series).get(..bins).unwrap_or_default(), counts, highest);
            writeln!(svg, "<path class=\"line {class}\" d=\"{path}\"/>")?;
            let (end, x) = (legend + 24.0, legend + 28.0);
            writeln!(svg, "<path class=\"line {class}\" d=\"M{legend} 8H{end}\"/>")?;
            writeln!(svg, "<text x=\"{x}\" y=\"12\">{label}</text>")?;
            legend = x + 8.0 * label.chars().count() as f64;
        }
        Ok(())
    }
}

/// The x of a share of the time.
fn along(share: f64) -> f64 {
    LEFT + share * (RIGHT - LEFT)
}

/// The y of a share of the highest value.
fn height(share: f64) -> f64 {
    BASE - share * (BASE - TOP)
}

/// The bins up to the last one in which anything happens: a drain may be much longer.
fn active_bins(report: &Report) -> usize {
    let series = report.cases.iter().map(|case| &case.series);
    let lines = series.flat_map(|series| {
        CHARTS.iter().flat_map(|chart| chart.lines).map(move |(_, of)| of(series))
    });
    let active = lines.filter_map(|values| values.iter().rposition(|value| *value > 0.0));
    active.max().map_or(0, |last| last + 1)
}

/// The points of a line: the highest value of each part of the time, and a gap where all `counts` of a part are 0.
fn path(values: &[f64], counts: Option<&[f64]>, highest: f64) -> String {
    let together = values.len().div_ceil(POINTS).max(1);
    let count = values.len().div_ceil(together).max(1) as f64;
    let (mut path, mut is_gap) = (String::new(), true);
    for (index, part) in values.chunks(together).enumerate() {
        let counted = counts.map(|counts| counts.iter().skip(index * together).take(part.len()));
        let was_gap = is_gap;
        is_gap = counted.is_some_and(|mut counts| counts.all(|count| *count == 0.0));
        if is_gap {
            continue;
        }
        let value = part.iter().copied().fold(0.0, f64::max);
        let (x, y) = (along((index as f64 + 0.5) / count), height(value / highest));
        // A point between two gaps is a line to itself. Writing to a string cannot fail.
        let _ = if was_gap {
            write!(path, "M{x:.1} {y:.1}H{x:.1}")
        } else {
            write!(path, "L{x:.1} {y:.1}")
        };
    }
    path
}

pub(super) fn number(value: f64) -> String {
    match value {
        value if value >= 10_000.0 => format!("{:.0}k", value / 1000.0),
        value if value >= 10.0 || value <= 0.0 => format!("{value:.0}"),
        value => format!("{value:.2}"),
    }
}
