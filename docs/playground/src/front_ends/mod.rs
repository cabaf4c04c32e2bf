//! A policy as each front end takes it: the fewest parameters that give the policy there.

mod profile;
mod python;
mod rust;

use rebackoff_core::{Policy, Seconds, Setting, Settings};
use rebackoff_sim::profile::{Layer, Profile, Source};
use serde::Serialize;

use crate::form::{Form, Wrong};
use crate::guard::Guard;
pub(crate) use profile::toml;

/// The texts to copy.
#[derive(Debug, Serialize)]
pub(crate) struct FrontEnds {
    pub(crate) python: String,
    pub(crate) rust: String,
    pub(crate) toml: String,
    pub(crate) environment: String,
    pub(crate) command: String,
}

/// Parameters in the order of [`Settings::NAMES`].
type Parameters = Vec<(&'static str, Setting)>;

impl FrontEnds {
    pub(crate) fn of(form: &Form, profile: &Profile) -> Result<Self, Wrong> {
        let all = all(&profile.policy);
        let is_policy = |settings: &Settings| settings.build().ok() == Some(profile.policy);
        let code = least(&all, is_policy);
        // Programs read the table of a profile, too, and have no limit by default.
        let mut layer = least(&all, |settings| {
            let layer = Layer::with(Source::Options, settings.clone());
            let made = Profile::of(&[layer]);
            is_policy(settings) && made.is_ok_and(|made| made.policy == profile.policy)
        });
        let timeout = profile.timeout.map(|timeout| Seconds::from_duration(timeout).into());
        layer.extend(timeout.clone().map(|timeout| ("timeout", timeout)));
        let guards = [("budget", Guard::budget(form)?), ("breaker", Guard::breaker(form)?)];
        let guards: Vec<_> =
            guards.into_iter().filter_map(|(name, guard)| Some((name, guard?))).collect();
        Ok(Self {
            python: python::text(&code, timeout.as_ref(), &guards),
            rust: rust::text(&code, timeout.as_ref(), &guards),
            toml: profile::table(&layer),
            environment: profile::variables(&layer),
            command: profile::commands(&layer),
        })
    }
}

/// All parameters of the policy, `none` for a limit that it has not.
fn all(policy: &Policy) -> Settings {
    let mut settings = Settings::new();
    for name in ["max_tries", "max_time"] {
        settings.set(name, "none");
    }
    if matches!(policy.wait().name(), "expo" | "fibo" | "linear") {
        settings.set("max_value", "none");
    }
    settings.extend(Settings::from(policy));
    if policy.wait().name() == "list" {
        settings.set("wait", "constant");
    }
    settings
}

/// The parameters without those that the policy has by default, as `is_whole` says. The strategy is always named.
fn least(all: &Settings, is_whole: impl Fn(&Settings) -> bool) -> Parameters {
    let mut least = parameters(all);
    for name in Settings::NAMES.iter().rev().filter(|name| **name != "wait") {
        let mut fewer = least.clone();
        fewer.retain(|(other, _)| other != name);
        let mut settings = Settings::new();
        for (name, value) in &fewer {
            settings.set(name, value.clone());
        }
        if is_whole(&settings) {
            least = fewer;
        }
    }
    least
}

fn parameters(settings: &Settings) -> Parameters {
    let value = |name: &&'static str| Some((*name, settings.get(name)?.clone()));
    Settings::NAMES.iter().filter_map(value).collect()
}

#[cfg(test)]
mod tests;
