//! retry-policies with reqwest-retry: it retries HTTP requests alone, so the target is a middleware
//! that answers without a network, and the cost of a request and of its copies is in all figures.

use std::hint::black_box;
use std::time::{Duration, SystemTime};

use http::{Extensions, Response};
use reqwest::Request;
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware, Error, Middleware, Next};
use reqwest_retry::RetryTransientMiddleware;
use retry_policies::policies::ExponentialBackoff;
use retry_policies::{Jitter, RetryDecision, RetryPolicy};

use crate::clock::{self, PAUSE};
use crate::edges::{self, TEN};
use crate::work::{
    CAP, CROWD_CAP, CROWD_FIRST, CROWD_TRIES, FIRST, Failure, Flaky, RETRIES, TRIES, crowd,
    on_paused_tokio, on_tokio,
};
use crate::{Peer, row};

pub const PEER: Peer = Peer {
    rows: &[
        (row::ASYNC_SUCCESS, async_success),
        (row::ASYNC_RETRY_TIMER, async_retry_timer),
        (row::NEXT_WAIT, next_wait),
    ],
    future_bytes: Some(|| {
        let client = client(policy(TRIES), |_| 200);
        size_of_val(&client.execute(client.get(URL).build().unwrap()))
    }),
    crowd: Some(|| {
        let builder = ExponentialBackoff::builder().retry_bounds(CROWD_FIRST, CROWD_CAP);
        let policy = builder.build_with_max_retries(CROWD_TRIES as u32 - 1);
        let client = client(policy, |carried| match carried.get::<Flaky>() {
            Some(flaky) => status(flaky.answer()),
            None => 500,
        });
        crowd(|flaky| {
            let request = client.get(URL).with_extension(flaky.clone());
            async move {
                Ok::<_, Error>(request.send().await?.error_for_status().map(|_| flaky.tries())?)
            }
        });
    }),
    clocked: Some(|| {
        let builder = ExponentialBackoff::builder().retry_bounds(PAUSE, PAUSE);
        let policy = builder.build_with_total_retry_duration(clock::LIMIT);
        let client = client(policy, |_| status(clock::target()));
        on_tokio(1, |_| client.execute(client.get(URL).build().unwrap()));
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

/// The status of an answer, by what the request carries.
struct Answer(fn(&Extensions) -> u16);

#[async_trait::async_trait]
impl Middleware for Answer {
    async fn handle(
        &self,
        _request: Request,
        extensions: &mut Extensions,
        _next: Next<'_>,
    ) -> reqwest_middleware::Result<reqwest::Response> {
        let response =
            Response::builder().status(black_box((self.0)(extensions))).body("").unwrap();
        Ok(reqwest::Response::from(response))
    }
}

fn client<P: RetryPolicy + Send + Sync + 'static>(
    policy: P,
    answer: fn(&Extensions) -> u16,
) -> ClientWithMiddleware {
    ClientBuilder::new(reqwest::Client::new())
        .with(RetryTransientMiddleware::new_with_policy(policy))
        .with(Answer(answer))
        .build()
}

fn status(result: Result<u64, Failure>) -> u16 {
    if result.is_ok() { 200 } else { 503 }
}

fn async_success(n: u64) {
    let client = client(policy(TRIES), |_| 200);
    on_tokio(n, |_| client.execute(client.get(URL).build().unwrap()));
}

fn async_retry_timer(n: u64) {
    let client = client(policy(RETRIES + 1), |_| 503);
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
