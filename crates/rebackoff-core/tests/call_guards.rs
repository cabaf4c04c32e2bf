//! Calls that share two breakers and two budgets, beside the models of these, under random events.

#[allow(dead_code, reason = "two of four kinds are used")]
#[path = "models/breaker.rs"]
mod breaker_model;
#[allow(dead_code, reason = "two of four kinds are used")]
#[path = "models/budget.rs"]
mod budget_model;

use std::time::Duration;

use breaker_model::{Options, Trip};
use proptest::prelude::*;
use rebackoff_core::{
    Breaker, BreakerState, Budget, CallGuards, Cost, Health, Reason, Seconds, StateChange, Verdict,
};

const MILLI: u64 = 1_000_000;
const SECOND: u64 = 1000 * MILLI;
const CALLS: usize = 3;
const GUARDS: usize = 2;

#[derive(Clone, Copy, Debug)]
enum Event {
    Wait(u64),
    /// The next step of this call.
    Go(usize, Said),
    /// This call is dropped.
    Drop(usize),
    Isolate(usize),
    ForceOpen(usize),
    Reset(usize),
}

/// The end of a try, where the next step is one, and the wait, where that is next.
#[derive(Clone, Copy, Debug)]
struct Said {
    verdict: Verdict,
    health: Option<Health>,
    cost: Cost,
    wait: u64,
}

fn said() -> impl Strategy<Value = Said> {
    let verdict = prop_oneof![
        4 => Just(Verdict::Retry),
        2 => Just(Verdict::Accept),
        1 => Just(Verdict::GiveUp),
        1 => Just(Verdict::Stop)
    ];
    let health = prop_oneof![
        6 => Just(None),
        1 => Just(Some(Health::Success)),
        1 => Just(Some(Health::Failure)),
        1 => Just(Some(Health::Neutral))
    ];
    let cost = prop_oneof![3 => Just(Cost::Retry), 1 => Just(Cost::Timeout)];
    (verdict, health, cost, 0..4_u64).prop_map(|(verdict, health, cost, wait)| Said {
        verdict,
        health,
        cost,
        wait,
    })
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => (0..3 * SECOND).prop_map(Event::Wait),
        20 => (0..CALLS, said()).prop_map(|(call, said)| Event::Go(call, said)),
        2 => (0..CALLS).prop_map(Event::Drop),
        1 => (0..GUARDS).prop_map(Event::Isolate),
        1 => (0..GUARDS).prop_map(Event::ForceOpen),
        2 => (0..GUARDS).prop_map(Event::Reset),
    ]
}

/// The next method of a call.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Next {
    Start,
    Try,
    Settle,
    Retry,
    Resume,
}

/// The guards, and their models.
struct Shared {
    breakers: [(Breaker, breaker_model::Model); GUARDS],
    budgets: [(Budget, budget_model::Model); GUARDS],
}

/// A call: one `CallGuards` for each guard, and the permits and payments that the models gave it.
struct Call {
    next: Next,
    guards: Vec<CallGuards>,
    permits: [Option<breaker_model::Permit>; GUARDS],
    paid: [Option<u64>; GUARDS],
}

impl Call {
    fn new() -> Self {
        let guards = (0..2 * GUARDS).map(|_| CallGuards::new()).collect();
        Self { next: Next::Start, guards, permits: [None; GUARDS], paid: [None; GUARDS] }
    }
}

fn seconds(nanos: u64) -> Seconds {
    Duration::from_nanos(nanos).into()
}

fn breakers(failures: u64, open_for: u64, probes: usize) -> (Breaker, breaker_model::Model) {
    let open_for = open_for * SECOND;
    let breaker = Breaker::builder()
        .consecutive(u32::try_from(failures).unwrap())
        .open_for(Duration::from_nanos(open_for))
        .probes(u32::try_from(probes).unwrap())
        .probe_timeout(Duration::from_secs(5))
        .build();
    let model = breaker_model::Model::new(Options {
        trip: Trip::Consecutive(failures),
        open_for,
        growth: 1,
        max_open_for: 10 * open_for,
        has_jitter: false,
        probes,
        close_after: probes as u64,
        probe_timeout: 5 * SECOND,
        dry_run: false,
    });
    (breaker.unwrap(), model)
}

fn quota() -> (Budget, budget_model::Model) {
    let budget = Budget::quota().capacity(25).retry_cost(5).timeout_cost(10).build();
    (budget.unwrap(), budget_model::Model::Quota { capacity: 25, left: 25, prices: (5, 10) })
}

fn per_second(begin: u64) -> (Budget, budget_model::Model) {
    let budget = Budget::per_second().rate(0.5).capacity(3).build().unwrap();
    let (interval, capacity) = (2 * SECOND, 3);
    let kept = capacity * interval;
    (budget, budget_model::Model::PerSecond { interval, capacity, kept, since: begin })
}

