//! Policies as data: from TOML and JSON, replaced at run time, traced.

use std::sync::Arc;

use rebackoff::prelude::*;
use rebackoff::testing;
use rebackoff::{LivePolicy, Settings, from_env};
use serde::Deserialize;

#[derive(Deserialize)]
struct Config {
    fetch: Policy,
    poll: Policy,
}

const TOML: &str = r#"
[fetch]
wait = "expo"
base = 1.5
factor = "250ms"
max_value = 30
jitter = "equal"
max_tries = 8
max_time = "1m 30s"
last_wait = "stop"
hint_ceiling = "none"
hint_above = "cap"
hint_spread = 0.5
reset_after = "1m"

[poll]
wait = "constant"
interval = [1, 2.5, "5s"]
"#;

#[test]
fn policies_are_read_from_toml() {
    let config: Config = toml::from_str(TOML).unwrap();
    let fetch = policy!(
        expo(base = 1.5, factor = millis(250), max_value = secs(30)),
        jitter = Jitter::Equal,
        max_tries = 8,
        max_time = secs(90),
        last_wait = LastWait::Stop,
        hint_ceiling = std::time::Duration::MAX,
        hint_above = Above::Cap,
        hint_spread = 0.5,
        reset_after = secs(60),
    );
    assert_eq!(config.fetch, fetch);
    assert_eq!(config.poll, policy!(list(secs(1), millis(2500), secs(5))));
}

#[test]
fn policies_are_written_to_toml_and_json_and_read_again() {
    let policy: Config = toml::from_str(TOML).unwrap();
    let toml = toml::to_string(&policy.fetch).unwrap();
    assert_eq!(toml::from_str::<Policy>(&toml).unwrap(), policy.fetch);
    let json = serde_json::to_string(&policy.poll).unwrap();
    assert_eq!(
        json,
        r#"{"hint_above":"give_up","hint_ceiling":300,"hint_spread":0.1,"interval":[1,2.5,5],"jitter":"full","last_wait":"shorten","nested":"allow","wait":"constant"}"#
    );
    assert_eq!(serde_json::from_str::<Policy>(&json).unwrap(), policy.poll);
}

#[test]
fn a_wrong_file_is_refused_with_what_is_allowed() {
    for (toml, message) in [
        ("wait = 'expo'\nmax_tries = 0", "max_tries must be at least 1, but it is 0"),
        (
            "wait = 'expo'\nmax_tries = -3",
            "max_tries must be a whole number of at least 1, but it is -3",
        ),
        (
            "wait = 'expo'\nmax_trys = 3",
            "expo takes base, factor, max_value, beside jitter, max_tries, max_time, last_wait, nested, \
             reset_after, hint_ceiling, hint_above, hint_spread, but it is given max_trys as well; did you mean max_tries?",
        ),
        (
            "wait = 'exponential'",
            "wait must be one of constant, list, linear, expo, fibo, decay, decorrelated, \
             but it is \"exponential\"; did you mean expo?",
        ),
    ] {
        let error = toml::from_str::<Policy>(toml).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    }
}

const DURATION: &str = "is a duration, and a duration is a number of seconds, or numbers with units \
                        d, h, m, s, ms, us, ns, for example `500ms` or `1m 30s`";

#[test]
fn a_value_of_the_wrong_kind_names_the_parameter() {
    let tries = "max_tries must be a whole number of at least 1, but it is";
    for (toml, message) in [
        ("max_tries = true", format!("{tries} true")),
        ("max_tries = 2.5", format!("{tries} 2.5")),
        ("max_tries = [3]", format!("{tries} [3]")),
        ("max_tries = {count = 3}", format!("{tries} a table")),
        ("max_time = 1979-05-27", format!("max_time {DURATION}, but it is the date 1979-05-27")),
        ("max_time = {secs = 3, nanos = 0}", format!("max_time {DURATION}, but it is a table")),
        ("max_tries = -0.0", format!("{tries} 0")),
        ("max_time = nan", format!("max_time {DURATION}, but it is NaN")),
        ("max_time = inf", format!("max_time {DURATION}, but it is inf")),
        ("interval = inf\nwait = 'constant'", format!("interval {DURATION}, but it is inf")),
        (
            "max_time = '-1s'",
            format!("max_time {DURATION}, but it is \"-1s\"; a duration is never negative"),
        ),
        (
            "interval = [1, {secs = 3}]\nwait = 'list'",
            format!("interval {DURATION}, but it is a table"),
        ),
        ("base = false", "base must be a number, but it is false".to_owned()),
        ("jitter = 3", "jitter must be one of full, equal, random, none, but it is 3".to_owned()),
        ("[inner]\nx = 1", "but it is given inner as well".to_owned()),
    ] {
        let wait = if toml.contains("wait") { "" } else { "wait = 'expo'\n" };
        let error = toml::from_str::<Policy>(&format!("{wait}{toml}")).unwrap_err().to_string();
        assert!(error.contains(&message), "{toml}: {error}");
    }
    let error = serde_json::from_str::<Policy>("[1]").unwrap_err().to_string();
    assert!(error.contains("expected a table of the parameters of a policy"), "{error}");
}

