//! The values of a scenario with the lines that they stand on, from TOML or JSON.

use std::collections::BTreeMap;
use std::fmt;

use rebackoff_core::Setting;
use toml::de::{DeTable, DeValue};

use super::ScenarioError;

/// A value, and the number of its line.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node {
    pub(crate) line: Option<usize>,
    pub(crate) value: Value,
}

/// A value of a scenario.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Table(Table),
    List(Vec<Node>),
    Text(String),
    Count(u64),
    Number(f64),
    Flag(bool),
}

/// The values of a table by their keys.
pub(crate) type Table = BTreeMap<String, Node>;

/// Reads a scenario, which is JSON if it begins with a brace.
pub(crate) fn parse(text: &str) -> Result<Table, ScenarioError> {
    if text.trim_start().starts_with('{') {
        return match serde_json::from_str(text) {
            Ok(serde_json::Value::Object(object)) => {
                Ok(object.into_iter().filter_map(of_json).collect())
            }
            Ok(_) => Err(ScenarioError::new(None, "a scenario must be an object")),
            Err(error) => Err(ScenarioError::new(Some(error.line()), error)),
        };
    }
    let table = DeTable::parse(text).map_err(|error| {
        let line = error.span().map(|span| line_of(text, span.start));
        ScenarioError::new(line, error.message())
    })?;
    of_table(text, table.get_ref())
}

fn line_of(text: &str, place: usize) -> usize {
    text.bytes().take(place).filter(|byte| *byte == b'\n').count() + 1
}

fn of_table(text: &str, table: &DeTable<'_>) -> Result<Table, ScenarioError> {
    let entry =
        |(key, value): (&toml::Spanned<std::borrow::Cow<'_, str>>, &toml::Spanned<DeValue<'_>>)| {
            let line = line_of(text, key.span().start);
            Ok((key.get_ref().to_string(), of_value(text, line, value.get_ref())?))
        };
    table.iter().map(entry).collect()
}

fn of_value(text: &str, line: usize, value: &DeValue<'_>) -> Result<Node, ScenarioError> {
    let wrong = |value: &str| {
        ScenarioError::new(Some(line), format_args!("{value} is no number that a scenario takes"))
    };
    let value = match value {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(number) => {
            let digits = number.as_str();
            match i128::from_str_radix(digits, number.radix()) {
                Ok(number) => match u64::try_from(number) {
                    Ok(count) => Value::Count(count),
                    Err(_) => Value::Number(number as f64),
                },
                Err(_) => return Err(wrong(digits)),
            }
        }
        DeValue::Float(number) => {
            Value::Number(number.as_str().parse().map_err(|_| wrong(number.as_str()))?)
        }
        DeValue::Boolean(flag) => Value::Flag(*flag),
        DeValue::Datetime(date) => return Err(wrong(&date.to_string())),
        DeValue::Array(values) => {
            let node = |value: &toml::Spanned<DeValue<'_>>| {
                of_value(text, line_of(text, value.span().start), value.get_ref())
            };
            Value::List(values.iter().map(node).collect::<Result<_, _>>()?)
        }
        DeValue::Table(table) => Value::Table(of_table(text, table)?),
    };
    Ok(Node { line: Some(line), value })
}

/// A value of JSON; a null is left out.
fn of_json((key, value): (String, serde_json::Value)) -> Option<(String, Node)> {
    Some((key, json_node(value)?))
}

fn json_node(value: serde_json::Value) -> Option<Node> {
    let value = match value {
        serde_json::Value::Null => return None,
        serde_json::Value::Bool(flag) => Value::Flag(flag),
        serde_json::Value::Number(number) => match number.as_u64() {
            Some(count) => Value::Count(count),
            None => Value::Number(number.as_f64()?),
        },
        serde_json::Value::String(text) => Value::Text(text),
        serde_json::Value::Array(values) => {
            Value::List(values.into_iter().filter_map(json_node).collect())
        }
        serde_json::Value::Object(object) => {
            Value::Table(object.into_iter().filter_map(of_json).collect())
        }
    };
    Some(Node { line: None, value })
}

impl Value {
    /// The parameter of a policy that this value is.
    pub(crate) fn setting(&self) -> Option<Setting> {
        match self {
            Self::Text(text) => Some(Setting::Text(text.clone())),
            Self::Count(count) => Some(Setting::Count(*count)),
            Self::Number(number) => Some(Setting::Number(*number)),
            Self::List(nodes) => {
                let settings = nodes.iter().map(|node| node.value.setting());
                settings.collect::<Option<_>>().map(Setting::List)
            }
            Self::Flag(_) | Self::Table(_) => None,
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Table(_) => f.write_str("a table"),
            Self::List(nodes) => {
                f.write_str("[")?;
                for (n, node) in nodes.iter().enumerate() {
                    write!(f, "{}{}", if n == 0 { "" } else { ", " }, node.value)?;
                }
                f.write_str("]")
            }
            Self::Text(text) => write!(f, "{text:?}"),
            Self::Count(count) => write!(f, "{count}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Flag(flag) => write!(f, "{flag}"),
        }
    }
}
