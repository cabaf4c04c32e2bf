//! Profiles: parameters by name, in a file and in the environment.

use std::collections::BTreeMap;
use std::env;
use std::path::{Path, PathBuf};

use rebackoff_core::{Settings, did_you_mean};
use rebackoff_sim::profile::{Layer, Source};

use crate::{CliError, input};

type Tables = BTreeMap<String, Settings>;

/// A profile as files and the environment have it.
pub(super) struct Found {
    /// Its table; the error where no file has one.
    pub(super) file: Result<Layer, CliError>,
    pub(super) environment: Layer,
}

impl Found {
    /// Reads the profile in `config`, or in the first of the usual files that has it.
    pub(super) fn read(name: &str, config: Option<&Path>) -> Result<Self, CliError> {
        let paths = match config {
            Some(path) => vec![path.to_owned()],
            None => usual_files(),
        };
        let (mut seen, mut others) = (Vec::new(), Vec::new());
        for path in paths {
            let Some(mut tables) = read(&path, config.is_some())? else {
                seen.push(format!("{} (not there)", path.display()));
                continue;
            };
            let table = tables.remove(name);
            others.extend(tables.into_keys());
            if let Some(parameters) = table {
                let source = Source::File { path, profile: name.to_owned() };
                let environment = from_environment(name)?;
                return Ok(Self { file: Ok(Layer::with(source, parameters)), environment });
            }
            let names = if others.is_empty() { "none".to_owned() } else { others.join(", ") };
            seen.push(format!("{} (profiles: {names})", path.display()));
        }
        let advice = did_you_mean(name, others.iter().map(String::as_str));
        let missing = format!("no profile {name:?} in {}{advice}", seen.join(" or "));
        Ok(Self { file: Err(CliError::new(missing)), environment: from_environment(name)? })
    }
}

/// The variables `REBACKOFF_<PROFILE>_<PARAMETER>`.
fn from_environment(profile: &str) -> Result<Layer, CliError> {
    let prefix = Settings::prefix(profile);
    let variables = env::vars_os()
        .map(|(name, value)| (name.to_string_lossy().into_owned(), value.into_string().ok()));
    let settings =
        Settings::from_lookup(&prefix, &Layer::BESIDE, variables).map_err(CliError::new)?;
    Ok(Layer::with(Source::Environment { prefix }, settings))
}

fn usual_files() -> Vec<PathBuf> {
    let mut files = vec![PathBuf::from("rebackoff.toml")];
    let absolute =
        |name: &str| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let config = absolute("XDG_CONFIG_HOME").or_else(|| Some(absolute("HOME")?.join(".config")));
    files.extend(config.map(|folder| folder.join("rebackoff").join("rebackoff.toml")));
    files
}

fn read(path: &Path, must_exist: bool) -> Result<Option<Tables>, CliError> {
    let text = if must_exist { Some(input::read(path)?) } else { input::read_if_there(path)? };
    let Some(text) = text else {
        return Ok(None);
    };
    let tables = toml::from_str(&text).map_err(|error| {
        CliError::new(format_args!(
            "{} does not hold profiles: {}",
            path.display(),
            error.to_string().trim_end()
        ))
    })?;
    Ok(Some(tables))
}
