//! The policy as a profile of the command line.

use rebackoff_core::Setting;

use super::Parameters;

/// A table of `rebackoff.toml`.
pub(super) fn table(layer: &Parameters) -> String {
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
        Setting::Text(_) | Setting::Count(_) | Setting::Other(_) => value.to_string(),
    }
}

pub(super) fn variables(layer: &Parameters) -> String {
    let line = |(name, value): &(&str, Setting)| {
        format!("export REBACKOFF_FETCH_{}={}\n", name.to_uppercase(), word(value))
    };
    let lines = layer.iter().map(line).collect::<String>();
    format!("export REBACKOFF_PROFILE=fetch\n{lines}")
}

pub(super) fn commands(layer: &Parameters) -> String {
    let option =
        |(name, value): &(&str, Setting)| format!(" --{} {}", name.replace('_', "-"), word(value));
    let options = layer.iter().map(option).collect::<String>();
    format!("rebackoff plan{options}\nrebackoff run{options} -- COMMAND\n")
}

/// A value that needs no quotes: a number without an exponent, a word, or a list with commas.
fn word(value: &Setting) -> String {
    match value {
        Setting::Text(text) => text.clone(),
        Setting::List(values) => values.iter().map(word).collect::<Vec<_>>().join(","),
        Setting::Count(_) | Setting::Number(_) | Setting::Other(_) => value.to_string(),
    }
}
