//! The scripts beside the store of the models: the same operations have the same answers.
//!
//! The scripts read a clock that the test sets.

use std::time::Duration;

use redis::{Connection, Script};

use super::super::protocol::{
    Action, BreakerRequest, BreakerTerms, BudgetRequest, FleetState, OpenFor,
};
use super::super::rule::BudgetRule;
use super::super::store::{Store, parse};
use super::server::Server;
use super::store::{BreakerStore, BudgetStore, ShareStore};

const OPERATIONS: usize = 1_500;

/// Longer than any test: keys end by the clock of the test alone.
const WINDOW: Duration = Duration::from_secs(40_000);

struct Bench {
    server: Server,
    connection: Connection,
    random: fastrand::Rng,
    now: Duration,
}

impl Bench {
    fn start(seed: u64) -> Option<Self> {
        let server = Server::start()?;
        let connection = server.connection();
        let (random, now) = (fastrand::Rng::with_seed(seed), Duration::from_secs(2_000_000_000));
        Some(Self { server, connection, random, now })
    }

    /// Lets up to that time pass, in steps that an `f64` of tokens has exactly. Now and then the clock is set back.
    fn pass(&mut self, most: Duration) {
        let steps = u64::try_from(most.as_millis() / 125).unwrap();
        let passed = Duration::from_millis(125 * self.random.u64(0..=steps));
        if self.random.u32(0..50) == 0 {
            self.now -= 10 * passed;
        } else {
            self.now += passed;
        }
        let (seconds, micros) = (self.now.as_secs(), self.now.subsec_micros());
        let mut set = redis::cmd("MSET");
        set.arg("clock:s").arg(seconds).arg("clock:us").arg(micros);
        set.exec(&mut self.connection).unwrap();
    }

    fn forget(&self, key: &str) {
        for key in [key.to_owned(), format!("{key}:votes"), format!("{key}:callers")] {
            self.server.run::<()>(&["DEL", &key]);
        }
    }

    fn budget_request(&mut self) -> BudgetRequest {
        let Self { random, .. } = self;
        BudgetRequest {
            wanted: random.u32(0..12),
            back: if random.bool() { random.u32(0..4) } else { 0 },
            calls: random.u64(0..30),
        }
    }
}

fn store(member: u64) -> Store {
    let clock = "redis.call('MGET', 'clock:s', 'clock:us')";
    Store::of(member, |text| {
        assert!(text.contains("redis.call('TIME')"));
        Script::new(&text.replace("redis.call('TIME')", clock))
    })
}

fn any_action(random: &mut fastrand::Rng) -> Action {
    let span = Duration::from_millis(125 * random.u64(0..200));
    match random.u32(0..12) {
        0..3 => Action::Vote { span },
        3..6 => Action::Ask { lease: span },
        6 => Action::Release,
        7 => Action::Close,
        8 => Action::Open { span },
        9 if random.bool() => Action::Reset,
        9..11 => Action::Reopen { span, reopened: random.u64(0..5) },
        _ => Action::Sync,
    }
}

#[test]
fn the_script_of_a_breaker_answers_and_publishes_as_the_model_does() {
    let Some(mut bench) = Bench::start(1) else { return };
    let key = "rebackoff:{shop}:breaker";
    let stores: Vec<Store> = (0..4).map(store).collect();
    let mut known = [FleetState::default(); 4];
    let mut model = BreakerStore::default();
    let mut listening = bench.server.connection();
    let mut published = listening.as_pubsub();
    published.subscribe(key).unwrap();
    let (rule, open_for) = (String::new(), Duration::ZERO);
    let terms = BreakerTerms { rule, window: WINDOW, open_for };
    let mut changes = 0;
    for operation in 0..OPERATIONS {
        bench.pass(Duration::from_secs(20));
        if bench.random.u32(0..100) == 0 {
            bench.forget(key);
            model = BreakerStore::default();
        }
        let index = bench.random.usize(0..stores.len());
        let request = BreakerRequest {
            called: bench.random.bool(),
            known: known[index],
            action: any_action(&mut bench.random),
        };
        let member = u64::try_from(index).unwrap();
        let right = model.run(member, WINDOW, &request, bench.now);
        let answer = stores[index].run_breaker(&mut bench.connection, key, &terms, &request);
        let answer = answer.unwrap();
        assert_eq!(answer, right, "{operation}: {request:?} of {index}");
        for state in model.published.drain(..) {
            let message = published.get_message().unwrap().get_payload::<String>().unwrap();
            assert_eq!(parse(&message), Some(state), "{operation}: {request:?}");
            changes += 1;
        }
        // Some members miss the news.
        if bench.random.u32(0..4) > 0 {
            known[index] = answer.state;
        }
        if let Some(OpenFor { left, .. }) = &mut known[index].open {
            *left = left.saturating_sub(Duration::from_millis(125));
        }
    }
    assert!(changes > 50, "{changes}");
    published.set_read_timeout(Some(Duration::from_millis(1))).unwrap();
    assert!(published.get_message().is_err(), "nothing else is published");
}

#[test]
fn the_script_of_per_second_grants_as_the_model_does() {
    let Some(mut bench) = Bench::start(2) else { return };
    let (key, store) = ("rebackoff:{shop}:budget", store(0));
    let rule = BudgetRule::per_second(0.5, 40);
    let mut model = BudgetStore::new(0.5, 40.0);
    let mut granted = 0;
    for operation in 0..OPERATIONS {
        bench.pass(Duration::from_secs(12));
        if bench.random.u32(0..200) == 0 {
            bench.forget(key);
            model = BudgetStore::new(0.5, 40.0);
        }
        let request = bench.budget_request();
        let right = model.run(&request, bench.now);
        let answer = store.run_budget(&mut bench.connection, key, &rule, &request).unwrap();
        assert_eq!(answer, right, "{operation}: {request:?}");
        granted += answer.granted;
    }
    assert!(granted > 1_000, "{granted}");
}

#[test]
fn the_script_of_share_grants_as_the_model_does() {
    for is_empty in [false, true] {
        let Some(mut bench) = Bench::start(3) else { return };
        let (key, store) = ("rebackoff:{shop}:budget", store(0));
        let rule = BudgetRule::share(0.25, 0.0005, WINDOW).starts_empty(is_empty);
        let new = || ShareStore::new(0.25, 0.0005 * WINDOW.as_secs_f64(), WINDOW, is_empty);
        let (mut model, mut granted) = (new(), 0);
        for operation in 0..OPERATIONS / 2 {
            bench.pass(Duration::from_secs(3_000));
            if bench.random.u32(0..200) == 0 {
                bench.forget(key);
                model = new();
            }
            let request = bench.budget_request();
            let right = model.run(&request, bench.now);
            let answer = store.run_budget(&mut bench.connection, key, &rule, &request).unwrap();
            assert_eq!(answer, right, "{operation}: {request:?}");
            granted += answer.granted;
        }
        assert!(granted > 500, "{granted}");
    }
}
