use std::time::Duration;

use rebackoff::on_error;

const NONE: u64 = 0;

#[on_error(expo, max_tries = NONE)]
fn no_tries() -> Result<(), ()> {
    Ok(())
}

#[on_error(expo(factor = 10, max_value = "5s"))]
fn cap_below_first_wait() -> Result<(), ()> {
    Ok(())
}

#[on_error(expo(base = -2))]
fn negative_base() -> Result<(), ()> {
    Ok(())
}

#[on_error(expo(base = f64::INFINITY))]
fn infinite_base() -> Result<(), ()> {
    Ok(())
}

#[on_error(linear(start = 2, max_value = Duration::from_secs(1)))]
async fn cap_below_start() -> Result<(), ()> {
    Ok(())
}

#[on_error(decay(min_value = 5))]
fn floor_above_first_wait() -> Result<(), ()> {
    Ok(())
}

#[on_error(decorrelated, jitter = full)]
fn two_jitters() -> Result<(), ()> {
    Ok(())
}

#[on_error(list(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17))]
fn too_long_a_list() -> Result<(), ()> {
    Ok(())
}

fn main() {}
