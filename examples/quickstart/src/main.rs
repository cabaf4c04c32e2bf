//! A tour of rebackoff: real calls to a server that misbehaves.
//!
//! [`calls`] has every way to retry a call; [`server`] is what they meet.

mod calls;
mod server;

use std::error::Error;
use std::ops::RangeInclusive;
use std::process::ExitCode;

use tokio::runtime;

use calls::{Client, Page, Shop};
use server::Server;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let tokio = runtime::Builder::new_current_thread().enable_all().build()?;
    let client = Client::new();
    let mut tour = Tour { server: Server::start()?, table: Vec::new() };

    println!("\n1. A block of code");
    tour.call("bursts of 503", "/burst", |url| calls::block(&client, url), "hello", 4..=4);
    let missing = "404 Not Found";
    tour.call("404 for ever", "/missing", |url| calls::block(&client, url), missing, 1..=1);
    let block_async = |url: &str| tokio.block_on(calls::block_async(&client, url));
    tour.call("async: a reset in mid-response", "/reset", block_async, "hello", 2..=2);

    println!("\n2. Closures");
    let closure = |url: &str| calls::closure(&client, url);
    tour.call("Retry-After in seconds", "/throttled-seconds", closure, "hello", 2..=2);
    let closure_async = |url: &str| tokio.block_on(calls::closure_async(&client, url));
    tour.call("async: Retry-After as a date", "/throttled-date", closure_async, "hello", 2..=6);
    tour.call("async: a slow answer", "/slow", closure_async, "hello", 2..=6);
    let five_tries = |url: &str| calls::closure_for(5, &client, url);
    tour.call("503 for ever, 5 tries", "/dead", five_tries, "503 Service Unavailable", 5..=5);
    tour.call("a job until it is done", "/job", |url| calls::poll(&client, url), "done", 4..=4);

    println!("\n3. Attributes");
    let attribute = |url: &str| tokio.block_on(calls::attribute(&client, url));
    tour.call("async fn: bursts of 503", "/burst", attribute, "hello", 4..=4);
    let mut shop = Shop { client: &client, requests: 0 };
    tour.call("&mut self: 404 for ever", "/missing", |url| shop.buy(url), missing, 1..=1);
    println!("   {} request by the shop", shop.requests);
    tour.call("&self: a job, asked 3 times", "/job", |url| shop.track(url), "pending", 3..=3);

    println!("\n{}", tour.table.join("\n"));
    let is_as_expected = !tour.table.iter().any(|row| row.ends_with(UNEXPECTED));
    Ok(if is_as_expected { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

const UNEXPECTED: &str = "  <- not as expected";

/// The calls, and a table of what came of them.
struct Tour {
    server: Server,
    table: Vec<String>,
}

impl Tour {
    /// Makes a call, and expects its `result` after so many `tries`, as the server counts them.
    fn call(
        &mut self,
        name: &str,
        path: &str,
        mut make: impl FnMut(&str) -> Page,
        result: &str,
        tries: RangeInclusive<u32>,
    ) {
        println!("\n {name}");
        let target = format!("{path}?call={}", self.table.len());
        let found = calls::brief(&make(&self.server.url(&target)));
        let visits = self.server.visits(&target);
        println!("   => {found}");
        let note = if found == result && tries.contains(&visits) { "" } else { UNEXPECTED };
        self.table.push(format!("{name:32}{visits} tries  {found}{note}"));
    }
}
