//! Runs the conformance vectors about budgets and breakers.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use rebackoff_core::{
    Breaker, Budget, Cost, Health, Jitter, Open, Permit, PolicyError, Seconds, Withdrawal,
};
use serde::Deserialize;
use serde::de::DeserializeOwned;

#[derive(Deserialize)]
struct Case<Guard, Event> {
    name: String,
    #[serde(alias = "budget", alias = "breaker")]
    options: Guard,
    #[serde(default)]
    draws: Vec<f64>,
    events: Vec<Timed<Event>>,
    counts: BTreeMap<String, u64>,
}

#[derive(Deserialize)]
struct Timed<Event> {
    at: f64,
    #[serde(default = "once")]
    repeat: u32,
    #[serde(flatten)]
    event: Event,
}

fn once() -> u32 {
    1
}

#[test]
fn budgets_answer_as_the_vectors_say() {
    for case in read::<BudgetOptions, BudgetEvent>("budgets.json") {
        let budget = case.options.build().expect(&case.name);
        let mut withdrawals = BTreeMap::new();
        for (number, Timed { at, repeat, event }) in case.events.iter().enumerate() {
            let place = format!("{}, event {number}", case.name);
            for _ in 0..*repeat {
                run_budget(&budget, *at, event, &mut withdrawals, &place);
            }
            let left = budget.tokens(|| seconds(*at));
            assert!((left - event.tokens).abs() < 1e-6, "{place}: {left}, not {}", event.tokens);
        }
        assert_eq!(budget.refused(), case.counts["refused"], "{}", case.name);
    }
}

