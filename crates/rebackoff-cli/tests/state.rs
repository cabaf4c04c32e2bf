//! Tries and waits that are kept between runs.

mod support;

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use support::{BINARY, eventually, rebackoff, stderr, stdout};
use tempfile::TempDir;

fn step(folder: &Path, options: &[&str], script: &str) -> Output {
    let mut command = rebackoff();
    command.args(["run", "--state", "call.state"]).args(options).args(["--", "sh", "-c", script]);
    command.current_dir(folder).output().unwrap()
}

const NO_WAIT: &[&str] = &["-w", "constant", "-i", "0", "-n", "3"];

#[test]
fn each_run_tries_once_and_the_call_goes_on_in_the_next() {
    let folder = TempDir::new().unwrap();
    let state = folder.path().join("call.state");
    for (tries, last) in [("1", "none"), ("2", "5"), ("3", "5")] {
        let output =
            step(folder.path(), NO_WAIT, "echo $REBACKOFF_TRY ${REBACKOFF_LAST_EXIT-none}; exit 5");
        assert_eq!((stdout(&output), output.status.code()), (format!("{tries} {last}\n"), Some(5)));
        // The third one gives up, and a call that has ended leaves nothing.
        assert_eq!(state.exists(), tries != "3");
    }
    assert_eq!(stdout(&step(folder.path(), NO_WAIT, "echo $REBACKOFF_TRY")), "1\n");
    assert!(!state.exists());
}

#[test]
fn the_waits_go_on_where_they_were() {
    let folder = TempDir::new().unwrap();
    let options = ["-j", "none", "--factor", "1ms", "--base", "2", "-n", "9"];
    let waits: Vec<String> = (0..4)
        .map(|_| {
            let output = stderr(&step(folder.path(), &options, "exit 5"));
            std::thread::sleep(std::time::Duration::from_millis(10)); // the wait, which is real here
            output.trim().rsplit(' ').next().unwrap().to_owned()
        })
        .collect();
    assert_eq!(waits, ["1ms", "2ms", "4ms", "8ms"]);
}

#[test]
fn a_run_that_comes_too_early_does_nothing() {
    let folder = TempDir::new().unwrap();
    let options = ["-w", "constant", "-i", "1h", "-j", "none"];
    assert_eq!(step(folder.path(), &options, "exit 5").status.code(), Some(5));
    let output = step(folder.path(), &options, "echo ran; exit 6");
    assert_eq!((stdout(&output).as_str(), output.status.code()), ("", Some(5)));
    assert!(
        stderr(&output).starts_with("rebackoff: too early: try 2 is due in "),
        "{}",
        stderr(&output)
    );
}

#[test]
fn a_file_that_holds_something_else_is_left_alone() {
    let folder = TempDir::new().unwrap();
    let state = folder.path().join("call.state");
    for text in [
        "precious\n",
        "{\"version\":1",
        "{\"version\":7,\"tries\":1,\"streak\":0,\"raw_wait\":0,\"started\":0,\"next\":0,\"exit_code\":1}",
        "",
    ] {
        fs::write(&state, text).unwrap();
        let output = step(folder.path(), NO_WAIT, "echo ran");
        assert_eq!((stdout(&output).as_str(), output.status.code()), ("", Some(125)));
        assert!(
            stderr(&output).contains("call.state holds no state of rebackoff"),
            "{}",
            stderr(&output)
        );
        assert_eq!(fs::read_to_string(&state).unwrap(), text);
    }
}

#[test]
fn two_runs_at_once_do_not_share_a_file() {
    let folder = TempDir::new().unwrap();
    let ready = folder.path().join("ready");
    let mut command = rebackoff();
    command.args(["run", "-q", "--state", "call.state", "--", "sh", "-c", ": > ready; read line"]);
    let mut first = command.current_dir(folder.path()).stdin(Stdio::piped()).spawn().unwrap();
    eventually("the first one runs", || ready.exists().then_some(()));
    let output = step(folder.path(), NO_WAIT, "echo ran");
    assert_eq!(stderr(&output), "rebackoff: call.state is in use by another run\n");
    assert_eq!(output.status.code(), Some(125));
    drop(first.stdin.take());
    first.wait().unwrap();
}

#[test]
fn on_a_full_disk_the_old_state_stays() {
    let folder = TempDir::new().unwrap();
    let state = folder.path().join("call.state");
    step(folder.path(), NO_WAIT, "exit 5");
    let before = fs::read_to_string(&state).unwrap();
    let line = "ulimit -f 0; exec \"$0\" run -q --state call.state -w constant -i 0 -n 3 -- sh -c 'exit 5'";
    let mut command = Command::new("sh");
    support::clean(&mut command);
    let output = command.args(["-c", line, BINARY]).current_dir(folder.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(125));
    assert!(
        stderr(&output).contains("cannot write call.state, which stays as it was: "),
        "{}",
        stderr(&output)
    );
    assert_eq!(fs::read_to_string(&state).unwrap(), before);
    let mut left: Vec<_> =
        fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["call.state", "call.state.lock"]);
}
