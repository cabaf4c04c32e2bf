//! The glossary's metrics, for the facade `metrics`.

use metrics::{
    Counter, Gauge, Histogram, Unit, counter, describe_counter, describe_gauge, describe_histogram,
    gauge, histogram,
};
use rebackoff_core::{Breaker, BreakerState, Budget, Event, EventKind, Events, Reason};

use crate::Clock;
use crate::guards::{GuardView, Handle};
use crate::hooks::Hook;
use crate::sleepers::DefaultSleeper;
use crate::timeline::Timeline;

/// A [`Hook`] that counts tries, retries, give-ups and waits with the facade [`metrics`](::metrics).
///
/// | metric | kind, unit | labels | |
/// |---|---|---|---|
/// | `rebackoff.tries` | counter | `target` | tries that began, first ones included |
/// | `rebackoff.retries` | counter | `target` | those after the first |
/// | `rebackoff.giveups` | counter | `target`, `reason` | calls that gave up |
/// | `rebackoff.wait` | histogram, seconds | `target` | waits |
///
/// A loop of [`Tries`](crate::engine::Tries) reports its first try with the first error or
/// [`success`](crate::engine::Tries::success): a loop without either is not counted.
///
/// The handles are asked of the recorder once, when it is made: make it after the recorder is
/// installed, and lend it to each call.
///
/// ```
/// use rebackoff::Metrics;
/// use rebackoff::prelude::*;
/// # let _no_wait = rebackoff::testing::no_wait();
///
/// static FETCH: Policy = policy!(expo, max_tries = 3);
///
/// let metrics = Metrics::of("fetch");
/// let answer = FETCH.retry(|| "7".parse::<u8>()).hook(&metrics).call();
/// assert_eq!(answer, Ok(7));
/// ```
#[derive(Clone)]
pub struct Metrics {
    target: String,
    tries: Counter,
    retries: Counter,
    wait: Histogram,
}

impl Metrics {
    /// Counts under the label `target`.
    pub fn of(target: impl Into<String>) -> Self {
        describe();
        let target = target.into();
        Self {
            tries: counter!("rebackoff.tries", "target" => target.clone()),
            retries: counter!("rebackoff.retries", "target" => target.clone()),
            wait: histogram!("rebackoff.wait", "target" => target.clone()),
            target,
        }
    }

    fn count<O>(&self, event: &Event<'_, O>) {
        match event.kind {
            EventKind::Try => {
                self.tries.increment(1);
                self.retries.increment(u64::from(event.tries > 1));
            }
            EventKind::Backoff => self.wait.record(event.wait.unwrap_or_default().as_secs_f64()),
            EventKind::Giveup => {
                let reason = event.reason.map_or("", Reason::as_str);
                counter!("rebackoff.giveups", "target" => self.target.clone(), "reason" => reason)
                    .increment(1);
            }
            EventKind::Success => {}
        }
    }
}

/// Each try is counted when it begins; a success is no event of its own.
const COUNTED: Events = Events::TRY.or(Events::BACKOFF).or(Events::GIVEUP);

impl<O> Hook<O> for Metrics {
    const EVENTS: Events = COUNTED;

    fn notify(&mut self, event: &Event<'_, O>) {
        self.count(event);
    }
}

impl<O> Hook<O> for &Metrics {
    const EVENTS: Events = COUNTED;

    fn notify(&mut self, event: &Event<'_, O>) {
        self.count(event);
    }
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Metrics").field("target", &self.target).finish_non_exhaustive()
    }
}

/// The gauges of budgets and breakers.
///
/// | metric | kind | labels | |
/// |---|---|---|---|
/// | `rebackoff.breaker.state` | gauge | `name`, `scope` | 0 closed, 1 half-open, 2 open, 3 isolated |
/// | `rebackoff.budget.tokens` | gauge | `name`, `scope` | tokens left |
/// | `rebackoff.shared.degraded` | gauge | `name`, `scope` | 1 while a guard goes on without the store of its fleet |
///
/// `scope` is `process`, `host` or `fleet`: the place of the guard's state.
///
/// The facade has no way to ask for a gauge when it is read: call [`update`](Self::update) where
/// metrics are rendered, or from time to time.
///
/// ```
/// use rebackoff::prelude::*;
/// use rebackoff::GuardMetrics;
///
/// static SHOP: Breaker = breaker!(consecutive = 5);
/// static RETRIES: Budget = budget!(share(ratio = 0.1));
///
/// let metrics = GuardMetrics::new().breaker("shop", &SHOP).budget("retries", &RETRIES);
/// metrics.update();
/// ```
pub struct GuardMetrics {
    timeline: Timeline,
    updates: Vec<Update>,
}

