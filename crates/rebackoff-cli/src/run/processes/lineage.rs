//! The processes that a try consists of.

use std::fs;

use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd;
use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};

use super::super::environment::CALL;
#[cfg(target_os = "linux")]
use super::table::children;
use super::table::{Process, all, has_children, is_visible};

/// The process group of a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::run) enum Group {
    /// A group of its own, which the command leads.
    Own,
    /// Rebackoff's own group, at a terminal.
    Shared,
}

/// Tells the processes of a try from those of others.
///
/// Orphaned descendants become children of this process where the system can do so (Linux). As the first process of
/// a container, and after `exec` in a shell, it has orphans of others, too. The environment then tells them apart.
#[derive(Debug)]
pub(in crate::run) struct Lineage {
    /// The mark in the environment of each process of a try.
    mark: String,
    /// Every child is a process of a try.
    all_are_ours: bool,
    /// The children that this process had when it began.
    inherited: Vec<Pid>,
}

/// A process that goes on although it was to end.
#[derive(Clone, Debug)]
pub(in crate::run) struct Survivor {
    pub(in crate::run) pid: Pid,
    pub(in crate::run) name: String,
    /// The reason why it may not be signalled; `None` where it does not end.
    pub(in crate::run) error: Option<Errno>,
}

/// Orphaned descendants become children of this process.
const ADOPTS_ORPHANS: bool = cfg!(target_os = "linux");

impl Lineage {
    pub(in crate::run) fn begin(mark: String) -> Self {
        #[cfg(target_os = "linux")]
        let inherited = {
            let own = rustix::process::getpid();
            let _ = rustix::process::set_child_subreaper(Some(own));
            if has_children() { children() } else { Vec::new() }
        };
        #[cfg(not(target_os = "linux"))]
        let inherited = Vec::new();
        let is_first = rustix::process::getpid() == Pid::INIT;
        Self { mark, all_are_ours: !is_first && inherited.is_empty(), inherited }
    }

    /// A command that is no try may leave processes behind.
    pub(in crate::run) fn expect_others(&mut self) {
        self.all_are_ours = false;
    }

    /// The living processes of the try that `leader` began.
    fn members(&self, leader: Pid) -> Vec<Process> {
        if !has_children() {
            return Vec::new();
        }
        let own = rustix::process::getpid().as_raw_pid();
        let (mut found, mut others): (Vec<_>, Vec<_>) =
            all().partition(|process| process.parent == own && self.is_ours(process, leader));
        // Descendants, generation after generation.
        let mut begin = 0;
        while begin < found.len() {
            let parents: Vec<_> = found[begin..].iter().map(|process| process.pid).collect();
            begin = found.len();
            let is_child = |process: &Process| {
                parents.iter().any(|parent| parent.as_raw_pid() == process.parent)
            };
            let (next, rest) = others.into_iter().partition(is_child);
            found.extend::<Vec<_>>(next);
            others = rest;
        }
        found.retain(|process| !process.has_ended);
        found
    }

    /// Returns whether anything of the try is still running.
    pub(in crate::run) fn is_running(&self, leader: Pid, group: Group) -> bool {
        if ADOPTS_ORPHANS && !has_children() {
            return false;
        }
        if is_visible() {
            return !self.members(leader).is_empty();
        }
        group == Group::Own && rustix::process::test_kill_process_group(leader).is_ok()
    }

    /// Sends `signal` to every process of the try.
    pub(in crate::run) fn signal(&self, leader: Pid, group: Group, signal: Signal) {
        let own = leader.as_raw_pid();
        if group == Group::Own {
            // A group that is gone needs no signal.
            let _ = killpg(unistd::Pid::from_raw(own), signal);
        } else if !is_visible() {
            let _ = kill(unistd::Pid::from_raw(own), signal);
        }
        for process in self.members(leader) {
            if group == Group::Shared || process.group != own {
                let _ = kill(unistd::Pid::from_raw(process.pid.as_raw_pid()), signal);
            }
        }
    }

    /// The first process of the try that may not be signalled, or else the first one that runs.
    pub(in crate::run) fn survivor(&self, leader: Pid) -> Option<Survivor> {
        let mut members = self.members(leader);
        if members.is_empty() && test_kill_process(leader) == Err(Errno::PERM) {
            members.extend(Process::of(leader));
        }
        let survivors = members.iter().map(|process| Survivor {
            pid: process.pid,
            name: process.name.clone(),
            error: test_kill_process(process.pid).err(),
        });
        let mut survivors: Vec<_> = survivors.collect();
        // The process may have ended meanwhile.
        survivors.retain(|survivor| survivor.error != Some(Errno::SRCH));
        survivors.sort_by_key(|survivor| survivor.error.is_none());
        survivors.into_iter().next()
    }

    fn is_ours(&self, child: &Process, leader: Pid) -> bool {
        let is_ours = child.pid == leader
            || child.group == leader.as_raw_pid()
            || self.all_are_ours
            || self.is_marked(child.pid);
        is_ours && !self.inherited.contains(&child.pid)
    }

    fn is_marked(&self, pid: Pid) -> bool {
        let environment = fs::read(format!("/proc/{}/environ", pid.as_raw_pid()));
        environment.unwrap_or_default().split(|byte| *byte == 0).any(|variable| {
            let value = variable.strip_prefix(CALL.as_bytes());
            let value = value.and_then(|value| value.strip_prefix(b"="));
            let mut marks = value.unwrap_or_default().split(|byte| *byte == b'/');
            marks.any(|mark| mark == self.mark.as_bytes())
        })
    }
}
