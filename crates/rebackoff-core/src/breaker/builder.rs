use core::time::Duration;

use super::Breaker;
use super::probes::MAX_PROBES;
use super::rates::{Rates, Trip};
use super::window::Span;
use crate::atomic::const_unless_loom;
use crate::error::{Value, within};
use crate::slices::SLICES;
use crate::{Jitter, PolicyError, Seconds};

const DEFAULT_CONSECUTIVE: u32 = 5;
const DEFAULT_MIN_CALLS: u32 = 20;
const DEFAULT_WINDOW: Window = Window::Time(Seconds::from_duration(Duration::from_secs(10)));

/// A [`Breaker`] in the making; begun by [`Breaker::builder`], ended by [`build`](Self::build).
#[derive(Clone, Copy, Debug)]
#[must_use = "a breaker is made by `build`"]
pub struct BreakerBuilder {
    pub(super) consecutive: Option<u32>,
    pub(super) failure_rate: Option<f64>,
    pub(super) slow_rate: Option<(f64, Seconds)>,
    pub(super) window: Option<Window>,
    pub(super) min_calls: Option<u32>,
    pub(super) open_for: Seconds,
    pub(super) growth: f64,
    pub(super) max_open_for: Option<Seconds>,
    pub(super) jitter: Jitter,
    pub(super) probes: u32,
    pub(super) close_after: Option<u32>,
    pub(super) probe_timeout: Seconds,
    pub(super) leased_probes: bool,
    pub(super) dry_run: bool,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Window {
    Calls(u32),
    Time(Seconds),
}

/// The checked parameters of a breaker.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    pub(super) trip: Trip,
    pub(super) open_for: Seconds,
    pub(super) growth: f64,
    pub(super) max_open_for: Seconds,
    pub(super) jitter: Jitter,
    pub(super) probes: u8,
    pub(super) close_after: u32,
    pub(super) probe_timeout: Seconds,
    pub(super) leased_probes: bool,
    pub(super) dry_run: bool,
}

impl BreakerBuilder {
    pub(super) const fn new() -> Self {
        let half_a_minute = Seconds::from_duration(Duration::from_secs(30));
        Self {
            consecutive: None,
            failure_rate: None,
            slow_rate: None,
            window: None,
            min_calls: None,
            open_for: half_a_minute,
            growth: 1.0,
            max_open_for: None,
            jitter: Jitter::None,
            probes: 1,
            close_after: None,
            probe_timeout: half_a_minute,
            leased_probes: false,
            dry_run: false,
        }
    }

    /// Opens after so many failures in a row, at least 1. Default 5, unless a rate is set, which
    /// replaces it.
    pub const fn consecutive(mut self, failures: u32) -> Self {
        self.consecutive = Some(failures);
        self
    }

    /// Opens when this share of the calls in the window failed, above 0 and at most 1. Default none.
    pub const fn failure_rate(mut self, ratio: f64) -> Self {
        self.failure_rate = Some(ratio);
        self
    }

    /// Opens when this share of the calls in the window, above 0 and at most 1, took longer than
    /// `longer_than`, whatever their outcomes. Default none.
    pub const fn slow_rate(mut self, ratio: f64, longer_than: Duration) -> Self {
        self.slow_rate = Some((ratio, Seconds::from_duration(longer_than)));
        self
    }

    /// The number of calls in the window of the rates, from 1 to 1000000. Replaces
    /// [`window_time`](Self::window_time).
    pub const fn window_calls(mut self, calls: u32) -> Self {
        self.window = Some(Window::Calls(calls));
        self
    }

    /// The length of the window of the rates, from 1 s to 10 minutes. Default 10 s.
    pub const fn window_time(mut self, time: Duration) -> Self {
        self.window = Some(Window::Time(Seconds::from_duration(time)));
        self
    }

    /// The fewest calls in the window for which a rate counts, at least 1 and at most
    /// [`window_calls`](Self::window_calls). Default 20.
    pub const fn min_calls(mut self, calls: u32) -> Self {
        self.min_calls = Some(calls);
        self
    }

    /// The time that the breaker stays open before it admits probes, from 1 ms to 30 days. Default 30 s.
    pub const fn open_for(mut self, open_for: Duration) -> Self {
        self.open_for = Seconds::from_duration(open_for);
        self
    }

