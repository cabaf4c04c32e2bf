//! A plan for a terminal.

use std::fmt::{self, Write as _};

use clap::ValueEnum as _;
use rebackoff_sim::plan::{PlanFigures, PlannedTry, RetryPeak};

use super::LintedFigures;
use super::rows::rows;
use crate::human::{human, percent};
use crate::options::Rule;

const BAR: usize = 50;
const ROWS: usize = 20;

pub(super) fn page(linted: &LintedFigures) -> String {
    let mut page = String::new();
    // Writing to a string cannot fail.
    let _ = write_page(&mut page, linted);
    page
}

fn write_page(page: &mut String, linted: &LintedFigures) -> fmt::Result {
    let figures = &linted.figures;
    writeln!(page, "{}", figures.load.policy)?;
    if let Some(throttled) = &figures.throttled {
        writeln!(page, "after throttling, {throttled}")?;
    }
    if let Some(timeout) = figures.timeout {
        writeln!(page, "timeout {} for each try", human(timeout))?;
    }
    writeln!(page, "\n{}\n", assumption(figures))?;
    for line in table(figures) {
        writeln!(page, "{}", line.trim_end())?;
    }
    writeln!(page, "\n{}\n", worst_case(figures))?;
    writeln!(page, "An outage that lasts   is outlasted by")?;
    for outage in &figures.outages {
        writeln!(page, "{:>20}   {:>5}", human(outage.lasts), percent(outage.chance))?;
    }
    write_chart(page, figures)?;
    write_loads(page, figures)?;
    for warning in &linted.warnings {
        writeln!(
            page,
            "\nwarning: {}: {}\n  advice: {}",
            name(warning.rule),
            warning.finding,
            warning.advice
        )?;
    }
    Ok(())
}

/// The load, where options ask for more than the tries show.
fn write_loads(page: &mut String, figures: &PlanFigures) -> fmt::Result {
    let (load, compared) = (&figures.load, &figures.compared);
    if compared.is_none() && load.failures.is_none() && load.recovery.is_none() {
        return Ok(());
    }
    if let Some(other) = compared {
        writeln!(page, "\nBeside {}", other.policy)?;
    }
    writeln!(page)?;
    let loads: Vec<_> = std::iter::once(load).chain(compared).collect();
    for (name, values) in rows(&loads) {
        let values = values.iter().map(|value| format!("{value:>18}"));
        writeln!(page, "{name:>37}{}", values.collect::<String>())?;
    }
    Ok(())
}

/// The assumption of the figures.
pub(super) fn assumption(figures: &PlanFigures) -> String {
    let PlanFigures { try_time, seed, .. } = figures;
    let (clients, verb) =
        (clients(figures.clients), if figures.clients == 1 { "fails" } else { "fail together" });
    let time =
        if *try_time > 0.0 { format!("after {}", human(*try_time)) } else { "at once".to_owned() };
    format!("{clients} {verb}, and each try fails {time} (seed {seed}).{}", simulated(figures))
}

/// The simulated time of a policy that never gives up.
fn simulated(figures: &PlanFigures) -> String {
    let simulated = |horizon| format!(" Shown is the time up to {}.", human(horizon));
    figures.horizon.map_or_else(String::new, simulated)
}

pub(super) fn clients(count: u32) -> String {
    format!("{count} client{}", if count == 1 { "" } else { "s" })
}

/// The name of a rule, as `--ignore` takes it.
pub(super) fn name(rule: Rule) -> String {
    rule.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}

pub(super) fn worst_case(figures: &PlanFigures) -> String {
    match figures.worst_case {
        Some(longest) => format!("Worst case: all waits together take {}.", human(longest)),
        None => "Worst case: it never ends.".to_owned(),
    }
}

pub(super) const HEADINGS: [&str; 7] =
    ["try", "raw wait", "wait after jitter", "p5", "p50", "p95", "of clients"];

/// The cells of a row under [`HEADINGS`]: p5 to p95 are when the try begins.
pub(super) fn cells(row: &PlannedTry) -> [String; 7] {
    let wait = |wait: Option<f64>| wait.map(human).unwrap_or_default();
    let range = match (row.shortest_wait, row.longest_wait) {
        (Some(shortest), Some(longest)) if shortest < longest => {
            format!("{} to {}", human(shortest), human(longest))
        }
        (_, longest) => wait(longest),
    };
    [
        row.number.to_string(),
        wait(row.raw_wait),
        range,
        human(row.p5),
        human(row.p50),
        human(row.p95),
        percent(row.share),
    ]
}

fn table(figures: &PlanFigures) -> Vec<String> {
    let mut rows = vec![HEADINGS.map(str::to_owned)];
    rows.extend(figures.tries.iter().map(cells));
    let widths: [usize; 7] = std::array::from_fn(|column| {
        rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0)
    });
    let line = |row: &[String; 7]| {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:>width$}"));
        cells.collect::<Vec<_>>().join("  ")
    };
    let mut lines: Vec<_> = rows.iter().map(line).collect();
    if figures.is_cut() {
        lines.push(format!("  … {} tries at most", figures.most_tries));
    }
    lines
}

fn write_chart(page: &mut String, figures: &PlanFigures) -> fmt::Result {
    let chart = figures.chart.folded(ROWS);
    if chart.highest() == 0 {
        return Ok(());
    }
    let (width, clients) = (human(chart.width), clients(figures.clients));
    writeln!(page, "\nRetries in each {width}, of {clients}")?;
    let mut begin = 0.0;
    for count in &chart.counts {
        let bar = bar(*count, chart.highest());
        writeln!(
            page,
            "{:>8} {bar}{}{count}",
            human(begin),
            if bar.is_empty() { "" } else { " " }
        )?;
        begin += chart.width;
    }
    if chart.later > 0 {
        writeln!(page, "   later {}", chart.later)?;
    }
    match figures.peak {
        Some(most) => writeln!(page, "\n{}", peak(most)),
        None => Ok(()),
    }
}

/// The peak in words.
pub(super) fn peak(RetryPeak { retries, width, begin }: RetryPeak) -> String {
    let noun = if retries == 1 { "retry" } else { "retries" };
    format!("Peak: {retries} {noun} within {}, after {}", human(width), human(begin))
}

/// A bar of eighths of a block.
fn bar(count: usize, highest: usize) -> String {
    const PARTS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let eighths = (count * BAR * 8).div_ceil(highest.max(1));
    format!("{}{}", "█".repeat(eighths / 8), PARTS[eighths % 8])
}
