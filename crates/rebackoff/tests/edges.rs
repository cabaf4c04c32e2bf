//! Edges: strange clocks, panics, zero waits, very many tries.

mod support;

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use rebackoff::hooks::Events;
use rebackoff::prelude::*;
use rebackoff::sleepers::Timeline;
use rebackoff::testing::VirtualClock;
use rebackoff::{Clock, EventKind, Hook, Policy, Sleeper, sleep_fn};
use support::{Fault, Flaky, block_on};

static PLAIN: Policy = policy!(expo, jitter = Jitter::None, max_tries = 4);
static AT_ONCE: Policy = policy!(constant(interval = Duration::ZERO), max_tries = 1_000_001);

thread_local! {
    static TIMES: RefCell<Vec<u64>> = const { RefCell::new(Vec::new()) };
}

/// A clock that answers with a list of times, in seconds, and stays at the last.
struct Scripted;

impl Scripted {
    fn new(times: &[u64]) -> Self {
        TIMES.set(times.iter().rev().copied().collect());
        Self
    }

    fn next() -> Duration {
        TIMES.with_borrow_mut(|times| {
            secs(if times.len() > 1 { times.pop().unwrap() } else { times[0] })
        })
    }
}

impl Clock for Scripted {
    fn timeline(&self) -> Timeline {
        Timeline::Function(Self::next)
    }
}

impl Sleeper for Scripted {
    fn sleep(&self, _: Duration) {}
}

#[test]
fn a_clock_that_stands_still_leaves_the_limit_of_tries() {
    let policy = policy!(expo, max_tries = 50, max_time = secs(1));
    let outcome = policy.retry(|| Err::<(), _>(1)).sleeper(Scripted::new(&[7])).outcome();
    assert_eq!((outcome.tries, outcome.reason), (50, Some(Reason::MaxTries)));
}

#[test]
fn a_clock_that_jumps_forward_by_a_year_ends_the_call() {
    let policy = policy!(expo, max_time = secs(60));
    let clock = Scripted::new(&[0, 1, 365 * 86_400]);
    let outcome = policy.retry(|| Err::<(), _>(1)).sleeper(clock).outcome();
    assert_eq!((outcome.tries, outcome.reason), (2, Some(Reason::MaxTime)));
}

/// A sleeper whose clock must not be read.
struct Unread;

impl Clock for Unread {
    fn timeline(&self) -> Timeline {
        Timeline::Function(|| panic!("read"))
    }
}

impl Sleeper for Unread {
    fn sleep(&self, _: Duration) {}
}

#[test]
fn the_clock_is_not_read_unless_something_asks_for_it() {
    let mut target = Flaky::failing(2);
    assert_eq!(PLAIN.retry(|| target.call()).sleeper(Unread).call(), Ok(3));
}

#[test]
fn a_hook_of_untimed_events_reads_no_clock_and_sees_no_time_elapsed() {
    struct Untimed(Vec<(EventKind, Duration)>);
    impl<O> Hook<O> for Untimed {
        const EVENTS: Events = Events::ALL.untimed();
        fn notify(&mut self, event: &Event<'_, O>) {
            self.0.push((event.kind, event.elapsed()));
        }
    }
    let (mut hook, mut target) = (Untimed(Vec::new()), Flaky::failing(1));
    assert_eq!(PLAIN.retry(|| target.call()).hook(&mut hook).sleeper(Unread).call(), Ok(2));
    let kinds = [EventKind::Try, EventKind::Backoff, EventKind::Try, EventKind::Success];
    assert_eq!(hook.0, kinds.map(|kind| (kind, Duration::ZERO)));
}

#[test]
fn the_longest_durations_saturate() {
    let policy = policy!(
        constant(interval = Duration::MAX),
        jitter = Jitter::Random,
        max_tries = 3,
        max_time = Duration::MAX,
        hint_ceiling = Duration::MAX
    );
    let clock = VirtualClock::new();
    let call = policy.retry(|| Err::<(), _>(1)).hint(|_| Some(Duration::MAX));
    let outcome = call.sleeper(clock.clone()).outcome();
    assert_eq!(outcome.tries, 2);
    assert_eq!(clock.waits(), [Duration::from_nanos(u64::MAX)]);
}

