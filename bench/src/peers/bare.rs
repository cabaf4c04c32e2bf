//! The target alone.

use std::hint::black_box;

use crate::work::{fail, on_tokio, succeed, target};
use crate::{Peer, row};

pub const PEER: Peer = Peer {
    rows: &[
        (row::BLOCKING_SUCCESS, blocking_success),
        (row::BLOCKING_RETRY, blocking_retry),
        (row::ASYNC_SUCCESS, async_success),
    ],
    future_bytes: Some(|| size_of_val(&target(1))),
    ..Peer::named("bare")
};

fn blocking_success(n: u64) {
    for i in 0..n {
        black_box(succeed(i)).ok();
    }
}

fn blocking_retry(n: u64) {
    for i in 0..n {
        black_box(fail(i)).ok();
    }
}

fn async_success(n: u64) {
    on_tokio(n, |i| async move { succeed(i) });
}
