//! Policies from environment variables.

use std::env;

use rebackoff_core::{Policy, SettingError, Settings};

/// Reads a policy from the environment: each variable `REBACKOFF_<NAME>_<PARAMETER>` replaces one
/// parameter of `base`.
///
/// Parameters are those of [`Settings`], in capitals: `REBACKOFF_FETCH_MAX_TRIES=8`,
/// `REBACKOFF_FETCH_MAX_VALUE=30s`, `REBACKOFF_FETCH_WAIT=fibo`. In `name`, letters become capitals
/// and all but letters and digits become `_`. An empty variable counts as not set.
///
/// Precedence: a variable, then `base` (from a file, for example), then the strategy's default. A program
/// reads its file first and lays the environment over it:
///
/// ```
/// use rebackoff::prelude::*;
/// use rebackoff::{Settings, from_env};
///
/// let built_in = policy!(expo(max_value = secs(30)), max_tries = 5);
/// let file: Settings = serde_json::from_str(r#"{"max_tries": 8}"#)?;
/// let fetch = from_env("fetch", &file.over(&built_in)?)?;
/// assert_eq!(fetch, policy!(expo(max_value = secs(30)), max_tries = 8));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// Names the parameter of the first variable whose value is not allowed.
pub fn from_env(name: &str, base: &Policy) -> Result<Policy, SettingError> {
    settings_from(name, |variable| env::var(variable).ok()).over(base)
}

/// The settings of the variables that `lookup` finds.
fn settings_from(name: &str, lookup: impl Fn(&str) -> Option<String>) -> Settings {
    let mut settings = Settings::new();
    for &parameter in Settings::NAMES {
        let variable = format!("REBACKOFF_{}_{}", shout(name), shout(parameter));
        if let Some(value) = lookup(&variable).filter(|value| !value.trim().is_empty()) {
            settings.set(parameter, value);
        }
    }
    settings
}

fn shout(name: &str) -> String {
    let capital = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    name.chars().map(capital).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prelude::*;

    fn lookup(variables: &[(&str, &str)], name: &str) -> Settings {
        settings_from(name, |variable| {
            let found = variables.iter().find(|(name, _)| *name == variable);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn a_variable_takes_the_place_of_one_parameter() {
        let variables = [
            ("REBACKOFF_USER_API_MAX_TRIES", "8"),
            ("REBACKOFF_USER_API_MAX_VALUE", "1m30s"),
            ("REBACKOFF_USER_API_JITTER", "equal"),
            ("REBACKOFF_USER_API_MAX_TIME", " "),
        ];
        let base = policy!(expo(base = 3.0), max_tries = 2, max_time = secs(9));
        assert_eq!(
            lookup(&variables, "user-api").over(&base).unwrap(),
            policy!(
                expo(base = 3.0, max_value = secs(90)),
                jitter = Jitter::Equal,
                max_tries = 8,
                max_time = secs(9)
            ),
        );
    }

    #[test]
    fn another_strategy_begins_at_its_defaults() {
        let variables = [("REBACKOFF_FETCH_WAIT", "fibo"), ("REBACKOFF_FETCH_MAX_TIME", "none")];
        let base = policy!(expo(base = 3.0), max_tries = 2, max_time = secs(9));
        assert_eq!(lookup(&variables, "fetch").over(&base), Ok(policy!(fibo, max_tries = 2)));
    }

    #[test]
    fn a_wrong_value_is_named_with_what_is_allowed() {
        let wrong = |variable: &str, value: &str| {
            let settings = lookup(&[(variable, value)], "x");
            settings.over(&policy!(expo)).unwrap_err().to_string()
        };
        assert_eq!(
            wrong("REBACKOFF_X_MAX_TRIES", "many"),
            "max_tries must be a whole number of at least 1, but it is \"many\"",
        );
        assert_eq!(
            wrong("REBACKOFF_X_JITTER", "ful"),
            "jitter must be one of full, equal, random, none, but it is \"ful\"",
        );
        assert_eq!(
            wrong("REBACKOFF_X_MAX_VALUE", "1ms"),
            "max_value must be at least the first wait, but it is 1ms",
        );
    }
}
