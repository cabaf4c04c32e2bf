//! Calls with guards of a fleet.

use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rebackoff::prelude::*;
use rebackoff::{BreakerState, now};
use rebackoff_shared::fleet::{BudgetRule, Fleet, FleetBreaker};

static ONCE: Policy = policy!(constant(interval = secs(0)), max_tries = 1);
static TWICE: Policy = policy!(constant(interval = secs(0)), max_tries = 2);

/// An error of the target, or the rejection by a breaker.
#[derive(Debug, PartialEq)]
enum Failed {
    Target,
    Rejected,
}

impl From<rebackoff::Open> for Failed {
    fn from(_: rebackoff::Open) -> Self {
        Self::Rejected
    }
}

fn connect(url: &str) -> Fleet {
    Fleet::connect(url, now(), Duration::from_millis(25)).unwrap()
}

fn fail(breaker: &FleetBreaker) -> Failed {
    ONCE.retry(|| Err::<(), _>(Failed::Target)).breaker(breaker).call().unwrap_err()
}

#[test]
fn without_redis_calls_follow_the_guards_of_their_process() {
    let fleet = connect("redis://127.0.0.1:1/0");
    let breaker = fleet.breaker("shop", Breaker::builder().consecutive(2)).unwrap();
    assert_eq!([fail(&breaker), fail(&breaker)], [Failed::Target, Failed::Target]);
    assert_eq!(fail(&breaker), Failed::Rejected);

    let rule = BudgetRule::per_second(0.001, 2).members(2);
    let budget = fleet.budget("shop", rule).unwrap();
    let mut tries = 0;
    for _ in 0..2 {
        let target = || {
            tries += 1;
            Err::<(), _>(())
        };
        TWICE.retry(target).budget(&budget).call().unwrap_err();
    }
    assert_eq!(tries, 3, "one retry is the part of one member");
}

#[test]
fn calls_that_fail_in_two_members_open_the_breaker_of_a_third() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut server = Command::new("redis-server");
    server.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", ""]);
    let Ok(mut server) = server.stdout(Stdio::null()).spawn() else {
        eprintln!("redis-server was not found: apt-get install redis-server");
        return;
    };
    let url = format!("redis://127.0.0.1:{port}/0");
    let members = [(); 3].map(|()| {
        let shop = Breaker::builder().consecutive(2).open_for(secs(600));
        connect(&url).breaker("shop", shop).unwrap()
    });
    let state = |member: &FleetBreaker| member.breaker().state_at(now);
    // A member listens from its first call on.
    TWICE.retry(|| Ok::<_, Failed>(())).breaker(&members[2]).call().unwrap();
    let began = Instant::now();
    while state(&members[2]) != BreakerState::Open {
        fail(&members[0]);
        fail(&members[1]);
        assert!(began.elapsed() < Duration::from_secs(120));
        std::thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(fail(&members[2]), Failed::Rejected);
    server.kill().unwrap();
    server.wait().unwrap();
}
