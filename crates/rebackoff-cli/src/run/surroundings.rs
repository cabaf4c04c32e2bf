//! What a call has around it: signals, the terminal, other processes.

use std::io::{self, IsTerminal as _};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal};

use super::children;
use super::inbox::Inbox;
use super::lost_its_reader;
use super::terminal::Terminal;
use crate::Failure;
use crate::ending::Ending;

const NAP: Duration = Duration::from_millis(20);
const IN_VAIN: Duration = Duration::from_secs(2);

/// What a call has around it.
pub(super) struct Surroundings {
    pub(super) inbox: Inbox,
    pub(super) terminal: Option<Terminal>,
    /// How long after TERM a process group is killed.
    pub(super) grace: Duration,
    /// Children that were there before: a shell's, which has become rebackoff by `exec`.
    pub(super) bystanders: Vec<Pid>,
    /// The first signal that asked to end the call.
    pub(super) ended_by: Option<Signal>,
    /// The terminal was given to the last try.
    pub(super) shared_terminal: bool,
    /// Whether tries are given the terminal: not where rebackoff itself reads from it for them.
    may_share: bool,
    /// Whether they are given it before they ask. In a pipeline others may be reading from it: a pager, for example.
    lends_at_once: bool,
}

/// Why a call ends without the engine having been asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Interruption {
    /// A signal that was sent to rebackoff, or that its command speaks of.
    Signal(Signal),
    /// Ctrl-C at the terminal.
    CtrlC,
    /// Nobody reads what the command writes.
    NoReader,
}

impl Surroundings {
    pub(super) fn enter(grace: Duration, may_share: bool) -> Result<Self, Failure> {
        let inbox = Inbox::open().map_err(|error| Failure::io("cannot catch signals", &error))?;
        let terminal = Terminal::open();
        let is_alone =
            terminal.is_some() && io::stdin().is_terminal() && io::stdout().is_terminal();
        Ok(Self {
            inbox,
            terminal,
            lends_at_once: may_share && is_alone,
            grace,
            bystanders: children::adopt_orphans(),
            ended_by: None,
            shared_terminal: false,
            may_share,
        })
    }

    /// Lets the group of a try that begins have the terminal, where it would expect to have it.
    pub(super) fn lend_terminal(&mut self, group: Pid) {
        self.shared_terminal = self.lends_at_once && self.give_terminal(group);
    }

    /// The same after a pause.
    pub(super) fn lend_terminal_again(&mut self, group: Pid) {
        if self.lends_at_once || self.shared_terminal {
            self.shared_terminal |= self.give_terminal(group);
        }
    }

    fn give_terminal(&self, group: Pid) -> bool {
        let terminal = self.terminal.as_ref().filter(|_| self.may_share);
        terminal.is_some_and(|terminal| terminal.give_to(group))
    }

    pub(super) fn take_terminal(&self, group: Pid) {
        if let Some(terminal) = &self.terminal {
            terminal.take_from(group);
        }
    }

    /// The group of a try was stopped by `signal`. Stops as well, as a shell's job does, where a terminal or
    /// `is_asked` asks for it and somebody is there to go on with it; gives whether the group is to go on.
    pub(super) fn stop_with(&mut self, group: Pid, signal: i32, is_asked: bool) -> bool {
        if self.terminal.is_none() && !is_asked {
            return false;
        }
        let wants_terminal = [Signal::TTIN, Signal::TTOU].map(Signal::as_raw).contains(&signal);
        if wants_terminal && self.has_terminal(group) {
            return true;
        }
        self.take_terminal(group);
        stop();
        self.lend_terminal_again(group);
        true
    }

    /// Whether the group of a try has the terminal, or is given it now: it asked before it was given it, or a shell
    /// has put rebackoff into the foreground meanwhile, which tells nobody.
    fn has_terminal(&mut self, group: Pid) -> bool {
        self.shared_terminal |= self.give_terminal(group);
        self.terminal.as_ref().is_some_and(|terminal| terminal.listens_to(group))
    }

    /// Whether the terminal listens to rebackoff itself.
    pub(super) fn is_in_foreground(&self) -> bool {
        self.terminal.as_ref().is_some_and(Terminal::is_ours)
    }

    /// Sleeps until a signal arrives, for a moment, or for `longest` if that is shorter.
    pub(super) fn nap(&self, longest: Option<Duration>) {
        let moment = longest.filter(|left| !left.is_zero()).map_or(NAP, |left| left.min(NAP));
        self.sleep(Some(moment));
    }

    /// Sleeps until a signal arrives, or for `longest`.
    pub(super) fn sleep(&self, longest: Option<Duration>) {
        let timeout = longest.and_then(|longest| Timespec::try_from(longest).ok());
        let mut polled = [PollFd::from_borrowed_fd(self.inbox.descriptor(), PollFlags::IN)];
        let _ = poll(&mut polled, timeout.as_ref());
    }

    /// Why the call ends, if a signal was sent to rebackoff that ends it.
    pub(super) fn end_of_call(&self) -> Option<Interruption> {
        let signal = self.ended_by?;
        let is_typed = signal == Signal::INT && self.is_in_foreground();
        Some(if is_typed { Interruption::CtrlC } else { Interruption::Signal(signal) })
    }

    /// Why the call ends with a try that ended so, if it does.
    pub(super) fn interruption(&self, ending: Ending) -> Option<Interruption> {
        if self.ended_by.is_some() {
            return self.end_of_call();
        }
        if lost_its_reader(ending) {
            return Some(Interruption::NoReader);
        }
        let typed = [Signal::INT, Signal::QUIT].into_iter().find(|signal| {
            let number = signal.as_raw();
            ending.signal() == Some(number) || i32::from(ending.code()) == 128 + number
        });
        typed.filter(|_| self.shared_terminal).map(|signal| {
            // Whoever catches Ctrl-C and exits has not been ended by it.
            let is_ended = ending.signal() == Some(Signal::INT.as_raw());
            if is_ended { Interruption::CtrlC } else { Interruption::Signal(signal) }
        })
    }
}

impl Interruption {
    /// The exit code, where there is none of a command's.
    pub(super) fn code(self) -> u8 {
        let signal = match self {
            Self::Signal(signal) => signal,
            Self::CtrlC => Signal::INT,
            Self::NoReader => Signal::PIPE,
        };
        Ending::Killed(signal.as_raw()).code()
    }

    /// Leaves with `code`. Ctrl-C that ended the command ends rebackoff, too: a shell then ends its loop or script, and
    /// calls it 130.
    pub(super) fn leave(self, code: u8) -> u8 {
        if self == Self::CtrlC && code == self.code() {
            let _ = signal_hook::low_level::emulate_default_handler(Signal::INT.as_raw());
        }
        code
    }
}

/// Stops this process until somebody says to go on; does nothing if nobody could.
pub(super) fn stop() {
    if !children::is_orphaned() {
        let _ = signal_hook::low_level::emulate_default_handler(Signal::TSTP.as_raw());
    }
}

/// Whether what was killed at `kill_at` has not ended for so long that it never may: it hangs in the kernel.
pub(super) fn has_waited_in_vain(kill_at: Option<Instant>) -> bool {
    kill_at.is_some_and(|kill_at| kill_at.elapsed() > IN_VAIN)
}
