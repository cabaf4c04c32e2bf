//! A policy's parameters as they stand in a file or the environment, before they are checked.

use alloc::borrow::ToOwned;
use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use crate::error::PolicyError;
use crate::human::{ParseDurationError, parse_duration};
use crate::{
    Jitter, LastWait, Limits, Policy, PolicyBuilder, Seconds, Wait, constant, decay, decorrelated,
    expo, fibo, linear, list, runtime,
};

/// Parameters of a policy by name, not yet checked: what is read from TOML, JSON or environment.
///
/// Names are those of the builders, flat: `wait` (`constant`, `linear`, `expo`, `fibo`, `decay`,
/// `decorrelated`, `runtime`) with the strategy's own parameters, `jitter` (`full`, `equal`,
/// `random`, `none`), `max_tries`, `max_time`, `last_wait` (`shorten`, `stop`). A duration is a
/// number of seconds or a text such as `1m 30s`; the text `none` takes a limit or cap away.
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
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct Settings(BTreeMap<String, Setting>);

/// One value of [`Settings`]: a number, a text, or a list of them.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(untagged))]
pub enum Setting {
    /// A whole number, for example of tries.
    Count(u64),
    /// A number, for example of seconds.
    Number(f64),
    /// A word or a duration.
    Text(String),
    /// The waits of a finite list.
    List(Vec<Setting>),
}

