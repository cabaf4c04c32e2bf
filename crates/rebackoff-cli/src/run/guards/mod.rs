//! The guards of a call, which the processes of the host or of a fleet share.

#[cfg(feature = "fleet")]
mod fleet;
#[cfg(not(feature = "fleet"))]
#[path = "no_fleet.rs"]
mod fleet;

use std::env;
use std::time::Instant;

use rebackoff_core::{
    Breaker, BreakerBuilder, Budget, CallGuards, Cost, Draws, Health, Moment, Open, Reason,
    Seconds, StateChange, Verdict,
};
use rebackoff_shared::{Host, Opened, ShareOnHost, SharedError};
use rebackoff_sim::BudgetRule;

use crate::CliError;
use crate::ending::Ending;
use crate::report::Reporter;
pub(crate) use fleet::AskedFleet;
use fleet::FleetGuards;

/// The address of the fleet, which has a password that command lines show to every user.
const FLEET: &str = "REBACKOFF_FLEET";

impl AskedFleet {
    /// The fleet that the option names, else the environment.
    pub(crate) fn of(given: Option<&str>) -> Result<Option<Self>, CliError> {
        let of_environment = || {
            let url = env::var_os(FLEET).filter(|url| !url.is_empty())?;
            Some(url.to_string_lossy().into_owned())
        };
        let url = given.map(str::to_owned).or_else(of_environment);
        url.as_deref().map(Self::parse).transpose()
    }
}

/// The guards that options ask for, by name.
#[derive(Debug, Default)]
pub(super) struct AskedGuards {
    pub(super) breaker: Option<(String, BreakerBuilder)>,
    pub(super) budget: Option<(String, BudgetRule)>,
    pub(super) fleet: Option<AskedFleet>,
}

/// The guards of one call.
pub(super) struct CommandGuards<'r> {
    held: HeldGuards<'r>,
    state: CallGuards,
    began: Instant,
    reporter: &'r Reporter,
}

/// The guards of a call, where their state is.
#[derive(Default)]
struct HeldGuards<'r> {
    breaker_name: &'r str,
    breaker: Option<&'static Breaker>,
    budget: Option<&'static Budget>,
    fleet: Option<FleetGuards>,
}

impl<'r> HeldGuards<'r> {
    fn of_host(asked: &'r AskedGuards, reporter: &Reporter) -> Result<Self, CliError> {
        let breaker = asked.breaker.as_ref().map(|(name, rule)| {
            shared(rule.open_on(name, &Host::from_env()), "breaker", name, reporter)
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
        Ok(Self { breaker, budget, ..Self::default() })
    }

    fn breaker(&self) -> Option<&Breaker> {
        self.fleet.as_ref().map_or(self.breaker, FleetGuards::breaker)
    }

    fn budget(&self) -> Option<&Budget> {
        self.fleet.as_ref().map_or(self.budget, FleetGuards::budget)
    }
}

impl<'r> CommandGuards<'r> {
    /// Opens the guards, and warns of those with other parameters.
    pub(super) fn open(asked: &'r AskedGuards, reporter: &'r Reporter) -> Result<Self, CliError> {
        let began = Instant::now();
        let held = match &asked.fleet {
            None => HeldGuards::of_host(asked, reporter)?,
            Some(fleet) => {
                let fleet = Some(FleetGuards::open(asked, fleet, began.elapsed())?);
                HeldGuards { fleet, ..HeldGuards::default() }
            }
        };
        let breaker_name = asked.breaker.as_ref().map_or("", |(name, _)| name);
        let held = HeldGuards { breaker_name, ..held };
        Ok(Self { held, state: CallGuards::new(), began, reporter })
    }

    /// The clock of a fleet's guards. Those of the host have their own.
    fn clock(&self) -> impl Fn() -> Moment + use<> {
        let began = self.began;
        move || began.elapsed().into()
    }

    // Handlers

    /// Asks for the first try of this run. That of a call which another run began is a retry.
    ///
    /// # Errors
    ///
    /// The message of a breaker that rejects it.
    pub(super) fn handle_start(&mut self, is_resumed: bool) -> Result<(), String> {
        self.with_fleet(FleetGuards::handle_start);
        let (held, now) = (&self.held, self.clock());
        let budget = held.budget().filter(|_| !is_resumed);
        let started = self.state.handle_start(budget, held.breaker(), now);
        self.report_fleet();
        self.notify(started.map_err(|open| self.rejection(open))?);
        Ok(())
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
        let (budget, breaker, now) = (self.held.budget(), self.held.breaker(), self.clock());
        let change = self.state.handle_settled(budget, breaker, verdict, health, now, draws);
        self.notify(change);
    }

    /// Asks for a retry after `wait`, and pays for it.
    pub(super) fn handle_retry(&mut self, cost: Cost, wait: Seconds) -> Result<(), Reason> {
        self.with_fleet(FleetGuards::handle_retry);
        let (budget, breaker, now) = (self.held.budget(), self.held.breaker(), self.clock());
        let paid = self.state.handle_retry(budget, breaker, cost, wait, now);
        self.with_fleet(FleetGuards::handle_withdrawal);
        self.report_fleet();
        paid
    }

    /// Asks for the retry, now that its wait is over.
    pub(super) fn handle_resume(&mut self) -> Result<(), Reason> {
        self.with_fleet(FleetGuards::handle_resume);
        let (budget, breaker, now) = (self.held.budget(), self.held.breaker(), self.clock());
        let resumed = self.state.handle_resume(budget, breaker, now);
        self.report_fleet();
        self.notify(resumed.map_err(|_| Reason::Breaker)?);
        Ok(())
    }

    /// Leaves the retry that was paid for to another run.
    pub(super) fn handle_handover(&mut self) {
        self.state.handle_try();
    }

    /// Gives back what the call holds. A second call changes nothing.
    pub(super) fn finish(&mut self) {
        self.state.handle_abandoned(self.held.budget(), self.held.breaker());
        self.with_fleet(FleetGuards::finish);
        self.report_fleet();
    }

    fn with_fleet(&self, handle: impl Fn(&FleetGuards)) {
        if let Some(fleet) = &self.held.fleet {
            handle(fleet);
        }
    }

    fn report_fleet(&self) {
        self.with_fleet(|fleet| fleet.report(self.reporter));
    }

    fn notify(&self, change: Option<StateChange>) {
        if let Some(change) = change {
            let name = self.held.breaker_name;
            self.reporter.warn(format_args!("breaker {name} is {} now", change.to));
            self.with_fleet(FleetGuards::handle_change);
        }
    }

    fn rejection(&self, open: Open) -> String {
        format!("breaker {}: {open}", self.held.breaker_name)
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
