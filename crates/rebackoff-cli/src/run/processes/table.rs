//! The system's table of processes.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;

use rustix::io::Errno;
use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};

/// A process as the system shows it.
#[derive(Clone, Debug)]
pub(super) struct Process {
    pub(super) pid: Pid,
    pub(super) name: String,
    pub(super) has_ended: bool,
    pub(super) parent: i32,
    pub(super) group: i32,
}

impl Process {
    /// Reads `42 (name) S 1 42 …`; the name may hold anything.
    pub(super) fn of(pid: Pid) -> Option<Self> {
        let stat = fs::read(format!("/proc/{}/stat", pid.as_raw_pid())).ok()?;
        let name = stat.iter().position(|byte| *byte == b'(')? + 1;
        let end = stat.iter().rposition(|byte| *byte == b')')?;
        let fields = String::from_utf8_lossy(&stat[end + 1..]);
        let mut fields = fields.split_whitespace();
        Some(Self {
            pid,
            name: OsStr::from_bytes(&stat[name..end]).to_string_lossy().into_owned(),
            has_ended: matches!(fields.next()?, "Z" | "X"),
            parent: fields.next()?.parse().ok()?,
            group: fields.next()?.parse().ok()?,
        })
    }
}

/// Returns whether this process has a child.
pub(super) fn has_children() -> bool {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    !matches!(waitid(WaitId::All, options), Err(Errno::CHILD))
}

#[cfg(target_os = "linux")]
/// The children of this process.
pub(super) fn children() -> Vec<Pid> {
    let own = rustix::process::getpid().as_raw_pid();
    all().filter(|process| process.parent == own).map(|process| process.pid).collect()
}

/// All processes.
pub(super) fn all() -> impl Iterator<Item = Process> {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    pids.filter_map(Pid::from_raw).filter_map(Process::of)
}

/// Returns whether the system shows its processes: `/proc` is there.
pub(super) fn is_visible() -> bool {
    Process::of(rustix::process::getpid()).is_some()
}
