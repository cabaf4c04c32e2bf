use rebackoff::{on_error, on_predicate};

#[on_error(exop, max_tries = 3)]
fn misspelt() -> Result<(), ()> {
    Ok(())
}

#[on_error]
fn missing() -> Result<(), ()> {
    Ok(())
}

#[on_error(max_tries = 3)]
fn still_missing() -> Result<(), ()> {
    Ok(())
}

#[on_predicate(|value| *value, expo)]
fn not_first() -> bool {
    true
}

#[on_error(rebackoff::expo)]
fn by_path() -> Result<(), ()> {
    Ok(())
}

fn main() {}
