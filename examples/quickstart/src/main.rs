//! A tour of rebackoff: real calls to a server that misbehaves, through all three layers.
//!
//! Read [`block`] first, then [`closures`] and [`attributes`]; the other files are scenery.

mod attributes;
mod block;
mod client;
mod closures;
mod narrator;
mod retry_after;
mod server;
mod table;
mod tour;

use std::error::Error;
use std::process::ExitCode;

use rebackoff::prelude::*;
use tokio::runtime;

use attributes::Shop;
use client::Client;
use server::Server;
use tour::Tour;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let server = Server::start()?;
    let client = Client::new()?;
    let tokio = runtime::Builder::new_current_thread().enable_all().build()?;
    let mut tour = Tour::of(&server);

    println!("\n1. A block of code");
    tour.call("block: bursts of 503", "/burst", |url| block::get(&client, url)).brings("hello", 4);
    tour.call("block: 404 for ever", "/missing", |url| block::get(&client, url))
        .brings("404 Not Found", 1);
    tour.call("block, async: reset in mid-response", "/reset", |url| {
        tokio.block_on(block::get_async(&client, url))
    })
    .brings("hello", 2);
    tour.call("block: 503 for ever, 6 tries", "/dead", |url| block::get(&client, url)).gives_up(
        Reason::MaxTries,
        "503 Service Unavailable",
        &(6..=6),
    );

    println!("\n2. Closures");
    tour.call("closure: Retry-After in seconds", "/throttled-seconds", |url| {
        closures::get(&client, url)
    })
    .brings("hello", 2);
    tour.call("closure, async: Retry-After as a date", "/throttled-date", |url| {
        tokio.block_on(closures::get_async(&client, url))
    })
    .brings("hello", 2);
    tour.call("closure, async: slow answers", "/slow", |url| {
        tokio.block_on(closures::get_in_time(&client, url))
    })
    .brings("hello", 2);
    tour.call("closure: a job until it is done", "/job", |url| {
        closures::wait_for_job(&client, url)
    })
    .brings("done", 4);

    // Policies whose numbers are known only at run time. A wrong number is an error.
    let five_tries = Policy::new(expo().factor(millis(50))).max_tries(5).build()?;
    tour.call("closure: 503 for ever, 5 tries", "/dead", |url| {
        closures::get_with(&five_tries, &client, url)
    })
    .gives_up(Reason::MaxTries, "503 Service Unavailable", &(5..=5));
    let half_a_second = Policy::new(linear().start(millis(50))).max_time(millis(500)).build()?;
    tour.call("closure, async: 503 for ever, 0.5 s", "/dead", |url| {
        tokio.block_on(closures::get_with_async(&half_a_second, &client, url))
    })
    .gives_up(Reason::MaxTime, "503 Service Unavailable", &(3..=50));

    println!("\n3. Attributes");
    tour.call("attribute, async fn: bursts of 503", "/burst", |url| {
        tokio.block_on(attributes::get(&client, url))
    })
    .brings("hello", 4);
    let mut shop = Shop { client: &client, requests: 0 };
    tour.call("attribute, &mut self: slow answers", "/slow", |url| shop.browse(url))
        .brings("hello", 2);
    tour.call("attribute, &mut self: 404 for ever", "/missing", |url| shop.buy(url)).gives_up(
        Reason::Giveup,
        "404 Not Found",
        &(1..=1),
    );
    println!("   {} requests by the shop", shop.requests);
    tour.call("attribute, &self: a job, asked 3 times", "/job", |url| shop.track(url)).gives_up(
        Reason::MaxTries,
        "pending",
        &(3..=3),
    );

    Ok(if tour.finish() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
