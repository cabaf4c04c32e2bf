//! The expansion needs no prelude.
#![no_implicit_prelude]

#[::rebackoff::on_error(
    expo(factor = 0.000_001, base = 1.5),
    max_tries = 3,
    max_time = "1h",
    jitter = equal,
    last_wait = stop,
    giveup = |error| *error == "fatal"
)]
fn fetch(calls: &mut u32) -> ::std::result::Result<u32, &'static str> {
    *calls += 1;
    ::std::result::Result::Err("down")
}

#[::rebackoff::on_predicate(list(0, 0, 0), |calls| *calls < 3)]
async fn poll(calls: &mut u32) -> u32 {
    *calls += 1;
    *calls
}

#[test]
fn functions_without_a_prelude_are_retried() {
    let mut calls = 0;
    ::std::assert_eq!(fetch(&mut calls), ::std::result::Result::Err("down"));
    ::std::assert_eq!(calls, 3);
    ::std::assert_eq!(::futures_lite::future::block_on(poll(&mut 0)), 3);
}
