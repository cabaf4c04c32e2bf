//! Output that arrives after the end of its command is not lost.

mod support;

use std::fs;
use std::process::Stdio;
use std::time::Duration;

use nix::sys::signal::Signal;
use support::{events, is_alive, rebackoff, run, send_to, stdout};
use tempfile::TempDir;

const LINES: usize = 200_000;

/// Ends at once, and leaves a process behind that writes many lines.
fn late(code: u8) -> String {
    format!("seq {LINES} & exit {code}")
}

#[test]
fn the_last_line_of_a_failed_command_reaches_its_log() {
    let folder = TempDir::new().unwrap();
    // `tee` has a second from the end of the command: its start, on a busy machine, is not to take a part of it.
    let script = "exec > >(exec tee -a log) 2>&1
        until [[ $name == tee ]]; do read -r name < /proc/$!/comm; done
        echo 'FATAL: why'; exit 1";
    for _ in 0..20 {
        let mut command = rebackoff();
        command.args(["run", "-q", "-n", "1", "--", "bash", "-c", script]);
        command.current_dir(folder.path()).output().unwrap();
    }
    let log = fs::read_to_string(folder.path().join("log")).unwrap();
    assert_eq!(log, "FATAL: why\n".repeat(20));
}

#[test]
fn late_output_is_delivered_of_a_success_and_of_a_failure() {
    for option in ["--once", "--retry-if-stdout=never", "--retry-after-regex=never"] {
        let output = run(&["-q", "-n", "1", option], &late(0));
        assert_eq!((output.status.code(), stdout(&output).lines().count()), (Some(0), LINES));
    }
    for option in ["--retry-if-stdout=never", "--retry-after-regex=never", "--failed-output=last"] {
        let output = run(&["-q", "-n", "1", option], &late(3));
        assert_eq!((output.status.code(), stdout(&output).lines().count()), (Some(3), LINES));
    }
}

#[test]
fn late_output_is_searched() {
    let pattern = format!("^{LINES}$");
    let output = run(&["-q", "-n", "1", "--retry-if-stdout", &pattern], &late(0));
    assert_eq!(output.status.code(), Some(1));
    let output = run(&["-q", "-n", "1", "--until-stdout", &pattern], &late(3));
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_reader_that_is_stuck_does_not_keep_a_signal_from_ending_the_call() {
    for option in ["--once", "--retry-if-stdout=never", "--failed-output=stderr"] {
        let mut command = rebackoff();
        command.args(["run", "-q", option, "--", "head", "-c", "1000000", "/dev/zero"]);
        let mut wrapper = command.stdout(Stdio::piped()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(200));
        support::send(Signal::SIGTERM, &wrapper);
        assert_eq!(wrapper.wait().unwrap().code(), Some(143), "{option}");
    }
}

#[test]
fn to_drain_output_is_a_part_of_the_wait() {
    let options = ["-n", "2", "-w", "constant", "-i", "2s", "-j", "none", "--log", "json"];
    let output = run(&options, "setsid sleep 600 & exit 1");
    let elapsed: Vec<f64> =
        events(&output.stderr).iter().map(|event| event["elapsed"].as_f64().unwrap()).collect();
    // What is left running was drained for a second before the event of the wait.
    let (reported, next) = (elapsed[1], elapsed[2]);
    assert!(reported >= 1.0 && next >= 2.0 && next - reported < 2.0, "{elapsed:?}");
}

#[test]
fn on_retry_is_a_part_of_the_wait() {
    let options = ["-n", "2", "-w", "constant", "-i", "3s", "-j", "none", "--log", "json"];
    let output = run(&[&options[..], &["--on-retry", "sleep 2"]].concat(), "exit 1");
    let events = events(&output.stderr);
    let next = events.iter().find(|event| event["event"] == "try" && event["tries"] == 2).unwrap();
    let elapsed = next["elapsed"].as_f64().unwrap();
    assert!((3.0..5.0).contains(&elapsed), "{elapsed}");
}

#[test]
fn a_success_with_inherited_output_waits_for_nothing_and_what_it_leaves_goes_on() {
    for options in [&["-q"][..], &["-q", "--once"]] {
        let folder = TempDir::new().unwrap();
        let script = "sleep 600 >/dev/null 2>&1 & echo $! > pid";
        let mut command = rebackoff();
        command.arg("run").args(options).args(["--", "sh", "-c", script]);
        assert!(command.current_dir(folder.path()).status().unwrap().success());
        let pid = support::numbers(&folder.path().join("pid"))[0];
        std::thread::sleep(Duration::from_millis(20));
        assert!(is_alive(pid), "{options:?}");
        send_to(Signal::SIGKILL, pid);
    }
}
