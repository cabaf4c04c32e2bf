//! Profiles: the policies of `rebackoff.toml`, read in one place for every program.

mod layer;

use std::fmt::{self, Display};
use std::time::Duration;

use rebackoff_core::{
    Policy, PolicyBuilder, Seconds, Settings, Wait, parse_duration, policy, secs,
};

pub use layer::{Layer, Source};

/// The default policy, and the tries of a policy that has no limit.
const BUILT_IN: Policy = policy!(expo(max_value = secs(60)));
const MAX_TRIES: u64 = 5;

/// A policy with what a profile adds to one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Profile {
    /// The policy.
    pub policy: Policy,
    /// The policy after a server that throttles, whose first wait is `throttled_factor`; `None` for `policy`.
    pub throttled: Option<Policy>,
    /// The most time for each try.
    pub timeout: Option<Duration>,
    /// The cap is given, and no default.
    pub cap_is_given: bool,
}

impl Profile {
    /// The profile that these layers make, the lowest first, over what is built in.
    ///
    /// # Errors
    ///
    /// A layer has an unknown parameter, or a value that is not allowed.
    pub fn of(layers: &[Layer]) -> Result<Self, ProfileError> {
        let mut profile = Self::from(BUILT_IN);
        let (mut throttled_factor, mut is_limited) = (None, false);
        for layer in layers {
            profile.policy = layer.over(&profile.policy)?;
            profile.timeout = layer.duration_over("timeout", profile.timeout)?;
            throttled_factor =
                throttled_factor_over(layer, profile.policy.wait(), throttled_factor)?;
            profile.cap_is_given |= layer.names("max_value");
            is_limited |= layer.names("max_tries") || layer.names("max_time");
        }
        let ends = matches!(profile.policy.wait(), Wait::List(_));
        if !is_limited && !ends {
            let limited = PolicyBuilder::from(profile.policy).max_tries(MAX_TRIES).build();
            profile.policy = limited.map_err(ProfileError::new)?;
        }
        if let Some(factor) = throttled_factor {
            let mut settings = Settings::new();
            settings.set("factor", Seconds::from_duration(factor));
            let throttled = settings
                .over(&profile.policy)
                .map_err(|error| ProfileError::new(format_args!("{THROTTLED_FACTOR}: {error}")))?;
            profile.throttled = Some(throttled);
        }
        Ok(profile)
    }
}

/// The layer of a profile that needs no file: `aws` has the waits and the tries of the AWS SDKs since 2026,
/// [`Policy::AWS`] and [`Policy::AWS_THROTTLED`].
///
/// ```
/// use rebackoff_core::Policy;
/// use rebackoff_sim::profile::{Profile, built_in};
///
/// let aws = Profile::of(&[built_in("aws").unwrap()]).unwrap();
/// assert_eq!((aws.policy, aws.throttled), (Policy::AWS, Some(Policy::AWS_THROTTLED)));
/// ```
pub fn built_in(name: &str) -> Option<Layer> {
    let mut settings = match name {
        "aws" => Settings::from(&Policy::AWS),
        _ => return None,
    };
    settings.set(THROTTLED_FACTOR, "1s");
    Some(Layer::with(Source::BuiltIn, settings))
}

impl From<Policy> for Profile {
    fn from(policy: Policy) -> Self {
        Self { policy, throttled: None, timeout: None, cap_is_given: false }
    }
}

const THROTTLED_FACTOR: &str = "throttled_factor";

/// The first wait after a server that throttles. It belongs to expo: another strategy drops that of a lower layer.
fn throttled_factor_over(
    layer: &Layer,
    wait: &Wait,
    base: Option<Duration>,
) -> Result<Option<Duration>, ProfileError> {
    let is_expo = matches!(wait, Wait::Expo(_));
    let factor = layer.duration_over(THROTTLED_FACTOR, base.filter(|_| is_expo))?;
    if factor.is_some() && !is_expo {
        let (source, name) = (layer.source(), layer.source().spell(THROTTLED_FACTOR));
        return Err(ProfileError::new(format_args!(
            "{source}{name} is a parameter of expo, but the wait is {}: leave it out",
            wait.name()
        )));
    }
    Ok(factor)
}

/// A profile is wrong; the message says where and what is allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileError(String);

impl ProfileError {
    pub(crate) fn new(message: impl Display) -> Self {
        Self(message.to_string())
    }
}

impl Display for ProfileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ProfileError {}

/// The duration that `text` is, for the parameter `name`.
///
/// # Errors
///
/// The text is no duration.
pub fn duration(name: &str, text: &str) -> Result<Duration, ProfileError> {
    parse_duration(text).map_err(|error| {
        let advice = if text.starts_with('-') { "; a duration is never negative" } else { "" };
        ProfileError::new(format_args!(
            "{name} is a duration, and {error}, but it is {text:?}{advice}"
        ))
    })
}
