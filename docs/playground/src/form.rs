//! The fields of the page, as their texts.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;

use rebackoff_core::{Seconds, Settings};
use rebackoff_sim::plan::Plan;
use rebackoff_sim::profile::{Layer, Profile, Source, duration};

/// Fields by name. A field without a text takes the default.
#[derive(Debug)]
pub(crate) struct Form(BTreeMap<String, String>);

/// The message about a field that is wrong.
pub(crate) type Wrong = String;

/// The fields beside those of the policy.
const FIELDS: [&str; 19] = [
    "timeout",
    "try_time",
    "clients",
    "processes",
    "rate",
    "capacity",
    "queue",
    "duration",
    "seed",
    "fault",
    "outage",
    "budget",
    "ratio",
    "floor",
    "budget_rate",
    "breaker",
    "consecutive",
    "failure_rate",
    "open_for",
];

impl Form {
    /// Reads an object of texts.
    pub(crate) fn parse(json: &str) -> Result<Self, Wrong> {
        let fields: BTreeMap<String, String> = serde_json::from_str(json).map_err(text)?;
        let unknown = |name: &&String| {
            !FIELDS.contains(&name.as_str()) && !Settings::NAMES.contains(&name.as_str())
        };
        if let Some(name) = fields.keys().find(unknown) {
            return Err(format!("unknown field {name}"));
        }
        Ok(Self(fields.into_iter().filter(|(_, text)| !text.trim().is_empty()).collect()))
    }

    /// The text of a field.
    pub(crate) fn text<'a>(&'a self, name: &str, default: &'a str) -> &'a str {
        self.0.get(name).map_or(default, |text| text.trim())
    }

    /// The number in a field, within bounds.
    pub(crate) fn number<T: FromStr + PartialOrd + Display>(
        &self,
        name: &str,
        default: T,
        [least, most]: [T; 2],
    ) -> Result<T, Wrong> {
        let Some(text) = self.0.get(name) else {
            return Ok(default);
        };
        let number = text.trim().parse().ok().filter(|number| (&least..=&most).contains(&number));
        number.ok_or_else(|| format!("{name} must be from {least} to {most}, but it is {text:?}"))
    }

    /// The policy with its timeout.
    pub(crate) fn profile(&self) -> Result<Profile, Wrong> {
        let mut layer = Layer::new(Source::Options);
        let names = Settings::NAMES.iter().chain(&["timeout"]);
        for (name, text) in names.filter_map(|name| Some((name, self.0.get(*name)?))) {
            layer.set_text(name, text);
        }
        Profile::of(&[layer]).map_err(text)
    }

    /// The plan of clients that fail together.
    pub(crate) fn plan(&self) -> Result<Plan, Wrong> {
        let time = |name| duration(name, self.text(name, "0s")).map_err(text);
        let outage = time("outage")?;
        Ok(Plan {
            clients: self.number("clients", 1000, [1, 100_000])?,
            try_time: time("try_time")?,
            seed: self.number("seed", 0, [0, u64::MAX])?,
            outage: (!outage.is_zero()).then(|| Seconds::from_duration(outage)),
            ..Plan::new(self.profile()?)
        })
    }
}

pub(crate) fn text(error: impl Display) -> Wrong {
    error.to_string()
}
