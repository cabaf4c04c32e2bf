//! Retry budgets.

mod host;
mod leased;
mod ledger;
mod per_second;
mod quota;
mod share;
mod throttle;

use core::fmt;

pub use leased::Lease;
pub use per_second::PerSecond;
pub use quota::Quota;
pub use share::Share;
pub use throttle::Throttle;

use crate::atomic::{AtomicU64, Ordering::Relaxed, const_unless_loom};
use crate::{HostClock, Moment};

/// A limit on the retries of many calls together, so that retries do not multiply the load of an
/// outage.
///
/// A budget is a bucket of tokens that calls share: each retry withdraws from it, and a budget with too
/// few tokens refuses the retry. Four kinds fill the bucket in different ways:
///
/// | made by | filled by | from |
/// |---|---|---|
/// | [`per_second`](Self::per_second) | time | the token bucket |
/// | [`share`](Self::share) | calls, and a floor | Finagle, linkerd, tower |
/// | [`quota`](Self::quota) | successes | the AWS SDKs' standard mode |
/// | [`throttle`](Self::throttle) | successes, and failures empty it | gRPC A6 |
///
/// In a `static`, [`budget!`](crate::budget!) checks the parameters while compiling; at run time
/// `build` gives an error that names the parameter. No method takes a lock, or longer after a long
/// time without calls. `now` is the time since a fixed moment on a monotonic clock, the same for all
/// calls; only the first two kinds ask for it. (The crate `rebackoff` has a clock, and gives each method that ends in
/// `_at` without that ending and without `now`.) A clock that goes back allows no further retry. Until the
/// clock has caught up, [`per_second`](Self::per_second) lacks the tokens of that time, and
/// [`share`](Self::share) stays in its latest slice.
///
/// ```
/// use rebackoff_core::{Budget, Cost, Seconds, budget};
///
/// static RETRIES: Budget = budget!(per_second(rate = 10.0, capacity = 2));
///
/// let now = || Seconds::new(7.0).unwrap();
/// assert!(RETRIES.withdraw_at(Cost::Retry, now).is_ok());
/// assert!(RETRIES.withdraw_at(Cost::Retry, now).is_ok());
/// assert!(RETRIES.withdraw_at(Cost::Retry, now).is_err());
/// assert!(RETRIES.withdraw_at(Cost::Retry, || Seconds::new(7.1).unwrap()).is_ok());
/// assert_eq!(RETRIES.refused(), 1);
/// ```
// The state comes last: `rebackoff-shared` places it at the beginning of a mapped page.
#[derive(Debug)]
#[repr(C)]
pub struct Budget {
    kind: Kind,
    /// `None` for most budgets, which a refusal then tests once.
    special: Option<Special>,
    refused: AtomicU64,
    state: State,
}

/// All that the processes of a host share of a budget. Zeros are a budget of which nothing is spent.
#[derive(Debug)]
#[repr(C)]
struct State {
    /// The moment at which a bucket that time fills is full; else the tokens that are taken.
    word: AtomicU64,
    /// Those of a share.
    counts: share::Counts,
    /// The number of retries that all processes refused; used only where the state is shared.
    refused: AtomicU64,
}

/// A dry run, or a state that the processes of a host share.
#[derive(Debug)]
struct Special {
    dry_run: bool,
    host_clock: Option<HostClock>,
}

#[derive(Debug)]
enum Kind {
    Timed(Timed),
    Leased(Lease, Timed),
    Quota(quota::Bucket),
    Throttle(throttle::Bucket),
}

/// The kinds that read the clock. Together, so that its reading is inlined once.
#[derive(Clone, Copy, Debug)]
enum Timed {
    PerSecond(per_second::Bucket),
    Share(share::Bucket),
}

/// The class of a retry: a [`quota`](Budget::quota) has a price for each.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Cost {
    /// Any other failure.
    #[default]
    Retry,
    /// A timeout: a server that is too slow needs a longer rest.
    Timeout,
    /// A rejection by a server that throttles, such as status 429: it is healthy, and asks for fewer calls.
    Throttled,
}

