//! Policies from options, the environment and files.

mod support;

use std::fs;
use std::path::Path;
use std::process::Command;

use support::{rebackoff, stderr, stdout};
use tempfile::TempDir;

const FILE: &str = "
[fetch]
wait = 'expo'
factor = '2s'
max_tries = 3
timeout = '7s'

[ladder]
wait = 'constant'
interval = ['1s', '5s']
jitter = 'none'
";

fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("rebackoff.toml"), FILE).unwrap();
    folder
}

/// The policy in words, or what is wrong with it.
fn policy(folder: &Path, options: &[&str], environment: &[(&str, &str)]) -> String {
    let mut command: Command = rebackoff();
    command.arg("plan").args(options).current_dir(folder).envs(environment.iter().copied());
    let output = command.output().unwrap();
    match output.status.code() {
        Some(0) => stdout(&output).lines().take(2).collect::<Vec<_>>().join("\n").trim().to_owned(),
        code => format!("{}{code:?}", stderr(&output)),
    }
}

#[test]
fn an_option_outweighs_the_environment_and_that_a_file() {
    let folder = folder();
    let plan = |options: &[&str], environment: &[(&str, &str)]| {
        policy(folder.path(), options, environment)
    };
    let file =
        "expo: waits 2s, 4s; worst case 6s (full jitter, max_tries 3)\ntimeout 7s for each try";
    assert_eq!(plan(&["--profile", "fetch"], &[]), file);
    assert_eq!(plan(&[], &[("REBACKOFF_PROFILE", "fetch")]), file);
    let variables = [("REBACKOFF_FETCH_MAX_TRIES", "4"), ("REBACKOFF_FETCH_TIMEOUT", "none")];
    let environment = "expo: waits 2s, 4s, 8s; worst case 14s (full jitter, max_tries 4)";
    assert_eq!(plan(&["-p", "fetch"], &variables), environment);
    let options =
        "expo: waits 2s; worst case 2s (equal jitter, max_tries 2)\ntimeout 1s for each try";
    assert_eq!(
        plan(&["-p", "fetch", "-n", "2", "-j", "equal", "--timeout", "1s"], &variables),
        options
    );
    assert_eq!(plan(&["-p", "ladder"], &[]), "constant: waits 1s, 5s; worst case 6s (no jitter)");
}

#[test]
fn profiles_are_also_found_in_the_folder_of_the_user() {
    let (home, elsewhere) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let config = home.path().join("rebackoff");
    fs::create_dir(&config).unwrap();
    fs::write(config.join("rebackoff.toml"), "[mine]\nwait = 'fibo'\nmax_tries = 2\n").unwrap();
    let environment = [("XDG_CONFIG_HOME", home.path().to_str().unwrap())];
    let found = policy(elsewhere.path(), &["-p", "mine"], &environment);
    assert_eq!(found, "fibo: waits 1s; worst case 1s (full jitter, max_tries 2)");
    // A variable alone makes a profile as well.
    let found = policy(elsewhere.path(), &["-p", "yours"], &[("REBACKOFF_YOURS_MAX_TRIES", "2")]);
    assert_eq!(found, "expo: waits 1s; worst case 1s (full jitter, max_tries 2)");
}

