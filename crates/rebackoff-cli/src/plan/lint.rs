//! Findings about a policy that does harm, or something that its author may not have meant.

use rebackoff_core::{Jitter, LastWait, Policy, Reason, Seconds, Wait};
use rebackoff_sim::plan::{Plan, peak};
use rebackoff_sim::{Herd, HerdTries, Target};
use serde::Serialize;

use super::PlanCommand;
use crate::human::human;
use crate::options::Rule;

/// The longest wait that needs no cap, in seconds.
const LONG: f64 = 300.0;

/// The longest wait that does not keep clients apart, in seconds.
const AT_ONCE: f64 = 0.01;

/// The most retries of one client in a second.
const MOST_IN_A_SECOND: usize = 20;

/// The most waits that are looked at one by one.
const LOOKED_AT: usize = 1000;

/// A finding, under the name of its rule.
#[derive(Debug, Serialize)]
pub(super) struct Warning {
    pub(super) rule: Rule,
    pub(super) finding: String,
    pub(super) advice: String,
}

/// A rule's finding and advice.
type Found = Option<(String, String)>;

/// A policy, with simulations of the shortest and of the longest tries that it allows.
struct Lint<'a> {
    plan: &'a Plan,
    consecutive: u64,
    policy: &'a Policy,
    /// Every try fails at once.
    at_once: Option<&'a HerdTries>,
    /// Every try lasts until its timeout; none without a timeout.
    hanging: Option<&'a HerdTries>,
}

/// The findings of all rules that are not ignored. A simulation beyond the bound on tries yields no finding.
pub(super) fn warnings(command: &PlanCommand) -> Vec<Warning> {
    let plan = &command.plan;
    let run = |time: Seconds| plan.tries(time).ok();
    let at_once = run(Seconds::ZERO);
    let hanging = plan.profile.timeout.and_then(|timeout| run(Seconds::from_duration(timeout)));
    let lint = Lint {
        plan,
        consecutive: command.consecutive,
        policy: &plan.profile.policy,
        at_once: at_once.as_ref(),
        hanging: hanging.as_ref(),
    };
    let rules = [
        (Rule::NeverRetries, lint.never_retries()),
        (Rule::NoLimit, lint.no_limit()),
        (Rule::NoJitter, lint.no_jitter()),
        (Rule::NoWait, lint.no_wait()),
        (Rule::Herd, lint.herd()),
        (Rule::NoCap, lint.no_cap()),
        (Rule::IdleCap, lint.idle_cap()),
        (Rule::IdleMaxTime, lint.idle_max_time()),
        (Rule::IdleMaxTries, lint.idle_max_tries()),
        (Rule::CutList, lint.cut_list()),
        (Rule::PastMaxTime, lint.past_max_time()),
        (Rule::LongTimeout, lint.long_timeout()),
        (Rule::LongStreak, lint.long_streak()),
    ];
    let kept = rules.into_iter().filter(|(rule, _)| !command.ignored.contains(rule));
    kept.filter_map(|(rule, found)| {
        found.map(|(finding, advice)| Warning { rule, finding, advice })
    })
    .collect()
}

