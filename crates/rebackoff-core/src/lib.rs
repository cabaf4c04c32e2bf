//! The engine of `rebackoff`, without a clock, a sleep, a log line or a source of randomness.
//!
//! Data flows one way: a [`Policy`] is plain data that says how to retry; an [`Engine`] is one
//! call's progress through it; a driver (the `rebackoff` crate, the Python package, a command
//! line, a simulator) calls the target, hands the verdict on its outcome to the engine and does what
//! the engine's [`Step`] says. Time and chance are parameters ([`Seconds`], [`Draws`]), so that a
//! simulator runs exactly what production runs, and a test needs no real time.
//!
//! The engine decides in this order:
//!
//! 1. The caller's condition comes first, as a [`Verdict`], even when a limit is reached.
//! 2. `max_tries`, then `max_time`; then a hint above the ceiling or past the deadline ([`Hints`]).
//! 3. The raw wait comes from the [`Wait`] strategy, capped; a strategy may end.
//! 4. [`Jitter`] spreads it, within the cap; a hint raises it, and is spread upward.
//! 5. `max_time` shortens the last wait, or forbids it ([`LastWait`]).
//!
//! [`Budget`]s and [`Breaker`]s are shared by many calls; [`CallGuards`] is their protocol inside one
//! call, after the engine has decided. These three exist where the target has atomics of 64 bits.
//!
//! All numbers saturate, and nothing here panics. Most programs want the `rebackoff` crate, which
//! re-exports this one.
#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg), doc(auto_cfg(hide(loom))))]
#![cfg_attr(
    test,
    allow(clippy::disallowed_macros, reason = "a test counts the steps of its thread")
)]

extern crate alloc;
#[cfg(test)]
extern crate std;

#[cfg(target_has_atomic = "64")]
mod atomic;
#[cfg(target_has_atomic = "64")]
mod breaker;
#[cfg(target_has_atomic = "64")]
mod budget;
#[cfg(target_has_atomic = "64")]
mod call_guards;
mod draws;
mod engine;
mod error;
mod event;
mod hint;
mod hints;
#[cfg(target_has_atomic = "64")]
mod host;
mod human;
mod jitter;
mod limits;
mod moment;
mod policy;
mod position;
mod reason;
mod schedule;
mod seconds;
#[cfg(feature = "settings")]
mod settings;
#[cfg(target_has_atomic = "64")]
mod slices;
#[cfg(all(test, not(loom)))]
mod stopped;
#[cfg(feature = "settings")]
mod suggest;
mod verdict;
mod wait;

#[cfg(target_has_atomic = "64")]
pub use breaker::{
    Breaker, BreakerBuilder, BreakerState, CallCounts, Health, Open, Permit, StateChange,
};
#[cfg(target_has_atomic = "64")]
pub use budget::{Budget, Cost, Lease, PerSecond, Quota, Refused, Share, Throttle, Withdrawal};
#[cfg(target_has_atomic = "64")]
pub use call_guards::CallGuards;
pub use draws::Draws;
pub use engine::{Engine, Step};
pub use error::PolicyError;
pub use event::{Event, EventKind, Events};
pub use hint::Hint;
pub use hints::{Above, Hints};
#[doc(hidden)]
#[cfg(target_has_atomic = "64")]
pub use host::{GuardParameters, HostClock, HostGuard};
pub use human::{ParseDurationError, duration as human_duration, millis, parse_duration, secs};
pub use jitter::Jitter;
pub use limits::{LastWait, Limits, Nested};
pub use moment::Moment;
pub use policy::{Policy, PolicyBuilder};
pub use position::{NextWait, Position};
pub use reason::Reason;
pub use seconds::Seconds;
#[cfg(feature = "settings")]
pub use settings::{Setting, SettingError, Settings};
#[cfg(feature = "settings")]
pub use suggest::{did_you_mean, nearest};
pub use verdict::Verdict;
pub use wait::{
    Constant, Decay, Decorrelated, Expo, Fibo, Linear, List, Runtime, Wait, constant, decay,
    decorrelated, expo, fibo, linear, list, runtime,
};
