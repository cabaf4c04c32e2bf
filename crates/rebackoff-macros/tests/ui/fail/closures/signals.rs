use std::sync::atomic::AtomicBool;

use rebackoff::prelude::*;

static FETCH: Policy = policy!(expo);
static STOP: AtomicBool = AtomicBool::new(false);

fn main() {
    let _ = FETCH.retry(|| Err::<(), _>("down")).cancelled_by(&STOP);
}
