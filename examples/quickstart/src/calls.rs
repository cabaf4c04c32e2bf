//! Calls that retry, in each of the three ways: a loop of your own, closures, attributes.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use rebackoff::engine::Hint;
use rebackoff::http::hint;
use rebackoff::prelude::*;
use reqwest::header::HeaderMap;
use reqwest::{StatusCode, blocking};

/// Waits 0.1 s, 0.2 s, 0.4 s … 2 s, each spread by full jitter; 6 tries or 10 s at most.
static FETCH: Policy =
    policy!(expo(factor = millis(100), max_value = secs(2)), max_tries = 6, max_time = secs(10));

/// Asks every 50 ms, for 10 s at most.
static POLL: Policy =
    policy!(constant(interval = millis(50)), jitter = Jitter::None, max_time = secs(10));

/// A block of code: you write the loop, and `backoff` waits or gives your error back.
pub(crate) fn block(client: &Client, url: &str) -> Page {
    let mut tries = FETCH.tries();
    loop {
        println!("   try {}", tries.tries());
        match client.get(url) {
            Err(error) if !error.is_permanent() => tries.backoff_after(error.retry_after, error)?,
            page => return page,
        }
    }
}

/// An async loop. It may borrow mutably: each try fills one buffer.
pub(crate) async fn block_async(client: &Client, url: &str) -> Page {
    let mut body = Vec::new();
    let mut tries = FETCH.tries_async();
    loop {
        match client.read(url, &mut body).await {
            Ok(()) => return Ok(String::from_utf8_lossy(&body).into_owned()),
            Err(error) => {
                println!("   {error} after {} bytes", body.len());
                tries.backoff(error).await?;
            }
        }
    }
}

/// A closure, with conditions and handlers beside it. It waits at least as long as the server asks for.
pub(crate) fn closure(client: &Client, url: &str) -> Page {
    FETCH
        .retry(|| client.get(url))
        .giveup(Failure::is_permanent)
        .hint(|failure| failure.retry_after)
        .on_try(tell)
        .on_backoff(tell)
        .on_giveup(tell)
        .call()
}

/// An async closure. A try that takes longer than 2 s is dropped and counts as failed.
pub(crate) async fn closure_async(client: &Client, url: &str) -> Page {
    FETCH
        .retry_async(|| client.get_async(url))
        .timeout(secs(2), |limit| Err(Failure::new(format!("no answer within {limit:?}"))))
        .hint(|failure| failure.retry_after)
        .on_try(tell)
        .on_backoff(tell)
        .await
}

/// A policy of which the numbers are known only at run time, where a wrong one is an error.
pub(crate) fn closure_for(tries: u32, client: &Client, url: &str) -> Page {
    let policy = Policy::new(expo().factor(millis(50))).max_tries(tries.into()).build();
    let policy = policy.map_err(|error| Failure::new(error.to_string()))?;
    let outcome = policy.retry(|| client.get(url)).on_giveup(tell).outcome();
    println!("   tries: {}", outcome.tries);
    outcome.result
}

/// Asks until the job is no longer pending. An error is an answer, too.
pub(crate) fn poll(client: &Client, url: &str) -> Page {
    let is_pending = |page: &Page| matches!(page, Ok(state) if state == "pending");
    POLL.poll(|| client.get(url)).until(|page| !is_pending(page)).on_backoff(tell).call()
}

/// An attribute on a function: the body stays as it is, `?` and all.
#[on_error(expo(factor = 100ms), max_tries = 6, on_try = tell, on_backoff = tell)]
pub(crate) async fn attribute(client: &Client, url: &str) -> Page {
    let page = client.get_async(url).await?;
    Ok(page)
}

/// A shop on the web, with the number of requests to it.
pub(crate) struct Shop<'a> {
    pub(crate) client: &'a Client,
    pub(crate) requests: u32,
}

impl Shop<'_> {
    /// An attribute on a method, with a policy that has a name.
    #[on_error(policy = FETCH, giveup = Failure::is_permanent, on_try = tell, on_giveup = tell)]
    pub(crate) fn buy(&mut self, url: &str) -> Page {
        self.requests += 1;
        self.client.get(url)
    }

    /// Asks three times at most; the last answer is the result.
    #[on_predicate(
        constant(interval = 50ms),
        |page| matches!(page, Ok(state) if state == "pending"),
        jitter = none,
        max_tries = 3,
        on_giveup = tell
    )]
    pub(crate) fn track(&self, url: &str) -> Page {
        self.client.get(url)
    }
}

/// Prints what happens to a call.
fn tell(event: &Event<'_, Page>) {
    let outcome = event.outcome.map(brief).unwrap_or_default();
    match (event.wait, event.reason) {
        (Some(wait), _) => println!("     {outcome}; waits {} ms", wait.as_millis()),
        (_, Some(reason)) => println!("     {outcome}; gives up: {reason}"),
        _ => println!("   try {}", event.tries),
    }
}

/// The page, or the reason why it did not come.
pub(crate) fn brief(page: &Page) -> String {
    page.as_ref().map_or_else(ToString::to_string, Clone::clone)
}

/// The outcome of each call.
pub(crate) type Page = Result<String, Failure>;

/// An HTTP client, which knows nothing of retries.
pub(crate) struct Client {
    blocking: blocking::Client,
    nonblocking: reqwest::Client,
}

impl Client {
    pub(crate) fn new() -> Self {
        Self { blocking: blocking::Client::new(), nonblocking: reqwest::Client::new() }
    }

    fn get(&self, url: &str) -> Page {
        let response = self.blocking.get(url).send()?;
        check(response.status(), response.headers())?;
        Ok(response.text()?)
    }

    async fn get_async(&self, url: &str) -> Page {
        let mut body = Vec::new();
        self.read(url, &mut body).await?;
        Ok(String::from_utf8_lossy(&body).into_owned())
    }

    /// Fetches the page into `body`, whose content it replaces.
    async fn read(&self, url: &str, body: &mut Vec<u8>) -> Result<(), Failure> {
        body.clear();
        let mut response = self.nonblocking.get(url).send().await?;
        check(response.status(), response.headers())?;
        while let Some(chunk) = response.chunk().await? {
            body.extend_from_slice(&chunk);
        }
        Ok(())
    }
}

/// The reason why a page did not come.
#[derive(Debug, Default)]
pub(crate) struct Failure {
    message: String,
    /// The request itself is wrong.
    is_permanent: bool,
    /// The wait that the server asked for before the next request.
    retry_after: Option<Duration>,
}

impl Failure {
    fn new(message: String) -> Self {
        Self { message, ..Self::default() }
    }

    fn is_permanent(&self) -> bool {
        self.is_permanent
    }
}

fn check(status: StatusCode, headers: &HeaderMap) -> Result<(), Failure> {
    if status.is_success() {
        return Ok(());
    }
    Err(Failure {
        message: status.to_string(),
        is_permanent: status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS,
        retry_after: hint(headers).and_then(Hint::wait),
    })
}

impl From<reqwest::Error> for Failure {
    fn from(error: reqwest::Error) -> Self {
        Self::new(root_cause(&error).to_string())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for Failure {}

fn root_cause<'e>(error: &'e (dyn Error + 'static)) -> &'e (dyn Error + 'static) {
    error.source().map_or(error, root_cause)
}
