use std::collections::HashMap;
use std::time::Duration;

use rebackoff_core::{Breaker, BreakerBuilder, BreakerState, Health, Permit, Seconds};
use rebackoff_shared::fleet::{BudgetRule, Fleet, FleetBreaker, FleetReport};

use super::{Server, member, now, wait_until};

fn builder() -> BreakerBuilder {
    Breaker::builder().consecutive(2).open_for(Duration::from_millis(300)).growth(2.0)
}

pub(super) fn long() -> BreakerBuilder {
    builder().open_for(Duration::from_secs(600))
}

pub(super) fn members(server: &Server, count: usize, builder: BreakerBuilder) -> Vec<FleetBreaker> {
    (0..count).map(|_| member(server).breaker("shop", builder).unwrap()).collect()
}

pub(super) fn admit(member: &FleetBreaker) -> Option<Permit> {
    member.for_call().admit_at(now).ok()
}

fn settle(member: &FleetBreaker, permit: Permit, health: Health) {
    if member.breaker().settle_at(permit, health, || Seconds::ZERO, now, &mut || 0.5).is_some() {
        member.notify();
    }
}

fn call(member: &FleetBreaker, health: Health) {
    if let Some(permit) = admit(member) {
        settle(member, permit, health);
    }
}

pub(super) fn call_all(members: &[FleetBreaker]) {
    for member in members {
        call(member, Health::Success);
    }
}

pub(super) fn trip(members: &[FleetBreaker]) {
    for member in members {
        (0..2).for_each(|_| call(member, Health::Failure));
    }
}

pub(super) fn state(member: &FleetBreaker) -> BreakerState {
    member.breaker().state_at(now)
}

pub(super) fn wait_for_all(members: &[FleetBreaker], state: BreakerState) {
    wait_until(state.name(), || members.iter().all(|member| self::state(member) == state));
}

/// Waits until each member has reported its calls.
pub(super) fn wait_for_sync(members: &[FleetBreaker]) {
    let before: Vec<u64> = members.iter().map(|member| member.fleet().requests()).collect();
    wait_until("a sync", || {
        members.iter().zip(&before).all(|(member, before)| member.fleet().requests() > *before + 1)
    });
}

