//! Plans: figures, forms and warnings.

#![allow(clippy::cast_precision_loss, reason = "texts are short")]

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

/// The values of `attribute` in an element of SVG.
fn attribute(element: &str, attribute: &str) -> f64 {
    let rest = element.split_once(&format!(" {attribute}=\"")).unwrap().1;
    rest.split_once('"').unwrap().0.parse().unwrap()
}

#[test]
fn no_text_of_the_picture_is_clipped() {
    let long = "-n 90 --max-time 30s --last-wait stop --nested once --hint-ceiling 30s --hint-above cap --hint-spread 0.2";
    for options in [
        "",
        "--clients 1",
        "--clients 1000000 -n 2 -j none",
        "-n none",
        "-i 11h,11h -j none",
        "-w decorrelated",
        long,
    ] {
        let all: Vec<_> = ["-f", "svg"].into_iter().chain(options.split_whitespace()).collect();
        let svg = plan(&all);
        let (width, height) = (attribute(&svg, "width"), attribute(&svg, "height"));
        let texts: Vec<_> = svg.split("<text").skip(1).collect();
        assert!(texts.len() > 6, "{svg}");
        for text in texts {
            let letters = text.split_once('>').unwrap().1.split_once("</text>").unwrap().0;
            let letter = if text.contains("\"title\"") { 10.0 } else { 7.5 };
            let (x, wide) = (attribute(text, "x"), letter * letters.chars().count() as f64);
            let left = match text.split_once("text-anchor=\"").map(|(_, rest)| &rest[..3]) {
                Some("mid") => x - wide / 2.0,
                Some("end") => x - wide,
                _ => x,
            };
            assert!(left >= 0.0 && left + wide <= width, "{options}: {letters}: {left} {wide}");
            assert!((13.0..=height - 4.0).contains(&attribute(text, "y")), "{options}: {letters}");
        }
    }
}

#[test]
fn a_page_has_tables_with_headings_fits_a_phone_and_knows_dark_mode() {
    let html = plan(&["-f", "html"]);
    for part in [
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">",
        "@media(prefers-color-scheme:dark)",
        "color-scheme:light dark",
        "<caption>Tries",
        "<caption>Outages</caption>",
        "<caption>Load</caption>",
        "<tr><td>requests per call</td><td>5.00</td></tr>",
        "<thead><tr><th scope=\"col\">try</th>",
    ] {
        assert!(html.contains(part), "{part}");
    }
    // A table and the picture scroll in a box of their own, so that the page is as wide as the screen.
    let boxes = html.split("<div class=\"wide").skip(1);
    assert_eq!(boxes.map(|part| part.contains("</div>")).collect::<Vec<_>>(), [true; 4]);
    assert!(html.contains(".wide{overflow-x:auto"));
    for tag in ["html", "head", "body", "main", "table", "thead", "tbody", "div", "svg"] {
        let opened =
            html.matches(&format!("<{tag} ")).count() + html.matches(&format!("<{tag}>")).count();
        assert_eq!(opened, html.matches(&format!("</{tag}>")).count(), "{tag}");
    }
}

#[test]
fn the_same_seed_makes_the_same_plan_and_another_seed_another() {
    assert_eq!(plan(&["--seed", "7"]), plan(&["--seed", "7"]));
    assert_ne!(plan(&["--seed", "7"]), plan(&["--seed", "8"]));
}

