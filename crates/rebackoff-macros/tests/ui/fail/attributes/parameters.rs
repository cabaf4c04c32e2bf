use rebackoff::on_error;

#[on_error(expo(max_valu = 30))]
fn misspelt() -> Result<(), ()> {
    Ok(())
}

#[on_error(expo(2, 1))]
fn without_names() -> Result<(), ()> {
    Ok(())
}

#[on_error(fibo(base = 2))]
fn of_another_strategy() -> Result<(), ()> {
    Ok(())
}

#[on_error(runtime(interval = 2), wait_from = |_| None)]
fn of_a_strategy_without_any() -> Result<(), ()> {
    Ok(())
}

#[on_error(expo(base = 2, base = 3))]
fn twice() -> Result<(), ()> {
    Ok(())
}

#[on_error(list)]
fn empty_list() -> Result<(), ()> {
    Ok(())
}

#[on_error(expo(1 = 2))]
fn no_name() -> Result<(), ()> {
    Ok(())
}

fn main() {}
