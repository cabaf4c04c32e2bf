//! Targets that fail, and a runtime without timers.
#![allow(dead_code, reason = "each test file uses a part")]

use std::cell::Cell;
use std::future::{Future, ready};

/// The n-th failure of a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fault(pub(crate) u64);

impl Fault {
    /// Counts from zero.
    pub(crate) fn index(self) -> usize {
        usize::try_from(self.0).unwrap() - 1
    }
}

/// Fails so many times, then gives the number of calls.
#[derive(Debug)]
pub(crate) struct Flaky {
    calls: u64,
    failures: u64,
}

impl Flaky {
    pub(crate) fn failing(failures: u64) -> Self {
        Self { calls: 0, failures }
    }

    pub(crate) fn call(&mut self) -> Result<u64, Fault> {
        self.calls += 1;
        if self.calls > self.failures { Ok(self.calls) } else { Err(Fault(self.calls)) }
    }

    pub(crate) async fn call_async(&mut self) -> Result<u64, Fault> {
        ready(self.call()).await
    }

    pub(crate) fn shared(self) -> SharedFlaky {
        SharedFlaky(Cell::new(self.calls), self.failures)
    }
}

/// A [`Flaky`] behind a shared reference, as closures need it.
#[derive(Debug)]
pub(crate) struct SharedFlaky(Cell<u64>, u64);

impl SharedFlaky {
    pub(crate) fn call(&self) -> impl Future<Output = Result<u64, Fault>> + use<> {
        let mut target = Flaky { calls: self.0.get(), failures: self.1 };
        let outcome = target.call();
        self.0.set(target.calls);
        ready(outcome)
    }
}

/// Polls until it is ready.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    futures_lite::future::block_on(future)
}
