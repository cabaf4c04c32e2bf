use rebackoff::prelude::*;
use rebackoff::Guarded;

static SHOP: Breaker = breaker!(consecutive = 5);
static ORDER: Guarded<&Breaker> = Guarded::new(policy!(expo, max_tries = 4), &SHOP);

fn main() {
    let _ = ORDER.retry(|| "7".parse::<u8>()).call();
    let _ = ORDER.policy().retry(|| "7".parse::<u8>()).breaker(&SHOP).call();
    let _ = ORDER.tries();
}
