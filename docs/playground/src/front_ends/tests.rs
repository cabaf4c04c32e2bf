use rebackoff_core::{Jitter, LastWait, millis, policy, secs};

use super::*;

/// Fields, and the policy with its text in Rust.
macro_rules! cases {
    ($($fields:tt => ($($policy:tt)*);)*) => {
        [$((stringify!($fields), stringify!($($policy)*), policy!($($policy)*))),*]
    };
}

fn cases() -> [(&'static str, &'static str, Policy); 12] {
    cases! {
        {} => (expo(max_value = secs(60)), max_tries = 5);
        {"max_value": "none", "max_tries": "none"} => (expo);
        {"max_value": "none"} => (expo, max_tries = 5);
        {"base": "3", "factor": "250ms", "max_value": "1m 30s", "max_time": "2h"}
            => (expo(base = 3.0, factor = millis(250), max_value = secs(90)), max_time = secs(7200));
        {"wait": "fibo", "jitter": "none", "max_tries": "8"}
            => (fibo, jitter = Jitter::None, max_tries = 8);
        {"interval": "5s", "jitter": "equal"}
            => (constant(interval = secs(5)), jitter = Jitter::Equal, max_tries = 5);
        {"interval": "1s,5s,0.5s"} => (list(secs(1), secs(5), millis(500)));
        {"interval": "1s,5s", "max_tries": "2"} => (list(secs(1), secs(5)), max_tries = 2);
        {"wait": "linear", "start": "2s", "step": "500ms", "max_tries": "4"}
            => (linear(start = secs(2), step = millis(500)), max_tries = 4);
        {"wait": "decay", "initial_value": "10s", "decay_factor": "0.5", "min_value": "1s"}
            => (decay(initial_value = secs(10), decay_factor = 0.5, min_value = secs(1)), max_tries = 5);
        {"wait": "decorrelated", "base": "100ms", "max_time": "1m", "last_wait": "stop"}
            => (decorrelated(base = millis(100)), max_time = secs(60), last_wait = LastWait::Stop);
        {"wait": "decorrelated", "max_value": "none"}
            => (decorrelated(max_value = std::time::Duration::MAX), max_tries = 5);
    }
}

fn answered(fields: &str) -> (Profile, FrontEnds) {
    let form = Form::parse(fields).unwrap();
    let profile = form.profile().unwrap();
    let texts = FrontEnds::of(&form, &profile).unwrap();
    (profile, texts)
}

fn without_spaces(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_whitespace()).collect()
}

#[test]
fn the_rust_text_makes_the_policy_of_the_form() {
    for (fields, rust, policy) in cases() {
        let (profile, texts) = answered(fields);
        assert_eq!(profile.policy, policy, "{fields}");
        let line = format!("static FETCH: Policy = policy!({rust});");
        let line = without_spaces(&line);
        assert!(without_spaces(&texts.rust).contains(&line), "{fields}: {}", texts.rust);
    }
}

#[test]
fn the_options_and_variables_make_the_policy_of_the_form() {
    for (fields, _, policy) in cases() {
        let (_, texts) = answered(fields);
        let mut layer = Layer::new(Source::Options);
        let words: Vec<_> = texts.command.lines().next().unwrap().split(' ').skip(2).collect();
        for pair in words.chunks(2) {
            layer.set_text(&pair[0][2..].replace('-', "_"), pair[1]);
        }
        assert_eq!(Profile::of(&[layer]).unwrap().policy, policy, "{}", texts.command);

        let mut layer = Layer::new(Source::Options);
        for line in texts.environment.lines().skip(1) {
            let (name, value) =
                line.strip_prefix("export REBACKOFF_FETCH_").unwrap().split_once('=').unwrap();
            layer.set_text(&name.to_lowercase(), value);
        }
        assert_eq!(Profile::of(&[layer]).unwrap().policy, policy, "{}", texts.environment);
    }
}

#[test]
fn texts_have_the_parameters_that_differ_from_a_default() {
    let fields = r#"{"timeout": "2s", "budget": "share", "breaker": "consecutive"}"#;
    let (_, texts) = answered(fields);
    assert_eq!(
        texts.toml,
        "[fetch]\nwait = \"expo\"\nmax_value = 60\nmax_tries = 5\ntimeout = 2\n"
    );
    assert_eq!(
        texts.environment,
        "export REBACKOFF_PROFILE=fetch
export REBACKOFF_FETCH_WAIT=expo
export REBACKOFF_FETCH_MAX_VALUE=60
export REBACKOFF_FETCH_MAX_TRIES=5
export REBACKOFF_FETCH_TIMEOUT=2
"
    );
    assert_eq!(
        texts.command,
        "rebackoff plan --wait expo --max-value 60 --max-tries 5 --timeout 2
rebackoff run --wait expo --max-value 60 --max-tries 5 --timeout 2 -- COMMAND
"
    );
    assert_eq!(
        texts.python,
        r#"import rebackoff

policy = rebackoff.Policy("expo", max_value=60, max_tries=5)
budget = rebackoff.Budget.share(ratio=0.2, floor=10.0)
breaker = rebackoff.Breaker(consecutive=5, open_for=30)


@rebackoff.on_exception(policy, OSError, budget=budget, breaker=breaker, timeout=2)
async def fetch():
    ...
"#
    );
    assert_eq!(
        texts.rust,
        "use rebackoff::prelude::*;

static FETCH: Policy = policy!(expo(max_value = secs(60)), max_tries = 5);
static BUDGET: Budget = budget!(share(ratio = 0.2, floor = 10.0));
static BREAKER: Breaker = breaker!(consecutive = 5, open_for = secs(30));

let fetched = FETCH.retry_async(fetch).timeout(secs(2)).budget(&BUDGET).breaker(&BREAKER).await?;
"
    );
}

/// A file that the tests of the Python package read, too.
#[test]
fn the_python_texts_are_those_that_its_tests_run() {
    let texts = cases().map(|(fields, ..)| answered(fields).1);
    let recorded: Vec<(String, String)> =
        serde_json::from_str(include_str!("../../texts.json")).unwrap();
    let texts = texts.map(|texts| (texts.python, texts.toml));
    assert_eq!(recorded, texts, "{}", serde_json::to_string_pretty(&texts).unwrap());
}
