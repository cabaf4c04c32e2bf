//! The classifier's judgement of requests, responses and failures.

use http::{HeaderMap, HeaderName, Method, StatusCode};
use rebackoff::engine::Hint;
use rebackoff::http::{Classifier, Failure, hint, hint_at};
use rebackoff::{Verdict, secs};

#[path = "support/headers.rs"]
mod headers;

const PLAIN: Classifier = Classifier::new();

fn with(headers: &[(&'static str, &str)]) -> HeaderMap {
    let pair = |(name, value): &(&'static str, &str)| {
        (HeaderName::from_static(name), value.parse().unwrap())
    };
    headers.iter().map(pair).collect()
}

fn status(code: u16) -> StatusCode {
    StatusCode::from_u16(code).unwrap()
}

#[test]
fn of_all_statuses_seven_are_retried() {
    let retried = (100..1000)
        .filter(|code| PLAIN.judge_response(status(*code), &HeaderMap::new()) == Verdict::Retry)
        .collect::<Vec<_>>();
    assert_eq!(retried, [408, 425, 429, 500, 502, 503, 504]);
}

#[test]
fn every_other_status_is_an_answer() {
    for code in (100..1000).filter(|code| ![408, 425, 429, 500, 502, 503, 504].contains(code)) {
        let headers = with(&[("retry-after", "7")]);
        assert_eq!(PLAIN.judge_response(status(code), &headers), Verdict::Accept, "{code}");
    }
}

#[test]
fn statuses_can_be_added_and_taken_away() {
    let own = PLAIN.retry_status(status(409)).retry_status(status(999)).accept_status(status(500));
    let judged = [409, 999, 500, 503]
        .map(|code| own.judge_response(status(code), &HeaderMap::new()).wants_retry());
    assert_eq!(judged, [true, true, false, true]);
}

#[test]
fn requests_of_idempotent_methods_may_be_sent_again() {
    for (method, may) in [
        ("GET", true),
        ("HEAD", true),
        ("OPTIONS", true),
        ("TRACE", true),
        ("PUT", true),
        ("DELETE", true),
        ("POST", false),
        ("PATCH", false),
        ("CONNECT", false),
        ("BREW", false),
        ("get", false),
    ] {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        assert_eq!(PLAIN.may_resend(&method, &HeaderMap::new()), may, "{method}");
        assert!(PLAIN.any_method(true).may_resend(&method, &HeaderMap::new()), "{method}");
        let keyed = with(&[("idempotency-key", "8e03978e")]);
        assert!(PLAIN.may_resend(&method, &keyed), "{method}");
    }
}

#[test]
fn the_header_of_the_idempotency_key_can_be_another_in_any_case() {
    let own = PLAIN.idempotency_key("X-Request-Id");
    assert!(own.may_resend(&Method::POST, &with(&[("x-request-id", "1")])));
    assert!(!own.may_resend(&Method::POST, &with(&[("idempotency-key", "1")])));
    assert!(!PLAIN.idempotency_key("no header").may_resend(&Method::POST, &HeaderMap::new()));
}

#[test]
fn failures_are_retried_unless_the_caller_says_otherwise() {
    let judged = |classifier: Classifier| {
        [Failure::Unsent, Failure::Connection, Failure::Timeout, Failure::Other]
            .map(|failure| classifier.judge_failure(failure).wants_retry())
    };
    assert_eq!(judged(PLAIN), [true, true, true, false]);
    assert_eq!(judged(PLAIN.connection_errors(false)), [false, false, true, false]);
    assert_eq!(judged(PLAIN.timeouts(false)), [true, true, false, false]);
    assert_eq!(PLAIN.judge_failure(Failure::Other), Verdict::GiveUp);
}

#[test]
fn every_form_of_a_hint_is_a_floor_under_the_wait() {
    for (name, value, wait) in headers::hints() {
        let verdict = PLAIN.judge_response(status(503), &with(&[(name, &value)]));
        match wait {
            None => assert_eq!(verdict, Verdict::Retry, "{name}: {value}"),
            Some(wait) => {
                let hint = verdict.hint().unwrap_or_else(|| panic!("{name}: {value}")).get();
                let wait = f64::from(u32::try_from(wait).unwrap());
                assert!(wait - 2.0 < hint && hint <= wait, "{name}: {value}: {hint}");
            }
        }
    }
}

#[test]
fn a_negative_pushback_stops_a_status_that_is_retried_and_no_other() {
    let headers = with(&[("grpc-retry-pushback-ms", "-1"), ("retry-after", "7")]);
    assert_eq!(PLAIN.judge_response(status(503), &headers), Verdict::Stop);
    assert_eq!(PLAIN.judge_response(status(200), &headers), Verdict::Accept);
}

#[test]
fn trailers_are_judged_by_their_grpc_status() {
    for (code, verdict) in [
        ("0", Verdict::Accept),
        ("14", Verdict::retry_after(secs(3))),
        ("5", Verdict::Accept),
        ("8", Verdict::Accept),
        ("46", Verdict::Accept),
        ("255", Verdict::Accept),
        ("-14", Verdict::Accept),
        ("unavailable", Verdict::Accept),
    ] {
        let trailers = with(&[("grpc-status", code), ("grpc-retry-pushback-ms", "3000")]);
        assert_eq!(PLAIN.judge_trailers(&trailers), verdict, "{code}");
        // A response without a body has them among its headers.
        assert_eq!(PLAIN.judge_response(status(200), &trailers), verdict, "{code}");
    }
    assert_eq!(PLAIN.judge_trailers(&HeaderMap::new()), Verdict::Accept);
}

#[test]
fn grpc_statuses_can_be_added() {
    let own = PLAIN.retry_grpc_status(8).retry_grpc_status(255);
    for (code, retried) in [("8", true), ("14", true), ("255", false), ("31", false)] {
        let verdict = own.judge_trailers(&with(&[("grpc-status", code)]));
        assert_eq!(verdict.wants_retry(), retried, "{code}");
    }
}

#[test]
fn a_date_is_held_against_the_clock_that_is_given() {
    let headers = with(&[("retry-after", "Sun, 06 Nov 1994 08:50:07 GMT")]);
    assert_eq!(hint_at(&headers, secs(784_111_777)), Some(Hint::Wait(secs(30).into())));
    assert_eq!(hint(&headers), None); // long past
}

#[test]
fn what_is_no_text_is_no_hint() {
    let mut headers = HeaderMap::new();
    headers.insert("retry-after-ms", http::HeaderValue::from_bytes(b"\xff").unwrap());
    headers.insert("retry-after", "7".parse().unwrap());
    assert_eq!(hint(&headers), Some(Hint::Wait(secs(7).into())));
}