impl Shared {
    /// Asks all breakers to admit a try of `call`, in order.
    fn admit(&mut self, call: &mut Call, now: u64) -> Result<bool, TestCaseError> {
        for (number, (breaker, model)) in self.breakers.iter_mut().enumerate() {
            let state = &mut call.guards[number];
            let at = || seconds(now);
            let ours = match call.next {
                Next::Start => state.handle_start(None, Some(breaker), at),
                _ => state.handle_resume(None, Some(breaker), at),
            };
            let before = model.stored();
            match (ours, model.admit(now)) {
                (Ok(change), Ok(permit)) => {
                    call.permits[number] = Some(permit);
                    prop_assert!(
                        is_change(change, before, model.stored()),
                        "{change:?} from {before:?}"
                    );
                }
                (Err(open), Err(retry_in)) => {
                    prop_assert_eq!(open.retry_in.map(Seconds::to_nanos), retry_in);
                    self.abandon(call, now);
                    return Ok(false);
                }
                (ours, theirs) => prop_assert!(false, "{ours:?}, not {theirs:?}"),
            }
        }
        for (budget, state) in self.budgets.iter().zip(&mut call.guards[GUARDS..]) {
            let at = || seconds(now);
            let asked = match call.next {
                Next::Start => state.handle_start(Some(&budget.0), None, at),
                _ => state.handle_resume(Some(&budget.0), None, at),
            };
            prop_assert_eq!(asked, Ok(None));
        }
        Ok(true)
    }

    fn settle(&mut self, call: &mut Call, said: Said, now: u64) -> Result<(), TestCaseError> {
        let Said { verdict, health, .. } = said;
        let (at, mut draw) = (|| seconds(now), || 0.5);
        for (number, (breaker, model)) in self.breakers.iter_mut().enumerate() {
            let state = &mut call.guards[number];
            let change = state.handle_settled(None, Some(breaker), verdict, health, at, &mut draw);
            let counted = health.unwrap_or(match verdict {
                Verdict::Accept | Verdict::GiveUp => Health::Success,
                _ => Health::Failure,
            });
            let before = model.stored();
            model.settle(call.permits[number].take().unwrap(), counted, false, now, 0);
            prop_assert!(is_change(change, before, model.stored()), "{change:?} from {before:?}");
        }
        for (number, (budget, model)) in self.budgets.iter_mut().enumerate() {
            let state = &mut call.guards[GUARDS + number];
            state.handle_settled(Some(budget), None, verdict, health, at, &mut draw);
            match verdict {
                Verdict::Accept => model.success(call.paid[number].take()),
                Verdict::GiveUp => {}
                _ => model.failure(),
            }
            call.paid[number] = None;
        }
        Ok(())
    }

