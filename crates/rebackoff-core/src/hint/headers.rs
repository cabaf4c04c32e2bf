use core::time::Duration;

use super::values::{Clock, elements, sane};
use super::{Hint, retry_info};
use crate::Seconds;

/// A quota: the header with the time of its reset, and the header with the rest of it.
type Quota = (&'static str, &'static str);

const RELATIVE: [Quota; 1] = [("x-ratelimit-reset-after", "x-ratelimit-remaining")];

const DRAFT_6: [Quota; 2] =
    [("ratelimit-reset", "ratelimit-remaining"), ("ratelimit-resettime", "ratelimit-remaining")];

const CUSTOM: [Quota; 8] = [
    ("x-ratelimit-reset", "x-ratelimit-remaining"),
    ("x-rate-limit-reset", "x-rate-limit-remaining"),
    ("x-ratelimit-reset-requests", "x-ratelimit-remaining-requests"),
    ("x-ratelimit-reset-tokens", "x-ratelimit-remaining-tokens"),
    ("anthropic-ratelimit-requests-reset", "anthropic-ratelimit-requests-remaining"),
    ("anthropic-ratelimit-tokens-reset", "anthropic-ratelimit-tokens-remaining"),
    ("anthropic-ratelimit-input-tokens-reset", "anthropic-ratelimit-input-tokens-remaining"),
    ("anthropic-ratelimit-output-tokens-reset", "anthropic-ratelimit-output-tokens-remaining"),
];

const ORDERS: [&str; 2] = ["x-should-retry", "stripe-should-retry"];

