use std::time::{Duration, Instant};

use rebackoff_core::Cost;
use rebackoff_shared::fleet::{BudgetRule, FleetBudget};

use super::{Server, member, now, wait_until};

const MEMBERS: u32 = 4;
const SIZE: u32 = 12;

fn rule() -> BudgetRule {
    BudgetRule::per_second(10.0, 100).members(MEMBERS)
}

fn members(server: &Server, rule: BudgetRule) -> Vec<FleetBudget> {
    let members: Vec<FleetBudget> =
        (0..MEMBERS).map(|_| member(server).budget("shop", rule).unwrap()).collect();
    wait_until("leases", || members.iter().all(|member| !is_alone(member)));
    members
}

fn is_alone(member: &FleetBudget) -> bool {
    member.for_call().lease().is_some_and(rebackoff_core::Lease::is_alone)
}

fn withdraw(member: &FleetBudget) -> bool {
    let paid = member.budget().withdraw_at(Cost::Retry, now).is_ok();
    member.notify();
    paid
}

/// Each member asks for so long. Returns the tokens that it got.
fn spend(members: &[FleetBudget], span: Duration) -> Vec<u32> {
    let mut spent = vec![0; members.len()];
    let began = Instant::now();
    while began.elapsed() < span {
        for (member, spent) in members.iter().zip(&mut spent) {
            *spent += u32::from(withdraw(member));
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    spent
}

#[test]
fn a_fleet_spends_its_tokens_and_no_more_also_after_its_data_are_lost() {
    let Some(server) = Server::start() else { return };
    let members = members(&server, rule());
    let began = Instant::now();
    let spent: u32 = spend(&members, Duration::from_secs(2)).iter().sum();
    let most = 100.0 + 10.0 * began.elapsed().as_secs_f64() + f64::from(MEMBERS * SIZE);
    assert!(f64::from(spent) <= most, "{spent} {most}");
    assert!(spent >= 100, "{spent}");

    server.run::<()>(&["FLUSHALL"]);
    let again: u32 = spend(&members, Duration::from_secs(1)).iter().sum();
    let most = 100.0 + most + f64::from(MEMBERS * SIZE) + 10.0 * began.elapsed().as_secs_f64();
    assert!(f64::from(spent + again) <= most, "{spent} {again} {most}");
    assert!(again >= 50, "{again}");
}

#[test]
fn a_budget_that_begins_empty_gives_nothing_at_once() {
    let Some(server) = Server::start() else { return };
    let members = members(&server, BudgetRule::per_second(0.001, 100).starts_empty(true));
    assert_eq!(spend(&members, Duration::from_millis(500)), [0; MEMBERS as usize]);
}

#[test]
fn a_share_counts_the_calls_of_all_members() {
    let Some(server) = Server::start() else { return };
    let rule = BudgetRule::share(0.5, 0.0, Duration::from_secs(60)).members(MEMBERS);
    let members = members(&server, rule);
    assert_eq!(spend(&members, Duration::from_millis(300)), [0; MEMBERS as usize]);
    // The first member calls, the second retries.
    (0..100).for_each(|_| members[0].budget().handle_start_at(now));
    let mut spent = 0;
    let began = Instant::now();
    while spent < 10 {
        spent += spend(&members[1..2], Duration::from_millis(100))[0];
        assert!(began.elapsed() < Duration::from_secs(120), "{spent}");
    }
    spent += spend(&members[1..2], Duration::from_secs(1))[0];
    assert!(spent <= 50, "{spent}");
}

#[test]
fn without_redis_each_member_has_its_part() {
    let Some(mut server) = Server::start() else { return };
    let members = members(&server, rule());
    spend(&members, Duration::from_millis(200));
    server.kill();
    wait_until("alone", || members.iter().all(is_alone));
    let began = Instant::now();
    let spent = spend(&members, Duration::from_millis(500));
    let own = 25.0 + 2.5 * began.elapsed().as_secs_f64() + f64::from(SIZE);
    for spent in spent {
        assert!(spent >= 25 && f64::from(spent) <= own, "{spent} {own}");
    }
}

#[test]
fn a_member_that_ends_gives_its_tokens_back() {
    let Some(server) = Server::start() else { return };
    let rule = BudgetRule::per_second(0.001, 100).members(1);
    let first = member(&server).budget("shop", rule).unwrap();
    wait_until("a lease", || !is_alone(&first));
    let mut spent = 0;
    wait_until("a batch", || {
        withdraw(&first);
        first.budget().lease().unwrap().tokens(now().into()) > 5
    });
    let key = &server.run::<Vec<String>>(&["KEYS", "*"])[0];
    assert!(key.starts_with("rebackoff:{shop}:budget:"), "{key}");
    assert!(server.run::<i64>(&["PTTL", key]) > 0);
    let tokens = || server.run::<String>(&["HGET", key, "tokens"]).parse::<f64>().unwrap();
    let before = tokens();
    let left = f64::from(first.budget().lease().unwrap().tokens(now().into()));
    first.fleet().finish();
    assert!(tokens() >= before + left, "{} {before} {left}", tokens());
    spent += u32::from(withdraw(&first));
    assert_eq!(spent, 1, "it goes on by itself");
}

#[test]
fn a_member_goes_on_alone_while_the_memory_of_redis_is_full() {
    let Some(server) = Server::start() else { return };
    let members = members(&server, rule());
    server.run::<()>(&["CONFIG", "SET", "maxmemory", "1"]);
    wait_until("alone", || {
        spend(&members[..1], Duration::from_millis(10));
        is_alone(&members[0])
    });
    assert!(members[0].fleet().is_degraded());
    server.run::<()>(&["CONFIG", "SET", "maxmemory", "0"]);
    wait_until("with the fleet again", || {
        spend(&members[..1], Duration::from_millis(10));
        !is_alone(&members[0]) && !members[0].fleet().is_degraded()
    });
}