/// A retry that was paid for. The last one of a call goes into
/// [`handle_success`](Budget::handle_success), one that is not made into [`refund`](Budget::refund).
///
/// ```compile_fail
/// # #![deny(unused_must_use)]
/// # use rebackoff_core::{Budget, Cost, Refused, Seconds, budget};
/// # static RETRIES: Budget = budget!(quota);
/// # fn pay() -> Result<(), Refused> {
/// RETRIES.withdraw_at(Cost::Retry, || Seconds::ZERO)?; // lost, which the compiler warns of
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a withdrawal goes into `handle_success` after its retry, or into `refund` without one"]
pub struct Withdrawal {
    /// The note by which the kind of budget refunds it; 0 where no token was taken.
    taken: u32,
}

/// The budget has too few tokens for a retry; see [`Budget::tokens_at`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused(());

impl Budget {
    /// A bucket that time fills: `rate` (10) tokens a second, at most `capacity` (100).
    pub const fn per_second() -> PerSecond {
        PerSecond::new()
    }

    /// A share of the calls: `ratio` (0.2) retries for each call of the last `ttl` (10 s), and
    /// `floor` (10) a second.
    pub const fn share() -> Share {
        Share::new()
    }

    /// A quota that successes give back: `capacity` (500), of which a retry takes `retry_cost`
    /// (5), and one after a timeout `timeout_cost` (10).
    pub const fn quota() -> Quota {
        Quota::new()
    }

    /// The [`quota`](Self::quota) with the prices of the AWS SDKs since 2026: `capacity` 500, of which a retry takes
    /// 14, after a timeout too, and one after a server that throttles 5.
    ///
    /// The waits of those SDKs are [`Policy::AWS`](crate::Policy::AWS).
    pub const fn aws() -> Quota {
        Quota::new().retry_cost(14).timeout_cost(14).throttled_cost(5)
    }

    /// A throttle: a failure takes a token, a success gives `token_ratio` (0.1), and retries pass
    /// while there is more than half of `max_tokens` (10).
    pub const fn throttle() -> Throttle {
        Throttle::new()
    }

    const_unless_loom! {
        fn new(kind: Kind, dry_run: bool) -> Self {
            let state = State {
                word: AtomicU64::new(0),
                counts: share::Counts::new(),
                refused: AtomicU64::new(0),
            };
            let special = if dry_run { Some(Special { dry_run, host_clock: None }) } else { None };
            Self { kind, special, refused: AtomicU64::new(0), state }
        }
    }

    /// A budget that is spent from leases of an outer store, and by its own rule while it is alone; `None`
    /// unless it is of the kind [`per_second`](Self::per_second) or [`share`](Self::share).
    pub fn leased(self) -> Option<Self> {
        match self.kind {
            Kind::Timed(timed) => Some(Self { kind: Kind::Leased(Lease::new(), timed), ..self }),
            _ => None,
        }
    }

    // Getters

    /// The lease of a [`leased`](Self::leased) budget.
    pub const fn lease(&self) -> Option<&Lease> {
        match &self.kind {
            Kind::Leased(lease, _) => Some(lease),
            _ => None,
        }
    }

    /// The tokens left; retries for [`share`](Self::share).
    pub fn tokens_at<M: Into<Moment>>(&self, now: impl FnOnce() -> M) -> f64 {
        match &self.kind {
            Kind::Timed(timed) => timed.tokens(&self.state, self.moment(now).nanos()),
            Kind::Leased(lease, local) => {
                let now = self.moment(now);
                let is_alone = lease.is_alone();
                let alone = if is_alone { local.tokens(&self.state, now.nanos()) } else { 0.0 };
                f64::from(lease.tokens(now)) + alone
            }
            Kind::Quota(bucket) => bucket.tokens(&self.state.word),
            Kind::Throttle(bucket) => bucket.tokens(&self.state.word),
        }
    }

    /// The number of refused retries; in a dry run, of retries that it would have refused.
    pub fn refused(&self) -> u64 {
        self.refused.load(Relaxed)
    }

    /// Returns whether the processes of a host share this budget.
    pub const fn is_of_host(&self) -> bool {
        matches!(self.special, Some(Special { host_clock: Some(_), .. }))
    }

