//! What is wrong with a policy, and what to do about it.

use rebackoff_core::{Jitter, LastWait, Reason, Seconds, Wait};
use serde::Serialize;

use super::Plan;
use super::figures::human;
use super::simulation::Simulation;

/// A wait that is longer without a cap to hold it is worth a warning.
const LONG: f64 = 300.0;

/// Something that the policy's author may not have meant.
#[derive(Debug, Serialize)]
pub(super) struct Warning {
    /// What is so.
    pub(super) finding: String,
    /// What to do.
    pub(super) advice: String,
}

pub(super) fn of(plan: &Plan, simulation: &Simulation) -> Vec<Warning> {
    let findings = [
        no_retry(plan),
        no_limit(plan),
        no_jitter(plan),
        no_wait(plan),
        no_cap(plan, simulation),
        cap_not_reached(plan, simulation),
        limit_not_reached(plan, simulation),
        past_max_time(plan, simulation),
        timeout_too_long(plan),
    ];
    findings.into_iter().flatten().collect()
}

impl Warning {
    fn new(finding: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { finding: finding.into(), advice: advice.into() }
    }
}

fn max_tries(plan: &Plan) -> Option<u64> {
    plan.config.policy.max_tries().map(u64::from)
}

fn no_retry(plan: &Plan) -> Option<Warning> {
    (max_tries(plan) == Some(1)).then_some(())?;
    Some(Warning::new("max_tries 1 never retries", "set --max-tries 2 or more"))
}

fn no_limit(plan: &Plan) -> Option<Warning> {
    let policy = &plan.config.policy;
    let ends = matches!(policy.wait(), Wait::List(_));
    let is_unlimited = policy.max_tries().is_none() && policy.max_time().is_none() && !ends;
    is_unlimited.then_some(())?;
    Some(Warning::new("no limit: it retries for ever", "set --max-tries or --max-time"))
}

fn no_jitter(plan: &Plan) -> Option<Warning> {
    let policy = &plan.config.policy;
    let is_its_own = matches!(policy.wait(), Wait::Decorrelated(_));
    let together =
        policy.jitter() == Jitter::None && !is_its_own && retries(plan) && !is_zero(plan);
    together.then_some(())?;
    let finding = format!("no jitter: {} clients that fail together retry together", plan.clients);
    Some(Warning::new(finding, "set --jitter full"))
}

fn no_wait(plan: &Plan) -> Option<Warning> {
    (is_zero(plan) && retries(plan)).then_some(())?;
    let finding = format!("no wait: {} clients that fail together retry at once", plan.clients);
    Some(Warning::new(finding, "set a longer --interval"))
}

fn no_cap(plan: &Plan, simulation: &Simulation) -> Option<Warning> {
    let policy = &plan.config.policy;
    (policy.wait().cap() == Seconds::MAX).then_some(())?;
    let grows = matches!(policy.wait(), Wait::Expo(_) | Wait::Fibo(_) | Wait::Linear(_));
    let retry = simulation.most_tries().checked_sub(2)?;
    let longest = policy.longest_wait(retry as u64)?.as_secs_f64();
    let longest = policy.max_time().map_or(longest, |max_time| longest.min(max_time.as_secs_f64()));
    (grows && longest > LONG).then_some(())?;
    let finding = format!("no cap: the wait before try {} may be {}", retry + 2, human(longest));
    Some(Warning::new(finding, "set --max-value 1m"))
}

fn cap_not_reached(plan: &Plan, simulation: &Simulation) -> Option<Warning> {
    let policy = &plan.config.policy;
    let cap = policy.wait().cap();
    (plan.config.cap_is_given && cap < Seconds::MAX && simulation.all_end()).then_some(())?;
    let waits = simulation.most_tries().saturating_sub(1) as u64;
    let is_reached = (0..waits).any(|n| policy.wait().raw(n).is_some_and(|raw| raw >= cap));
    (!is_reached).then_some(())?;
    let limit =
        if simulation.never_gives_up_for(Reason::MaxTries) { "max_time" } else { "max_tries" };
    let end = simulation.ends().last().copied().unwrap_or(0.0);
    let finding =
        format!("the cap of {cap} is never reached: {limit} ends it after {} at most", human(end));
    Some(Warning::new(
        finding,
        format!("lower --max-value, or raise --{}", limit.replace('_', "-")),
    ))
}

fn limit_not_reached(plan: &Plan, simulation: &Simulation) -> Option<Warning> {
    let policy = &plan.config.policy;
    let (max_tries, max_time) = (max_tries(plan)?, policy.max_time()?);
    let max_time = Seconds::from_duration(max_time);
    let end = simulation.ends().last().copied().unwrap_or(0.0);
    if simulation.never_gives_up_for(Reason::MaxTime) {
        let finding = format!(
            "max_time {max_time} is never reached: max_tries ends it after {} at most",
            human(end)
        );
        return Some(Warning::new(finding, "raise --max-tries, or leave --max-time out"));
    }
    simulation.never_gives_up_for(Reason::MaxTries).then_some(())?;
    let most = simulation.most_tries();
    let finding = format!(
        "max_tries {max_tries} is never reached: max_time ends it after {most} tries at most"
    );
    Some(Warning::new(finding, "raise --max-time, or leave --max-tries out"))
}

fn past_max_time(plan: &Plan, simulation: &Simulation) -> Option<Warning> {
    let max_time = plan.config.policy.max_time()?.as_secs_f64();
    plan.config.timeout.is_none().then_some(())?;
    let last = simulation.ends().last().copied()?;
    let before = max_time - last;
    (simulation.most_tries() > 1 && last > 0.0 && before < max_time).then_some(())?;
    let when = if before > 0.0 {
        format!("{} before max_time", human(before))
    } else {
        "at max_time itself".to_owned()
    };
    let finding = format!("a retry can begin {when} and run past it");
    let bounds = plan.config.policy.limits().last_wait == LastWait::Stop;
    Some(Warning::new(
        finding,
        if bounds {
            "set --timeout"
        } else {
            "set --timeout, and --last-wait stop to end tries at max_time"
        },
    ))
}

fn timeout_too_long(plan: &Plan) -> Option<Warning> {
    let (timeout, max_time) = (plan.config.timeout?, plan.config.policy.max_time()?);
    (timeout >= max_time).then_some(())?;
    let (timeout, max_time) = (Seconds::from(timeout), Seconds::from(max_time));
    let finding =
        format!("a try may take {timeout}, and max_time {max_time} leaves no time for another");
    Some(Warning::new(finding, "lower --timeout, or raise --max-time"))
}

fn retries(plan: &Plan) -> bool {
    max_tries(plan) != Some(1)
}

fn is_zero(plan: &Plan) -> bool {
    let wait = plan.config.policy.wait();
    matches!(wait, Wait::Constant(_)) && wait.raw(0) == Some(Seconds::ZERO)
}
