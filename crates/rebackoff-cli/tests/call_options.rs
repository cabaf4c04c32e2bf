//! Success by output, hooks, supervision and deadlines.

mod support;

use support::{code, events, run, stderr, stdout};

const FAST: [&str; 7] = ["-q", "-n", "4", "-w", "constant", "-i", "0"];

fn fast(options: &[&str], script: &str) -> (String, String, Option<i32>) {
    let output = run(&[&FAST[..], options].concat(), script);
    (stdout(&output), stderr(&output), output.status.code())
}

#[test]
fn output_can_mean_success() {
    let script = "echo try $REBACKOFF_TRY; echo err $REBACKOFF_TRY. >&2; exit 3";
    for option in ["--until-stdout=^try 2$", "--until-stderr=2[.]$", "--contains=err 2."] {
        let (stdout, _, code) = fast(&[option], script);
        assert_eq!((stdout.as_str(), code), ("try 1\ntry 2\n", Some(0)), "{option}");
    }
    // Success without the output is none.
    assert_eq!(fast(&["--until-stdout=ready"], "exit 0").2, Some(1));
    // `contains` takes the text as it is.
    assert_eq!(fast(&["--contains=a.b"], "echo a+b").2, Some(1));
    assert_eq!(fast(&["--contains=a.b"], "echo a.b").2, Some(0));
    // Two successes in a row, and codes that stop.
    assert_eq!(fast(&["--contains=y", "--consecutive=2"], "echo y").0, "y\ny\n");
    assert_eq!(fast(&["--contains=never", "--stop-on=3"], "echo; exit 3").0, "\n");
}

#[test]
fn a_wrong_pattern_has_an_error_with_the_reason() {
    for (pattern, reason) in [
        ("(", "is no regular expression: regex parse error"),
        (
            r"\w{1000}",
            "must be a smaller regular expression: compiled, it has more than 10485760 bytes",
        ),
    ] {
        let (_, stderr, code) = fast(&["--until-stdout", pattern], "true");
        assert!(stderr.contains(&format!("--until-stdout {reason}")), "{stderr}");
        assert_eq!(code, Some(125));
    }
}

#[test]
fn an_empty_text_is_no_condition() {
    for option in ["--contains", "--until-stderr", "--retry-if-stdout"] {
        let (_, stderr, code) = fast(&[&format!("{option}=")], "false");
        let message = format!("{option} must not be empty, as every output has an empty text");
        assert_eq!((stderr, code), (format!("rebackoff: {message}\n"), Some(125)));
    }
}

#[test]
fn hooks_run_after_success_and_after_giving_up() {
    let hooks = [
        "--on-success=echo success $REBACKOFF_TRY $REBACKOFF_LAST_EXIT",
        "--on-giveup=echo giveup $REBACKOFF_TRY $REBACKOFF_LAST_EXIT $REBACKOFF_REASON",
    ];
    let (_, said, code) = fast(&hooks, "[ $REBACKOFF_TRY = 2 ] || exit 5");
    assert_eq!((said.as_str(), code), ("success 2 0\n", Some(0)));
    let (_, said, code) = fast(&hooks, "exit 5");
    assert_eq!((said.as_str(), code), ("giveup 4 5 max_tries\n", Some(5)));
    // A hook that fails does not change the exit code.
    assert_eq!(fast(&["--on-success=exit 9"], "true").2, Some(0));
}

#[test]
fn the_output_of_failed_tries_goes_where_it_is_wanted() {
    let fails = "echo out $REBACKOFF_TRY; exit 3";
    let third = "echo out $REBACKOFF_TRY; [ $REBACKOFF_TRY = 3 ]";
    let expect = |option: &[&str], script: &str, expected: (&str, &str)| {
        let (stdout, stderr, _) = fast(option, script);
        assert_eq!((stdout.as_str(), stderr.as_str()), expected, "{option:?}");
    };
    expect(&["--once"], third, ("out 3\n", ""));
    expect(&["--failed-output=stderr"], third, ("out 3\n", "out 1\nout 2\n"));
    expect(&["--failed-output=stderr"], fails, ("", "out 1\nout 2\nout 3\nout 4\n"));
    expect(&["--once", "--failed-output=last"], third, ("out 3\n", ""));
    expect(&["--once", "--failed-output=last"], fails, ("out 4\n", ""));
    expect(&["--once"], fails, ("", ""));
}

