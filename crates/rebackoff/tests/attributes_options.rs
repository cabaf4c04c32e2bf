//! Every option of the attributes.

use std::cell::{Cell, RefCell};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use rebackoff::prelude::*;
use rebackoff::testing::{self, VirtualClock};
use rebackoff::{EventKind, LivePolicy, Seconds};

/// Waits of functions that always fail, in milliseconds, blocking and async.
macro_rules! waits {
    ($($strategy:ident: ($($options:tt)*) => [$($millis:literal),*];)*) => {$(
        #[test]
        fn $strategy() {
            #[on_error($($options)*, jitter = none, sleeper = clock.clone())]
            fn blocking(clock: &VirtualClock) -> Result<(), ()> {
                Err(())
            }

            #[on_error($($options)*, jitter = none, sleeper = clock.clone())]
            async fn asynchronous(clock: &VirtualClock) -> Result<(), ()> {
                Err(())
            }

            let expected = [$(millis($millis)),*];
            let clock = VirtualClock::new();
            assert_eq!(blocking(&clock), Err(()));
            assert_eq!(clock.waits(), expected);
            let clock = VirtualClock::new();
            assert_eq!(futures_lite::future::block_on(asynchronous(&clock)), Err(()));
            assert_eq!(clock.waits(), expected);
        }
    )*};
}

const STEP: Duration = millis(20);

waits! {
    constant_by_default: (constant, max_tries = 3) => [1000, 1000];
    constant_of_an_interval: (constant(interval = 0.25), max_tries = 3) => [250, 250];
    list_of_waits: (list(1, 0.5, "1m 30s", 7ms, STEP)) => [1000, 500, 90_000, 7, 20];
    linear_by_default: (linear, max_tries = 4) => [1000, 2000, 3000];
    linear_with_parameters: (linear(start = "10ms", step = STEP, max_value = 0.04), max_tries = 4) => [10, 30, 40];
    expo_by_default: (expo, max_tries = 4) => [1000, 2000, 4000];
    expo_with_parameters: (expo(base = 3, factor = 10ms, max_value = 50ms), max_tries = 4) => [10, 30, 50];
    expo_of_a_fraction: (expo(base = 1.5), max_tries = 3) => [1000, 1500];
    fibo_by_default: (fibo(), max_tries = 6) => [1000, 1000, 2000, 3000, 5000];
    fibo_with_a_cap: (fibo(max_value = 1m30s), max_tries = 13, max_time = 4) => [1000, 1000, 2000];
    decay_of_nothing: (decay(initial_value = 2, decay_factor = 0, min_value = 1), max_tries = 3) => [2000, 2000];
    last_wait_shortened: (constant(interval = 2), max_time = 3, last_wait = shorten) => [2000, 1000];
    last_wait_stopped: (constant(interval = 2), max_time = 3, last_wait = stop) => [2000];
    constants_of_the_program: (constant(interval = STEP.saturating_mul(2)), max_tries = 1 + 2, max_time = secs(9)) => [40, 40];
}

#[test]
fn decorrelated_waits_are_drawn_between_base_and_cap() {
    #[on_error(decorrelated(base = 1, max_value = 2), max_tries = 3, sleeper = clock.clone())]
    fn call(clock: &VirtualClock) -> Result<(), ()> {
        Err(())
    }

    let _draws = testing::draws([0.5, 1.0 - f64::EPSILON]);
    let clock = VirtualClock::new();
    assert_eq!(call(&clock), Err(()));
    assert_eq!(clock.waits(), [secs(2), secs(2)]);
}

#[test]
fn jitter_is_one_of_four_words_and_full_by_default() {
    macro_rules! wait {
        ($($option:tt)*) => {{
            #[on_error(constant, max_tries = 2, sleeper = clock.clone() $($option)*)]
            fn call(clock: &VirtualClock) -> Result<(), ()> {
                Err(())
            }
            let _draws = testing::draws([0.5]);
            let clock = VirtualClock::new();
            assert_eq!(call(&clock), Err(()));
            clock.waits()[0]
        }};
    }
    assert_eq!(wait!(), millis(500));
    assert_eq!(wait!(, jitter = full), millis(500));
    assert_eq!(wait!(, jitter = equal), millis(750));
    assert_eq!(wait!(, jitter = random), millis(1500));
    assert_eq!(wait!(, jitter = none), millis(1000));
    assert_eq!(wait!(, jitter_by = |wait| wait / 8), millis(125));
}

#[derive(Clone, Debug, PartialEq)]
enum Failed {
    Deadlock,
    Throttled(u64),
    Denied,
}

