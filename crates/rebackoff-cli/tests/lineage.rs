//! A call ends its own processes, and no others.

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

use nix::sys::signal::Signal;
use nix::unistd::Uid;
use support::{
    BINARY, events, eventually, is_alive, numbers, rebackoff, run, send_to, stderr, stdout,
};
use tempfile::TempDir;

fn shell(folder: &Path, script: &str) -> Output {
    let mut command = Command::new("bash");
    support::clean(&mut command);
    command.args(["-c", script, BINARY]).current_dir(folder).output().unwrap()
}

/// Kills the processes whose numbers are in a file, each of which must be alive.
fn were_alive(path: &Path) {
    let pids = numbers(path);
    assert!(!pids.is_empty());
    for pid in pids {
        assert!(is_alive(pid));
        send_to(Signal::SIGKILL, pid);
    }
}

#[test]
fn as_the_first_process_it_leaves_processes_of_others_alone_and_ends_its_own() {
    let folder = TempDir::new().unwrap();
    // A stranger enters the namespace, as `docker exec` does, and leaves a process behind.
    let script = r#"
        unshare --map-root-user --pid --fork --mount-proc "$0" run -q -n 2 -w constant -i 0 --grace 100ms -- sh -c '
            setsid sleep 601 & echo > ready$REBACKOFF_TRY
            until [ -e go$REBACKOFF_TRY ]; do sleep 0.01; done; exit 1' &
        until [ -e ready1 ]; do sleep 0.01; done
        first=$(pgrep -P $(pgrep -P $$ -x unshare) -x rebackoff)
        nsenter -t $first -U --preserve-credentials -p -m sh -c 'setsid sleep 602 & :'
        runs() { pgrep --ns $first --nslist pid -xf "sleep $1"; }
        until runs 601 && runs 602; do sleep 0.01; done > numbers
        echo > go1
        until [ -e ready2 ]; do sleep 0.01; done
        # The own one of the first try has been ended, the other one has not.
        until runs 601 > now; do sleep 0.01; done
        echo "own $(grep -cxf now numbers) others $(runs 602 | grep -cxf numbers)"
        echo > go2; wait"#;
    let output = shell(folder.path(), script);
    let said = stdout(&output);
    assert_eq!(said, "own 0 others 1\n", "{}", stderr(&output));
}

#[test]
fn without_proc_a_group_is_ended_all_the_same() {
    let folder = TempDir::new().unwrap();
    let script = r#"
        unshare --map-root-user --mount sh -c 'mount -t tmpfs none /proc && exec "$0" run -q -n 1 --grace 50ms -- sh -c "
            sleep 600 & echo \$! > pid; exit 1"' "$0""#;
    let output = shell(folder.path(), script);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(!is_alive(numbers(&folder.path().join("pid"))[0]));
}

#[test]
fn inherited_children_and_their_orphans_live_on() {
    let folder = TempDir::new().unwrap();
    let script = r#"
        sh -c 'until [ -e go ]; do sleep 0.01; done; setsid sleep 600 >/dev/null 2>&1 & echo $! >> pids' &
        sleep 600 >/dev/null 2>&1 & echo $! >> pids
        exec "$0" run -q -n 3 -w constant -i 0 --grace 50ms -- sh -c '
            echo > go; until [ $(wc -l < pids) = 2 ]; do sleep 0.01; done; exit 1'"#;
    shell(folder.path(), script);
    were_alive(&folder.path().join("pids"));
}

#[test]
fn the_processes_of_a_try_are_ended_whatever_they_make_of_group_and_environment() {
    let folder = TempDir::new().unwrap();
    let script = "env -i PATH=$PATH setsid sh -c 'echo $$ > pid; exec sleep 600' & until [ -s pid ]; do sleep 0.01; done; exit 1";
    let mut command = rebackoff();
    command.args(["run", "-q", "-n", "1", "--grace", "50ms", "--", "sh", "-c", script]);
    command.current_dir(folder.path()).status().unwrap();
    assert!(!is_alive(numbers(&folder.path().join("pid"))[0]));
}

#[test]
fn a_run_inside_a_try_and_its_processes_are_ended_with_the_outer_one() {
    let folder = TempDir::new().unwrap();
    // Inherited children make the environment decide.
    let script = r#"
        sleep 600 >/dev/null 2>&1 & echo $! > other
        exec "$0" run -q -n 1 --grace 50ms -- sh -c '
            "$0" run -q -- sh -c "setsid sh -c \"echo \\\$\\\$ > pid; exec sleep 600\" & :" >/dev/null 2>&1
            until [ -s pid ]; do sleep 0.01; done; exit 1' "$0""#;
    shell(folder.path(), script);
    assert!(!is_alive(numbers(&folder.path().join("pid"))[0]));
    were_alive(&folder.path().join("other"));
}

#[test]
fn on_retry_reads_nothing_and_its_background_processes_live_on() {
    let folder = TempDir::new().unwrap();
    let script = r#"
        seq 200000 | "$0" run -q --replay-stdin -n 3 -w constant -i 0 --on-retry '
            cat; [ -e pid ] || { setsid sleep 600 >/dev/null 2>&1 & echo $! > pid; }' -- sh -c '
            [ $REBACKOFF_TRY = 3 ] || exit 1; wc -l'"#;
    let output = shell(folder.path(), script);
    assert_eq!((stdout(&output).trim(), stderr(&output).as_str()), ("200000", ""));
    were_alive(&folder.path().join("pid"));
}

