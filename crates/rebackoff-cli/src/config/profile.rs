//! Profiles: parameters by name, in a file and in the environment.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use rebackoff_core::{Setting, Settings};
use rebackoff_sim::profile::{Layer, Source, did_you_mean, nearest};

use crate::CliError;

/// Variables that are no parameters, whatever the profile is called.
const OURS: [&str; 10] = [
    "REBACKOFF_PROFILE",
    "REBACKOFF_TRY",
    "REBACKOFF_MAX_TRIES",
    "REBACKOFF_LAST_EXIT",
    "REBACKOFF_ELAPSED_MS",
    "REBACKOFF_REMAINING_MS",
    "REBACKOFF_REASON",
    "REBACKOFF_CALL",
    "REBACKOFF_SHARED_DIR",
    "REBACKOFF_ACCELERATOR",
];

type Tables = BTreeMap<String, BTreeMap<String, Setting>>;

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
                let environment = from_environment(name, &others)?;
                return Ok(Self { file: Ok(Layer::with(source, parameters)), environment });
            }
            let names = if others.is_empty() { "none".to_owned() } else { others.join(", ") };
            seen.push(format!("{} (profiles: {names})", path.display()));
        }
        let advice = did_you_mean(name, others.iter().map(String::as_str));
        let missing = format!("no profile {name:?} in {}{advice}", seen.join(" or "));
        Ok(Self {
            file: Err(CliError::new(missing)),
            environment: from_environment(name, &others)?,
        })
    }
}

/// The variables `REBACKOFF_<PROFILE>_<PARAMETER>`; an empty one counts as not set.
///
/// # Errors
///
/// A variable names no parameter, and belongs to none of the `others`, the profiles of longer names.
fn from_environment(profile: &str, others: &[String]) -> Result<Layer, CliError> {
    let prefix = format!("REBACKOFF_{}_", shout(profile));
    let source = Source::Environment { prefix: prefix.clone() };
    let others: Vec<_> = others.iter().map(|name| format!("REBACKOFF_{}_", shout(name))).collect();
    let known = Settings::NAMES.iter().copied().chain(["timeout"]);
    let known: Vec<_> = known.map(|name| (source.spell(name), name)).collect();
    let mut layer = Layer::new(source);
    for (variable, value) in env::vars_os() {
        let variable = variable.to_string_lossy();
        let is_empty = value.to_string_lossy().trim().is_empty();
        if is_empty || !variable.starts_with(&prefix) || OURS.contains(&&*variable) {
            continue;
        }
        if let Some((_, parameter)) = known.iter().find(|(name, _)| *name == variable) {
            layer.set_text(parameter, &value.to_string_lossy());
            continue;
        }
        let is_longer = |other: &&String| other.len() > prefix.len();
        if others.iter().filter(is_longer).any(|other| variable.starts_with(other)) {
            continue;
        }
        let names = known.iter().map(|(_, parameter)| *parameter).collect::<Vec<_>>();
        let advice = match nearest(&variable[prefix.len()..], names.iter().copied()) {
            Some(near) => format!("; did you mean {prefix}{}?", shout(near)),
            None => format!(": known are {}", names.join(", ")),
        };
        return Err(CliError::new(format_args!(
            "{variable} is no parameter of the profile {profile:?}{advice}"
        )));
    }
    Ok(layer)
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
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound && !must_exist => return Ok(None),
        Err(error) => {
            return Err(CliError::io(format_args!("cannot read {}", path.display()), &error));
        }
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

fn shout(name: &str) -> String {
    let capital = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    name.chars().map(capital).collect()
}
