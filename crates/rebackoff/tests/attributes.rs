//! The attributes on every kind of function.
use rebackoff::{on_error, on_predicate, Event};
use std::cell::Cell;

#[derive(Debug, PartialEq, Clone)]
struct E(u32);

#[on_error(expo(factor = "1us", max_value = 0.5), max_tries = 3, giveup = |e| e.0 == 7, on_backoff = log)]
fn get(calls: &Cell<u32>) -> Result<u32, E> {
    calls.set(calls.get() + 1);
    if calls.get() < 3 { return Err(E(1)); }
    Err(E(7))
}
fn log<O>(_event: &Event<'_, O>) {}

#[on_predicate(fibo(max_value = 13), |v| v.is_empty(), max_tries = 3)]
async fn poll(calls: &mut u32) -> Vec<u32> { *calls += 1; if *calls < 3 { Vec::new() } else { vec![1] } }

#[test]
fn t() {
    let calls = Cell::new(0);
    assert_eq!(get(&calls), Err(E(7)));
    assert_eq!(calls.get(), 3);
}
#[tokio::test(start_paused = true)]
async fn u() {
    let mut calls = 0;
    assert_eq!(poll(&mut calls).await, [1]);
}
