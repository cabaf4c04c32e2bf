//! Profiles: the policies of `rebackoff.toml`, read in one place for every program.

mod layer;

use std::fmt::{self, Display};
use std::time::Duration;

use rebackoff_core::{Policy, PolicyBuilder, Wait, parse_duration, policy, secs};

pub use layer::{Layer, Source};

/// The default policy, and the tries of a policy that has no limit.
const BUILT_IN: Policy = policy!(expo(max_value = secs(60)));
const MAX_TRIES: u64 = 5;

/// A policy with what a profile adds to one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Profile {
    /// The policy.
    pub policy: Policy,
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
        let mut profile = Self { policy: BUILT_IN, timeout: None, cap_is_given: false };
        let mut is_limited = false;
        for layer in layers {
            profile.policy = layer.over(&profile.policy)?;
            profile.timeout = layer.timeout_over(profile.timeout)?;
            profile.cap_is_given |= layer.names("max_value");
            is_limited |= layer.names("max_tries") || layer.names("max_time");
        }
        let ends = matches!(profile.policy.wait(), Wait::List(_));
        if !is_limited && !ends {
            let limited = PolicyBuilder::from(profile.policy).max_tries(MAX_TRIES).build();
            profile.policy = limited.map_err(ProfileError::new)?;
        }
        Ok(profile)
    }
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
