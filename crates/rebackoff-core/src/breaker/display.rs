use core::fmt;
use core::time::Duration;

use super::window::Span;
use super::{Breaker, Rates, Trip};
use crate::human::{duration, percent};
use crate::slices::SLICES;

/// Writes the rule of the breaker, as in `opens after 5 failures in a row, for 30s`.
impl fmt::Display for Breaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.rules.trip {
            Trip::Consecutive(1) => f.write_str("opens after a failure")?,
            Trip::Consecutive(failures) => write!(f, "opens after {failures} failures in a row")?,
            Trip::Rates(rates) => rates.fmt(f)?,
        }
        write!(f, ", for {}", self.rules.open_for)?;
        if self.rules.growth > 1.0 {
            write!(f, " (times {}, up to {})", self.rules.growth, self.rules.max_open_for)?;
        }
        f.write_str(if self.rules.dry_run { " (dry run)" } else { "" })
    }
}

impl fmt::Display for Rates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("opens at ")?;
        if self.failure_rate.is_finite() {
            write!(f, "{}% failures", percent(self.failure_rate))?;
        }
        if let Some(longer_than) = self.longer_than {
            let or = if self.failure_rate.is_finite() { " or " } else { "" };
            write!(f, "{or}{}% slower than {longer_than}", percent(self.slow_rate))?;
        }
        match self.span {
            Span::Calls { calls, .. } => write!(f, " in {calls} calls")?,
            Span::Time { slice } => {
                write!(f, " in {}", duration(Duration::from_nanos(slice * SLICES)))?;
            }
        }
        write!(f, " ({} calls or more)", self.min_calls)
    }
}
