use rebackoff::on_error;

#[on_error(expo, jitter = some)]
fn unknown_jitter() -> Result<(), ()> {
    Ok(())
}

#[on_error(expo, jitter = |wait| wait)]
fn function_as_jitter() -> Result<(), ()> {
    Ok(())
}

#[on_error(expo, last_wait = "stop")]
fn text_as_last_wait() -> Result<(), ()> {
    Ok(())
}

#[on_error(expo, max_tries = 0)]
fn no_tries() -> Result<(), ()> {
    Ok(())
}

#[on_error(expo, max_tries = -3)]
fn negative_tries() -> Result<(), ()> {
    Ok(())
}

#[on_error(expo, max_tries = 2.5)]
fn half_a_try() -> Result<(), ()> {
    Ok(())
}

#[on_error(expo, max_tries = 3, max_time = 1, max_tries = 4)]
fn twice() -> Result<(), ()> {
    Ok(())
}

#[on_error(expo, max_tries = , max_time = 1)]
fn without_value() -> Result<(), ()> {
    Ok(())
}

#[on_error(expo, giveup = |_| true, giveup = |_| false)]
fn condition_twice() -> Result<(), ()> {
    Ok(())
}

fn main() {}
