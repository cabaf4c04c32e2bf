//! The figures by name.

use super::recovery::{Recovery, recovery};
use super::{Failing, ServerTally, Tally};
use crate::distribution::seconds;
use crate::model::Model;

/// A value of a replication; `None` where it has none.
type Value = fn(&Tally, &Model) -> Option<f64>;
type ServerValue = fn(&ServerTally, f64) -> Option<f64>;

/// The figures of clients. Durations are seconds, rates are per second.
const CLIENTS: [(&str, Value); 24] = [
    ("calls", |tally, _| Some(tally.calls as f64)),
    ("succeeded", |tally, _| Some(tally.succeeded as f64)),
    ("failed", |tally, _| Some(tally.failed as f64)),
    ("in_flight", |tally, _| Some(tally.in_flight as f64)),
    ("tries", |tally, _| Some(tally.tries as f64)),
    ("timeouts", |tally, _| Some(tally.timeouts as f64)),
    ("success_rate", |tally, _| ratio(tally.succeeded, tally.succeeded + tally.failed)),
    ("amplification", |tally, _| ratio(tally.tries, tally.calls)),
    ("offered_rate", |tally, model| Some(rate(tally.calls, model))),
    ("try_rate", |tally, model| Some(rate(tally.tries, model))),
    ("goodput", |tally, model| Some(rate(tally.succeeded, model))),
    ("latency_mean", |tally, _| {
        let mean = tally.latency_sum as f64 / tally.succeeded as f64;
        (tally.succeeded > 0).then(|| seconds(mean))
    }),
    ("latency_p50", |tally, _| quantile(tally, 0.5)),
    ("latency_p99", |tally, _| quantile(tally, 0.99)),
    ("latency_p999", |tally, _| quantile(tally, 0.999)),
    ("peak_rate", |tally, model| peak(tally, model).map(|(rate, _)| rate)),
    ("peak_at", |tally, model| peak(tally, model).map(|(_, at)| at)),
    ("recovery", |tally, model| match recovery(tally, model)? {
        Recovery::After(nanos) => Some(seconds(nanos as f64)),
        Recovery::Never => None,
    }),
    ("never_recovered", |tally, model| {
        recovery(tally, model).map(|recovery| f64::from(u8::from(recovery == Recovery::Never)))
    }),
    ("budget_refused", |tally, _| Some(tally.refused as f64)),
    ("breaker_rejected", |tally, _| Some(tally.rejected as f64)),
    ("breaker_opened", |tally, _| Some(tally.opened as f64)),
    ("last_answer", |tally, _| Some(seconds(tally.last_end as f64))),
    ("events", |tally, _| Some(tally.events as f64)),
];

/// The figures of each server; the number is the span of the measurement in nanoseconds.
const SERVERS: [(&str, ServerValue); 8] = [
    ("arrived", |server, _| Some(server.arrived as f64)),
    ("load", |server, span| Some(server.arrived as f64 / seconds(span))),
    ("busy", |server, span| Some(server.busy_time as f64 / span)),
    ("queue_mean", |server, span| Some(server.waiting_time as f64 / span)),
    ("queue_max", |server, _| Some(server.most_waiting as f64)),
    ("waited", |server, _| ratio(server.waited, server.arrived)),
    ("rejected", |server, _| ratio(server.rejected, server.arrived)),
    ("wasted", |server, _| ratio(server.wasted, server.served)),
];

/// The names of all figures of a model.
pub(crate) struct Names;

impl Names {
    pub(crate) fn of(servers: &[String]) -> Vec<String> {
        let clients = CLIENTS.iter().map(|(name, _)| (*name).to_owned());
        let failing = Failing::NAMES.iter().map(|name| format!("failed.{name}"));
        let servers = servers.iter().flat_map(|server| {
            SERVERS.iter().map(move |(name, _)| format!("server.{server}.{name}"))
        });
        clients.chain(failing).chain(servers).collect()
    }
}

/// The values of one replication, in the order of [`Names`].
#[derive(Debug)]
pub(crate) struct NamedFigures(pub(crate) Vec<Option<f64>>);

impl NamedFigures {
    pub(crate) fn of(tally: &Tally, model: &Model) -> Self {
        let span = span(model);
        let clients = CLIENTS.iter().map(|(_, value)| value(tally, model));
        let failing = tally.failing.iter().map(|count| Some(*count as f64));
        let servers = tally
            .servers
            .iter()
            .flat_map(|server| SERVERS.iter().map(move |(_, value)| value(server, span)));
        Self(clients.chain(failing).chain(servers).collect())
    }
}

/// The time from the warm-up to the end of the load.
fn span(model: &Model) -> f64 {
    model.duration.saturating_sub(model.warmup).max(1) as f64
}

fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

fn rate(count: u64, model: &Model) -> f64 {
    count as f64 / seconds(span(model))
}

fn quantile(tally: &Tally, share: f64) -> Option<f64> {
    (tally.succeeded > 0).then(|| seconds(tally.latency.value_at_quantile(share) as f64))
}

/// The highest rate of tries in a bin, and the begin of the first such bin.
fn peak(tally: &Tally, model: &Model) -> Option<(f64, f64)> {
    let bins = tally.series.bins.iter().enumerate();
    let (index, bin) = bins.max_by_key(|(index, bin)| (bin.tries, std::cmp::Reverse(*index)))?;
    let width = seconds(model.bin as f64);
    Some((bin.tries as f64 / width, index as f64 * width))
}