impl Lint<'_> {
    fn never_retries(&self) -> Found {
        (!self.retries()).then_some(())?;
        if self.max_tries() == Some(1) {
            return found("max_tries 1 never retries", "set --max-tries 2 or more");
        }
        let max_time = Seconds::from_duration(self.policy.max_time()?);
        let finding = format!("max_time {max_time} ends the call before a retry can begin");
        found(finding, "raise --max-time, or shorten the first wait")
    }

    fn no_limit(&self) -> Found {
        self.is_endless().then_some(())?;
        found("nothing ends the retries", "set --max-tries or --max-time")
    }

    fn no_jitter(&self) -> Found {
        let is_its_own = matches!(self.policy.wait(), Wait::Decorrelated(_));
        let is_spread = self.policy.jitter() != Jitter::None || is_its_own;
        (!is_spread && self.retries() && !self.is_without_wait()).then_some(())?;
        let finding = format!("{} that fail together retry together", self.clients());
        found(finding, "set --jitter full")
    }

    fn no_wait(&self) -> Found {
        (self.retries() && self.is_without_wait()).then_some(())?;
        let finding = format!("{} that fail together retry at once", self.clients());
        found(finding, "set longer waits")
    }

    fn herd(&self) -> Found {
        (self.retries() && !self.is_without_wait()).then_some(())?;
        if let Some((n, wait)) = (0..).zip(self.waits()).find(|(_, wait)| *wait <= AT_ONCE) {
            let (clients, wait) = (self.clients(), human(wait));
            let finding = format!("{clients} that fail together make try {} within {wait}", n + 2);
            return found(finding, "set longer waits");
        }
        let retries = self.at_once?.retries();
        // Where max_time shortens the last waits, it ends them together.
        let end = self.policy.max_time().map_or(f64::INFINITY, |time| time.as_secs_f64());
        let before = &retries[..retries.partition_point(|begin| *begin < end)];
        let most = peak(before, 1.0)?.retries;
        let clients = self.plan.clients as usize;
        (most / clients > MOST_IN_A_SECOND).then_some(())?;
        let finding = format!("{} make {most} retries in one second", self.clients());
        found(finding, "set longer waits, or lower --max-tries")
    }

    fn no_cap(&self) -> Found {
        let policy = self.policy;
        let grows = matches!(policy.wait(), Wait::Expo(_) | Wait::Fibo(_) | Wait::Linear(_));
        (grows && policy.wait().cap() == Seconds::MAX).then_some(())?;
        let retry = self.at_once?.most_tries().checked_sub(2)?;
        let longest = policy.longest_wait(retry as u64)?.as_secs_f64();
        let longest = policy.max_time().map_or(longest, |end| longest.min(end.as_secs_f64()));
        (longest > LONG).then_some(())?;
        let finding = format!("the wait before try {} may be {}", retry + 2, human(longest));
        found(finding, "set --max-value 1m")
    }

    fn idle_cap(&self) -> Found {
        let (wait, at_once) = (self.policy.wait(), self.at_once?);
        let cap = wait.cap();
        (self.plan.profile.cap_is_given && cap < Seconds::MAX && at_once.all_end()).then_some(())?;
        let waits = at_once.most_tries().saturating_sub(1) as u64;
        let is_reached = (0..waits).any(|n| wait.raw(n).is_some_and(|raw| raw >= cap));
        (!is_reached).then_some(())?;
        let (limit, option) = if at_once.gives_up_for(Reason::MaxTries) {
            ("max_tries", "max-tries")
        } else {
            ("max_time", "max-time")
        };
        let finding = format!("the cap of {cap} is never reached: {limit} ends the call first");
        found(finding, format!("lower --max-value, or raise --{option}"))
    }

    /// A limit on time protects against tries that hang, so it is idle only where these do not reach it either.
    fn idle_max_time(&self) -> Found {
        let (max_time, timeout) = (self.policy.max_time()?, self.plan.profile.timeout?);
        (self.policy.worst_case()? < max_time && self.retries()).then_some(())?;
        #[allow(clippy::cast_precision_loss, reason = "counts of tries are far below 2⁵³")]
        let tries = self.at_once?.most_tries() as f64;
        let longest = self.policy.worst_case()?.as_secs_f64() + tries * timeout.as_secs_f64();
        let max_time = Seconds::from_duration(max_time);
        (longest < max_time.get()).then_some(())?;
        let finding = format!(
            "max_time {max_time} is never reached: the call ends after {} at most",
            human(longest)
        );
        found(finding, "raise --max-tries, or leave --max-time out")
    }

    fn idle_max_tries(&self) -> Found {
        let (max_tries, at_once) = (self.max_tries()?, self.at_once?);
        let idle = at_once.all_end() && !at_once.gives_up_for(Reason::MaxTries);
        (idle && self.retries()).then_some(())?;
        let most = at_once.most_tries();
        let (cause, advice) = if at_once.gives_up_for(Reason::Exhausted) {
            ("the list of waits", "leave --max-tries out, or list more waits")
        } else {
            ("max_time", "raise --max-time, or leave --max-tries out")
        };
        let finding = format!(
            "max_tries {max_tries} is never reached: {cause} ends the call after {most} tries at most"
        );
        found(finding, advice)
    }

    fn cut_list(&self) -> Found {
        let Wait::List(list) = self.policy.wait() else {
            return None;
        };
        let len = list.waits().len();
        if let Some(tries) = self.max_tries().filter(|tries| (2..=len as u64).contains(tries)) {
            let finding = format!("max_tries {tries} cuts the list of {len} waits");
            return found(finding, "raise --max-tries, leave it out, or list fewer waits");
        }
        let max_time = Seconds::from_duration(self.policy.max_time()?);
        let all = self.waits().sum::<f64>();
        (all > max_time.get() && self.retries()).then_some(())?;
        let finding =
            format!("max_time {max_time} cuts the list of waits, which takes {}", human(all));
        found(finding, "raise --max-time, leave it out, or list fewer waits")
    }

    fn past_max_time(&self) -> Found {
        let max_time = self.policy.max_time()?.as_secs_f64();
        let at_once = self.at_once?;
        let is_limit = self.retries() && at_once.gives_up_for(Reason::MaxTime);
        (is_limit && self.plan.profile.timeout.is_none()).then_some(())?;
        let before = max_time - at_once.ends().last().copied()?;
        let when = if before > 0.0 {
            format!("{} before max_time", human(before))
        } else {
            "at max_time itself".to_owned()
        };
        let advice = match self.policy.limits().last_wait {
            LastWait::Stop => "set --timeout",
            LastWait::Shorten => "set --timeout, and --last-wait stop to end tries at max_time",
        };
        found(format!("a retry can begin {when} and run past it"), advice)
    }

    fn long_timeout(&self) -> Found {
        (self.retries() && self.hanging?.most_tries() == 1).then_some(())?;
        let timeout = Seconds::from_duration(self.plan.profile.timeout?);
        let max_time = Seconds::from_duration(self.policy.max_time()?);
        let finding =
            format!("a try may take {timeout}, and max_time {max_time} leaves no time for another");
        found(finding, "lower --timeout, or raise --max-time")
    }

    fn long_streak(&self) -> Found {
        let (streak, max_tries) = (self.consecutive, self.max_tries()?);
        (streak > max_tries).then_some(())?;
        let finding =
            format!("max_tries {max_tries} ends the call before {streak} consecutive successes");
        found(finding, format!("set --max-tries {streak} or more, or lower --consecutive"))
    }

    // Getters

    fn max_tries(&self) -> Option<u64> {
        self.policy.max_tries().map(u64::from)
    }

    fn is_endless(&self) -> bool {
        let (policy, time_of_try) = (self.policy, Seconds::ZERO);
        Herd { policy, clients: 1, time_of_try, target: Target::Down }.is_endless()
    }

    /// Returns whether a try that fails at once is followed by a retry.
    fn retries(&self) -> bool {
        self.at_once.is_none_or(|simulation| simulation.most_tries() > 1)
    }

    fn is_without_wait(&self) -> bool {
        self.waits().all(|wait| wait <= 0.0)
    }

    /// The longest waits of the retries that can happen, in seconds.
    fn waits(&self) -> impl Iterator<Item = f64> {
        let tries = self.at_once.map_or(LOOKED_AT, HerdTries::most_tries);
        let waits = tries.saturating_sub(1).min(LOOKED_AT) as u64;
        (0..waits).filter_map(|n| Some(self.policy.longest_wait(n)?.as_secs_f64()))
    }

    /// The subject of a finding: a plan of one client still stands for many.
    fn clients(&self) -> String {
        match self.plan.clients {
            1 => "clients".to_owned(),
            many => format!("{many} clients"),
        }
    }
}

#[allow(clippy::unnecessary_wraps, reason = "a rule returns an `Option`, and ends with this call")]
fn found(finding: impl Into<String>, advice: impl Into<String>) -> Found {
    Some((finding.into(), advice.into()))
}
