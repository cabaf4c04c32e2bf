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
fn a_pipe_or_a_folder_is_refused_at_once() {
    let folder = TempDir::new().unwrap();
    let state = folder.path().join("call.state");
    nix::unistd::mkfifo(&state, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let expect_refusal = || {
        let output = step(folder.path(), NO_WAIT, "echo ran");
        let expected = "rebackoff: cannot read call.state: it is no regular file\n";
        assert_eq!((stdout(&output).as_str(), output.status.code()), ("", Some(125)));
        assert_eq!(stderr(&output), expected);
    };
    expect_refusal();
    fs::remove_file(&state).unwrap();
    fs::create_dir(&state).unwrap();
    expect_refusal();
}

#[test]
fn a_file_that_holds_something_else_is_left_alone() {
    let folder = TempDir::new().unwrap();
    let state = folder.path().join("call.state");
    for text in [
        "precious\n",
        "{\"version\":1",
        "{\"version\":7,\"tries\":1,\"streak\":0,\"raw_wait\":0,\"elapsed\":0,\"wait\":0,\"written\":{\"system\":0,\"boot\":null},\"exit_code\":1}",
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

/// Moves the moments of a state by `seconds`, as a clock that is set does; with `reboot`, to an earlier boot.
fn set_clock(state: &Path, seconds: f64, reboot: bool) {
    let text = fs::read_to_string(state).unwrap();
    let mut value: serde_json::Value = serde_json::from_str(&text).unwrap();
    let written = &mut value["written"];
    written["system"] = (written["system"].as_f64().unwrap() + seconds).into();
    if reboot {
        written["boot"][0] = "an earlier boot".into();
    }
    fs::write(state, value.to_string()).unwrap();
}

const YEAR: f64 = 365.0 * 86_400.0;

#[test]
fn a_clock_that_was_wrong_keeps_the_wait_and_never_lengthens_it() {
    let hour = ["-w", "constant", "-i", "1h", "-j", "none", "-n", "none", "--max-time", "2d"];
    let moment = ["-w", "constant", "-i", "1ms", "-j", "none", "-n", "none", "--max-time", "2d"];
    for seconds in [YEAR, -YEAR] {
        let folder = TempDir::new().unwrap();
        let state = folder.path().join("call.state");
        step(folder.path(), &hour, "exit 5");
        set_clock(&state, seconds, false);
        let output = step(folder.path(), &hour, "echo ran");
        assert!(stderr(&output).contains("try 2 is due in 59m"), "{}", stderr(&output));

        fs::remove_file(&state).unwrap();
        step(folder.path(), &moment, "exit 5");
        set_clock(&state, seconds, false);
        std::thread::sleep(std::time::Duration::from_millis(5)); // the wait, which is real here
        assert_eq!(stdout(&step(folder.path(), &moment, "echo ran")), "ran\n", "{seconds}");
    }
}

#[test]
fn after_a_reboot_a_clock_that_went_back_keeps_the_wait_once() {
    let folder = TempDir::new().unwrap();
    let state = folder.path().join("call.state");
    let options = ["-w", "constant", "-i", "200ms", "-j", "none", "-n", "none"];
    step(folder.path(), &options, "exit 5");
    set_clock(&state, YEAR, true);
    let output = step(folder.path(), &options, "echo ran; exit 5");
    assert!(stderr(&output).contains("too early"), "{}", stderr(&output));
    // From then on the wait is measured.
    std::thread::sleep(std::time::Duration::from_millis(250));
    assert_eq!(stdout(&step(folder.path(), &options, "echo ran; exit 5")), "ran\n");
    // A machine that was off for a year has waited.
    set_clock(&state, -YEAR, true);
    assert_eq!(stdout(&step(folder.path(), &options, "echo ran; exit 5")), "ran\n");
}

#[test]
fn a_call_that_is_not_done_never_exits_with_0() {
    for (option, script) in [
        ("--consecutive=2", "exit 0"),
        ("--until-fail", "exit 0"),
        ("--retry-if-stdout=x", "echo x"),
    ] {
        let folder = TempDir::new().unwrap();
        let options = ["-q", option, "-w", "constant", "-i", "1h", "-j", "none"];
        for run in ["the first one", "too early"] {
            let code = step(folder.path(), &options, script).status.code();
            assert_eq!(code, Some(1), "{option}, {run}");
        }
    }
}

#[test]
fn the_lock_is_private_and_no_symbolic_link() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = TempDir::new().unwrap();
    step(folder.path(), NO_WAIT, "exit 5");
    for name in ["call.state", "call.state.lock"] {
        let mode = fs::metadata(folder.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    let lock = folder.path().join("call.state.lock");
    fs::remove_file(&lock).unwrap();
    std::os::unix::fs::symlink(folder.path().join("elsewhere"), &lock).unwrap();
    let output = step(folder.path(), NO_WAIT, "echo ran");
    assert_eq!((stdout(&output).as_str(), output.status.code()), ("", Some(125)));
    assert!(stderr(&output).contains("it is a symbolic link: remove it"), "{}", stderr(&output));
    assert!(!folder.path().join("elsewhere").exists());
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
    let chosen = step(folder.path(), &["-q", "--conflict-code", "0"], "echo ran");
    assert_eq!((stderr(&chosen).as_str(), chosen.status.code()), ("", Some(0)));
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
