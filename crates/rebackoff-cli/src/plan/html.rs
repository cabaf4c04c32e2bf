//! A plan as a page of its own, which loads nothing.

use std::fmt::{self, Write as _};

use super::figures::{Figures, human, percent};
use super::svg::{escape, picture};
use super::text::{HEADINGS, assumption, cells, worst_case};

const STYLE: &str = "\
:root{color-scheme:light dark}body{font:15px/1.5 system-ui,sans-serif;max-width:900px;margin:2rem auto;padding:0 1rem}\
table{border-collapse:collapse;margin:1rem 0}th,td{padding:.25rem .75rem;text-align:right;border-bottom:1px solid #8884}\
svg{max-width:100%;height:auto}.warning{border-left:4px solid #d29922;padding:.25rem .75rem;margin:.5rem 0}";

pub(super) fn page(figures: &Figures) -> String {
    let mut html = String::new();
    // Writing to a string cannot fail.
    let _ = write_page(&mut html, figures);
    html
}

fn write_page(html: &mut String, figures: &Figures) -> fmt::Result {
    let policy = escape(&figures.policy);
    writeln!(html, "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">")?;
    writeln!(
        html,
        "<meta name=\"viewport\" content=\"width=device-width\">\n<title>{policy}</title>"
    )?;
    writeln!(html, "<style>{STYLE}</style>\n<h1>Plan</h1>\n<p>{policy}</p>")?;
    if let Some(timeout) = figures.timeout {
        writeln!(html, "<p>timeout {} for each try</p>", human(timeout))?;
    }
    writeln!(html, "<p>{}</p>", escape(&assumption(figures)))?;
    for warning in &figures.warnings {
        let (finding, advice) = (escape(&warning.finding), escape(&warning.advice));
        writeln!(html, "<p class=\"warning\">{finding}<br><strong>{advice}</strong></p>")?;
    }
    write!(html, "{}", picture(figures))?;
    writeln!(html, "<h2>Tries</h2>\n<p>p5, p50 and p95 are when the try begins.</p>\n<table>")?;
    write_row(html, "th", HEADINGS.iter().map(ToString::to_string))?;
    for row in &figures.tries {
        write_row(html, "td", cells(row).into_iter())?;
    }
    writeln!(html, "</table>\n<p>{}</p>\n<h2>Outages</h2>\n<table>", worst_case(figures))?;
    write_row(html, "th", ["lasts", "outlasted by"].into_iter().map(str::to_owned))?;
    for outage in &figures.outages {
        write_row(html, "td", [human(outage.lasts), percent(outage.chance)].into_iter())?;
    }
    writeln!(html, "</table>\n</html>")
}

fn write_row(html: &mut String, cell: &str, cells: impl Iterator<Item = String>) -> fmt::Result {
    write!(html, "<tr>")?;
    for text in cells {
        write!(html, "<{cell}>{}</{cell}>", escape(&text))?;
    }
    writeln!(html, "</tr>")
}
