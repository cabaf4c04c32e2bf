//! Fleets of several members on a real redis-server. Without that program, the tests say so and end.
#![cfg(all(feature = "redis", unix))]

mod breakers;
mod budgets;
mod operators;
mod processes;
mod proxy;
mod server;

use std::time::{Duration, Instant};

use rebackoff_shared::fleet::Fleet;
use server::Server;

/// The origin of the tests' clock.
fn now() -> Duration {
    static ORIGIN: std::sync::LazyLock<Instant> = std::sync::LazyLock::new(Instant::now);
    ORIGIN.elapsed()
}

/// A member whose first calls wait as long as the machine takes.
fn member(server: &Server) -> Fleet {
    Fleet::connect(&server.url(), now(), Duration::from_secs(60)).unwrap()
}

fn wait_until(what: &str, condition: impl Fn() -> bool) {
    let began = Instant::now();
    while !condition() {
        assert!(began.elapsed() < Duration::from_secs(120), "waited for: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}
