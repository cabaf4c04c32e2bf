use rebackoff::on_error;

#[on_error(expo(max_value = "soon"))]
fn no_duration() -> Result<(), ()> {
    Ok(())
}

#[on_error(expo, max_time = -1)]
fn negative() -> Result<(), ()> {
    Ok(())
}

#[on_error(list(1, "2x", 3))]
fn in_a_list() -> Result<(), ()> {
    Ok(())
}

#[on_error(expo, max_time = 5u64)]
fn with_a_suffix() -> Result<(), ()> {
    Ok(())
}

#[on_error(expo, max_time = 1e300)]
fn beyond_all_time() -> Result<(), ()> {
    Ok(())
}

#[on_error(expo, max_time = true)]
fn of_another_kind() -> Result<(), ()> {
    Ok(())
}

const THIRTY: u64 = 30;

#[on_error(expo, max_time = THIRTY)]
fn expression_of_another_type() -> Result<(), ()> {
    Ok(())
}

fn later() -> std::time::Duration {
    std::time::Duration::ZERO
}

#[on_error(expo, max_time = later())]
fn expression_that_is_not_constant() -> Result<(), ()> {
    Ok(())
}

fn main() {}
