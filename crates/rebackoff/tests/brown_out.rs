//! A brown-out: what retries do to a server that has lost most of its capacity for a while.
//!
//!     cargo test -p rebackoff --test brown_out -- --nocapture
//!
//! 200 clients call a real server through the reqwest middleware, 50 calls a second between them,
//! which begin whether or not the calls before have ended. Each call has the same patience. The
//! server can answer 100 requests a second; during the fault, 10. What it cannot answer within its
//! queue it turns away with 503, which costs it a fifth of an answer: so a load of ten times what it
//! gets without retries is enough to keep it from answering at all, after the fault, too.

#[path = "brown_out/clients.rs"]
mod clients;
#[path = "brown_out/figures.rs"]
mod figures;
#[path = "brown_out/server.rs"]
mod server;

use std::time::Duration;

use rebackoff::prelude::*;
use rebackoff::{Guarded, Retry, hooks::Hook, http::Tried};

use clients::run;
use figures::Figures;

/// How long a call goes on trying.
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
    P: Retry + Send + Sync + 'static,
    P::Hooks<Tried>: Hook<Tried> + Send,
{
    let figures = Figures::of(name, &run(policy).await);
    println!("{figures}");
    figures
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn smoke_budgets_and_breakers_end_what_retries_prolong() {
    println!("{}", Figures::HEAD);
    let naive = measure("naive", NAIVE).await;
    let jittered = measure("jitter", JITTERED).await;
    let budgeted = measure("jitter, budget", Guarded::new(JITTERED, budget())).await;
    let guarded =
        measure("jitter, budget, breaker", Guarded::new(JITTERED, (budget(), breaker()))).await;

    // How many requests the server gets for each call.
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

    // What the clients get.
    assert!(jittered.served.min(budgeted.served).min(guarded.served) > 0.2 + naive.served);
}
