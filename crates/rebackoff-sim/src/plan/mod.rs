//! Plans: the tries and the load of one policy whose every try fails, which `rebackoff plan` shows.

mod chart;
mod figures;
mod load;

use std::time::Duration;

use rebackoff_core::{Policy, Seconds};

pub use chart::{RetryChart, RetryPeak, peak};
pub use figures::{OutlastedOutage, PlanFigures, PlannedTry};
pub use load::{ChanceFailures, OutageRecovery, PlanLoad};

use crate::profile::Profile;
use crate::{Herd, HerdTries, Target, TooManyTries};

/// The policy to show, and the clients that follow it.
///
/// ```
/// use rebackoff_sim::plan::Plan;
/// use rebackoff_sim::profile::Profile;
///
/// let plan = Plan::new(Profile::of(&[])?);
/// assert_eq!(plan.figures()?.load.requests_per_call, 5.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// The policy and its timeout.
    pub profile: Profile,
    /// The number of clients that fail at the same moment.
    pub clients: u32,
    /// The duration of a failing try, which the timeout may end.
    pub try_time: Duration,
    /// The seed of the draws.
    pub seed: u64,
    /// The chance that a try fails.
    pub failure_rate: Option<f64>,
    /// The end of an outage.
    pub outage: Option<Seconds>,
    /// The policy to set beside this one.
    pub compared: Option<Policy>,
}

impl Plan {
    /// The plan of 1000 clients whose tries fail at once.
    pub fn new(profile: Profile) -> Self {
        Self {
            profile,
            clients: 1000,
            try_time: Duration::ZERO,
            seed: 0,
            failure_rate: None,
            outage: None,
            compared: None,
        }
    }

    /// The figures of the plan.
    ///
    /// # Errors
    ///
    /// A policy needs more tries than the bound.
    pub fn figures(&self) -> Result<PlanFigures, TooManyTries> {
        PlanFigures::of(self, &self.tries(self.time_of_try())?)
    }

    /// The tries of the plan's clients, where every try fails after this time.
    ///
    /// # Errors
    ///
    /// The policy needs more tries than the bound.
    pub fn tries(&self, time_of_try: Seconds) -> Result<HerdTries, TooManyTries> {
        self.run(&self.profile.policy, time_of_try, Target::Down)
    }

    fn run(
        &self,
        policy: &Policy,
        time_of_try: Seconds,
        target: Target,
    ) -> Result<HerdTries, TooManyTries> {
        let mut random = fastrand::Rng::with_seed(self.seed);
        Herd { policy, clients: self.clients, time_of_try, target }.run(&mut || random.f64())
    }

    /// The duration of a try.
    pub fn time_of_try(&self) -> Seconds {
        let timeout = self.profile.timeout.unwrap_or(Duration::MAX);
        Seconds::from_duration(self.try_time.min(timeout))
    }
}
