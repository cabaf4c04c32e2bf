//! The guards of a link and of a command line, read.

use std::fmt::Display;

use rebackoff_core::{Breaker, BreakerBuilder, Budget, Jitter, PolicyError, Quota};

use super::ScenarioError;
use super::node::{Node, Table, Value};
use super::section::Section;
use crate::guard::{BudgetRule, GateRule, GuardRules, GuardScope};

type Read<T> = Result<T, ScenarioError>;

const SCOPES: [(&str, GuardScope); 3] = [
    ("client", GuardScope::Client),
    ("process", GuardScope::Process),
    ("fleet", GuardScope::Fleet),
];

/// The guards of a link.
pub(super) fn guard_rules(link: &Section<'_>) -> Read<GuardRules> {
    Ok(GuardRules {
        budget: guard(link, "budget", budget)?,
        breaker: guard(link, "breaker", breaker)?,
        gate: guard(link, "gate", gate)?,
    })
}

/// The name and the rule of a breaker that `text` writes as `NAME,PARAMETER=VALUE,…`, with the parameters of a scenario.
///
/// # Errors
///
/// Names the parameter that is unknown, or has a value that is not allowed.
pub fn named_breaker(text: &str) -> Result<(String, BreakerBuilder), ScenarioError> {
    let (name, table) = named(text)?;
    Ok((name, breaker(&Section::new("", None, &table), &[])?))
}

/// The name and the rule of a budget that `text` writes as `NAME,PARAMETER=VALUE,…`, with the parameters of a scenario.
///
/// # Errors
///
/// Names the parameter that is unknown, or has a value that is not allowed.
pub fn named_budget(text: &str) -> Result<(String, BudgetRule), ScenarioError> {
    let (name, table) = named(text)?;
    Ok((name, budget(&Section::new("", None, &table), &[])?))
}

fn named(text: &str) -> Read<(String, Table)> {
    let mut parts = text.split(',');
    let name = parts.next().unwrap_or_default().to_owned();
    let mut table = Table::new();
    for part in parts {
        let Some((key, value)) = part.split_once('=') else {
            let rule = format_args!("a parameter must be NAME=VALUE, but it is {part:?}");
            return Err(ScenarioError::new(None, rule));
        };
        let node = Node { line: None, value: Value::written(value) };
        if table.insert(key.to_owned(), node).is_some() {
            let rule = format_args!("{key} must be given once, but it is given twice");
            return Err(ScenarioError::new(None, rule));
        }
    }
    Ok((name, table))
}

fn guard<T>(
    of: &Section<'_>,
    key: &str,
    read: impl Fn(&Section<'_>, &[&'static str]) -> Read<T>,
) -> Read<Option<(T, GuardScope)>> {
    let Some((line, table)) = of.table(key)? else {
        return Ok(None);
    };
    let path = of.key(key);
    let section = Section::new(&path, line, table);
    let scope = section.choice("scope", &SCOPES)?.unwrap_or_default();
    Ok(Some((read(&section, &["scope"])?, scope)))
}

fn count(section: &Section<'_>, key: &str, default: u32) -> Read<u32> {
    let count = section.count(key, 0..=u64::from(u32::MAX), u64::from(default))?;
    Ok(u32::try_from(count).unwrap_or(u32::MAX))
}

