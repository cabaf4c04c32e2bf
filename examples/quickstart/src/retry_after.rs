//! The `Retry-After` header, in both of its forms.

use std::time::{Duration, SystemTime};

/// The wait that a server asks for: a number of seconds, or the time left until an HTTP date.
///
/// `None` when the header is neither; a date in the past asks for no wait at all.
pub(crate) fn parse(header: &str, now: SystemTime) -> Option<Duration> {
    let header = header.trim();
    let seconds = header.parse().map(Duration::from_secs).ok();
    seconds.or_else(|| {
        let date = httpdate::parse_http_date(header).ok()?;
        Some(date.duration_since(now).unwrap_or_default())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEW_YEAR_1970: SystemTime = SystemTime::UNIX_EPOCH;

    #[test]
    fn a_number_is_seconds_from_now() {
        assert_eq!(parse("120", NEW_YEAR_1970), Some(Duration::from_secs(120)));
        assert_eq!(parse(" 0 ", NEW_YEAR_1970), Some(Duration::ZERO));
    }

    #[test]
    fn a_date_is_the_time_left_until_it() {
        let header = "Thu, 01 Jan 1970 00:01:00 GMT";
        assert_eq!(parse(header, NEW_YEAR_1970), Some(Duration::from_secs(60)));
    }

    #[test]
    fn a_date_in_the_past_asks_for_no_wait() {
        let header = "Thu, 01 Jan 1970 00:00:00 GMT";
        let a_day_later = NEW_YEAR_1970 + Duration::from_secs(86_400);
        assert_eq!(parse(header, a_day_later), Some(Duration::ZERO));
    }

    #[test]
    fn what_is_neither_is_ignored() {
        for header in ["", "soon", "-1", "1.5", "Thu, 41 Jan 1970 00:00:00 GMT"] {
            assert_eq!(parse(header, NEW_YEAR_1970), None, "{header:?}");
        }
    }
}
