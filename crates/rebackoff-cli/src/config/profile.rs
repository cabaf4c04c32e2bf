//! Profiles: parameters by name, in a file and in the environment.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use rebackoff_core::{Setting, Settings};

use super::layer::{Layer, Source};
use crate::Failure;

type Tables = BTreeMap<String, BTreeMap<String, Setting>>;

/// The profile in `config`, or in the first of the usual files that has it; the inner error where none has.
pub(super) fn from_file(
    profile: &str,
    config: Option<&Path>,
) -> Result<Result<Layer, Failure>, Failure> {
    let paths = match config {
        Some(path) => vec![path.to_owned()],
        None => usual_files(),
    };
    let mut seen = Vec::new();
    for path in paths {
        let Some(mut tables) = read(&path, config.is_some())? else {
            seen.push(format!("{} (not there)", path.display()));
            continue;
        };
        if let Some(parameters) = tables.remove(profile) {
            let source = Source::File { path, profile: profile.to_owned() };
            return Ok(Ok(Layer::with(source, parameters)));
        }
        let names: Vec<_> = tables.keys().map(String::as_str).collect();
        let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        seen.push(format!("{} (profiles: {names})", path.display()));
    }
    let missing = format!("no profile {profile:?} in {}", seen.join(" or "));
    Ok(Err(Failure::new(missing)))
}

/// The variables `REBACKOFF_<PROFILE>_<PARAMETER>`; an empty one counts as not set.
pub(super) fn from_environment(profile: &str) -> Layer {
    let prefix = format!("REBACKOFF_{}_", shout(profile));
    let mut layer = Layer::new(Source::Environment { prefix: prefix.clone() });
    for parameter in Settings::NAMES.iter().chain(&["timeout"]) {
        let value = env::var_os(format!("{prefix}{}", shout(parameter)));
        let value = value.map(|value| value.to_string_lossy().into_owned());
        if let Some(value) = value.filter(|value| !value.trim().is_empty()) {
            layer.set_text(parameter, &value);
        }
    }
    layer
}

fn usual_files() -> Vec<PathBuf> {
    let mut files = vec![PathBuf::from("rebackoff.toml")];
    let absolute =
        |name: &str| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let config = absolute("XDG_CONFIG_HOME").or_else(|| Some(absolute("HOME")?.join(".config")));
    files.extend(config.map(|folder| folder.join("rebackoff").join("rebackoff.toml")));
    files
}

fn read(path: &Path, must_exist: bool) -> Result<Option<Tables>, Failure> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound && !must_exist => return Ok(None),
        Err(error) => {
            return Err(Failure::io(format_args!("cannot read {}", path.display()), &error));
        }
    };
    let tables = toml::from_str(&text).map_err(|error| {
        Failure::new(format_args!(
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
