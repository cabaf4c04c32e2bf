//! The three forms of an HTTP date (RFC 9110, section 5.6.7).
//!
//! | form | |
//! |---|---|
//! | IMF-fixdate | `Sun, 06 Nov 1994 08:49:37 GMT` |
//! | RFC 850 | `Sunday, 06-Nov-94 08:49:37 GMT` |
//! | asctime | `Sun Nov  6 08:49:37 1994` |

const DAY: i64 = 86_400;
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const WEEKDAYS: [&str; 7] =
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// The seconds since 1970 that `text` stands for; `None` for what is no date. `now` is the wall
/// clock, in the same seconds: RFC 850 writes years with two digits.
///
/// Upper and lower case are the same, and the day of the week need not be that of the date.
pub(super) fn parse(text: &str, now: i64) -> Option<i64> {
    let words = || text.split([' ', '\t']).filter(|word| !word.is_empty());
    let mut fields = [""; 6];
    let count = words().count();
    fields.iter_mut().zip(words()).for_each(|(field, word)| *field = word);
    match (count, fields) {
        (6, [weekday, day, month, year, time, zone]) => {
            is_short_weekday(weekday.strip_suffix(',')?).then_some(())?;
            is_gmt(zone).then_some(())?;
            YearlessDate::read(two_digits(day)?, month, time)?.in_year(four_digits(year)?)
        }
        (4, [weekday, date, time, zone, ..]) => {
            is_weekday(weekday.strip_suffix(',')?).then_some(())?;
            is_gmt(zone).then_some(())?;
            let (day, rest) = date.split_once('-')?;
            let (month, year) = rest.split_once('-')?;
            YearlessDate::read(two_digits(day)?, month, time)?.in_short_year(two_digits(year)?, now)
        }
        (5, [weekday, month, day, time, year, _]) => {
            is_short_weekday(weekday).then_some(())?;
            YearlessDate::read(digits(day, 1..=2)?, month, time)?.in_year(four_digits(year)?)
        }
        _ => None,
    }
}

/// A date without its year.
#[derive(Clone, Copy)]
pub(super) struct YearlessDate {
    /// From 1.
    month: i64,
    /// From 1.
    day: i64,
    /// Seconds since midnight.
    time: i64,
}

impl YearlessDate {
    fn read(day: i64, month: &str, time: &str) -> Option<Self> {
        let month = MONTHS.iter().position(|name| month.eq_ignore_ascii_case(name))?;
        let (hours, rest) = time.split_once(':')?;
        let (minutes, seconds) = rest.split_once(':')?;
        let time = [two_digits(hours)?, two_digits(minutes)?, two_digits(seconds)?];
        Self::new(i64::try_from(month).ok()? + 1, day, time)
    }

    pub(super) fn new(month: i64, day: i64, [hours, minutes, seconds]: [i64; 3]) -> Option<Self> {
        // A leap second is the sixtieth of its minute, counted from zero.
        let is_time = hours < 24 && minutes < 60 && seconds <= 60;
        let time = hours * 3600 + minutes * 60 + seconds;
        (is_time && (1..=12).contains(&month)).then_some(Self { month, day, time })
    }

