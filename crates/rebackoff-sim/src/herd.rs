//! Clients that begin together and share nothing but a target that fails: no queue, so each runs by itself.

use std::fmt;

use rebackoff_core::{Draws, Engine, Policy, Reason, Seconds, Step, Verdict, Wait};

/// The most tries of all clients together: 80 MB.
const MOST_TRIES: usize = 10_000_000;

/// The most tries of all clients of a policy that never gives up, and the tries of each even where these are more.
const ENDLESS_TRIES: usize = 1_000_000;
const LEAST_TRIES: usize = 10;

/// The end of the simulated time of a policy that never gives up.
const DAY: f64 = 86_400.0;

/// Clients of one policy that begin their calls at one moment.
///
/// ```
/// use rebackoff_core::{expo, policy};
/// use rebackoff_sim::{Herd, Target};
///
/// let policy = policy!(expo, max_tries = 3);
/// let herd = Herd { policy: &policy, clients: 100, time_of_try: Default::default(), target: Target::Down };
/// assert_eq!(herd.run(&mut || 0.5)?.tries(), 300);
/// # Ok::<(), rebackoff_sim::TooManyTries>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Herd<'a> {
    /// The policy of each client.
    pub policy: &'a Policy,
    /// The number of clients.
    pub clients: u32,
    /// The duration of a try.
    pub time_of_try: Seconds,
    /// The target of their calls.
    pub target: Target,
}

/// A target by the tries that fail.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Target {
    /// Every try fails.
    Down,
    /// A try that begins before this time fails, and a later one succeeds.
    DownUntil(Seconds),
    /// Each try fails with this chance.
    Fails(f64),
}

/// The tries of all clients of a [`Herd`].
#[derive(Debug)]
pub struct HerdTries {
    /// The clients.
    pub clients: Vec<ClientTries>,
    /// The time up to which every try is known; infinite where each call ended.
    pub horizon: f64,
}

/// The tries of one client.
#[derive(Debug)]
pub struct ClientTries {
    /// The begins of the tries, in seconds from the start of the first.
    pub begins: Vec<f64>,
    /// The end of the call; `None` where the client would still be trying.
    pub end: Option<CallEnd>,
}

/// The end of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallEnd {
    /// A try succeeded.
    Success,
    /// The policy gave up.
    GaveUp(Reason),
}

/// A policy with a limit needs more tries than the bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooManyTries {
    clients: u32,
    /// The tries of a client; `None` where one client is above the bound.
    each: Option<usize>,
}

impl fmt::Display for TooManyTries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "plan simulates at most {MOST_TRIES} tries, and ")?;
        match self.each {
            Some(tries) => write!(
                f,
                "each of {} clients makes about {tries}: lower --clients, --max-tries or --max-time",
                self.clients
            ),
            None => f.write_str(
                "one client makes more: lower --max-tries or --max-time, or lengthen the waits",
            ),
        }
    }
}

impl std::error::Error for TooManyTries {}

