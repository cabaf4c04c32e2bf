//! No process is left behind.

mod support;

use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use support::{eventually, is_alive, numbers, rebackoff, run, send, send_to, state};
use tempfile::TempDir;

/// Three generations in the command's group, one of which ignores TERM, and one that has left for a session of its
/// own. Each writes down its number.
const TREE: &str = r#"
echo $$ >> "$PIDS"
sh -c 'trap "" TERM
    echo $$ >> "$PIDS"
    sh -c "echo \$\$ >> \"$PIDS\"; exec sleep 600" &
    wait; wait; sleep 600' &
setsid sh -c 'echo $$ >> "$PIDS"; exec sleep 600' &
wait
"#;
const GENERATIONS: usize = 4;

struct Tree {
    wrapper: Child,
    /// The command first.
    pids: Vec<u32>,
    _folder: TempDir,
}

impl Tree {
    fn plant(options: &[&str]) -> Self {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("pids");
        let mut command = rebackoff();
        command.arg("run").args(options).args(["--", "sh", "-c", TREE]).env("PIDS", &path);
        let wrapper = command.stderr(Stdio::null()).spawn().unwrap();
        let pids = eventually("all generations run", || full(&path));
        Self { wrapper, pids, _folder: folder }
    }

    /// The exit code of the wrapper; by then, no process is left.
    fn fell(mut self) -> Option<i32> {
        let code = self.wrapper.wait().unwrap().code();
        let left: Vec<_> = self.pids.iter().filter(|pid| is_alive(**pid)).collect();
        assert!(left.is_empty(), "left behind: {left:?} of {:?}", self.pids);
        code
    }
}

fn full(path: &Path) -> Option<Vec<u32>> {
    let pids = numbers(path);
    (pids.len() == GENERATIONS).then_some(pids)
}

const SOON: &[&str] = &["--grace", "100ms", "--max-tries", "1"];

#[cfg(target_os = "linux")]
#[test]
fn a_parent_that_ignores_the_end_of_children_hides_none() {
    let script = "sleep 600 & exit 3";
    let mut command = std::process::Command::new("env");
    support::clean(&mut command);
    command.args(["--ignore-signal=CHLD", support::BINARY, "run", "-q", "-n", "2"]);
    command.args(["--factor", "1ms", "--grace", "1ms", "--", "sh", "-c", script]);
    assert_eq!(command.output().unwrap().status.code(), Some(3));
}

#[test]
fn no_process_is_left_after_a_signal_to_the_wrapper() {
    for (signal, expected) in [
        (Signal::SIGTERM, 143),
        (Signal::SIGINT, 130),
        (Signal::SIGHUP, 129),
        (Signal::SIGQUIT, 131),
        (Signal::SIGALRM, 142),
        (Signal::SIGVTALRM, 154),
        (Signal::SIGPROF, 155),
        (Signal::SIGXCPU, 152),
        (Signal::SIGIO, 157),
        (Signal::SIGABRT, 134),
        (Signal::SIGPWR, 158),
    ] {
        let tree = Tree::plant(SOON);
        send(signal, &tree.wrapper);
        assert_eq!(tree.fell(), Some(expected), "{signal}");
    }
}

#[test]
fn no_process_is_left_after_the_time_limit() {
    let tree = Tree::plant(&["--grace", "100ms", "--max-tries", "1", "--timeout", "3s"]);
    assert_eq!(tree.fell(), Some(124));
}

#[test]
fn no_process_is_left_after_the_command_was_killed() {
    let tree = Tree::plant(SOON);
    send_to(Signal::SIGKILL, tree.pids[0]);
    assert_eq!(tree.fell(), Some(137));
}

#[test]
fn no_process_is_left_of_a_try_when_the_next_one_begins() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("pids");
    let script = "for pid in $(cat \"$PIDS\" 2>/dev/null); do kill -0 $pid 2>/dev/null && exit 99; done
        sh -c 'trap \"\" TERM; echo $$ >> \"$PIDS\"; sleep 600' & until [ -s \"$PIDS\" ]; do :; done; exit 1";
    let mut command = rebackoff();
    command.args([
        "run", "-q", "-n", "2", "--factor", "1ms", "--grace", "50ms", "--", "sh", "-c", script,
    ]);
    let output = command.env("PIDS", &path).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(numbers(&path).iter().all(|pid| !is_alive(*pid)));
}

#[test]
fn what_a_successful_command_leaves_running_goes_on() {
    let output = run(&["-q"], "sleep 600 >/dev/null 2>&1 & echo $!");
    let pid = support::stdout(&output).trim().parse().unwrap();
    assert!(is_alive(pid));
    send_to(Signal::SIGKILL, pid);
}

#[test]
fn a_pipe_that_a_grandchild_holds_is_not_waited_for() {
    for option in ["--once", "--retry-if-stdout=never", "--retry-after-regex=never"] {
        let begin = Instant::now();
        let output = run(&["-q", option], "sleep 600 2>/dev/null & echo $!");
        assert!(begin.elapsed() < Duration::from_secs(60));
        assert_eq!(output.status.code(), Some(0));
        send_to(Signal::SIGKILL, support::stdout(&output).trim().parse().unwrap());
    }
}