    pub(super) fn in_year(self, year: i64) -> Option<i64> {
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let days = match self.month {
            2 => 28 + i64::from(leap),
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        (1..=days).contains(&self.day).then(|| self.since_1970(year))
    }

    /// The latest year with these last digits that is not more than fifty years ahead.
    fn in_short_year(self, digits: i64, now: i64) -> Option<i64> {
        let latest = year_of(now) + 50;
        let mut year = latest - (latest - digits).rem_euclid(100);
        if year == latest && self.since_1970(year - 50) > now {
            year -= 100;
        }
        self.in_year(year)
    }

    fn since_1970(self, year: i64) -> i64 {
        days_before(year, self.month) * DAY + (self.day - 1) * DAY + self.time
    }
}

/// The days from 1970 to the first of `month`. Years begin in March here, so that a leap day is the
/// last of its year.
fn days_before(year: i64, month: i64) -> i64 {
    const BEFORE_1970: i64 = 719_468;
    let year = if month < 3 { year - 1 } else { year };
    let months = (month + 9) % 12;
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    year * 365 + leap_days + (months * 153 + 2) / 5 - BEFORE_1970
}

fn year_of(now: i64) -> i64 {
    const YEAR: i64 = 31_556_952;
    let guess = 1970 + now.div_euclid(YEAR);
    let begins = |year| days_before(year, 1) * DAY;
    if now < begins(guess) {
        guess - 1
    } else if now >= begins(guess + 1) {
        guess + 1
    } else {
        guess
    }
}

/// Returns whether `word` is the name of a day, as dates of HTTP begin with it.
pub(super) fn is_day(word: &str) -> bool {
    is_short_weekday(word) || is_weekday(word)
}

fn is_short_weekday(word: &str) -> bool {
    WEEKDAYS.iter().any(|name| word.eq_ignore_ascii_case(&name[..3]))
}

fn is_weekday(word: &str) -> bool {
    WEEKDAYS.iter().any(|name| word.eq_ignore_ascii_case(name))
}

/// All HTTP dates are in this zone; some servers call it by its other name.
fn is_gmt(zone: &str) -> bool {
    zone.eq_ignore_ascii_case("GMT") || zone.eq_ignore_ascii_case("UTC")
}

fn two_digits(text: &str) -> Option<i64> {
    digits(text, 2..=2)
}

fn four_digits(text: &str) -> Option<i64> {
    digits(text, 4..=4)
}

pub(super) fn digits(text: &str, count: core::ops::RangeInclusive<usize>) -> Option<i64> {
    let all = text.bytes().all(|byte| byte.is_ascii_digit());
    if all && count.contains(&text.len()) { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use proptest::prelude::*;

    const BIRTH: i64 = 784_111_777;

    #[test]
    fn reads_the_three_forms() {
        for text in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
            "Sun Nov 06 08:49:37 1994",
            "sun, 06 NOV 1994 08:49:37 utc",
        ] {
            assert_eq!(parse(text, BIRTH), Some(BIRTH), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_date() {
        for text in [
            "",
            "Sun",
            "1994-11-06T08:49:37Z",
            "Sun, 06 Nov 1994 08:49:37",
            "Sun, 06 Nov 1994 08:49:37 CET",
            "Sun, 06 Nov 1994 08:49 GMT",
            "Sun, 06 Nov 1994 24:00:00 GMT",
            "Sun, 06 Nov 1994 08:60:00 GMT",
            "Sun, 06 Nov 1994 08:49:61 GMT",
            "Sun, 00 Nov 1994 08:49:37 GMT",
            "Sun, 31 Nov 1994 08:49:37 GMT",
            "Sun, 29 Feb 2100 08:49:37 GMT",
            "Sun, 6 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 94 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:37 GMT and more",
            "Son, 06 Nov 1994 08:49:37 GMT",
            "Sun 06 Nov 1994 08:49:37 GMT",
            "Sun, 06-Nov-94 08:49:37 GMT",
            "Sunday, 06-Nov-1994 08:49:37 GMT",
            "Sunday, 06-Foo-94 08:49:37 GMT",
            "Sun, +6 Nov 1994 08:49:37 GMT",
        ] {
            assert_eq!(parse(text, BIRTH), None, "{text:?}");
        }
    }

    #[test]
    fn a_year_of_two_digits_is_at_most_fifty_years_ahead() {
        let in_2026 = parse("Tue, 24 Nov 2026 04:00:00 GMT", 0).unwrap();
        let in_2099 = parse("Thu, 31 Dec 2099 23:59:59 GMT", 0).unwrap();
        for (short, now, long) in [
            ("Friday, 01-Jan-27 00:00:00 GMT", in_2026, "Fri, 01 Jan 2027 00:00:00 GMT"),
            ("Wednesday, 01-Jan-75 00:00:00 GMT", in_2026, "Tue, 01 Jan 2075 00:00:00 GMT"),
            ("Tuesday, 24-Nov-76 04:00:00 GMT", in_2026, "Tue, 24 Nov 2076 04:00:00 GMT"),
            ("Wednesday, 24-Nov-76 04:00:01 GMT", in_2026, "Wed, 24 Nov 1976 04:00:01 GMT"),
            ("Thursday, 29-Feb-96 00:00:00 GMT", in_2026, "Thu, 29 Feb 1996 00:00:00 GMT"),
            ("Friday, 01-Jan-00 00:00:00 GMT", in_2099, "Fri, 01 Jan 2100 00:00:00 GMT"),
            ("Friday, 01-Jan-99 00:00:00 GMT", in_2026, "Fri, 01 Jan 1999 00:00:00 GMT"),
        ] {
            assert_eq!(parse(short, now), parse(long, now), "{short}");
            assert!(parse(short, now).is_some(), "{short}");
        }
    }

    #[test]
    fn counts_days_as_the_calendar_does() {
        for (text, seconds) in [
            ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
            ("Wed, 31 Dec 1969 23:59:59 GMT", -1),
            ("Tue, 29 Feb 2000 12:00:00 GMT", 951_825_600),
            ("Mon, 31 Dec 1990 23:59:60 GMT", 662_688_000),
            ("Fri, 31 Dec 9999 23:59:59 GMT", 253_402_300_799),
        ] {
            assert_eq!(parse(text, 0), Some(seconds), "{text}");
        }
    }

    proptest! {
        #[test]
        fn days_follow_each_other(day in -800_000..3_000_000_i64) {
            let year = year_of(day * DAY);
            let first = days_before(year, 1);
            prop_assert!(first <= day && day < days_before(year + 1, 1));
            let month = (1..=12).rev().find(|month| days_before(year, *month) <= day).unwrap();
            let of_month = day - days_before(year, month) + 1;
            prop_assert!(of_month <= 31);
            if (1000..=9999).contains(&year) {
                let name = MONTHS[usize::try_from(month).unwrap() - 1];
                let text = format!("Mon, {of_month:02} {name} {year} 00:00:00 GMT");
                prop_assert_eq!(parse(&text, 0), Some(day * DAY));
            }
        }

        #[test]
        fn no_text_is_too_strange(text in "[ -~]{0,40}", now in 0..=253_402_300_799_i64) {
            let _ = parse(&text, now);
        }
    }
}
