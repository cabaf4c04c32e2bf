use rebackoff::prelude::*;

static NO_TRIES: Policy = policy!(expo, max_tries = 0);
const CAP_BELOW_FIRST_WAIT: Policy = policy!(expo(factor = secs(10), max_value = secs(5)));
static UNKNOWN_PARAMETER: Policy = policy!(fibo(base = 2.0));
static UNKNOWN_STRATEGY: Policy = policy!(exop);

fn main() {
    let _ = CAP_BELOW_FIRST_WAIT;
}