impl Settings {
    /// The names that settings may have.
    pub const NAMES: [&'static str; 14] = [
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

    /// Lays `upper` over these settings: where both name a parameter, `upper` wins.
    pub fn extend(&mut self, upper: Self) -> &mut Self {
        self.0.extend(upper.0);
        self
    }

    /// Whether nothing is set.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The policy that these settings make when they are laid over `base`.
    ///
    /// # Errors
    ///
    /// The first setting that is unknown or outside of what is allowed.
    pub fn over(&self, base: &Policy) -> Result<Policy, SettingError> {
        let wait = match self.0.get("wait") {
            None => *base.wait(),
            Some(name) if *name == Setting::from(base.wait().name()) => *base.wait(),
            Some(name) => named_wait(name)?,
        };
        let mut policy = PolicyBuilder::from(*base);
        if is_decorrelated(&wait) != is_decorrelated(base.wait()) {
            policy.jitter = None;
        }
        policy.wait = wait;
        for (name, setting) in &self.0 {
            match name.as_str() {
                "wait" => {}
                "jitter" => policy.jitter = Some(jitter(setting)?),
                "max_tries" => policy.max_tries = limit(name, setting, Setting::count)?,
                "max_time" => policy.max_time = limit(name, setting, Setting::duration)?,
                "last_wait" => policy.last_wait = last_wait(setting)?,
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
            rule: WAITS.to_owned(),
            value: "missing".to_owned(),
        })?;
        let wait = named_wait(wait)?;
        self.over(&Policy::with_defaults(wait))
    }
}

const WAITS: &str =
    "wait must be one of constant, linear, expo, fibo, decay, decorrelated, runtime";

fn is_decorrelated(wait: &Wait) -> bool {
    matches!(wait, Wait::Decorrelated(_))
}

fn named_wait(setting: &Setting) -> Result<Wait, SettingError> {
    Ok(match setting.word() {
        Some("constant") => constant().wait(),
        Some("linear") => linear().wait(),
        Some("expo") => expo().wait(),
        Some("fibo") => fibo().wait(),
        Some("decay") => decay().wait(),
        Some("decorrelated") => decorrelated().wait(),
        Some("runtime") => runtime().wait(),
        _ => return Err(setting.refused("wait", WAITS)),
    })
}

fn jitter(setting: &Setting) -> Result<Jitter, SettingError> {
    Ok(match setting.word() {
        Some("full") => Jitter::Full,
        Some("equal") => Jitter::Equal,
        Some("random") => Jitter::Random,
        Some("none") => Jitter::None,
        _ => {
            let rule = "jitter must be one of full, equal, random, none";
            return Err(setting.refused("jitter", rule));
        }
    })
}

fn last_wait(setting: &Setting) -> Result<LastWait, SettingError> {
    Ok(match setting.word() {
        Some("shorten") => LastWait::Shorten,
        Some("stop") => LastWait::Stop,
        _ => return Err(setting.refused("last_wait", "last_wait must be one of shorten, stop")),
    })
}

/// A limit's value, or `None` for the text `none`.
fn limit<T>(
    name: &str,
    setting: &Setting,
    read: fn(&Setting, &str) -> Result<T, SettingError>,
) -> Result<Option<T>, SettingError> {
    if setting.word() == Some("none") {
        return Ok(None);
    }
    read(setting, name).map(Some)
}

fn cap(name: &str, setting: &Setting) -> Result<Duration, SettingError> {
    Ok(limit(name, setting, Setting::duration)?.unwrap_or(Duration::MAX))
}

fn set_parameter(wait: Wait, name: &str, setting: &Setting) -> Result<Wait, SettingError> {
    let time = || setting.duration(name);
    Ok(match (wait, name) {
        (Wait::Constant(_) | Wait::List(_), "interval") => interval(setting)?,
        (Wait::Linear(linear), "start") => linear.start(time()?).wait(),
        (Wait::Linear(linear), "step") => linear.step(time()?).wait(),
        (Wait::Linear(linear), "max_value") => linear.max_value(cap(name, setting)?).wait(),
        (Wait::Expo(expo), "base") => expo.base(setting.number(name)?).wait(),
        (Wait::Expo(expo), "factor") => expo.factor(time()?).wait(),
        (Wait::Expo(expo), "max_value") => expo.max_value(cap(name, setting)?).wait(),
        (Wait::Fibo(fibo), "max_value") => fibo.max_value(cap(name, setting)?).wait(),
        (Wait::Decay(decay), "initial_value") => decay.initial_value(time()?).wait(),
        (Wait::Decay(decay), "decay_factor") => decay.decay_factor(setting.number(name)?).wait(),
        (Wait::Decay(decay), "min_value") => decay.min_value(time()?).wait(),
        (Wait::Decorrelated(walk), "base") => walk.base(time()?).wait(),
        (Wait::Decorrelated(walk), "max_value") => walk.max_value(cap(name, setting)?).wait(),
        (wait, _) => {
            let own = parameters(&wait);
            let rule = alloc::format!("{} takes the parameters {own}", wait.name());
            return Err(SettingError {
                parameter: name.to_owned(),
                rule,
                value: alloc::format!("given {name} as well"),
            });
        }
    })
}

fn parameters(wait: &Wait) -> &'static str {
    match wait {
        Wait::Constant(_) | Wait::List(_) => "interval",
        Wait::Linear(_) => "start, step, max_value",
        Wait::Expo(_) => "base, factor, max_value",
        Wait::Fibo(_) => "max_value",
        Wait::Decay(_) => "initial_value, decay_factor, min_value",
        Wait::Decorrelated(_) => "base, max_value",
        Wait::Runtime(_) => "none",
    }
}

fn interval(setting: &Setting) -> Result<Wait, SettingError> {
    let Setting::List(settings) = setting else {
        return Ok(constant().interval(setting.duration("interval")?).wait());
    };
    let waits: Result<Vec<_>, _> =
        settings.iter().map(|setting| setting.duration("interval")).collect();
    Ok(list(&waits?).wait())
}

