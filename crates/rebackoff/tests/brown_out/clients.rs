//! Two hundred clients, before, during and after a fault.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use http::Extensions;
use rebackoff::engine::PolicySource;
use rebackoff::http::{ResendCount, RetryMiddleware};
use rebackoff::millis;
use reqwest::{Request, Response};
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware, Middleware, Next, Result};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::server::Server;

const CLIENTS: u32 = 200;
/// Each client begins a call so often.
const PERIOD: Duration = millis(4000);

const FAULT_BEGINS: Duration = millis(500);
const FAULT_ENDS: Duration = millis(2000);
const END: Duration = millis(7000);

/// The events of a run, in seconds since the end of the fault.
pub(crate) struct Run {
    /// The starts of calls, and whether they were served.
    pub(crate) calls: Vec<(f64, bool)>,
    /// The arrivals of requests at the server, and whether it accepted them.
    pub(crate) requests: Vec<(f64, bool)>,
    /// The number of requests that were sent again.
    pub(crate) retries: u64,
    pub(crate) fault_begins: f64,
    /// No call began later.
    pub(crate) end: f64,
}

pub(crate) async fn run<P>(policy: P) -> Run
where
    P: PolicySource + Send + Sync + 'static,
    RetryMiddleware<P>: Middleware,
{
    let server = Server::start().await;
    let retries = Arc::default();
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client =
        ClientBuilder::new(reqwest::Client::builder().pool_idle_timeout(None).build().unwrap())
            .with(RetryMiddleware::new(policy))
            .with(CountsRetries(Arc::clone(&retries)))
            .build();
    let start = Instant::now();
    let mut clients = JoinSet::new();
    for number in 0..CLIENTS {
        let first = start + PERIOD * number / CLIENTS;
        clients.spawn(calls(client.clone(), server.url.clone(), first, start + END));
    }
    sleep_until(start + FAULT_BEGINS).await;
    server.set_faulty(true);
    sleep_until(start + FAULT_ENDS).await;
    server.set_faulty(false);

    let seconds = |moment: Instant| (moment - start).as_secs_f64() - FAULT_ENDS.as_secs_f64();
    let calls = clients.join_all().await.into_iter().flatten();
    let requests = server.arrivals().into_iter();
    Run {
        calls: calls.map(|(began, served)| (seconds(began), served)).collect(),
        requests: requests.map(|request| (seconds(request.at), request.is_accepted)).collect(),
        retries: retries.load(Relaxed),
        fault_begins: seconds(start + FAULT_BEGINS),
        end: seconds(start + END),
    }
}

/// Between the retries and the wire.
struct CountsRetries(Arc<AtomicU64>);

#[async_trait::async_trait]
impl Middleware for CountsRetries {
    async fn handle(
        &self,
        request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> Result<Response> {
        self.0.fetch_add(u64::from(extensions.get::<ResendCount>().is_some()), Relaxed);
        next.run(request, extensions).await
    }
}

/// The calls of one client: when they began, and whether they were served.
async fn calls(
    client: ClientWithMiddleware,
    url: String,
    first: Instant,
    end: Instant,
) -> Vec<(Instant, bool)> {
    let mut calls = JoinSet::new();
    let mut begins = first;
    while begins < end {
        sleep_until(begins).await;
        let request = client.get(&url);
        calls.spawn(async move {
            let response = request.send().await;
            (begins, response.is_ok_and(|response| response.status().is_success()))
        });
        begins += PERIOD;
    }
    calls.join_all().await
}
