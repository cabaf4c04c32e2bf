//! The values of headers: times from now, and lists.

use core::time::Duration;

use super::number::{signed, unsigned};
use super::{date, iso};
use crate::human::parse_duration;

/// The longest wait of a hint, a leap year: a longer one is a mistake.
const LONGEST: f64 = 366.0 * 86_400.0;

/// The longest time ago that means now: clocks differ by minutes.
const LATE: f64 = 600.0;

/// The last second of the last year that has four digits.
const LATEST: u64 = 253_402_300_799;

/// The wait of so many seconds, where that is no mistake. A time that has just passed is now.
pub(super) fn sane(seconds: f64) -> Option<f64> {
    (-LATE..=LONGEST).contains(&seconds).then_some(seconds.max(0.0))
}

/// The clock with which times are compared.
#[derive(Clone, Copy)]
pub(super) struct Clock {
    /// Whole seconds since 1970, by the wall clock of the client.
    wall: i64,
    /// Seconds since 1970, by the clock of the server where it is known.
    now: f64,
}

impl Clock {
    /// The clock of the server that sent these dates, or the client's clock.
    pub(super) fn new<'a>(dates: impl IntoIterator<Item = &'a str>, now: Duration) -> Self {
        let wall = i64::try_from(now.as_secs().min(LATEST)).unwrap_or_default();
        let mut dates = dates.into_iter();
        let date = dates.find_map(|date| date::parse(date.trim(), wall)).map(seconds);
        Self { wall, now: date.unwrap_or(now.as_secs_f64()) }
    }

    /// The seconds from now to the time that `text` names.
    pub(super) fn wait(self, text: &str) -> Option<f64> {
        if let Some(number) = signed(text) {
            return sane(self.until(number));
        }
        let date = || date::parse(text, self.wall).map(seconds).or_else(|| iso::parse(text));
        duration(text).or_else(|| Some(date()? - self.now)).and_then(sane)
    }

    /// A number of seconds from now, or, where it is too large for that, a time since 1970.
    fn until(self, number: f64) -> f64 {
        const FIRST_TIME: f64 = 1e9; // in September 2001
        const FIRST_IN_MILLIS: f64 = 1e11; // in March 1973; as seconds, in the year 5138
        if number < FIRST_TIME {
            return number;
        }
        let mut time = number;
        for _ in ["milliseconds", "microseconds", "nanoseconds"] {
            if time >= FIRST_IN_MILLIS {
                time /= 1000.0;
            }
        }
        time - self.now
    }

    /// The seconds of a number of milliseconds.
    pub(super) fn millis(text: &str) -> Option<f64> {
        Some(signed(text)? / 1000.0)
    }

    /// A number without a sign.
    pub(super) fn number(text: &str) -> Option<f64> {
        unsigned(text)
    }
}

/// A duration with units. A number without a unit is no duration here.
fn duration(text: &str) -> Option<f64> {
    let has_unit = text.ends_with(|last: char| last.is_ascii_alphabetic());
    has_unit.then(|| parse_duration(text).ok()).flatten().map(|duration| duration.as_secs_f64())
}

#[allow(clippy::cast_precision_loss, reason = "a year has four digits")]
const fn seconds(whole: i64) -> f64 {
    whole as f64
}

/// The elements of a list, without the space around them. The comma of a date of HTTP separates nothing.
pub(super) fn elements(list: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(list);
    core::iter::from_fn(move || {
        let list = rest?;
        let mut commas = list.match_indices(',').map(|(place, _)| place);
        let end = commas.find(|place| !date::is_day(list[..*place].trim()));
        let element = end.map_or(list, |end| &list[..end]);
        rest = end.map(|end| &list[end + 1..]);
        Some(element.trim())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn a_list_is_split_at_the_commas_that_are_no_part_of_a_date() {
        for (list, expected) in [
            ("", &[""][..]),
            ("2814, 2", &["2814", "2"]),
            ("1,,2", &["1", "", "2"]),
            ("Sun, 06 Nov 1994 08:49:37 GMT", &["Sun, 06 Nov 1994 08:49:37 GMT"]),
            (
                "5, Sunday, 06-Nov-94 08:49:37 GMT , 6",
                &["5", "Sunday, 06-Nov-94 08:49:37 GMT", "6"],
            ),
        ] {
            assert_eq!(elements(list).collect::<Vec<_>>(), expected, "{list}");
        }
    }
}
