//! Operations that end between two atomic steps, as those of a killed process do.

mod breakers;
mod budgets;

use core::cell::Cell;
use core::sync::atomic::Ordering;
use std::boxed::Box;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

std::thread_local! {
    static STEPS_LEFT: Cell<Option<usize>> = const { Cell::new(None) };
}

struct Stopped;

/// The combinations of places in lists of these lengths. Miri needs seconds for each, so it takes every
/// 17th: the lengths are no multiples of 17, so each place of each list has its turn.
fn combinations<const N: usize>(lengths: [usize; N]) -> impl Iterator<Item = [usize; N]> {
    let step = if cfg!(miri) { 17 } else { 1 };
    (0..lengths.iter().product()).step_by(step).map(move |mut rest| {
        lengths.map(|length| {
            let place = rest % length;
            rest /= length;
            place
        })
    })
}

/// Runs `operation` until it wants to take more than `steps` atomic steps. Returns whether it was
/// stopped.
fn stop_after(steps: usize, operation: impl FnOnce()) -> bool {
    STEPS_LEFT.set(Some(steps));
    let result = catch_unwind(AssertUnwindSafe(operation));
    STEPS_LEFT.set(None);
    match result {
        Ok(()) => false,
        Err(payload) if payload.is::<Stopped>() => true,
        Err(payload) => resume_unwind(payload),
    }
}

/// Runs `trial` with operations that are stopped after 0, 1, 2, … steps, until one ends by itself. Miri needs a
/// second for each trial, so it leaves out stops after the eighth step, and more of them the later they are.
fn each_stop(mut trial: impl FnMut(&dyn Fn(&mut dyn FnMut()) -> bool) -> bool) {
    let mut steps = 0;
    while trial(&|operation| stop_after(steps, operation)) {
        steps += if cfg!(miri) { 1 + steps / 8 } else { 1 };
    }
    assert!(steps > 0, "the operation takes no step");
}

fn take_step() {
    match STEPS_LEFT.get() {
        Some(0) => resume_unwind(Box::new(Stopped)),
        Some(left) => STEPS_LEFT.set(Some(left - 1)),
        None => {}
    }
}

/// The atomic of the standard library, with steps that are counted.
#[derive(Debug)]
#[repr(transparent)]
pub(crate) struct AtomicU64(core::sync::atomic::AtomicU64);

impl AtomicU64 {
    pub(crate) const fn new(value: u64) -> Self {
        Self(core::sync::atomic::AtomicU64::new(value))
    }
}

macro_rules! steps {
    ($($name:ident($($argument:ident: $type:ty),*) -> $result:ty;)*) => {
        impl AtomicU64 {
            $(pub(crate) fn $name(&self, $($argument: $type),*) -> $result {
                take_step();
                self.0.$name($($argument),*)
            })*
        }
    };
}

steps! {
    load(order: Ordering) -> u64;
    store(value: u64, order: Ordering) -> ();
    swap(value: u64, order: Ordering) -> u64;
    fetch_add(value: u64, order: Ordering) -> u64;
    fetch_max(value: u64, order: Ordering) -> u64;
    fetch_or(value: u64, order: Ordering) -> u64;
    compare_exchange(current: u64, new: u64, success: Ordering, failure: Ordering)
        -> Result<u64, u64>;
    compare_exchange_weak(current: u64, new: u64, success: Ordering, failure: Ordering)
        -> Result<u64, u64>;
}
