//! Helpers of the tests.
#![allow(dead_code, reason = "each test program uses some of them")]

use rebackoff_sim::{Figure, Report, Scenario};

/// Runs a scenario.
pub(crate) fn run(text: &str) -> Report {
    match Scenario::parse(text).and_then(|scenario| scenario.run()) {
        Ok(report) => report,
        Err(error) => panic!("{error}\n{text}"),
    }
}

/// The figure of the first case.
pub(crate) fn figure<'a>(report: &'a Report, name: &str) -> &'a Figure {
    report.figure(name).unwrap_or_else(|| panic!("no {name}"))
}

/// Compares the figure of a scenario with its closed form.
#[track_caller]
pub(crate) fn assert_closed_form(report: &Report, name: &str, expected: f64) {
    let figure = figure(report, name);
    let z = (figure.mean - expected) / figure.standard_error();
    println!("{name}: {:.5}, expected {expected:.5}, z {z:.2}", figure.mean);
    assert!(
        z.abs() < 4.0,
        "{name}: {:.6} ± {:.6}, expected {expected:.6}, z {z:.2}",
        figure.mean,
        figure.standard_error()
    );
}