#[test]
fn the_profile_aws_needs_no_file_and_a_file_may_have_another() {
    let folder = TempDir::new().unwrap();
    let plan = |options: &[&str], environment: &[(&str, &str)]| {
        policy(folder.path(), options, environment)
    };
    let aws = "expo: waits 50ms, 100ms; worst case 150ms (full jitter, max_tries 3)\n\
               after throttling, expo: waits 1s, 2s; worst case 3s (full jitter, max_tries 3)";
    assert_eq!(plan(&["-p", "aws"], &[]), aws);
    let fewer = "expo: waits 50ms; worst case 50ms (full jitter, max_tries 2)\n\
                 after throttling, expo: waits 2s; worst case 2s (full jitter, max_tries 2)";
    let variables = [("REBACKOFF_AWS_MAX_TRIES", "2"), ("REBACKOFF_AWS_THROTTLED_FACTOR", "2s")];
    assert_eq!(plan(&["-p", "aws"], &variables), fewer);
    // Another strategy has no such wait, whatever a lower place says.
    let fibo = "fibo: waits 1s, 1s; worst case 2s (full jitter, max_tries 3)";
    assert_eq!(plan(&["-p", "aws", "-w", "fibo", "--max-value", "none"], &[]), fibo);
    assert_eq!(
        plan(&["-w", "fibo", "--throttled-factor", "1s"], &[]),
        "rebackoff: --throttled-factor is a parameter of expo, but the wait is fibo: leave it out\nSome(125)",
    );
    assert_eq!(
        plan(&["-p", "aws", "--max-value", "500ms"], &[]),
        "rebackoff: throttled_factor: max_value must be at least the first wait, but it is 500ms\nSome(125)",
    );
    fs::write(folder.path().join("rebackoff.toml"), "[aws]\nmax_tries = 4\n").unwrap();
    assert!(plan(&["-p", "aws"], &[]).starts_with("expo: waits 1s, 2s, 4s; worst case 7s"));
}

#[test]
fn a_call_without_a_limit_is_given_one() {
    let folder = TempDir::new().unwrap();
    let limits =
        |options| policy(folder.path(), options, &[]).split_once('(').unwrap().1.to_owned();
    assert_eq!(limits(&[]), "full jitter, max_tries 5)");
    assert_eq!(limits(&["-w", "linear"]), "full jitter, max_tries 5)");
    assert_eq!(limits(&["--max-time", "1m"]), "full jitter, max_time 1m)");
    assert_eq!(limits(&["--max-tries", "none"]), "full jitter)");
    // A list of waits is its own limit.
    assert_eq!(limits(&["-i", "1s,2s,3s,4s,5s,6s,7s"]), "full jitter)");
    assert_eq!(limits(&["-i", "1s,2s,3s", "-n", "2"]), "full jitter, max_tries 2)");
}

#[test]
fn what_is_wrong_is_named_as_it_is_spelt_where_it_stands() {
    let folder = folder();
    let wrong = |options: &[&str], environment: &[(&str, &str)]| {
        policy(folder.path(), options, environment)
    };
    for (options, environment, expected) in [
        (&["--max-tries", "0"][..], None, "rebackoff: --max-tries must be at least 1, but it is 0"),
        (
            &["--jitter", "ful"],
            None,
            "rebackoff: --jitter must be one of full, equal, random, none, but it is \"ful\"; did you mean full?",
        ),
        (
            &["--timeout", "soon"],
            None,
            "rebackoff: --timeout is a duration, and a duration is a number of seconds, or numbers with units d, h, m, s, ms, us, ns, for example `500ms` or `1m 30s`, but it is \"soon\"",
        ),
        (
            &["-p", "fetch"],
            Some(("REBACKOFF_FETCH_MAX_TRIES", "x")),
            "rebackoff: REBACKOFF_FETCH_MAX_TRIES must be a whole number of at least 1, but it is \"x\"",
        ),
        (
            &["-p", "fetsh"],
            None,
            "rebackoff: no profile \"fetsh\" in rebackoff.toml (profiles: fetch, ladder) or /nonexistent/.config/rebackoff/rebackoff.toml (not there); did you mean fetch?",
        ),
        (
            &["-p", "fetch", "--config", "none.toml"],
            None,
            "rebackoff: cannot read none.toml: No such file or directory",
        ),
    ] {
        let found = wrong(options, environment.as_slice());
        assert_eq!(found, format!("{expected}\nSome(125)"));
    }
    fs::write(folder.path().join("rebackoff.toml"), "[bad]\nmax_tries = 0\n").unwrap();
    assert_eq!(
        wrong(&["-p", "bad"], &[]),
        "rebackoff: rebackoff.toml: [bad]: max_tries must be at least 1, but it is 0\nSome(125)"
    );
}