    /// Returns whether this is a dry run, which refuses no retry and only counts.
    pub const fn is_dry_run(&self) -> bool {
        matches!(self.special, Some(Special { dry_run: true, .. }))
    }

    // Handlers

    /// Deposits for a call that begins. Only [`share`](Self::share) does so.
    #[inline]
    pub fn handle_start_at<M: Into<Moment>>(&self, now: impl FnOnce() -> M) {
        match &self.kind {
            Kind::Timed(Timed::Share(bucket)) => {
                bucket.handle_start(&self.state.counts, self.moment(now).nanos());
            }
            Kind::Leased(lease, Timed::Share(bucket)) => {
                lease.count_call();
                bucket.handle_start(&self.state.counts, self.moment(now).nanos());
            }
            _ => {}
        }
    }

    /// Counts a transient failure of a try. Only [`throttle`](Self::throttle) does so.
    #[inline]
    pub fn handle_failure(&self) {
        if let Kind::Throttle(bucket) = &self.kind {
            bucket.handle_failure(&self.state.word);
        }
    }

    /// Counts a call that succeeded; `last` is the withdrawal of its last retry, or `None` without a retry.
    #[inline]
    pub fn handle_success(&self, last: Option<Withdrawal>) {
        match &self.kind {
            Kind::Quota(_) => quota::handle_success(&self.state.word, last.map(|last| last.taken)),
            Kind::Throttle(bucket) => bucket.handle_success(&self.state.word),
            Kind::Timed(_) | Kind::Leased(..) => {}
        }
    }

    /// Pays for a retry. A dry run takes the tokens that it has, and never refuses.
    ///
    /// # Errors
    ///
    /// The budget has too few tokens. It took none, and the retry must not begin.
    #[inline(always)]
    #[allow(
        clippy::inline_always,
        reason = "a driver has one such place, and a call of its own costs up to half as much again"
    )]
    pub fn withdraw_at<M: Into<Moment>>(
        &self,
        cost: Cost,
        now: impl FnOnce() -> M,
    ) -> Result<Withdrawal, Refused> {
        let taken = match &self.kind {
            Kind::Timed(timed) => {
                let now = self.moment(now).nanos();
                timed.withdraw(&self.state, now).or_else(|refused| self.refuse(refused))
            }
            Kind::Quota(bucket) => {
                bucket.withdraw(&self.state.word, cost).or_else(|refused| self.refuse(refused))
            }
            Kind::Throttle(bucket) => {
                bucket.withdraw(&self.state.word).or_else(|refused| self.refuse(refused))
            }
            Kind::Leased(lease, local) => lease
                .withdraw(self.moment(now), |now| local.withdraw(&self.state, now.nanos()))
                .or_else(|refused| self.refuse(refused)),
        };
        taken.map(|taken| Withdrawal { taken })
    }

    /// Gives back the tokens of a retry that does not begin: another guard refused it, or the call was
    /// cancelled in the wait. Call this once for each withdrawal, in place of
    /// [`handle_success`](Self::handle_success).
    ///
    /// | kind | comes back |
    /// |---|---|
    /// | [`per_second`](Self::per_second) | the token, unless time has filled the bucket |
    /// | [`share`](Self::share) | the retry, if it is among those of the last `ttl` |
    /// | [`quota`](Self::quota) | what it cost, up to the capacity |
    /// | [`throttle`](Self::throttle) | nothing, as nothing was taken |
    ///
    /// ```
    /// use rebackoff_core::{Budget, Cost, Seconds, budget};
    ///
    /// static RETRIES: Budget = budget!(quota(capacity = 10));
    ///
    /// let now = || Seconds::ZERO;
    /// let paid = RETRIES.withdraw_at(Cost::Timeout, now)?;
    /// assert!(RETRIES.withdraw_at(Cost::Retry, now).is_err());
    /// RETRIES.refund(paid);
    /// assert!(RETRIES.withdraw_at(Cost::Retry, now).is_ok());
    /// # Ok::<(), rebackoff_core::Refused>(())
    /// ```
    pub fn refund(&self, withdrawal: Withdrawal) {
        let Withdrawal { taken } = withdrawal;
        match &self.kind {
            _ if taken == 0 => {}
            Kind::Leased(lease, _) if Lease::is_of(taken) => lease.refund(taken),
            Kind::Timed(timed) | Kind::Leased(_, timed) => timed.refund(&self.state, taken),
            Kind::Quota(_) => quota::give(&self.state.word, taken),
            Kind::Throttle(_) => {}
        }
    }

    /// The moment by which the budget goes: that of the host's clock where processes share it, else `now`.
    #[inline]
    fn moment<M: Into<Moment>>(&self, now: impl FnOnce() -> M) -> Moment {
        match &self.special {
            Some(Special { host_clock: Some(clock), .. }) => clock.now(),
            _ => now().into(),
        }
    }

    #[inline]
    fn refuse(&self, refused: Refused) -> Result<u32, Refused> {
        self.refused.fetch_add(1, Relaxed);
        match &self.special {
            None => Err(refused),
            Some(special) => self.refuse_specially(special, refused),
        }
    }

    #[cold]
    #[inline(never)]
    fn refuse_specially(&self, special: &Special, refused: Refused) -> Result<u32, Refused> {
        if let Some(clock) = &special.host_clock {
            // A budget that reads no clock gives its file a look here.
            let _ = clock.now();
            self.state.refused.fetch_add(1, Relaxed);
        }
        if special.dry_run { Ok(0) } else { Err(refused) }
    }
}

