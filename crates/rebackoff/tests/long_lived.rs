//! Calls that live long, such as connection loops: they begin anew after a session that was healthy.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use rebackoff::prelude::*;
use rebackoff::sleepers::Timeline;
use rebackoff::testing::VirtualClock;
use rebackoff::{sleep_fn, sleepers};

const DAY: Duration = secs(86_400);

static CONNECT: Policy =
    policy!(expo(max_value = secs(300)), jitter = Jitter::None, reset_after = secs(60));
static FOR_EVER: Policy = policy!(expo(max_value = secs(300)), jitter = Jitter::None);
/// The times of the sessions, of which the third is healthy.
const SESSIONS: [Duration; 5] = [secs(0), secs(59), secs(60), secs(0), secs(0)];
const WAITS: [Duration; 5] = [secs(1), secs(2), secs(1), secs(2), secs(4)];

#[test]
fn ten_healthy_sessions_are_each_followed_by_the_first_wait() {
    let clock = VirtualClock::new();
    let mut tries = CONNECT.tries().sleeper(clock.clone());
    for lost in 1..=10 {
        clock.advance(DAY);
        tries.backoff("lost").unwrap();
        assert_eq!((tries.tries(), tries.total_tries()), (2, lost + 1));
        assert_eq!(tries.elapsed(), Some(secs(1)));
    }
    assert_eq!(clock.waits(), [secs(1); 10]);
}

#[tokio::test(start_paused = true)]
async fn an_async_loop_begins_anew_on_the_clock_of_its_sleeper() {
    let mut tries = CONNECT.tries_async();
    let mut waits = Vec::new();
    for session in SESSIONS {
        tokio::time::sleep(session).await;
        let begin = tokio::time::Instant::now();
        tries.backoff("lost").await.unwrap();
        waits.push(begin.elapsed());
    }
    assert_eq!(waits, WAITS);
    assert_eq!((tries.tries(), tries.total_tries()), (4, 6));
}

/// The waits, the tries and all tries of the events of one call.
type Seen = RefCell<Vec<(Duration, u64, u64)>>;

fn seen<E>(seen: &Seen, event: &Event<'_, Result<(), E>>) {
    if let Some(wait) = event.wait {
        seen.borrow_mut().push((wait, event.tries, event.total_tries));
    }
}

fn expected() -> Vec<(Duration, u64, u64)> {
    let tries = [1, 2, 1, 2, 3];
    WAITS.iter().zip(tries).zip(1..).map(|((&wait, tries), total)| (wait, tries, total)).collect()
}

/// A session of a server that ends after the five of [`SESSIONS`].
struct Server {
    clock: VirtualClock,
    sessions: Cell<usize>,
}

impl Server {
    fn new() -> Self {
        Self { clock: VirtualClock::new(), sessions: Cell::new(0) }
    }

    fn session(&self) -> Result<(), &'static str> {
        let number = self.sessions.replace(self.sessions.get() + 1);
        let Some(&lasted) = SESSIONS.get(number) else { return Ok(()) };
        self.clock.advance(lasted);
        Err("lost")
    }
}

#[test]
fn a_call_of_a_closure_begins_anew() {
    let (server, log) = (Server::new(), Seen::default());
    let outcome = CONNECT
        .retry(|| server.session())
        .sleeper(server.clock.clone())
        .on_backoff(|event| seen(&log, event))
        .outcome();
    assert_eq!(log.into_inner(), expected());
    assert_eq!((outcome.tries, outcome.total_tries), (4, 6));
    assert_eq!(outcome.elapsed, secs(1 + 2 + 4));
}

#[test]
fn an_async_call_begins_anew() {
    let (server, log) = (Server::new(), Seen::default());
    let call = CONNECT
        .retry_async(|| async { server.session() })
        .sleeper(server.clock.clone())
        .on_backoff(|event| seen(&log, event));
    let outcome = futures_lite::future::block_on(call.outcome());
    assert_eq!(log.into_inner(), expected());
    assert_eq!((outcome.tries, outcome.total_tries), (4, 6));
}

#[on_error(expo(max_value = 300), jitter = none, reset_after = "1m",
           sleeper = server.clock.clone(), on_backoff = |event| seen(log, event))]
fn serve(server: &Server, log: &Seen) -> Result<(), &'static str> {
    server.session()
}

#[on_error(expo(max_value = 300), jitter = none, reset_after = 60,
           sleeper = server.clock.clone(), on_backoff = |event| seen(log, event))]
async fn serve_async(server: &Server, log: &Seen) -> Result<(), &'static str> {
    server.session()
}

#[test]
fn the_call_of_an_attribute_begins_anew() {
    let (server, log) = (Server::new(), Seen::default());
    assert_eq!(serve(&server, &log), Ok(()));
    assert_eq!(log.take(), expected());
    let server = Server::new();
    assert_eq!(futures_lite::future::block_on(serve_async(&server, &log)), Ok(()));
    assert_eq!(log.take(), expected());
}

