use rebackoff::prelude::*;

static FETCH: Policy = policy!(expo);

fn log(event: &Event<'_, Result<u8, String>>) {
    println!("{}", event.tries);
}

fn main() {
    let _ = FETCH
        .retry(|| Err::<u8, &str>("down"))
        .giveup(|error| error.is_empty())
        .when(|error| !error.is_empty())
        .hint(|_| None)
        .on_try(|_| ())
        .on_backoff(log)
        .on_giveup(|_| ())
        .call();
}
