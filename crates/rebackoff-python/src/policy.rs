//! Policies as data: the core checks, completes and describes their settings.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use rebackoff_core::{Setting, Settings};

/// One value of a setting.
#[derive(FromPyObject, IntoPyObject)]
pub(crate) enum Value {
    Text(String),
    Count(u64),
    Number(f64),
    List(Vec<Value>),
}

type Values = Vec<(String, Value)>;

/// All settings of the policy that `settings` make by themselves, or laid over `base`, and its schedule.
#[pyfunction]
#[pyo3(signature = (settings, base = None))]
pub(crate) fn policy(settings: Values, base: Option<Values>) -> PyResult<(Values, String)> {
    let settings = read(settings);
    let policy = match base {
        None => settings.build(),
        Some(base) => read(base).build().and_then(|base| settings.over(&base)),
    };
    let policy = policy.map_err(|error| PyValueError::new_err(error.to_string()))?;
    let complete = Settings::from(&policy);
    let named = |name: &&str| Some(((*name).to_owned(), Value::from(complete.get(name)?)));
    Ok((Settings::NAMES.iter().filter_map(named).collect(), policy.to_string()))
}

/// The settings of the environment `variables` under the prefix of the policy `name`, or under `prefix`.
#[pyfunction]
pub(crate) fn variables(
    name: Option<&str>,
    prefix: &str,
    variables: Vec<(String, Option<String>)>,
) -> PyResult<Values> {
    let prefix = name.map_or_else(|| prefix.to_owned(), Settings::prefix);
    let settings = Settings::from_lookup(&prefix, &[], variables)
        .map_err(|error| PyValueError::new_err(error.to_string()))?;
    let values =
        settings.names().filter_map(|name| Some((name.to_owned(), settings.get(name)?.into())));
    Ok(values.collect())
}

fn read(values: Values) -> Settings {
    let mut settings = Settings::new();
    for (name, value) in values {
        settings.set(&name, Setting::from(value));
    }
    settings
}

impl From<Value> for Setting {
    fn from(value: Value) -> Self {
        match value {
            Value::Text(text) => Self::Text(text),
            Value::Count(count) => Self::Count(count),
            Value::Number(number) => Self::Number(number),
            Value::List(values) => Self::List(values.into_iter().map(Self::from).collect()),
        }
    }
}

impl From<&Setting> for Value {
    fn from(setting: &Setting) -> Self {
        match setting {
            Setting::Text(text) | Setting::Other(text) => Self::Text(text.clone()),
            Setting::Count(count) => Self::Count(*count),
            Setting::Number(number) => Self::Number(*number),
            Setting::List(settings) => Self::List(settings.iter().map(Self::from).collect()),
        }
    }
}
