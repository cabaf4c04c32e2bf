//! Checked access to the tables of a scenario.

use std::ops::RangeInclusive;

use rebackoff_core::{Seconds, did_you_mean, parse_duration};

use super::ScenarioError;
use super::node::{Node, Table, Value};
use crate::distribution::{Distribution, nanos};

/// The longest duration of a scenario, in seconds: a year.
const LONGEST: f64 = 31_536_000.0;

/// A table of a scenario with its path, for example `server.api`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Section<'a> {
    path: &'a str,
    line: Option<usize>,
    table: &'a Table,
}

type Read<T> = Result<T, ScenarioError>;

impl<'a> Section<'a> {
    pub(crate) fn new(path: &'a str, line: Option<usize>, table: &'a Table) -> Self {
        Self { path, line, table }
    }

    pub(crate) fn line(&self) -> Option<usize> {
        self.line
    }

    pub(crate) fn path(&self) -> &'a str {
        self.path
    }

    /// Refuses every key that is not among `known`.
    pub(crate) fn allow(&self, known: &[&str]) -> Read<()> {
        match self.table.iter().find(|(key, _)| !known.contains(&key.as_str())) {
            None => Ok(()),
            Some((key, node)) => {
                let advice = match did_you_mean(key, known.iter().copied()) {
                    advice if advice.is_empty() => format!(": known are {}", known.join(", ")),
                    advice => advice,
                };
                let message = format!("unknown key {}{advice}", self.key(key));
                Err(ScenarioError::new(node.line.or(self.line), message))
            }
        }
    }

    pub(crate) fn get(&self, key: &str) -> Option<&'a Node> {
        self.table.get(key).filter(|node| node.value != Value::Null)
    }

    /// The full name of a key.
    pub(crate) fn key(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// The error that the value of `key` is not as `rule` says.
    pub(crate) fn wrong(&self, key: &str, rule: &str) -> ScenarioError {
        let node = self.get(key);
        let line = node.and_then(|node| node.line).or(self.line);
        let value = node.map_or_else(|| "missing".to_owned(), |node| node.value.to_string());
        ScenarioError::new(
            line,
            format_args!("{} must be {rule}, but it is {value}", self.key(key)),
        )
    }

    pub(crate) fn table(&self, key: &str) -> Read<Option<(Option<usize>, &'a Table)>> {
        match self.get(key) {
            None => Ok(None),
            Some(Node { line, value: Value::Table(table) }) => Ok(Some((*line, table))),
            Some(_) => Err(self.wrong(key, "a table")),
        }
    }

    pub(crate) fn text(&self, key: &str) -> Read<Option<&'a str>> {
        match self.get(key).map(|node| &node.value) {
            None => Ok(None),
            Some(Value::Text(text)) => Ok(Some(text)),
            Some(_) => Err(self.wrong(key, "a text")),
        }
    }

    pub(crate) fn flag(&self, key: &str) -> Read<bool> {
        match self.get(key).map(|node| &node.value) {
            None => Ok(false),
            Some(Value::Flag(flag)) => Ok(*flag),
            Some(_) => Err(self.wrong(key, "true or false")),
        }
    }

    pub(crate) fn count(&self, key: &str, range: RangeInclusive<u64>, default: u64) -> Read<u64> {
        match self.get(key).map(|node| &node.value) {
            None => Ok(default),
            Some(Value::Count(count)) if range.contains(count) => Ok(*count),
            Some(_) => {
                let (low, high) = range.into_inner();
                Err(self.wrong(key, &format!("a whole number from {low} to {high}")))
            }
        }
    }

    /// A count up to `most`, where the text `unlimited` is `u32::MAX`.
    pub(crate) fn bound(&self, key: &str, range: RangeInclusive<u64>, default: u32) -> Read<u32> {
        match self.get(key).map(|node| &node.value) {
            Some(Value::Text(text)) if text == "unlimited" => Ok(u32::MAX),
            Some(Value::Count(count)) if range.contains(count) => {
                Ok(u32::try_from(*count).unwrap_or(u32::MAX))
            }
            None => Ok(default),
            Some(_) => {
                let (low, high) = range.into_inner();
                Err(self.wrong(key, &format!("a whole number from {low} to {high}, or unlimited")))
            }
        }
    }

    pub(crate) fn number(&self, key: &str, range: RangeInclusive<f64>) -> Read<Option<f64>> {
        let number = match self.get(key).map(|node| &node.value) {
            None => return Ok(None),
            Some(Value::Count(count)) => Some(*count as f64),
            Some(Value::Number(number)) => Some(*number),
            Some(_) => None,
        };
        let (low, high) = range.into_inner();
        match number {
            Some(number) if number >= low && number <= high => Ok(Some(number)),
            _ if low <= f64::MIN => Err(self.wrong(key, "a number")),
            _ => Err(self.wrong(key, &format!("a number from {low} to {high}"))),
        }
    }

    pub(crate) fn duration(&self, key: &str) -> Read<Option<Seconds>> {
        match self.get(key) {
            None => Ok(None),
            Some(node) => seconds(node).map(Some).ok_or_else(|| self.wrong(key, DURATION)),
        }
    }

    /// A duration in nanoseconds.
    pub(crate) fn nanos(&self, key: &str, default: u64) -> Read<u64> {
        Ok(self.duration(key)?.map_or(default, Seconds::to_nanos))
    }

    /// One of these words; the first by default.
    pub(crate) fn choice<T: Copy>(&self, key: &str, choices: &[(&str, T)]) -> Read<Option<T>> {
        let Some(node) = self.get(key) else {
            return Ok(None);
        };
        let word = if let Value::Text(text) = &node.value { text.as_str() } else { "" };
        if let Some((_, choice)) = choices.iter().find(|(name, _)| *name == word) {
            return Ok(Some(*choice));
        }
        let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
        let error = self.wrong(key, &format!("one of {}", names.join(", ")));
        Err(ScenarioError::new(
            error.line(),
            format_args!("{}{}", error.without_line(), did_you_mean(word, names)),
        ))
    }

    /// A duration, or the distribution of one.
    pub(crate) fn distribution(&self, key: &str, default: Distribution) -> Read<Distribution> {
        let Some(node) = self.get(key) else {
            return Ok(default);
        };
        let Value::Table(table) = &node.value else {
            return match (&node.value, seconds(node)) {
                (Value::List(nodes), _) => self.list(key, nodes),
                (_, Some(constant)) => Ok(Distribution::Constant(constant.to_nanos())),
                _ => Err(self.wrong(key, &format!("{DURATION}, a list of them, or {TABLES}"))),
            };
        };
        let path = self.key(key);
        let section = Section::new(&path, node.line, table);
        section.allow(&["exponential", "normal", "log_normal", "uniform", "sd", "to"])?;
        let of = |key| section.duration(key);
        let (sd, to) = (of("sd")?, of("to")?);
        let spread = sd.map_or(0.0, |sd| sd.to_nanos() as f64);
        match (of("exponential")?, of("normal")?, of("log_normal")?, of("uniform")?) {
            (Some(mean), None, None, None) if sd.or(to).is_none() => {
                Ok(Distribution::exponential(mean))
            }
            (None, Some(mean), None, None) if to.is_none() => {
                Ok(Distribution::Normal { mean: mean.to_nanos() as f64, sd: spread })
            }
            (None, None, Some(mean), None) if to.is_none() => {
                if mean == Seconds::ZERO {
                    return Err(section.wrong("log_normal", "a duration above 0s"));
                }
                Ok(Distribution::log_normal(mean, sd.unwrap_or(mean)))
            }
            (None, None, None, Some(low)) if sd.is_none() => match to {
                Some(high) if high >= low => Ok(Distribution::Uniform {
                    low: low.to_nanos() as f64,
                    high: high.to_nanos() as f64,
                }),
                _ => Err(section.wrong("to", "a duration that is not below uniform")),
            },
            _ => Err(self.wrong(key, TABLES)),
        }
    }

    fn list(&self, key: &str, nodes: &[Node]) -> Read<Distribution> {
        let durations: Option<Vec<_>> =
            nodes.iter().map(|node| seconds(node).map(Seconds::to_nanos)).collect();
        match durations {
            Some(durations) if !durations.is_empty() => Ok(Distribution::List(durations.into())),
            _ => Err(self.wrong(key, "a list of durations that is not empty")),
        }
    }
}

const DURATION: &str = "a duration of at most a year such as \"100ms\"";
const TABLES: &str =
    "a table of exponential, of normal and sd, of log_normal and sd, or of uniform and to";

/// The duration that a value is.
pub(super) fn seconds(node: &Node) -> Option<Seconds> {
    let duration = match &node.value {
        Value::Text(text) => parse_duration(text).ok().map(Seconds::from_duration),
        Value::Count(count) => Seconds::new(*count as f64),
        Value::Number(number) => Seconds::new(*number),
        _ => None,
    };
    duration.filter(|seconds| seconds.get() <= LONGEST && nanos(seconds.get()) < u64::MAX)
}