#[test]
fn null_and_none_mean_no_limit() {
    let base = policy!(expo(max_value = secs(9)), max_tries = 2, max_time = secs(9));
    let free = policy!(expo, jitter = Jitter::None, hint_ceiling = std::time::Duration::MAX);
    for none in ["null", "\"none\""] {
        let names = ["max_value", "max_tries", "max_time", "hint_ceiling", "jitter"];
        let json = names.map(|name| format!("\"{name}\": {none}")).join(",");
        let settings: Settings = serde_json::from_str(&format!("{{{json}}}")).unwrap();
        assert_eq!(settings.over(&base), Ok(free));
    }
    let error = serde_json::from_str::<Policy>(r#"{"wait": "expo", "base": null}"#).unwrap_err();
    assert_eq!(error.to_string(), "base must be a number, but it is \"none\"");
}

#[test]
fn a_key_of_json_that_is_given_twice_is_an_error() {
    let error = serde_json::from_str::<Policy>(r#"{"wait": "expo", "base": 3, "base": 3}"#);
    let message = error.unwrap_err().to_string();
    assert!(message.contains("base must be given once, but it is given twice"), "{message}");
}

#[test]
fn a_list_is_written_in_a_file_as_in_code() {
    let ladder = policy!(list(secs(1), secs(5)));
    for toml in ["interval = [1, '5s']", "interval = '1s, 5s'"] {
        for wait in ["list", "constant"] {
            let policy = toml::from_str::<Policy>(&format!("wait = '{wait}'\n{toml}"));
            assert_eq!(policy, Ok(ladder));
        }
    }
    assert_eq!(toml::from_str("wait = 'list'\ninterval = 5"), Ok(policy!(list(secs(5)))));
    let longer: Settings = toml::from_str("wait = 'list'\nmax_tries = 2").unwrap();
    assert_eq!(longer.over(&ladder), Ok(policy!(list(secs(1), secs(5)), max_tries = 2)));
    let error = toml::from_str::<Policy>("wait = 'list'").unwrap_err().to_string();
    assert!(error.contains("interval must list 1 to 16 waits, but it is 0"), "{error}");
}

#[test]
fn a_function_of_the_outcome_is_in_no_file() {
    let error = toml::from_str::<Policy>("wait = 'runtime'").unwrap_err().to_string();
    assert!(error.contains("runtime is a function, which only the program can give"), "{error}");
    let settings: Settings = toml::from_str("wait = 'runtime'").unwrap();
    assert!(settings.over(&policy!(runtime)).is_err());
    let error = serde_json::to_string(&policy!(runtime)).unwrap_err().to_string();
    assert_eq!(error, "wait must be data to be written, but it is runtime, a function");
    let settings: Settings = toml::from_str("max_tries = 3").unwrap();
    assert_eq!(settings.over(&policy!(runtime)), Ok(policy!(runtime, max_tries = 3)));
}

#[test]
fn a_file_is_laid_over_the_program_and_the_environment_over_both() {
    let built_in = policy!(expo(max_value = secs(30)), max_tries = 5, max_time = secs(60));
    let file: Settings = toml::from_str("max_tries = 8\nmax_time = 'none'").unwrap();
    let fetch = from_env("a name that no variable has", &file.over(&built_in).unwrap());
    assert_eq!(fetch, Ok(policy!(expo(max_value = secs(30)), max_tries = 8)));
}

#[test]
fn a_replaced_policy_holds_from_the_next_call_on() {
    let _no_wait = testing::no_wait();
    let live = LivePolicy::new(policy!(expo, max_tries = 2));
    let mut first = true;
    let outcome = live
        .current()
        .retry(|| {
            if std::mem::take(&mut first) {
                live.replace(policy!(expo, max_tries = 5));
            }
            Err::<(), _>("down")
        })
        .outcome();
    assert_eq!(outcome.tries, 2);
    assert_eq!(live.current().retry(|| Err::<(), _>("down")).outcome().tries, 5);
}

#[test]
fn a_live_policy_is_read_while_others_replace_it() {
    let live = Arc::new(LivePolicy::new(policy!(expo, max_tries = 1)));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            let live = Arc::clone(&live);
            scope.spawn(move || {
                for tries in 1..=2_000 {
                    live.replace(Policy::new(expo()).max_tries(tries).build().unwrap());
                    assert!(live.current().max_tries().is_some());
                }
            });
        }
    });
    assert_eq!(live.current().max_tries().map(u64::from), Some(2_000));
}
