//! A report as a page of its own, which loads nothing.

use std::fmt::{self, Write as _};

use rebackoff_sim::{Case, Report};

use super::chart::{self, CHARTS, Chart, HEIGHT, WIDTH, number};
use super::headline::{basis, cells, headings, title};
use crate::markup::escape;

const STYLE: &str = "\
body{font:16px/1.5 system-ui,sans-serif;color:var(--text);background:var(--paper);\
max-width:1200px;margin:0 auto;padding:1rem;overflow-wrap:anywhere}\
.wide{overflow-x:auto;margin:1rem 0}table{border-collapse:collapse}\
th,td{padding:.25rem .75rem;text-align:right;white-space:nowrap;border-bottom:1px solid var(--grid)}\
.cases{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,320px),1fr));gap:1rem 2rem}\
h2{font-size:1rem;margin:.5rem 0}figure{margin:0 0 1rem}figcaption{font-weight:600}\
svg{display:block;width:100%;height:auto}.fails{font-weight:700}";

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
         <link rel=\"icon\" href=\"data:,\">\n<title>{name}</title>\n<style>{}{STYLE}</style>\n</head>",
        chart::STYLE
    )?;
    writeln!(html, "<body>\n<main>\n<h1>{name}</h1>\n<p>{}</p>", escape(&report.about))?;
    write_table(html, report)?;
    write_checks(html, report)?;
    writeln!(html, "<div class=\"cases\">")?;
    for case in &report.cases {
        writeln!(html, "<section>\n<h2>{}</h2>", escape(&title(case)))?;
        for chart in &CHARTS {
            write_chart(html, report, case, chart)?;
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

/// None where all values of all cases are zero.
fn write_chart(html: &mut String, report: &Report, case: &Case, chart: &Chart) -> fmt::Result {
    let Some(highest) = chart.highest(report) else { return Ok(()) };
    let (caption, top) = (chart.caption, number(highest));
    writeln!(
        html,
        "<figure>\n<figcaption>{caption}</figcaption>\n\
         <svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{caption}: up to {top}\">"
    )?;
    chart.write(html, report, case, highest)?;
    writeln!(html, "</svg>\n</figure>")
}
