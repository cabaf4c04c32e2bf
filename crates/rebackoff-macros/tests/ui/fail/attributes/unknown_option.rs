use rebackoff::{on_error, on_predicate};

#[on_error(expo, max_trys = 3)]
fn misspelt() -> Result<(), ()> {
    Ok(())
}

#[on_error(expo, retries_please = 3)]
fn far_off() -> Result<(), ()> {
    Ok(())
}

#[on_predicate(expo, |()| true, giveup = |error| true)]
fn of_the_other_attribute() {}

#[on_error(fibo, max_value = 30)]
fn parameter_of_the_strategy() -> Result<(), ()> {
    Ok(())
}

#[on_error(max_tries = 3, expo = 1)]
fn strategy_by_name() -> Result<(), ()> {
    Ok(())
}

fn main() {}
