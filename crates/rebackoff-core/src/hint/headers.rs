use core::time::Duration;

use super::number::{signed, unsigned};
use super::{Hint, date};
use crate::Seconds;

/// The longest wait of a hint, a leap year: a longer one is a mistake.
const LONGEST: f64 = 366.0 * 86_400.0;

/// The last second of the last year that has four digits.
const LATEST: u64 = 253_402_300_799;

impl Hint {
    /// The hint in the headers of a response. `get` gives the value of a header by its name, in
    /// lower case; `now` is the time since 1970, by the wall clock.
    ///
    /// These headers are read; where there are several, the first in this order that makes sense
    /// holds: those that say the most come before those that say it most exactly.
    ///
    /// | header | value | source |
    /// |---|---|---|
    /// | `grpc-retry-pushback-ms` | milliseconds; negative: do not retry | [gRFC A6] |
    /// | `retry-after-ms`, `x-ms-retry-after-ms`, `x-amz-retry-after` | milliseconds | Azure, AWS |
    /// | `retry-after` | seconds, or a date in any of the three forms of HTTP | [RFC 9110] |
    /// | `ratelimit` | seconds `t` of the quotas of which `r=0` is left, the longest | [draft 10] |
    /// | `ratelimit-reset` | seconds, unless `ratelimit-remaining` is above 0 | [draft 6] |
    /// | `x-ratelimit-reset` | the same, unless `x-ratelimit-remaining` is above 0; from 10⁹ on, the second since 1970, from 10¹¹ on, the millisecond | custom |
    ///
    /// A date is `Sun, 06 Nov 1994 08:49:37 GMT` or one of the obsolete
    /// `Sunday, 06-Nov-94 08:49:37 GMT` and `Sun Nov  6 08:49:37 1994`, in upper or lower case. The
    /// zone may be called `UTC`, and the day of the week need not be that of the date. A year of two
    /// digits is the latest that is not more than fifty years ahead.
    ///
    /// Numbers may have a fraction, as some servers send them. A value that is malformed, negative, past,
    /// or more than 366 days away is ignored, and the next header is read. Without a valid header the wait
    /// strategy decides alone. (Here gRFC A6 would have it that a
    /// malformed pushback means not to retry; a garbled header is no reason to fail a call.)
    ///
    /// ```
    /// use core::time::Duration;
    /// use rebackoff_core::{Hint, Seconds, secs};
    ///
    /// let headers = [("content-type", "text/html"), ("retry-after", "Sun, 06 Nov 1994 08:50:07 GMT")];
    /// let get = |name| Some(headers.iter().find(|header| header.0 == name)?.1);
    /// let now = secs(784_111_777); // 08:49:37
    /// assert_eq!(Hint::from_headers(get, now), Some(Hint::Wait(secs(30).into())));
    ///
    /// assert_eq!(Hint::from_headers(|_| Some("soon"), now), None);
    /// ```
    ///
    /// [gRFC A6]: https://github.com/grpc/proposal/blob/master/A6-client-retries.md#pushback
    /// [RFC 9110]: https://www.rfc-editor.org/rfc/rfc9110#name-retry-after
    /// [draft 10]: https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-ratelimit-headers-10
    /// [draft 6]: https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-ratelimit-headers-06
    pub fn from_headers<'a>(
        get: impl Fn(&'static str) -> Option<&'a str>,
        now: Duration,
    ) -> Option<Self> {
        let value = |name| get(name).map(str::trim);
        let millis = |name| value(name).and_then(unsigned).and_then(|ms| wait(ms / 1000.0));
        let spent = |name| value(name).and_then(unsigned).is_none_or(|left| left < 1.0);
        value("grpc-retry-pushback-ms")
            .and_then(pushback)
            .or_else(|| millis("retry-after-ms"))
            .or_else(|| millis("x-ms-retry-after-ms"))
            .or_else(|| millis("x-amz-retry-after"))
            .or_else(|| value("retry-after").and_then(|text| seconds_or_date(text, now)))
            .or_else(|| value("ratelimit").and_then(spent_quota))
            .or_else(|| {
                let reset = value("ratelimit-reset").filter(|_| spent("ratelimit-remaining"))?;
                wait(unsigned(reset)?)
            })
            .or_else(|| {
                let reset =
                    value("x-ratelimit-reset").filter(|_| spent("x-ratelimit-remaining"))?;
                wait(until(unsigned(reset)?, now))
            })
    }
}

