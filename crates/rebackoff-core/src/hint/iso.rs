//! Dates of RFC 3339: `1994-11-06T08:49:37.5Z`.

use super::date::{YearlessDate, digits};

/// The seconds since 1970 that `text` stands for; `None` for what is no date.
///
/// A space may separate date and time, an offset may lack its colon or minutes, and a date without
/// a zone is in UTC.
pub(super) fn parse(text: &str) -> Option<f64> {
    let (date, time) = text.split_once(['T', 't', ' '])?;
    let [year, month, day] = three(date, '-')?;
    let zone = time.find(['Z', 'z', '+', '-']).unwrap_or(time.len());
    let (time, zone) = time.split_at(zone);
    let (time, fraction) = time.split_once('.').unwrap_or((time.trim_end(), "0"));
    let [hours, minutes, seconds] = three(time, ':')?;
    let moment =
        YearlessDate::new(two(month)?, two(day)?, [two(hours)?, two(minutes)?, two(seconds)?])?;
    let whole = moment.in_year(digits(year, 4..=4)?)? - offset(zone)?;
    #[allow(clippy::cast_precision_loss, reason = "a year has four digits")]
    let whole = whole as f64;
    let is_fraction = !fraction.is_empty() && fraction.bytes().all(|byte| byte.is_ascii_digit());
    let fraction = fraction.get(..fraction.len().min(9)).filter(|_| is_fraction)?;
    let scale = (0..fraction.len()).fold(1.0, |scale, _| scale * 10.0);
    Some(whole + fraction.parse::<f64>().ok()? / scale)
}

/// The seconds by which a zone is ahead of UTC: `Z`, `+01:00`, `-0530`, `+01`.
fn offset(zone: &str) -> Option<i64> {
    if zone.is_empty() || zone.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let (sign, rest) = zone.split_at_checked(1)?;
    let (hours, minutes) = rest.split_at_checked(2)?;
    let minutes = minutes.strip_prefix(':').unwrap_or(minutes);
    let minutes = if minutes.is_empty() { 0 } else { two(minutes)? };
    let seconds = two(hours)? * 3600 + minutes * 60;
    Some(if sign == "-" { -seconds } else { seconds })
}

fn three(text: &str, separator: char) -> Option<[&str; 3]> {
    let (first, rest) = text.split_once(separator)?;
    let (second, third) = rest.split_once(separator)?;
    Some([first, second, third])
}

fn two(text: &str) -> Option<i64> {
    digits(text, 2..=2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_the_forms_that_servers_send() {
        for (text, seconds) in [
            ("1994-11-06T08:49:37Z", 784_111_777.0),
            ("1994-11-06t08:49:37z", 784_111_777.0),
            ("1994-11-06 08:49:37Z", 784_111_777.0),
            ("1994-11-06T08:49:37", 784_111_777.0),
            ("1994-11-06T08:49:37.25Z", 784_111_777.25),
            ("1994-11-06T08:49:37.250000000000Z", 784_111_777.25),
            ("1994-11-06T09:49:37+01:00", 784_111_777.0),
            ("1994-11-06T03:19:37.5-0530", 784_111_777.5),
            ("1994-11-06T10:49:37+02", 784_111_777.0),
        ] {
            assert_eq!(parse(text), Some(seconds), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_date() {
        for text in [
            "",
            "1994-11-06",
            "1994-11-06T",
            "1994-11-31T08:49:37Z",
            "1994-13-06T08:49:37Z",
            "1994-11-06T24:00:00Z",
            "1994-11-06T08:49Z",
            "94-11-06T08:49:37Z",
            "1994-11-06T08:49:37.Z",
            "1994-11-06T08:49:37.5.5Z",
            "1994-11-06T08:49:37+",
            "1994-11-06T08:49:37+1",
            "1994-11-06T08:49:37Zulu",
            "1994-11-06T08:49:37+é1",
            "1994-11-06T08:49:37 CET",
        ] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(text in "[0-9TZ:+. é-]{0,40}") {
            let _ = parse(&text);
        }
    }
}
