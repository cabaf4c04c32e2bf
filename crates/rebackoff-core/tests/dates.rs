//! HTTP dates beside the `httpdate` crate, over all years that have four digits.

use std::time::{Duration, UNIX_EPOCH};

use httpdate::{fmt_http_date, parse_http_date};
use proptest::prelude::*;
use rebackoff_core::{Hint, Seconds};

const END: u64 = 253_402_300_800;

/// The wait that the date asks for at `now`, in seconds.
fn wait(date: &str, now: u64) -> Option<f64> {
    match Hint::from_headers(|name| (name == "retry-after").then_some(date), secs(now))? {
        Hint::Wait(wait) => Some(Seconds::get(wait)),
        Hint::Stop => unreachable!("a date stops nothing"),
    }
}

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn theirs(date: &str) -> Option<u64> {
    Some(parse_http_date(date).ok()?.duration_since(UNIX_EPOCH).ok()?.as_secs())
}

/// `Sun, 06 Nov 1994 08:49:37 GMT` in the two obsolete forms.
fn obsolete(imf: &str) -> [String; 2] {
    const DAYS: [&str; 7] = ["Mon", "Tues", "Wednes", "Thurs", "Fri", "Satur", "Sun"];
    let words: Vec<_> = imf.split([' ', ',']).filter(|word| !word.is_empty()).collect();
    let [weekday, day, month, year, time, zone] = words[..] else { unreachable!("{imf}") };
    let long = DAYS.iter().find(|long| long.starts_with(weekday)).unwrap();
    let blank_day = day.strip_prefix('0').map_or(day.to_owned(), |digit| format!(" {digit}"));
    [
        format!("{long}day, {day}-{month}-{} {time} {zone}", &year[2..]),
        format!("{weekday} {month} {blank_day} {time} {year}"),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5000))]

    #[test]
    fn every_second_of_every_year_is_read(second in 0..END, ahead in 0..31_622_400_u64) {
        let now = second.saturating_sub(ahead);
        let imf = fmt_http_date(UNIX_EPOCH + secs(second));
        #[allow(clippy::cast_precision_loss, reason = "a leap year")]
        let expected = Some((second - now) as f64);
        prop_assert_eq!(wait(&imf, now), expected, "{}", imf);
        let [rfc_850, asctime] = obsolete(&imf);
        prop_assert_eq!(theirs(&asctime), Some(second), "{}", asctime);
        prop_assert_eq!(wait(&asctime, now), expected, "{}", asctime);
        prop_assert_eq!(wait(&rfc_850, now), expected, "{}", rfc_850);
    }

    #[test]
    fn no_text_is_read_as_another_date(
        second in 0..END,
        form in 0..3_usize,
        changes in proptest::collection::vec((0..40_usize, "[0-9A-Za-z :,-]"), 1..3),
    ) {
        let imf = fmt_http_date(UNIX_EPOCH + secs(second));
        let [rfc_850, asctime] = obsolete(&imf);
        let mut text = [imf, rfc_850, asctime][form].clone();
        for (place, change) in changes {
            if place < text.len() {
                text.replace_range(place..=place, &change);
            }
        }
        // Theirs overlooks what stands between the fields; where both read it, they agree.
        if let Some(theirs) = theirs(&text) {
            let ours = wait(&text, theirs);
            prop_assert!(ours.is_none() || ours == Some(0.0), "{} is {:?}", text, ours);
        }
    }
}
