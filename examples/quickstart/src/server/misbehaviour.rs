//! The behaviour of each path, as a function of its visits.

use std::time::{Duration, SystemTime};

use httpdate::HttpDate;

/// One request for a target, seen in the history of that target.
#[derive(Clone, Copy)]
pub(super) struct Visit {
    /// 1 for the first request.
    pub(super) number: u32,
    /// The time of the first request.
    pub(super) first: SystemTime,
    /// The time since the first request.
    pub(super) since_first: Duration,
}

/// The answer that goes over the wire.
#[derive(Debug, PartialEq)]
pub(super) enum Answer {
    /// A proper response.
    Reply(Reply),
    /// A proper response, too late.
    Late(Duration, Reply),
    /// The head and half of the body, and then a connection reset.
    Reset(Reply),
}

#[derive(Debug, PartialEq)]
pub(super) struct Reply {
    pub(super) status: &'static str,
    pub(super) retry_after: Option<String>,
    pub(super) body: &'static str,
}

/// The whole catalogue.
pub(super) fn answer(path: &str, visit: Visit) -> Answer {
    let first_visits = |many| visit.number <= many;
    match path {
        "/burst" if first_visits(3) => Answer::Reply(reply("503 Service Unavailable", "busy")),
        "/throttled-seconds" => throttled(visit, Duration::from_secs(1), "1".to_owned()),
        "/throttled-date" => {
            let opens = HttpDate::from(visit.first + Duration::from_millis(1500));
            let closed_for = SystemTime::from(opens).duration_since(visit.first);
            throttled(visit, closed_for.unwrap_or_default(), opens.to_string())
        }
        "/reset" if first_visits(1) => Answer::Reset(reply("200 OK", "half of this gets lost")),
        "/slow" if first_visits(1) => Answer::Late(Duration::from_secs(2), reply("200 OK", "late")),
        "/job" if first_visits(3) => Answer::Reply(reply("202 Accepted", "pending")),
        "/dead" => Answer::Reply(reply("503 Service Unavailable", "out of order")),
        "/burst" | "/reset" | "/slow" => Answer::Reply(reply("200 OK", "hello")),
        "/job" => Answer::Reply(reply("200 OK", "done")),
        _ => Answer::Reply(reply("404 Not Found", "no such page")),
    }
}

/// Turns visitors away until the time it names has come: only who obeys gets in at the next try.
fn throttled(visit: Visit, closed_for: Duration, retry_after: String) -> Answer {
    if visit.since_first >= closed_for {
        return Answer::Reply(reply("200 OK", "hello"));
    }
    Answer::Reply(Reply {
        retry_after: Some(retry_after),
        ..reply("429 Too Many Requests", "slow down")
    })
}

fn reply(status: &'static str, body: &'static str) -> Reply {
    Reply { status, retry_after: None, body }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn visit(number: u32, since_first: Duration) -> Visit {
        let first = SystemTime::UNIX_EPOCH + Duration::from_millis(500);
        Visit { number, first, since_first }
    }

    fn status_and_retry_after(answer: Answer) -> (String, Option<String>) {
        match answer {
            Answer::Reply(reply) => (reply.status.to_owned(), reply.retry_after),
            other => panic!("not a proper response: {other:?}"),
        }
    }

    #[test]
    fn a_throttle_in_seconds_holds_for_the_second_it_asks_for() {
        let early = answer("/throttled-seconds", visit(2, Duration::from_millis(999)));
        let in_time = answer("/throttled-seconds", visit(2, Duration::from_secs(1)));
        assert_eq!(status_and_retry_after(early).1.as_deref(), Some("1"));
        assert_eq!(status_and_retry_after(in_time), ("200 OK".to_owned(), None));
    }

    #[test]
    fn a_throttle_with_a_date_holds_until_that_date() {
        let early = answer("/throttled-date", visit(2, Duration::from_millis(1499)));
        let in_time = answer("/throttled-date", visit(2, Duration::from_millis(1500)));
        assert_eq!(
            status_and_retry_after(early).1.as_deref(),
            Some("Thu, 01 Jan 1970 00:00:02 GMT")
        );
        assert_eq!(status_and_retry_after(in_time), ("200 OK".to_owned(), None));
    }

    #[test]
    fn a_job_is_pending_three_times_and_then_done() {
        let answers = [1, 2, 3, 4].map(|number| answer("/job", visit(number, Duration::ZERO)));
        let statuses = answers.map(|answer| status_and_retry_after(answer).0);
        assert_eq!(statuses, ["202 Accepted", "202 Accepted", "202 Accepted", "200 OK"]);
    }

    #[test]
    fn the_missing_and_the_dead_never_recover() {
        for (path, status) in [("/missing", "404 Not Found"), ("/dead", "503 Service Unavailable")]
        {
            let late = answer(path, visit(1_000_000, Duration::from_secs(3_600)));
            assert_eq!(status_and_retry_after(late).0, status);
        }
    }
}
