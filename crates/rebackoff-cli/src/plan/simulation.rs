//! Many clients whose every try fails, through the engine.

use rebackoff_core::{Engine, Reason, Seconds, Step, Verdict};

use super::Plan;
use crate::random::Chance;

/// Where a client is left that would go on for ever.
const MOST_TRIES: usize = 1000;
const LONGEST: f64 = 86_400.0;

/// What became of the clients.
#[derive(Debug)]
pub(super) struct Simulation {
    pub(super) clients: Vec<Client>,
}

/// When a client's tries began, in seconds from the start of the first.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) begins: Vec<f64>,
    /// Why it gave up; none where it would still be trying.
    pub(super) reason: Option<Reason>,
}

impl Simulation {
    pub(super) fn run(plan: &Plan) -> Self {
        let mut draws = Chance::seeded(plan.seed);
        Self { clients: (0..plan.clients).map(|_| Client::run(plan, &mut draws)).collect() }
    }

    /// When the try `n` began, counted from zero, for each client that made it; sorted.
    pub(super) fn begins(&self, n: usize) -> Vec<f64> {
        let begins = self.clients.iter().filter_map(|client| client.begins.get(n).copied());
        sorted(begins)
    }

    /// When the last try began, for each client; sorted. Who would still be trying has no end.
    pub(super) fn ends(&self) -> Vec<f64> {
        let end = |client: &Client| match client.reason {
            Some(_) => client.begins.last().copied(),
            None => Some(f64::INFINITY),
        };
        sorted(self.clients.iter().filter_map(end))
    }

    /// Whether every client has given up in the end.
    pub(super) fn all_end(&self) -> bool {
        self.clients.iter().all(|client| client.reason.is_some())
    }

    /// When every retry began, of all clients; sorted.
    pub(super) fn retries(&self) -> Vec<f64> {
        sorted(self.clients.iter().flat_map(|client| client.begins.iter().skip(1).copied()))
    }

    pub(super) fn most_tries(&self) -> usize {
        self.clients.iter().map(|client| client.begins.len()).max().unwrap_or(0)
    }

    /// Whether no client gave up for `reason`.
    pub(super) fn never_gives_up_for(&self, reason: Reason) -> bool {
        self.clients.iter().all(|client| client.reason != Some(reason))
    }
}

impl Client {
    fn run(plan: &Plan, draws: &mut Chance) -> Self {
        let (policy, time_of_try) = (&plan.config.policy, plan.time_of_try());
        let (mut engine, mut elapsed) = (Engine::new(), Seconds::ZERO);
        let mut begins = Vec::new();
        loop {
            begins.push(elapsed.get());
            elapsed = elapsed.saturating_add(time_of_try);
            match engine.handle_outcome(policy, Verdict::Retry, elapsed, draws) {
                Step::Retry { wait } => elapsed = elapsed.saturating_add(wait),
                Step::GiveUp { reason } => return Self { begins, reason: Some(reason) },
                Step::Accept => return Self { begins, reason: None },
            }
            if begins.len() == MOST_TRIES || elapsed.get() > LONGEST {
                return Self { begins, reason: None };
            }
        }
    }
}

fn sorted(numbers: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut numbers: Vec<_> = numbers.collect();
    numbers.sort_by(f64::total_cmp);
    numbers
}

/// The smallest of `sorted` that is at least as large as `share` of them.
pub(super) fn percentile(sorted: &[f64], share: f64) -> Option<f64> {
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "a share of a length is one"
    )]
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_the_smallest_number_that_so_many_do_not_exceed() {
        let numbers: Vec<f64> = (1..=100).map(f64::from).collect();
        for (share, expected) in [(0.0, 1.0), (0.05, 5.0), (0.5, 50.0), (0.95, 95.0), (1.0, 100.0)]
        {
            assert_eq!(percentile(&numbers, share), Some(expected));
        }
        assert_eq!(percentile(&[7.0], 0.5), Some(7.0));
        assert_eq!(percentile(&[], 0.5), None);
    }
}
