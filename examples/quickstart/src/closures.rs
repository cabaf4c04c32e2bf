//! Layer 2: closures. Hand over what to call, and say beside it what you think of its errors.

use rebackoff::prelude::*;

use crate::client::{Client, FetchError, Page};
use crate::narrator::{Narrator, in_ms, tell};

/// Waits 0.1 s, 0.2 s, 0.4 s … 2 s, each spread by full jitter; 6 tries or 10 s at most.
static FETCH: Policy =
    policy!(expo(factor = millis(100), max_value = secs(2)), max_tries = 6, max_time = secs(10));

/// Asks every 50 ms, for a second at most.
static POLL: Policy =
    policy!(constant(interval = millis(50)), jitter = Jitter::None, max_time = secs(1));

/// Waits at least as long as the server asks for, and does not insist on what is not there.
pub(crate) fn get(client: &Client, url: &str) -> Page {
    FETCH
        .retry(|| client.get(url))
        .giveup(FetchError::is_permanent)
        .hint(FetchError::retry_after)
        .on_try(tell)
        .on_backoff(tell)
        .on_giveup(tell)
        .call()
}

/// Fetches the page, async. A hook bundles handlers (and conditions) that many calls share.
pub(crate) async fn get_async(client: &Client, url: &str) -> Page {
    FETCH
        .retry_async(|| client.get_async(url))
        .giveup(FetchError::is_permanent)
        .hint(FetchError::retry_after)
        .hook(Narrator)
        .await
}

/// A try that takes longer than 0.5 s is dropped and counts as failed.
pub(crate) async fn get_in_time(client: &Client, url: &str) -> Page {
    FETCH
        .retry_async(|| client.get_async(url))
        .timeout(millis(500), |limit| Err(FetchError::TimedOut(limit)))
        .hook(Narrator)
        .await
}

/// Asks until the job is no longer pending. An error is an answer too, and ends the polling.
pub(crate) fn wait_for_job(client: &Client, url: &str) -> Page {
    POLL.poll(|| client.get(url))
        .until(|page| !matches!(page, Ok(state) if state == "pending"))
        .hook(Narrator)
        .call()
}

/// Takes any policy; `outcome` returns tries, time and reason beside the result.
pub(crate) fn get_with(policy: &Policy, client: &Client, url: &str) -> Page {
    let outcome = policy.retry(|| client.get(url)).hook(Narrator).outcome();
    println!("   {} tries took {}", outcome.tries, in_ms(outcome.elapsed));
    outcome.result
}

/// Takes any policy, async.
pub(crate) async fn get_with_async(policy: &Policy, client: &Client, url: &str) -> Page {
    let outcome = policy.retry_async(|| client.get_async(url)).hook(Narrator).outcome().await;
    println!("   {} tries took {}", outcome.tries, in_ms(outcome.elapsed));
    outcome.result
}
