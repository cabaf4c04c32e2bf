//! A wrong value of an option is one error, at that value.

use rebackoff::prelude::*;

struct Timer;

static RETRIES: Budget = budget!(share(ratio = 0.1));
static SHOP: Breaker = breaker!(consecutive = 5);

fn of_another_error(_: &std::io::Error) -> bool {
    true
}

fn of_another_event(_: &Event<'_, Result<u8, std::io::Error>>) {}

fn without_answer<T>(_: T) {}

#[rebackoff::on_error(expo, when = 5)]
fn when() -> Result<(), String> {
    Ok(())
}

#[rebackoff::on_error(expo, giveup = Timer)]
fn giveup() -> Result<(), String> {
    Ok(())
}

#[rebackoff::on_error(expo, hint = without_answer)]
fn hint() -> Result<(), String> {
    Ok(())
}

#[rebackoff::on_error(expo, policy_for = |_| Timer)]
fn policy_for() -> Result<(), String> {
    Ok(())
}

#[rebackoff::on_error(expo, until = of_another_error)]
fn until() -> Result<(), String> {
    Ok(())
}

#[rebackoff::on_error(expo, judge = |_: &u8| Verdict::Accept)]
fn judge() -> Result<(), String> {
    Ok(())
}

#[rebackoff::on_error(expo, jitter_by = 5)]
fn jitter_by() -> Result<(), String> {
    Ok(())
}

#[rebackoff::on_error(expo, on_try = 5)]
fn on_try() -> Result<(), String> {
    Ok(())
}

#[rebackoff::on_error(expo, on_backoff = of_another_event)]
fn on_backoff() -> Result<(), String> {
    Ok(())
}

#[rebackoff::on_error(expo, on_giveup = [|_| (), of_another_event])]
fn on_giveup() -> Result<(), String> {
    Ok(())
}

#[rebackoff::on_error(expo, on_success = || ())]
fn on_success() -> Result<(), String> {
    Ok(())
}

#[rebackoff::on_error(expo, breaker = SHOP, rejected = |_| Ok(()), counts = without_answer)]
fn counts() -> Result<(), String> {
    Ok(())
}

#[rebackoff::on_error(expo, budget = RETRIES, costs = Timer)]
fn costs() -> Result<(), String> {
    Ok(())
}

#[rebackoff::on_error(expo, budget = 3)]
fn budget() -> Result<(), String> {
    Ok(())
}

#[rebackoff::on_error(expo, breaker = RETRIES, rejected = |_| Ok(()))]
fn breaker() -> Result<(), String> {
    Ok(())
}

#[rebackoff::on_error(expo, breaker = SHOP)]
fn breaker_without_outcome() -> Result<(), String> {
    Ok(())
}

#[rebackoff::on_error(expo, breaker = SHOP, rejected = 3)]
fn rejected() -> Result<(), String> {
    Ok(())
}

#[rebackoff::on_error(expo, sleeper = Timer)]
fn sleeper() -> Result<(), String> {
    Ok(())
}

#[rebackoff::on_error(runtime, wait_from = Timer)]
fn wait_from() -> Result<(), String> {
    Ok(())
}

#[rebackoff::on_error(policy = Timer)]
fn policy() -> Result<(), String> {
    Ok(())
}

#[rebackoff::on_error(expo, giveup = |error| error.is_fatal(), breaker = SHOP)]
fn no_result() -> u8 {
    1
}

#[rebackoff::on_error(expo, giveup = |_| true, crate = ::missing)]
fn no_crate() -> Result<(), String> {
    Ok(())
}

#[rebackoff::on_predicate(expo, of_another_error)]
fn predicate() -> u8 {
    1
}

#[rebackoff::on_predicate(expo, |value| *value == 0, on_backoff = of_another_event)]
fn predicate_and_handler() -> u8 {
    1
}

#[rebackoff::on_predicate(expo, |value| *value == 0, hook = Timer)]
fn hook() -> u8 {
    1
}

fn main() {}
