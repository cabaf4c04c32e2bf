//! A plan as a page of its own, which loads nothing.

use std::fmt::{self, Write as _};

use rebackoff_sim::plan::PlanFigures;

use super::LintedFigures;
use super::rows::rows;
use super::svg::picture;
use super::text::{HEADINGS, assumption, cells, name, worst_case};
use crate::human::{human, percent};
use crate::markup::escape;

/// Tables and the picture scroll by themselves on a narrow screen, so that the page does not.
const STYLE: &str = "\
:root{color-scheme:light dark;--text:#24292f;--paper:#fff}\
@media(prefers-color-scheme:dark){:root{--text:#e6edf3;--paper:#0d1117}}\
body{font:16px/1.5 system-ui,sans-serif;color:var(--text);background:var(--paper);\
max-width:900px;margin:0 auto;padding:1rem;overflow-wrap:anywhere}\
.wide{overflow-x:auto;margin:1rem 0}.picture svg{display:block;width:100%;min-width:600px;height:auto}\
table{border-collapse:collapse}caption{text-align:left;font-weight:600;padding:.25rem 0}\
th,td{padding:.25rem .75rem;text-align:right;white-space:nowrap;border-bottom:1px solid #8884}\
.warning{border-left:4px solid #d29922;padding:.25rem .75rem;margin:.5rem 0}";

pub(super) fn page(linted: &LintedFigures) -> String {
    let mut html = String::new();
    // Writing to a string cannot fail.
    let _ = write_page(&mut html, linted);
    html
}

fn write_page(html: &mut String, linted: &LintedFigures) -> fmt::Result {
    let figures = &linted.figures;
    let policy = escape(&figures.load.policy);
    writeln!(html, "<!doctype html>\n<html lang=\"en\">")?;
    writeln!(
        html,
        "<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{policy}</title>\n<style>{STYLE}</style>\n</head>"
    )?;
    writeln!(html, "<body>\n<main>\n<h1>Plan</h1>\n<p>{policy}</p>")?;
    if let Some(throttled) = &figures.throttled {
        writeln!(html, "<p>after throttling, {throttled}</p>")?;
    }
    if let Some(timeout) = figures.timeout {
        writeln!(html, "<p>timeout {} for each try</p>", human(timeout))?;
    }
    writeln!(html, "<p>{}</p>", escape(&assumption(figures)))?;
    for warning in &linted.warnings {
        let (finding, advice) = (escape(&warning.finding), escape(&warning.advice));
        let name = name(warning.rule);
        writeln!(html, "<p class=\"warning\">{name}: {finding}<br><strong>{advice}</strong></p>")?;
    }
    writeln!(html, "<div class=\"wide picture\">\n{}</div>", picture(figures))?;
    let caption = "Tries; p5, p50 and p95 are the begin of the try";
    write_table(html, caption, &HEADINGS, figures.tries.iter().map(cells))?;
    writeln!(html, "<p>{}</p>", worst_case(figures))?;
    let outages = figures.outages.iter();
    let rows = outages.map(|outage| [human(outage.lasts), percent(outage.chance)]);
    write_table(html, "Outages", &["lasts", "outlasted by"], rows)?;
    write_loads(html, figures)?;
    writeln!(html, "</main>\n</body>\n</html>")
}

fn write_loads(html: &mut String, figures: &PlanFigures) -> fmt::Result {
    let loads: Vec<_> = std::iter::once(&figures.load).chain(&figures.compared).collect();
    let rows = rows(&loads).into_iter();
    let rows = rows.map(|(name, values)| [vec![name], values].concat());
    let caption = match &figures.compared {
        Some(other) => format!("Load, compared with {}", escape(&other.policy)),
        None => "Load".to_owned(),
    };
    let headings = ["figure", "policy", "compared"];
    write_table(html, &caption, &headings[..=loads.len()], rows)
}

fn write_table<R: AsRef<[String]>>(
    html: &mut String,
    caption: &str,
    headings: &[&str],
    rows: impl Iterator<Item = R>,
) -> fmt::Result {
    write!(html, "<div class=\"wide\">\n<table>\n<caption>{caption}</caption>\n<thead><tr>")?;
    for heading in headings {
        write!(html, "<th scope=\"col\">{heading}</th>")?;
    }
    writeln!(html, "</tr></thead>\n<tbody>")?;
    for row in rows {
        let cells = row.as_ref().iter().map(|cell| format!("<td>{}</td>", escape(cell)));
        writeln!(html, "<tr>{}</tr>", cells.collect::<String>())?;
    }
    writeln!(html, "</tbody>\n</table>\n</div>")
}
