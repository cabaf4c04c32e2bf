//! Reads the vectors about budgets and breakers, for the tests of the Rust crates, which include this
//! file as a module.
#![allow(dead_code, reason = "each test file uses a part")]

use std::fs;
use std::path::Path;

use rebackoff_core::{Breaker, Budget, Health, Jitter, PolicyError, Seconds};
use serde::Deserialize;
use serde::de::DeserializeOwned;

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum BudgetOptions {
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
        throttled_cost: Option<u32>,
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

/// Calls the setters of those that are given.
macro_rules! set {
    ($builder:expr, $($name:ident = $value:expr),+) => {{
        let mut builder = $builder;
        $(if let Some(value) = $value { builder = builder.$name(value); })+
        builder
    }};
}

impl BudgetOptions {
    pub(crate) fn build(&self) -> Result<Budget, PolicyError> {
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
            Self::Quota { capacity, retry_cost, timeout_cost, throttled_cost, dry_run } => set!(
                Budget::quota().dry_run(dry_run),
                capacity = capacity,
                retry_cost = retry_cost,
                timeout_cost = timeout_cost,
                throttled_cost = throttled_cost
            )
            .build(),
            Self::Throttle { max_tokens, token_ratio, dry_run } => {
                let kind = Budget::throttle().dry_run(dry_run);
                set!(kind, max_tokens = max_tokens, token_ratio = token_ratio).build()
            }
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BreakerOptions {
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
    pub(crate) fn build(&self) -> Result<Breaker, PolicyError> {
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

pub(crate) fn read<Case: DeserializeOwned>(file: &str) -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance/guards");
    let cases: Vec<_> =
        serde_json::from_str(&fs::read_to_string(folder.join(file)).unwrap()).unwrap();
    assert!(cases.len() > 100);
    cases
}

pub(crate) fn seconds(number: f64) -> Seconds {
    Seconds::new(number).expect("a number of seconds")
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum HealthName {
    Success,
    Failure,
    Neutral,
}

impl From<HealthName> for Health {
    fn from(name: HealthName) -> Self {
        match name {
            HealthName::Success => Self::Success,
            HealthName::Failure => Self::Failure,
            HealthName::Neutral => Self::Neutral,
        }
    }
}
