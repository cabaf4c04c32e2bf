//! The parts that drivers and libraries around this crate need, and few programs name.
//!
//! - The engine and the policy's parts: [`Engine`], [`Step`], [`CallGuards`], [`Limits`], [`Wait`].
//! - The parts of a call: [`Call`], its [`Target`], its [`Mode`], its guards, its future.
//! - The builders that `Policy::new`, `Breaker::builder` and `Budget::…` return.

pub use rebackoff_core::{
    BreakerBuilder, CallCounts, CallGuards, Constant, Decay, Decorrelated, Draws, Engine, Expo,
    Fibo, Hint, Hints, Limits, Linear, List, Moment, NextWait, ParseDurationError, PerSecond,
    Permit, PolicyBuilder, Position, Quota, Refused, Runtime, Share, StateChange, Step, Throttle,
    Wait, Withdrawal, human_duration, parse_duration,
};

#[cfg(feature = "settings")]
pub use rebackoff_core::Setting;

pub use crate::backoff::Backoff;
pub use crate::call::Call;
#[cfg(feature = "settings")]
pub use crate::env::from_env_prefix;
pub use crate::future::{OutcomeFuture, RetryFuture};
pub use crate::guarded::Guards;
pub use crate::guards::{
    Asks, ByFunction, ByOutcome, Either, GuardView, Guarding, GuardsOfCall, Handle, Itself, KeptBy,
    NoRejection, OnRejection, Only, OpenOr, Pays, Rejected, Rejection, Rejects, Several,
};
#[cfg(any(feature = "reqwest", feature = "tower"))]
pub use crate::guards::{BreakerFor, BudgetFor, GuardsOfRequest, GuardsPerRequest};
#[cfg(any(feature = "reqwest", feature = "tower"))]
pub use crate::hooks::Resendable;
pub use crate::kept::{Dropped, Keep, Kept};
#[cfg(any(feature = "reqwest", feature = "tower"))]
pub use crate::late::{EndsLate, Late, LateBy, LateIfBoxed, LateTry};
pub use crate::mode::{Async, Blocking, Mode};
#[cfg(any(feature = "reqwest", feature = "tower"))]
pub use crate::resend::{Cloned, Repeat};
pub use crate::signal::{
    AsyncSignal, BlockingWait, EndsCall, EndsWaits, NoSignal, Signal, WokenBy,
};
pub use crate::source::PolicySource;
pub use crate::target::{Target, WithAttempt};
pub use crate::timeout::{TimedTry, WithTimeout};
#[cfg(feature = "tracing")]
pub use crate::trace::{InSpan, TraceInLoop, TraceInPoll, Traced};
pub use crate::tries::Tries;
