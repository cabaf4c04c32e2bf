//! The policy in Python.

use rebackoff_core::Setting;

use super::{Parameters, toml};
use crate::guard::Guard;

pub(super) fn text(
    policy: &Parameters,
    timeout: Option<&Setting>,
    guards: &[(&str, Guard)],
) -> String {
    let made = guards.iter().map(|(name, guard)| {
        let class = guard.kind.map_or("Breaker".to_owned(), |kind| format!("Budget.{kind}"));
        format!("{name} = rebackoff.{class}({})\n", arguments(&guard.parameters))
    });
    let options = guards.iter().map(|(name, _)| format!(", {name}={name}"));
    let timeout = timeout.map(|timeout| format!(", timeout={}", toml(timeout)));
    // Only a try that can be cancelled has a timeout.
    let function = if timeout.is_some() { "async def" } else { "def" };
    format!(
        "import rebackoff\n\npolicy = rebackoff.Policy({})\n{}\n\n\
         @rebackoff.on_exception(policy, OSError{})\n{function} fetch():\n    ...\n",
        arguments(policy),
        made.collect::<String>(),
        options.chain(timeout).collect::<String>()
    )
}

/// Arguments; the wait strategy comes first, without its name.
fn arguments(parameters: &Parameters) -> String {
    let argument = |(name, value): &(&str, Setting)| match (*name, value) {
        ("wait", value) => toml(value),
        (name, Setting::Text(text)) if text == "none" => format!("{name}=None"),
        (name, value) => format!("{name}={}", toml(value)),
    };
    parameters.iter().map(argument).collect::<Vec<_>>().join(", ")
}
