use rebackoff::prelude::*;

static FETCH: Policy = policy!(expo, max_tries = 3);

#[on_error(policy = FETCH, max_tries = 3)]
fn policy_and_limit() -> Result<(), ()> {
    Ok(())
}

#[on_error(expo(base = 2), policy = FETCH)]
fn policy_and_strategy() -> Result<(), ()> {
    Ok(())
}

#[on_predicate(expo, |()| true, policy = FETCH)]
fn policy_strategy_and_predicate() {}

#[on_error(runtime, max_tries = 3)]
fn runtime_without_function() -> Result<(), ()> {
    Ok(())
}

#[on_error(expo, wait_from = |_| None)]
fn function_without_runtime() -> Result<(), ()> {
    Ok(())
}

#[on_error(expo, jitter = full, jitter_by = |wait| wait)]
fn two_jitters() -> Result<(), ()> {
    Ok(())
}

#[on_error(expo, |error| true)]
fn condition_without_name() -> Result<(), ()> {
    Ok(())
}

#[on_predicate(expo)]
fn without_predicate() {}

#[on_predicate(expo, |()| true, |()| false)]
fn two_predicates() {}

#[on_error(policy = FETCH, |error| true)]
fn policy_and_condition_without_name() -> Result<(), ()> {
    Ok(())
}

#[on_error(expo, crate = "rebackoff")]
fn crate_as_text() -> Result<(), ()> {
    Ok(())
}

#[on_error(policy = 3)]
fn no_policy() -> Result<(), ()> {
    Ok(())
}

fn main() {}
