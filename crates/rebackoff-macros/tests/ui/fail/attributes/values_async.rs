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
async fn when() -> Result<(), String> {
    Ok(())
}

#[rebackoff::on_error(expo, giveup = Timer)]
async fn giveup() -> Result<(), String> {
    Ok(())
}

#[rebackoff::on_error(expo, hint = without_answer)]
async fn hint() -> Result<(), String> {
    Ok(())
}

#[rebackoff::on_error(expo, policy_for = |_| Timer)]
async fn policy_for() -> Result<(), String> {
    Ok(())
}

#[rebackoff::on_error(expo, until = of_another_error)]
async fn until() -> Result<(), String> {
    Ok(())
}

#[rebackoff::on_error(expo, judge = |_: &u8| Verdict::Accept)]
async fn judge() -> Result<(), String> {
    Ok(())
}

#[rebackoff::on_error(expo, jitter_by = 5)]
async fn jitter_by() -> Result<(), String> {
    Ok(())
}

#[rebackoff::on_error(expo, on_try = 5)]
async fn on_try() -> Result<(), String> {
    Ok(())
}

#[rebackoff::on_error(expo, on_backoff = of_another_event)]
async fn on_backoff() -> Result<(), String> {
    Ok(())
}

#[rebackoff::on_error(expo, on_giveup = [|_| (), of_another_event])]
async fn on_giveup() -> Result<(), String> {
    Ok(())
}

#[rebackoff::on_error(expo, on_success = || ())]
async fn on_success() -> Result<(), String> {
    Ok(())
}

#[rebackoff::on_error(expo, breaker = SHOP, rejected = |_| Ok(()), counts = without_answer)]
async fn counts() -> Result<(), String> {
    Ok(())
}

#[rebackoff::on_error(expo, budget = RETRIES, costs = Timer)]
async fn costs() -> Result<(), String> {
    Ok(())
}

#[rebackoff::on_error(expo, budget = 3)]
async fn budget() -> Result<(), String> {
    Ok(())
}

#[rebackoff::on_error(expo, breaker = RETRIES, rejected = |_| Ok(()))]
async fn breaker() -> Result<(), String> {
    Ok(())
}

#[rebackoff::on_error(expo, breaker = SHOP)]
async fn breaker_without_outcome() -> Result<(), String> {
    Ok(())
}

#[rebackoff::on_error(expo, breaker = SHOP, rejected = 3)]
async fn rejected() -> Result<(), String> {
    Ok(())
}

#[rebackoff::on_error(expo, sleeper = Timer)]
async fn sleeper() -> Result<(), String> {
    Ok(())
}

#[rebackoff::on_error(runtime, wait_from = Timer)]
async fn wait_from() -> Result<(), String> {
    Ok(())
}

#[rebackoff::on_error(policy = Timer)]
async fn policy() -> Result<(), String> {
    Ok(())
}

#[rebackoff::on_error(expo, giveup = |error| error.is_fatal(), breaker = SHOP)]
async fn no_result() -> u8 {
    1
}

#[rebackoff::on_error(expo, giveup = |_| true, crate = ::missing)]
async fn no_crate() -> Result<(), String> {
    Ok(())
}

#[rebackoff::on_error(expo, timeout = 3, late = Timer)]
async fn late() -> Result<(), String> {
    Ok(())
}

#[rebackoff::on_error(expo, timeout = Timer, late = |_| Ok(()))]
async fn timeout() -> Result<(), String> {
    Ok(())
}

#[rebackoff::on_predicate(expo, of_another_error)]
async fn predicate() -> u8 {
    1
}

#[rebackoff::on_predicate(expo, |value| *value == 0, on_backoff = of_another_event)]
async fn predicate_and_handler() -> u8 {
    1
}

#[rebackoff::on_predicate(expo, |value| *value == 0, hook = Timer)]
async fn hook() -> u8 {
    1
}

fn main() {}