/// `now` is in nanoseconds.
impl Timed {
    fn tokens(&self, state: &State, now: u64) -> f64 {
        match self {
            Self::PerSecond(bucket) => bucket.tokens(&state.word, now),
            Self::Share(bucket) => bucket.tokens(&state.counts, now),
        }
    }

    #[inline]
    fn withdraw(&self, state: &State, now: u64) -> Result<u32, Refused> {
        match self {
            Self::PerSecond(bucket) => bucket.withdraw(&state.word, now),
            Self::Share(bucket) => bucket.withdraw(&state.counts, now),
        }
    }

    fn refund(&self, state: &State, taken: u32) {
        match self {
            Self::PerSecond(bucket) => bucket.refund(&state.word),
            Self::Share(_) => state.counts.refund(taken),
        }
    }
}

impl fmt::Display for Timed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PerSecond(bucket) => bucket.fmt(f),
            Self::Share(bucket) => bucket.fmt(f),
        }
    }
}

/// Writes the rule of the budget, as in `20% of calls + 10/s`.
impl fmt::Display for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Timed(timed) | Kind::Leased(_, timed) => timed.fmt(f),
            Kind::Quota(bucket) => bucket.fmt(f),
            Kind::Throttle(bucket) => bucket.fmt(f),
        }?;
        f.write_str(if self.is_dry_run() { " (dry run)" } else { "" })
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the retry budget is spent")
    }
}

impl core::error::Error for Refused {}

/// A [`Budget`] for a `static`: a wrong parameter does not compile.
///
/// The kind comes first, with its parameters by name; `dry_run` is one of them.
///
/// ```
/// use rebackoff_core::{Budget, budget};
///
/// static SHARE: Budget = budget!(share(ratio = 0.1));
/// static QUOTA: Budget = budget!(quota, dry_run = true);
/// assert_eq!(SHARE.to_string(), "10% of calls + 10/s");
/// assert_eq!(QUOTA.to_string(), "quota of 500, 5 a retry, 10 a timeout (dry run)");
/// ```
///
/// ```compile_fail
/// # use rebackoff_core::{Budget, budget};
/// static SHARE: Budget = budget!(share(ratio = 1.5)); // ratio must be from 0.0001 to 1
/// ```
#[macro_export]
macro_rules! budget {
    ($kind:ident $(($($parameter:ident = $value:expr),* $(,)?))? $(, $option:ident = $setting:expr)* $(,)?) => {
        const {
            match $crate::Budget::$kind()$($(.$parameter($value))*)?$(.$option($setting))*.build() {
                ::core::result::Result::Ok(budget) => budget,
                ::core::result::Result::Err(error) => ::core::panic!("{}", error.rule()),
            }
        }
    };
}