#[test]
fn signals_reach_the_command() {
    let folder = TempDir::new().unwrap();
    let ready = folder.path().join("ready");
    for signal in
        [Signal::SIGUSR1, Signal::SIGUSR2, Signal::SIGWINCH, Signal::SIGTERM, Signal::SIGHUP]
    {
        let name = signal.as_str().trim_start_matches("SIG");
        let script = format!(
            "trap 'echo got {name}; exit 7' {name}; : > {}; while :; do sleep 0.01; done",
            ready.display()
        );
        let mut command = rebackoff();
        command.args(["run", "-q", "-n", "1", "--", "sh", "-c", &script]);
        let wrapper = command.stdout(Stdio::piped()).spawn().unwrap();
        eventually("the command is ready", || ready.exists().then_some(()));
        send(signal, &wrapper);
        let output = wrapper.wait_with_output().unwrap();
        assert_eq!(
            (output.status.code(), support::stdout(&output)),
            (Some(7), format!("got {name}\n"))
        );
        fs::remove_file(&ready).unwrap();
    }
}

#[test]
fn a_command_that_succeeds_after_a_signal_has_its_output_shown_and_leaves_no_process() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("pids");
    let script = "trap 'echo done; exit 0' TERM; sh -c 'trap \"\" TERM; echo $$ > \"$PIDS\"; sleep 600' 2>/dev/null &
        while :; do sleep 0.01; done";
    let mut command = rebackoff();
    command
        .args(["run", "-q", "--once", "--grace", "50ms", "--", "sh", "-c", script])
        .env("PIDS", &path);
    let wrapper = command.stdout(Stdio::piped()).spawn().unwrap();
    let pid = eventually("the command is ready", || numbers(&path).first().copied());
    send(Signal::SIGTERM, &wrapper);
    let output = wrapper.wait_with_output().unwrap();
    assert_eq!((output.status.code(), support::stdout(&output).as_str()), (Some(0), "done\n"));
    assert!(!is_alive(pid));
}

#[test]
fn a_command_that_does_not_end_is_killed_after_the_grace() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("pids");
    let script = "trap '' TERM; echo $$ > \"$PIDS\"; while :; do sleep 0.01; done";
    let mut command = rebackoff();
    command.args(["run", "-q", "--grace", "100ms", "--", "sh", "-c", script]).env("PIDS", &path);
    let mut wrapper = command.spawn().unwrap();
    let pid = eventually("the command is ready", || numbers(&path).first().copied());
    send(Signal::SIGTERM, &wrapper);
    assert_eq!(wrapper.wait().unwrap().code(), Some(137));
    assert!(!is_alive(pid));
}

/// A run that is in its first wait, which would last ten minutes.
fn waiting(folder: &Path) -> (Child, PathBuf) {
    let log = folder.join("log");
    let script = "exec \"$0\" run -q --log json --log-fd 3 -n 2 -w constant -i 600 -j none -- sh -c 'exit 4' 3>>\"$LOG\"";
    let mut command = std::process::Command::new("sh");
    support::clean(&mut command);
    command.args(["-c", script, support::BINARY]).env("LOG", &log);
    let wrapper = command.spawn().unwrap();
    eventually("it waits", || {
        fs::read_to_string(&log).ok().filter(|text| text.contains("backoff"))
    });
    (wrapper, log)
}

#[test]
fn a_signal_in_the_wait_ends_it_at_once() {
    let folder = TempDir::new().unwrap();
    for (signal, expected) in [
        (Signal::SIGTERM, 143),
        (Signal::SIGINT, 130),
        (Signal::SIGHUP, 129),
        (Signal::SIGQUIT, 131),
    ] {
        let (mut wrapper, log) = waiting(folder.path());
        send(signal, &wrapper);
        assert_eq!(wrapper.wait().unwrap().code(), Some(expected), "{signal}");
        fs::remove_file(log).unwrap();
    }
    // This one begins the next try, which is the last.
    let (mut wrapper, _log) = waiting(folder.path());
    send(Signal::SIGUSR1, &wrapper);
    assert_eq!(wrapper.wait().unwrap().code(), Some(4));
}

#[test]
fn it_stops_with_its_command_and_goes_on_with_it() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("pids");
    let mut command = rebackoff();
    command.args(["run", "-q", "-n", "1", "--", "sh", "-c", "echo $$ > \"$PIDS\"; exec sleep 600"]);
    // No process could continue a group whose parents are of that group, and so it would not stop.
    command.process_group(0);
    let mut wrapper = command.env("PIDS", &path).spawn().unwrap();
    let pid = eventually("the command is ready", || numbers(&path).first().copied());
    send(Signal::SIGTSTP, &wrapper);
    eventually("the command stops", || (state(pid) == Some('T')).then_some(()));
    eventually("rebackoff stops", || (state(wrapper.id()) == Some('T')).then_some(()));
    send(Signal::SIGCONT, &wrapper);
    eventually("the command goes on", || (state(pid) == Some('S')).then_some(()));
    send(Signal::SIGTERM, &wrapper);
    assert_eq!(wrapper.wait().unwrap().code(), Some(143));
}

#[test]
fn a_signal_that_is_ignored_stays_ignored() {
    let script =
        "trap '' HUP; exec \"$0\" run -q -- sh -c 'kill -HUP $PPID; kill -HUP $$; echo unharmed'";
    let mut command = std::process::Command::new("sh");
    support::clean(&mut command);
    let output = command.args(["-c", script, support::BINARY]).output().unwrap();
    assert_eq!((output.status.code(), support::stdout(&output).as_str()), (Some(0), "unharmed\n"));
}

#[test]
fn children_that_were_there_before_are_left_alone() {
    let script = "sleep 600 >/dev/null 2>&1 & echo $!; exec \"$0\" run -q -n 2 --factor 1ms --grace 10ms -- false";
    let mut command = std::process::Command::new("sh");
    support::clean(&mut command);
    let output = command.args(["-c", script, support::BINARY]).output().unwrap();
    let pid = support::stdout(&output).trim().parse().unwrap();
    assert!(is_alive(pid));
    send_to(Signal::SIGKILL, pid);
}