impl Setting {
    fn word(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text.trim()),
            _ => None,
        }
    }

    fn count(&self, name: &str) -> Result<u64, SettingError> {
        let count = match self {
            Self::Count(count) => Some(*count),
            Self::Text(text) => text.trim().parse().ok(),
            _ => None,
        };
        count.ok_or_else(|| self.refused(name, "{name} must be a whole number of at least 1"))
    }

    fn number(&self, name: &str) -> Result<f64, SettingError> {
        #[allow(clippy::cast_precision_loss, reason = "no parameter is near 2⁵³")]
        let number = match self {
            Self::Count(count) => Some(*count as f64),
            Self::Number(number) => Some(*number),
            Self::Text(text) => text.trim().parse().ok(),
            Self::List(_) => None,
        };
        number.ok_or_else(|| self.refused(name, "{name} must be a number"))
    }

    fn duration(&self, name: &str) -> Result<Duration, SettingError> {
        let duration = match self {
            Self::Count(count) => Some(Duration::from_secs(*count)),
            Self::Number(number) => Seconds::new(*number).map(Seconds::to_duration),
            Self::Text(text) => parse_duration(text).ok(),
            Self::List(_) => None,
        };
        duration.ok_or_else(|| {
            self.refused(name, &alloc::format!("{{name}} is a duration, and {ParseDurationError}"))
        })
    }

    fn refused(&self, name: &str, rule: &str) -> SettingError {
        SettingError {
            parameter: name.to_owned(),
            rule: rule.replace("{name}", name),
            value: self.to_string(),
        }
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => write!(f, "{count}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) => write!(f, "{text:?}"),
            Self::List(settings) => {
                f.write_str("[")?;
                for (n, setting) in settings.iter().enumerate() {
                    write!(f, "{}{setting}", if n == 0 { "" } else { ", " })?;
                }
                f.write_str("]")
            }
        }
    }
}

impl From<&str> for Setting {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Setting {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<u64> for Setting {
    fn from(count: u64) -> Self {
        Self::Count(count)
    }
}

impl From<f64> for Setting {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

/// A whole number of seconds stays one.
impl From<Seconds> for Setting {
    fn from(seconds: Seconds) -> Self {
        let duration = seconds.to_duration();
        if duration.subsec_nanos() == 0 {
            Self::Count(duration.as_secs())
        } else {
            Self::Number(seconds.get())
        }
    }
}

/// All of the policy's parameters, so that [`Settings::build`] gives it back.
impl From<&Policy> for Settings {
    fn from(policy: &Policy) -> Self {
        let mut settings = Self::new();
        settings.set("wait", policy.wait().name());
        settings.describe_wait(policy.wait());
        settings.set("jitter", policy.jitter().name());
        let Limits { max_tries, max_time, last_wait } = *policy.limits();
        if let Some(max_tries) = max_tries {
            settings.set("max_tries", max_tries.get());
        }
        if let Some(max_time) = max_time {
            settings.set("max_time", max_time);
        }
        settings.set("last_wait", last_wait.name());
        settings
    }
}

impl Settings {
    fn describe_wait(&mut self, wait: &Wait) {
        match wait {
            Wait::Constant(constant) => {
                self.set("interval", constant.interval);
            }
            Wait::List(list) => {
                let waits = list.waits().iter().map(|wait| Setting::from(*wait));
                self.set("interval", Setting::List(waits.collect()));
            }
            Wait::Linear(linear) => {
                self.set("start", linear.start).set("step", linear.step);
            }
            Wait::Expo(expo) => {
                self.set("base", expo.base).set("factor", expo.factor);
            }
            Wait::Decay(decay) => {
                self.set("initial_value", decay.initial_value)
                    .set("decay_factor", decay.decay_factor)
                    .set("min_value", decay.min_value);
            }
            Wait::Decorrelated(decorrelated) => {
                self.set("base", decorrelated.base);
            }
            Wait::Fibo(_) | Wait::Runtime(_) => {}
        }
        if wait.cap() < Seconds::MAX {
            self.set("max_value", wait.cap());
        } else if is_decorrelated(wait) {
            self.set("max_value", "none");
        }
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Policy {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Settings::from(self).serialize(serializer)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Policy {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Settings::deserialize(deserializer)?.build().map_err(serde::de::Error::custom)
    }
}

/// A setting is unknown or outside of what is allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingError {
    parameter: String,
    rule: String,
    value: String,
}

impl SettingError {
    /// The name of the wrong parameter, for example `max_tries`.
    pub fn parameter(&self) -> &str {
        &self.parameter
    }
}

impl fmt::Display for SettingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, but it is {}", self.rule, self.value)
    }
}

impl core::error::Error for SettingError {}

impl From<PolicyError> for SettingError {
    fn from(error: PolicyError) -> Self {
        Self {
            parameter: error.parameter().to_owned(),
            rule: error.rule().to_owned(),
            value: error.value().to_string(),
        }
    }
}
