//! A timeout takes the sleeper that it finds.

use rebackoff::prelude::*;
use rebackoff::testing::VirtualClock;

static FETCH: Policy = policy!(expo, max_tries = 3);

async fn a_sleeper_after_a_timeout() -> Result<u8, ()> {
    FETCH
        .retry_async(|| async { Ok(7) })
        .timeout(secs(1), |_| Err(()))
        .sleeper(VirtualClock::new())
        .await
}

fn main() {}
