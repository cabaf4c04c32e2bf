//! Means over replications, with confidence intervals.

use serde::Serialize;

/// A figure over the replications that have it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Figure {
    /// The mean over the replications.
    pub mean: f64,
    /// The lower end of the 95 % confidence interval of the mean.
    pub low: f64,
    /// The upper end of the 95 % confidence interval of the mean.
    pub high: f64,
    /// The standard deviation between replications; 0 for a single one.
    pub sd: f64,
    /// The number of replications that have this figure.
    pub runs: u64,
}

impl Figure {
    /// The figure of these values, one for each replication; `None` without any.
    pub(crate) fn of(values: &[f64]) -> Option<Self> {
        if values.is_empty() {
            return None;
        }
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
        let sd = if count > 1.0 { libm::sqrt(squares / (count - 1.0)) } else { 0.0 };
        let half = quantile(count - 1.0) * sd / libm::sqrt(count);
        let runs = values.len() as u64;
        Some(Self { mean, low: mean - half, high: mean + half, sd, runs })
    }

    /// The standard error of the mean.
    pub fn standard_error(&self) -> f64 {
        self.sd / libm::sqrt(self.runs as f64)
    }
}

/// The two-sided 95 % quantile of Student's distribution with this many degrees of freedom.
fn quantile(freedom: f64) -> f64 {
    const NORMAL: f64 = 1.959_964;
    match freedom {
        n if n < 1.0 => 0.0,
        n if n < 2.0 => 12.706,
        n if n < 3.0 => 4.303,
        n if n < 4.0 => 3.182,
        n => {
            // The expansion of Cornish and Fisher around the normal quantile.
            let (z, z3) = (NORMAL, NORMAL * NORMAL * NORMAL);
            let z5 = z3 * NORMAL * NORMAL;
            let z7 = z5 * NORMAL * NORMAL;
            z + (z3 + z) / (4.0 * n)
                + (5.0 * z5 + 16.0 * z3 + 3.0 * z) / (96.0 * n * n)
                + (3.0 * z7 + 19.0 * z5 + 17.0 * z3 - 15.0 * z) / (384.0 * n * n * n)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_the_tables() {
        for (freedom, expected) in [(1.0, 12.706), (3.0, 3.182), (9.0, 2.262), (30.0, 2.042)] {
            assert!(
                (quantile(freedom) - expected).abs() < 0.02,
                "{freedom}: {}",
                quantile(freedom)
            );
        }
    }

    #[test]
    fn a_figure_has_mean_deviation_and_interval() {
        let figure = Figure::of(&[1.0, 2.0, 3.0]).unwrap();
        assert!((figure.mean - 2.0).abs() < 1e-12 && (figure.sd - 1.0).abs() < 1e-12);
        assert!((figure.high - 2.0 - 4.303 / 3_f64.sqrt()).abs() < 1e-3);
        assert_eq!(Figure::of(&[]), None);
        assert!((Figure::of(&[5.0]).unwrap().high - 5.0).abs() < 1e-12);
    }
}
