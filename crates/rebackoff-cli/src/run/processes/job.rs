//! The place of this process in a shell's job.

use std::iter;

use nix::unistd;
use rustix::process::Pid;

use super::table::Process;

/// Returns whether no process would continue this one if it stopped: no process around its group is in the same
/// session.
pub(in crate::run) fn is_orphaned() -> bool {
    let parent = |pid: &Pid| Process::of(*pid).and_then(|process| Pid::from_raw(process.parent));
    let mut ancestors = iter::successors(rustix::process::getppid(), parent);
    Place::of(None).is_none_or(|own| {
        let around = ancestors.find_map(|pid| {
            let place = Place::of(Some(pid));
            place.is_none_or(|place| place.group != own.group).then_some(place)
        });
        around.flatten().is_none_or(|place| place.session != own.session)
    })
}

/// The group and the session of a process.
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