#[test]
fn any_parameter_of_exactly_one_strategy_chooses_it() {
    let folder = folder();
    let plan = |options: &[&str], environment: &[(&str, &str)]| {
        policy(folder.path(), options, environment).lines().next().unwrap().to_owned()
    };
    let chosen = |options: &[&str]| {
        plan(&[options, &["-n", "3", "-j", "none"]].concat(), &[])
            .replace(" (no jitter, max_tries 3)", "")
    };
    for (options, expected) in [
        (&["-i", "5s"][..], "constant: waits 5s, 5s; worst case 10s"),
        (&["--start", "2s"], "linear: waits 2s, 3s; worst case 5s"),
        (&["--step", "2s"], "linear: waits 1s, 3s; worst case 4s"),
        (&["--factor", "3s"], "expo: waits 3s, 6s; worst case 9s"),
        (&["--decay-factor", "0"], "decay: waits 1s, 1s; worst case 2s"),
        (&["--initial-value", "2s", "--decay-factor", "0"], "decay: waits 2s, 2s; worst case 4s"),
        (&["--min-value", "1s"], "decay: waits 1s, 1s; worst case 2s"),
    ] {
        assert_eq!(chosen(options), expected, "{options:?}");
    }
    // An option chooses over a profile, and a variable over a file.
    let ladder = "constant: waits 7s; worst case 7s (full jitter, max_tries 2)";
    assert_eq!(plan(&["-p", "fetch", "-i", "7s", "-n", "2"], &[]), ladder);
    let variables = [("REBACKOFF_FETCH_INTERVAL", "7s"), ("REBACKOFF_FETCH_MAX_TRIES", "2")];
    assert_eq!(plan(&["-p", "fetch"], &variables), ladder);
    fs::write(folder.path().join("rebackoff.toml"), "[bare]\ninterval = '7s'\nmax_tries = 2\n")
        .unwrap();
    assert_eq!(plan(&["-p", "bare"], &[]), ladder);
    // A strategy that is named is kept, and parameters of two strategies choose none.
    assert!(
        plan(&["-w", "expo", "-i", "5s"], &[]).starts_with("rebackoff: --interval: expo takes ")
    );
    assert_eq!(
        plan(&["-i", "5s", "--step", "1s"], &[]),
        "rebackoff: --interval is a parameter of constant, and --step of linear: leave one out"
    );
}

#[test]
fn a_wrong_name_gets_a_suggestion() {
    let folder = folder();
    fs::write(
        folder.path().join("rebackoff.toml"),
        "[fetch]\nmax_trys = 3\n[odd]\nzzz = 3\n[bad]\nlast_wait = 'stp'\n",
    )
    .unwrap();
    let wrong = |options: &[&str], environment: &[(&str, &str)]| {
        policy(folder.path(), options, environment)
    };
    for (options, expected) in [
        (
            &["-p", "fetch"][..],
            "rebackoff.toml: [fetch]: unknown parameter max_trys; did you mean max_tries?",
        ),
        (
            &["-p", "odd"],
            "rebackoff.toml: [odd]: unknown parameter zzz: known are wait, interval, start, step, base, factor, max_value, initial_value, decay_factor, min_value, jitter, max_tries, max_time, last_wait, nested, reset_after, hint_ceiling, hint_above, hint_spread, timeout, throttled_factor",
        ),
        (
            &["-p", "bad"],
            "rebackoff.toml: [bad]: last_wait must be one of shorten, stop, but it is \"stp\"; did you mean stop?",
        ),
        (
            &["-w", "constnat"],
            "--wait must be one of constant, list, linear, expo, fibo, decay, decorrelated, but it is \"constnat\"; did you mean constant?",
        ),
        (
            &["--nested", "onec"],
            "--nested must be one of allow, once, but it is \"onec\"; did you mean once?",
        ),
        (
            &["-w", "exponential"],
            "--wait must be one of constant, list, linear, expo, fibo, decay, decorrelated, but it is \"exponential\"; did you mean expo?",
        ),
    ] {
        assert_eq!(wrong(options, &[]), format!("rebackoff: {expected}\nSome(125)"));
    }
    // A value that is no name gets none.
    assert!(wrong(&["-i", "1,,2"], &[]).contains("but it is \"\"\n"));
    assert!(wrong(&["--max-trie", "3"], &[]).contains("a similar argument exists: '--max-tries'"));
    assert!(wrong(&["--format", "txt"], &[]).contains("a similar value exists: 'text'"));
}

