//! The behaviour of libraries where numbers end, in words.

use std::panic::{self, AssertUnwindSafe};
use std::time::Duration;

/// An exponential wait without cap and jitter, at try 2 000.
pub const GROWTH: &str = "growth";
/// `Duration::MAX` as the first wait, with jitter.
pub const LONGEST: &str = "longest";
/// Jitter where the wait has come to its cap of 10 s.
pub const AT_CAP: &str = "at_cap";
/// The draws of two sessions.
pub const TWO_SESSIONS: &str = "two_sessions";
/// A step of the system's clock during a call.
pub const CLOCK_STEP: &str = "clock_step";
/// Ten calls at once on a half-open breaker that is to admit one.
pub const HALF_OPEN: &str = "half_open";

/// The cap of [`AT_CAP`], and the first wait.
pub const TEN: Duration = Duration::from_secs(10);
/// The number of waits that [`AT_CAP`] and [`TWO_SESSIONS`] look at.
pub const WAITS: usize = 1_000;

/// Returns the words of `edge`, or that it panics.
pub fn watch(edge: fn() -> String) -> String {
    panic::set_hook(Box::new(|_| {}));
    let caught = panic::catch_unwind(AssertUnwindSafe(edge));
    let _ = panic::take_hook();
    caught.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
        format!("panics: {}", text.lines().next().unwrap_or(text))
    })
}

/// The wait before try 2 000.
pub fn growth(mut waits: impl Iterator<Item = Duration>) -> String {
    match waits.nth(1_998) {
        Some(wait) => format!("saturates at {}", words(wait)),
        None => "ends early, without saying so".to_owned(),
    }
}

/// The second wait, when the first is as long as can be.
pub fn longest(mut waits: impl Iterator<Item = Duration>) -> String {
    waits.next();
    match waits.next() {
        Some(wait) if wait > Duration::from_secs(1 << 29) => "saturates".to_owned(),
        Some(wait) => format!("wraps to {}", words(wait)),
        None => "ends early, without saying so".to_owned(),
    }
}

/// Waits at a cap of ten seconds.
pub fn at_cap(waits: impl Iterator<Item = Duration>) -> String {
    let waits: Vec<_> = waits.take(WAITS).collect();
    let longest = waits.iter().max().copied().unwrap_or_default();
    let same = waits.iter().filter(|wait| **wait == TEN).count() * 100 / waits.len().max(1);
    if longest > TEN {
        format!("above the cap: up to {:.1} s", longest.as_secs_f64())
    } else if same > 5 {
        format!("within it, but {same} % of the waits are the cap itself")
    } else {
        "within it, spread".to_owned()
    }
}

/// The waits of two sessions that began one after the other.
pub fn two_sessions<W: Iterator<Item = Duration>>(mut session: impl FnMut() -> W) -> String {
    let (one, other): (Vec<_>, Vec<_>) = (session().take(8).collect(), session().take(8).collect());
    if one == other { "the same waits" } else { "different waits" }.to_owned()
}

/// Counts the admitted calls of ten, each inside the one before.
pub fn half_open(admitted: usize) -> String {
    format!("admits {admitted} of 10")
}

fn words(wait: Duration) -> String {
    const YEAR: f64 = 365.25 * 86_400.0;
    let seconds = wait.as_secs_f64();
    if wait == Duration::MAX {
        "`Duration::MAX`".to_owned()
    } else if seconds > YEAR {
        format!("{:.3e} years", seconds / YEAR)
    } else {
        format!("{wait:?}")
    }
}
