//! The file that a command's first word names, and its start.

use std::ffi::{CString, OsStr, OsString};
use std::fs::{self, File};
use std::io::Read as _;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};
use std::{env, io};

use nix::spawn::{PosixSpawnAttr, PosixSpawnFileActions, posix_spawn};
use rustix::fs::{Access, access};
use rustix::io::Errno;
use rustix::process::Pid;

use super::environment::Variable;
use crate::ending::Ending;
use crate::failure::reason;

const SHELL: &str = "/bin/sh";
/// The search path of `execvp` where PATH is not set.
const DEFAULT_PATH: &str = "/bin:/usr/bin";

/// A command line, ready to be started.
#[derive(Debug)]
pub(super) struct Program {
    name: OsString,
    arguments: Vec<CString>,
    /// The file that was started last.
    file: Option<PathBuf>,
}

impl Program {
    pub(super) fn new(words: &[OsString]) -> Self {
        let name = words.first().cloned().unwrap_or_default();
        // An argument of this process holds no NUL.
        let arguments = words.iter().filter_map(|word| CString::new(word.as_bytes()).ok());
        Self { name, arguments: arguments.collect(), file: None }
    }

    /// The shell command `script`.
    pub(super) fn shell(script: &OsStr) -> Self {
        Self::new(&[SHELL.into(), "-c".into(), script.to_owned()])
    }

    /// Starts the program; the error is the reason for which there is none to start.
    pub(super) fn spawn(
        &mut self,
        actions: &PosixSpawnFileActions,
        attributes: &PosixSpawnAttr,
        environment: &[Variable],
    ) -> Result<Pid, Ending> {
        let file = match self.file.take() {
            Some(file) => file,
            None => find(&self.name)?,
        };
        let spawn = |file: &Path, arguments: &[CString]| {
            posix_spawn(file, actions, attributes, arguments, environment)
        };
        let mut spawned = spawn(&file, &self.arguments);
        if spawned == Err(nix::errno::Errno::ENOEXEC) && is_text(&file) {
            spawned = spawn(Path::new(SHELL), &self.for_shell(&file));
        }
        match spawned {
            Ok(pid) => {
                self.file = Some(file);
                Pid::from_raw(pid.as_raw()).ok_or(Ending::NotFound(String::new()))
            }
            Err(error) => Err(cannot_start(&file, Errno::from_raw_os_error(error as i32))),
        }
    }

    /// The arguments with which a shell runs `file`, a script without `#!`.
    fn for_shell(&self, file: &Path) -> Vec<CString> {
        let file = file.as_os_str().to_owned().into_vec();
        let first = [SHELL.into(), file].into_iter().filter_map(|word| CString::new(word).ok());
        first.chain(self.arguments.iter().skip(1).cloned()).collect()
    }
}

/// The file that `name` means; as `execvp` finds it.
fn find(name: &OsStr) -> Result<PathBuf, Ending> {
    if name.as_bytes().contains(&b'/') {
        return Ok(name.into());
    }
    let path = env::var_os("PATH").unwrap_or_else(|| DEFAULT_PATH.into());
    let mut forbidden = None;
    for folder in env::split_paths(&path).filter(|_| !name.is_empty()) {
        let file = if folder.as_os_str().is_empty() {
            Path::new(".").join(name)
        } else {
            folder.join(name)
        };
        match access(&file, Access::EXEC_OK) {
            Ok(()) if !file.is_dir() => return Ok(file),
            Ok(()) | Err(Errno::ACCESS) if file.exists() => {
                forbidden.get_or_insert(file);
            }
            _ => {}
        }
    }
    // Starting the file gives the reason.
    forbidden.ok_or_else(|| Ending::NotFound(hint(name).to_owned()))
}

/// Advice for a word that is a shell's and no program's.
fn hint(name: &OsStr) -> &'static str {
    let text = name.to_string_lossy();
    if text.contains(|c: char| c.is_whitespace() || "|&;<>$`*?(){}".contains(c)) {
        "a shell line needs a shell: -- sh -c 'LINE'"
    } else if text.contains('=') {
        "an assignment needs a shell or env: -- env NAME=VALUE COMMAND"
    } else {
        "functions, aliases and builtins need their shell: -- sh -c 'LINE'"
    }
}

/// The reason for which the command did not start.
fn cannot_start(file: &Path, error: Errno) -> Ending {
    let system = || reason(&io::Error::from(error));
    let interpreter = interpreter(file);
    match error {
        Errno::AGAIN | Errno::NOMEM | Errno::MFILE | Errno::NFILE => Ending::NotStarted(system()),
        Errno::NOENT if !file.exists() => Ending::NotFound(file_hint(file).to_owned()),
        Errno::NOENT => Ending::NotFound(match interpreter {
            Some(interpreter) => format!("its interpreter {interpreter} does not exist"),
            None => "its dynamic loader does not exist".to_owned(),
        }),
        Errno::ACCESS if file.is_dir() => Ending::NotExecutable("it is a directory".to_owned()),
        Errno::ACCESS => Ending::NotExecutable(match interpreter {
            Some(interpreter) if access(file, Access::EXEC_OK).is_ok() => {
                format!("its interpreter {interpreter} may not be executed")
            }
            _ => "permission denied; chmod +x makes a file executable".to_owned(),
        }),
        Errno::NOEXEC => Ending::NotExecutable("this system does not know its format".to_owned()),
        _ => Ending::NotExecutable(system()),
    }
}

fn file_hint(file: &Path) -> &'static str {
    let name = file.as_os_str();
    if name.to_string_lossy().contains([' ', '=']) { hint(name) } else { "there is no such file" }
}

/// Returns whether a shell may read `file`: a binary has a NUL in its first line.
fn is_text(file: &Path) -> bool {
    let start = start(file);
    let line = start.split(|byte| *byte == b'\n').next().unwrap_or_default();
    !line.contains(&0)
}

/// The interpreter that the first line of `file` names.
fn interpreter(file: &Path) -> Option<String> {
    let start = start(file);
    let line = start.strip_prefix(b"#!")?.split(|byte| *byte == b'\n').next()?;
    let line = String::from_utf8_lossy(line);
    let word = line.trim_start().split([' ', '\t']).next()?;
    // A carriage return at the end of the line is a part of the name, and the reason.
    Some(word.escape_debug().to_string())
}

fn start(file: &Path) -> Vec<u8> {
    let mut start = Vec::new();
    if fs::metadata(file).is_ok_and(|metadata| metadata.is_file()) {
        if let Ok(file) = File::open(file) {
            let _ = file.take(256).read_to_end(&mut start);
        }
    }
    start
}
