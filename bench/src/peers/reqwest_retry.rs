//! retry-policies with reqwest-retry: it retries HTTP requests alone, so the target is a middleware
//! that answers without a network, and the cost of a request and of its copies is in all figures.

use std::hint::black_box;
use std::time::{Duration, SystemTime};

use http::{Extensions, Response};
use reqwest::Request;
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware, Middleware, Next};
use reqwest_retry::RetryTransientMiddleware;
use retry_policies::policies::ExponentialBackoff;
use retry_policies::{Jitter, RetryDecision, RetryPolicy};

use crate::edges::{self, TEN};
use crate::work::{CAP, FIRST, RETRIES, TRIES, on_paused_tokio, on_tokio};
use crate::{Peer, row};

pub const PEER: Peer = Peer {
    rows: &[
        (row::ASYNC_SUCCESS, async_success),
        (row::ASYNC_RETRY_TIMER, async_retry_timer),
        (row::NEXT_WAIT, next_wait),
    ],
    future_bytes: Some(|| {
        let client = client(200, TRIES);
        size_of_val(&client.execute(client.get(URL).build().unwrap()))
    }),
    edges: &[
        (edges::GROWTH, || {
            let uncapped = ExponentialBackoff::builder().retry_bounds(FIRST, Duration::MAX);
            edges::growth(waits(uncapped.jitter(Jitter::None).build_with_max_retries(u32::MAX)))
        }),
        (edges::LONGEST, || {
            let longest = ExponentialBackoff::builder().retry_bounds(Duration::MAX, Duration::MAX);
            edges::longest(waits(longest.build_with_max_retries(u32::MAX)))
        }),
        (edges::AT_CAP, || edges::at_cap(waits(at_cap()).map(milliseconds))),
        (edges::TWO_SESSIONS, || edges::two_sessions(|| waits(at_cap()).map(milliseconds))),
        (edges::CLOCK_STEP, clock_step),
    ],
    ..Peer::named("retry-policies")
};

const URL: &str = "http://localhost/";

fn policy(tries: u64) -> ExponentialBackoff {
    let builder = ExponentialBackoff::builder().retry_bounds(FIRST, CAP);
    black_box(builder.build_with_max_retries(tries as u32 - 1))
}

fn at_cap() -> ExponentialBackoff {
    ExponentialBackoff::builder().retry_bounds(TEN, TEN).build_with_max_retries(u32::MAX)
}

/// It tells a moment of the system's clock, from which the wait has to be worked out.
fn waits(policy: ExponentialBackoff) -> impl Iterator<Item = Duration> {
    let start = SystemTime::now();
    (0..).map_while(move |n| match policy.should_retry(start, n) {
        RetryDecision::Retry { execute_after } => {
            Some(execute_after.duration_since(SystemTime::now()).unwrap_or_default())
        }
        RetryDecision::DoNotRetry => None,
    })
}

/// Without what has passed between the two readings of the clock.
fn milliseconds(wait: Duration) -> Duration {
    Duration::from_millis((wait.as_secs_f64() * 1e3).round() as u64)
}

struct Answer(u16);

#[async_trait::async_trait]
impl Middleware for Answer {
    async fn handle(
        &self,
        _request: Request,
        _extensions: &mut Extensions,
        _next: Next<'_>,
    ) -> reqwest_middleware::Result<reqwest::Response> {
        let response = Response::builder().status(black_box(self.0)).body("").unwrap();
        Ok(reqwest::Response::from(response))
    }
}

fn client(status: u16, tries: u64) -> ClientWithMiddleware {
    ClientBuilder::new(reqwest::Client::new())
        .with(RetryTransientMiddleware::new_with_policy(policy(tries)))
        .with(Answer(status))
        .build()
}

fn async_success(n: u64) {
    let client = client(200, TRIES);
    on_tokio(n, |_| client.execute(client.get(URL).build().unwrap()));
}

fn async_retry_timer(n: u64) {
    let client = client(503, RETRIES + 1);
    on_paused_tokio(n / RETRIES, |_| client.execute(client.get(URL).build().unwrap()));
}

fn next_wait(n: u64) {
    let policy = policy(RETRIES + 1);
    let start = SystemTime::now();
    for _ in 0..n / RETRIES {
        for past in 0..RETRIES as u32 {
            if let RetryDecision::Retry { execute_after } = policy.should_retry(start, past) {
                black_box(execute_after.duration_since(start).unwrap_or_default());
            }
        }
    }
}

/// A call of which an hour has passed, by a clock that was set in the meantime.
fn clock_step() -> String {
    let minute =
        ExponentialBackoff::builder().build_with_total_retry_duration(Duration::from_secs(60));
    let hour = Duration::from_secs(3_600);
    let gives_up = |start| matches!(minute.should_retry(start, 0), RetryDecision::DoNotRetry);
    match (gives_up(SystemTime::now() - hour), gives_up(SystemTime::now() + hour)) {
        (true, false) => "set on an hour: gives up at once; set back: an hour more".to_owned(),
        (on, back) => format!("set on: gives up {on}; set back: gives up {back}"),
    }
}