    /// The factor by which each re-opening, without a close between, lengthens the open time, from 1 to
    /// 1000. Default 1.
    pub const fn growth(mut self, growth: f64) -> Self {
        self.growth = growth;
        self
    }

    /// The cap of the open time after growth and jitter, from `open_for` to 30 days. Default 10 times
    /// `open_for`, or 30 days.
    pub const fn max_open_for(mut self, max_open_for: Duration) -> Self {
        self.max_open_for = Some(Seconds::from_duration(max_open_for));
        self
    }

    /// The jitter of the open time. Default [`Jitter::None`]; where many processes call the same target,
    /// [`Jitter::Equal`] keeps their probes apart.
    pub const fn jitter(mut self, jitter: Jitter) -> Self {
        self.jitter = jitter;
        self
    }

    /// The most probes at once while the breaker is half-open, from 1 to 16. Default 1.
    pub const fn probes(mut self, probes: u32) -> Self {
        self.probes = probes;
        self
    }

    /// The number of successful probes that closes the breaker, at least 1. Default `probes`.
    pub const fn close_after(mut self, successes: u32) -> Self {
        self.close_after = Some(successes);
        self
    }

    /// The time after which the permit of a hung probe expires, from 1 ms to 30 days. Default 30 s.
    pub const fn probe_timeout(mut self, probe_timeout: Duration) -> Self {
        self.probe_timeout = Seconds::from_duration(probe_timeout);
        self
    }

    /// Keeps an open breaker from admitting probes by itself: it waits for
    /// [`lease_probe`](Breaker::lease_probe). For a breaker whose fleet makes one probe in all. Default
    /// `false`.
    pub const fn leased_probes(mut self, leased_probes: bool) -> Self {
        self.leased_probes = leased_probes;
        self
    }

    /// Sets a dry run, which changes its state and counts but rejects no call. Default `false`.
    pub const fn dry_run(mut self, dry_run: bool) -> Self {
        self.dry_run = dry_run;
        self
    }

    const_unless_loom! {
        /// The breaker, closed.
        ///
        /// # Errors
        ///
        /// Names the first parameter that is not allowed, with its value.
        pub fn build(self) -> Result<Breaker, PolicyError> {
            match self.rules() {
                Ok(rules) => Ok(Breaker::new(rules)),
                Err(error) => Err(error),
            }
        }
    }

    const fn rules(self) -> Result<Rules, PolicyError> {
        let trip = match self.trip() {
            Ok(trip) => trip,
            Err(error) => return Err(error),
        };
        let rule = "open_for must be from 1ms to 30d";
        if let Err(error) = is_span("open_for", rule, self.open_for) {
            return Err(error);
        }
        if let Err(error) = within("growth", "growth must be from 1 to 1000", self.growth, 1.0, 1e3)
        {
            return Err(error);
        }
        let max_open_for = match self.max_open_for {
            Some(most) if most.get() < self.open_for.get() || most.get() > MONTH.get() => {
                let rule = "max_open_for must be from open_for to 30d";
                return Err(PolicyError::new("max_open_for", rule, Value::Span(most)));
            }
            Some(most) => most,
            None => Seconds::capped(self.open_for.get() * 10.0, MONTH),
        };
        if self.probes < 1 || self.probes > MAX_PROBES as u32 {
            let rule = "probes must be from 1 to 16";
            return Err(PolicyError::new("probes", rule, Value::Count(self.probes as u64)));
        }
        let close_after = match self.close_after {
            Some(0) => {
                let rule = "close_after must be at least 1";
                return Err(PolicyError::new("close_after", rule, Value::Count(0)));
            }
            Some(successes) => successes,
            None => self.probes,
        };
        let rule = "probe_timeout must be from 1ms to 30d";
        if let Err(error) = is_span("probe_timeout", rule, self.probe_timeout) {
            return Err(error);
        }
        Ok(Rules {
            trip,
            open_for: self.open_for,
            growth: self.growth,
            max_open_for,
            jitter: self.jitter,
            #[allow(clippy::cast_possible_truncation, reason = "at most 16")]
            probes: self.probes as u8,
            close_after,
            probe_timeout: self.probe_timeout,
            leased_probes: self.leased_probes,
            dry_run: self.dry_run,
        })
    }