#[test]
fn a_policy_with_a_limit_is_simulated_to_its_end() {
    let line = |options: &[&str], heading: &str| {
        let page = plan(options);
        let lines: Vec<_> = page.lines().collect();
        let at = lines.iter().position(|line| line.contains(heading)).unwrap();
        lines[at + 1].split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(
        line(&["-t", "1h", "-w", "constant", "-i", "1s", "--clients", "20"], "outlasted"),
        "1h 100%"
    );
    let days = ["-w", "constant", "-i", "12h,12h,12h,12h", "-j", "none", "-n", "none"];
    let json: serde_json::Value =
        serde_json::from_str(&plan(&[&days[..], &["-f", "json"]].concat())).unwrap();
    let last = &json["tries"][4];
    assert_eq!((last["p50"].as_f64(), last["share"].as_f64()), (Some(172_800.0), Some(1.0)));
}

#[test]
fn more_tries_than_the_bound_are_refused_with_the_reason() {
    let refused = |options: &[&str]| {
        let output = rebackoff().arg("plan").args(options).output().unwrap();
        assert_eq!((output.status.code(), stdout(&output)), (Some(125), String::new()));
        stderr(&output)
    };
    assert_eq!(
        refused(&["-n", "12", "--clients", "1000000"]),
        "rebackoff: plan simulates at most 10000000 tries, and each of 1000000 clients makes about 12: lower \
         --clients, --max-tries or --max-time\n"
    );
    assert_eq!(
        refused(&["-n", "1000000000", "-w", "constant", "-i", "0"]),
        "rebackoff: plan simulates at most 10000000 tries, and one client makes more: lower --max-tries or \
         --max-time, or lengthen the waits\n"
    );
}

#[test]
fn a_policy_without_a_limit_is_shown_up_to_a_stated_time() {
    let json = |options: &[&str]| {
        let all = [&["-n", "none", "-f", "json"], options].concat();
        serde_json::from_str::<serde_json::Value>(&plan(&all)).unwrap()
    };
    assert_eq!(json(&["--clients", "10"])["horizon"], 86_400.0);
    let many = json(&["--clients", "100000", "-w", "constant", "-j", "none"]);
    assert_eq!(many["horizon"], 9.0);
    assert_eq!(json(&["-w", "constant", "-i", "0", "--clients", "10"])["horizon"], 0.0);
}

#[test]
fn the_peak_is_shown_beside_the_chart() {
    let exact = plan(&["-j", "none"]);
    assert!(exact.ends_with(
        "\nPeak: 1000 retries within 10ms, after 1s\n\nwarning: no-jitter: 1000 clients that fail \
         together retry together\n  advice: set --jitter full\n"
    ));
    let json: serde_json::Value =
        serde_json::from_str(&plan(&["-w", "constant", "-i", "1ms", "-n", "50", "-f", "json"]))
            .unwrap();
    assert!(json["peak"]["width"].as_f64().unwrap() <= 0.001);
    for form in ["svg", "html"] {
        assert!(plan(&["-j", "none", "-f", form]).contains("Peak: 1000 retries within 10ms"));
    }
}

/// The warnings of a policy, with their advice; a policy with one fails in CI.
fn warnings(options: &[&str]) -> String {
    let output = rebackoff().args(["plan", "--lint", "-f", "json"]).args(options).output().unwrap();
    let json: serde_json::Value = serde_json::from_str(&stdout(&output)).unwrap();
    let warnings = json["warnings"].as_array().unwrap();
    assert_eq!(output.status.code(), Some(i32::from(!warnings.is_empty())));
    let word = |warning: &serde_json::Value, key| warning[key].as_str().unwrap().to_owned();
    let line = |warning| {
        format!(
            "{}: {}: {}",
            word(warning, "rule"),
            word(warning, "finding"),
            word(warning, "advice")
        )
    };
    warnings.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// The names of the rules that find something.
fn rules(options: &str) -> Vec<String> {
    let options: Vec<_> = options.split_whitespace().chain(["--clients", "100"]).collect();
    let name = |line: &str| line.split(':').next().unwrap().to_owned();
    warnings(&options).lines().map(name).collect()
}

/// For each rule, a policy in which it finds something, and the nearest one in which it does not.
const RULES: [(&str, &str, &str); 22] = [
    ("never-retries", "-n 1", "-n 2"),
    ("never-retries", "--max-time 0", "--max-time 1s --timeout 100ms"),
    (
        "never-retries",
        "-w constant -i 10s -t 5s --last-wait stop -j equal --timeout 1s",
        "-w constant -i 10s -t 15s --last-wait stop -j equal --timeout 1s",
    ),
    ("no-limit", "-n none", "-n none --max-time 1m --timeout 5s"),
    ("no-limit", "-w constant -n none", "-w constant -i 1s,2s -n none"),
    ("no-jitter", "-j none", "-w decorrelated"),
    ("no-wait", "-w expo --factor 0", "-w expo --factor 1s"),
    ("no-wait", "-w linear --start 0 --step 0", "-w linear --start 0.1 --step 0"),
    ("no-wait", "-w constant -i 0,0,0", "-w constant -i 0.1,0.1"),
    ("herd", "-w constant -i 1ms -n 100", "-w constant -i 100ms -n 100"),
    ("herd", "-w constant -i 30ms -n 100", "-w constant -i 200ms -n 100"),
    ("herd", "-i 0,1s,5s", "-i 500ms,1s,5s"),
    ("no-cap", "-n 12 --max-value none", "-n 8 --max-value none"),
    ("idle-cap", "-n 4 --max-value 60s", "-n 8 --max-value 60s"),
    ("idle-max-time", "-n 3 --max-time 1h --timeout 1s", "-n 3 --max-time 1h"),
    ("idle-max-time", "-n 8 --max-time 5m --timeout 10s", "-n 8 --max-time 5m --timeout 1m"),
    ("idle-max-tries", "-n 100 --max-time 10s --timeout 1s", "-n 4 --max-time 10s --timeout 3s"),
    ("idle-max-tries", "-i 1s,5s -n 10", "-i 1s,5s -n 3"),
    ("cut-list", "-i 1s,5s,30s -n 3", "-i 1s,5s,30s -n 4"),
    ("cut-list", "-i 1s,5s,30s -t 20s --timeout 1s", "-i 1s,5s,30s -t 40s --timeout 2s"),
    ("past-max-time", "--max-time 10s", "--max-time 10s --timeout 1s"),
    ("long-timeout", "--max-time 10s --timeout 10s", "--max-time 10s --timeout 9s"),
];

#[test]
fn each_rule_finds_a_harmful_policy_and_is_quiet_about_a_sensible_one() {
    for (rule, harmful, sensible) in RULES {
        assert!(
            rules(harmful).contains(&rule.to_owned()),
            "{rule}: {harmful}: {:?}",
            rules(harmful)
        );
        assert_eq!(rules(sensible), [""; 0], "{rule}: {sensible}");
    }
    let both = "-t 1h -n 5000 -w constant -i 1s -j none --timeout 500ms";
    assert_eq!(rules(both), ["no-jitter", "idle-max-tries"]);
    assert_eq!(rules("--consecutive 6"), ["long-streak"]);
    assert_eq!(rules("--consecutive 5"), [""; 0]);
}

#[test]
fn a_limit_is_idle_only_if_it_is_idle_at_try_time_zero_and_at_the_timeout() {
    for time in ["0s", "1s", "30s", "1m"] {
        assert_eq!(rules(&format!("-n 8 -t 5m --timeout 1m --try-time {time}")), [""; 0], "{time}");
        let found = rules(&format!("-n 3 -t 1h --timeout 1s --try-time {time}"));
        assert_eq!(found, ["idle-max-time"], "{time}");
    }
}

#[test]
fn a_rule_is_ignored_by_its_name_and_an_unknown_name_is_an_error() {
    assert_eq!(rules("-n none -j none"), ["no-limit", "no-jitter"]);
    assert_eq!(rules("-n none -j none --ignore no-jitter"), ["no-limit"]);
    assert_eq!(rules("-n none -j none --ignore no-jitter,no-limit"), [""; 0]);
    let output = rebackoff().args(["plan", "--ignore", "no-jiter"]).output().unwrap();
    assert_eq!(output.status.code(), Some(125));
    assert!(stderr(&output).contains("'no-jitter'"), "{}", stderr(&output));
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
            &["--max-time", "0"],
            &["-w", "constant", "-i", "1ms", "-n", "100"],
            &["-w", "constant", "-i", "20ms", "-n", "100"],
            &["-i", "1s,5s,30s", "-n", "3"],
            &["-i", "1s,5s,30s", "-t", "20s", "--timeout", "1s"],
            &["-i", "1s,5s", "-n", "10"],
            &["--consecutive", "6"],
            &["-j", "none", "--clients", "1"],
        ]
        .map(|options| format!("{}\n{}", options.join(" "), warnings(options)))
        .join("\n\n")
    );
}

