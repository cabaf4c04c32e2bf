//! The processes that a try leaves behind.

use std::{fs, iter};

use nix::unistd;
use rustix::io::Errno;
use rustix::process::{Pid, WaitId, WaitIdOptions, WaitOptions, WaitStatus, wait, waitid};

/// What has happened to a child.
pub(super) enum Change {
    Ended(WaitStatus),
    Stopped(i32),
}

/// Has orphaned descendants become children of this process, where the system can (Linux), and gives the children
/// that it has already.
pub(super) fn adopt_orphans() -> Vec<Pid> {
    #[cfg(target_os = "linux")]
    {
        let _ = rustix::process::set_child_subreaper(Some(rustix::process::getpid()));
        if are_any() { all() } else { Vec::new() }
    }
    #[cfg(not(target_os = "linux"))]
    Vec::new()
}

/// The next change of a child; `None` when there is none.
pub(super) fn next_change() -> Option<(Pid, Change)> {
    loop {
        let (child, status) = match wait(WaitOptions::NOHANG | WaitOptions::UNTRACED) {
            Ok(Some(change)) => change,
            Err(Errno::INTR) => continue,
            Ok(None) | Err(_) => return None,
        };
        if let Some(signal) = status.stopping_signal() {
            return Some((child, Change::Stopped(signal)));
        }
        return Some((child, Change::Ended(status)));
    }
}

/// Whether this process has a child.
fn are_any() -> bool {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    !matches!(waitid(WaitId::All, options), Err(Errno::CHILD))
}

/// Whether anything is left of the try that `group` was.
///
/// Where orphans are adopted, everything that it left has an ancestor among the children.
pub(super) fn are_left(group: Pid, bystanders: &[Pid]) -> bool {
    if cfg!(target_os = "linux") {
        !others_than(bystanders).is_empty()
    } else {
        rustix::process::test_kill_process_group(group).is_ok()
    }
}

/// The children of this process but `bystanders`.
pub(super) fn others_than(bystanders: &[Pid]) -> Vec<Pid> {
    if !cfg!(target_os = "linux") || !are_any() {
        return Vec::new();
    }
    let mut children = all();
    children.retain(|child| !bystanders.contains(child));
    children
}

/// Whether nobody would wake this process, if it stopped: no process around its group is in the same session.
pub(super) fn is_orphaned() -> bool {
    let mut ancestors = iter::successors(rustix::process::getppid(), |pid| {
        parent_of(pid.as_raw_pid()).and_then(Pid::from_raw)
    });
    Place::of(None).is_none_or(|own| {
        let around = ancestors.find_map(|pid| {
            let place = Place::of(Some(pid));
            place.is_none_or(|place| place.group != own.group).then_some(place)
        });
        around.flatten().is_none_or(|place| place.session != own.session)
    })
}

/// Where a process stands among the others.
///
/// A group or a session whose leader is in another pid namespace, as may be in a container, is zero: a number, but
/// no process.
#[derive(Clone, Copy)]
struct Place {
    group: i32,
    session: i32,
}

impl Place {
    fn of(pid: Option<Pid>) -> Option<Self> {
        let pid = pid.map(|pid| unistd::Pid::from_raw(pid.as_raw_pid()));
        Some(Self {
            group: unistd::getpgid(pid).ok()?.as_raw(),
            session: unistd::getsid(pid).ok()?.as_raw(),
        })
    }
}

/// The process group of this process; `None` when it is led from another pid namespace.
pub(super) fn own_group() -> Option<Pid> {
    Pid::from_raw(unistd::getpgrp().as_raw())
}

fn all() -> Vec<Pid> {
    let own = rustix::process::getpid();
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    pids.filter(|pid| parent_of(*pid) == Some(own.as_raw_pid())).filter_map(Pid::from_raw).collect()
}

/// The fourth field, after a name that may hold anything: `42 (name) S 1 …`.
fn parent_of(pid: i32) -> Option<i32> {
    let stat = fs::read(format!("/proc/{pid}/stat")).ok()?;
    let after_name = stat.iter().rposition(|byte| *byte == b')')? + 1;
    let fields = String::from_utf8_lossy(&stat[after_name..]);
    fields.split_whitespace().nth(1)?.parse().ok()
}