/// Sets one gauge to the present state.
type Update = Box<dyn Fn(Timeline) + Send + Sync>;

impl GuardMetrics {
    /// No gauges yet, by the clock [`now`](crate::now).
    pub fn new() -> Self {
        describe();
        Self { timeline: DefaultSleeper::default().timeline(), updates: Vec::new() }
    }

    /// Reads the clock of `sleeper`, which must be the sleeper of the calls.
    #[must_use]
    pub fn clock(mut self, sleeper: &impl Clock) -> Self {
        self.timeline = sleeper.timeline();
        self
    }

    /// Adds the gauge of `breaker`, under `name`.
    #[must_use]
    pub fn breaker<B>(mut self, name: impl Into<String>, breaker: B) -> Self
    where
        B: Handle<Breaker> + Send + Sync + 'static,
    {
        let labels = GuardLabels::of(name, breaker.view().as_ref(), Breaker::is_of_host);
        let (gauge, degraded) = (labels.gauge("rebackoff.breaker.state"), labels.degraded());
        self.updates.push(Box::new(move |timeline| {
            if let Some(view) = breaker.view() {
                set_state(&gauge, view.guard, timeline);
                set_degraded(degraded.as_ref(), view.is_degraded);
            }
        }));
        self
    }

    /// Adds the gauge of `budget`, under `name`.
    #[must_use]
    pub fn budget<B>(mut self, name: impl Into<String>, budget: B) -> Self
    where
        B: Handle<Budget> + Send + Sync + 'static,
    {
        let labels = GuardLabels::of(name, budget.view().as_ref(), Budget::is_of_host);
        let (gauge, degraded) = (labels.gauge("rebackoff.budget.tokens"), labels.degraded());
        self.updates.push(Box::new(move |timeline| {
            if let Some(view) = budget.view() {
                gauge.set(view.guard.tokens_at(|| timeline.now()));
                set_degraded(degraded.as_ref(), view.is_degraded);
            }
        }));
        self
    }

    /// Sets all gauges to the present state.
    pub fn update(&self) {
        for update in &self.updates {
            update(self.timeline);
        }
    }
}

impl Default for GuardMetrics {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for GuardMetrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GuardMetrics").field("gauges", &self.updates.len()).finish_non_exhaustive()
    }
}

/// The labels of a guard's gauges.
struct GuardLabels {
    name: String,
    scope: &'static str,
}

impl GuardLabels {
    fn of<G>(
        name: impl Into<String>,
        view: Option<&GuardView<'_, G>>,
        is_of_host: impl Fn(&G) -> bool,
    ) -> Self {
        let scope = match view {
            Some(GuardView { is_degraded: Some(_), .. }) => "fleet",
            Some(GuardView { guard, .. }) if is_of_host(guard) => "host",
            _ => "process",
        };
        Self { name: name.into(), scope }
    }

    fn gauge(&self, metric: &'static str) -> Gauge {
        gauge!(metric, "name" => self.name.clone(), "scope" => self.scope)
    }

    /// The gauge that only guards of a fleet have.
    fn degraded(&self) -> Option<Gauge> {
        (self.scope == "fleet").then(|| self.gauge("rebackoff.shared.degraded"))
    }
}

fn set_degraded(gauge: Option<&Gauge>, is_degraded: Option<bool>) {
    if let (Some(gauge), Some(is_degraded)) = (gauge, is_degraded) {
        gauge.set(u8::from(is_degraded));
    }
}

fn set_state(gauge: &Gauge, breaker: &Breaker, timeline: Timeline) {
    gauge.set(match breaker.state_at(|| timeline.now()) {
        BreakerState::Closed => 0.0,
        BreakerState::HalfOpen => 1.0,
        BreakerState::Open => 2.0,
        BreakerState::Isolated => 3.0,
    });
}

fn describe() {
    describe_counter!("rebackoff.tries", "Tries that began, first ones included");
    describe_counter!("rebackoff.retries", "Tries after the first");
    describe_counter!("rebackoff.giveups", "Calls that gave up");
    describe_histogram!("rebackoff.wait", Unit::Seconds, "Waits before retries");
    describe_gauge!(
        "rebackoff.breaker.state",
        "State of the breaker: 0 closed, 1 half-open, 2 open, 3 isolated"
    );
    describe_gauge!("rebackoff.budget.tokens", "Tokens left in the budget");
    describe_gauge!(
        "rebackoff.shared.degraded",
        "1 while the guard goes on without the store of its fleet"
    );
}
