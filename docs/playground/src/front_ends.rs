//! A policy as each front end takes it: the fewest parameters that give the policy there.

use std::collections::BTreeMap;

use rebackoff_core::{Policy, Seconds, Setting, Settings};
use rebackoff_sim::profile::{Layer, Profile, Source};
use serde::Serialize;

use crate::form::{Form, Wrong};
use crate::guard::Guard;

/// The texts to copy.
#[derive(Debug, Serialize)]
pub(crate) struct FrontEnds {
    pub(crate) python: String,
    pub(crate) rust: String,
    pub(crate) toml: String,
    pub(crate) environment: String,
    pub(crate) command: String,
}

/// Parameters in the order of [`Settings::NAMES`].
type Parameters = Vec<(&'static str, Setting)>;

impl FrontEnds {
    pub(crate) fn of(form: &Form, profile: &Profile) -> Result<Self, Wrong> {
        let all = all(&profile.policy);
        let is_policy = |settings: &Settings| settings.build().ok() == Some(profile.policy);
        let code = least(all.clone(), is_policy);
        // Programs read the table of a profile, too, and have no limit by default.
        let mut layer = least(all, |settings| {
            let layer = Layer::with(Source::Options, owned(&parameters(settings)));
            let made = Profile::of(&[layer]);
            is_policy(settings) && made.is_ok_and(|made| made.policy == profile.policy)
        });
        let timeout = profile.timeout.map(|timeout| Seconds::from_duration(timeout).into());
        layer.extend(timeout.clone().map(|timeout| ("timeout", timeout)));
        let guards = [("budget", Guard::budget(form)?), ("breaker", Guard::breaker(form)?)];
        Ok(Self {
            python: in_python(&code, timeout.as_ref(), &guards),
            rust: in_rust(&code, timeout.as_ref(), &guards),
            toml: in_toml(&layer),
            environment: in_environment(&layer),
            command: in_shell(&layer),
        })
    }
}

/// All parameters of the policy, `none` for a limit that it has not.
fn all(policy: &Policy) -> Settings {
    let mut settings = Settings::new();
    for name in ["max_tries", "max_time"] {
        settings.set(name, "none");
    }
    if matches!(policy.wait().name(), "expo" | "fibo" | "linear") {
        settings.set("max_value", "none");
    }
    settings.extend(Settings::from(policy));
    if policy.wait().name() == "list" {
        settings.set("wait", "constant");
    }
    settings
}

/// The parameters without those that the policy has by default, as `is_whole` says. The strategy is always named.
fn least(all: Settings, is_whole: impl Fn(&Settings) -> bool) -> Parameters {
    let mut least = parameters(&all);
    for name in Settings::NAMES.iter().rev().filter(|name| **name != "wait") {
        let mut fewer = least.clone();
        fewer.retain(|(other, _)| other != name);
        let mut settings = Settings::new();
        for (name, value) in &fewer {
            settings.set(name, value.clone());
        }
        if is_whole(&settings) {
            least = fewer;
        }
    }
    least
}

fn parameters(settings: &Settings) -> Parameters {
    let value = |name: &&'static str| Some((*name, settings.get(name)?.clone()));
    Settings::NAMES.iter().filter_map(value).collect()
}

fn owned(parameters: &Parameters) -> BTreeMap<String, Setting> {
    parameters.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
}

// Python

fn in_python(
    policy: &Parameters,
    timeout: Option<&Setting>,
    guards: &[(&str, Option<Guard>); 2],
) -> String {
    let mut text = format!("import rebackoff\n\npolicy = rebackoff.Policy({})\n", python(policy));
    let mut options = String::new();
    for (name, guard) in guards {
        let Some(guard) = guard else { continue };
        let class = guard.kind.map_or("Breaker".to_owned(), |kind| format!("Budget.{kind}"));
        text += &format!("{name} = rebackoff.{class}({})\n", python(&guard.parameters));
        options += &format!(", {name}={name}");
    }
    if let Some(timeout) = timeout {
        options += &format!(", timeout={}", python_value(timeout));
    }
    // Only a try that can be cancelled has a timeout.
    let function = if timeout.is_some() { "async def" } else { "def" };
    text + &format!(
        "\n\n@rebackoff.on_exception(policy, OSError{options})\n{function} fetch():\n    ...\n"
    )
}

/// Arguments; the wait strategy comes first, without its name.
fn python(parameters: &Parameters) -> String {
    let argument = |(name, value): &(&str, Setting)| match *name {
        "wait" => python_value(value),
        name => format!("{name}={}", python_value(value)),
    };
    parameters.iter().map(argument).collect::<Vec<_>>().join(", ")
}

fn python_value(value: &Setting) -> String {
    match value {
        Setting::Text(text) if text == "none" => "None".to_owned(),
        value => toml(value),
    }
}

// Rust

fn in_rust(
    policy: &Parameters,
    timeout: Option<&Setting>,
    guards: &[(&str, Option<Guard>); 2],
) -> String {
    let mut text = format!(
        "use rebackoff::prelude::*;\n\nstatic FETCH: Policy = policy!({});\n",
        rust_policy(policy)
    );
    let mut call = match timeout {
        None => "FETCH.retry(fetch)".to_owned(),
        Some(timeout) => format!("FETCH.retry_async(fetch).timeout({})", rust_time(timeout)),
    };
    for (name, guard) in guards {
        let Some(guard) = guard else { continue };
        let parameters = rust_parameters(&guard.parameters, "");
        let (class, parameters) = match guard.kind {
            Some(kind) => ("Budget", format!("{kind}({parameters})")),
            None => ("Breaker", parameters),
        };
        let upper = name.to_uppercase();
        text += &format!("static {upper}: {class} = {name}!({parameters});\n");
        call += &format!(".{name}(&{upper})");
    }
    let end = if timeout.is_some() { ".await" } else { ".call()" };
    text + &format!("\nlet fetched = {call}{end}?;\n")
}

/// The arguments of `policy!`: the strategy with its own parameters, then the others.
fn rust_policy(parameters: &Parameters) -> String {
    let wait = parameters.iter().find(|(name, _)| *name == "wait");
    let wait = wait.map(|(_, value)| value.to_string().trim_matches('"').to_owned());
    let mut wait = wait.unwrap_or_default();
    let others = parameters.iter().filter(|(name, _)| *name != "wait").cloned();
    let (options, own): (Parameters, Parameters) =
        others.partition(|(name, _)| OPTIONS.contains(name));
    let mut text = match own.first() {
        Some((_, Setting::List(waits))) => {
            "list".clone_into(&mut wait);
            waits.iter().map(rust_time).collect::<Vec<_>>().join(", ")
        }
        _ => rust_parameters(&own, &wait),
    };
    if !text.is_empty() {
        text = format!("({text})");
    }
    let options = rust_parameters(&options, &wait);
    let comma = if options.is_empty() { "" } else { ", " };
    format!("{wait}{text}{comma}{options}")
}

/// The parameters of a policy that no strategy owns.
const OPTIONS: [&str; 8] = [
    "jitter",
    "max_tries",
    "max_time",
    "last_wait",
    "nested",
    "hint_ceiling",
    "hint_above",
    "hint_spread",
];

fn rust_parameters(parameters: &[(&str, Setting)], wait: &str) -> String {
    let parameter = |(name, value): &(&str, Setting)| {
        let value = match *name {
            "jitter" => word("Jitter", value),
            "last_wait" => word("LastWait", value),
            "nested" => word("Nested", value),
            "hint_above" => word("Above", value),
            "base" if wait == "decorrelated" => rust_time(value),
            "interval" | "start" | "step" | "factor" | "max_value" | "initial_value"
            | "min_value" | "max_time" | "hint_ceiling" | "open_for" => rust_time(value),
            _ => toml(value),
        };
        format!("{name} = {value}")
    };
    parameters.iter().map(parameter).collect::<Vec<_>>().join(", ")
}

/// A variant: `GiveUp` of `give_up`.
fn word(of: &str, value: &Setting) -> String {
    let text = value.to_string();
    let words = text.trim_matches('"').split('_');
    let capital = |word: &str| word[..1].to_uppercase() + &word[1..];
    format!("{of}::{}", words.map(capital).collect::<String>())
}

fn rust_time(value: &Setting) -> String {
    let seconds = match value {
        Setting::Count(count) => return format!("secs({count})"),
        Setting::Number(number) => Seconds::new(*number).unwrap_or_default().to_duration(),
        _ => return "std::time::Duration::MAX".to_owned(),
    };
    match seconds.as_nanos() {
        nanos if nanos % 1_000_000 == 0 => format!("millis({})", nanos / 1_000_000),
        nanos => format!("std::time::Duration::from_nanos({nanos})"),
    }
}

// Profiles

fn in_toml(layer: &Parameters) -> String {
    let line = |(name, value): &(&str, Setting)| format!("{name} = {}\n", toml(value));
    format!("[fetch]\n{}", layer.iter().map(line).collect::<String>())
}

/// A value as TOML writes it, and Python and JSON do.
pub(crate) fn toml(value: &Setting) -> String {
    match value {
        Setting::Number(number) => format!("{number:?}"),
        Setting::List(values) => {
            format!("[{}]", values.iter().map(toml).collect::<Vec<_>>().join(", "))
        }
        Setting::Text(text) => format!("{text:?}"),
        value => value.to_string(),
    }
}

fn in_environment(layer: &Parameters) -> String {
    let line = |(name, value): &(&str, Setting)| {
        format!("export REBACKOFF_FETCH_{}={}\n", name.to_uppercase(), word_of_shell(value))
    };
    let lines = layer.iter().map(line).collect::<String>();
    format!("export REBACKOFF_PROFILE=fetch\n{lines}")
}

fn in_shell(layer: &Parameters) -> String {
    let option = |(name, value): &(&str, Setting)| {
        format!(" --{} {}", name.replace('_', "-"), word_of_shell(value))
    };
    let options = layer.iter().map(option).collect::<String>();
    format!("rebackoff plan{options}\nrebackoff run{options} -- COMMAND\n")
}

/// A value that needs no quotes: a number without an exponent, a word, or a list with commas.
fn word_of_shell(value: &Setting) -> String {
    match value {
        Setting::Text(text) => text.clone(),
        Setting::List(values) => values.iter().map(word_of_shell).collect::<Vec<_>>().join(","),
        value => value.to_string(),
    }
}

#[cfg(test)]
mod tests;
