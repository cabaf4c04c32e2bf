//! The expansion and the names around it do not meet, and it causes no warnings.
#![deny(warnings, clippy::all, clippy::pedantic, unused, unreachable_code)]
#![deny(
    unused_qualifications,
    elided_lifetimes_in_paths,
    let_underscore_drop,
    single_use_lifetimes
)]

use std::cell::Cell;

/// Names that the expansion may use are the user's own here.
#[test]
fn locals_of_the_user_are_the_users() {
    #[rebackoff::on_error(constant(interval = 0), max_tries = limit::LIMIT, giveup = |_| *wait > 9)]
    fn call(tries: &Cell<u32>, policy: u32, outcome: Option<u32>, wait: &u32) -> Result<u32, u32> {
        tries.set(tries.get() + 1);
        let hooks = policy + outcome.unwrap_or(0);
        if tries.get() < 3 {
            return Err(*wait);
        }
        Ok(hooks + tries.get())
    }

    mod limit {
        pub(super) const LIMIT: u64 = 3;
    }

    assert_eq!(call(&Cell::new(0), 10, Some(100), &1), Ok(113));
    assert_eq!(call(&Cell::new(0), 10, Some(100), &10), Err(10));
}

mod own_prelude {
    //! A module with a `Result`, an `Option` and macros of its own.
    #![allow(dead_code, unused_macros, unused_imports, reason = "they must not be used")]

    use ::std::cell::Cell;

    pub(super) type Result = ::core::result::Result<u32, &'static str>;

    pub(super) struct Policy;
    struct Some;
    struct None;
    struct Ok;
    struct Err;
    struct Option;
    struct Duration;
    struct ControlFlow;
    mod core {}
    mod std {}
    macro_rules! policy {
        () => {
            compile_error!("not this one")
        };
    }
    macro_rules! panic {
        () => {
            compile_error!("not this one")
        };
    }

    #[rebackoff::on_error(expo(factor = 0.000_001, max_value = 1), jitter = none, max_tries = 3)]
    pub(super) fn call(calls: &Cell<u32>) -> Result {
        calls.set(calls.get() + 1);
        Result::Err("down")
    }

    #[rebackoff::on_predicate(constant(interval = 0), |calls| *calls < 3)]
    pub(super) async fn poll(calls: &Cell<u32>) -> u32 {
        calls.set(calls.get() + 1);
        calls.get()
    }
}

#[test]
fn types_of_the_user_are_the_users() {
    let calls = Cell::new(0);
    assert_eq!((own_prelude::call(&calls), calls.get()), (Err("down"), 3));
    let calls = Cell::new(0);
    assert_eq!(futures_lite::future::block_on(own_prelude::poll(&calls)), 3);
}

mod renamed {
    //! The crate by another name.

    use rebackoff as backoff;
    pub(super) use std::cell::Cell;

    mod inner {
        pub(super) use rebackoff as again;
    }

    #[backoff::on_error(constant(interval = 0), max_tries = 2, crate = backoff)]
    pub(super) fn call(calls: &Cell<u32>) -> Result<u32, u32> {
        calls.set(calls.get() + 1);
        Err(calls.get())
    }

    #[backoff::on_predicate(constant(interval = 0), |_| true, max_tries = 2, crate = self::inner::again)]
    pub(super) fn poll(calls: &Cell<u32>) -> u32 {
        calls.set(calls.get() + 1);
        calls.get()
    }
}

#[test]
fn the_crate_may_be_renamed() {
    assert_eq!(renamed::call(&Cell::new(0)), Err(2));
    assert_eq!(renamed::poll(&Cell::new(0)), 2);
}

#[rebackoff::on_error(constant(interval = 0), max_tries = 2)]
fn panics() -> Result<(), ()> {
    panic!("in the body")
}

#[rebackoff::on_error(constant(interval = 0), max_tries = 2)]
async fn panics_later() -> Result<(), ()> {
    panic!("in the body")
}

#[rebackoff::on_predicate(constant(interval = 0), |()| false)]
fn nothing() {}

#[rebackoff::on_predicate(constant(interval = 0), |()| false)]
async fn nothing_later() {}

#[rebackoff::on_error(constant(interval = 0), max_tries = 2)]
async fn without_await(mut count: u32) -> Result<u32, u32> {
    count += 1;
    if count > 1 { Ok(count) } else { Err(count) }
}

#[rebackoff::on_error(expo, max_tries = 2)]
fn tail_return(text: &str) -> Result<u32, Box<dyn std::error::Error + Send + Sync + 'static>> {
    let number = text.parse::<u32>()?;
    if number == 0 {
        return Err("zero".into());
    }
    Ok(number)
}

#[test]
fn bodies_of_any_shape_cause_no_warnings() {
    use futures_lite::future::block_on;
    nothing();
    block_on(nothing_later());
    assert_eq!(block_on(without_await(0)), Err(1));
    assert_eq!(block_on(without_await(1)), Ok(2));
    assert_eq!(tail_return("3").unwrap(), 3);
    assert!(std::panic::catch_unwind(panics).is_err());
    assert!(std::panic::catch_unwind(|| block_on(panics_later())).is_err());
}
