use rebackoff::prelude::*;

static FETCH: Policy = policy!(expo);

fn log(event: &Event<'_, Result<u8, String>>) {
    println!("{}", event.tries);
}

fn main() {
    let _ = FETCH.retry(|| Err::<u8, &str>("down")).on_backoff(log).call();
}
