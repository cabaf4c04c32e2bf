//! Distributions of durations.

use rebackoff_core::{Draws as _, Seconds};

use crate::random::Random;

/// The distribution of a duration. Numbers are nanoseconds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Distribution {
    Constant(u64),
    Exponential {
        mean: f64,
    },
    /// The absolute value of a normal draw.
    Normal {
        mean: f64,
        sd: f64,
    },
    LogNormal {
        mean_of_log: f64,
        sd_of_log: f64,
    },
    Uniform {
        low: f64,
        high: f64,
    },
    /// Each duration with the same chance; never empty.
    List(Box<[u64]>),
}

impl Distribution {
    pub(crate) const ZERO: Self = Self::Constant(0);

    pub(crate) fn exponential(mean: Seconds) -> Self {
        Self::Exponential { mean: mean.to_nanos() as f64 }
    }

    /// The log-normal distribution with this mean and standard deviation.
    pub(crate) fn log_normal(mean: Seconds, sd: Seconds) -> Self {
        let (mean, sd) = (mean.to_nanos() as f64, sd.to_nanos() as f64);
        let variance = libm::log1p((sd / mean) * (sd / mean));
        Self::LogNormal {
            mean_of_log: libm::log(mean) - variance / 2.0,
            sd_of_log: libm::sqrt(variance),
        }
    }

    /// The mean in nanoseconds.
    pub(crate) fn mean(&self) -> f64 {
        match self {
            Self::Constant(nanos) => *nanos as f64,
            Self::Exponential { mean } | Self::Normal { mean, .. } => *mean,
            Self::LogNormal { mean_of_log, sd_of_log } => {
                libm::exp(mean_of_log + sd_of_log * sd_of_log / 2.0)
            }
            Self::Uniform { low, high } => f64::midpoint(*low, *high),
            Self::List(durations) => {
                durations.iter().map(|nanos| *nanos as f64).sum::<f64>() / durations.len() as f64
            }
        }
    }

    #[inline]
    pub(crate) fn draw(&self, random: &mut Random) -> u64 {
        match self {
            Self::Constant(nanos) => *nanos,
            _ => self.draw_at_random(random),
        }
    }

    /// The draw of a distribution, apart from where constants are used.
    #[inline(never)]
    fn draw_at_random(&self, random: &mut Random) -> u64 {
        match self {
            Self::Constant(nanos) => *nanos,
            Self::Exponential { mean } => nanos(mean * random.exponential()),
            Self::Normal { mean, sd } => nanos((mean + sd * random.normal()).abs()),
            Self::LogNormal { mean_of_log, sd_of_log } => {
                nanos(libm::exp(mean_of_log + sd_of_log * random.normal()))
            }
            Self::Uniform { low, high } => nanos(low + (high - low) * random.uniform()),
            Self::List(durations) => {
                let count = u32::try_from(durations.len()).unwrap_or(u32::MAX);
                durations.get(random.below(count) as usize).copied().unwrap_or(0)
            }
        }
    }
}

/// The nearest whole number of nanoseconds; a negative number becomes 0, and too large a number saturates.
#[inline]
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a cast of a float saturates"
)]
pub(crate) fn nanos(number: f64) -> u64 {
    (number + 0.5) as u64
}

/// Seconds for figures.
pub(crate) fn seconds(nanos: f64) -> f64 {
    nanos / 1e9
}
