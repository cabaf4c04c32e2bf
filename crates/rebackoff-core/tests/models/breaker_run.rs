//! Random events for a breaker and its model.

use std::borrow::Borrow;
use std::time::Duration;

use proptest::prelude::*;
use rebackoff_core::{Breaker, BreakerBuilder, Health, Jitter, Seconds};

use super::model::{self, Model, Options, Trip, Window};

const MILLI: u64 = 1_000_000;
const SLOW: Duration = Duration::from_millis(300);

#[derive(Clone, Copy, Debug)]
enum Event {
    Wait(u64),
    Admit,
    Check,
    /// The permit that was given so many before the last of those that are out.
    Settle(usize, Health, Duration, u64),
    /// A call that is admitted and settled at once.
    Call(Health, Duration, u64),
    ForceOpen,
    Isolate,
    Reset,
}

fn event() -> impl Strategy<Value = Event> {
    let health = || {
        prop_oneof![
            5 => Just(Health::Failure),
            4 => Just(Health::Success),
            1 => Just(Health::Neutral)
        ]
    };
    let took = || prop_oneof![3 => Just(Duration::ZERO), 1 => Just(SLOW), 1 => Just(2 * SLOW)];
    prop_oneof![
        3 => (0..3000 * MILLI).prop_map(Event::Wait),
        2 => (0..40_u64).prop_map(|tenths| Event::Wait(tenths * 100 * MILLI)),
        1 => prop_oneof![Just(1), Just(MILLI), 0..100_000 * MILLI].prop_map(Event::Wait),
        6 => Just(Event::Admit),
        1 => Just(Event::Check),
        5 => (0..4_usize, health(), took(), 0..16_u64)
            .prop_map(|(which, health, took, draw)| Event::Settle(which, health, took, draw)),
        12 => (health(), took(), 0..16_u64)
            .prop_map(|(health, took, draw)| Event::Call(health, took, draw)),
        1 => prop_oneof![
            Just(Event::ForceOpen), Just(Event::Isolate), Just(Event::Reset), Just(Event::Reset)
        ],
    ]
}

fn trip() -> impl Strategy<Value = Trip> {
    let rate = || prop_oneof![(1..=100_u64).prop_map(|n| (n, 100)), Just((1, 3)), Just((1, 2))];
    let rates = prop_oneof![
        2 => rate().prop_map(|rate| (Some(rate), None)),
        1 => rate().prop_map(|rate| (None, Some(rate))),
        1 => (rate(), rate()).prop_map(|(one, other)| (Some(one), Some(other))),
    ];
    let window = prop_oneof![
        prop_oneof![1..12_usize, 12..60_usize].prop_map(Window::Calls),
        (1..=20_u64).prop_map(|seconds| Window::Time(seconds * 1000 * MILLI)),
    ];
    prop_oneof![
        1 => (1..6_u64).prop_map(Trip::Consecutive),
        3 => (rates, window, 1..20_usize).prop_map(|((failures, slow), window, least)| {
            let most = if let Window::Calls(calls) = window { calls } else { least };
            Trip::Rates { failures, slow, window, least: least.min(most) }
        }),
    ]
}

fn options() -> impl Strategy<Value = Options> {
    let time = || prop_oneof![Just(16_u64), 1..400_u64].prop_map(|n| n * 16 * MILLI);
    (
        trip(),
        time(),
        1..4_u64,
        1..20_u64,
        any::<bool>(),
        1..=16_usize,
        1..5_u64,
        (1..4000_u64).prop_map(|n| n * MILLI),
        proptest::bool::weighted(0.1),
    )
        .prop_map(
            |(trip, open_for, growth, most, has_jitter, probes, close_after, timeout, dry_run)| {
                Options {
                    trip,
                    open_for,
                    growth,
                    max_open_for: open_for * most,
                    has_jitter,
                    probes: if probes > 4 && probes < 16 { 1 } else { probes },
                    close_after,
                    probe_timeout: timeout,
                    dry_run,
                }
            },
        )
}

#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "small numbers")]
fn build(options: &Options) -> Breaker {
    let ratio = |(part, whole): (u64, u64)| part as f64 / whole as f64;
    let mut builder: BreakerBuilder = Breaker::builder()
        .open_for(Duration::from_nanos(options.open_for))
        .growth(options.growth as f64)
        .max_open_for(Duration::from_nanos(options.max_open_for))
        .jitter(if options.has_jitter { Jitter::Full } else { Jitter::None })
        .probes(options.probes as u32)
        .close_after(options.close_after as u32)
        .probe_timeout(Duration::from_nanos(options.probe_timeout))
        .dry_run(options.dry_run);
    match &options.trip {
        Trip::Consecutive(most) => builder = builder.consecutive(*most as u32),
        Trip::Rates { failures, slow, window, least } => {
            builder = builder.min_calls(*least as u32);
            builder = match window {
                Window::Calls(calls) => builder.window_calls(*calls as u32),
                Window::Time(time) => builder.window_time(Duration::from_nanos(*time)),
            };
            if let Some(rate) = failures {
                builder = builder.failure_rate(ratio(*rate));
            }
            if let Some(rate) = slow {
                builder = builder.slow_rate(ratio(*rate), SLOW);
            }
        }
    }
    builder.build().unwrap()
}

