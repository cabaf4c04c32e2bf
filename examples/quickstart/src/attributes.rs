//! Layer 3: attributes, on functions and methods. The body stays as it is, `?` and all.

use rebackoff::prelude::*;

use crate::client::{Client, FetchError, Page};
use crate::narrator::tell;

/// The policy is written in the attribute …
#[on_error(expo(factor = 100ms), max_tries = 6, on_try = tell, on_backoff = tell)]
pub(crate) async fn get(client: &Client, url: &str) -> Page {
    let page = client.get_async(url).await?;
    Ok(page)
}

/// … or has a name.
static FETCH: Policy = policy!(expo(factor = millis(100)), max_tries = 6);

/// A shop on the web, and how often it was asked.
pub(crate) struct Shop<'a> {
    pub(crate) client: &'a Client,
    pub(crate) requests: u32,
}

impl Shop<'_> {
    /// The client of this call has a timeout of its own, so each try has.
    #[on_error(policy = FETCH, on_try = tell, on_backoff = tell)]
    pub(crate) fn browse(&mut self, url: &str) -> Page {
        self.requests += 1;
        self.client.get(url)
    }

    /// Does not insist on what is not there.
    #[on_error(policy = FETCH, giveup = FetchError::is_permanent, on_try = tell, on_giveup = tell)]
    pub(crate) fn buy(&mut self, url: &str) -> Page {
        self.requests += 1;
        self.client.get(url)
    }

    /// Asks while the parcel is under way, three times; then what it heard last has to do.
    #[on_predicate(
        constant(interval = 50ms),
        |page| matches!(page, Ok(state) if state == "pending"),
        jitter = none,
        max_tries = 3,
        on_try = tell,
        on_backoff = tell,
        on_giveup = tell
    )]
    pub(crate) fn track(&self, url: &str) -> Page {
        self.client.get(url)
    }
}
