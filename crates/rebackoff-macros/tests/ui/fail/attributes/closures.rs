use rebackoff::{on_error, on_predicate};

#[on_error(expo, giveup = |error| error.is_fatal())]
fn unknown_method() -> Result<(), String> {
    Ok(())
}

#[on_error(expo, when = |error| error.len())]
fn returns_another_type() -> Result<(), String> {
    Ok(())
}

#[on_error(expo, on_backoff = |tries, wait| ())]
fn takes_other_parameters() -> Result<(), String> {
    Ok(())
}

fn is_client_error(error: &std::io::Error) -> bool {
    error.raw_os_error().is_some()
}

#[on_error(expo, giveup = is_client_error)]
fn takes_another_error() -> Result<(), String> {
    Ok(())
}

#[on_predicate(expo, |value| value.len())]
async fn predicate_returns_another_type() -> String {
    String::new()
}

#[on_error(expo, sleeper = 3)]
fn no_sleeper() -> Result<(), String> {
    Ok(())
}

#[on_error(expo, sleeper = rebackoff::sleepers::ThreadSleeper)]
async fn blocking_sleeper() -> Result<(), String> {
    Ok(())
}

fn main() {}
