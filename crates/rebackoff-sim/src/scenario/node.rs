//! The values of a scenario with the lines that they stand on, from TOML or JSON.

use std::collections::BTreeMap;
use std::fmt;

use rebackoff_core::Setting;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
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
    Date(String),
    /// A null of JSON: no limit for a policy, elsewhere not given.
    Null,
}

/// The values of a table by their keys.
pub(crate) type Table = BTreeMap<String, Node>;

/// The most bytes of a scenario.
const MOST_BYTES: usize = 1 << 20;

/// Reads a scenario, which is JSON if it begins with a brace.
pub(crate) fn parse(text: &str) -> Result<Table, ScenarioError> {
    if text.len() > MOST_BYTES {
        let rule = format_args!("must have at most {MOST_BYTES} bytes, but has {}", text.len());
        return Err(ScenarioError::new(None, format_args!("a scenario {rule}")));
    }
    if text.trim_start().starts_with('{') {
        return match serde_json::from_str(text) {
            Ok(Node { value: Value::Table(table), .. }) => Ok(table),
            Ok(_) => Err(ScenarioError::new(None, "a scenario must be an object")),
            Err(error) => {
                let (line, message) = (error.line(), error.to_string());
                let place = format!(" at line {line} column {}", error.column());
                Err(ScenarioError::new(Some(line), message.trim_end_matches(&place)))
            }
        };
    }
    let lines = Lines(text.match_indices('\n').map(|(place, _)| place).collect());
    let table = DeTable::parse(text).map_err(|error| {
        let line = error.span().map(|span| lines.line_of(span.start));
        ScenarioError::new(line, error.message())
    })?;
    of_table(&lines, table.get_ref())
}

/// The ends of the lines of a text.
struct Lines(Vec<usize>);

impl Lines {
    fn line_of(&self, place: usize) -> usize {
        self.0.partition_point(|end| *end < place) + 1
    }
}

fn of_table(lines: &Lines, table: &DeTable<'_>) -> Result<Table, ScenarioError> {
    let entry =
        |(key, value): (&toml::Spanned<std::borrow::Cow<'_, str>>, &toml::Spanned<DeValue<'_>>)| {
            let line = lines.line_of(key.span().start);
            Ok((key.get_ref().to_string(), of_value(lines, line, value.get_ref())?))
        };
    table.iter().map(entry).collect()
}

fn of_value(lines: &Lines, line: usize, value: &DeValue<'_>) -> Result<Node, ScenarioError> {
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
        DeValue::Datetime(date) => Value::Date(date.to_string()),
        DeValue::Array(values) => {
            let node = |value: &toml::Spanned<DeValue<'_>>| {
                of_value(lines, lines.line_of(value.span().start), value.get_ref())
            };
            Value::List(values.iter().map(node).collect::<Result<_, _>>()?)
        }
        DeValue::Table(table) => Value::Table(of_table(lines, table)?),
    };
    Ok(Node { line: Some(line), value })
}

/// A value of JSON, which has no lines.
impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = deserializer.deserialize_any(JsonValue)?;
        Ok(Self { line: None, value })
    }
}

struct JsonValue;

impl<'de> Visitor<'de> for JsonValue {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of a scenario")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
        Ok(Value::Flag(flag))
    }

    fn visit_u64<E>(self, count: u64) -> Result<Value, E> {
        Ok(Value::Count(count))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Number(number as f64))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Value::Number(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut nodes = Vec::new();
        while let Some(node) = seq.next_element()? {
            nodes.push(node);
        }
        Ok(Value::List(nodes))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut table = Table::new();
        while let Some(key) = map.next_key::<String>()? {
            if table.contains_key(&key) {
                let message = format!("{key} must be given once, but it is given twice");
                return Err(A::Error::custom(message));
            }
            table.insert(key, map.next_value()?);
        }
        Ok(Value::Table(table))
    }
}

impl Value {
    /// The value that a person wrote without quotes.
    pub(crate) fn written(text: &str) -> Self {
        let count = || text.parse().ok().map(Self::Count);
        let number = || text.parse().ok().map(Self::Number);
        let flag = || text.parse().ok().map(Self::Flag);
        count().or_else(number).or_else(flag).unwrap_or_else(|| Self::Text(text.to_owned()))
    }

    /// The parameter of a policy that this value is.
    pub(crate) fn setting(&self) -> Setting {
        match self {
            Self::Text(text) => Setting::Text(text.clone()),
            Self::Count(count) => Setting::Count(*count),
            Self::Number(number) => Setting::Number(*number),
            Self::List(nodes) => {
                Setting::List(nodes.iter().map(|node| node.value.setting()).collect())
            }
            Self::Null => Setting::from("none"),
            Self::Flag(_) | Self::Table(_) | Self::Date(_) => Setting::Other(self.to_string()),
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
            Self::Date(date) => write!(f, "the date {date}"),
            Self::Null => f.write_str("null"),
        }
    }
}
