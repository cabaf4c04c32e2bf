//! The density of retries over time.

use serde::Serialize;

use crate::percentile;

const PARTS: usize = 60;

/// The time in which a peak is looked for, in seconds; parts that are narrower take its place.
pub(super) const SHORT: f64 = 0.01;

/// The density of retries: how many fall into each part of the time, over all clients that failed at time zero.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RetryChart {
    /// The seconds of one part.
    pub width: f64,
    /// The retries of each part.
    pub counts: Vec<usize>,
    /// Retries that came later than the last part.
    pub later: usize,
}

impl RetryChart {
    /// The density of `retries`, which are sorted.
    pub(super) fn of(retries: &[f64]) -> Self {
        // A few late retries would press all others into the first part.
        let end = percentile(retries, 0.99).unwrap_or(0.0);
        let width = round_up(end * 1.0001 / PARTS as f64);
        let mut counts = vec![0; PARTS];
        let mut later = 0;
        for retry in retries {
            #[allow(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "times are not negative, and a cast saturates"
            )]
            let part = (retry / width) as usize;
            match counts.get_mut(part) {
                Some(count) => *count += 1,
                None => later += 1,
            }
        }
        let used = counts.iter().rposition(|count| *count > 0).map_or(1, |last| last + 1);
        counts.truncate(used);
        Self { width, counts, later }
    }

    /// The most retries of a part.
    pub fn highest(&self) -> usize {
        self.counts.iter().copied().max().unwrap_or(0)
    }

    /// The end of the last part.
    pub fn end(&self) -> f64 {
        self.width * self.counts.len() as f64
    }

    /// This density in at most `rows` parts.
    pub fn folded(&self, rows: usize) -> Self {
        let together = self.counts.len().div_ceil(rows).max(1);
        Self {
            width: self.width * together as f64,
            counts: self.counts.chunks(together).map(|part| part.iter().sum()).collect(),
            later: self.later,
        }
    }

    /// Round times for the axis, about `count` of them.
    pub fn ticks(&self, count: usize) -> Vec<f64> {
        let step = round_up(self.end() / count as f64);
        (0..=count).map(|n| n as f64 * step).filter(|tick| *tick <= self.end() * 1.0001).collect()
    }
}

/// The most retries in a short time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct RetryPeak {
    /// The number of retries.
    pub retries: usize,
    /// The length of the time, in seconds.
    pub width: f64,
    /// The begin of the time.
    pub begin: f64,
}

/// The most of `retries`, which are sorted, in any time of this width; none where there are no retries.
pub fn peak(retries: &[f64], width: f64) -> Option<RetryPeak> {
    let mut peak: Option<RetryPeak> = None;
    let mut end = 0;
    for (n, begin) in retries.iter().copied().enumerate() {
        while retries.get(end).is_some_and(|retry| *retry < begin + width) {
            end += 1;
        }
        if peak.is_none_or(|peak| end - n > peak.retries) {
            peak = Some(RetryPeak { retries: end - n, width, begin });
        }
    }
    peak
}

/// The next number up of the form 1, 2 or 5 · 10ⁿ; whole minutes and hours above a minute.
fn round_up(number: f64) -> f64 {
    if number <= 0.0 {
        return 0.001;
    }
    let unit = match number {
        n if n > 1800.0 => 3600.0,
        n if n > 30.0 => 60.0,
        _ => 1.0,
    };
    let number = number / unit;
    let power = libm::pow(10.0, libm::floor(libm::log10(number)));
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().find(|step| step * power >= number * (1.0 - 1e-9));
    step.unwrap_or(10.0) * power * unit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_round_numbers() {
        for (number, expected) in
            [(0.013, 0.02), (1.0, 1.0), (2.1, 5.0), (31.0, 60.0), (70.0, 120.0), (2000.0, 3600.0)]
        {
            assert!((round_up(number) - expected).abs() < 1e-9, "{number}: {}", round_up(number));
        }
    }

    #[test]
    fn a_peak_is_the_most_retries_in_any_time_of_its_width() {
        let retries = [0.1, 0.95, 1.0, 1.04, 3.0, 3.0];
        assert_eq!(peak(&retries, 0.1), Some(RetryPeak { retries: 3, width: 0.1, begin: 0.95 }));
        assert_eq!(peak(&retries, 0.05).map(|peak| peak.retries), Some(2));
        assert_eq!(peak(&[], 1.0), None);
    }

    #[test]
    fn folding_keeps_every_retry() {
        let chart = RetryChart { width: 0.5, counts: (0..57).collect(), later: 3 };
        let folded = chart.folded(20);
        assert_eq!(folded.counts.len(), 19);
        assert_eq!(folded.counts.iter().sum::<usize>(), chart.counts.iter().sum::<usize>());
        assert!((folded.end() - chart.end()).abs() < 1e-9);
    }
}
