//! The signals that reach rebackoff itself.

#[cfg_attr(any(target_os = "linux", target_os = "android"), path = "descriptor.rs")]
#[cfg_attr(not(any(target_os = "linux", target_os = "android")), path = "handlers.rs")]
mod system;

pub(super) use system::Inbox;

use std::fs::File;
use std::io::Read as _;

use nix::sys::signal::Signal;

/// The signals that end the call: those that would otherwise end rebackoff and leave its try behind.
const ENDING: [Signal; 10] = [
    Signal::SIGTERM,
    Signal::SIGINT,
    Signal::SIGHUP,
    Signal::SIGQUIT,
    Signal::SIGALRM,
    Signal::SIGVTALRM,
    Signal::SIGPROF,
    Signal::SIGXCPU,
    Signal::SIGIO,
    Signal::SIGABRT,
];

#[cfg(target_os = "linux")]
const ENDING_HERE: [Signal; 2] = [Signal::SIGPWR, Signal::SIGSTKFLT];
#[cfg(not(target_os = "linux"))]
const ENDING_HERE: [Signal; 0] = [];

/// Returns whether `signal` ends the call.
pub(super) fn is_ending(signal: Signal) -> bool {
    ENDING.contains(&signal) || ENDING_HERE.contains(&signal)
}

const OTHERS: [Signal; 6] = [
    Signal::SIGUSR1,
    Signal::SIGUSR2,
    Signal::SIGWINCH,
    Signal::SIGCONT,
    Signal::SIGCHLD,
    // A file that may not grow is an error where it is written.
    Signal::SIGXFSZ,
];

/// A signal that has arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Arrived {
    pub(super) signal: Signal,
    /// The terminal sent the signal, to its whole foreground group.
    pub(super) from_terminal: bool,
}

/// The signals to receive. A signal that was ignored when rebackoff was started stays ignored, for the command too, but
/// for CHLD: `nohup` works. At a terminal TSTP keeps its default action: it stops rebackoff and its command together.
fn received(at_terminal: bool, ignored: u64) -> impl Iterator<Item = Signal> {
    let is_heard = move |signal: &Signal| !has(ignored, *signal);
    let stop = (!at_terminal).then_some(Signal::SIGTSTP);
    ENDING.into_iter().chain(ENDING_HERE).chain(stop).filter(is_heard).chain(OTHERS)
}

fn has(signals: u64, signal: Signal) -> bool {
    signals >> (signal as i32 - 1) & 1 == 1
}

/// The signals that this process ignores, a bit for each; none where the system does not show them.
fn ignored() -> u64 {
    let mut status = [0; 4096];
    let read = File::open("/proc/self/status").and_then(|mut file| file.read(&mut status));
    let status = &status[..read.unwrap_or(0)];
    let label = b"SigIgn:";
    let mut lines = status.split(|byte| *byte == b'\n');
    let mask = lines.find_map(|line| std::str::from_utf8(line.strip_prefix(label)?).ok());
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}