fn is_denied(error: &Failed) -> bool {
    *error == Failed::Denied
}

/// Gives the outcomes in turn, the last one for ever, and counts.
struct Script {
    outcomes: Vec<Result<u32, Failed>>,
    calls: Cell<usize>,
    clock: VirtualClock,
}

impl Script {
    fn of(outcomes: &[Result<u32, Failed>]) -> Self {
        Self { outcomes: outcomes.to_vec(), calls: Cell::new(0), clock: VirtualClock::new() }
    }

    fn next(&self) -> Result<u32, Failed> {
        let call = self.calls.replace(self.calls.get() + 1);
        self.outcomes[call.min(self.outcomes.len() - 1)].clone()
    }

    #[on_error(constant, giveup = is_denied, max_tries = 5, sleeper = self.clock.clone())]
    fn giveup(&self) -> Result<u32, Failed> {
        self.next()
    }

    #[on_error(constant, when = |error| !is_denied(error), max_tries = 5, sleeper = self.clock.clone())]
    fn when(&self) -> Result<u32, Failed> {
        self.next()
    }

    #[on_error(constant, hint = |error| match error {
        Failed::Throttled(wait) => Some(secs(*wait)),
        _ => None,
    }, jitter = none, hint_ceiling = 4, hint_above = cap, max_tries = 3, sleeper = self.clock.clone())]
    fn hint(&self) -> Result<u32, Failed> {
        self.next()
    }

    #[on_error(
        constant,
        max_tries = 4,
        policy_for = |error| match error {
            Failed::Deadlock => &QUICKLY,
            _ => &GENTLY,
        },
        sleeper = self.clock.clone(),
    )]
    fn policy_for(&self) -> Result<u32, Failed> {
        self.next()
    }

    #[on_error(
        constant,
        until = |result| *result != Ok(0),
        max_tries = 5,
        sleeper = self.clock.clone()
    )]
    fn until(&self) -> Result<u32, Failed> {
        self.next()
    }

    #[on_error(constant, judge = |result| match result {
        Ok(0) => Verdict::RetryAfter(Seconds::from_duration(secs(7))),
        Ok(_) => Verdict::Accept,
        Err(_) => Verdict::Stop,
    }, max_tries = 5, sleeper = self.clock.clone())]
    fn judge(&self) -> Result<u32, Failed> {
        self.next()
    }

    #[on_error(runtime, wait_from = |result| match result {
        Err(Failed::Throttled(wait)) => Some(secs(*wait)),
        _ => None,
    }, jitter = none, sleeper = self.clock.clone())]
    fn wait_from(&self) -> Result<u32, Failed> {
        self.next()
    }
}

static QUICKLY: Policy = policy!(constant(interval = millis(1)), jitter = Jitter::None);
static GENTLY: Policy = policy!(constant(interval = secs(9)), jitter = Jitter::None);

#[test]
fn conditions_say_which_errors_are_retried() {
    for call in [Script::giveup, Script::when] {
        let script = Script::of(&[Err(Failed::Deadlock), Err(Failed::Denied), Ok(1)]);
        assert_eq!((call(&script), script.calls.get()), (Err(Failed::Denied), 2));
    }
    let script = Script::of(&[Ok(0), Err(Failed::Denied), Ok(0), Ok(3)]);
    assert_eq!((script.until(), script.calls.get()), (Ok(3), 4));
    let script = Script::of(&[Ok(0), Err(Failed::Deadlock), Ok(3)]);
    assert_eq!((script.judge(), script.calls.get()), (Err(Failed::Deadlock), 2));
    let [wait] = script.clock.waits()[..] else { panic!("one wait") };
    assert!((millis(7000)..millis(7700)).contains(&wait), "{wait:?}");
}

#[test]
fn waits_may_come_from_the_error() {
    let script = Script::of(&[Err(Failed::Throttled(5)), Err(Failed::Deadlock), Ok(1)]);
    assert_eq!(script.hint(), Ok(1));
    assert_eq!(script.clock.waits(), [secs(4), secs(1)]);

    let script = Script::of(&[Err(Failed::Throttled(5)), Err(Failed::Deadlock), Ok(1)]);
    assert_eq!(script.policy_for(), Ok(1));
    assert_eq!(script.clock.waits(), [secs(9), millis(1)]);

    let script =
        Script::of(&[Err(Failed::Throttled(5)), Err(Failed::Throttled(6)), Err(Failed::Deadlock)]);
    assert_eq!(script.wait_from(), Err(Failed::Deadlock));
    assert_eq!(script.clock.waits(), [secs(5), secs(6)]);
}