#[test]
fn a_try_that_lasted_begins_the_call_anew() {
    let options =
        ["-n", "2", "-w", "constant", "-i", "0", "--reset-after", "100ms", "--log", "json"];
    // The second try lasts, and what follows it is the second one of a new call.
    let script = "echo >> tries; [ $(wc -l < tries) = 2 ] && sleep 0.2; exit 3";
    let folder = tempfile::TempDir::new().unwrap();
    let mut command = support::rebackoff();
    command.arg("run").args(options).args(["--", "sh", "-c", script]);
    let output = command.current_dir(folder.path()).output().unwrap();
    let tries: Vec<_> = events(&output.stderr)
        .iter()
        .filter(|event| event["event"] == "try")
        .map(|event| event["tries"].as_u64().unwrap())
        .collect();
    assert!(tries.starts_with(&[1, 2, 2]), "{tries:?}");
}

#[test]
fn waits_are_longer_after_a_server_that_throttles() {
    let policy = ["--factor", "1ms", "--throttled-factor", "10ms", "-j", "none", "-n", "5"];
    let throttled =
        ["--throttled", "75", "--throttled-if-stdout=Slow", "--throttled-if-stderr=Busy"];
    let options = [&policy[..], &throttled, &["--log", "json"]].concat();
    let script =
        "case $REBACKOFF_TRY in 2) exit 75;; 3) echo Slow;; 4) echo Busy >&2;; esac; exit 1";
    let waits: Vec<_> = events(&run(&options, script).stderr)
        .iter()
        .filter_map(|event| event["wait"].as_f64())
        .collect();
    assert_eq!(waits, [0.001, 0.02, 0.04, 0.08]); // the place in the schedule stays
    // A class is no condition: what is not retried stays so.
    assert_eq!(code(&[&options[..], &["--on", "6"]].concat(), "exit 75"), 75);
    let output = run(&["--throttled", "75"], "true");
    assert_eq!(
        (stderr(&output).as_str(), output.status.code()),
        (
            "rebackoff: --throttled is without effect: give the wait with --throttled-factor, or the price with --budget\n",
            Some(125)
        ),
    );
}

#[test]
fn a_deadline_ends_a_try_and_the_call() {
    assert_eq!(code(&["-q", "--deadline", "200ms"], "exec sleep 600"), 124);
    // A wait that would end past it is not begun.
    let output = run(&["--deadline", "1m", "-w", "constant", "-i", "2m", "-j", "none"], "exit 3");
    assert_eq!(output.status.code(), Some(3));
    assert!(stderr(&output).contains("gave up after"), "{}", stderr(&output));
    assert!(stderr(&output).contains("(max_time)"), "{}", stderr(&output));
    let remaining = run(&["-q", "--deadline", "1m"], "[ $REBACKOFF_REMAINING_MS -gt 50000 ]");
    assert!(remaining.status.success());
}

#[test]
fn the_output_of_a_try_before_a_signal_goes_where_it_is_wanted() {
    let running = "echo out; kill -TERM $PPID; exec sleep 600";
    let waiting = "echo out; (sleep 0.2; kill -TERM $PPID) >/dev/null 2>&1 & exit 3";
    for script in [running, waiting] {
        for (option, expected) in [("stderr", ("", "out\n")), ("last", ("out\n", ""))] {
            let option = format!("--failed-output={option}");
            let output = run(&["-q", "-j", "none", "--factor", "50s", &option], script);
            let shown = (stdout(&output), stderr(&output));
            assert_eq!((shown.0.as_str(), shown.1.as_str()), expected, "{option} {script}");
            assert_eq!(output.status.code(), Some(143), "{option} {script}");
        }
    }
}

#[test]
fn a_deadline_ends_a_hook_and_no_try_begins_after_it() {
    let options = ["--deadline=1s", "--timeout=1m", "--factor=10ms", "--on-retry=exec sleep 600"];
    let output = run(&options, "echo try; exit 3");
    assert_eq!((stdout(&output).as_str(), output.status.code()), ("try\n", Some(3)));
    assert!(stderr(&output).contains("(max_time)"), "{}", stderr(&output));
}

#[test]
fn a_time_of_zero_is_refused() {
    for option in ["--deadline", "--reset-after"] {
        let output = run(&[option, "0"], "true");
        let expected = format!("rebackoff: {option} must be above 0s, but it is 0s\n");
        assert_eq!((stderr(&output), output.status.code()), (expected, Some(125)));
    }
}
