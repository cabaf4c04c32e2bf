//! Wait strategy + jitter + limits, as plain data.

use core::num::NonZeroU64;
use core::time::Duration;

use crate::error::{PolicyError, Value};
use crate::{
    Above, Draws, Hints, Jitter, LastWait, Limits, Nested, NextWait, Position, Seconds, Wait,
};

/// The rules for retrying: a wait strategy, a jitter and limits.
///
/// A policy is a value: immutable, comparable, printable, a few hundred bytes, shared by any number
/// of calls at once. In a `const` or `static` it is written with [`policy!`](crate::policy!),
/// where a wrong parameter does not compile; at run time with [`Policy::new`], where it is an
/// error that names the parameter.
///
/// ```
/// use rebackoff_core::{Policy, expo, policy, secs};
///
/// static FETCH: Policy = policy!(expo(max_value = secs(30)), max_tries = 8);
///
/// let tries = 8; // from a configuration file
/// let fetch = Policy::new(expo().max_value(secs(30))).max_tries(tries).build()?;
/// assert_eq!(fetch, FETCH);
/// assert_eq!(
///     fetch.to_string(),
///     "expo: waits 1s, 2s, 4s … 30s; worst case 1m 31s (full jitter, max_tries 8)",
/// );
/// # Ok::<(), rebackoff_core::PolicyError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Policy {
    wait: Wait,
    jitter: Jitter,
    limits: Limits,
    /// A limit needs the clock: one flag, so that a success looks at one word.
    is_timed: bool,
}

impl Policy {
    /// The policy of the AWS SDKs' standard mode since 2026: waits up to 50 ms, 100 ms … 20 s, 3 tries.
    /// [`Budget::aws`](crate::Budget::aws) has the prices of its retries.
    ///
    /// Those SDKs wait longer after a server that throttles, by [`AWS_THROTTLED`](Self::AWS_THROTTLED): with the
    /// crate `rebackoff`, `.policy_for(|error| if error.is_throttled() { Policy::AWS_THROTTLED } else { Policy::AWS })`.
    ///
    /// ```
    /// use rebackoff_core::Policy;
    ///
    /// assert_eq!(
    ///     Policy::AWS.to_string(),
    ///     "expo: waits 50ms, 100ms; worst case 150ms (full jitter, max_tries 3)",
    /// );
    /// ```
    pub const AWS: Self = crate::policy!(
        expo(factor = crate::millis(50), max_value = crate::secs(20)),
        max_tries = 3
    );

    /// The policy of the AWS SDKs' standard mode after a server that throttles: waits up to 1 s, 2 s … 20 s.
    pub const AWS_THROTTLED: Self =
        crate::policy!(expo(max_value = crate::secs(20)), max_tries = 3);

    /// Begins a policy with a wait strategy, full jitter and no limits.
    #[allow(clippy::new_ret_no_self, reason = "a policy exists only once it is checked")]
    pub fn new(wait: impl Into<Wait>) -> PolicyBuilder {
        PolicyBuilder::with(wait.into())
    }

    /// The wait strategy.
    #[inline]
    pub const fn wait(&self) -> &Wait {
        &self.wait
    }

    /// The jitter.
    #[inline]
    pub const fn jitter(&self) -> Jitter {
        self.jitter
    }

    /// The limits.
    #[inline]
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Returns whether a call under this policy reads the clock: with `max_time` or `reset_after`.
    #[inline]
    pub const fn is_timed(&self) -> bool {
        self.is_timed
    }

    /// Most tries, the first included; `None` when unlimited.
    pub const fn max_tries(&self) -> Option<NonZeroU64> {
        self.limits.max_tries
    }

    /// Most time from the start of the first try; `None` when unlimited.
    pub fn max_time(&self) -> Option<Duration> {
        self.limits.max_time.map(Seconds::to_duration)
    }

    /// This policy with at most `remaining` of time, as a call inside another call's try inherits it.
    ///
    /// ```
    /// use rebackoff_core::{expo, policy, secs};
    ///
    /// let inner = policy!(expo, max_time = secs(60));
    /// assert_eq!(inner.within(Some(secs(7))).max_time(), Some(secs(7)));
    /// assert_eq!(inner.within(None), inner);
    /// ```
    pub fn within(self, remaining: Option<Duration>) -> Self {
        let max_time = remaining.map(Seconds::from_duration);
        self.inside(&Limits { max_time, ..Limits::new() })
    }

    /// This policy with its own limits inside `limits`.
    pub fn inside(mut self, limits: &Limits) -> Self {
        self.limits = self.limits.and(*limits);
        self.is_timed = self.limits.max_time.is_some() || self.limits.reset_after.is_some();
        self
    }

    /// Returns whether the spread of hints is the default.
    #[allow(clippy::float_cmp, reason = "the defaults are constants")]
    pub(crate) fn has_default_spread(&self) -> bool {
        self.limits.hints.spread == default_spread(&self.wait, self.jitter)
    }

