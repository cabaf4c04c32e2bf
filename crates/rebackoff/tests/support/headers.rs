//! Every form in which a response says when to come back.

use std::time::{Duration, SystemTime};

/// Headers, and the wait that they ask for; `None`: nothing. Where they name a moment, it is at most a
/// second and a bit less.
pub(crate) fn hints() -> Vec<(&'static str, String, Option<u64>)> {
    let in_a_minute = SystemTime::now() + Duration::from_secs(60);
    let since_1970 = in_a_minute.duration_since(SystemTime::UNIX_EPOCH).unwrap();
    let [imf, rfc_850, asctime] = dates(in_a_minute);
    let form = |name, value: &str, wait| (name, value.to_owned(), wait);
    vec![
        form("retry-after", "7", Some(7)),
        form("retry-after", &imf, Some(60)),
        form("retry-after", &rfc_850, Some(60)),
        form("retry-after", &asctime, Some(60)),
        form("retry-after-ms", "7000", Some(7)),
        form("x-ms-retry-after-ms", "7000", Some(7)),
        form("x-amz-retry-after", "7000", Some(7)),
        form("ratelimit", "\"burst\";r=0;t=7", Some(7)),
        form("ratelimit-reset", "7", Some(7)),
        form("x-ratelimit-reset", "7", Some(7)),
        form("x-ratelimit-reset", &since_1970.as_secs().to_string(), Some(60)),
        form("x-ratelimit-reset", &since_1970.as_millis().to_string(), Some(60)),
        form("grpc-retry-pushback-ms", "7000", Some(7)),
        form("retry-after", "soon", None),
        form("retry-after-ms", "7e3", None),
    ]
}

/// IMF-fixdate, RFC 850, asctime.
fn dates(moment: SystemTime) -> [String; 3] {
    let imf = httpdate::fmt_http_date(moment);
    let [weekday, day, month, year, time, _] = imf.split(' ').collect::<Vec<_>>()[..] else {
        panic!("{imf}")
    };
    let weekday = weekday.trim_end_matches(',');
    let days = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
    let long = days.iter().find(|name| name.starts_with(weekday)).unwrap();
    let rfc_850 = format!("{long}, {day}-{month}-{} {time} GMT", &year[2..]);
    let asctime = format!("{weekday} {month} {:>2} {time} {year}", day.trim_start_matches('0'));
    [imf, rfc_850, asctime]
}