impl Hint {
    /// The hint in the headers of a response. `get` returns the values of a header by its name in lower
    /// case: an `Option`, or an iterator over several lines. `now` is the time since 1970 by the wall
    /// clock.
    ///
    /// The headers are read in this order, and the first that makes sense holds. The order is
    /// from the header that says the most to the one that says the least.
    ///
    /// | header | value | source |
    /// |---|---|---|
    /// | `x-should-retry`, `stripe-should-retry` | `false`: do not retry | `OpenAI`, Anthropic, Stripe |
    /// | `grpc-retry-pushback-ms` | milliseconds; negative: do not retry | [gRFC A6] |
    /// | `grpc-status-details-bin` | the `retry_delay` of a `google.rpc.RetryInfo` | [Google's error model] |
    /// | `retry-after-ms`, `x-ms-retry-after-ms`, `x-amz-retry-after` | milliseconds | Azure, AWS |
    /// | `retry-after` | a time | [RFC 9110] |
    /// | `ratelimit` | seconds `t` of the quotas of which `r=0` is left, the longest; or `remaining` and `reset` | [draft 10], draft 7 |
    /// | `ratelimit-reset`, `ratelimit-resettime` | a time, unless `ratelimit-remaining` is above 0 | [draft 6], GitLab |
    /// | `x-ratelimit-reset-after` | a time, unless `x-ratelimit-remaining` is above 0 | Discord |
    /// | `x-ratelimit-reset`, `x-rate-limit-reset` | a time, unless `…-remaining` is above 0 | GitHub, Okta, X |
    /// | `x-ratelimit-reset-requests`, `…-tokens` | likewise | `OpenAI`, Groq |
    /// | `anthropic-ratelimit-requests-reset`, `…-tokens-reset`, `…-input-tokens-reset`, `…-output-tokens-reset` | likewise | Anthropic |
    ///
    /// Of the last three rows, the longest wait for a quota that is spent holds.
    ///
    /// A time has one of these forms:
    ///
    /// | form | |
    /// |---|---|
    /// | a number of seconds | `120`, `2.5` |
    /// | a time since 1970 in seconds, milliseconds, micro- or nanoseconds: a number from 10⁹ on | `1795492830` |
    /// | a duration as [`parse_duration`](crate::parse_duration) reads it, with its units | `1m30s`, `20ms` |
    /// | a date of HTTP in any of its three forms | `Sun, 06 Nov 1994 08:49:37 GMT` |
    /// | a date of RFC 3339 | `1994-11-06T08:49:37Z` |
    ///
    /// Of several values, in several lines or merged by a proxy (`2814, 2`), the largest holds.
    ///
    /// A date is compared with the `date` of the response, where it has one: clocks differ by minutes.
    /// The obsolete dates of HTTP are `Sunday, 06-Nov-94 08:49:37 GMT` and `Sun Nov  6 08:49:37 1994`.
    /// Upper and lower case are the same, the zone may be called `UTC`, and the day of the week need not
    /// be that of the date. A year of two digits is the latest that is not more than fifty years ahead.
    ///
    /// A time that passed at most ten minutes ago, or a small negative number, means now. A value that
    /// is malformed, further past, or more than 366 days away is ignored, and the next header is read.
    /// Without a valid header the wait strategy decides alone. (gRFC A6 treats a malformed pushback as
    /// an order not to retry; a garbled header is no reason to fail a call.)
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
    /// [Google's error model]: https://google.aip.dev/193#retryinfo
    /// [RFC 9110]: https://www.rfc-editor.org/rfc/rfc9110#name-retry-after
    /// [draft 10]: https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-ratelimit-headers-10
    /// [draft 6]: https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-ratelimit-headers-06
    pub fn from_headers<'a, V: IntoIterator<Item = &'a str>>(
        get: impl Fn(&'static str) -> V,
        now: Duration,
    ) -> Option<Self> {
        if Self::should_retry(&get) == Some(false) {
            return Some(Self::Stop);
        }
        let clock = Clock::new(get("date"), now);
        let longest = |name, read: &dyn Fn(&str) -> Option<f64>| {
            get(name).into_iter().flat_map(elements).filter_map(read).reduce(f64::max)
        };
        let millis = |name| longest(name, &|text| sane(Clock::millis(text)?));
        let spent = |name| longest(name, &Clock::number).is_none_or(|left| left < 1.0);
        let reset = |quotas: &[Quota]| {
            let waits = quotas.iter().filter_map(|(reset, remaining)| {
                longest(reset, &|text| clock.wait(text)).filter(|_| spent(remaining))
            });
            waits.reduce(f64::max)
        };
        let least = |name| get(name).into_iter().flat_map(elements).filter_map(Clock::millis);
        if least("grpc-retry-pushback-ms").any(|wait| wait < 0.0) {
            return Some(Self::Stop);
        }
        let wait = millis("grpc-retry-pushback-ms")
            .or_else(|| longest("grpc-status-details-bin", &|text| sane(retry_info::delay(text)?)))
            .or_else(|| millis("retry-after-ms"))
            .or_else(|| millis("x-ms-retry-after-ms"))
            .or_else(|| millis("x-amz-retry-after"))
            .or_else(|| longest("retry-after", &|text| clock.wait(text)))
            .or_else(|| get("ratelimit").into_iter().filter_map(spent_quota).reduce(f64::max))
            .or_else(|| reset(&DRAFT_6))
            .or_else(|| reset(&RELATIVE))
            .or_else(|| reset(&CUSTOM))?;
        Seconds::new(wait).map(Self::Wait)
    }

    /// Returns whether the headers `x-should-retry` or `stripe-should-retry` order a retry; `None` where
    /// they order nothing. An order not to retry comes before an order to retry.
    ///
    /// ```
    /// use rebackoff_core::Hint;
    ///
    /// let get = |name| (name == "x-should-retry").then_some("true");
    /// assert_eq!(Hint::should_retry(get), Some(true));
    /// ```
    pub fn should_retry<'a, V: IntoIterator<Item = &'a str>>(
        get: impl Fn(&'static str) -> V,
    ) -> Option<bool> {
        let orders = || ORDERS.into_iter().flat_map(&get).flat_map(elements);
        let has = |word: &str| orders().any(|order| order.eq_ignore_ascii_case(word));
        if has("false") { Some(false) } else { has("true").then_some(true) }
    }
}

/// `"burst";r=0;t=30, "daily";r=812;t=36000`: the longest wait for a quota that is spent. Draft 7 has
/// one quota in each header: `limit=10, remaining=0, reset=30`.
fn spent_quota(text: &str) -> Option<f64> {
    let has_parameters = text.contains(';');
    let (left, time) = if has_parameters { ("r", "t") } else { ("remaining", "reset") };
    let quotas = text.split(|character| has_parameters && character == ',');
    quotas
        .filter_map(|quota| {
            let parameter = |name| {
                quota.split([';', ',']).find_map(|pair| {
                    let (key, value) = pair.split_once('=')?;
                    (key.trim() == name).then(|| Clock::number(value.trim()))?
                })
            };
            parameter(time)
                .filter(|_| parameter(left).is_some_and(|left| left < 1.0))
                .and_then(sane)
        })
        .reduce(f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    /// The headers that are read.
    const NAMES: usize = 32;
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

    /// Miri needs seconds for each header, so it has fewer.
    fn values(pattern: &'static str) -> impl Strategy<Value = Vec<Option<String>>> {
        let present = if cfg!(miri) { 0.1 } else { 0.5 };
        proptest::collection::vec(proptest::option::weighted(present, pattern), NAMES)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 1 } else { 64 }))]

        #[test]
        fn no_header_is_too_strange(values in values(".{0,40}"), seconds in any::<u64>()) {
            assert_sane(&values, Duration::from_secs(seconds));
        }

        #[test]
        fn no_number_is_too_large(
            values in values("-?[0-9]{1,400}(\\.[0-9]{1,30})?"),
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
            assert!((0.0..=366.0 * 86_400.0).contains(&wait.get()), "{wait:?}");
        }
    }
}
