//! Runs the binary as a shell would.
#![allow(dead_code, reason = "each test file uses what it needs")]

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{self, Signal};
use nix::unistd::Pid;

pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_rebackoff");

/// `rebackoff` with nothing of the environment that would matter to it.
pub(crate) fn rebackoff() -> Command {
    let mut command = Command::new(BINARY);
    clean(&mut command);
    command
}

pub(crate) fn clean(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("REBACKOFF_") {
            command.env_remove(name);
        }
    }
    command
        .env_remove("XDG_CONFIG_HOME")
        .env_remove("NO_COLOR")
        .env("HOME", "/nonexistent")
        .stdin(Stdio::null());
}

/// Runs `rebackoff run OPTIONS -- sh -c SCRIPT`.
pub(crate) fn run(options: &[&str], script: &str) -> Output {
    rebackoff().arg("run").args(options).args(["--", "sh", "-c", script]).output().unwrap()
}

/// The exit code of the same.
pub(crate) fn code(options: &[&str], script: &str) -> i32 {
    run(options, script).status.code().unwrap()
}

pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// The events of a log.
pub(crate) fn events(log: &[u8]) -> Vec<serde_json::Value> {
    let log = std::str::from_utf8(log).unwrap();
    log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// Gives `input` to the command's stdin, and what came of it.
pub(crate) fn with_input(command: &mut Command, input: &[u8]) -> Output {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    // Both pipes may fill: one side writes while the other reads.
    let writer = thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output
}

/// Waits until `condition` gives something; fails after a time that is ample even on a busy machine.
pub(crate) fn eventually<T>(what: &str, mut condition: impl FnMut() -> Option<T>) -> T {
    let begin = Instant::now();
    loop {
        if let Some(found) = condition() {
            return found;
        }
        assert!(begin.elapsed() < Duration::from_secs(30), "waited without end until {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

pub(crate) fn send(signal: Signal, child: &Child) {
    send_to(signal, child.id());
}

pub(crate) fn send_to(signal: Signal, pid: u32) {
    signal::kill(Pid::from_raw(i32::try_from(pid).unwrap()), signal).unwrap();
}

/// Returns whether the process runs, sleeps or is stopped; a zombie is none of these.
pub(crate) fn is_alive(pid: u32) -> bool {
    state(pid).is_some_and(|state| state != 'Z' && state != 'X')
}

/// The letter that `ps` shows.
pub(crate) fn state(pid: u32) -> Option<char> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(')')?.1.trim_start().chars().next()
}

/// The numbers in a file, one a line.
pub(crate) fn numbers(path: &Path) -> Vec<u32> {
    let text = fs::read_to_string(path).unwrap_or_default();
    text.lines().filter_map(|line| line.parse().ok()).collect()
}
