//! Arguments that the body changes, and timeouts.

use rebackoff::on_error;

#[on_error(expo, max_tries = 2)]
fn drain(mut numbers: impl Iterator<Item = u32>) -> Result<u32, ()> {
    numbers.next().ok_or(())
}

#[on_error(expo, timeout = 3, late = |_| Err(()))]
fn blocking() -> Result<u32, ()> {
    Ok(1)
}

#[on_error(expo, timeout = 3)]
async fn without_outcome() -> Result<u32, ()> {
    Ok(1)
}

fn main() {}
