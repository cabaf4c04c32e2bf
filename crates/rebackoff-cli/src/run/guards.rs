//! The guards of a call, which the processes of the host share.

use rebackoff_core::{
    Breaker, BreakerBuilder, Budget, CallGuards, Cost, Draws, Health, Open, Reason, Seconds,
    StateChange, Verdict,
};
use rebackoff_shared::{Host, Opened, ShareOnHost, SharedError};
use rebackoff_sim::BudgetRule;

use crate::CliError;
use crate::ending::Ending;
use crate::guard::UNREAD;
use crate::report::Reporter;

/// The guards that options ask for, by name.
#[derive(Debug, Default)]
pub(super) struct AskedGuards {
    pub(super) breaker: Option<(String, BreakerBuilder)>,
    pub(super) budget: Option<(String, BudgetRule)>,
}

/// The guards of one call.
pub(super) struct CommandGuards<'r> {
    breaker: Option<(&'r str, &'static Breaker)>,
    budget: Option<&'static Budget>,
    state: CallGuards,
    reporter: &'r Reporter,
}

impl<'r> CommandGuards<'r> {
    /// Opens the guards, and warns of those with other parameters.
    pub(super) fn open(asked: &'r AskedGuards, reporter: &'r Reporter) -> Result<Self, CliError> {
        let breaker = asked.breaker.as_ref().map(|(name, rule)| {
            let opened = rule.open_on(name, &Host::from_env());
            Ok((name.as_str(), shared(opened, "breaker", name, reporter)?))
        });
        let budget = asked.budget.as_ref().map(|(name, rule)| {
            let host = Host::from_env();
            let opened = match rule {
                BudgetRule::Share(rule) => rule.open_on(name, &host),
                BudgetRule::PerSecond(rule) => rule.open_on(name, &host),
                BudgetRule::Quota(rule) => rule.open_on(name, &host),
                BudgetRule::Throttle(rule) => rule.open_on(name, &host),
            };
            shared(opened, "budget", name, reporter)
        });
        let (breaker, budget) = (breaker.transpose()?, budget.transpose()?);
        Ok(Self { breaker, budget, state: CallGuards::new(), reporter })
    }

    fn breaker(&self) -> Option<&'static Breaker> {
        self.breaker.map(|(_, breaker)| breaker)
    }

    // Handlers

    /// Asks for the first try of this run. That of a call which another run began is a retry.
    ///
    /// # Errors
    ///
    /// The message of a breaker that rejects it.
    pub(super) fn handle_start(&mut self, is_resumed: bool) -> Result<(), String> {
        let (budget, breaker) = (self.budget.filter(|_| !is_resumed), self.breaker());
        match self.state.handle_start(budget, breaker, UNREAD) {
            Ok(change) => {
                self.notify(change);
                Ok(())
            }
            Err(open) => Err(self.rejection(open)),
        }
    }

    pub(super) fn handle_try(&mut self) {
        self.state.handle_try();
    }

    /// Settles a try. `is_success` is also true of a success before the last of `--consecutive`.
    pub(super) fn handle_settled(
        &mut self,
        ending: &Ending,
        verdict: Verdict,
        is_success: bool,
        draws: &mut impl Draws,
    ) {
        let health = match ending {
            // The target was not called.
            Ending::NotStarted(_) | Ending::NotExecutable(_) | Ending::NotFound(_) => {
                Some(Health::Neutral)
            }
            _ => is_success.then_some(Health::Success),
        };
        let (budget, breaker) = (self.budget, self.breaker());
        let change = self.state.handle_settled(budget, breaker, verdict, health, UNREAD, draws);
        self.notify(change);
    }

    /// Asks for a retry after `wait`, and pays for it.
    pub(super) fn handle_retry(&mut self, cost: Cost, wait: Seconds) -> Result<(), Reason> {
        self.state.handle_retry(self.budget, self.breaker(), cost, wait, UNREAD)
    }

    /// Asks for the retry, now that its wait is over.
    pub(super) fn handle_resume(&mut self) -> Result<(), Reason> {
        let resumed = self.state.handle_resume(self.budget, self.breaker(), UNREAD);
        self.notify(resumed.map_err(|_| Reason::Breaker)?);
        Ok(())
    }

    /// Leaves the retry that was paid for to another run.
    pub(super) fn handle_handover(&mut self) {
        self.state.handle_try();
    }

    pub(super) fn handle_abandoned(&mut self) {
        self.state.handle_abandoned(self.budget, self.breaker());
    }

    fn notify(&self, change: Option<StateChange>) {
        if let (Some((name, _)), Some(change)) = (self.breaker, change) {
            self.reporter.warn(format_args!("breaker {name} is {} now", change.to));
        }
    }

    fn rejection(&self, open: Open) -> String {
        let name = self.breaker.map_or("", |(name, _)| name);
        format!("breaker {name}: {open}")
    }
}

fn shared<G: std::fmt::Display>(
    opened: Result<Opened<G>, SharedError>,
    kind: &str,
    name: &str,
    reporter: &Reporter,
) -> Result<&'static G, CliError> {
    let Opened { guard, others } = opened.map_err(|error| match error {
        SharedError::Name(_) => CliError::new(format_args!("--{kind}: {error}")),
        error => CliError::new(error),
    })?;
    for other in others {
        reporter.warn(format_args!(
            "{kind} {name} has other parameters in another process: {other}; here: {guard}"
        ));
    }
    Ok(guard)
}
