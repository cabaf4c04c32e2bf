//! Where a policy comes from.

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
    assert_eq!(
        plan(&["-p", "ladder"], &[]),
        "constant: waits 1s, 5s; worst case 6s (no jitter, max_tries 5)"
    );
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
fn a_call_without_a_limit_is_given_one() {
    let folder = TempDir::new().unwrap();
    let limits =
        |options| policy(folder.path(), options, &[]).split_once('(').unwrap().1.to_owned();
    assert_eq!(limits(&[]), "full jitter, max_tries 5)");
    assert_eq!(limits(&["-w", "linear"]), "full jitter, max_tries 5)");
    assert_eq!(limits(&["--max-time", "1m"]), "full jitter, max_time 1m)");
    assert_eq!(limits(&["--max-tries", "none"]), "full jitter)");
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
            "rebackoff: --jitter must be one of full, equal, random, none, but it is \"ful\"",
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
            "rebackoff: no profile \"fetsh\" in rebackoff.toml (profiles: fetch, ladder) or /nonexistent/.config/rebackoff/rebackoff.toml (not there)",
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
