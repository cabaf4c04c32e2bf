//! The tries of a command, and the variables that each try receives.

mod support;

use std::time::{Duration, Instant};

use support::{code, rebackoff, run, stderr, stdout};

/// Counts the runs of `script`.
fn tries(options: &[&str], script: &str) -> usize {
    let all = [&["-q", "-n", "4", "--factor", "1ms"], options].concat();
    let output = run(&all, &format!("echo; {script}"));
    String::from_utf8_lossy(&output.stdout).lines().filter(|line| line.is_empty()).count()
}

#[test]
fn codes_say_what_is_tried_again() {
    assert_eq!(tries(&[], "exit 3"), 4);
    assert_eq!(tries(&["--on", "3"], "exit 3"), 4);
    assert_eq!(tries(&["--on", "1,2,100-110,SIGSEGV"], "exit 3"), 1);
    assert_eq!(tries(&["--on", "SIGKILL"], "kill -9 $$"), 4);
    assert_eq!(tries(&["--stop-on", "3"], "exit 3"), 1);
    assert_eq!(tries(&["--stop-on", "SIGKILL"], "kill -9 $$"), 1);
    assert_eq!(tries(&["--on", "0"], "exit 0"), 4);
    assert_eq!(tries(&["--stop-on", "124", "--timeout", "50ms"], "sleep 600"), 1);
}

#[test]
fn output_says_what_is_tried_again() {
    assert_eq!(tries(&["--retry-if-stderr", "^temporary$"], "echo temporary >&2; exit 1"), 4);
    assert_eq!(tries(&["--retry-if-stderr", "^temporary$"], "echo permanent >&2; exit 1"), 1);
    assert_eq!(tries(&["--retry-if-stdout", "busy"], "echo busy; exit 0"), 4);
    assert_eq!(tries(&["--retry-if-stdout", "busy", "--on", "5"], "exit 5"), 4);
    // Output is bytes, whatever they mean.
    assert_eq!(
        tries(&["--retry-if-stdout", "(?i)^BUSY(?-u:.)É$"], "printf 'Busy\\377é\\n'; exit 1"),
        4
    );
    assert_eq!(tries(&["--retry-if-stdout", "^[éè]\\w$"], "printf 'éö\\n'; exit 1"), 4);
}

#[test]
fn it_can_run_until_the_command_fails_or_has_succeeded_in_a_row() {
    let fails_third = "[ $REBACKOFF_TRY -lt 3 ] || exit 9";
    assert_eq!(tries(&["--until-fail"], fails_third), 3);
    assert_eq!(code(&["-q", "--until-fail", "--factor", "1ms"], fails_third), 9);
    assert_eq!(code(&["-q", "--until-fail", "--factor", "1ms"], "true"), 0);
    assert_eq!(tries(&["--consecutive", "2"], "[ $REBACKOFF_TRY != 2 ]"), 4);
    assert_eq!(
        code(&["-q", "--consecutive", "2", "--factor", "1ms"], "[ $REBACKOFF_TRY != 2 ]"),
        0
    );
}

#[test]
fn the_wait_is_at_least_what_the_output_asks_for() {
    let begin = Instant::now();
    let output = run(
        &["-n", "2", "--factor", "1ms", "--retry-after-regex", "after: (.*)"],
        "echo after: 300ms; exit 1",
    );
    assert!(begin.elapsed() >= Duration::from_millis(300));
    assert!(stderr(&output).contains("(it asked for 300ms)"), "{}", stderr(&output));
    // Beyond what is left, it is no use to wait.
    let output = run(
        &["--max-time", "1s", "--retry-after-regex", "after: (.*)"],
        "echo after: 2m >&2; exit 6",
    );
    assert_eq!(output.status.code(), Some(6));
    assert!(stderr(&output).contains("(hint); it asked to wait for 2m"), "{}", stderr(&output));
}

#[test]
fn the_environment_of_the_command_says_how_the_call_goes() {
    let script = "echo $REBACKOFF_TRY/$REBACKOFF_MAX_TRIES ${REBACKOFF_LAST_EXIT-none} \
                  $((REBACKOFF_ELAPSED_MS < 5000)) $((REBACKOFF_REMAINING_MS > 55000)); exit 7";
    let output = run(&["-q", "-n", "2", "--factor", "1ms", "--max-time", "1m"], script);
    assert_eq!(stdout(&output), "1/2 none 1 1\n2/2 7 1 1\n");
    let unlimited = "echo ${REBACKOFF_MAX_TRIES-none} ${REBACKOFF_REMAINING_MS-none}";
    assert_eq!(stdout(&run(&["-n", "none"], unlimited)), "none none\n");
}

#[test]
fn a_run_inside_a_try_does_not_outlive_the_call_around_it() {
    let inner = format!(
        "{} run -q -w constant -i 600 -j none -n 9 -- sh -c 'echo $REBACKOFF_REMAINING_MS; exit 1'",
        support::BINARY
    );
    let begin = Instant::now();
    let output = run(&["-q", "-n", "1", "--max-time", "300ms"], &inner);
    assert!(begin.elapsed() < Duration::from_secs(60));
    let remaining: Vec<u64> = stdout(&output).lines().map(|line| line.parse().unwrap()).collect();
    assert!(remaining.iter().all(|remaining| *remaining <= 300), "{remaining:?}");
    let once = format!("{} run -q --nested once -n 9 -- sh -c 'echo; exit 1'", support::BINARY);
    assert_eq!(stdout(&run(&["-q", "-n", "1"], &once)), "\n");
    let command = &[
        "run",
        "-q",
        "--nested",
        "once",
        "-n",
        "2",
        "--factor",
        "1ms",
        "--",
        "sh",
        "-c",
        "echo; exit 1",
    ];
    assert_eq!(stdout(&rebackoff().args(command).output().unwrap()), "\n\n");
}

#[test]
fn a_command_runs_before_each_wait() {
    let options = [
        "-q",
        "-n",
        "3",
        "--factor",
        "1ms",
        "--on-retry",
        "echo before $REBACKOFF_TRY after $REBACKOFF_LAST_EXIT",
    ];
    let output = run(&options, "exit 3");
    assert_eq!(
        (stderr(&output).as_str(), stdout(&output).as_str()),
        ("before 2 after 3\nbefore 3 after 3\n", "")
    );
    let output = run(&["-n", "2", "--factor", "1ms", "--on-retry", "exit 8"], "exit 3");
    assert!(
        stderr(&output).contains("the command of --on-retry exited with 8"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn the_time_limit_is_not_run_past_where_the_last_wait_is_stop() {
    let options = ["-q", "--max-time", "200ms", "--timeout", "600s", "--last-wait", "stop"];
    assert_eq!(code(&options, "sleep 600"), 124);
}

#[test]
fn the_end_of_a_command_is_seen_beside_a_signal() {
    // Between two looks at the children, the signal arrives, and the command ends.
    let options = ["-q", "-n", "1500", "-w", "constant", "-i", "0"];
    assert_eq!(code(&options, "kill -WINCH $PPID; exit 3"), 3);
}