type Log = RefCell<Vec<(EventKind, u64, Option<u32>)>>;

fn note(log: &Log, event: &Event<'_, Result<u32, u32>>) {
    log.borrow_mut().push((event.kind, event.tries, event.error().copied()));
}

#[on_error(
    constant(interval = 0),
    max_tries = 3,
    on_try = |event| note(log, event),
    on_backoff = [|event| note(log, event), |event| note(log, event)],
    on_giveup = |event| note(log, event),
    on_giveup = |event| note(log, event),
    on_success = |event| note(log, event),
)]
fn told(log: &Log, succeeds_on: u32, calls: &mut u32) -> Result<u32, u32> {
    *calls += 1;
    if *calls == succeeds_on { Ok(*calls) } else { Err(*calls) }
}

#[test]
fn handlers_are_told_in_the_order_in_which_they_are_given() {
    use EventKind::{Backoff, Giveup, Success, Try};
    let log = Log::default();
    assert_eq!(told(&log, 2, &mut 0), Ok(2));
    let first = [(Try, 1, None), (Backoff, 1, Some(1)), (Backoff, 1, Some(1)), (Try, 2, None)];
    assert_eq!(log.borrow()[..4], first);
    assert_eq!(log.borrow()[4..], [(Success, 2, None)]);
    log.borrow_mut().clear();
    assert_eq!(told(&log, 9, &mut 0), Err(3));
    let last = [(Try, 3, None), (Giveup, 3, Some(3)), (Giveup, 3, Some(3))];
    assert_eq!(log.borrow()[6..], last);
}

fn ignore<O>(_: &Event<'_, O>) {}

#[on_predicate(
    fibo(max_value = 2),
    Vec::is_empty,
    max_tries = 9,
    jitter = none,
    on_backoff = ignore,
    sleeper = clock.clone()
)]
fn poll(batches: &mut Vec<Vec<u32>>, clock: &VirtualClock) -> Vec<u32> {
    batches.pop().unwrap_or_default()
}

#[on_predicate(
    policy = *LAZILY,
    |items| items.iter().sum::<u32>() == 0,
    sleeper = clock.clone()
)]
async fn poll_by_policy(batches: &mut Vec<Vec<u32>>, clock: &VirtualClock) -> Vec<u32> {
    batches.pop().unwrap_or_default()
}

static LAZILY: LazyLock<Policy> =
    LazyLock::new(|| policy!(constant(interval = secs(3)), jitter = Jitter::None, max_tries = 3));

#[test]
fn a_predicate_says_what_is_tried_again() {
    let clock = VirtualClock::new();
    assert_eq!(poll(&mut vec![vec![7], vec![], vec![], vec![]], &clock), [7]);
    assert_eq!(clock.waits(), [secs(1), secs(1), secs(2)]);

    let clock = VirtualClock::new();
    assert!(futures_lite::future::block_on(poll_by_policy(&mut Vec::new(), &clock)).is_empty());
    assert_eq!(clock.waits(), [secs(3), secs(3)]);
}

#[test]
fn a_predicate_may_see_a_result() {
    #[on_predicate(constant(interval = 0), |result| matches!(result, Ok(0)), max_tries = 5)]
    fn call(script: &Script) -> Result<u32, Failed> {
        script.next()
    }
    let script = Script::of(&[Ok(0), Ok(0), Err(Failed::Denied)]);
    assert_eq!((call(&script), script.calls.get()), (Err(Failed::Denied), 3));
}

struct Client {
    own: Policy,
    shared: Arc<Policy>,
    live: LivePolicy,
}

impl Client {
    #[on_error(policy = self.own)]
    fn own(&self, tries: &mut u32) -> Result<(), ()> {
        *tries += 1;
        Err(())
    }

    #[on_error(policy = self.shared)]
    fn shared(&self, tries: &mut u32) -> Result<(), ()> {
        *tries += 1;
        Err(())
    }

    #[on_error(policy = self.live.current())]
    async fn live(&self, tries: &mut u32) -> Result<(), ()> {
        *tries += 1;
        Err(())
    }
}

const fn at_once(max_tries: u64) -> Policy {
    match rebackoff::engine::PolicyBuilder::with(constant().interval(millis(0)).wait())
        .max_tries(max_tries)
        .build()
    {
        Ok(policy) => policy,
        Err(_) => panic!(),
    }
}

