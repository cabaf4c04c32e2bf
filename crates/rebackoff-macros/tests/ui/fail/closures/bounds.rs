use rebackoff::prelude::*;
use rebackoff::{Guarded, RetryFor};

static SHOP: Breaker = breaker!(consecutive = 5);
static ORDER: Guarded<&Breaker> = Guarded::new(policy!(expo, max_tries = 4), &SHOP);

fn any<R: Retry>(_: &R) {}
fn parsed<R: RetryFor<Result<u8, std::num::ParseIntError>>>(_: &R) {}

fn main() {
    any(&ORDER);
    parsed(&ORDER);
    any(&7);
    let _ = policy!(expo).tries().breaker(&SHOP).unwrap().backoff("down");
}
