//! Operators, who look at guards and change them for all members.

use std::time::Duration;

use rebackoff_core::{BreakerState, Budget};
use rebackoff_shared::fleet::{BudgetRule, FleetEntry, FleetEntryState, FleetOperator};

use super::breakers::{admit, call_all, long, members, state, trip, wait_for_all, wait_for_sync};
use super::{Server, member, now, wait_until};

fn entries(operator: &mut FleetOperator) -> Vec<FleetEntry> {
    operator.guards().unwrap().into_iter().map(Result::unwrap).collect()
}

/// The state of the only breaker.
fn seen(operator: &mut FleetOperator) -> (BreakerState, u64, Vec<String>) {
    let [entry] = &entries(operator)[..] else { panic!("one breaker") };
    match &entry.state {
        FleetEntryState::Breaker { state, epoch, votes, .. } => (*state, *epoch, votes.clone()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_operator_sees_who_opened_a_breaker_and_closes_and_opens_it_for_all_members() {
    let Some(server) = Server::start() else { return };
    let members = members(&server, 3, long());
    let mut operator = FleetOperator::connect(&server.url()).unwrap();
    assert!(entries(&mut operator).is_empty());
    call_all(&members);
    wait_for_sync(&members);
    trip(&members[..1]);
    wait_until("a vote", || {
        let mut operator = FleetOperator::connect(&server.url()).unwrap();
        seen(&mut operator).2.len() == 1
    });
    assert_eq!(seen(&mut operator).0, BreakerState::Closed);
    let mut entry = entries(&mut operator).remove(0);
    assert_eq!(
        (entry.name.as_str(), entry.rule.as_str()),
        ("shop", &*members[0].breaker().to_string())
    );

    // It also closes the breaker of a member that has opened by itself.
    operator.reset(&mut entry).unwrap();
    wait_for_all(&members, BreakerState::Closed);
    wait_until("two of three members trip", || {
        trip(&members[..2]);
        state(&members[2]) == BreakerState::Open
    });
    let (is, epoch, votes) = seen(&mut operator);
    assert_eq!((is, votes.len()), (BreakerState::Open, 2), "{votes:?}");
    let process = format!(":{}:", std::process::id());
    assert!(votes.iter().all(|vote| vote.contains(&process)), "{votes:?}");

    operator.reset(&mut entry).unwrap();
    assert_eq!(seen(&mut operator), (BreakerState::Closed, epoch + 1, Vec::new()));
    wait_for_all(&members, BreakerState::Closed);
    operator.open(&mut entry).unwrap();
    let FleetEntryState::Breaker { retry_in, callers, .. } = entry.state else { panic!() };
    assert!(retry_in > Some(Duration::from_secs(300)) && callers > 0, "{retry_in:?} {callers}");
    assert_eq!(seen(&mut operator).2.len(), 1, "the operator");
    wait_for_all(&members, BreakerState::Open);
    assert!(admit(&member(&server).breaker("shop", long()).unwrap()).is_none());
}

#[test]
fn an_operator_sees_the_tokens_that_are_left_and_what_is_no_guard() {
    let Some(server) = Server::start() else { return };
    let fleet = member(&server);
    let ttl = Duration::from_secs(60);
    let per_second = Budget::per_second().rate(0.001).capacity(10);
    let share = Budget::share().ratio(0.5).floor(0.1).ttl(ttl);
    let rules = [BudgetRule::from(per_second), BudgetRule::from(share)];
    let mut right = vec![
        (per_second.build().unwrap().to_string(), 10),
        (share.build().unwrap().to_string(), 6),
    ];
    let budgets = rules.map(|rule| fleet.budget("shop", rule.members(1)).unwrap());
    for (budget, (_, tokens)) in budgets.iter().zip(&mut right) {
        wait_until("a lease", || !budget.for_call().lease().unwrap().is_alone());
        *tokens -= u64::from(budget.budget().lease().unwrap().tokens(now().into()));
    }
    let mut operator = FleetOperator::connect(&server.url()).unwrap();
    let mut seen: Vec<_> = entries(&mut operator)
        .into_iter()
        .map(|entry| match entry.state {
            FleetEntryState::Budget { tokens, .. } => (entry.rule, tokens),
            other => panic!("{other:?}"),
        })
        .collect();
    seen.sort();
    right.sort();
    assert_eq!(seen, right);

    let stranger = "rebackoff:{bank}:breaker:1:0000000000000000";
    server.run::<()>(&["SET", stranger, "of another program"]);
    server.run::<()>(&["SET", "rebackoff:{bank}:lock", "of another program"]);
    server.run::<()>(&["HSET", "rebackoff:{bank}:budget:1:0000000000000000", "rate", "much"]);
    let guards = operator.guards().unwrap();
    let wrong: Vec<String> =
        guards.into_iter().filter_map(Result::err).map(|error| error.to_string()).collect();
    assert_eq!(wrong.len(), 2, "{wrong:?}");
    assert!(wrong[0].starts_with(stranger) && wrong[0].contains("WRONGTYPE"), "{wrong:?}");
    assert!(wrong[1].contains("holds no guard; delete it"), "{wrong:?}");
}

#[test]
fn an_operator_whose_store_refuses_learns_why_without_the_password() {
    let error = FleetOperator::connect("redis://user:secret@127.0.0.1:1").unwrap_err().to_string();
    assert!(error.starts_with("redis://***@127.0.0.1:1: Connection refused"), "{error}");
    let Some(server) = Server::start() else { return };
    server.run::<()>(&["ACL", "SETUSER", "u", "on", ">secret", "~*", "+@all", "-scan"]);
    let url = server.url().replace("redis://", "redis://u:secret@");
    let error = FleetOperator::connect(&url).unwrap().guards().unwrap_err().to_string();
    assert!(error.contains("no permissions") && !error.contains("secret"), "{error}");
    assert!(!error.contains("Incompatible type"), "{error}");
}
