//! Layer 1: a block of code. You write the loop; `backoff` waits, or gives your error back when
//! it is time to give up.

use rebackoff::prelude::*;

use crate::client::{Client, Page};
use crate::narrator::{Narrator, in_ms};

/// Waits 0.1 s, 0.2 s, 0.4 s …, each spread by full jitter, and tries 6 times at most.
static FETCH: Policy = policy!(expo(factor = millis(100)), max_tries = 6);

/// Asks until the page comes. What not to ask for again is a matter of one more arm.
pub(crate) fn get(client: &Client, url: &str) -> Page {
    let mut tries = FETCH.tries().hook(Narrator);
    loop {
        println!("   try {} at {}", tries.tries(), in_ms(tries.elapsed().unwrap_or_default()));
        match client.get(url) {
            Ok(page) => return Ok(page),
            Err(error) if error.is_permanent() => return Err(error),
            Err(error) => tries.backoff_after(error.retry_after(), error)?,
        }
    }
}

/// Fetches the page, async. A loop may borrow mutably: each try fills one buffer.
pub(crate) async fn get_async(client: &Client, url: &str) -> Page {
    let mut body = Vec::new();
    let mut tries = FETCH.tries_async().hook(Narrator);
    loop {
        println!("   try {} at {}", tries.tries(), in_ms(tries.elapsed().unwrap_or_default()));
        match client.read(url, &mut body).await {
            Ok(()) => return Ok(String::from_utf8_lossy(&body).into_owned()),
            Err(error) => {
                println!("     {} bytes had come", body.len());
                tries.backoff(error).await?;
            }
        }
    }
}
