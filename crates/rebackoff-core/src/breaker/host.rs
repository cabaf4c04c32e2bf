//! The parameters of a breaker as words, for a file that processes share.

use alloc::vec::Vec;
use core::mem::offset_of;

use super::rates::{Rates, Trip};
use super::window::Span;
use super::{Breaker, BreakerBuilder};
use crate::atomic::Ordering::Relaxed;
use crate::host::{GuardParameters, HostClock, HostGuard};
use crate::slices::SLICES;
use crate::{Jitter, PolicyError, Seconds};

const JITTERS: [Jitter; 4] = [Jitter::None, Jitter::Full, Jitter::Equal, Jitter::Random];
const IN_A_ROW: u64 = 0;
const RATES_OF_CALLS: u64 = 1;
const RATES_OF_TIME: u64 = 2;

impl HostGuard for Breaker {
    const KIND: &'static str = "breaker";
    const STATE: usize = offset_of!(Self, state);

    fn with_host_clock(self, clock: HostClock) -> Self {
        Self { host_clock: Some(clock), ..self }
    }

    fn parameters(&self) -> GuardParameters {
        let rules = &self.rules;
        let [kind, most, slow_rate, longer_than, window, min_calls] = match &rules.trip {
            Trip::Consecutive(failures) => [IN_A_ROW, u64::from(*failures), 0, 0, 0, 0],
            Trip::Rates(rates) => of_rates(rates),
        };
        let jitter = JITTERS.iter().position(|jitter| *jitter == rules.jitter).unwrap_or(0) as u64;
        let spans = [rules.open_for, rules.max_open_for, rules.probe_timeout];
        let [open_for, max_open_for, probe_timeout] = spans.map(|span| span.get().to_bits());
        let (probes, close_after) = (u64::from(rules.probes), u64::from(rules.close_after));
        let (growth, dry_run) = (rules.growth.to_bits(), u64::from(rules.dry_run));
        [
            kind,
            most,
            slow_rate,
            longer_than,
            window,
            min_calls,
            open_for,
            growth,
            max_open_for,
            jitter,
            probes,
            close_after,
            probe_timeout,
            dry_run,
            0,
            0,
        ]
    }

    fn from_parameters(words: &GuardParameters) -> Result<Self, PolicyError> {
        let &[kind, most, slow_rate, longer_than, window, min_calls, ref others @ ..] = words;
        let &[open_for, growth, max_open_for, jitter, probes, close_after, ref others @ ..] =
            others;
        let &[probe_timeout, dry_run, ..] = others;
        let count = |word: u64| u32::try_from(word).unwrap_or(u32::MAX);
        let span = |word: u64| Seconds::saturating(f64::from_bits(word));
        let mut new = Self::builder();
        if kind == IN_A_ROW {
            new = new.consecutive(count(most));
        } else {
            let (failure_rate, slow_rate) = (f64::from_bits(most), f64::from_bits(slow_rate));
            new = new.min_calls(count(min_calls));
            new = if kind == RATES_OF_CALLS {
                new.window_calls(count(window))
            } else {
                new.window_time(core::time::Duration::from_nanos(window))
            };
            new.failure_rate = failure_rate.is_finite().then_some(failure_rate);
            new.slow_rate = slow_rate.is_finite().then(|| (slow_rate, span(longer_than)));
        }
        let jitter = usize::try_from(jitter).ok().and_then(|index| JITTERS.get(index));
        BreakerBuilder {
            open_for: span(open_for),
            growth: f64::from_bits(growth),
            max_open_for: Some(span(max_open_for)),
            jitter: jitter.copied().unwrap_or(Jitter::None),
            probes: count(probes),
            close_after: Some(count(close_after)),
            probe_timeout: span(probe_timeout),
            dry_run: dry_run != 0,
            ..new
        }
        .build()
    }

    fn host_counts(&self) -> Vec<(&'static str, u64)> {
        let counters = &self.state.counters;
        Vec::from([
            ("host_rejected", counters.rejected.load(Relaxed)),
            ("host_opened", counters.opened.load(Relaxed)),
            ("host_failures", counters.failures.load(Relaxed)),
        ])
    }
}

fn of_rates(rates: &Rates) -> [u64; 6] {
    let (kind, window) = match rates.span {
        Span::Calls { calls, .. } => (RATES_OF_CALLS, calls),
        Span::Time { slice } => (RATES_OF_TIME, slice * SLICES),
    };
    let longer_than = rates.longer_than.unwrap_or(Seconds::ZERO);
    [
        kind,
        rates.failure_rate.to_bits(),
        rates.slow_rate.to_bits(),
        longer_than.get().to_bits(),
        window,
        u64::from(rates.min_calls),
    ]
}
