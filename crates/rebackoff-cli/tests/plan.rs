//! What a policy will do.

mod support;

use support::{rebackoff, stderr, stdout};

fn plan(options: &[&str]) -> String {
    let output = rebackoff().arg("plan").args(options).output().unwrap();
    assert_eq!(stderr(&output), "");
    stdout(&output)
}

#[test]
fn as_text() {
    insta::assert_snapshot!(plan(&[]));
    insta::assert_snapshot!(plan(&["-w", "decorrelated", "--max-time", "30s", "--timeout", "5s"]));
    insta::assert_snapshot!(plan(&[
        "-w",
        "fibo",
        "-n",
        "none",
        "--try-time",
        "200ms",
        "--clients",
        "50"
    ]));
}

#[test]
fn as_json_with_every_figure() {
    let json: serde_json::Value =
        serde_json::from_str(&plan(&["-f", "json", "-j", "none"])).unwrap();
    let begins: Vec<_> =
        json["tries"].as_array().unwrap().iter().map(|row| row["p50"].as_f64().unwrap()).collect();
    assert_eq!(begins, [0.0, 1.0, 3.0, 7.0, 15.0]);
    assert_eq!(json["worst_case"], 15.0);
    assert_eq!(
        json["chart"]["counts"]
            .as_array()
            .unwrap()
            .iter()
            .map(|n| n.as_u64().unwrap())
            .sum::<u64>(),
        4000
    );
    let chance = |lasts| {
        let outages = json["outages"].as_array().unwrap();
        outages.iter().find(|outage| outage["lasts"] == lasts).unwrap()["chance"].as_f64().unwrap()
    };
    assert_eq!((chance(10.0), chance(20.0)), (1.0, 0.0));
}

#[test]
fn as_a_picture_and_as_a_page_that_loads_nothing() {
    let svg = plan(&["-f", "svg"]);
    assert!(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\""));
    assert!(svg.trim_end().ends_with("</svg>"));
    let html = plan(&["-f", "html"]);
    assert!(html.starts_with("<!doctype html>") && html.contains(&svg));
    assert!(!html.contains("src=") && !html.contains("href="));
}

#[test]
fn the_picture_in_the_documents_is_what_the_command_makes() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/plan.svg");
    let committed = std::fs::read_to_string(path).unwrap();
    assert!(committed == plan(&["--max-tries", "8", "--max-value", "30s", "--format", "svg"]));
}

#[test]
fn the_same_seed_makes_the_same_plan_and_another_seed_another() {
    assert_eq!(plan(&["--seed", "7"]), plan(&["--seed", "7"]));
    assert_ne!(plan(&["--seed", "7"]), plan(&["--seed", "8"]));
}

/// The warnings of a policy, with their advice; a policy with one fails in CI.
fn warnings(options: &[&str]) -> String {
    let output = rebackoff().args(["plan", "--lint", "-f", "json"]).args(options).output().unwrap();
    let json: serde_json::Value = serde_json::from_str(&stdout(&output)).unwrap();
    let warnings = json["warnings"].as_array().unwrap();
    assert_eq!(output.status.code(), Some(i32::from(!warnings.is_empty())));
    let line = |warning: &serde_json::Value| {
        format!("{}: {}", warning["finding"].as_str().unwrap(), warning["advice"].as_str().unwrap())
    };
    warnings.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_sound_policy_has_no_warning() {
    for options in [
        &[][..],
        &["-n", "8", "--max-value", "30s"],
        &["--max-time", "1m", "--timeout", "5s"],
        &["-w", "decorrelated", "-n", "6"],
        &["-w", "constant", "-i", "1s,2s,5s"],
        &["-w", "decay", "-j", "equal"],
    ] {
        assert_eq!(warnings(options), "", "{options:?}");
    }
}

#[test]
fn each_warning_has_its_advice() {
    insta::assert_snapshot!(
        [
            &["-n", "1"][..],
            &["-n", "none"],
            &["-j", "none"],
            &["-w", "constant", "-i", "0"],
            &["-w", "expo", "-n", "12", "--max-value", "none"],
            &["-n", "4", "--max-value", "60s"],
            &["--max-time", "20s", "--max-value", "60s", "--timeout", "1s"],
            &["-n", "3", "--max-time", "1h", "--timeout", "1s"],
            &["-n", "100", "--max-time", "10s", "--timeout", "1s"],
            &["--max-time", "10s"],
            &["--max-time", "10s", "--last-wait", "stop", "-j", "equal"],
            &["--max-time", "10s", "--timeout", "10s"],
        ]
        .map(|options| format!("{}\n{}", options.join(" "), warnings(options)))
        .join("\n\n")
    );
}