    /// The wait that the raw wait `raw` becomes: jittered, and at most the strategy's cap.
    #[inline]
    pub fn spread(&self, raw: Seconds, draws: &mut impl Draws) -> Seconds {
        self.jitter.spread(raw, || self.wait.cap(), draws)
    }
}

/// A [`Policy`] in the making; begun by [`Policy::new`], ended by [`build`](Self::build).
#[derive(Clone, Copy, Debug)]
#[must_use = "a policy is made by `build`"]
pub struct PolicyBuilder {
    pub(crate) wait: Wait,
    pub(crate) jitter: Option<Jitter>,
    pub(crate) max_tries: Option<u64>,
    pub(crate) max_time: Option<Seconds>,
    pub(crate) last_wait: LastWait,
    pub(crate) nested: Nested,
    pub(crate) hint_ceiling: Seconds,
    pub(crate) hint_above: Above,
    pub(crate) hint_spread: Option<f64>,
    pub(crate) reset_after: Option<Seconds>,
}

impl PolicyBuilder {
    /// Begins a policy with a wait strategy: [`Policy::new`] for `const` contexts.
    pub const fn with(wait: Wait) -> Self {
        Self {
            wait,
            jitter: None,
            max_tries: None,
            max_time: None,
            last_wait: LastWait::Shorten,
            nested: Nested::Allow,
            hint_ceiling: Hints::CEILING,
            hint_above: Above::GiveUp,
            hint_spread: None,
            reset_after: None,
        }
    }

    /// The jitter of raw waits. Default [`Jitter::Full`]; none for
    /// [`decorrelated`](crate::decorrelated), which is its own.
    pub const fn jitter(mut self, jitter: Jitter) -> Self {
        self.jitter = Some(jitter);
        self
    }

    /// Most tries, the first included; at least 1. Default unlimited.
    pub const fn max_tries(mut self, max_tries: u64) -> Self {
        self.max_tries = Some(max_tries);
        self
    }

    /// Most time from the start of the first try. Default unlimited.
    ///
    /// The limit is compared after each try and interrupts none. The last wait is shortened to the time
    /// left, unless [`last_wait`](Self::last_wait) is `Stop`.
    pub const fn max_time(mut self, max_time: Duration) -> Self {
        self.max_time = Some(Seconds::from_duration(max_time));
        self
    }

    /// The treatment of a wait that would end past `max_time`. Default [`LastWait::Shorten`]. A wait that
    /// ends exactly at `max_time` is kept.
    pub const fn last_wait(mut self, last_wait: LastWait) -> Self {
        self.last_wait = last_wait;
        self
    }

    /// The behaviour of a call inside a try of another call. Default [`Nested::Allow`].
    pub const fn nested(mut self, nested: Nested) -> Self {
        self.nested = nested;
        self
    }

    /// The longest hint that is obeyed; `Duration::MAX` for any. Default five minutes.
    ///
    /// ```
    /// use rebackoff_core::{Above, expo, policy, secs};
    ///
    /// let patient = policy!(expo, hint_ceiling = secs(3600), hint_above = Above::Cap);
    /// assert_eq!(patient.limits().hints.floor(secs(7200).into()), Some(secs(3600).into()));
    /// assert_eq!(policy!(expo).limits().hints.floor(secs(301).into()), None); // gives up
    /// ```
    pub const fn hint_ceiling(mut self, ceiling: Duration) -> Self {
        self.hint_ceiling = Seconds::from_duration(ceiling);
        self
    }

    /// The reaction to a hint above the ceiling. Default [`Above::GiveUp`].
    pub const fn hint_above(mut self, above: Above) -> Self {
        self.hint_above = above;
        self
    }

    /// The spread above a hint h, as a share of it: h + U(0, share · h). From 0 to 1.
    /// Default 0.1; 0, the hint to the digit, where the jitter is set to [`Jitter::None`].
    pub const fn hint_spread(mut self, share: f64) -> Self {
        self.hint_spread = Some(share);
        self
    }

    /// Begins the call anew after a failed try that lasted at least so long; above 0. Default never.
    ///
    /// For a call that is long-lived, such as a connection loop: that try becomes try 1, the waits start
    /// over, and `max_time` counts from the end of that try. `total_tries` counts all tries.
    ///
    /// ```
    /// use rebackoff_core::{Policy, expo, policy, secs};
    ///
    /// static RECONNECT: Policy = policy!(expo(max_value = secs(300)), reset_after = secs(60));
    /// assert_eq!(RECONNECT.limits().reset_after, Some(secs(60).into()));
    /// ```
    pub const fn reset_after(mut self, reset_after: Duration) -> Self {
        self.reset_after = Some(Seconds::from_duration(reset_after));
        self
    }

