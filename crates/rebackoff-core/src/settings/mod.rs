//! A policy's parameters as they stand in a file or the environment, before they are checked.

mod describe;
mod environment;
mod error;
mod parameters;
#[cfg(feature = "serde")]
mod read;
mod setting;

pub use error::SettingError;
pub use setting::Setting;

use alloc::borrow::ToOwned;
use alloc::collections::BTreeMap;
use alloc::string::String;

use crate::{Policy, PolicyBuilder, Seconds, Wait};
use parameters::{hint_above, jitter, last_wait, limit, named_wait, nested, set_parameter};

/// Parameters of a policy by name, not yet checked: what is read from TOML, JSON or environment.
///
/// Names are those of the builders, flat: `wait` (`constant`, `list`, `linear`, `expo`, `fibo`, `decay`,
/// `decorrelated`) with the strategy's own parameters, `jitter` (`full`, `equal`,
/// `random`, `none`), `max_tries`, `max_time`, `last_wait` (`shorten`, `stop`), `nested` (`allow`,
/// `once`), `reset_after`, `hint_ceiling`, `hint_above` (`give_up`, `cap`), `hint_spread`. A duration is a
/// number of seconds or a text such as `1m 30s`. The text `none`, or null in a file, takes a limit or cap
/// away. The waits of a `list` are its `interval`, a list or a text such as `1s, 5s`. The strategy
/// `runtime` is a function, which no settings can hold.
///
/// Settings are laid over a policy: what they do not name stays as it was, and a `wait` of
/// another name begins at that strategy's defaults.
///
/// ```
/// use rebackoff_core::{Policy, Settings, expo, policy, secs};
///
/// let mut settings = Settings::new();
/// settings.set("max_tries", "8").set("max_value", "30s");
/// let fetch = settings.over(&policy!(expo, max_time = secs(60)))?;
/// assert_eq!(fetch, policy!(expo(max_value = secs(30)), max_tries = 8, max_time = secs(60)));
///
/// let error = Settings::new().set("max_tries", "0").over(&policy!(expo)).unwrap_err();
/// assert_eq!(error.to_string(), "max_tries must be at least 1, but it is 0");
/// # Ok::<(), rebackoff_core::SettingError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct Settings(BTreeMap<String, Setting>);

impl Settings {
    /// The names that settings may have.
    pub const NAMES: &'static [&'static str] = &[
        "wait",
        "interval",
        "start",
        "step",
        "base",
        "factor",
        "max_value",
        "initial_value",
        "decay_factor",
        "min_value",
        "jitter",
        "max_tries",
        "max_time",
        "last_wait",
        "nested",
        "reset_after",
        "hint_ceiling",
        "hint_above",
        "hint_spread",
    ];

    /// No settings: lays nothing over a policy.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets one parameter, in place of what it was set to before.
    pub fn set(&mut self, name: &str, value: impl Into<Setting>) -> &mut Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    /// Returns the value of one parameter, if it is set.
    pub fn get(&self, name: &str) -> Option<&Setting> {
        self.0.get(name)
    }

    /// Lays `upper` over these settings: where both name a parameter, `upper` wins.
    pub fn extend(&mut self, upper: Self) -> &mut Self {
        self.0.extend(upper.0);
        self
    }

    /// Removes a parameter, and returns its value if it was set.
    pub fn remove(&mut self, name: &str) -> Option<Setting> {
        self.0.remove(name)
    }

    /// The names of the parameters that are set.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Returns whether no setting is set.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The policy that these settings make when they are laid over `base`.
    ///
    /// # Errors
    ///
    /// Names the first setting that is unknown or has a value that is not allowed.
    pub fn over(&self, base: &Policy) -> Result<Policy, SettingError> {
        let wait = match self.0.get("wait") {
            None => *base.wait(),
            Some(name) if keeps(name, base.wait()) => *base.wait(),
            Some(name) => named_wait(name)?,
        };
        let mut policy = PolicyBuilder::from(*base);
        if is_decorrelated(&wait) != is_decorrelated(base.wait()) {
            policy.jitter = None;
        }
        if base.has_default_spread() {
            policy.hint_spread = None;
        }
        policy.wait = wait;
        self.lay(policy)
    }

    fn lay(&self, mut policy: PolicyBuilder) -> Result<Policy, SettingError> {
        for (name, setting) in &self.0 {
            match name.as_str() {
                "wait" => {}
                "jitter" => policy.jitter = Some(jitter(setting)?),
                "max_tries" => policy.max_tries = limit(name, setting, Setting::count)?,
                "max_time" => {
                    let max_time = limit(name, setting, Setting::duration)?;
                    policy.max_time = max_time.map(Seconds::from_duration);
                }
                "last_wait" => policy.last_wait = last_wait(setting)?,
                "nested" => policy.nested = nested(setting)?,
                "reset_after" => {
                    let reset_after = limit(name, setting, Setting::duration)?;
                    policy.reset_after = reset_after.map(Seconds::from_duration);
                }
                "hint_ceiling" => {
                    let ceiling = limit(name, setting, Setting::duration)?;
                    policy.hint_ceiling = ceiling.map_or(Seconds::MAX, Seconds::from_duration);
                }
                "hint_above" => policy.hint_above = hint_above(setting)?,
                "hint_spread" => policy.hint_spread = Some(setting.number(name)?),
                _ => policy.wait = set_parameter(policy.wait, name, setting)?,
            }
        }
        Ok(policy.build()?)
    }

    /// The policy that these settings make by themselves; `wait` must be among them.
    ///
    /// # Errors
    ///
    /// As for [`over`](Self::over), and when there is no `wait`.
    pub fn build(&self) -> Result<Policy, SettingError> {
        let wait = self.0.get("wait").ok_or_else(|| SettingError {
            parameter: "wait".to_owned(),
            rule: parameters::WAITS.to_owned(),
            value: "missing".to_owned(),
            advice: String::new(),
        })?;
        self.lay(PolicyBuilder::with(named_wait(wait)?))
    }
}

/// Returns whether settings whose `wait` is `name` go on from the parameters of `wait`.
fn keeps(name: &Setting, wait: &Wait) -> bool {
    match (name.word(), wait) {
        (Some("list"), Wait::List(_)) => true,
        (_, Wait::Runtime(_)) => false,
        (name, wait) => name == Some(wait.name()),
    }
}

fn is_decorrelated(wait: &Wait) -> bool {
    matches!(wait, Wait::Decorrelated(_))
}
