//! Settings from environment variables.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::{Setting, SettingError, Settings};
use crate::suggest::nearest;

/// Variables of the command line that are no parameters, whatever a policy is called.
const RESERVED: [&str; 10] = [
    "REBACKOFF_PROFILE",
    "REBACKOFF_TRY",
    "REBACKOFF_MAX_TRIES",
    "REBACKOFF_LAST_EXIT",
    "REBACKOFF_ELAPSED_MS",
    "REBACKOFF_REMAINING_MS",
    "REBACKOFF_REASON",
    "REBACKOFF_CALL",
    "REBACKOFF_SHARED_DIR",
    "REBACKOFF_ACCELERATOR",
];

impl Settings {
    /// The beginning of the variables of the policy `name`: `REBACKOFF_USER_API_` for `user-api`. Letters
    /// become capitals, and all but letters and digits become `_`.
    pub fn prefix(name: &str) -> String {
        format!("REBACKOFF_{}_", shout(name))
    }

    /// The settings of the variables `<prefix><PARAMETER>` among `variables`, which are pairs of name and
    /// value; a value is `None` where it is not UTF-8. An empty variable counts as not set.
    ///
    /// The variable of a longer prefix, such as `REBACKOFF_USER_API_MAX_TRIES` beside the prefix
    /// `REBACKOFF_USER_`, is left to it. `others` are names behind the prefix that are no parameters of a
    /// policy; they are read as settings too.
    ///
    /// # Errors
    ///
    /// A variable under the prefix names no parameter, belongs to a shorter prefix as well, or is not UTF-8.
    ///
    /// ```
    /// use rebackoff_core::{Settings, policy, secs};
    ///
    /// let variables = [("APP_FETCH_MAX_TIME".to_owned(), Some("1m".to_owned()))];
    /// let settings = Settings::from_lookup("APP_FETCH_", &[], variables)?;
    /// assert_eq!(settings.over(&policy!(expo)), Ok(policy!(expo, max_time = secs(60))));
    ///
    /// let misspelt = [("APP_FETCH_MAX_TRYS".to_owned(), Some("3".to_owned()))];
    /// let error = Settings::from_lookup("APP_FETCH_", &[], misspelt).unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "a variable that begins with APP_FETCH_ must name a parameter, but it is \
    ///      APP_FETCH_MAX_TRYS; did you mean APP_FETCH_MAX_TRIES?"
    /// );
    /// # Ok::<(), rebackoff_core::SettingError>(())
    /// ```
    pub fn from_lookup(
        prefix: &str,
        others: &[&str],
        variables: impl IntoIterator<Item = (String, Option<String>)>,
    ) -> Result<Self, SettingError> {
        let known = Self::NAMES.iter().chain(others);
        let known: Vec<_> = known.map(|name| (shout(name), *name)).collect();
        let mut settings = Self::new();
        for (variable, value) in variables {
            let Some(word) = variable.strip_prefix(prefix) else { continue };
            let is_empty = value.as_ref().is_some_and(|value| value.trim().is_empty());
            if is_empty || RESERVED.contains(&variable.as_str()) {
                continue;
            }
            let ends = known.iter().filter(|(known, _)| ends_with(&variable, known));
            let refused = |rule: String, value: &str, advice: String| SettingError {
                parameter: variable.clone(),
                rule,
                value: value.to_owned(),
                advice,
            };
            match ends.max_by_key(|(known, _)| known.len()) {
                Some((known, name)) if known == word => {
                    let value = value.ok_or_else(|| {
                        refused(format!("{variable} must be UTF-8"), "not", String::new())
                    })?;
                    settings.set(name, Setting::Text(value));
                }
                Some((longer, _)) if known.iter().any(|(known, _)| known == word) => {
                    let rule = format!("{variable} must belong to one prefix");
                    let value = format!("{longer} behind a shorter one as well");
                    return Err(refused(rule, &value, "; choose another prefix".to_owned()));
                }
                Some(_) => {}
                None => {
                    let names = known.iter().map(|(known, _)| known.as_str());
                    let advice = match nearest(word, names.clone()) {
                        Some(near) => format!("; did you mean {prefix}{near}?"),
                        None => format!(": known are {}", names.collect::<Vec<_>>().join(", ")),
                    };
                    let rule =
                        format!("a variable that begins with {prefix} must name a parameter");
                    return Err(refused(rule, &variable, advice));
                }
            }
        }
        Ok(settings)
    }
}

/// Returns whether `word` is the end of `variable`, and not of a longer word.
fn ends_with(variable: &str, word: &str) -> bool {
    variable
        .strip_suffix(word)
        .is_some_and(|before| !before.ends_with(|c: char| c.is_ascii_alphanumeric()))
}

fn shout(name: &str) -> String {
    let capital = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    name.chars().map(capital).collect()
}