#[test]
fn a_policy_is_read_on_each_call() {
    static STATIC: Policy = at_once(2);

    #[on_error(policy = STATIC)]
    fn fixed(tries: &mut u32) -> Result<(), ()> {
        *tries += 1;
        Err(())
    }

    #[on_error(policy = if eagerly { at_once(5) } else { at_once(1) })]
    fn chosen(eagerly: bool, tries: &mut u32) -> Result<(), ()> {
        *tries += 1;
        Err(())
    }

    let tries = |call: &mut dyn FnMut(&mut u32) -> Result<(), ()>| {
        let mut tries = 0;
        assert_eq!(call(&mut tries), Err(()));
        tries
    };
    let client = Client { own: at_once(3), shared: Arc::new(at_once(4)), live: at_once(5).into() };
    assert_eq!(tries(&mut fixed), 2);
    assert_eq!(tries(&mut |tries| chosen(true, tries)), 5);
    assert_eq!(tries(&mut |tries| chosen(false, tries)), 1);
    assert_eq!(tries(&mut |tries| client.own(tries)), 3);
    assert_eq!(tries(&mut |tries| client.shared(tries)), 4);
    assert_eq!(tries(&mut |tries| futures_lite::future::block_on(client.live(tries))), 5);
    client.live.replace(at_once(6));
    assert_eq!(tries(&mut |tries| futures_lite::future::block_on(client.live(tries))), 6);
}

#[test]
fn options_take_functions_in_every_form() {
    static SHOP: Breaker = breaker!(consecutive = 99);

    fn one_of(codes: &[u32]) -> impl FnMut(&u32) -> bool {
        |error| codes.contains(error)
    }

    #[on_error(
        constant(interval = 0),
        // A temporary, which lives as long as the call.
        giveup = one_of(&vec![404; tries.len() + 1]),
        // A state of its own, which all tries share.
        when = { let mut left = 3; move |_| { left -= 1; left > 0 } },
        on_try = (|event| tries.push(event.tries)),
        breaker = SHOP,
        // Called once at most.
        rejected = |_| Ok(cached),
    )]
    fn fetch(tries: &mut Vec<u64>, cached: String) -> Result<String, u32> {
        Err(500)
    }

    let mut tries = Vec::new();
    assert_eq!(fetch(&mut tries, String::new()), Err(500));
    assert_eq!(tries, [1, 2, 3]);
    SHOP.isolate();
    assert_eq!(fetch(&mut tries, "cached".to_owned()), Ok("cached".to_owned()));
}

#[test]
fn every_option_goes_with_an_impl_trait() {
    static ORDER: Policy = policy!(constant, max_tries = 2);
    static RETRIES: Budget = budget!(quota);
    static SHOP: Breaker = breaker!(consecutive = 99);

    #[derive(Default)]
    struct Count(u64);

    impl<O> rebackoff::Hook<O> for Count {
        fn notify(&mut self, event: &Event<'_, O>) {
            self.0 += u64::from(event.kind == EventKind::Backoff);
        }
    }

    #[on_error(
        policy = ORDER,
        budget = RETRIES,
        breaker = SHOP,
        rejected = |_| Err("rejected"),
        hook = count,
        sleeper = VirtualClock::new(),
    )]
    fn blocking(count: &mut Count, wrong: u32) -> Result<impl Iterator<Item = u32>, &'static str> {
        if wrong > 0 { Err("wrong") } else { Ok(0..3) }
    }

    #[on_error(
        policy = ORDER,
        budget = RETRIES,
        breaker = SHOP,
        rejected = |_| Err("rejected"),
        hook = count,
        sleeper = VirtualClock::new(),
        timeout = 9,
        late = |_| Err("late"),
    )]
    async fn asynchronous(
        count: &mut Count,
        wrong: u32,
    ) -> Result<impl Iterator<Item = u32>, &'static str> {
        if wrong > 0 { Err("wrong") } else { Ok(0..3) }
    }

    #[on_predicate(policy = ORDER, |_| true, budget = RETRIES, hook = count, sleeper = VirtualClock::new())]
    fn values(count: &mut Count) -> impl Iterator<Item = u32> + use<> {
        0..3
    }

    let mut count = Count::default();
    assert_eq!(blocking(&mut count, 0).map(Iterator::count), Ok(3));
    assert_eq!(blocking(&mut count, 1).map(Iterator::count), Err("wrong"));
    let of = futures_lite::future::block_on(asynchronous(&mut count, 1));
    assert_eq!(of.map(Iterator::count), Err("wrong"));
    assert_eq!(values(&mut count).count(), 3);
    assert_eq!(count.0, 3);
}
