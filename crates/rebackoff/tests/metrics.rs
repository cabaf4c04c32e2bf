//! The metrics that the facade `metrics` receives.

use std::collections::BTreeMap;

use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use rebackoff::prelude::*;
use rebackoff::testing::VirtualClock;
use rebackoff::{GuardMetrics, Metrics};

static EACH_SECOND: Policy =
    policy!(constant(interval = secs(1)), jitter = Jitter::None, max_tries = 3);

/// The metrics that `body` recorded, as `name{label="value"}` and the value.
fn recorded(body: impl FnOnce()) -> BTreeMap<String, String> {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    metrics::with_local_recorder(&recorder, body);
    let metrics = snapshotter.snapshot().into_vec().into_iter();
    let spelt = metrics.map(|(key, _, _, value)| {
        let labels = key.key().labels().map(|label| format!("{}={}", label.key(), label.value()));
        let name = format!("{} {}", key.key().name(), labels.collect::<Vec<_>>().join(" "));
        let value = match value {
            DebugValue::Counter(count) => count.to_string(),
            DebugValue::Gauge(value) => value.to_string(),
            DebugValue::Histogram(values) => format!("{values:?}"),
        };
        (name, value)
    });
    spelt.collect()
}

#[test]
fn tries_retries_giveups_and_waits_are_counted() {
    let recorded = recorded(|| {
        let metrics = Metrics::of("fetch");
        let call = || EACH_SECOND.retry(|| Err::<(), _>("down")).sleeper(VirtualClock::new());
        assert!(call().hook(&metrics).call().is_err());
        assert!(call().giveup(|_| true).hook(&metrics).call().is_err());
    });
    let expected = [
        ("rebackoff.giveups target=fetch reason=giveup", "1"),
        ("rebackoff.giveups target=fetch reason=max_tries", "1"),
        ("rebackoff.retries target=fetch", "2"),
        ("rebackoff.tries target=fetch", "4"),
        ("rebackoff.wait target=fetch", "[1.0, 1.0]"),
    ];
    assert_eq!(recorded, expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
}

#[tokio::test(start_paused = true)]
async fn tries_of_a_loop_are_counted() {
    let recorder = DebuggingRecorder::new();
    let metrics = metrics::with_local_recorder(&recorder, || Metrics::of("fetch"));
    let mut blocking = EACH_SECOND.tries().sleeper(VirtualClock::new()).hook(&metrics);
    while blocking.backoff("down").is_ok() {}
    let mut tries = EACH_SECOND.tries_async().hook(&metrics);
    assert!(tries.backoff("down").await.is_ok());
    tries.success::<&str>();
    EACH_SECOND.tries().hook(&metrics).success::<&str>();
    let snapshot = recorder.snapshotter().snapshot().into_vec();
    let count = |name: &str| {
        let metric = snapshot.iter().find(|(key, ..)| key.key().name() == name);
        match metric.map(|(.., value)| value) {
            Some(DebugValue::Counter(count)) => *count,
            _ => 0,
        }
    };
    assert_eq!((count("rebackoff.tries"), count("rebackoff.retries")), (6, 3));
}

#[test]
fn a_call_that_a_breaker_refuses_is_a_giveup_without_a_try() {
    let recorded = recorded(|| {
        let breaker = breaker!();
        breaker.isolate();
        let metrics = Metrics::of("fetch");
        let call = EACH_SECOND.retry(|| Err::<(), _>("down")).breaker_or(&breaker, |_| Err("open"));
        assert_eq!(call.hook(&metrics).call(), Err("open"));
    });
    assert_eq!(recorded["rebackoff.giveups target=fetch reason=breaker"], "1");
    assert_eq!(recorded["rebackoff.tries target=fetch"], "0");
}

#[test]
fn gauges_tell_what_holds_when_they_are_updated() {
    static SHOP: Breaker = breaker!(consecutive = 5);
    static RETRIES: Budget = budget!(per_second(rate = 1.0, capacity = 7));
    let recorded = recorded(|| {
        let clock = VirtualClock::new();
        let metrics =
            GuardMetrics::new().clock(&clock).breaker("shop", &SHOP).budget("retries", &RETRIES);
        metrics.update();
        SHOP.isolate();
        let _ = EACH_SECOND
            .retry(|| Err::<(), _>("down"))
            .budget(&RETRIES)
            .sleeper(clock.clone())
            .call();
        metrics.update();
    });
    assert_eq!(recorded["rebackoff.breaker.state name=shop scope=process"], "3");
    assert_eq!(recorded["rebackoff.budget.tokens name=retries scope=process"], "7");
}

#[cfg(feature = "redis")]
#[test]
fn a_guard_of_a_fleet_has_its_scope_and_whether_it_is_degraded() {
    let recorded = recorded(|| {
        let url = "redis://127.0.0.1:1/0";
        let fleet =
            rebackoff_shared::fleet::Fleet::connect(url, rebackoff::now(), secs(0)).unwrap();
        let metrics =
            GuardMetrics::new().breaker("shop", fleet.breaker("shop", Breaker::builder()).unwrap());
        metrics.update();
    });
    assert_eq!(recorded["rebackoff.breaker.state name=shop scope=fleet"], "0");
    assert_eq!(recorded["rebackoff.shared.degraded name=shop scope=fleet"], "0");
}