    const fn trip(&self) -> Result<Trip, PolicyError> {
        if self.failure_rate.is_none() && self.slow_rate.is_none() {
            return self.trip_on_consecutive();
        }
        if let Some(failures) = self.consecutive {
            let rule = "consecutive must not be given together with a rate";
            return Err(PolicyError::new("consecutive", rule, Value::Count(failures as u64)));
        }
        let failure_rate = match self.failure_rate {
            Some(ratio) if !(ratio > 0.0 && ratio <= 1.0) => {
                let rule = "failure_rate must be above 0 and at most 1";
                return Err(PolicyError::new("failure_rate", rule, Value::Number(ratio)));
            }
            Some(ratio) => ratio,
            None => f64::INFINITY,
        };
        let (slow_rate, longer_than) = match self.slow_rate {
            Some((ratio, _)) if !(ratio > 0.0 && ratio <= 1.0) => {
                let rule = "slow_rate must be above 0 and at most 1";
                return Err(PolicyError::new("slow_rate", rule, Value::Number(ratio)));
            }
            Some((ratio, longer_than)) => (ratio, Some(longer_than)),
            None => (f64::INFINITY, None),
        };
        let window = match self.window {
            Some(window) => window,
            None => DEFAULT_WINDOW,
        };
        let min_calls = match (self.min_calls, window) {
            (Some(0), _) => {
                let rule = "min_calls must be at least 1";
                return Err(PolicyError::new("min_calls", rule, Value::Count(0)));
            }
            (Some(calls), Window::Calls(most)) if calls > most => {
                let rule = "min_calls must be at most window_calls";
                return Err(PolicyError::new("min_calls", rule, Value::Count(calls as u64)));
            }
            (Some(calls), _) => calls,
            (None, Window::Calls(most)) if most < DEFAULT_MIN_CALLS => most,
            (None, _) => DEFAULT_MIN_CALLS,
        };
        match window.span() {
            Ok(span) => {
                Ok(Trip::Rates(Rates { failure_rate, slow_rate, longer_than, span, min_calls }))
            }
            Err(error) => Err(error),
        }
    }

    const fn trip_on_consecutive(&self) -> Result<Trip, PolicyError> {
        if let Some(calls) = self.min_calls {
            let rule = "min_calls must be given together with a rate";
            return Err(PolicyError::new("min_calls", rule, Value::Count(calls as u64)));
        }
        match (self.window, self.consecutive) {
            (Some(Window::Calls(calls)), _) => {
                let rule = "window_calls must be given together with a rate";
                Err(PolicyError::new("window_calls", rule, Value::Count(calls as u64)))
            }
            (Some(Window::Time(time)), _) => {
                let rule = "window_time must be given together with a rate";
                Err(PolicyError::new("window_time", rule, Value::Span(time)))
            }
            (None, Some(0)) => {
                let rule = "consecutive must be at least 1";
                Err(PolicyError::new("consecutive", rule, Value::Count(0)))
            }
            (None, Some(failures)) => Ok(Trip::Consecutive(failures)),
            (None, None) => Ok(Trip::Consecutive(DEFAULT_CONSECUTIVE)),
        }
    }
}

impl Window {
    const fn span(self) -> Result<Span, PolicyError> {
        match self {
            Self::Calls(calls) if calls < 1 || calls > 1_000_000 => {
                let rule = "window_calls must be from 1 to 1000000";
                Err(PolicyError::new("window_calls", rule, Value::Count(calls as u64)))
            }
            Self::Calls(calls) => {
                let calls = calls as u64;
                // The calls of the window begin anywhere in a slice: at most nine others follow it.
                let slice = (calls - 1).div_ceil(SLICES - 1);
                Ok(Span::Calls { calls, slice: if slice > 0 { slice } else { 1 } })
            }
            Self::Time(time) if time.get() < 1.0 || time.get() > 600.0 => {
                let rule = "window_time must be from 1s to 10m";
                Err(PolicyError::new("window_time", rule, Value::Span(time)))
            }
            Self::Time(time) => Ok(Span::Time { slice: time.to_nanos() / SLICES }),
        }
    }
}

pub(super) const MONTH: Seconds = Seconds::from_duration(Duration::from_secs(30 * 86_400));

const fn is_span(
    parameter: &'static str,
    rule: &'static str,
    span: Seconds,
) -> Result<(), PolicyError> {
    if span.get() >= 0.001 && span.get() <= MONTH.get() {
        Ok(())
    } else {
        Err(PolicyError::new(parameter, rule, Value::Span(span)))
    }
}
