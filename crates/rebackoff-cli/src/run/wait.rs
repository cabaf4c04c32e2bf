//! The wait between two tries.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::children;
use super::inbox::ENDING;
use super::surroundings::{Interruption, Surroundings, stop};
use crate::tell::{self, Told, Voice};

/// Waits; gives the interruption that ended the call, if one did.
pub(super) fn wait(
    surroundings: &mut Surroundings,
    voice: &Voice,
    wait: Duration,
    told: &Told,
) -> Option<Interruption> {
    let end = Instant::now().checked_add(wait);
    let is_shown = voice.counts_down() && surroundings.is_in_foreground();
    let interruption = loop {
        if surroundings.ended_by.is_some() {
            break surroundings.end_of_call();
        }
        let left = end.map(|end| end.saturating_duration_since(Instant::now()));
        let nap = match left {
            Some(Duration::ZERO) => break None,
            Some(left) if is_shown => {
                tell::count_down(told, left);
                // To the next whole second.
                Some(Duration::from_nanos(u64::from(left.subsec_nanos()) + 1).min(left))
            }
            left => left,
        };
        surroundings.sleep(nap);
        let mut is_over = false;
        for signal in surroundings.inbox.take() {
            match signal {
                Signal::TSTP => {
                    if is_shown {
                        tell::clear_line();
                    }
                    stop();
                }
                Signal::USR1 | Signal::USR2 => is_over = true,
                signal if ENDING.contains(&signal) => {
                    surroundings.ended_by.get_or_insert(signal);
                }
                _ => {}
            }
        }
        while children::next_change().is_some() {}
        if is_over {
            break None;
        }
    };
    if is_shown {
        tell::clear_line();
    }
    interruption
}
