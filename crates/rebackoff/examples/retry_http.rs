//! A reqwest client with a breaker for each host, and one budget for all retries.

use std::num::NonZeroU64;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use axum::{Router, http::StatusCode};
use rebackoff::http::RetryMiddleware;
use rebackoff::prelude::*;
use rebackoff::{Guarded, Keyed, Open};
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware, Error};
use tokio::net::TcpListener;

static FETCH: Policy = policy!(expo(max_value = secs(30)), max_tries = 4, max_time = secs(300));
static RETRIES: Budget = budget!(share(ratio = 0.1));
const MOST_HOSTS: NonZeroU64 = NonZeroU64::new(1000).unwrap();

fn client() -> reqwest::Result<ClientWithMiddleware> {
    let hosts = Keyed::new(MOST_HOSTS, |_: &String| breaker!(consecutive = 5, open_for = secs(30)));
    let retries = RetryMiddleware::new(Guarded::new(FETCH, &RETRIES))
        .breaker_for(move |request| hosts.get(request.url().authority()));
    let client = reqwest::Client::builder()
        .timeout(secs(60)) // of each try
        .retry(reqwest::retry::never()) // or reqwest repeats each try on its own
        .build()?;
    Ok(ClientBuilder::new(client).with(retries).build())
}

/// A server on a port of its own: so many failures, then "the page".
async fn server(failures: u32) -> std::io::Result<String> {
    let tries = Arc::new(AtomicU32::new(0));
    let answer = move || async move {
        let is_failure = tries.fetch_add(1, Relaxed) < failures;
        if is_failure { Err(StatusCode::SERVICE_UNAVAILABLE) } else { Ok("the page") }
    };
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/", listener.local_addr()?);
    tokio::spawn(axum::serve(listener, Router::new().fallback(answer)).into_future());
    Ok(url)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let _ = rustls::crypto::ring::default_provider().install_default(); // reqwest's default has one
    let _no_wait = rebackoff::testing::no_wait(); // waits are skipped
    let (client, recovers, down) = (client()?, server(2).await?, server(u32::MAX).await?);

    assert_eq!(client.get(&recovers).send().await?.text().await?, "the page"); // the third try
    assert_eq!(client.get(&down).send().await?.status(), 503); // four tries
    assert_eq!(client.get(&down).send().await?.status(), 503); // one: the breaker opens
    let rejected = client.get(&down).send().await.unwrap_err(); // none
    assert!(matches!(&rejected, Error::Middleware(error) if error.is::<Open>()), "{rejected:?}");
    assert_eq!(client.get(&recovers).send().await?.status(), 200); // another host, another breaker
    Ok(())
}
