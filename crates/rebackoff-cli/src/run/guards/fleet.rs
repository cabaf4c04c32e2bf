//! The guards of a call that is a member of a fleet.

use std::thread::sleep;
use std::time::{Duration, Instant};

use rebackoff_core::{Breaker, Budget, did_you_mean};
use rebackoff_shared::fleet::{BudgetRule as FleetRule, Fleet, FleetBreaker, FleetBudget};
use rebackoff_shared::fleet::{FleetError, FleetReport};
use rebackoff_sim::BudgetRule;

use super::AskedGuards;
use crate::CliError;
use crate::config::duration;
use crate::failure::without_number;
use crate::report::Reporter;

/// The longest time for which a retry waits for tokens that are on their way.
const LEASE_WAIT: Duration = Duration::from_millis(25);

/// The fleet that options ask for.
#[derive(Debug)]
pub(crate) struct AskedFleet {
    url: String,
    members: u32,
    /// The longest wait for its first answer.
    wait: Duration,
}

/// The guards of a call that is a member of a fleet.
pub(super) struct FleetGuards {
    breaker: Option<FleetBreaker>,
    budget: Option<FleetBudget>,
    fleet: Fleet,
    wait: Duration,
}

impl AskedFleet {
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Reads `URL,members=40,wait=100ms`.
    pub(super) fn parse(text: &str) -> Result<Self, CliError> {
        let mut parts = text.split(',');
        let url = parts.next().unwrap_or_default().to_owned();
        let mut asked = Self { url, members: 10, wait: Duration::from_millis(25) };
        for part in parts {
            if part.contains('@') {
                let rule = "--fleet: a comma in a user or password must be written as %2C";
                return Err(CliError::new(rule));
            }
            match part.split_once('=') {
                Some(("members", members)) => asked.members = number_of_members(members)?,
                Some(("wait", wait)) => asked.wait = duration("--fleet: wait", wait)?,
                Some((key, _)) => {
                    let advice = did_you_mean(key, ["members", "wait"]);
                    let rule = format_args!("--fleet: unknown key {key}{advice}");
                    return Err(CliError::new(rule));
                }
                None => {
                    return Err(CliError::new(format_args!(
                        "--fleet: a parameter must be NAME=VALUE, but it is {part:?}"
                    )));
                }
            }
        }
        Ok(asked)
    }
}

fn number_of_members(text: &str) -> Result<u32, CliError> {
    let members = text.parse().ok().filter(|members| (1..=100_000).contains(members));
    let rule = "--fleet: members must be from 1 to 100000";
    members.ok_or_else(|| CliError::new(format_args!("{rule}, but it is {text:?}")))
}

impl FleetGuards {
    #[cold]
    pub(super) fn open(
        asked: &AskedGuards,
        AskedFleet { url, members, wait }: &AskedFleet,
        reading: Duration,
    ) -> Result<Self, CliError> {
        let wrong =
            |option| move |error: FleetError| CliError::new(format_args!("{option}: {error}"));
        let fleet = Fleet::connect(url, reading, *wait).map_err(wrong("--fleet"))?;
        let breaker = asked.breaker.as_ref().map(|(name, rule)| fleet.breaker(name, *rule));
        let breaker = breaker.transpose().map_err(wrong("--breaker"))?;
        let budget = asked.budget.as_ref().map(|(name, rule)| {
            let rule = match rule {
                BudgetRule::Share(rule) => FleetRule::from(*rule),
                BudgetRule::PerSecond(rule) => FleetRule::from(*rule),
                BudgetRule::Quota(_) => return Err(wrong_kind("quota")),
                BudgetRule::Throttle(_) => return Err(wrong_kind("throttle")),
            };
            fleet.budget(name, rule.members(*members)).map_err(wrong("--budget"))
        });
        Ok(Self { breaker, budget: budget.transpose()?, fleet, wait: *wait })
    }

    // Getters

    pub(super) fn breaker(&self) -> Option<&Breaker> {
        self.breaker.as_ref().map(FleetBreaker::breaker)
    }

    pub(super) fn budget(&self) -> Option<&Budget> {
        self.budget.as_ref().map(FleetBudget::budget)
    }

    // Handlers

    /// Begins a call: its first try waits for the state of the breaker.
    pub(super) fn handle_start(&self) {
        if let Some(budget) = &self.budget {
            budget.for_call();
        }
        if let Some(breaker) = &self.breaker {
            breaker.for_call();
        }
    }

    /// Waits for tokens that are on their way: a run that is refused does not come back for them.
    pub(super) fn handle_retry(&self) {
        let Some(budget) = &self.budget else { return };
        let Some(lease) = budget.budget().lease() else { return };
        budget.notify();
        let began = Instant::now();
        while lease.tokens(self.fleet.now().into()) == 0 && !budget.is_degraded() {
            let longest = if lease.is_alone() { self.wait } else { LEASE_WAIT };
            if began.elapsed() >= longest {
                break;
            }
            sleep(Duration::from_micros(200));
        }
    }

    /// Reports that a retry has asked for a token.
    pub(super) fn handle_withdrawal(&self) {
        if let Some(budget) = &self.budget {
            budget.notify();
        }
    }

    /// Asks for the probe, where one is due: the next run may be a long time off.
    pub(super) fn handle_resume(&self) {
        if let Some(breaker) = &self.breaker {
            breaker.for_call();
            breaker.ask_for_probe();
        }
    }

    /// Reports a change of the breaker's state to the fleet.
    pub(super) fn handle_change(&self) {
        if let Some(breaker) = &self.breaker {
            breaker.notify();
        }
    }

    /// Gives the fleet what this run has learnt and has not spent.
    pub(super) fn finish(&self) {
        self.fleet.finish();
    }

    /// Warns of a fleet that does not answer, once, and says when it does again.
    pub(super) fn report(&self, reporter: &Reporter) {
        match self.fleet.take_report() {
            Some(FleetReport::Degraded(error)) => {
                reporter.warn(format_args!(
                    "guards go on by themselves, without the Redis of the fleet: {}",
                    without_number(&error)
                ));
            }
            Some(_) => reporter.warn("guards are shared with the fleet again"),
            None => {}
        }
    }
}

fn wrong_kind(kind: &str) -> CliError {
    let rule = "kind must be share or per_second for a budget of a fleet";
    CliError::new(format_args!("--budget: {rule}, but it is {kind}"))
}
