//! Events for programs.

mod support;

use std::fs::File;
use std::io::Read as _;
use std::os::fd::AsRawFd as _;
use std::os::unix::net::UnixStream;
use std::process::Command;

use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::sys::signal::Signal;
use serde_json::Value;
use support::{BINARY, events, rebackoff, stderr};

/// The events of `rebackoff run --log json OPTIONS -- sh -c SCRIPT`.
fn logged(options: &[&str], script: &str) -> Vec<Value> {
    let mut command = rebackoff();
    command.args(["run", "--log", "json"]).args(options).args(["--", "sh", "-c", script]);
    events(&command.output().unwrap().stderr)
}

#[test]
fn events_carry_time_command_profile_and_process() {
    let folder = tempfile::TempDir::new().unwrap();
    std::fs::write(folder.path().join("rebackoff.toml"), "[nightly]\nmax_tries = 1\n").unwrap();
    let mut command = rebackoff();
    command.args(["run", "--log", "json", "-p", "nightly", "--", "echo", "a b"]);
    let child =
        command.current_dir(folder.path()).stderr(std::process::Stdio::piped()).spawn().unwrap();
    let pid = child.id();
    let events = events(&child.wait_with_output().unwrap().stderr);
    assert_eq!(events.len(), 2);
    for event in events {
        assert_eq!(event["command"], serde_json::json!(["echo", "a b"]));
        assert_eq!((&event["profile"], &event["pid"]), (&"nightly".into(), &pid.into()));
        let time = event["time"].as_str().unwrap();
        assert!(time.len() == 24 && time.starts_with("20") && time.ends_with('Z'), "{time}");
    }
}

#[test]
fn there_is_always_a_last_event() {
    let last = |options: &[&str], script: &str| {
        let events = logged(options, script);
        let last = events.last().unwrap().clone();
        (last["event"].as_str().unwrap().to_owned(), last["reason"].as_str().map(str::to_owned))
    };
    let is = |event: &str, reason: Option<&str>| (event.to_owned(), reason.map(str::to_owned));
    assert_eq!(last(&[], "true"), is("success", None));
    assert_eq!(last(&["-n", "1"], "exit 3"), is("giveup", Some("max_tries")));
    for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP, Signal::SIGALRM] {
        let script =
            format!("kill -{} $PPID; sleep 600", signal.as_str().trim_start_matches("SIG"));
        assert_eq!(last(&[], &script), is("giveup", Some("cancelled")));
    }
    // Failures of rebackoff's own say so.
    let mut command = rebackoff();
    command.args(["run", "--log", "json", "--state", "/no/folder/state", "--", "true"]);
    let events = events(&command.output().unwrap().stderr);
    let event = events.last().unwrap();
    assert_eq!((&event["event"], &event["exit_code"]), (&"giveup".into(), &125.into()));
    assert!(event["error"].as_str().unwrap().contains("cannot lock /no/folder/state.lock"));
    let wrong = logged(&["--deadline", "soon"], "true");
    assert!(wrong.last().unwrap()["error"].as_str().unwrap().contains("--deadline is a duration"));
}

#[test]
fn the_last_event_says_why_a_command_did_not_start() {
    let mut command = rebackoff();
    command.args(["run", "--log", "json", "--", "/no/such/command"]);
    let events = events(&command.output().unwrap().stderr);
    let last = events.last().unwrap();
    let expected = (&127.into(), &"there is no such file".into());
    assert_eq!((&last["exit_code"], &last["error"]), expected);
}

#[test]
fn a_socket_can_be_logged_to() {
    let (mut here, there) = UnixStream::pair().unwrap();
    fcntl(&there, FcntlArg::F_SETFD(FdFlag::empty())).unwrap();
    let mut command = rebackoff();
    command.args([
        "run",
        "--log",
        "json",
        "--log-fd",
        &there.as_raw_fd().to_string(),
        "--",
        "true",
    ]);
    assert!(command.status().unwrap().success());
    drop(there);
    let mut log = Vec::new();
    here.read_to_end(&mut log).unwrap();
    assert_eq!(events(&log).len(), 2);
}

#[test]
fn a_descriptor_that_is_closed_or_for_reading_only_is_refused() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("precious");
    std::fs::write(&path, "precious").unwrap();
    for (redirection, reason) in
        [("9>&-", "Bad file descriptor"), ("9<precious", "open for reading only")]
    {
        let script = format!("\"$0\" run --log json --log-fd 9 -- true {redirection}");
        let mut command = Command::new("sh");
        support::clean(&mut command);
        command.args(["-c", &script, BINARY]).current_dir(folder.path());
        let output = command.output().unwrap();
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(125));
        assert!(said.contains("--log-fd must be a descriptor that is open for writing"), "{said}");
        assert!(said.contains(reason), "{said}");
    }
    let mut text = String::new();
    File::open(path).unwrap().read_to_string(&mut text).unwrap();
    assert_eq!(text, "precious");
}
