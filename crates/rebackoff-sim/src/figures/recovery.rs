//! The time from the end of the last fault until the service is well again.

use super::{Bin, Tally};
use crate::model::Model;

/// The share of the calls that must succeed, of the share before the first fault.
const WELL: f64 = 0.9;

/// The bins of a window: a call that begins in one bin ends in a later one.
const WINDOW: usize = 3;

/// The recovery of a service from its faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Recovery {
    /// In nanoseconds.
    After(u64),
    /// The service was not well at the end.
    Never,
}

/// The recovery of a replication; `None` where no fault has ended in its time.
pub(super) fn recovery(tally: &Tally, model: &Model) -> Option<Recovery> {
    let end =
        model.faults.iter().map(|fault| fault.to).max().filter(|end| *end < model.duration)?;
    let begin = model.faults.iter().map(|fault| fault.from).min()?;
    let index = |time: u64| usize::try_from(time / model.bin).unwrap_or(usize::MAX);
    let bins = tally.series.bins.get(..index(model.duration))?;
    let before = bins.get(index(model.warmup)..index(begin)).unwrap_or_default();
    // Without a success before the fault, calls have to succeed after it all the same.
    let threshold = WELL * share(before).filter(|share| *share > 0.0).unwrap_or(1.0);
    let first = index(end);
    let is_ill = |window: &[Bin]| share(window).is_some_and(|share| share < threshold);
    let ill = bins.get(first..)?.windows(WINDOW).rposition(is_ill);
    Some(match ill {
        None => Recovery::After(0),
        Some(last) if first + last + WINDOW + 1 >= bins.len() => Recovery::Never,
        Some(last) => Recovery::After(((first + last + 1) as u64 * model.bin).saturating_sub(end)),
    })
}

/// The share of calls that succeeded; `None` without calls.
fn share(bins: &[Bin]) -> Option<f64> {
    let calls: u64 = bins.iter().map(|bin| bin.calls).sum();
    let succeeded: u64 = bins.iter().map(|bin| bin.succeeded).sum();
    (calls > 0).then(|| succeeded as f64 / calls as f64)
}
