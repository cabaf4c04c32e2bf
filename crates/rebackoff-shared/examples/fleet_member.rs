//! A member of a fleet that does what its standard input says, a line for each step. Tests start many of them.
//!
//! `fleet_member URL budget MEMBERS`, then `withdraw 3` or `look`;
//! `fleet_member URL breaker PROBE_TIMEOUT`, then `succeed 1000`, `fail 2`, `admit`, `settle failure` or `look`;
//! `report` for both: the last change between shared and degraded, once.

use std::error::Error;
use std::io::{BufRead, stdin};
use std::time::{Duration, Instant};

use rebackoff_core::{Breaker, Cost, Health, Lease, Permit, Seconds};
use rebackoff_shared::fleet::{BudgetRule, Fleet, FleetBreaker, FleetBudget, FleetReport};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, kind, number] = &arguments[..] else {
        return Err("usage: fleet_member URL budget|breaker NUMBER".into());
    };
    let fleet = Fleet::connect(url, Duration::ZERO, Duration::from_secs(60))?;
    let clock = Clock(Instant::now());
    if kind == "budget" {
        let rule = BudgetRule::per_second(500.0, 4_000).members(number.parse()?);
        let budget = fleet.budget("shop", rule)?;
        run(&fleet, |word, parameter| step_of_budget(&budget, clock, word, parameter))?;
    } else {
        let probe_timeout = Duration::from_millis(number.parse()?);
        let rule = Breaker::builder().consecutive(2).probe_timeout(probe_timeout);
        let breaker = fleet.breaker("shop", rule.open_for(Duration::from_millis(500)))?;
        let mut member = BreakerCalls { breaker, clock, permit: None };
        run(&fleet, |word, parameter| member.step(word, parameter))?;
    }
    fleet.finish();
    Ok(())
}

#[derive(Clone, Copy)]
struct Clock(Instant);

impl Clock {
    fn now(self) -> impl Fn() -> Duration {
        move || self.0.elapsed()
    }
}

/// Answers each line.
fn run(
    fleet: &Fleet,
    mut step: impl FnMut(&str, &str) -> Result<String, Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    for line in stdin().lock().lines() {
        let line = line?;
        let (word, parameter) = line.split_once(' ').unwrap_or((&line, ""));
        if word == "report" {
            println!("{}", report(fleet));
        } else {
            println!("{}", step(word, parameter)?);
        }
    }
    Ok(())
}

fn report(fleet: &Fleet) -> &'static str {
    match fleet.take_report() {
        Some(FleetReport::Degraded(_)) => "degraded",
        Some(_) => "recovered",
        None => "",
    }
}

/// Returns the tokens that were granted, or whether the budget goes on without the store.
fn step_of_budget(
    budget: &FleetBudget,
    clock: Clock,
    word: &str,
    parameter: &str,
) -> Result<String, Box<dyn Error>> {
    if word == "look" {
        let is_alone = budget.for_call().lease().is_some_and(Lease::is_alone);
        return Ok(if is_alone { "alone" } else { "shared" }.into());
    }
    let mut granted = 0;
    for _ in 0..parameter.parse::<u32>()? {
        granted += u32::from(budget.for_call().withdraw_at(Cost::Retry, clock.now()).is_ok());
        budget.notify();
    }
    Ok(granted.to_string())
}

/// The calls of a member, one at a time.
struct BreakerCalls {
    breaker: FleetBreaker,
    clock: Clock,
    permit: Option<Permit>,
}

impl BreakerCalls {
    /// Returns how a call was admitted, or the state of the breaker.
    fn step(&mut self, word: &str, parameter: &str) -> Result<String, Box<dyn Error>> {
        match (word, parameter) {
            ("admit", _) => return Ok(self.admit().into()),
            ("settle", "failure") => self.settle(Health::Failure),
            ("settle", _) => self.settle(Health::Success),
            ("succeed", times) => self.call(times.parse()?, Health::Success),
            ("fail", times) => self.call(times.parse()?, Health::Failure),
            _ => {}
        }
        Ok(self.breaker.breaker().state_at(self.clock.now()).name().into())
    }

    fn call(&mut self, times: u32, health: Health) {
        for _ in 0..times {
            self.admit();
            self.settle(health);
        }
    }

    fn admit(&mut self) -> &'static str {
        match self.breaker.for_call().admit_at(self.clock.now()) {
            Err(_) => "rejected",
            Ok(permit) => {
                let word = if permit.is_probe() { "probe" } else { "admitted" };
                self.permit = Some(permit);
                word
            }
        }
    }

    fn settle(&mut self, health: Health) {
        let Some(permit) = self.permit.take() else { return };
        let (breaker, now) = (self.breaker.breaker(), self.clock.now());
        if breaker.settle_at(permit, health, || Seconds::ZERO, now, &mut || 0.5).is_some() {
            self.breaker.notify();
        }
    }
}