/// A budget, whose table may have the keys `others` beside its parameters.
fn budget(section: &Section<'_>, others: &[&'static str]) -> Read<BudgetRule> {
    let allow =
        |own: &[&'static str]| section.allow(&[&["kind"], others, &["dry_run"], own].concat());
    let kinds = [("share", 0), ("per_second", 1), ("quota", 2), ("throttle", 3), ("aws", 4)];
    let any = f64::MIN..=f64::MAX;
    let dry_run = section.flag("dry_run")?;
    let rule = match section.choice("kind", &kinds)?.unwrap_or(0) {
        0 => {
            allow(&["ratio", "floor", "ttl"])?;
            let mut rule = Budget::share().dry_run(dry_run);
            if let Some(ratio) = section.number("ratio", any.clone())? {
                rule = rule.ratio(ratio);
            }
            if let Some(floor) = section.number("floor", any)? {
                rule = rule.floor(floor);
            }
            if let Some(ttl) = section.duration("ttl")? {
                rule = rule.ttl(ttl.to_duration());
            }
            BudgetRule::Share(rule)
        }
        1 => {
            allow(&["rate", "capacity"])?;
            let mut rule = Budget::per_second().dry_run(dry_run);
            if let Some(rate) = section.number("rate", any)? {
                rule = rule.rate(rate);
            }
            if section.get("capacity").is_some() {
                rule = rule.capacity(count(section, "capacity", 0)?);
            }
            BudgetRule::PerSecond(rule)
        }
        kind @ (2 | 4) => {
            let keys = ["capacity", "retry_cost", "timeout_cost", "throttled_cost"];
            allow(&keys)?;
            let mut rule = if kind == 4 { Budget::aws() } else { Budget::quota() };
            let setters =
                [Quota::capacity, Quota::retry_cost, Quota::timeout_cost, Quota::throttled_cost];
            for (key, set) in keys.into_iter().zip(setters) {
                if section.get(key).is_some() {
                    rule = set(rule, count(section, key, 0)?);
                }
            }
            BudgetRule::Quota(rule.dry_run(dry_run))
        }
        _ => {
            allow(&["max_tokens", "token_ratio"])?;
            let mut rule = Budget::throttle().dry_run(dry_run);
            if section.get("max_tokens").is_some() {
                rule = rule.max_tokens(count(section, "max_tokens", 0)?);
            }
            if let Some(ratio) = section.number("token_ratio", any)? {
                rule = rule.token_ratio(ratio);
            }
            BudgetRule::Throttle(rule)
        }
    };
    rule.build().map(|_| rule).map_err(|error| refused(section, &error))
}

/// A breaker, whose table may have the keys `others` beside its parameters.
fn breaker(section: &Section<'_>, others: &[&'static str]) -> Read<BreakerBuilder> {
    let own = [
        "consecutive",
        "failure_rate",
        "slow_rate",
        "longer_than",
        "window_calls",
        "window_time",
        "min_calls",
        "open_for",
        "growth",
        "max_open_for",
        "jitter",
        "probes",
        "close_after",
        "probe_timeout",
        "dry_run",
    ];
    section.allow(&[others, &own].concat())?;
    let mut rule = Breaker::builder().dry_run(section.flag("dry_run")?);
    macro_rules! set {
        ($($method:ident: $kind:ident),*) => {$(
            if section.get(stringify!($method)).is_some() {
                rule = rule.$method(set!(@$kind stringify!($method)));
            }
        )*};
        (@count $key:expr) => { count(section, $key, 0)? };
        (@number $key:expr) => { section.number($key, f64::MIN..=f64::MAX)?.unwrap_or_default() };
        (@duration $key:expr) => { section.duration($key)?.unwrap_or_default().to_duration() };
    }
    set!(
        consecutive: count, failure_rate: number, window_calls: count, window_time: duration, min_calls: count,
        open_for: duration, growth: number, max_open_for: duration, probes: count, close_after: count,
        probe_timeout: duration
    );
    if let Some(ratio) = section.number("slow_rate", 0.0..=1.0)? {
        let longer_than = section.duration("longer_than")?;
        let longer_than = longer_than.ok_or_else(|| section.wrong("longer_than", "a duration"))?;
        rule = rule.slow_rate(ratio, longer_than.to_duration());
    } else if section.get("longer_than").is_some() {
        return Err(section.wrong("slow_rate", "a number from 0 to 1 beside longer_than"));
    }
    let jitters = [
        ("full", Jitter::Full),
        ("equal", Jitter::Equal),
        ("random", Jitter::Random),
        ("none", Jitter::None),
    ];
    if let Some(jitter) = section.choice("jitter", &jitters)? {
        rule = rule.jitter(jitter);
    }
    rule.build().map(|_| rule).map_err(|error| refused(section, &error))
}

fn gate(section: &Section<'_>, others: &[&'static str]) -> Read<GateRule> {
    let allow = |own: &[&'static str]| section.allow(&[&["kind"], others, own].concat());
    let number = |key, default, most| Ok(section.number(key, 0.0..=most)?.unwrap_or(default));
    if section.choice("kind", &[("bucket", false), ("failure_share", true)])?.unwrap_or(false) {
        allow(&["limit"])?;
        return Ok(GateRule::FailureShare { limit: number("limit", 0.1, 1.0)? });
    }
    allow(&["deposit", "capacity"])?;
    Ok(GateRule::Bucket {
        deposit: number("deposit", 0.1, 1e6)?,
        capacity: number("capacity", 5.0, 1e9)?,
    })
}

/// The error of a rule, with its place.
fn refused(section: &Section<'_>, error: &PolicyError) -> ScenarioError {
    let node = section.get(error.parameter());
    let line = node.and_then(|node| node.line).or(section.line());
    let message: &dyn Display = error;
    match section.path() {
        "" => ScenarioError::new(line, message),
        path => ScenarioError::new(line, format_args!("{path}: {message}")),
    }
}