/// A wait, unless it is none or nonsense.
fn wait(seconds: f64) -> Option<Hint> {
    if seconds <= LONGEST { Seconds::new(seconds).map(Hint::Wait) } else { None }
}

fn pushback(text: &str) -> Option<Hint> {
    let millis = signed(text)?;
    if millis < 0.0 { Some(Hint::Stop) } else { wait(millis / 1000.0) }
}

fn seconds_or_date(text: &str, now: Duration) -> Option<Hint> {
    if let Some(seconds) = unsigned(text) {
        return wait(seconds);
    }
    let clock = i64::try_from(now.as_secs().min(LATEST)).ok()?;
    #[allow(clippy::cast_precision_loss, reason = "a year has four digits")]
    let date = date::parse(text, clock)? as f64;
    wait(date - now.as_secs_f64())
}

/// A number of seconds from now, or, where it is too large for that, a time since 1970.
fn until(reset: f64, now: Duration) -> f64 {
    const FIRST_TIME: f64 = 1e9; // in September 2001
    const FIRST_IN_MILLIS: f64 = 1e11; // in March 1973; as seconds, in the year 5138
    if reset < FIRST_TIME {
        reset
    } else if reset < FIRST_IN_MILLIS {
        reset - now.as_secs_f64()
    } else {
        reset / 1000.0 - now.as_secs_f64()
    }
}

/// `"burst";r=0;t=30, "daily";r=812;t=36000`: the longest wait for a quota that is spent.
fn spent_quota(text: &str) -> Option<Hint> {
    let longest = text
        .split(',')
        .filter_map(|quota| {
            let parameter = |name| {
                quota.split(';').skip(1).find_map(|pair| {
                    let (key, value) = pair.split_once('=')?;
                    (key.trim() == name).then(|| unsigned(value.trim()))?
                })
            };
            parameter("t").filter(|_| parameter("r").is_some_and(|left| left < 1.0))
        })
        .reduce(f64::max)?;
    wait(longest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    const NOW: Duration = Duration::from_millis(1_792_000_000_500);

    fn hint(headers: &[(&str, &str)]) -> Option<Hint> {
        let get = |name| Some(headers.iter().find(|header| header.0 == name)?.1);
        Hint::from_headers(get, NOW)
    }

    #[test]
    fn the_part_of_a_second_that_has_passed_is_counted() {
        let Some(Hint::Wait(wait)) = hint(&[("x-ratelimit-reset", "1792000030")]) else {
            unreachable!("a hint")
        };
        assert_eq!(wait.to_duration(), Duration::from_millis(29_500));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn no_header_is_too_strange(
            values in proptest::collection::vec(proptest::option::of(".{0,40}"), 12),
            seconds in any::<u64>(),
        ) {
            assert_sane(&values, Duration::from_secs(seconds));
        }

        #[test]
        fn no_number_is_too_large(
            values in proptest::collection::vec(proptest::option::of("-?[0-9]{1,400}(\\.[0-9]{1,30})?"), 12),
            seconds in any::<u64>(),
        ) {
            assert_sane(&values, Duration::from_secs(seconds));
        }
    }

    fn assert_sane(values: &[Option<String>], now: Duration) {
        let asked = core::cell::RefCell::new(Vec::new());
        let get = |name| {
            let mut asked = asked.borrow_mut();
            let place = asked.iter().position(|known| *known == name).unwrap_or_else(|| {
                asked.push(name);
                asked.len() - 1
            });
            values[place].as_deref()
        };
        if let Some(Hint::Wait(wait)) = Hint::from_headers(get, now) {
            assert!((0.0..=LONGEST).contains(&wait.get()), "{wait:?}");
        }
    }
}