fn seconds(nanos: u64) -> Seconds {
    Duration::from_nanos(nanos).into()
}

/// Both, and the permits that are out.
struct Pair<'b> {
    breaker: &'b Breaker,
    model: Model,
    out: Vec<(rebackoff_core::Permit, model::Permit)>,
    counts_slow: bool,
}

impl Pair<'_> {
    fn admit(&mut self, now: u64) -> Result<(), TestCaseError> {
        match (self.breaker.admit_at(|| seconds(now)), self.model.admit(now)) {
            (Ok(permit), Ok(theirs)) => {
                prop_assert_eq!(permit.is_probe(), theirs.is_probe(), "at {}", now);
                self.out.push((permit, theirs));
            }
            (Err(open), Err(retry_in)) => {
                prop_assert_eq!(open.retry_in.map(Seconds::to_nanos), retry_in, "at {}", now);
            }
            (ours, theirs) => prop_assert!(false, "{ours:?}, not {theirs:?}, at {now}"),
        }
        Ok(())
    }

    fn settle(&mut self, which: usize, health: Health, took: Duration, now: u64, draw: u64) {
        let (permit, theirs) = self.out.swap_remove(which);
        let mut draws = || f64::from(u32::try_from(draw).unwrap()) / 16.0;
        self.breaker.settle_at(permit, health, || took.into(), || seconds(now), &mut draws);
        self.model.settle(theirs, health, self.counts_slow && took > SLOW, now, draw);
    }

    fn run(&mut self, event: Event, now: u64) -> Result<(), TestCaseError> {
        match event {
            Event::Admit => self.admit(now)?,
            Event::Check => {
                let ours = self.breaker.check_at(|| seconds(now));
                let ours = ours.map_err(|open| open.retry_in.map(Seconds::to_nanos));
                prop_assert_eq!(ours, self.model.check(now), "at {}", now);
            }
            Event::Settle(which, health, took, draw) if which < self.out.len() => {
                self.settle(self.out.len() - 1 - which, health, took, now, draw);
            }
            Event::Wait(_) | Event::Settle(..) => {}
            Event::Call(health, took, draw) => {
                let before = self.out.len();
                self.admit(now)?;
                if self.out.len() > before {
                    self.settle(before, health, took, now, draw);
                }
            }
            Event::ForceOpen => {
                self.breaker.force_open_at(|| seconds(now));
                self.model.force_open(now);
            }
            Event::Isolate => {
                self.breaker.isolate();
                self.model.isolate();
            }
            Event::Reset => {
                self.breaker.reset();
                self.model.reset();
            }
        }
        Ok(())
    }
}

/// The parameters of a breaker, and what happens to it from the moment `begin` on.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    options: Options,
    events: Vec<Event>,
    begin: u64,
}

pub(crate) fn runs() -> impl Strategy<Value = Run> {
    let events = proptest::collection::vec(event(), 1..200);
    let begin = prop_oneof![Just(0), 0..1_000_000_000 * MILLI];
    (options(), events, begin).prop_map(|(options, events, begin)| Run { options, events, begin })
}

impl Run {
    /// Compares a breaker with its model. `place` puts it where its state belongs, and `set_clock` sets its own clock
    /// there.
    pub(crate) fn check<B: Borrow<Breaker>>(
        self,
        place: impl FnOnce(Breaker) -> B,
        set_clock: impl Fn(Seconds),
    ) -> Result<(), TestCaseError> {
        let breaker = place(build(&self.options));
        let breaker = breaker.borrow();
        let mut pair = Pair {
            breaker,
            counts_slow: matches!(self.options.trip, Trip::Rates { slow: Some(_), .. }),
            model: Model::new(self.options),
            out: Vec::new(),
        };
        let mut now = self.begin;
        for event in self.events {
            if let Event::Wait(nanos) = event {
                now += nanos;
            }
            set_clock(seconds(now));
            pair.run(event, now)?;
            prop_assert_eq!(breaker.state_at(|| seconds(now)), pair.model.state(now), "at {}", now);
        }
        prop_assert_eq!(breaker.opened(), pair.model.opened);
        prop_assert_eq!(breaker.rejected(), pair.model.rejected);
        prop_assert_eq!(breaker.failures(), pair.model.failures);
        Ok(())
    }
}
