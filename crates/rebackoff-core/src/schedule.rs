//! The schedule of a policy, in words.

use core::fmt;

use crate::{Above, Hints, Jitter, LastWait, Limits, Nested, Policy, Seconds, Wait};

/// Beyond this many retries the rest is taken to wait as long as the last that was added up.
const ADDED_UP: u64 = 100_000;
const SHOWN: u64 = 3;

impl Policy {
    /// The longest time that all waits of one call can take together; `None` when nothing
    /// limits it, or when `reset_after` may begin the call anew.
    ///
    /// Hints and the tries themselves come on top.
    ///
    /// ```
    /// use rebackoff_core::{Policy, expo, policy, secs};
    ///
    /// let fetch = policy!(expo, max_tries = 8);
    /// assert_eq!(fetch.worst_case(), Some(secs(1 + 2 + 4 + 8 + 16 + 32 + 64)));
    /// assert_eq!(policy!(expo).worst_case(), None);
    /// ```
    pub fn worst_case(&self) -> Option<core::time::Duration> {
        let Limits { max_time, reset_after, .. } = *self.limits();
        if reset_after.is_some() {
            return None;
        }
        let known = !matches!(self.wait(), Wait::Runtime(_));
        let waits = self.retries().filter(|_| known).map(|retries| self.longest_sum(retries));
        let longest = match (waits, max_time) {
            (Some(waits), Some(max_time)) => waits.min(max_time),
            (waits, max_time) => waits.or(max_time)?,
        };
        Some(longest.to_duration())
    }

    /// The longest wait that may come before retry `n`, counted from zero; `None` when the
    /// strategy has ended, or when only the caller's function knows.
    pub fn longest_wait(&self, n: u64) -> Option<core::time::Duration> {
        self.longest(n).map(Seconds::to_duration)
    }

    fn longest(&self, n: u64) -> Option<Seconds> {
        let raw = self.wait().raw(n)?;
        Some(self.jitter().longest(raw, self.wait().cap()))
    }

    /// The most retries, by `max_tries` or the strategy's own end; `None` when unlimited.
    fn retries(&self) -> Option<u64> {
        let by_limit = self.max_tries().map(|tries| tries.get() - 1);
        let by_strategy = match self.wait() {
            Wait::List(list) => Some(list.waits().len() as u64),
            _ => None,
        };
        match (by_limit, by_strategy) {
            (Some(limit), Some(strategy)) => Some(limit.min(strategy)),
            (limit, strategy) => limit.or(strategy),
        }
    }

    fn longest_sum(&self, retries: u64) -> Seconds {
        let mut sum = Seconds::ZERO;
        for n in 0..retries.min(ADDED_UP) {
            sum = sum.saturating_add(self.longest(n).unwrap_or(Seconds::ZERO));
        }
        let Some(rest) = retries.checked_sub(ADDED_UP) else {
            return sum;
        };
        let last = self.longest(ADDED_UP).unwrap_or(Seconds::ZERO);
        #[allow(clippy::cast_precision_loss, reason = "an estimate already")]
        sum.saturating_add(Seconds::saturating(last.get() * rest as f64))
    }
}

/// The schedule and the worst case: `expo: waits 1s, 2s, 4s … 30s; worst case 1m (full jitter,
/// max_tries 8, max_time 1m)`.
impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.wait().name())?;
        self.fmt_waits(f)?;
        match self.worst_case() {
            Some(longest) => write!(f, "; worst case {}", Seconds::from_duration(longest))?,
            None => f.write_str("; worst case unlimited")?,
        }
        self.fmt_limits(f)
    }
}

impl Policy {
    fn fmt_waits(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if matches!(self.wait(), Wait::Runtime(_)) {
            return f.write_str("waits as the outcome says");
        }
        let retries = self.retries().unwrap_or(u64::MAX);
        if retries == 0 {
            return f.write_str("never waits");
        }
        f.write_str(if matches!(self.wait(), Wait::Decorrelated(_)) {
            "waits up to "
        } else {
            "waits "
        })?;
        let shown = if retries == SHOWN + 1 { retries } else { retries.min(SHOWN) };
        for n in 0..shown {
            let comma = if n == 0 { "" } else { ", " };
            write!(f, "{comma}{}", self.wait().raw(n).unwrap_or(Seconds::ZERO))?;
        }
        if retries == shown {
            return Ok(());
        }
        match self.wait().raw(retries - 1) {
            Some(last) if last < Seconds::MAX => write!(f, " … {last}"),
            _ => f.write_str(" …"),
        }
    }

    fn fmt_limits(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.jitter() {
            Jitter::None => f.write_str(" (no jitter")?,
            jitter => write!(f, " ({jitter} jitter")?,
        }
        if let Some(max_tries) = self.max_tries() {
            write!(f, ", max_tries {max_tries}")?;
        }
        if let Some(max_time) = self.limits().max_time {
            write!(f, ", max_time {max_time}")?;
        }
        if self.limits().last_wait == LastWait::Stop {
            f.write_str(", last_wait stop")?;
        }
        if self.limits().nested == Nested::Once {
            f.write_str(", nested once")?;
        }
        if let Some(reset_after) = self.limits().reset_after {
            write!(f, ", reset_after {reset_after}")?;
        }
        self.fmt_hints(f)?;
        f.write_str(")")
    }

    /// Writes the rules for hints that differ from the defaults.
    fn fmt_hints(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Hints { ceiling, above, spread } = self.limits().hints;
        if ceiling >= Seconds::MAX {
            f.write_str(", hint_ceiling none")?;
        } else if ceiling != Hints::CEILING {
            write!(f, ", hint_ceiling {ceiling}")?;
        }
        if above != Above::GiveUp {
            write!(f, ", hint_above {}", above.name())?;
        }
        if !self.has_default_spread() {
            write!(f, ", hint_spread {spread}")?;
        }
        Ok(())
    }
}