#[test]
fn half_of_the_members_open_for_all_and_exactly_one_probe_closes() {
    let Some(server) = Server::start() else { return };
    let members = members(&server, 4, builder());
    call_all(&members);
    wait_for_sync(&members);
    trip(&members[..1]);
    wait_for_sync(&members);
    assert_eq!(members[1..].iter().map(state).collect::<Vec<_>>(), [BreakerState::Closed; 3]);
    wait_until("half of the members trip", || {
        trip(&members[..2]);
        members[2..].iter().all(|member| state(member) == BreakerState::Open)
    });

    for health in [Health::Failure, Health::Failure, Health::Success] {
        let mut probes = Vec::new();
        wait_until("a probe", || members.iter().any(|member| member.breaker().rejected() > 0));
        let began = std::time::Instant::now();
        while probes.is_empty() {
            for member in &members {
                probes.extend(admit(member).map(|permit| (member, permit)));
            }
            assert!(began.elapsed() < Duration::from_secs(120));
            std::thread::sleep(Duration::from_millis(1));
        }
        // Nothing else passes while the probe is on its way.
        for _ in 0..200 {
            for member in &members {
                probes.extend(admit(member).map(|permit| (member, permit)));
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        assert_eq!(probes.len(), 1, "{health:?}");
        let (member, permit) = probes.remove(0);
        assert!(permit.is_probe());
        settle(member, permit, health);
    }
    wait_for_all(&members, BreakerState::Closed);
}

#[test]
fn a_member_that_joins_while_the_breaker_is_open_lets_nothing_through() {
    let Some(server) = Server::start() else { return };
    let members = members(&server, 2, long());
    trip(&members);
    wait_for_all(&members, BreakerState::Open);
    let key: Vec<String> = server.run(&["KEYS", "*breaker*"]);
    wait_until("the store has it", || {
        key.iter().any(|key| {
            !key.ends_with('s')
                && server.run::<Option<String>>(&["HGET", key, "open"]).as_deref() == Some("1")
        })
    });
    for _ in 0..5 {
        let late = member(&server).breaker("shop", long()).unwrap();
        assert!(admit(&late).is_none());
    }
}

/// A member that makes one call and ends. Returns whether the call was a probe, if it was admitted.
fn call_once(server: &Server, builder: BreakerBuilder, health: Option<Health>) -> Option<bool> {
    let fleet = member(server);
    let member = fleet.breaker("shop", builder).unwrap();
    let permit = admit(&member);
    let is_probe = permit.map(Permit::is_probe);
    if let (Some(permit), Some(health)) = (permit, health) {
        settle(&member, permit, health);
    }
    fleet.finish();
    is_probe
}

#[test]
fn members_that_end_after_one_call_open_probe_and_close() {
    let Some(server) = Server::start() else { return };
    let at_once = builder().consecutive(1);
    let long = long().consecutive(1);
    assert_eq!(call_once(&server, long, Some(Health::Failure)), Some(false));
    assert_eq!(call_once(&server, long, Some(Health::Failure)), Some(false));
    assert_eq!(call_once(&server, long, None), None, "two of two have voted");

    (0..2).for_each(|_| assert!(call_once(&server, at_once, Some(Health::Failure)).is_some()));
    let probe = |health| {
        wait_until("a probe", || {
            let is_probe = call_once(&server, at_once, health);
            assert_ne!(is_probe, Some(false));
            is_probe == Some(true)
        });
    };
    for health in [Health::Failure, Health::Neutral, Health::Success] {
        probe(Some(health));
    }
    assert_eq!(call_once(&server, at_once, Some(Health::Success)), Some(false));
}

#[test]
fn successes_send_no_command() {
    let Some(server) = Server::start() else { return };
    let members = members(&server, 1, builder());
    call(&members[0], Health::Success);
    let (began, before) = (std::time::Instant::now(), members[0].fleet().requests());
    (0..100_000).for_each(|_| call(&members[0], Health::Success));
    let sent = members[0].fleet().requests() - before;
    // One sync a second, however many calls there are.
    assert!(sent <= began.elapsed().as_secs() + 2, "{sent}");
}

#[test]
fn lost_data_and_lost_scripts_do_not_close_an_open_breaker() {
    let Some(server) = Server::start() else { return };
    let members = members(&server, 2, long());
    trip(&members);
    wait_for_all(&members, BreakerState::Open);
    wait_for_sync(&members);
    server.run::<()>(&["FLUSHALL"]);
    server.run::<()>(&["SCRIPT", "FLUSH"]);
    wait_for_sync(&members);
    assert!(members.iter().all(|member| state(member) == BreakerState::Open));
    let late = member(&server).breaker("shop", long()).unwrap();
    assert!(admit(&late).is_none());
}

#[test]
fn a_store_whose_clock_was_set_back_leases_a_probe_after_the_open_time_all_the_same() {
    let Some(server) = Server::start() else { return };
    let members = members(&server, 2, builder());
    trip(&members);
    wait_for_all(&members, BreakerState::Open);
    let key = &server.run::<Vec<String>>(&["KEYS", "*breaker*"])[0];
    let key = key.trim_end_matches(":votes").trim_end_matches(":callers");
    let is_open = || server.run::<Option<String>>(&["HGET", key, "open"]).as_deref() == Some("1");
    wait_until("the store has it", is_open);
    server.run::<()>(&["HINCRBY", key, "ends", "3600000"]);
    wait_until("a probe", || {
        call_all(&members);
        members.iter().all(|member| state(member) == BreakerState::Closed)
    });
}

fn degraded(members: &[FleetBreaker]) -> bool {
    members.iter().all(|member| member.fleet().is_degraded())
}

fn recovered(members: &[FleetBreaker]) -> bool {
    members.iter().all(|member| !member.fleet().is_degraded())
}

#[test]
fn members_go_on_by_themselves_without_redis_and_come_back() {
    let Some(mut server) = Server::start() else { return };
    let members = members(&server, 2, builder());
    call_all(&members);
    assert!(recovered(&members));

    server.signal("STOP");
    wait_until("redis hangs", || degraded(&members));
    trip(&members[..1]);
    assert_eq!(state(&members[0]), BreakerState::Open);
    wait_until("a probe of the member's own", || {
        call(&members[0], Health::Success);
        state(&members[0]) == BreakerState::Closed
    });
    server.signal("CONT");
    wait_until("redis answers again", || recovered(&members));

    server.run::<()>(&["CLIENT", "PAUSE", "2000", "ALL"]);
    wait_until("redis pauses", || degraded(&members));
    wait_until("redis goes on", || recovered(&members));

    server.kill();
    wait_until("redis refuses", || degraded(&members));
    call(&members[0], Health::Success);
    server.start_again();
    wait_until("redis is back", || recovered(&members));

    // The few words of a breaker are kept, however full the memory is.
    server.run::<()>(&["CONFIG", "SET", "maxmemory", "1"]);
    wait_for_sync(&members);
    assert!(recovered(&members));
}

#[test]
fn a_guard_whose_requests_are_refused_is_alone_and_the_others_stay_shared() {
    let Some(server) = Server::start() else { return };
    let fleet = member(&server);
    let shop = fleet.breaker("shop", builder()).unwrap();
    let bank = fleet.breaker("bank", builder()).unwrap();
    call(&shop, Health::Success);
    call(&bank, Health::Success);
    let key = server.run::<Vec<String>>(&["KEYS", "rebackoff:{shop}:*"]);
    let state = key.iter().find(|key| !key.ends_with("rs") && !key.ends_with("votes")).unwrap();
    server.run::<()>(&["SET", state, "of another program"]);
    wait_until("refused", || shop.is_degraded());
    let before = fleet.requests();
    wait_until("a sync of the others", || fleet.requests() > before + 3);
    assert!(fleet.is_degraded() && !bank.is_degraded());
    let report = fleet.take_report();
    let is_told = |error: &String| error.contains("WRONGTYPE");
    assert!(matches!(&report, Some(FleetReport::Degraded(error)) if is_told(error)), "{report:?}");
    assert_eq!(fleet.take_report(), None);
    // It trips and closes by itself meanwhile.
    trip(std::slice::from_ref(&shop));
    wait_until("a probe of its own", || {
        call(&shop, Health::Success);
        self::state(&shop) == BreakerState::Closed
    });

    server.run::<()>(&["DEL", state]);
    wait_until("shared again", || !shop.is_degraded() && !fleet.is_degraded());
    assert_eq!(fleet.take_report(), Some(FleetReport::Recovered));
}

#[test]
fn a_fleet_that_has_finished_leaves_breakers_that_trip_and_close() {
    let Some(server) = Server::start() else { return };
    let members = members(&server, 1, builder());
    call_all(&members);
    members[0].fleet().finish();
    for _ in 0..2 {
        trip(&members);
        assert_eq!(state(&members[0]), BreakerState::Open);
        wait_until("a probe of its own", || {
            call(&members[0], Health::Success);
            state(&members[0]) == BreakerState::Closed
        });
    }
}

#[test]
fn a_forked_member_learns_the_state_again_with_a_connection_of_its_own() {
    let Some(server) = Server::start() else { return };
    let members = members(&server, 2, long());
    trip(&members);
    wait_for_all(&members, BreakerState::Open);
    let clients = || server.run::<String>(&["CLIENT", "LIST"]).lines().count();
    let before = clients();
    members[0].fleet().handle_fork();
    assert!(!members[0].is_ready());
    assert!(admit(&members[0]).is_none());
    assert!(members[0].is_ready());
    wait_until("connections of its own", || clients() > before);
}

#[test]
fn members_of_a_primary_that_becomes_a_replica_connect_anew_until_they_find_a_primary() {
    let Some(server) = Server::start() else { return };
    let members = members(&server, 2, builder());
    call_all(&members);
    server.run::<()>(&["REPLICAOF", "127.0.0.1", "1"]);
    wait_until("the replica refuses", || degraded(&members));
    let clients = || {
        let list = server.run::<String>(&["CLIENT", "LIST"]);
        list.lines().map(|line| line.split(' ').next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let old = clients();
    wait_until("connections anew", || clients().iter().filter(|id| !old.contains(id)).count() > 1);
    server.run::<()>(&["REPLICAOF", "NO", "ONE"]);
    wait_until("a primary", || recovered(&members));
}

#[test]
fn a_user_with_the_rights_of_the_guide_is_enough() {
    let Some(server) = Server::start() else { return };
    let guide = include_str!("../../../../docs/how-to/host-and-fleet.md");
    let rights = guide.lines().find(|line| line.starts_with("ACL SETUSER rebackoff ")).unwrap();
    server.run::<()>(&rights.split(' ').collect::<Vec<_>>());
    let url = server.url().replace("redis://", "redis://rebackoff:secret@");
    let fleets = [(); 2].map(|()| Fleet::connect(&url, now(), Duration::from_secs(60)).unwrap());
    let members = fleets.map(|fleet| fleet.breaker("shop", long()).unwrap());
    let ttl = Duration::from_secs(60);
    let rules = [BudgetRule::per_second(1.0, 10), BudgetRule::share(0.5, 1.0, ttl)];
    let budgets = rules.map(|rule| members[0].fleet().budget("shop", rule).unwrap());
    trip(&members);
    wait_for_all(&members, BreakerState::Open);
    for budget in &budgets {
        wait_until("a lease", || !budget.for_call().lease().unwrap().is_alone());
        budget.for_call().handle_start_at(now);
    }
    wait_for_sync(&members);
    wait_until("subscribers", || {
        let numbers = server.run::<Vec<redis::Value>>(&["PUBSUB", "CHANNELS", "rebackoff:*"]);
        !numbers.is_empty()
    });
    assert!(members.iter().all(|member| member.fleet().take_report().is_none()));
    drop((members, budgets));
    wait_until("the ends of connections", || {
        !server.run::<String>(&["CLIENT", "LIST"]).contains("user=rebackoff")
    });
    let denied = server.run::<Vec<redis::Value>>(&["ACL", "LOG"]);
    assert!(denied.is_empty(), "{denied:?}");
}

#[test]
fn a_fleet_connects_with_the_first_call() {
    let Some(server) = Server::start() else { return };
    let received = || {
        let stats = server.run::<String>(&["INFO", "stats"]);
        let found = stats.lines().find_map(|line| line.strip_prefix("total_connections_received:"));
        found.unwrap().trim().parse::<u64>().unwrap()
    };
    let before = received();
    let members = members(&server, 2, long());
    std::thread::sleep(Duration::from_millis(20));
    let own = received() - before;
    assert_eq!(own, 1, "the test's own question");
    call_all(&members);
    wait_until("connections", || received() > before + 3);
}

#[test]
fn a_member_whose_redis_is_not_there_calls_after_its_first_wait() {
    let url = "redis://127.0.0.1:1/0";
    let fleet = Fleet::connect(url, now(), Duration::from_millis(25)).unwrap();
    let member = fleet.breaker("shop", builder()).unwrap();
    assert!(admit(&member).is_some());
    wait_until("redis refuses", || fleet.is_degraded());
    assert_eq!(fleet.requests(), 0);
}

#[test]
fn every_key_has_a_ttl_and_the_hash_tag_of_its_name() {
    let Some(server) = Server::start() else { return };
    let members = members(&server, 2, long());
    call_all(&members);
    trip(&members[..1]);
    wait_for_sync(&members);
    let mut kinds = HashMap::new();
    for key in server.run::<Vec<String>>(&["KEYS", "*"]) {
        assert!(key.starts_with("rebackoff:{shop}:breaker:"), "{key}");
        assert!(server.run::<i64>(&["PTTL", &key]) > 0, "{key}");
        kinds.insert(key.rsplit(':').next().unwrap().to_owned(), key);
    }
    assert!(kinds.contains_key("votes") && kinds.contains_key("callers"), "{kinds:?}");
}

#[test]
fn a_breaker_with_several_probes_is_an_error() {
    let fleet = Fleet::connect("redis://127.0.0.1:1/0", now(), Duration::ZERO).unwrap();
    let error = fleet.breaker("shop", builder().probes(2)).unwrap_err();
    assert_eq!(error.parameter(), "probes");
    assert_eq!(
        error.to_string(),
        "probes must be 1 for a breaker of a fleet, which makes one probe in all, but it is 2"
    );
}
