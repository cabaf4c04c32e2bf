//! The wait between two tries.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use super::context::{Context, Interruption, stop};
use super::inbox::is_ending;
use super::processes;
use crate::report::{self, EventReport, Reporter};

/// Waits until `end`, or for ever; gives the interruption that ended the call, if one did.
pub(super) fn wait(
    context: &mut Context,
    reporter: &Reporter,
    end: Option<Instant>,
    report: &EventReport,
) -> Option<Interruption> {
    let is_shown = reporter.counts_down() && context.is_in_foreground();
    let interruption = loop {
        if context.ended_by.is_some() {
            break context.end_of_call();
        }
        let left = end.map(|end| end.saturating_duration_since(Instant::now()));
        let nap = match left {
            Some(Duration::ZERO) => break None,
            Some(left) if is_shown => {
                report::count_down(report, left);
                // To the next whole second.
                Some(Duration::from_nanos(u64::from(left.subsec_nanos()) + 1).min(left))
            }
            left => left,
        };
        context.sleep(nap);
        let mut is_over = false;
        for arrived in context.inbox.take() {
            match arrived.signal {
                Signal::SIGTSTP => stop(),
                Signal::SIGUSR1 | Signal::SIGUSR2 => is_over = true,
                signal if is_ending(signal) => {
                    context.note_end(arrived);
                }
                _ => {}
            }
        }
        processes::reap();
        if is_over {
            break None;
        }
    };
    if is_shown {
        report::clear_line();
    }
    interruption
}
