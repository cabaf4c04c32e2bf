//! The exit code is the command's own.

mod support;

use std::process::Command;

use support::{BINARY, code, rebackoff, run, stderr};

const ONE: &[&str] = &["-q", "--max-tries", "1"];

#[test]
fn every_code_is_the_commands_own() {
    for expected in 0..=255 {
        assert_eq!(code(ONE, &format!("exit {expected}")), expected);
    }
}

/// Those that end a process by default; the others are below.
const DEADLY: [i32; 23] =
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 24, 25, 26, 27, 29, 30, 31];

#[test]
fn a_command_that_a_signal_ended_exits_with_128_and_its_number() {
    for signal in DEADLY {
        let script = format!("ulimit -c 0; kill -{signal} $$");
        assert_eq!(code(ONE, &script), 128 + signal, "signal {signal}");
    }
    assert_eq!(code(ONE, "kill -40 $$"), 128 + 40);
}

#[test]
fn a_signal_that_ends_nothing_is_none_of_its_own() {
    for signal in [17, 18, 23, 28] {
        assert_eq!(code(ONE, &format!("kill -{signal} $$; exit 5")), 5, "signal {signal}");
    }
}

#[test]
fn a_stopped_command_runs_into_its_limit() {
    for signal in [19, 20, 21, 22] {
        // In a session without a terminal, so that nobody could let it go on.
        let script = format!("kill -{signal} $$; exit 5");
        let mut command = Command::new("setsid");
        support::clean(&mut command);
        let options =
            ["run", "-q", "--max-tries", "1", "--timeout", "100ms", "--", "sh", "-c", &script];
        let status = command.arg("--wait").arg(BINARY).args(options).status().unwrap();
        assert_eq!(status.code(), Some(124), "signal {signal}");
    }
}

#[test]
fn either_time_limit_exits_with_124() {
    assert_eq!(code(&["-q", "-n", "1", "--timeout", "50ms"], "sleep 600"), 124);
    let limited = ["-q", "--max-time", "20ms", "--factor", "5ms", "--timeout-code"];
    assert_eq!(code(&[&limited[..], &["124"]].concat(), "exit 3"), 124);
    // What the command makes of TERM is no matter.
    assert_eq!(
        code(
            &["-q", "-n", "1", "--timeout", "50ms"],
            "trap 'exit 0' TERM; while :; do sleep 0.01; done"
        ),
        124
    );
}

#[test]
fn wrong_usage_exits_with_125() {
    for arguments in [
        &["run"][..],
        &["run", "--no-such-option", "--", "true"],
        &["run", "--max-tries", "0", "--", "true"],
        &["run", "--on", "256", "--", "true"],
        &["run", "--retry-if-stdout", "(", "--", "true"],
        &["run", "--log", "json", "--log-fd", "77", "--", "true"],
        &["run", "--timeout", "0", "--", "true"],
        &["run", "--wait", "runtime", "--", "true"],
        &["plan", "--clients", "0"],
        &["nonsense"],
    ] {
        let output = rebackoff().args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(125), "{arguments:?}");
        assert!(!stderr(&output).is_empty());
    }
}

#[test]
fn a_command_that_cannot_be_executed_or_found_is_not_tried_again() {
    for (command, expected, words) in [
        ("/etc/passwd", 126, "cannot be executed"),
        ("/", 126, "cannot be executed"),
        ("no-such-command-here", 127, "was not found"),
        ("", 127, "was not found"),
    ] {
        let output = rebackoff().args(["run", "--factor", "1ms", "--", command]).output().unwrap();
        assert_eq!(output.status.code(), Some(expected), "{command:?}");
        assert_eq!(stderr(&output).lines().count(), 1, "{}", stderr(&output));
        assert!(stderr(&output).contains(words), "{}", stderr(&output));
    }
    assert_eq!(code(ONE, "exit 126"), 126);
    let asked = ["run", "--on", "127", "-n", "3", "--factor", "1ms", "--", "no-such-command-here"];
    let output = rebackoff().args(asked).output().unwrap();
    assert_eq!(output.status.code(), Some(127));
    assert_eq!(stderr(&output).lines().count(), 3);
}

#[test]
fn giving_up_is_no_success() {
    assert_eq!(code(&["-q", "-n", "2", "--factor", "1ms", "--consecutive", "3"], "true"), 1);
    assert_eq!(
        code(&["-q", "-n", "2", "--factor", "1ms", "--retry-if-stdout", "busy"], "echo busy"),
        1
    );
}

#[test]
fn help_and_version_are_no_errors() {
    for arguments in [&["--help"][..], &["--version"], &["run", "--help"], &["plan", "-h"]] {
        let output = rebackoff().args(arguments).output().unwrap();
        assert_eq!((output.status.code(), stderr(&output)), (Some(0), String::new()));
    }
    assert_eq!(run(&["-q"], "true").status.code(), Some(0));
}
