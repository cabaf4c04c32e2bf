//! Many clients whose every try fails, through the engine.

use rebackoff_core::{Engine, Policy, Reason, Seconds, Step, Verdict, Wait};

use super::Plan;
use crate::Failure;
use crate::random::Chance;

/// The most tries of all clients together: 80 MB.
const MOST_TRIES: usize = 10_000_000;

/// The most tries of all clients of a policy that never gives up, and the tries of each even where these are more.
const ENDLESS_TRIES: usize = 1_000_000;
const LEAST_TRIES: usize = 10;

/// The end of a simulation of a policy that never gives up.
const DAY: f64 = 86_400.0;

/// The tries of all clients.
#[derive(Debug)]
pub(super) struct Simulation {
    pub(super) clients: Vec<Client>,
    /// The time up to which every try is known; infinite where each client gave up.
    pub(super) horizon: f64,
}

/// The begins of a client's tries, in seconds from the start of the first.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) begins: Vec<f64>,
    /// The reason of giving up; none where it would still be trying.
    pub(super) reason: Option<Reason>,
}

impl Simulation {
    /// Simulates a policy with a limit to its end, and a policy without one for a day or until the bound on tries.
    ///
    /// # Errors
    ///
    /// A policy with a limit needs more tries than the bound.
    pub(super) fn run(plan: &Plan, time_of_try: Seconds) -> Result<Self, Failure> {
        let policy = &plan.config.policy;
        let mut draws = Chance::seeded(plan.seed);
        if is_endless(policy) {
            let most = (ENDLESS_TRIES / plan.clients as usize).max(LEAST_TRIES);
            let run = |_| Client::run(policy, time_of_try, &mut draws, most, DAY);
            let clients = (0..plan.clients).map(run).collect();
            return Ok(Self { clients, horizon: DAY }.cut(most));
        }
        let (mut clients, mut left) = (Vec::new(), MOST_TRIES);
        for _ in 0..plan.clients {
            let client = Client::run(policy, time_of_try, &mut draws, left, f64::INFINITY);
            if client.reason.is_none() {
                return Err(too_many(plan, &clients));
            }
            left -= client.begins.len();
            clients.push(client);
        }
        Ok(Self { clients, horizon: f64::INFINITY })
    }

    /// Ends with the first client that made `most` tries, since what it does later is not known.
    fn cut(mut self, most: usize) -> Self {
        let stopped = self.clients.iter().filter(|client| client.begins.len() == most);
        let last = stopped.filter_map(|client| client.begins.last().copied());
        self.horizon = last.fold(self.horizon, f64::min);
        for client in &mut self.clients {
            client.begins.truncate(client.begins.partition_point(|begin| *begin <= self.horizon));
        }
        self
    }

    /// The begins of try `n`, counted from zero, of all clients that made it; sorted.
    pub(super) fn begins(&self, n: usize) -> Vec<f64> {
        let begins = self.clients.iter().filter_map(|client| client.begins.get(n).copied());
        sorted(begins)
    }

    /// The begin of the last try, of each client; sorted. A client that is still trying has no end.
    pub(super) fn ends(&self) -> Vec<f64> {
        let end = |client: &Client| match client.reason {
            Some(_) => client.begins.last().copied(),
            None => Some(f64::INFINITY),
        };
        sorted(self.clients.iter().filter_map(end))
    }

    /// Returns whether every client has given up in the end.
    pub(super) fn all_end(&self) -> bool {
        self.clients.iter().all(|client| client.reason.is_some())
    }

    /// The begins of all retries, of all clients; sorted.
    pub(super) fn retries(&self) -> Vec<f64> {
        sorted(self.clients.iter().flat_map(|client| client.begins.iter().skip(1).copied()))
    }

    pub(super) fn most_tries(&self) -> usize {
        self.clients.iter().map(|client| client.begins.len()).max().unwrap_or(0)
    }

    pub(super) fn least_tries(&self) -> usize {
        self.clients.iter().map(|client| client.begins.len()).min().unwrap_or(0)
    }

    /// Returns whether a client gave up for `reason`.
    pub(super) fn gives_up_for(&self, reason: Reason) -> bool {
        self.clients.iter().any(|client| client.reason == Some(reason))
    }
}

/// Returns whether a call that only fails never gives up.
pub(super) fn is_endless(policy: &Policy) -> bool {
    let ends = matches!(policy.wait(), Wait::List(_));
    policy.max_tries().is_none() && policy.max_time().is_none() && !ends
}

fn too_many(plan: &Plan, done: &[Client]) -> Failure {
    let tries = done.iter().map(|client| client.begins.len()).max();
    let advice = match tries {
        Some(tries) => format!(
            "each of {} clients makes about {tries}: lower --clients, --max-tries or --max-time",
            plan.clients
        ),
        None => "one client makes more: lower --max-tries or --max-time, or lengthen the waits"
            .to_owned(),
    };
    Failure::new(format_args!("plan simulates at most {MOST_TRIES} tries, and {advice}"))
}

impl Client {
    /// Runs until the policy gives up, `most` tries are made, or the next try begins after `end`.
    fn run(
        policy: &Policy,
        time_of_try: Seconds,
        draws: &mut Chance,
        most: usize,
        end: f64,
    ) -> Self {
        let (mut engine, mut elapsed) = (Engine::new(), Seconds::ZERO);
        let mut begins = Vec::new();
        while begins.len() < most && elapsed.get() <= end {
            engine.handle_try();
            begins.push(elapsed.get());
            elapsed = elapsed.saturating_add(time_of_try);
            match engine.handle_outcome(policy, Verdict::Retry, elapsed, draws) {
                Step::Retry { wait, .. } => elapsed = elapsed.saturating_add(wait),
                Step::GiveUp { reason, .. } => return Self { begins, reason: Some(reason) },
                Step::Accept => break,
            }
        }
        Self { begins, reason: None }
    }
}

fn sorted(numbers: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut numbers: Vec<_> = numbers.collect();
    numbers.sort_unstable_by(f64::total_cmp);
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
