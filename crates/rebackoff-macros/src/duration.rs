//! Durations as an attribute has them: `30`, `0.5`, `500ms`, `"1m 30s"`.

use std::time::Duration;

use syn::{LitFloat, LitInt};

const ALLOWED: &str = "a duration is a count of seconds (`30`, `0.5`) or has the units \
                       d, h, m, s, ms, us, ns (`500ms`, `\"1m 30s\"`)";
const SECOND: u128 = 1_000_000_000;

pub(crate) fn of_integer(literal: &LitInt) -> Result<Duration, String> {
    match literal.suffix() {
        "" => literal.base10_parse().map(Duration::from_secs).map_err(|_| refuse(literal)),
        _ => of_text(&literal.to_string().replace('_', "")),
    }
}

pub(crate) fn of_float(literal: &LitFloat) -> Result<Duration, String> {
    match literal.suffix() {
        "" => literal
            .base10_parse()
            .ok()
            .and_then(|seconds: f64| Duration::try_from_secs_f64(seconds).ok())
            .ok_or_else(|| refuse(literal)),
        _ => of_text(&literal.to_string().replace('_', "")),
    }
}

/// The duration that `text` is, by the rule of `parse_duration`. This crate cannot call that function,
/// because it depends on no other crate.
pub(crate) fn of_text(text: &str) -> Result<Duration, String> {
    nanoseconds(text.trim()).map(saturating).ok_or_else(|| refuse(&text))
}

fn refuse(text: &impl ToString) -> String {
    format!("`{}` is no duration\nallowed: {ALLOWED}", text.to_string())
}

fn saturating(nanoseconds: u128) -> Duration {
    let seconds = u64::try_from(nanoseconds / SECOND);
    let rest = u32::try_from(nanoseconds % SECOND).unwrap_or_default();
    seconds.map_or(Duration::MAX, |seconds| Duration::new(seconds, rest))
}

fn nanoseconds(text: &str) -> Option<u128> {
    let in_number = |c: char| c.is_ascii_digit() || c == '.';
    if text.chars().all(in_number) {
        return part(text, SECOND);
    }
    let mut total = 0_u128;
    let mut rest = text;
    while !rest.is_empty() {
        let (number, after) = split(rest, in_number);
        let (unit, after) = split(after.trim_start(), char::is_alphabetic);
        total = total.saturating_add(part(number, unit_in_nanoseconds(unit)?)?);
        rest = after.trim_start();
    }
    Some(total)
}

fn split(text: &str, belongs: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !belongs(c)).unwrap_or(text.len()))
}

fn unit_in_nanoseconds(unit: &str) -> Option<u128> {
    Some(match unit {
        "d" | "day" | "days" => 86_400 * SECOND,
        "h" | "hour" | "hours" => 3_600 * SECOND,
        "m" | "min" | "mins" | "minute" | "minutes" => 60 * SECOND,
        "s" | "sec" | "secs" | "second" | "seconds" => SECOND,
        "ms" => 1_000_000,
        "us" | "µs" | "μs" => 1_000,
        "ns" => 1,
        _ => return None,
    })
}

fn part(number: &str, unit: u128) -> Option<u128> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') {
        return None;
    }
    let value = |digit: u8| u128::from(digit - b'0');
    let whole = whole
        .bytes()
        .fold(0_u128, |sum, digit| sum.saturating_mul(10).saturating_add(value(digit)));
    let (fraction, _) = fraction.bytes().fold((0, unit), |(sum, worth), digit| {
        let worth = worth / 10;
        (sum + value(digit) * worth, worth)
    });
    Some(whole.saturating_mul(unit).saturating_add(fraction))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_durations_as_people_write_them() {
        for (text, nanos) in [
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
            assert_eq!(of_text(text), Ok(Duration::from_nanos(nanos)), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_duration() {
        for text in ["", " ", "s", "1x", "-1s", "1..5s", "1.2.3s", "1m 30", "1 2", "∞", "1e9"] {
            let error = of_text(text).unwrap_err();
            assert!(error.starts_with(&format!("`{text}` is no duration")), "{error}");
        }
    }

    #[test]
    fn a_number_beyond_all_time_saturates() {
        assert_eq!(of_text(&"9".repeat(60)), Ok(Duration::MAX));
    }

    #[test]
    fn reads_literals_with_and_without_a_unit() {
        let integer = |text| of_integer(&syn::parse_str(text).unwrap());
        let float = |text| of_float(&syn::parse_str(text).unwrap());
        assert_eq!(integer("1_000"), Ok(Duration::from_secs(1000)));
        assert_eq!(integer("1m30s"), Ok(Duration::from_secs(90)));
        assert_eq!(integer("1_500ms"), Ok(Duration::from_millis(1500)));
        assert_eq!(float("0.1"), Ok(Duration::from_millis(100)));
        assert_eq!(float("1e-3"), Ok(Duration::from_millis(1)));
        assert_eq!(float("1.5h"), Ok(Duration::from_secs(5400)));
        for refused in [integer("5u64"), integer("99999999999999999999999"), float("1e30")] {
            assert!(refused.is_err());
        }
    }
}