    fn pay(&mut self, call: &mut Call, said: Said, now: u64) -> Result<bool, TestCaseError> {
        let (wait, at) = (said.wait * SECOND, || seconds(now));
        for (number, (breaker, model)) in self.breakers.iter().enumerate() {
            let state = &mut call.guards[number];
            let ours = state.handle_retry(None, Some(breaker), said.cost, seconds(wait), at);
            let closed_in_time = match model.check(now) {
                Ok(()) => true,
                Err(retry_in) => retry_in.is_some_and(|retry_in| retry_in <= wait),
            };
            prop_assert_eq!(ours, if closed_in_time { Ok(()) } else { Err(Reason::Breaker) });
            if !closed_in_time {
                self.abandon(call, now);
                return Ok(false);
            }
        }
        for (number, (budget, model)) in self.budgets.iter_mut().enumerate() {
            let state = &mut call.guards[GUARDS + number];
            let ours = state.handle_retry(Some(budget), None, said.cost, seconds(wait), at);
            call.paid[number] = model.withdraw(said.cost, now);
            let is_paid = call.paid[number].is_some();
            prop_assert_eq!(ours, if is_paid { Ok(()) } else { Err(Reason::Budget) });
            if !is_paid {
                call.next = Next::Resume;
                self.abandon(call, now);
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Drops the call: permits are neutral, and a retry that has not begun is paid back.
    fn abandon(&mut self, call: &mut Call, now: u64) {
        for (number, (breaker, model)) in self.breakers.iter_mut().enumerate() {
            call.guards[number].handle_abandoned(None, Some(breaker));
            call.guards[number].handle_abandoned(None, Some(breaker));
            if let Some(permit) = call.permits[number].take() {
                model.settle(permit, Health::Neutral, false, now, 0);
            }
        }
        for (number, (budget, model)) in self.budgets.iter_mut().enumerate() {
            call.guards[GUARDS + number].handle_abandoned(Some(budget), None);
            call.guards[GUARDS + number].handle_abandoned(Some(budget), None);
            let has_begun = call.next == Next::Settle;
            if let Some(taken) = call.paid[number].take().filter(|_| !has_begun) {
                model.refund(taken, now);
            }
        }
        *call = Call::new();
    }

    fn go(&mut self, call: &mut Call, said: Said, now: u64) -> Result<(), TestCaseError> {
        let goes_on = match call.next {
            Next::Start | Next::Resume => self.admit(call, now)?,
            Next::Try => {
                call.guards.iter_mut().for_each(CallGuards::handle_try);
                true
            }
            Next::Settle => {
                self.settle(call, said, now)?;
                if !said.verdict.wants_retry() {
                    *call = Call::new();
                    return Ok(());
                }
                true
            }
            Next::Retry => self.pay(call, said, now)?,
        };
        if goes_on {
            call.next = match call.next {
                Next::Start | Next::Resume => Next::Try,
                Next::Try => Next::Settle,
                Next::Settle => Next::Retry,
                Next::Retry => Next::Resume,
            };
        }
        Ok(())
    }

    fn compare(&mut self, now: u64) -> Result<(), TestCaseError> {
        for (breaker, model) in &self.breakers {
            prop_assert_eq!(breaker.state_at(|| seconds(now)), model.state(now));
            prop_assert_eq!(
                (breaker.opened(), breaker.rejected(), breaker.failures()),
                (model.opened, model.rejected, model.failures)
            );
        }
        for (budget, model) in &mut self.budgets {
            let (ours, theirs) = (budget.tokens_at(|| seconds(now)), model.tokens(now));
            prop_assert!((ours - theirs).abs() < 1e-6, "{} tokens, not {}", ours, theirs);
        }
        Ok(())
    }
}

/// Returns whether this is the change from one state to the other, and none where they are one.
fn is_change(change: Option<StateChange>, from: BreakerState, to: BreakerState) -> bool {
    change.map(|change| (change.from, change.to)) == (from != to).then_some((from, to))
}

proptest! {
    #[test]
    fn calls_with_two_breakers_and_two_budgets_answer_as_the_models_do(
        first in (1..4_u64, 1..6_u64, 1..3_usize),
        second in (1..4_u64, 1..6_u64, 1..3_usize),
        events in proptest::collection::vec(event(), 1..150),
        begin in prop_oneof![Just(0), 0..1_000_000 * SECOND],
    ) {
        let mut shared = Shared {
            breakers: [breakers(first.0, first.1, first.2), breakers(second.0, second.1, second.2)],
            budgets: [quota(), per_second(begin)],
        };
        // A bucket fills from the first moment that it is given.
        shared.budgets[1].0.tokens_at(|| seconds(begin));
        let mut calls: Vec<_> = (0..CALLS).map(|_| Call::new()).collect();
        let mut now = begin;
        for event in events {
            match event {
                Event::Wait(nanos) => now += nanos,
                Event::Go(call, said) => shared.go(&mut calls[call], said, now)?,
                Event::Drop(call) => shared.abandon(&mut calls[call], now),
                Event::Isolate(number) => {
                    let (breaker, model) = &mut shared.breakers[number];
                    breaker.isolate();
                    model.isolate();
                }
                Event::ForceOpen(number) => {
                    let (breaker, model) = &mut shared.breakers[number];
                    breaker.force_open_at(|| seconds(now));
                    model.force_open(now);
                }
                Event::Reset(number) => {
                    let (breaker, model) = &mut shared.breakers[number];
                    breaker.reset();
                    model.reset();
                }
            }
            shared.compare(now)?;
        }
    }

    /// Methods in any order and at any time, a clock that goes back and one that has come to its end
    /// included: what is abandoned leaves nothing behind.
    #[test]
    fn no_order_of_methods_and_no_clock_keeps_tokens_or_probes(
        methods in proptest::collection::vec(
            (0..6_u8, said(), prop_oneof![0..20 * SECOND, Just(u64::MAX), Just(u64::MAX - SECOND)]),
            1..60,
        ),
    ) {
        let (budget, breaker) = (quota().0, breakers(1, 1, 1).0);
        let (budget, breaker) = (Some(&budget), Some(&breaker));
        let (mut guards, mut last) = (CallGuards::new(), 0);
        for (method, said, now) in methods {
            let at = || seconds(now);
            last = last.max(now);
            match method {
                0 => {
 let _ = guards.handle_start(budget, breaker, at);
 }
                1 => guards.handle_try(),
                2 => {
                    let Said { verdict, health, .. } = said;
                    guards.handle_settled(budget, breaker, verdict, health, at, &mut || 0.5);
                }
                3 => {
                    let wait = seconds(said.wait * SECOND);
                    let _ = guards.handle_retry(budget, breaker, said.cost, wait, at);
                }
                4 => {
 let _ = guards.handle_resume(budget, breaker, at);
 }
                _ => guards.handle_abandoned(budget, breaker),
            }
            let left = budget.unwrap().tokens_at(at);
            prop_assert!((0.0..=25.0).contains(&left), "{} tokens", left);
        }
        guards.handle_abandoned(budget, breaker);
        let (budget, breaker) = (budget.unwrap(), breaker.unwrap());
        let before = budget.tokens_at(|| seconds(last));
        let mut next = CallGuards::new();
        if next.handle_start(Some(budget), Some(breaker), || seconds(last)).is_ok() {
            next.handle_abandoned(Some(budget), Some(breaker));
            // The place of the probe is free again.
            prop_assert!(breaker.check_at(|| seconds(last)).is_ok());
        }
        prop_assert!((budget.tokens_at(|| seconds(last)) - before).abs() < 1e-9);
    }
}