fn json(options: &[&str]) -> serde_json::Value {
    serde_json::from_str(&plan(&[&["-f", "json"], options].concat())).unwrap()
}

#[test]
fn a_plan_has_the_load_of_its_clients() {
    let load = json(&["-j", "none", "-n", "3", "--try-time", "500ms", "--clients", "200"]);
    assert_eq!(load["requests_per_call"], 3.0);
    assert_eq!(load["worst_case_with_tries"], 4.5);
    assert_eq!(load["peak_second"]["retries"], 200);
    assert_eq!(load["peak_second"]["begin"], 1.5);
    assert_eq!(load["failures"], serde_json::Value::Null);
}

#[test]
fn a_failure_rate_shows_the_chance_of_success() {
    let load = json(&["-n", "3", "--failure-rate", "0.5", "--clients", "100000"]);
    let (success, requests) =
        (&load["failures"]["success"], &load["failures"]["requests_per_call"]);
    assert!((success.as_f64().unwrap() - 0.875).abs() < 0.01);
    assert!((requests.as_f64().unwrap() - 1.75).abs() < 0.02);
    let text = plan(&["-n", "3", "--failure-rate", "0.5"]);
    assert!(text.contains("success at the failure rate") && text.contains("requests per call"));
    let output = rebackoff().args(["plan", "--failure-rate", "2"]).output().unwrap();
    assert!(stderr(&output).contains("a chance is a number from 0 to 1"));
}

