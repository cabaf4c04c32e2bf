//! Simulations: forms, exit codes, errors, examples.

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Output, Stdio};

use nix::sys::signal::{self, Signal};
use nix::unistd::Pid;
use support::{eventually, rebackoff, stderr, stdout, with_input};
use tempfile::TempDir;

const SCENARIO: &str = "\
name = 'Two & three tries'
runs = 2
duration = '10s'
drain = '5s'
load = { rate = 50, clients = 10 }
client.profile = 'fetch'
profiles.fetch = { max_tries = 2, factor = '10ms' }
server.api = { workers = 2, service = { exponential = '10ms' }, error_rate = 0.3 }
sweep.profiles.fetch.max_tries = [2, 3]
expect.amplification = '<= 1.5'
";

fn file(folder: &TempDir, name: &str, text: &str) -> PathBuf {
    let path = folder.path().join(name);
    fs::write(&path, text).unwrap();
    path
}

fn simulate(scenario: &Path, options: &[&str]) -> Output {
    rebackoff().arg("simulate").arg(scenario).args(options).output().unwrap()
}

#[test]
fn a_scenario_is_shown_in_each_format_and_its_bounds_make_the_exit_code() {
    let folder = TempDir::new().unwrap();
    let path = file(&folder, "scenario.toml", SCENARIO);
    let text = simulate(&path, &[]);
    assert_eq!((text.status.code(), stderr(&text)), (Some(0), String::new()));
    let text = stdout(&text);
    for part in [
        "Two & three tries",
        "profiles.fetch.max_tries",
        "tries/call",
        "goodput/s",
        "holds: amplification <= 1.5",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    let json: serde_json::Value =
        serde_json::from_str(&stdout(&simulate(&path, &["-f", "json"]))).unwrap();
    assert_eq!(json["cases"][1]["parameters"]["profiles.fetch.max_tries"], "3");
    assert!(json["cases"][0]["figures"]["amplification"]["mean"].as_f64().unwrap() > 1.2);
    let csv = stdout(&simulate(&path, &["-f", "csv"]));
    assert!(csv.starts_with(
        "case,profiles.fetch.max_tries,figure,mean,low,high,sd,runs\n1,2,amplification,1."
    ));
    let html = stdout(&simulate(&path, &["-f", "html"]));
    assert!(html.starts_with("<!doctype html>") && html.contains("<h1>Two &amp; three tries</h1>"));
    assert!(!html.contains("src=") && !html.contains("http"));
    for tag in ["html", "head", "body", "main", "table", "section", "figure", "svg", "div", "text"]
    {
        let opened =
            html.matches(&format!("<{tag} ")).count() + html.matches(&format!("<{tag}>")).count();
        assert_eq!(opened, html.matches(&format!("</{tag}>")).count(), "{tag}");
    }

    let svg = stdout(&simulate(&path, &["-f", "svg"]));
    assert!(svg.starts_with("<svg xmlns=") && svg.ends_with("</svg>\n"), "{svg}");
    assert!(svg.contains(">Two &amp; three tries: load, per second<"), "{svg}");
    for part in ["max_tries = 2<", "max_tries = 3<", ">offered<", ">goodput<"] {
        assert!(svg.contains(part), "{part}\n{svg}");
    }

    // The axis ends with the last call, and not with the drain.
    let long = SCENARIO.replace("drain = '5s'", "drain = '10h'\nbin = '10s'");
    let html = stdout(&simulate(&file(&folder, "long.toml", &long), &["-f", "html"]));
    assert!(html.contains("<svg") && !html.contains(">10h<"), "{html}");

    let strict = file(&folder, "strict.toml", &SCENARIO.replace("<= 1.5", "<= 1.35"));
    let failed = simulate(&strict, &[]);
    assert_eq!(failed.status.code(), Some(1));
    assert!(stdout(&failed).contains("FAILS: amplification <= 1.35, it is 1.3"));
}

#[test]
fn latency_has_a_gap_while_no_call_succeeds() {
    let folder = TempDir::new().unwrap();
    let text = "runs = 1\nduration = '60s'\nbin = '1s'\nload = { rate = 50, arrivals = 'fixed' }\n\
                profiles.default.max_tries = 1\nserver.api.service = '10ms'\n\
                fault = [{ kind = 'down', from = '20s', to = '40s' }]";
    let html = stdout(&simulate(&file(&folder, "down.toml", text), &["-f", "html"]));
    let latency = html.split("<figcaption>Latency").nth(1).unwrap();
    let line = latency.split("<path class=\"line a\" d=\"").nth(1).unwrap();
    let line = line.split('"').next().unwrap();
    assert_eq!(line.matches('M').count(), 2, "{line}");
    // The scale ends at the latency, so each point is at its top.
    assert!(line.split(['M', 'L']).skip(1).all(|point| point.contains(" 20.0")), "{line}");
}

#[test]
fn names_of_any_letters_and_length_are_shown_as_text() {
    let folder = TempDir::new().unwrap();
    let long = format!("{} {}", "<b>\\u001b[31m\\u0000\\uffff", "words and words ".repeat(20));
    let profile = format!("\"{long}{}\"", "w".repeat(120));
    let text = format!(
        "name = \"{long}\"\nruns = 1\nduration = '1s'\nload.rate = 10\nserver.a.error_rate = 0.5\n\
         profiles.{profile} = {{}}\nsweep.client.profile = [{profile}]"
    );
    let path = file(&folder, "names.toml", &text);
    for format in ["text", "html", "svg"] {
        let shown = stdout(&simulate(&path, &["-f", format]));
        let control = |letter: char| letter.is_control() && letter != '\n' || letter == '\u{ffff}';
        assert!(!shown.contains(control), "{format}");
        assert_eq!(shown.contains("<b>"), format == "text");
        assert!(shown.contains("\u{fffd}[31m\u{fffd}\u{fffd} words"), "{format}: {shown}");
    }
    let svg = stdout(&simulate(&path, &["-f", "svg"]));
    assert!(svg.contains("viewBox=\"0 0 440 572\""), "{svg}");
    let letters = |class: &str| {
        let begin = format!("<text class=\"{class}\"");
        let texts = svg.split(&begin).skip(1).map(|text| {
            let text = text.split_once('>').unwrap().1.split_once("</text>").unwrap().0;
            text.replace("&lt;", "<").replace("&gt;", ">").chars().count()
        });
        texts.collect::<Vec<_>>()
    };
    let (headline, name) = (letters("title"), letters("name"));
    assert!(headline.len() > 8 && headline.iter().all(|letters| *letters <= 40), "{headline:?}");
    assert!(name.len() > 8 && name.iter().all(|letters| *letters <= 50), "{name:?}");
}

#[test]
fn figures_depend_on_the_seed_and_not_on_the_threads() {
    let folder = TempDir::new().unwrap();
    let path = file(&folder, "scenario.toml", SCENARIO);
    let json = |options: &[&str]| stdout(&simulate(&path, &[&["-f", "json"], options].concat()));
    assert_eq!(json(&["--threads", "1"]), json(&["--threads", "4"]));
    assert_ne!(json(&["--seed", "1"]), json(&["--seed", "2"]));
    assert!(json(&["--runs", "3"]).contains("\"runs\": 3"));
}

#[test]
fn a_wrong_scenario_is_refused_with_file_line_and_key() {
    let folder = TempDir::new().unwrap();
    let path = file(&folder, "wrong.toml", &SCENARIO.replace("workers = 2", "workers = 0"));
    let output = simulate(&path, &[]);
    assert_eq!(output.status.code(), Some(125));
    let message = stderr(&output);
    assert!(
        message.contains("wrong.toml: line 8: server.api.workers must be a whole number from 1"),
        "{message}"
    );
    let output = simulate(&folder.path().join("none.toml"), &[]);
    assert!(stderr(&output).contains("cannot read") && output.status.code() == Some(125));
}

#[test]
fn every_example_is_printed_and_runs_from_standard_input() {
    let help = stdout(&rebackoff().args(["simulate", "--help"]).output().unwrap());
    let names = [
        "brown-out",
        "retry-storm",
        "thundering-herd",
        "three-layers",
        "budget-or-breaker",
        "hint-herd",
    ];
    for name in names {
        assert!(help.contains(name), "{name}");
        let example = rebackoff().args(["simulate", "--example", name]).output().unwrap();
        let text = stdout(&example);
        assert!(text.contains("about = \"\"\""), "{text}");
        let output =
            with_input(rebackoff().args(["simulate", "-", "--runs", "1"]), text.as_bytes());
        assert_eq!((output.status.code(), stderr(&output)), (Some(0), String::new()), "{name}");
    }
}

#[test]
fn the_picture_of_the_readme_is_what_the_example_shows() {
    let example = rebackoff().args(["simulate", "--example", "retry-storm"]).output().unwrap();
    let mut shown = rebackoff();
    let shown = with_input(shown.args(["simulate", "-", "--format", "svg"]), &example.stdout);
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/retry-storm.svg");
    assert!(fs::read_to_string(path).unwrap() == stdout(&shown), "scripts/docs draws it anew");
}

#[test]
fn a_profile_that_the_scenario_does_not_have_comes_from_a_file() {
    let folder = TempDir::new().unwrap();
    let path = file(
        &folder,
        "scenario.toml",
        "duration = '1s'\ndrain = '1s'\nload.kind = 'burst'\nclient.profile = 'nightly'\nserver.a.error_rate = 1\n",
    );
    let profiles = file(&folder, "rebackoff.toml", "[nightly]\nmax_tries = 3\nfactor = '1ms'\n");
    let tries = |output: Output| {
        let json: serde_json::Value = serde_json::from_str(&stdout(&output)).unwrap();
        json["cases"][0]["figures"]["tries"]["mean"].as_f64()
    };
    let config = profiles.to_str().unwrap();
    assert_eq!(tries(simulate(&path, &["-f", "json", "--config", config])), Some(3.0));
    let here = rebackoff()
        .current_dir(folder.path())
        .args(["simulate", "scenario.toml", "-f", "json"])
        .output();
    assert_eq!(tries(here.unwrap()), Some(3.0));
    let missing = simulate(&path, &[]);
    assert!(stderr(&missing).contains("client.profile must be the name of a profile"));
    fs::write(&profiles, b"[default]\nmax_tries = 3 # \xff\n").unwrap();
    let wrong = rebackoff().current_dir(folder.path()).args(["simulate", "scenario.toml"]).output();
    assert_eq!(stderr(&wrong.unwrap()), "rebackoff: cannot read rebackoff.toml: it is not UTF-8\n");
}

#[test]
fn ctrl_c_shows_the_runs_that_are_done() {
    let folder = TempDir::new().unwrap();
    let path = file(
        &folder,
        "long.toml",
        "runs = 100000\nduration = '200s'\nload.rate = 100\nserver.a.service = '1ms'\n",
    );
    let mut command = rebackoff();
    command.arg("simulate").arg(&path).args(["-f", "json"]).stdout(Stdio::piped());
    let child = command.spawn().unwrap();
    interrupt_at_work(&child);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    let json: serde_json::Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!(json["is_whole"], false);
    let runs = json["cases"][0]["figures"]["calls"]["runs"].as_u64().unwrap();
    assert!((1..100_000).contains(&runs), "{runs}");
}

#[test]
fn ctrl_c_in_the_first_run_says_that_none_is_done() {
    let folder = TempDir::new().unwrap();
    let endless =
        "runs = 1\nduration = '1s'\nload = { kind = 'closed', think = 0 }\nserver.a = {}\n";
    let path = file(&folder, "endless.toml", endless);
    let child = rebackoff().arg("simulate").arg(&path).stderr(Stdio::piped()).spawn().unwrap();
    interrupt_at_work(&child);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    assert_eq!(stderr(&output), "rebackoff: interrupted before the first run was done\n");
}

/// Interrupts a process that has worked for half a second.
fn interrupt_at_work(child: &Child) {
    let stat = format!("/proc/{}/stat", child.id());
    eventually("the process works", || {
        let stat = fs::read_to_string(&stat).unwrap();
        let ticks = stat.rsplit(") ").next()?.split(' ').nth(11)?.parse::<u64>().ok()?;
        (ticks >= 50).then_some(())
    });
    signal::kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), Signal::SIGINT).unwrap();
}