impl Herd<'_> {
    /// Runs a policy with a limit to its end, and a policy without one for a day or until the bound on tries.
    ///
    /// # Errors
    ///
    /// A policy with a limit needs more tries than the bound.
    pub fn run(&self, draws: &mut impl Draws) -> Result<HerdTries, TooManyTries> {
        if self.is_endless() {
            let most = (ENDLESS_TRIES / self.clients.max(1) as usize).max(LEAST_TRIES);
            let clients = (0..self.clients).map(|_| self.client(draws, most, DAY)).collect();
            return Ok(HerdTries { clients, horizon: DAY }.cut(most));
        }
        let (mut clients, mut left) = (Vec::new(), MOST_TRIES);
        for _ in 0..self.clients {
            let client = self.client(draws, left, f64::INFINITY);
            if client.end.is_none() {
                let each = clients.iter().map(|client: &ClientTries| client.begins.len()).max();
                return Err(TooManyTries { clients: self.clients, each });
            }
            left -= client.begins.len();
            clients.push(client);
        }
        Ok(HerdTries { clients, horizon: f64::INFINITY })
    }

    /// Returns whether a call that only fails never gives up.
    pub fn is_endless(&self) -> bool {
        let ends = matches!(self.policy.wait(), Wait::List(_));
        let reset_after = self.policy.limits().reset_after;
        let begins_anew = reset_after.is_some_and(|least| self.time_of_try >= least);
        begins_anew
            || self.policy.max_tries().is_none() && self.policy.max_time().is_none() && !ends
    }

    /// Runs until the call ends, `most` tries are made, or the next try begins after `end`.
    fn client(&self, draws: &mut impl Draws, most: usize, end: f64) -> ClientTries {
        let (mut engine, mut now, mut start) = (Engine::new(), Seconds::ZERO, Seconds::ZERO);
        let limits = self.policy.limits();
        let mut begins = Vec::new();
        while begins.len() < most && now.get() <= end {
            engine.handle_try();
            begins.push(now.get());
            let verdict = self.target.verdict(now, draws);
            now = now.saturating_add(self.time_of_try);
            if verdict != Verdict::Accept && engine.handle_long_try(limits, self.time_of_try) {
                start = now;
            }
            let elapsed = now.saturating_sub(start);
            let end = match engine.handle_outcome(self.policy, verdict, elapsed, draws) {
                Step::Retry { wait, .. } => {
                    now = now.saturating_add(wait);
                    continue;
                }
                Step::GiveUp { reason, .. } => CallEnd::GaveUp(reason),
                Step::Accept => CallEnd::Success,
            };
            return ClientTries { begins, end: Some(end) };
        }
        ClientTries { begins, end: None }
    }
}

impl Target {
    fn verdict(self, begin: Seconds, draws: &mut impl Draws) -> Verdict {
        let fails = match self {
            Self::Down => true,
            Self::DownUntil(end) => begin < end,
            Self::Fails(chance) => draws.uniform() < chance,
        };
        if fails { Verdict::Retry } else { Verdict::Accept }
    }
}

impl HerdTries {
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
    pub fn begins(&self, n: usize) -> Vec<f64> {
        let begins = self.clients.iter().filter_map(|client| client.begins.get(n).copied());
        sorted(begins)
    }

    /// The begin of the last try, of each client; sorted. A client that is still trying has no end.
    pub fn ends(&self) -> Vec<f64> {
        let end = |client: &ClientTries| match client.end {
            Some(_) => client.begins.last().copied(),
            None => Some(f64::INFINITY),
        };
        sorted(self.clients.iter().filter_map(end))
    }

    /// Returns whether every client has given up in the end.
    pub fn all_end(&self) -> bool {
        self.clients.iter().all(|client| client.end.is_some())
    }

    /// The begins of all retries, of all clients; sorted.
    pub fn retries(&self) -> Vec<f64> {
        sorted(self.clients.iter().flat_map(|client| client.begins.iter().skip(1).copied()))
    }

    /// The most tries of a client.
    pub fn most_tries(&self) -> usize {
        self.clients.iter().map(|client| client.begins.len()).max().unwrap_or(0)
    }

    /// The fewest tries of a client.
    pub fn least_tries(&self) -> usize {
        self.clients.iter().map(|client| client.begins.len()).min().unwrap_or(0)
    }

    /// The tries of all clients together.
    pub fn tries(&self) -> usize {
        self.clients.iter().map(|client| client.begins.len()).sum()
    }

    /// The begin of the try that succeeded, of each client that has one; sorted.
    pub fn successes(&self) -> Vec<f64> {
        let succeeded = self.clients.iter().filter(|client| client.end == Some(CallEnd::Success));
        sorted(succeeded.filter_map(|client| client.begins.last().copied()))
    }

    /// Returns whether a client gave up for `reason`.
    pub fn gives_up_for(&self, reason: Reason) -> bool {
        self.clients.iter().any(|client| client.end == Some(CallEnd::GaveUp(reason)))
    }
}

fn sorted(numbers: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut numbers: Vec<_> = numbers.collect();
    numbers.sort_unstable_by(f64::total_cmp);
    numbers
}

/// The smallest number of `sorted` that is at least as large as `share` of them.
pub fn percentile(sorted: &[f64], share: f64) -> Option<f64> {
    #[allow(
        clippy::cast_possible_truncation,
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