fn run_budget<'a>(
    budget: &Budget,
    at: f64,
    event: &'a BudgetEvent,
    withdrawals: &mut BTreeMap<&'a str, Withdrawal>,
    place: &str,
) {
    match event.event {
        BudgetEventKind::Start => budget.handle_start(|| seconds(at)),
        BudgetEventKind::Failure => budget.handle_failure(),
        BudgetEventKind::Success => {
            budget.handle_success(event.last.as_deref().map(|name| withdrawals[name]));
        }
        BudgetEventKind::Refund => {
            let paid = event.of.as_deref().and_then(|name| withdrawals.remove(name));
            budget.refund(paid.expect(place));
        }
        BudgetEventKind::Withdraw => {
            let cost = if event.cost.is_some() { Cost::Timeout } else { Cost::Retry };
            let withdrawal = budget.withdraw(cost, || seconds(at));
            assert_eq!(Some(withdrawal.is_ok()), event.allowed, "{place}");
            if let (Some(name), Ok(withdrawal)) = (&event.name, withdrawal) {
                withdrawals.insert(name, withdrawal);
            }
        }
    }
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
enum BudgetOptions {
    PerSecond {
        rate: Option<f64>,
        capacity: Option<u32>,
        #[serde(default)]
        dry_run: bool,
    },
    Share {
        ratio: Option<f64>,
        floor: Option<f64>,
        ttl: Option<f64>,
        #[serde(default)]
        dry_run: bool,
    },
    Quota {
        capacity: Option<u32>,
        retry_cost: Option<u32>,
        timeout_cost: Option<u32>,
        #[serde(default)]
        dry_run: bool,
    },
    Throttle {
        max_tokens: Option<u32>,
        token_ratio: Option<f64>,
        #[serde(default)]
        dry_run: bool,
    },
}

#[derive(Deserialize)]
struct BudgetEvent {
    event: BudgetEventKind,
    #[serde(rename = "as")]
    name: Option<String>,
    last: Option<String>,
    of: Option<String>,
    cost: Option<String>,
    allowed: Option<bool>,
    tokens: f64,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum BudgetEventKind {
    Start,
    Failure,
    Success,
    Withdraw,
    Refund,
}

/// Calls the setters of those that are given.
macro_rules! set {
    ($builder:expr, $($name:ident = $value:expr),+) => {{
        let mut builder = $builder;
        $(if let Some(value) = $value { builder = builder.$name(value); })+
        builder
    }};
}

impl BudgetOptions {
    fn build(&self) -> Result<Budget, PolicyError> {
        match *self {
            Self::PerSecond { rate, capacity, dry_run } => {
                set!(Budget::per_second().dry_run(dry_run), rate = rate, capacity = capacity)
                    .build()
            }
            Self::Share { ratio, floor, ttl, dry_run } => {
                let ttl = ttl.map(|ttl| seconds(ttl).to_duration());
                set!(Budget::share().dry_run(dry_run), ratio = ratio, floor = floor, ttl = ttl)
                    .build()
            }
            Self::Quota { capacity, retry_cost, timeout_cost, dry_run } => set!(
                Budget::quota().dry_run(dry_run),
                capacity = capacity,
                retry_cost = retry_cost,
                timeout_cost = timeout_cost
            )
            .build(),
            Self::Throttle { max_tokens, token_ratio, dry_run } => {
                let kind = Budget::throttle().dry_run(dry_run);
                set!(kind, max_tokens = max_tokens, token_ratio = token_ratio).build()
            }
        }
    }
}

#[test]
fn breakers_answer_as_the_vectors_say() {
    for case in read::<BreakerOptions, BreakerEvent>("breakers.json") {
        let mut runner = BreakerRunner {
            breaker: case.options.build().expect(&case.name),
            permits: BTreeMap::new(),
            draws: case.draws.iter(),
        };
        for (number, Timed { at, repeat, event }) in case.events.iter().enumerate() {
            let place = format!("{}, event {number}", case.name);
            let mut now = *at;
            for _ in 0..*repeat {
                let answer = runner.run(now, event);
                now += event.takes;
                assert!(event.is_answered_by(answer.as_ref()), "{place}: {answer:?}");
            }
            assert_eq!(runner.breaker.state(|| seconds(now)).name(), event.state, "{place}");
        }
        let BreakerRunner { breaker, mut draws, .. } = runner;
        assert_eq!(draws.next(), None, "{}", case.name);
        let counts = [
            ("opened", breaker.opened()),
            ("rejected", breaker.rejected()),
            ("failures", breaker.failures()),
        ];
        for (name, count) in counts {
            assert_eq!(count, case.counts[name], "{name} of {}", case.name);
        }
    }
}

struct BreakerRunner<'a> {
    breaker: Breaker,
    permits: BTreeMap<&'a str, (Permit, f64)>,
    draws: std::slice::Iter<'a, f64>,
}

/// The answer of `admit` or `check`; `check` gives no permit.
type Answer = Result<Option<Permit>, Open>;

impl<'a> BreakerRunner<'a> {
    fn run(&mut self, at: f64, event: &'a BreakerEvent) -> Option<Answer> {
        let now = || seconds(at);
        match event.event {
            BreakerEventKind::Admit => {
                let admitted = self.breaker.admit(now);
                if let (Ok(permit), Some(name)) = (admitted, &event.name) {
                    self.permits.insert(name, (permit, at));
                }
                Some(admitted.map(Some))
            }
            BreakerEventKind::Call => {
                let admitted = self.breaker.admit(now);
                if let Ok(permit) = admitted {
                    self.settle(permit, event.health, at, at + event.takes);
                }
                Some(admitted.map(Some))
            }
            BreakerEventKind::Settle => {
                let name = event.permit.as_deref().unwrap();
                let (permit, began) = self.permits.remove(name).unwrap();
                self.settle(permit, event.health, began, at);
                None
            }
            BreakerEventKind::Check => Some(self.breaker.check(now).map(|()| None)),
            BreakerEventKind::ForceOpen => {
                self.breaker.force_open(now);
                None
            }
            BreakerEventKind::Isolate => {
                self.breaker.isolate();
                None
            }
            BreakerEventKind::Reset => {
                self.breaker.reset();
                None
            }
        }
    }

    fn settle(&mut self, permit: Permit, health: Option<HealthName>, began: f64, at: f64) {
        let health = match health.unwrap() {
            HealthName::Success => Health::Success,
            HealthName::Failure => Health::Failure,
            HealthName::Neutral => Health::Neutral,
        };
        let draws = &mut self.draws;
        let mut draw = || *draws.next().expect("a draw");
        self.breaker.settle(permit, health, || seconds(at - began), || seconds(at), &mut draw);
    }
}

impl BreakerEvent {
    fn is_answered_by(&self, answer: Option<&Answer>) -> bool {
        match (self.answer, answer) {
            (None, None) => true,
            (Some(AnswerName::Admitted), Some(Ok(permit))) => !permit.is_some_and(Permit::is_probe),
            (Some(AnswerName::Probe), Some(Ok(permit))) => permit.is_some_and(Permit::is_probe),
            (Some(AnswerName::Isolated), Some(Err(open))) => open.retry_in.is_none(),
            (Some(AnswerName::Open), Some(Err(open))) => {
                let difference = open.retry_in.map(Seconds::get).zip(self.retry_in);
                difference.is_some_and(|(ours, theirs)| (ours - theirs).abs() < 1e-6)
            }
            _ => false,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BreakerOptions {
    consecutive: Option<u32>,
    failure_rate: Option<f64>,
    slow_rate: Option<f64>,
    slow_after: Option<f64>,
    window_calls: Option<u32>,
    window_time: Option<f64>,
    min_calls: Option<u32>,
    open_for: Option<f64>,
    growth: Option<f64>,
    max_open_for: Option<f64>,
    jitter: Option<String>,
    probes: Option<u32>,
    close_after: Option<u32>,
    probe_timeout: Option<f64>,
    dry_run: Option<bool>,
}

impl BreakerOptions {
    fn build(&self) -> Result<Breaker, PolicyError> {
        let duration = |number: Option<f64>| number.map(|number| seconds(number).to_duration());
        let jitter = |name| {
            [Jitter::Full, Jitter::Equal, Jitter::None].into_iter().find(|j| j.name() == name)
        };
        let builder = set!(
            Breaker::builder(),
            consecutive = self.consecutive,
            failure_rate = self.failure_rate,
            window_calls = self.window_calls,
            window_time = duration(self.window_time),
            min_calls = self.min_calls,
            open_for = duration(self.open_for),
            growth = self.growth,
            max_open_for = duration(self.max_open_for),
            jitter = self.jitter.as_deref().and_then(jitter),
            probes = self.probes,
            close_after = self.close_after,
            probe_timeout = duration(self.probe_timeout),
            dry_run = self.dry_run
        );
        match (self.slow_rate, duration(self.slow_after)) {
            (Some(rate), Some(after)) => builder.slow_rate(rate, after).build(),
            _ => builder.build(),
        }
    }
}

#[derive(Deserialize)]
struct BreakerEvent {
    event: BreakerEventKind,
    #[serde(rename = "as")]
    name: Option<String>,
    permit: Option<String>,
    health: Option<HealthName>,
    #[serde(default)]
    takes: f64,
    answer: Option<AnswerName>,
    retry_in: Option<f64>,
    state: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum BreakerEventKind {
    Admit,
    Settle,
    Call,
    Check,
    ForceOpen,
    Isolate,
    Reset,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum HealthName {
    Success,
    Failure,
    Neutral,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum AnswerName {
    Admitted,
    Probe,
    Open,
    Isolated,
}

fn read<Guard: DeserializeOwned, Event: DeserializeOwned>(file: &str) -> Vec<Case<Guard, Event>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance/guards");
    let cases: Vec<_> =
        serde_json::from_str(&fs::read_to_string(folder.join(file)).unwrap()).unwrap();
    assert!(cases.len() > 100);
    cases
}

fn seconds(number: f64) -> Seconds {
    Seconds::new(number).expect("a number of seconds")
}
