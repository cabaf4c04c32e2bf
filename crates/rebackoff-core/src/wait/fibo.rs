use core::time::Duration;

use crate::Seconds;
use crate::error::{PolicyError, cap_reaches};

/// The Fibonacci numbers of seconds; made by [`fibo`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fibo {
    pub(crate) max_value: Seconds,
}

/// Waits the sum of the two waits before: raw wait = min(1, 1, 2, 3, 5, 8 … s, `max_value`).
///
/// Default: no cap. It grows by 1.618 each time, more slowly than [`expo`](crate::expo()).
///
/// ```
/// use rebackoff_core::{Seconds, fibo, secs};
///
/// let wait = fibo().max_value(secs(13)).wait();
/// assert_eq!(wait.raw(5), Seconds::new(8.0));
/// assert_eq!(wait.raw(1_000_000), Seconds::new(13.0));
/// ```
pub const fn fibo() -> Fibo {
    Fibo { max_value: Seconds::MAX }
}

impl Fibo {
    /// The cap, at least 1 s. Default none.
    pub const fn max_value(mut self, max_value: Duration) -> Self {
        self.max_value = Seconds::from_duration(max_value);
        self
    }

    pub(crate) fn raw(self, n: u64) -> Seconds {
        let last = NUMBERS.len() - 1;
        let n = usize::try_from(n).map_or(last, |n| n.min(last));
        NUMBERS[n].min(self.max_value)
    }

    pub(crate) const fn check(self) -> Result<(), PolicyError> {
        cap_reaches(NUMBERS[0], self.max_value)
    }
}

/// All Fibonacci numbers of seconds up to [`Seconds::MAX`], which is the last.
const NUMBERS: [Seconds; 51] = {
    let mut numbers = [Seconds::ZERO; 51];
    let (mut current, mut next) = (1_u64, 1_u64);
    let mut n = 0;
    while n < numbers.len() {
        numbers[n] = Seconds::from_duration(Duration::from_secs(current)).min(Seconds::MAX);
        (current, next) = (next, current + next);
        n += 1;
    }
    numbers
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grows_to_the_longest_span_and_stays_there() {
        assert_eq!(fibo().raw(49), Seconds::new(12_586_269_025.0).unwrap());
        assert_eq!(fibo().raw(50), Seconds::MAX);
        assert_eq!(fibo().raw(u64::MAX), Seconds::MAX);
    }
}
