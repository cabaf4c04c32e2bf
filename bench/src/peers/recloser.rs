//! recloser, a circuit breaker over a ring of calls.

use std::hint::black_box;
use std::thread;
use std::time::Duration;

use recloser::Recloser;

use crate::work::{fail, repeat, succeed};
use crate::{Peer, edges, row};

pub const PEER: Peer = Peer {
    options: &[
        (row::BREAKER_CALL, |n| {
            let breaker = Recloser::custom().build();
            repeat(n, |i| breaker.call(|| succeed(i)));
        }),
        (row::BREAKER_CALL_REJECTED, |n| {
            let breaker = tripped(Duration::from_secs(3_600));
            repeat(n, |i| breaker.call(|| succeed(i)));
        }),
    ],
    shared: &[
        (row::BREAKER_RATE, || {
            let breaker = Recloser::custom().build();
            Box::new(move |n| (0..n).for_each(|i| drop(black_box(breaker.call(|| succeed(i))))))
        }),
        (row::BREAKER_REJECTED, || {
            let breaker = tripped(Duration::from_secs(3_600));
            Box::new(move |n| (0..n).for_each(|i| drop(black_box(breaker.call(|| succeed(i))))))
        }),
    ],
    edges: &[(edges::HALF_OPEN, || {
        let breaker = tripped(Duration::from_millis(1));
        thread::sleep(Duration::from_millis(20));
        edges::half_open(nest(&breaker, 10))
    })],
    ..Peer::named("recloser")
};

fn tripped(wait: Duration) -> Recloser {
    let builder = Recloser::custom().closed_len(1).half_open_len(1).open_wait(wait);
    let breaker = builder.build();
    for i in 0..2 {
        drop(breaker.call(|| fail(i)));
    }
    assert!(breaker.call(|| succeed(0)).is_err(), "it was to open");
    breaker
}

fn nest(breaker: &Recloser, calls: usize) -> usize {
    if calls == 0 {
        return 0;
    }
    let inside = breaker.call(|| Ok::<_, ()>(1 + nest(breaker, calls - 1)));
    inside.unwrap_or(0)
}
