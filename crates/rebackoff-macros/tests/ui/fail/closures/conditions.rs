use rebackoff::prelude::*;

static FETCH: Policy = policy!(expo);

fn main() {
    let _ = FETCH.retry(|| Err::<u8, _>("down")).giveup(|error| error.len()).call();
    let _ = FETCH.retry(|| Err::<u8, _>("down")).when(|error| error.is_fatal()).call();
    let _ = FETCH.retry(|| Err::<u8, _>("down")).on_backoff(|tries, wait| ()).call();
    let _ = FETCH.retry(|| 3).call();
    let _ = FETCH.poll(|| 3).giveup(|error| true).call();
    let _ = FETCH.poll(|| 3).until(|value| value + 1).call();
    let _ = FETCH.retry_async(|| Err::<u8, _>("down"));
}
