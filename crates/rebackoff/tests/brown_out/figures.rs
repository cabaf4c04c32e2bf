//! The figures of a run.

use std::fmt;

use super::clients::Run;

/// Of the requests that come within so many seconds,
const WINDOW: f64 = 0.25;
/// a server that has recovered accepts this share.
const HEALTHY: f64 = 0.9;

pub(crate) struct Figures {
    name: &'static str,
    pub(crate) calls: f64,
    pub(crate) retries: f64,
    /// Requests for each call, from the beginning of the fault on.
    pub(crate) load: f64,
    /// Seconds from the end of the fault until the server accepts what comes; no longer than was looked.
    pub(crate) recovery: f64,
    has_recovered: bool,
    /// The share of calls that were served, from the beginning of the fault on.
    pub(crate) served: f64,
}

impl Figures {
    pub(crate) const HEAD: &'static str = "\n\
        | retries | load factor | calls served | recovered after |\n\
        |---|---:|---:|---:|";

    #[allow(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "thousands"
    )]
    pub(crate) fn of(name: &'static str, run: &Run) -> Self {
        let since_the_fault = |moment| moment >= run.fault_begins;
        let (calls, served) = count(&run.calls, since_the_fault);
        let (requests, _) = count(&run.requests, since_the_fault);

        let windows = (run.end / WINDOW) as u32;
        let is_sick = |window: &u32| {
            let from = f64::from(*window) * WINDOW;
            let within = |moment| (from..from + WINDOW).contains(&moment);
            let (requests, accepted) = count(&run.requests, within);
            accepted < HEALTHY * requests
        };
        let recovered = (0..windows).rev().find(is_sick).map_or(0, |last| last + 1);
        Self {
            name,
            calls: run.calls.len() as f64,
            retries: run.retries as f64,
            load: requests / calls,
            recovery: f64::from(recovered) * WINDOW,
            has_recovered: recovered < windows,
            served: served / calls,
        }
    }
}

/// The number of events in a span of time, and of successful ones among them.
fn count(moments: &[(f64, bool)], within: impl Fn(f64) -> bool) -> (f64, f64) {
    let moments = moments.iter().filter(|(moment, _)| within(*moment));
    moments.fold((0.0, 0.0), |(all, good), (_, is_good)| {
        (all + 1.0, good + f64::from(u8::from(*is_good)))
    })
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, load, served, recovery, .. } = self;
        let never = if self.has_recovered { "" } else { "more than " };
        write!(f, "| {name} | {load:.2} | {:.0} % | {never}{recovery:.2} s |", served * 100.0)
    }
}