#[test]
fn on_retry_has_a_limit() {
    for limit in [&["-i", "100ms"][..], &["-i", "100ms", "--timeout", "100ms"]] {
        let options = [&["-n", "2", "-w", "constant", "--on-retry", "sleep 600"], limit].concat();
        let output = run(&options, "exit 1");
        let said = stderr(&output);
        assert!(said.contains("the command of --on-retry ran into its time limit"), "{said}");
    }
}

#[test]
fn kill_comes_once_for_all() {
    let options = ["-n", "1", "--timeout", "100ms", "--grace", "2s", "--log", "json"];
    let output = run(
        &options,
        "trap '' TERM; setsid sh -c 'trap \"\" TERM; sleep 600' & sleep 600; sleep 600",
    );
    let elapsed = events(&output.stderr).last().unwrap()["elapsed"].as_f64().unwrap();
    // Twice the grace would be 4 s.
    assert!((2.0..4.0).contains(&elapsed), "{elapsed}");
}

#[test]
fn a_signal_that_comes_twice_at_once_leaves_the_grace() {
    let folder = TempDir::new().unwrap();
    let script = "trap 'sleep 0.5; exit 7' TERM; echo > ready; while :; do sleep 0.01; done";
    let line = format!(
        "\"$0\" run -q --grace 10m -- sh -c \"{script}\" & until [ -e ready ]; do sleep 0.01; done
        kill $!; kill $!; wait $!; echo $?"
    );
    assert_eq!(stdout(&shell(folder.path(), &line)), "7\n");
}

#[test]
fn a_second_signal_hastens_the_end() {
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let folder = TempDir::new().unwrap();
        let script = "trap 'echo >> signals' TERM INT; echo $$ > pid; while :; do sleep 0.01; done";
        let mut command = rebackoff();
        command.args(["run", "-q", "--grace", "10m", "--", "sh", "-c", script]);
        let mut wrapper = command.current_dir(folder.path()).spawn().unwrap();
        let pid = eventually("it runs", || numbers(&folder.path().join("pid")).first().copied());
        support::send(signal, &wrapper);
        eventually("the signal has come", || folder.path().join("signals").exists().then_some(()));
        // Sooner it would count as the same request: `timeout` sends its signal twice.
        std::thread::sleep(std::time::Duration::from_millis(300));
        assert!(is_alive(pid));
        support::send(signal, &wrapper);
        assert_eq!(wrapper.wait().unwrap().code(), Some(137));
    }
}

/// A program that becomes root when anybody runs it, as `sudo` does. Only root can make one, and so run these tests.
fn as_user_65534(script: &str) -> Output {
    assert!(Uid::effective().is_root(), "this test makes a setuid program: run it as root");
    let folder = TempDir::new().unwrap();
    let allow = |path: &Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };
    allow(folder.path(), 0o755);
    let root = folder.path().join("root");
    fs::copy("/usr/bin/setpriv", &root).unwrap();
    allow(&root, 0o4755);
    fs::copy(BINARY, folder.path().join("rebackoff")).unwrap();
    let mut command = Command::new("setpriv");
    support::clean(&mut command);
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups", "bash", "-c", script]);
    command.current_dir(folder.path()).output().unwrap()
}

#[test]
fn a_child_that_may_not_be_signalled_is_named_once_and_not_waited_for() {
    for (options, script) in [
        ("-n 3", "./root --reuid=0 sleep 8"),
        ("-n 3 -w constant -i 0", "sh -c './root --reuid=0 sleep 8; :'"),
    ] {
        let script = format!(
            "./rebackoff run {options} --timeout 500ms --grace 500ms --log json --log-fd 3 -- {script} 3>&1"
        );
        let output = as_user_65534(&script);
        let said = stderr(&output);
        let complaints = said.matches("cannot end process ").count();
        assert_eq!((complaints, output.status.code()), (1, Some(124)), "{said}");
        assert!(said.contains("(sleep): Operation not permitted"), "{said}");
        let events = events(&output.stdout);
        let named: Vec<_> = events.iter().filter(|event| event["event"] == "unkillable").collect();
        assert_eq!((named.len(), &named[0]["error"]), (1, &"Operation not permitted".into()));
        assert!(named[0]["process"].is_u64());
        // No try began beside the living one, and the call did not wait for it.
        assert_eq!(events.iter().filter(|event| event["event"] == "try").count(), 1);
        let last = events.last().unwrap();
        assert_eq!(last["event"], "giveup");
        assert!(last["elapsed"].as_f64().unwrap() < 8.0);
    }
}

#[test]
fn term_ends_the_waiting_for_a_child_that_may_not_be_signalled() {
    let script = "./rebackoff run --grace 200ms -- ./root --reuid=0 sh -c 'echo > started; exec sleep 8' & \
                  wrapper=$!; sleep 0.5; kill $wrapper; wait $wrapper; echo $?";
    assert_eq!(stdout(&as_user_65534(script)).trim(), "143");
}