    /// The policy.
    ///
    /// # Errors
    ///
    /// Names the first parameter that is not allowed, with its value.
    pub const fn build(self) -> Result<Policy, PolicyError> {
        if let Err(error) = self.wait.check() {
            return Err(error);
        }
        let jitter = match (&self.wait, self.jitter) {
            (Wait::Decorrelated(_), None | Some(Jitter::None)) => Jitter::None,
            (Wait::Decorrelated(_), Some(jitter)) => {
                let rule = "jitter must be none for decorrelated, which is its own jitter";
                return Err(PolicyError::new("jitter", rule, Value::Word(jitter.name())));
            }
            (_, Some(jitter)) => jitter,
            (_, None) => Jitter::Full,
        };
        let max_tries = match self.max_tries {
            Some(0) => {
                let rule = "max_tries must be at least 1";
                return Err(PolicyError::new("max_tries", rule, Value::Count(0)));
            }
            Some(tries) => NonZeroU64::new(tries),
            None => None,
        };
        let hints = self.hints();
        if let Err(error) = hints.check() {
            return Err(error);
        }
        match self.reset_after {
            Some(least) if least.get() <= 0.0 => {
                let rule = "reset_after must be above 0s";
                return Err(PolicyError::new("reset_after", rule, Value::Span(least)));
            }
            _ => {}
        }
        let Self { max_time, last_wait, nested, reset_after, .. } = self;
        let limits = Limits { max_tries, max_time, last_wait, nested, hints, reset_after };
        let is_timed = max_time.is_some() || reset_after.is_some();
        Ok(Policy { wait: self.wait, jitter, limits, is_timed })
    }

    const fn hints(&self) -> Hints {
        let spread = match (self.hint_spread, self.jitter) {
            // The sum has no negative zero.
            (Some(share), _) => share + 0.0,
            (None, Some(jitter)) => default_spread(&self.wait, jitter),
            (None, None) => Hints::SPREAD,
        };
        Hints { ceiling: self.hint_ceiling, above: self.hint_above, spread }
    }
}

/// Without jitter, nothing is left to chance; `decorrelated` is its own jitter.
const fn default_spread(wait: &Wait, jitter: Jitter) -> f64 {
    match (wait, jitter) {
        (Wait::Decorrelated(_), _) => Hints::SPREAD,
        (_, Jitter::None) => 0.0,
        _ => Hints::SPREAD,
    }
}

impl Policy {
    /// Returns the wait at `position` before and after jitter, or `None` where the strategy ends.
    #[inline]
    pub fn next_wait(&self, position: Position, draws: &mut impl Draws) -> Option<NextWait> {
        let raw = self.wait().next(position, draws)?;
        Some(NextWait { raw, jittered: self.spread(raw, draws) })
    }
}

impl AsRef<Self> for Policy {
    #[inline]
    fn as_ref(&self) -> &Self {
        self
    }
}

impl From<Policy> for PolicyBuilder {
    fn from(policy: Policy) -> Self {
        Self {
            wait: policy.wait,
            jitter: Some(policy.jitter),
            max_tries: policy.max_tries().map(NonZeroU64::get),
            max_time: policy.limits.max_time,
            last_wait: policy.limits.last_wait,
            nested: policy.limits.nested,
            hint_ceiling: policy.limits.hints.ceiling,
            hint_above: policy.limits.hints.above,
            hint_spread: Some(policy.limits.hints.spread),
            reset_after: policy.limits.reset_after,
        }
    }
}

/// A [`Policy`] for a `const` or `static`: a wrong parameter does not compile.
///
/// The strategy comes first, with its parameters by name (of a `list`, its waits), then jitter and
/// limits by name. All values must be known at compile time.
///
/// ```
/// use rebackoff_core::{Jitter, Policy, expo, fibo, policy, secs};
///
/// static FETCH: Policy = policy!(expo(base = 1.5, max_value = secs(30)), max_tries = 8);
/// static POLL: Policy = policy!(fibo, jitter = Jitter::None, max_time = secs(60));
/// static LADDER: Policy = policy!(list(secs(1), secs(5), secs(30)), jitter = Jitter::Equal);
/// ```
///
/// ```compile_fail
/// # use rebackoff_core::{Policy, expo, policy};
/// static FETCH: Policy = policy!(expo, max_tries = 0); // max_tries must be at least 1
/// ```
#[macro_export]
macro_rules! policy {
    (list($($wait:expr),+ $(,)?) $(, $option:ident = $setting:expr)* $(,)?) => {
        $crate::__policy!($crate::list(&[$($wait),+]).wait() $(, $option = $setting)*)
    };
    ($strategy:ident $(($($parameter:ident = $value:expr),* $(,)?))? $(, $option:ident = $setting:expr)* $(,)?) => {
        $crate::__policy!(
            $crate::$strategy()$($(.$parameter($value))*)?.wait() $(, $option = $setting)*
        )
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __policy {
    ($wait:expr $(, $option:ident = $setting:expr)*) => {
        const {
            match $crate::PolicyBuilder::with($wait)$(.$option($setting))*.build() {
                ::core::result::Result::Ok(policy) => policy,
                ::core::result::Result::Err(error) => ::core::panic!("{}", error.rule()),
            }
        }
    };
}
