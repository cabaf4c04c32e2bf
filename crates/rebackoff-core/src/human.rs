//! Durations as people write them: `500ms`, `1m 30s`.

use core::fmt;
use core::time::Duration;

/// `count` seconds: [`Duration::from_secs`], short enough for a policy.
pub const fn secs(count: u64) -> Duration {
    Duration::from_secs(count)
}

/// `count` milliseconds: [`Duration::from_millis`], short enough for a policy.
pub const fn millis(count: u64) -> Duration {
    Duration::from_millis(count)
}

/// `ratio` as a percentage, to its seventh decimal: 0.07 is 7, where 0.07 · 100 is not.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "a ratio is from 0 to 1"
)]
pub(crate) fn percent(ratio: f64) -> f64 {
    (ratio * 1e9 + 0.5) as u64 as f64 / 1e7
}

const UNITS: [(&str, u128); 7] = [
    ("d", 86_400_000_000_000),
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];
const MINUTE: u128 = 60 * SECOND;
const SECOND: u128 = 1_000_000_000;
const MILLI: u128 = 1_000_000;

/// Displays `duration` as `1d 1h`, `2m 7.5s`, `1.5s`, `250ms`: the units that are not zero, to the
/// millisecond; below a second, one unit with three decimals.
///
/// ```
/// use rebackoff_core::{human_duration, secs};
///
/// assert_eq!(human_duration(secs(30 * 86_400 + 1)).to_string(), "30d 1s");
/// ```
pub fn duration(duration: Duration) -> impl fmt::Display {
    Human(duration)
}

struct Human(Duration);

impl fmt::Display for Human {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.0.as_nanos();
        if nanos == 0 {
            return f.write_str("0s");
        }
        let rounded = (nanos + MILLI / 2) / MILLI * MILLI;
        if rounded < MINUTE {
            return fractional(f, nanos);
        }
        let mut rest = rounded;
        let mut space = "";
        for (name, unit) in UNITS.into_iter().take_while(|(_, unit)| *unit >= MINUTE) {
            if rest >= unit {
                write!(f, "{space}{}{name}", rest / unit)?;
                space = " ";
            }
            rest %= unit;
        }
        match rest {
            0 => Ok(()),
            rest => {
                f.write_str(space)?;
                decimal(f, rest, ("s", SECOND))
            }
        }
    }
}

fn fractional(f: &mut fmt::Formatter<'_>, nanos: u128) -> fmt::Result {
    let (name, unit) = UNITS
        .into_iter()
        .find(|(_, unit)| *unit <= SECOND && nanos + unit / 2000 >= *unit)
        .unwrap_or(("ns", 1));
    decimal(f, nanos, (name, unit))
}

/// Writes a time in a unit, with three decimals at most.
fn decimal(f: &mut fmt::Formatter<'_>, nanos: u128, (name, unit): (&str, u128)) -> fmt::Result {
    let thousandths = (nanos * 1000 + unit / 2) / unit;
    let (whole, rest) = (thousandths / 1000, thousandths % 1000);
    if rest == 0 {
        return write!(f, "{whole}{name}");
    }
    let (digits, width) = match rest {
        r if r % 100 == 0 => (r / 100, 1),
        r if r % 10 == 0 => (r / 10, 2),
        r => (r, 3),
    };
    write!(f, "{whole}.{digits:0width$}{name}")
}

/// Reads `text` as a duration: numbers with the units d, h, m, s, ms, us, ns, largest first or
/// not, spaces optional (`1m30s`, `1.5 h`); a number alone counts seconds.
///
/// # Errors
///
/// Names the text and what is allowed.
///
/// ```
/// use core::time::Duration;
/// use rebackoff_core::parse_duration;
///
/// assert_eq!(parse_duration("1m30s")?, Duration::from_secs(90));
/// assert_eq!(parse_duration("0.25")?, Duration::from_millis(250));
/// assert!(parse_duration("soon").is_err());
/// # Ok::<(), rebackoff_core::ParseDurationError>(())
/// ```
pub const fn parse_duration(text: &str) -> Result<Duration, ParseDurationError> {
    let mut rest = text.as_bytes().trim_ascii();
    let mut nanos = 0_u128;
    let mut parts = 0;
    while parts == 0 || !rest.is_empty() {
        let (number, after) = rest.split_at(length_of_number(rest));
        let after = after.trim_ascii_start();
        let (unit, after) = after.split_at(length_of_unit(after));
        if unit.is_empty() && (parts > 0 || !after.is_empty()) {
            return Err(ParseDurationError);
        }
        let (Some(unit), true) = (nanos_of(unit), is_number(number)) else {
            return Err(ParseDurationError);
        };
        nanos = nanos.saturating_add(scaled(number, unit));
        parts += 1;
        rest = after.trim_ascii_start();
    }
    Ok(saturating(nanos))
}

const fn length_of_number(text: &[u8]) -> usize {
    let mut n = 0;
    while n < text.len() && (text[n].is_ascii_digit() || text[n] == b'.') {
        n += 1;
    }
    n
}

