//! The target of each fuzz run, as a function of a text. The tests of rebackoff-core include this file as a module and
//! feed it the corpus.

use std::time::Duration;

use rebackoff_core::{Hint, Policy, Settings, human_duration, parse_duration};

const HEADERS: [&str; 16] = [
    "grpc-retry-pushback-ms",
    "retry-after-ms",
    "x-ms-retry-after-ms",
    "x-amz-retry-after",
    "retry-after",
    "ratelimit",
    "ratelimit-reset",
    "x-ratelimit-reset",
    "x-ratelimit-remaining",
    "date",
    "x-should-retry",
    "ratelimit-resettime",
    "x-ratelimit-reset-after",
    "x-rate-limit-reset",
    "x-ratelimit-reset-tokens",
    "anthropic-ratelimit-tokens-reset",
];

/// The first line is the wall clock in seconds; the others are values of the headers, in the order
/// above, none for an empty line.
pub fn headers(text: &str) {
    let mut lines = text.split('\n');
    let now = lines.next().and_then(|now| now.parse().ok()).unwrap_or(1_795_492_800);
    let values: Vec<_> = lines.collect();
    let get = |name| {
        let place = HEADERS.iter().position(|header| *header == name)?;
        values.get(place).copied().filter(|value| !value.is_empty())
    };
    if let Some(Hint::Wait(wait)) = Hint::from_headers(get, Duration::from_secs(now)) {
        assert!((0.0..=366.0 * 86_400.0).contains(&wait.get()), "{wait:?}");
    }
}

/// A duration that is read is written in a way that can be read.
pub fn durations(text: &str) {
    if let Ok(duration) = parse_duration(text) {
        let written = human_duration(duration).to_string();
        assert!(parse_duration(&written).is_ok(), "{text:?} is written {written:?}");
    }
}

/// A JSON object, or lines of `name=value` as the environment has them. A policy that is built can
/// be printed and written, and is the same when it is read back.
pub fn settings(text: &str) {
    let policy = if text.starts_with('{') {
        serde_json::from_str::<Policy>(text).ok()
    } else {
        let mut settings = Settings::new();
        for (name, value) in text.lines().filter_map(|line| line.split_once('=')) {
            settings.set(name, value);
        }
        settings.build().map_err(|error| error.to_string()).ok()
    };
    if let Some(policy) = policy {
        assert!(!policy.to_string().is_empty());
        let written = serde_json::to_string(&policy).unwrap();
        assert_eq!(serde_json::from_str::<Policy>(&written).unwrap(), policy, "{written}");
    }
}