#[test]
fn a_policy_that_an_error_chose_takes_the_place_in_the_new_schedule() {
    static SLOW: Policy = policy!(linear(start = secs(10), step = secs(10)), jitter = Jitter::None);
    let server = Server::new();
    let log = Seen::default();
    CONNECT
        .retry(|| server.session())
        .policy_for(|_| SLOW)
        .sleeper(server.clock.clone())
        .on_backoff(|event| seen(&log, event))
        .call()
        .unwrap();
    let waits: Vec<_> = log.into_inner().iter().map(|(wait, ..)| wait.as_secs()).collect();
    assert_eq!(waits, [10, 20, 10, 20, 30]);
}

#[test]
fn a_loop_that_is_reset_begins_anew() {
    let clock = VirtualClock::new();
    let policy = policy!(expo, jitter = Jitter::None, max_tries = 3, max_time = secs(10));
    let mut tries = policy.tries().sleeper(clock.clone());
    for _ in 0..10 {
        tries.backoff("refused").unwrap();
        clock.advance(DAY); // connected
        tries.reset();
        assert_eq!((tries.tries(), tries.elapsed()), (1, Some(Duration::ZERO)));
        tries.backoff("lost").unwrap();
        assert_eq!(tries.remaining(), Some(secs(9)));
        tries.reset();
    }
    assert_eq!(clock.waits(), [secs(1); 20]);
    assert_eq!(tries.total_tries(), 21);
}

#[test]
fn a_loop_that_gave_up_goes_on_where_it_is_reset() {
    let policy = policy!(expo, jitter = Jitter::None, max_tries = 2);
    let mut tries = policy.tries().sleeper(VirtualClock::new());
    for _ in 0..3 {
        tries.backoff("lost").unwrap();
        assert_eq!(tries.backoff("lost"), Err("lost"));
        assert_eq!(tries.reason(), Some(Reason::MaxTries));
        tries.reset();
        assert_eq!((tries.reason(), tries.tries()), (None, 1));
    }
}

#[test]
fn a_loop_says_how_long_it_will_wait_before_it_waits() {
    let clock = VirtualClock::new();
    let policy = policy!(expo, jitter = Jitter::None, max_tries = 3);
    let mut tries = policy.tries().sleeper(clock.clone());
    for wait in [secs(1), secs(2)] {
        let (waits, number) = (clock.waits().len(), tries.tries());
        let backoff = tries.begin_backoff("lost").unwrap();
        assert_eq!((backoff.wait(), clock.waits().len()), (wait, waits));
        backoff.sleep().unwrap();
        assert_eq!((clock.waits().last(), tries.tries()), (Some(&wait), number + 1));
    }
    assert_eq!(tries.begin_backoff("lost").unwrap_err(), "lost");
}

#[tokio::test(start_paused = true)]
async fn an_async_loop_says_how_long_it_will_wait_before_it_waits() {
    let mut tries = FOR_EVER.tries_async();
    for wait in [secs(1), secs(2), secs(4)] {
        let begin = tokio::time::Instant::now();
        let backoff = tries.begin_backoff("lost").unwrap();
        assert_eq!((backoff.wait(), begin.elapsed()), (wait, Duration::ZERO));
        backoff.sleep().await.unwrap();
        assert_eq!(begin.elapsed(), wait);
    }
}

#[test]
fn a_wait_that_a_test_skips_is_shown_all_the_same() {
    let _no_wait = rebackoff::testing::no_wait();
    let mut tries = CONNECT.tries();
    let backoff = tries.begin_backoff("lost").unwrap();
    assert_eq!(backoff.wait(), secs(1));
    backoff.sleep().unwrap();
    assert_eq!(tries.elapsed().map(|elapsed| elapsed.as_secs()), Some(1));
}

thread_local! {
    static READINGS: Cell<u32> = const { Cell::new(0) };
}

fn counted_clock() -> Duration {
    READINGS.set(READINGS.get() + 1);
    Duration::ZERO
}

fn readings(policy: &Policy) -> u32 {
    READINGS.set(0);
    let counted = sleep_fn(|_: Duration| ()).clock(Timeline::Function(counted_clock));
    let _ = policy.retry(|| Err::<(), _>("lost")).sleeper(counted).call();
    READINGS.get()
}

#[test]
fn the_clock_is_read_for_each_try_only_where_a_long_try_begins_the_call_anew() {
    assert_eq!(readings(&policy!(expo, max_tries = 4)), 0);
    // Once for the begin of each try, and once for its end.
    assert_eq!(readings(&policy!(expo, max_tries = 4, reset_after = secs(1))), 8);
}

#[test]
fn a_wait_is_no_part_of_a_try() {
    let clock = VirtualClock::new();
    let policy = policy!(constant(interval = secs(90)), jitter = Jitter::None, max_tries = 3);
    let policy = rebackoff::engine::PolicyBuilder::from(policy).reset_after(secs(60)).build();
    let outcome = policy.unwrap().retry(|| Err::<(), _>("lost")).sleeper(clock).outcome();
    assert_eq!((outcome.tries, outcome.reason), (3, Some(Reason::MaxTries)));
}

#[test]
fn the_default_sleeper_measures_a_try_by_the_system_clock() {
    let mut tries = CONNECT.tries().sleeper(sleepers::ThreadSleeper);
    tries.reset();
    assert!(tries.elapsed() < Some(DAY));
}