/// All but ASCII counts as a letter: `µ`, and what no unit has.
const fn length_of_unit(text: &[u8]) -> usize {
    let mut n = 0;
    while n < text.len() && (text[n].is_ascii_alphabetic() || !text[n].is_ascii()) {
        n += 1;
    }
    n
}

/// Digits with at most one point.
const fn is_number(text: &[u8]) -> bool {
    let (mut n, mut points) = (0, 0);
    while n < text.len() {
        points += (text[n] == b'.') as usize;
        n += 1;
    }
    points <= 1 && points < text.len()
}

/// `number` of a unit of so many nanoseconds.
const fn scaled(number: &[u8], unit: u128) -> u128 {
    let (mut whole, mut fraction, mut worth) = (0_u128, 0, unit);
    let (mut n, mut is_fraction) = (0, false);
    while n < number.len() {
        if number[n] == b'.' {
            is_fraction = true;
        } else {
            let digit = (number[n] - b'0') as u128;
            if is_fraction {
                worth /= 10;
                fraction += digit * worth;
            } else {
                whole = whole.saturating_mul(10).saturating_add(digit);
            }
        }
        n += 1;
    }
    whole.saturating_mul(unit).saturating_add(fraction)
}

#[allow(clippy::cast_possible_truncation, reason = "a remainder of 10⁹ fits")]
const fn saturating(nanos: u128) -> Duration {
    let secs = nanos / SECOND;
    if secs > u64::MAX as u128 {
        return Duration::MAX;
    }
    Duration::new(secs as u64, (nanos % SECOND) as u32)
}

const fn nanos_of(unit: &[u8]) -> Option<u128> {
    Some(match unit {
        b"d" | b"day" | b"days" => 86_400 * SECOND,
        b"h" | b"hour" | b"hours" => 60 * MINUTE,
        b"m" | b"min" | b"mins" | b"minute" | b"minutes" => MINUTE,
        b"" | b"s" | b"sec" | b"secs" | b"second" | b"seconds" => SECOND,
        b"ms" => MILLI,
        // The micro sign and the Greek letter.
        b"us" | b"\xC2\xB5s" | b"\xCE\xBCs" => 1_000,
        b"ns" => 1,
        _ => return None,
    })
}

/// The text is no duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseDurationError;

impl ParseDurationError {
    /// The sentence that says what is allowed.
    pub const RULE: &str = "a duration is a number of seconds, or numbers with units d, h, m, s, ms, us, ns, \
                            for example `500ms` or `1m 30s`";
}

impl fmt::Display for ParseDurationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::RULE)
    }
}

impl core::error::Error for ParseDurationError {}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use proptest::prelude::*;

    #[test]
    fn writes_durations_as_people_do() {
        for (nanos, text) in [
            (0, "0s"),
            (1, "1ns"),
            (1_500, "1.5us"),
            (250_000_000, "250ms"),
            (1_000_000_000, "1s"),
            (1_050_000_000, "1.05s"),
            (127_000_000_000, "2m 7s"),
            (120_000_000_000, "2m"),
            (3_600_000_000_000, "1h"),
            (90_000_000_000_000, "1d 1h"),
            (90_061_000_000_000, "1d 1h 1m 1s"),
            (2_592_001_000_000_000, "30d 1s"),
            (7_199_000_000_000, "1h 59m 59s"),
            (127_500_000_000, "2m 7.5s"),
            (3_600_050_000_000, "1h 0.05s"),
            (59_600_000_000, "59.6s"),
            (59_999_900_000, "1m"),
            (999_999_600, "1s"),
            (86_399_000_000_000, "23h 59m 59s"),
            (86_399_999_600_000, "1d"),
        ] {
            assert_eq!(duration(Duration::from_nanos(nanos)).to_string(), text);
        }
    }

    #[test]
    fn reads_durations_as_people_write_them() {
        for (text, nanos) in [
            ("0", 0),
            ("30", 30_000_000_000),
            ("0.5", 500_000_000),
            (".5s", 500_000_000),
            ("500ms", 500_000_000),
            ("1m30s", 90_000_000_000),
            ("1 m 30 s", 90_000_000_000),
            ("2 minutes", 120_000_000_000),
            ("1.5h", 5_400_000_000_000),
            ("3µs", 3_000),
        ] {
            assert_eq!(parse_duration(text), Ok(Duration::from_nanos(nanos)), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_duration() {
        for text in ["", " ", "s", "1x", "-1s", "1..5s", "1.2.3s", "1m 30", "1 2", "∞", "1e9"] {
            assert_eq!(parse_duration(text), Err(ParseDurationError), "{text:?}");
        }
    }

    #[test]
    fn a_number_beyond_all_time_saturates() {
        assert_eq!(parse_duration(&"9".repeat(60)), Ok(Duration::MAX));
    }

    proptest! {
        #[test]
        fn reading_never_panics(text in ".{0,24}") {
            let _ = parse_duration(&text);
        }

        #[test]
        fn reads_what_it_wrote(millis in prop_oneof![0..60_000_u64, 0..10_000_000_000_u64]) {
            let span = Duration::from_millis(millis);
            prop_assert_eq!(parse_duration(&duration(span).to_string()), Ok(span));
        }
    }
}