#[test]
fn a_variable_of_the_profile_that_names_no_parameter_is_an_error() {
    let folder = folder();
    fs::write(folder.path().join("rebackoff.toml"), "[fetch]\nmax_tries = 2\n[fetch_all]\n[max]\n")
        .unwrap();
    let plan = |profile, name| policy(folder.path(), &["-p", profile], &[(name, "3")]);
    assert_eq!(
        plan("fetch", "REBACKOFF_FETCH_MAX_TRYS"),
        "rebackoff: a variable that begins with REBACKOFF_FETCH_ must name a parameter, but it is REBACKOFF_FETCH_MAX_TRYS; did you mean REBACKOFF_FETCH_MAX_TRIES?\nSome(125)"
    );
    let unknown = plan("fetch", "REBACKOFF_FETCH_ZZZ");
    assert!(
        unknown.contains("must name a parameter, but it is REBACKOFF_FETCH_ZZZ: known are WAIT, ")
    );
    // Another profile's variables, and rebackoff's own, are no parameters of this one.
    let fetch = "expo: waits 1s; worst case 1s (full jitter, max_tries 2)";
    assert_eq!(plan("fetch", "REBACKOFF_FETCH_ALL_MAX_TRIES"), fetch);
    assert!(plan("max", "REBACKOFF_MAX_TRIES").starts_with("expo: waits 1s, 2s"));
    assert!(plan("fetch", "REBACKOFF_OTHER_MAX_TRYS").starts_with(fetch));
}

#[test]
fn a_file_without_a_profile_is_an_error() {
    let folder = folder();
    let plan = |environment: &[(&str, &str)]| {
        policy(folder.path(), &["--config", "rebackoff.toml"], environment)
    };
    assert_eq!(
        plan(&[]),
        "rebackoff: --config rebackoff.toml is without effect: choose a profile of it with --profile\nSome(125)"
    );
    assert!(plan(&[("REBACKOFF_PROFILE", "ladder")]).starts_with("constant: waits 1s, 5s"));
}

#[test]
fn a_file_without_an_end_is_an_error() {
    for arguments in [&["plan", "--profile", "x", "--config"][..], &["simulate"]] {
        let output = rebackoff().args(arguments).arg("/dev/zero").output().unwrap();
        let message = "rebackoff: cannot read /dev/zero: it has more than 1048576 bytes\n";
        assert_eq!((stderr(&output).as_str(), output.status.code()), (message, Some(125)));
    }
}

#[test]
fn a_negative_number_is_refused_for_its_value() {
    let folder = folder();
    let duration = "is a duration, and a duration is a number of seconds, or numbers with units d, h, m, s, ms, us, ns, for example `500ms` or `1m 30s`";
    for (option, value, expected) in [
        (
            "-n",
            "-1",
            "--max-tries must be a whole number of at least 1, but it is \"-1\"".to_owned(),
        ),
        (
            "--max-time",
            "-5s",
            format!("--max-time {duration}, but it is \"-5s\"; a duration is never negative"),
        ),
        (
            "--timeout",
            "-.5",
            format!("--timeout {duration}, but it is \"-.5\"; a duration is never negative"),
        ),
        (
            "-i",
            "-2",
            format!("--interval {duration}, but it is \"-2\"; a duration is never negative"),
        ),
        (
            "--try-time",
            "-2s",
            format!("--try-time {duration}, but it is \"-2s\"; a duration is never negative"),
        ),
    ] {
        let found = policy(folder.path(), &[option, value], &[]);
        assert_eq!(found, format!("rebackoff: {expected}\nSome(125)"));
    }
    assert!(policy(folder.path(), &["--base", "-2"], &[]).starts_with("rebackoff: --base must be"));
    assert!(
        policy(folder.path(), &["--clients", "-2"], &[])
            .contains("invalid value '-2' for '--clients")
    );
    // The command's own arguments are left alone.
    let output = rebackoff().args(["run", "--", "sh", "-c", "echo $0", "-1"]).output().unwrap();
    assert_eq!(stdout(&output), "-1\n");
}
