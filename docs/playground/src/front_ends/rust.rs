//! The policy in Rust.

use rebackoff_core::{Seconds, Setting};

use super::{Parameters, toml};
use crate::guard::Guard;

pub(super) fn text(
    policy: &Parameters,
    timeout: Option<&Setting>,
    guards: &[(&str, Guard)],
) -> String {
    let statics = guards.iter().map(|(name, guard)| {
        let parameters = parameters(&guard.parameters, "");
        let (class, parameters) = match guard.kind {
            Some(kind) => ("Budget", format!("{kind}({parameters})")),
            None => ("Breaker", parameters),
        };
        format!("static {}: {class} = {name}!({parameters});\n", name.to_uppercase())
    });
    let options = guards.iter().map(|(name, _)| format!(".{name}(&{})", name.to_uppercase()));
    let (call, end) = match timeout {
        None => ("retry(fetch)".to_owned(), "call()"),
        Some(timeout) => (format!("retry_async(fetch).timeout({})", time(timeout)), "await"),
    };
    format!(
        "use rebackoff::prelude::*;\n\nstatic FETCH: Policy = policy!({});\n{}\n\
         let fetched = FETCH.{call}{}.{end}?;\n",
        arguments(policy),
        statics.collect::<String>(),
        options.collect::<String>()
    )
}

/// The arguments of `policy!`: the strategy with its own parameters, then the others.
fn arguments(policy: &Parameters) -> String {
    let wait = policy.iter().find(|(name, _)| *name == "wait");
    let wait = wait.map(|(_, value)| value.to_string().trim_matches('"').to_owned());
    let mut wait = wait.unwrap_or_default();
    let others = policy.iter().filter(|(name, _)| *name != "wait").cloned();
    let (options, own): (Parameters, Parameters) =
        others.partition(|(name, _)| OPTIONS.contains(name));
    let mut text = match own.first() {
        Some((_, Setting::List(waits))) => {
            "list".clone_into(&mut wait);
            waits.iter().map(time).collect::<Vec<_>>().join(", ")
        }
        _ => parameters(&own, &wait),
    };
    if !text.is_empty() {
        text = format!("({text})");
    }
    let options = parameters(&options, &wait);
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

fn parameters(values: &[(&str, Setting)], wait: &str) -> String {
    let parameter = |(name, value): &(&str, Setting)| {
        let value = match *name {
            "jitter" => word("Jitter", value),
            "last_wait" => word("LastWait", value),
            "nested" => word("Nested", value),
            "hint_above" => word("Above", value),
            "base" if wait == "decorrelated" => time(value),
            "interval" | "start" | "step" | "factor" | "max_value" | "initial_value"
            | "min_value" | "max_time" | "hint_ceiling" | "open_for" => time(value),
            _ => toml(value),
        };
        format!("{name} = {value}")
    };
    values.iter().map(parameter).collect::<Vec<_>>().join(", ")
}

/// A variant: `GiveUp` of `give_up`.
fn word(of: &str, value: &Setting) -> String {
    let text = value.to_string();
    let words = text.trim_matches('"').split('_');
    let capital = |word: &str| word[..1].to_uppercase() + &word[1..];
    format!("{of}::{}", words.map(capital).collect::<String>())
}

fn time(value: &Setting) -> String {
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
