//! The promises of shared budgets.

use super::record::{Record, Story, What};
use super::worker::{CAPACITY, FLOOR, QUOTA, RATE, TTL};

const SECOND: u64 = 1_000_000_000;
/// Permits in a row that are held against the rate.
const ROW: usize = 1000;

pub(crate) fn check(stories: &[Story]) {
    let of = |what| {
        let records = stories.iter().flat_map(|story| &story.records);
        let mut records: Vec<_> = records.filter(|record| record.what == what).copied().collect();
        records.sort_by_key(|record| record.begin);
        records
    };
    no_span_has_more_than_the_rate_permits(&of(What::PermittedByRate));
    no_retry_is_more_than_the_share_permits(&of(What::PermittedByShare), &calls(stories));
    for record in of(What::Tokens) {
        let tokens = f64::from_bits(record.begin);
        assert!((0.0..=f64::from(QUOTA)).contains(&tokens), "{tokens} tokens");
    }
}

/// A span of a bucket has at most its capacity, and the tokens of the span's time.
fn no_span_has_more_than_the_rate_permits(permitted: &[Record]) {
    assert!(permitted.len() > usize::try_from(CAPACITY).unwrap());
    for (place, first) in permitted.iter().enumerate() {
        let mut end = 0;
        for (number, record) in (1..).zip(permitted[place..].iter().take(ROW)) {
            end = end.max(record.end);
            let most = u64::from(CAPACITY) * SECOND + u64::from(RATE) * (end - first.begin);
            assert!(number * SECOND <= most, "{number} permits from {first:?} to {end}");
        }
    }
}

/// The spans in which calls were counted: until the death of a process that did not end its call.
fn calls(stories: &[Story]) -> Vec<(u64, u64)> {
    let of = |story: &Story| {
        let records = story.records.iter().enumerate();
        let calls = records.filter(|(_, record)| record.what == What::Calls);
        let end = |place: usize| story.records.get(place + 1).map_or(story.end, |next| next.end);
        calls.map(|(place, record)| (record.begin, end(place))).collect::<Vec<_>>()
    };
    stories.iter().flat_map(of).collect()
}

/// A retry is permitted while it and the others of the last `ttl` are at most the ratio of the calls, and the floor.
fn no_retry_is_more_than_the_share_permits(retries: &[Record], calls: &[(u64, u64)]) {
    assert!(retries.len() > usize::try_from(FLOOR).unwrap() && !calls.is_empty());
    let (mut begins, mut ends): (Vec<_>, Vec<_>) = calls.iter().copied().unzip();
    begins.sort_unstable();
    ends.sort_unstable();
    let ttl = u64::try_from(TTL.as_nanos()).unwrap();
    for retry in retries {
        // The window ends with a slice of a tenth, so it is this long at least, and no longer than `ttl`.
        let surely_from = retry.end.saturating_sub(ttl / 10 * 9);
        let first = retries.partition_point(|other| other.begin < surely_from);
        let others = retries[first..].iter().take_while(|other| other.begin < retry.begin);
        let others = others.filter(|other| other.end < retry.begin).count() as u64;
        let possibly_from = retry.begin.saturating_sub(ttl);
        let begun = begins.partition_point(|begin| *begin <= retry.end);
        let calls = begun - ends.partition_point(|end| *end < possibly_from);
        let calls = calls as u64;
        let most = calls / 2 + u64::from(FLOOR);
        assert!(others < most, "{retry:?} is more than {most} retries for {calls} calls");
    }
}
