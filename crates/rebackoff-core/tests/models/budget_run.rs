//! Random events for each kind of budget and its model.

use std::borrow::Borrow;

use proptest::prelude::*;
use rebackoff_core::{Budget, Cost, Seconds};

use super::model::Model;

#[derive(Clone, Copy, Debug)]
enum Event {
    Wait(u64),
    Start,
    Failure,
    /// The retry that was allowed so many before the last.
    Success(Option<usize>),
    Withdraw(Cost),
    /// The retry that was allowed so many before the last is not made.
    Refund(usize),
}

pub(crate) const MILLI: u64 = 1_000_000;
const MONTH: u64 = 30 * 86_400_000 * MILLI;

fn event() -> impl Strategy<Value = Event> {
    let cost = prop_oneof![3 => Just(Cost::Retry), 1 => Just(Cost::Timeout)];
    prop_oneof![
        2 => (0..3000 * MILLI).prop_map(Event::Wait),
        2 => (0..40_u64).prop_map(|tenths| Event::Wait(tenths * 100 * MILLI)),
        1 => prop_oneof![Just(1), Just(MILLI), Just(MONTH), 0..100_000 * MILLI].prop_map(Event::Wait),
        8 => Just(Event::Start),
        4 => Just(Event::Failure),
        5 => proptest::option::of(0..4_usize).prop_map(Event::Success),
        12 => cost.prop_map(Event::Withdraw),
        4 => (0..9_usize).prop_map(Event::Refund),
    ]
}

fn guarded() -> impl Strategy<Value = (Budget, Model)> {
    prop_oneof![per_second(), share(), quota(), throttle()]
}

fn per_second() -> impl Strategy<Value = (Budget, Model)> {
    let interval = prop_oneof![Just(100 * MILLI), 1000..5000 * MILLI, Just(1_000_000 * MILLI)];
    (interval, 1..12_u32).prop_map(|(interval, capacity)| {
        #[allow(clippy::cast_precision_loss, reason = "small numbers")]
        let rate = 1e9 / interval as f64;
        let budget = Budget::per_second().rate(rate).capacity(capacity).build().unwrap();
        let capacity = u64::from(capacity);
        (budget, Model::PerSecond { interval, capacity, kept: capacity * interval, since: 0 })
    })
}

fn share() -> impl Strategy<Value = (Budget, Model)> {
    let ratio = prop_oneof![
        (1..=10_000_u64).prop_map(|n| (n, 10_000)),
        (1..=97_u64).prop_map(|n| (n, 97)),
        Just((1, 3))
    ];
    (ratio, 0..4_u64, 1..=60_u64).prop_map(|(ratio, floor, ttl)| {
        #[allow(clippy::cast_precision_loss, reason = "small numbers")]
        let (share, floor_per_second) =
            (ratio.0 as f64 / ratio.1 as f64, floor as f64 / ttl as f64);
        let budget = Budget::share()
            .ratio(share)
            .floor(floor_per_second)
            .ttl(rebackoff_core::secs(ttl))
            .build()
            .unwrap();
        let slice = ttl * 100 * MILLI;
        let (calls, retries) = (Vec::new(), Vec::new());
        (budget, Model::Share { ratio, reserve: floor, slice, calls, retries })
    })
}

fn quota() -> impl Strategy<Value = (Budget, Model)> {
    (10..60_u32, 1..=10_u32, 1..=10_u32).prop_map(|(capacity, retry, timeout)| {
        let quota = Budget::quota().capacity(capacity).retry_cost(retry).timeout_cost(timeout);
        let (capacity, prices) = (u64::from(capacity), (u64::from(retry), u64::from(timeout)));
        (quota.build().unwrap(), Model::Quota { capacity, left: capacity, prices })
    })
}

fn throttle() -> impl Strategy<Value = (Budget, Model)> {
    (1..=12_u32, 1..3000_u32).prop_map(|(tokens, gain)| {
        let throttle = Budget::throttle().max_tokens(tokens).token_ratio(f64::from(gain) / 1000.0);
        let most = u64::from(tokens) * 1000;
        (throttle.build().unwrap(), Model::Throttle { most, gain: u64::from(gain), left: most })
    })
}

#[allow(clippy::cast_precision_loss, reason = "26 days are exact, and a month is a whole number")]
pub(crate) fn seconds(nanos: u64) -> Seconds {
    Seconds::new(nanos as f64 / 1e9).unwrap()
}

/// A budget with its model, and what happens to both.
#[derive(Debug)]
pub(crate) struct Run {
    budget: Budget,
    model: Model,
    events: Vec<Event>,
}

pub(crate) fn runs() -> impl Strategy<Value = Run> {
    let events = proptest::collection::vec(event(), 1..150);
    (guarded(), events).prop_map(|((budget, model), events)| Run { budget, model, events })
}

impl Run {
    /// Compares the budget with its model. `place` puts it where its state belongs, and `set_clock` sets its own clock
    /// there.
    pub(crate) fn check<B: Borrow<Budget>>(
        self,
        place: impl FnOnce(Budget) -> B,
        set_clock: impl Fn(Seconds),
    ) -> Result<(), TestCaseError> {
        let Self { budget, mut model, events } = self;
        let budget = place(budget);
        let budget = budget.borrow();
        let (mut clock, mut withdrawals, mut refused) = (0, Vec::new(), 0);
        for event in events {
            set_clock(seconds(clock));
            // The budget receives the number that the float holds.
            let now = seconds(clock).to_nanos();
            match event {
                Event::Wait(nanos) => clock += nanos,
                Event::Start => {
                    budget.handle_start_at(|| seconds(clock));
                    model.start(now);
                }
                Event::Failure => {
                    budget.handle_failure();
                    model.failure();
                }
                Event::Success(last) => {
                    let last = last.and_then(|last| withdrawals.iter().rev().nth(last).copied());
                    budget.handle_success(last.map(|last: (_, u64)| last.0));
                    model.success(last.map(|last| last.1));
                }
                Event::Withdraw(cost) => {
                    let withdrawal = budget.withdraw_at(cost, || seconds(clock));
                    let taken = model.withdraw(cost, now);
                    prop_assert_eq!(withdrawal.is_ok(), taken.is_some(), "at {}", clock);
                    refused += u64::from(taken.is_none());
                    withdrawals.extend(withdrawal.ok().zip(taken));
                }
                Event::Refund(last) => {
                    if let Some(place) = withdrawals.len().checked_sub(last + 1) {
                        let (withdrawal, taken) = withdrawals.remove(place);
                        budget.refund(withdrawal);
                        model.refund(taken, now);
                    }
                }
            }
        }
        prop_assert_eq!(budget.refused(), refused);
        Ok(())
    }
}
