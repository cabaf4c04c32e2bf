//! The promises of a shared breaker.

use std::time::{Duration, Instant};

use rebackoff_core::{Breaker, BreakerState, Health, Moment, Seconds};

use super::record::{Record, Story, What};
use super::worker::{OPEN_FOR, PROBE_TIMEOUT, PROBES};

/// Beyond what rounding to milliseconds can move.
const ROUNDING: u64 = 2_000_000;

/// A span of time in nanoseconds.
#[derive(Clone, Copy, Debug)]
struct Span {
    from: u64,
    to: u64,
}

/// A probe, with the span in which it surely holds its place.
#[derive(Clone, Copy, Debug)]
struct Probe {
    asked: u64,
    holds: Span,
}

pub(crate) fn check(stories: &[Story]) {
    let opened = spans(stories, |record| record.what == What::Opened);
    let admitted =
        spans(stories, |record| matches!(record.what, What::Admitted | What::AdmittedAsProbe));
    no_call_is_admitted_after_the_store_that_opened(&opened, &admitted);
    let (probes, changes) = (probes(stories), possible_changes(stories));
    no_more_probes_than_allowed(&probes, &changes);
    // Otherwise the checks have checked nothing.
    assert!(opened.len() > 1 && !probes.is_empty() && !admitted.is_empty());
}

fn spans(stories: &[Story], is_wanted: impl Fn(&Record) -> bool) -> Vec<Span> {
    let records = stories.iter().flat_map(|story| &story.records);
    let wanted = records.filter(|record| is_wanted(record));
    let mut spans: Vec<_> =
        wanted.map(|&Record { begin, end, .. }| Span { from: begin, to: end }).collect();
    spans.sort_by_key(|span| span.from);
    spans
}

/// The store was made between the moments of `opened`, and the open time begins there.
fn no_call_is_admitted_after_the_store_that_opened(opened: &[Span], admitted: &[Span]) {
    let open_for = u64::try_from(OPEN_FOR.as_nanos()).unwrap();
    for open in opened {
        let first = admitted.partition_point(|call| call.from <= open.to);
        let later = admitted[first..].iter().take_while(|call| call.from < open.from + open_for);
        for call in later {
            assert!(call.to >= open.from + open_for, "{call:?} is admitted after {open:?}");
        }
    }
}

fn probes(stories: &[Story]) -> Vec<Probe> {
    let timeout = u64::try_from(PROBE_TIMEOUT.as_nanos()).unwrap() - ROUNDING;
    let mut probes: Vec<_> = stories
        .iter()
        .flat_map(|story| {
            story
                .records
                .iter()
                .enumerate()
                .filter(|(_, record)| record.what == What::AdmittedAsProbe)
                .map(move |(place, record)| {
                    let settles = story.records.get(place + 1).map_or(u64::MAX, |next| next.begin);
                    let to = settles.min(record.begin + timeout);
                    Probe { asked: record.begin, holds: Span { from: record.end, to } }
                })
        })
        .filter(|probe| probe.holds.from < probe.holds.to)
        .collect();
    probes.sort_by_key(|probe| probe.holds.from);
    probes
}

/// The spans in which the breaker may have changed its state: of a process that was killed as well.
fn possible_changes(stories: &[Story]) -> Vec<Span> {
    let mut changes = spans(stories, |record| matches!(record.what, What::Changed | What::Opened));
    let last = stories.iter().filter_map(|story| Some((story, story.records.last()?)));
    let killed = last.filter(|(_, record)| record.what == What::Settles);
    changes.extend(killed.map(|(story, record)| Span { from: record.begin, to: story.end }));
    changes
}

/// Probes of two half-open states may overlap, so those with a change between them do not count.
fn no_more_probes_than_allowed(probes: &[Probe], changes: &[Span]) {
    let mut holding: Vec<Probe> = Vec::new();
    for probe in probes {
        let now = probe.holds.from;
        holding.retain(|other| other.holds.to > now);
        holding.push(*probe);
        let since = holding.iter().map(|probe| probe.asked).min().unwrap_or(now);
        let is_changed = |change: &Span| change.from <= now && change.to >= since;
        assert!(
            holding.len() <= PROBES as usize || changes.iter().any(is_changed),
            "more than {PROBES} probes: {holding:?}"
        );
    }
}

/// The breaker trips, refuses and closes, whatever the killed processes have left.
pub(crate) fn still_works(breaker: &Breaker) {
    let now = || -> Moment { panic!("a shared guard reads the clock of the host") };
    let settle = |health| {
        let Ok(permit) = breaker.admit_at(now) else { return };
        breaker.settle_at(permit, health, || Seconds::ZERO, now, &mut || 0.5);
    };
    let until = |state, health| {
        let begin = Instant::now();
        while breaker.state_at(now) != state {
            assert!(begin.elapsed() < Duration::from_secs(300), "never {state}: {breaker:?}");
            settle(health);
        }
    };
    breaker.reset();
    until(BreakerState::Open, Health::Failure);
    until(BreakerState::Closed, Health::Success);
}
