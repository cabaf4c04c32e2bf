//! The exit code is the command's own.

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use tempfile::TempDir;

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
        // In a session without a terminal, so that no process could continue it.
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

/// Runs `rebackoff run -n 1 -- COMMAND` in a folder with these files, which are executable.
fn with_files(files: &[(&str, &[u8])], command: &[&str]) -> std::process::Output {
    let folder = TempDir::new().unwrap();
    for (name, bytes) in files {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let mut rebackoff = rebackoff();
    rebackoff.args(["run", "-n", "1", "--"]).args(command);
    rebackoff.current_dir(folder.path()).output().unwrap()
}

#[test]
fn a_script_without_its_first_line_runs_as_under_timeout() {
    let script: &[(&str, &[u8])] = &[("job", b"echo $0 $1 \"$2\"; exit 3")];
    let output = with_files(script, &["./job", "a", "b c"]);
    assert_eq!(
        (output.status.code(), support::stdout(&output).as_str()),
        (Some(3), "./job a b c\n")
    );
    assert_eq!(with_files(&[("job", b"")], &["./job"]).status.code(), Some(0));
}

#[test]
fn a_command_that_does_not_start_says_why() {
    for (bytes, command, code, reason) in [
        (
            &b"#!/no/such/interpreter -x\n"[..],
            "./job",
            127,
            "its interpreter /no/such/interpreter does not exist",
        ),
        (b"#!/bin/sh\r\nexit 0\r\n", "./job", 127, r"its interpreter /bin/sh\r does not exist"),
        (b"#!/etc/passwd\n", "./job", 126, "its interpreter /etc/passwd may not be executed"),
        (b"\x7fELF\x02\x01\x01\0\0\0", "./job", 126, "this system does not know its format"),
        (b"", "./none", 127, "there is no such file"),
        (b"", "./job/below", 126, "Not a directory"),
        (b"", ".", 126, "it is a directory"),
        (b"", "/", 126, "it is a directory"),
        (b"", "/etc/passwd", 126, "permission denied"),
        (b"", "echo a | cat", 127, "a shell line needs a shell: -- sh -c"),
        (b"", "A=b", 127, "an assignment needs a shell or env"),
        (b"", "my_function", 127, "functions, aliases and builtins need their shell"),
    ] {
        let output = with_files(&[("job", bytes)], &[command]);
        assert_eq!(output.status.code(), Some(code), "{command}: {}", stderr(&output));
        assert!(stderr(&output).contains(reason), "{command}: {}", stderr(&output));
    }
}

#[test]
fn a_command_that_the_system_has_no_resources_for_is_tried_again() {
    let script = "ulimit -n 5; exec \"$0\" run -n 3 -w constant -i 0 --on 7 --once -- true";
    let mut command = Command::new("sh");
    support::clean(&mut command);
    let output = command.args(["-c", script, BINARY]).output().unwrap();
    assert_eq!(output.status.code(), Some(125), "{}", stderr(&output));
    let said = stderr(&output);
    assert_eq!(said.matches("could not be started: Too many open files").count(), 3, "{said}");
}

#[test]
fn the_code_of_a_time_limit_can_be_chosen() {
    let spent = ["-q", "-n", "none", "--max-time", "20ms", "--factor", "5ms"];
    assert_eq!(code(&spent, "exit 3"), 3);
    assert_eq!(code(&[&spent[..], &["--timeout-code", "99"]].concat(), "exit 3"), 99);
    let slow = ["-q", "-n", "1", "--timeout", "50ms"];
    assert_eq!(code(&[&slow[..], &["--timeout-code", "99"]].concat(), "sleep 600"), 99);
    assert_eq!(code(&[&slow[..], &["--preserve-status"]].concat(), "exec sleep 600"), 143);
    let caught = "trap 'exit 7' TERM; while :; do sleep 0.01; done";
    let late = ["-q", "-n", "1", "--timeout", "500ms", "--preserve-status"];
    assert_eq!(code(&late, caught), 7);
}

#[test]
fn the_signal_that_ends_a_try_can_be_chosen() {
    for signal in ["INT", "sigint", "2"] {
        let options =
            ["-q", "-n", "1", "--timeout", "500ms", "--preserve-status", "--signal", signal];
        assert_eq!(code(&options, "trap 'exit 9' INT; while :; do sleep 0.01; done"), 9);
    }
    let output = rebackoff().args(["run", "--signal", "NOPE", "--", "true"]).output().unwrap();
    assert_eq!(output.status.code(), Some(125));
    assert!(
        stderr(&output).contains("--signal must be the name or the number"),
        "{}",
        stderr(&output)
    );
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
