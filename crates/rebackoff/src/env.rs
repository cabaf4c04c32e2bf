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
/// Names the parameter of the first variable whose value is not allowed, or the variable, where it begins
/// with `REBACKOFF_<NAME>_` and names no parameter, or is not UTF-8. Variables of a policy whose name is
/// longer (`REBACKOFF_FETCH_ALL_MAX_TRIES`) are left to it.
pub fn from_env(name: &str, base: &Policy) -> Result<Policy, SettingError> {
    from_env_prefix(&Settings::prefix(name), base)
}

/// Reads a policy from the environment, as [`from_env`](crate::from_env) does, with a prefix of the program's own: each
/// variable `<prefix><PARAMETER>` replaces one parameter of `base`.
///
/// ```
/// use rebackoff::prelude::*;
///
/// let fetch = rebackoff::engine::from_env_prefix("SHOP_FETCH_", &policy!(expo, max_tries = 5))?;
/// assert_eq!(fetch, policy!(expo, max_tries = 5)); // without SHOP_FETCH_MAX_TRIES and its like
/// # Ok::<(), rebackoff::SettingError>(())
/// ```
///
/// # Errors
///
/// As for [`from_env`](crate::from_env).
pub fn from_env_prefix(prefix: &str, base: &Policy) -> Result<Policy, SettingError> {
    let variables = env::vars_os()
        .map(|(name, value)| (name.to_string_lossy().into_owned(), value.into_string().ok()));
    Settings::from_lookup(prefix, &[], variables)?.over(base)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prelude::*;

    fn lookup(variables: &[(&str, &str)], name: &str) -> Settings {
        let variables =
            variables.iter().map(|(name, value)| ((*name).to_owned(), Some((*value).to_owned())));
        Settings::from_lookup(&Settings::prefix(name), &[], variables).unwrap()
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
            "jitter must be one of full, equal, random, none, but it is \"ful\"; did you mean full?",
        );
        assert_eq!(
            wrong("REBACKOFF_X_MAX_VALUE", "1ms"),
            "max_value must be at least the first wait, but it is 1ms",
        );
    }

    fn refusal(prefix: &str, variable: &str, value: Option<&str>) -> String {
        let variables = [(variable.to_owned(), value.map(ToOwned::to_owned))];
        Settings::from_lookup(prefix, &[], variables).unwrap_err().to_string()
    }

    #[test]
    fn a_misspelt_variable_is_an_error_with_a_suggestion() {
        assert_eq!(
            refusal("REBACKOFF_FETCH_", "REBACKOFF_FETCH_MAX_TRYS", Some("3")),
            "a variable that begins with REBACKOFF_FETCH_ must name a parameter, but it is \
             REBACKOFF_FETCH_MAX_TRYS; did you mean REBACKOFF_FETCH_MAX_TRIES?",
        );
        let unknown = refusal("SHOP_", "SHOP_ZZZ", None);
        assert!(unknown.ends_with("but it is SHOP_ZZZ: known are WAIT, INTERVAL, START, STEP, BASE, FACTOR, MAX_VALUE, INITIAL_VALUE, DECAY_FACTOR, MIN_VALUE, JITTER, MAX_TRIES, MAX_TIME, LAST_WAIT, NESTED, RESET_AFTER, HINT_CEILING, HINT_ABOVE, HINT_SPREAD"), "{unknown}");
    }

    #[test]
    fn a_variable_that_is_not_utf_8_is_an_error() {
        assert_eq!(
            refusal("SHOP_", "SHOP_MAX_TRIES", None),
            "SHOP_MAX_TRIES must be UTF-8, but it is not",
        );
    }

    #[test]
    fn prefixes_that_contain_each_other_do_not_collide() {
        let variables = [
            ("REBACKOFF_USER_MAX_TRIES", "2"),
            ("REBACKOFF_USER_API_MAX_TRIES", "8"),
            ("REBACKOFF_USER_MAX_BASE", "3"),
            ("REBACKOFF_USER_LAST_EXIT", ""),
            ("REBACKOFF_LAST_EXIT", "1"),
        ];
        let expo = policy!(expo);
        let read = |name: &str| lookup(&variables, name).over(&expo).unwrap();
        assert_eq!(read("user"), policy!(expo, max_tries = 2));
        assert_eq!(read("user-api"), policy!(expo, max_tries = 8));
        assert_eq!(read("user_max"), policy!(expo(base = 3.0)));
        assert_eq!(read("last"), expo);
        assert_eq!(
            refusal("REBACKOFF_USER_LAST_", "REBACKOFF_USER_LAST_WAIT", Some("fibo")),
            "REBACKOFF_USER_LAST_WAIT must belong to one prefix, but it is LAST_WAIT behind a \
             shorter one as well; choose another prefix",
        );
    }
}