#[test]
fn a_wait_below_a_millisecond_is_kept() {
    let wait = Duration::from_nanos(1_234);
    let policy = policy!(
        constant(interval = Duration::from_nanos(1_234)),
        jitter = Jitter::None,
        max_tries = 2
    );
    let clock = VirtualClock::new();
    let _ = policy.retry(|| Err::<(), _>(1)).sleeper(clock.clone()).call();
    let _ = block_on(
        policy.retry_async(|| async { Err::<(), _>(1) }).sleeper(clock.clone()).into_future(),
    );
    assert_eq!(clock.waits(), [wait, wait]);
}

#[test]
fn a_zero_wait_asks_no_sleeper() {
    let policy = policy!(constant(interval = Duration::ZERO), jitter = Jitter::None, max_tries = 3);
    let asleep = Cell::new(0);
    let sleeper = sleep_fn(|_: Duration| asleep.set(asleep.get() + 1));
    let _ = policy.retry(|| Err::<(), _>(1)).sleeper(sleeper).call();
    assert_eq!(asleep.get(), 0);
}

#[test]
fn a_million_instant_retries_in_one_call_need_no_stack() {
    let mut target = Flaky::failing(1_000_000);
    let call = AT_ONCE.retry(|| target.call()).sleeper(VirtualClock::new());
    assert_eq!(call.call(), Ok(1_000_001));
    let target = Flaky::failing(1_000_000).shared();
    let outcome =
        block_on(AT_ONCE.retry_async(|| target.call()).sleeper(VirtualClock::new()).outcome());
    assert_eq!(outcome.tries, 1_000_001);
}

#[test]
fn a_wait_of_zero_asks_no_sleeper() {
    let mut target = Flaky::failing(3);
    let never = sleep_fn(|_: Duration| unreachable!("a wait of zero"));
    assert_eq!(AT_ONCE.retry(|| target.call()).sleeper(never).call(), Ok(4));
}

#[test]
fn nothing_is_called_ahead_of_time() {
    let steps = RefCell::new(Vec::new());
    let mut calls = 0;
    let sleeper = sleep_fn(|wait: Duration| steps.borrow_mut().push(format!("wait {wait:?}")));
    let _ = PLAIN
        .retry(|| {
            calls += 1;
            steps.borrow_mut().push(format!("call {calls}"));
            Err::<(), _>(calls)
        })
        .sleeper(sleeper)
        .call();
    let expected = ["call 1", "wait 1s", "call 2", "wait 2s", "call 3", "wait 4s", "call 4"];
    assert_eq!(steps.into_inner(), expected);
}

#[test]
fn a_target_that_panics_poisons_nothing() {
    let clock = VirtualClock::new();
    let calls = Cell::new(0);
    let call = || {
        PLAIN.retry(|| {
            calls.set(calls.get() + 1);
            if calls.get() == 2 { panic!("in the target") } else { Err::<(), _>(Fault(1)) }
        })
    };
    let panicked = catch_unwind(AssertUnwindSafe(|| call().sleeper(clock.clone()).call()));
    assert_eq!(panicked.unwrap_err().downcast_ref(), Some(&"in the target"));
    assert_eq!(call().sleeper(clock.clone()).outcome().tries, 4);
    assert_eq!(clock.waits().len(), 1 + 3);
}

#[test]
fn an_async_target_that_panics_poisons_nothing() {
    let clock = VirtualClock::new();
    let calls = Cell::new(0);
    let call = || {
        let target = || async {
            calls.set(calls.get() + 1);
            if calls.get() == 2 { panic!("in the target") } else { Err::<(), _>(Fault(1)) }
        };
        block_on(PLAIN.retry_async(target).sleeper(clock.clone()).outcome())
    };
    assert!(catch_unwind(AssertUnwindSafe(call)).is_err());
    assert_eq!(call().tries, 4);
}

#[test]
fn a_handler_that_panics_ends_the_call_and_nothing_else() {
    let clock = VirtualClock::new();
    let call = || PLAIN.retry(|| Err::<(), _>(1)).sleeper(clock.clone());
    let panicking = || call().on_backoff(|_| panic!("in the handler")).call();
    assert!(catch_unwind(AssertUnwindSafe(panicking)).is_err());
    assert_eq!(call().outcome().tries, 4);
}
