//! A brown-out: what retries do to a server that has lost most of its capacity for a while.
//!
//!     cargo test -p rebackoff --test brown_out -- --nocapture
//!     REAL_TIME=1 cargo test --release -p rebackoff --test brown_out -- --nocapture
//!
//! 200 clients call a server on loopback through the reqwest middleware, 50 calls a second between
//! them, which begin whether or not the calls before have ended. Each call has the same patience. The
//! server can answer 100 requests a second; during the fault, 10. What it cannot answer in time it
//! turns away with 503, which costs it a quarter of an answer: a load of eight times what comes
//! without retries keeps it from answering at all, after the fault, too.
//!
//! The sockets are real; the clock is tokio's, which is paused and moves on when no task has anything
//! to do, so that a busy machine does not change the figures. With `REAL_TIME` it is the real one.

#[path = "brown_out/clients.rs"]
mod clients;
#[path = "brown_out/figures.rs"]
mod figures;
#[path = "brown_out/server.rs"]
mod server;

use std::time::Duration;

use rebackoff::Guarded;
use rebackoff::engine::PolicySource;
use rebackoff::http::RetryMiddleware;
use rebackoff::prelude::*;
use reqwest_middleware::Middleware;

use clients::run;
use figures::Figures;

/// The time for which a call goes on trying.
const PATIENCE: Duration = millis(1500);

static NAIVE: Policy =
    policy!(constant(interval = millis(100)), jitter = Jitter::None, max_time = PATIENCE);
static JITTERED: Policy = policy!(expo(factor = millis(100)), max_time = PATIENCE);

const RATIO: f64 = 0.1;
const FLOOR: f64 = 1.0;
const TTL: Duration = secs(10);

fn budget() -> &'static Budget {
    let budget = Budget::share().ratio(RATIO).floor(FLOOR).ttl(TTL).build().unwrap();
    Box::leak(Box::new(budget))
}

fn breaker() -> &'static Breaker {
    let breaker = Breaker::builder().failure_rate(0.5).window_time(secs(1)).min_calls(10);
    let breaker = breaker.open_for(millis(100)).jitter(Jitter::Equal).build().unwrap();
    Box::leak(Box::new(breaker))
}

async fn measure<P>(name: &'static str, policy: P) -> Figures
where
    P: PolicySource + Send + Sync + 'static,
    RetryMiddleware<P>: Middleware,
{
    let figures = Figures::of(name, &run(policy).await);
    println!("{figures}");
    figures
}

#[test]
fn budgets_and_breakers_end_what_retries_prolong() {
    let is_virtual = std::env::var_os("REAL_TIME").is_none();
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().start_paused(is_virtual).build().unwrap();
    runtime.block_on(compare());
}

async fn compare() {
    println!("{}", Figures::HEAD);
    let naive = measure("naive", NAIVE).await;
    let jittered = measure("jitter", JITTERED).await;
    let budgeted = measure("jitter, budget", Guarded::new(JITTERED, budget())).await;
    let guarded =
        measure("jitter, budget, breaker", Guarded::new(JITTERED, (budget(), breaker()))).await;

    // The requests that the server gets for each call.
    assert!(naive.load > 1.5 * jittered.load);
    assert!(jittered.load > 1.5 * budgeted.load);
    assert!(budgeted.load > 1.05 * guarded.load);

    // The budget keeps to its share, exactly: the whole run is shorter than its window.
    for run in [&budgeted, &guarded] {
        let allowed = RATIO * run.calls + FLOOR * TTL.as_secs_f64();
        assert!(run.retries <= allowed, "{} retries, {allowed} allowed", run.retries);
    }

    // For how long the brown-out outlives the fault.
    let others = jittered.recovery.max(budgeted.recovery).max(guarded.recovery);
    assert!(naive.recovery > 0.25 + others);
    assert!(jittered.recovery > 0.25 + budgeted.recovery);

    // The answers that the clients get.
    assert!(jittered.served.min(budgeted.served).min(guarded.served) > 0.2 + naive.served);
}