#[test]
fn an_outage_shows_the_recovery() {
    // Waits of 1, 2, 4, 8 s: tries begin after 0, 1, 3, 7 and 15 s.
    let recovery = &json(&["-j", "none", "--outage", "5s"])["recovery"];
    assert_eq!((&recovery["success"], &recovery["last"]), (&1.0.into(), &2.0.into()));
    assert_eq!(recovery["peak_second"]["retries"], 1000);
    let never = &json(&["-j", "none", "--outage", "20s"])["recovery"];
    assert_eq!((&never["success"], &never["last"]), (&0.0.into(), &serde_json::Value::Null));
}

#[test]
fn a_profile_is_set_beside_the_policy() {
    let folder = tempfile::TempDir::new().unwrap();
    let config = folder.path().join("rebackoff.toml");
    std::fs::write(&config, "[old]\nmax_tries = 9\njitter = 'none'\n[new]\nmax_tries = 2\n")
        .unwrap();
    let config = config.to_str().unwrap();
    let options = ["--config", config, "-p", "new", "--compare", "old"];
    let both = json(&options);
    assert_eq!(
        (&both["requests_per_call"], &both["compared"]["requests_per_call"]),
        (&2.0.into(), &9.0.into())
    );
    assert!(plan(&options).contains("\nBeside expo: waits 1s, 2s, 4s"));
    let html = plan(&[&options[..], &["-f", "html"]].concat());
    assert!(html.contains("<caption>Load, compared with expo: waits 1s, 2s, 4s"));
    assert!(html.contains("<tr><td>requests per call</td><td>2.00</td><td>9.00</td></tr>"));
    let csv = plan(&[&options[..], &["-f", "csv"]].concat());
    assert!(csv.starts_with(
        "try,raw_wait,shortest_wait,longest_wait,p5,p50,p95,share\n1,,,,0,0,0,1\n2,1,0,1,"
    ));
    assert!(csv.contains("\nfigure,policy,compared\npeak_second.begin,"), "{csv}");
    assert!(csv.contains("\nrequests_per_call,2,9\nworst_case_with_tries,1,"), "{csv}");
}
