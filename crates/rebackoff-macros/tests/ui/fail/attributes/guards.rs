use rebackoff::{Breaker, breaker};

static SHOP: Breaker = breaker!(consecutive = 5);

#[rebackoff::on_error(expo, rejected = |_: rebackoff::Open| Err(()))]
fn rejects_without_a_breaker() -> Result<(), ()> {
    Ok(())
}

#[rebackoff::on_error(expo, counts = |_| rebackoff::Health::Failure)]
fn counts_without_a_breaker() -> Result<(), ()> {
    Ok(())
}

#[rebackoff::on_error(expo, breaker = SHOP, costs = |_| rebackoff::Cost::Timeout)]
fn costs_without_a_budget() -> Result<(), ()> {
    Ok(())
}

#[rebackoff::on_error(expo, breaker = SHOP)]
fn cannot_say_that_it_is_open() -> Result<(), std::num::ParseIntError> {
    Ok(())
}

#[rebackoff::on_predicate(expo, |value| *value < 0, breaker = SHOP)]
fn has_no_value_for_open() -> i32 {
    7
}

#[rebackoff::on_error(expo, budget = SHOP)]
fn spends_a_breaker() -> Result<(), ()> {
    Ok(())
}

fn main() {}
