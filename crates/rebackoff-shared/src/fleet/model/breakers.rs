use std::time::Duration;

use rebackoff_core::{Breaker, BreakerState, Health, Permit, Seconds};

use super::super::breaker_member::BreakerMember;
use super::super::protocol::{BreakerAnswer, BreakerRequest, FleetState};
use super::store::BreakerStore;
use super::{Network, STEP, Trip};

const WINDOW: Duration = Duration::from_secs(10);
const OPEN_FOR: Duration = Duration::from_secs(2);

struct Member {
    id: u64,
    breaker: Breaker,
    machine: BreakerMember,
    trip: Option<Trip<BreakerRequest, BreakerAnswer>>,
    inbox: Vec<(Duration, FleetState)>,
    call: Option<(Duration, Permit, bool)>,
    called: bool,
    /// While it is cut off, it does not connect before that moment.
    alone_until: Option<Duration>,
    stopped_until: Duration,
    has_synced: bool,
}

struct Model {
    now: Duration,
    random: fastrand::Rng,
    network: Network,
    store: BreakerStore,
    members: Vec<Member>,
    /// The moments from which on the target of all members, or of one bad node, is down.
    is_down: bool,
    bad_node: Option<u64>,
    next_id: u64,
    /// The probes that were admitted, by the epoch of the fleet.
    probes: Vec<u64>,
    calls: u64,
}

fn breaker() -> Breaker {
    Breaker::builder()
        .consecutive(3)
        .open_for(OPEN_FOR)
        .growth(2.0)
        .leased_probes(true)
        .build()
        .unwrap()
}

impl Model {
    fn new(members: u64, network: Network, seed: u64) -> Self {
        let mut model = Self {
            now: Duration::ZERO,
            random: fastrand::Rng::with_seed(seed),
            network,
            store: BreakerStore::default(),
            members: Vec::new(),
            is_down: false,
            bad_node: None,
            next_id: 0,
            probes: Vec::new(),
            calls: 0,
        };
        (0..members).for_each(|_| model.join());
        model
    }

    fn join(&mut self) {
        let breaker = breaker();
        let machine = BreakerMember::new(&breaker);
        self.members.push(Member {
            id: self.next_id,
            breaker,
            machine,
            trip: None,
            inbox: Vec::new(),
            call: None,
            called: false,
            alone_until: None,
            stopped_until: Duration::ZERO,
            has_synced: false,
        });
        self.next_id += 1;
    }

    fn run(&mut self, span: Duration) {
        let end = self.now + span;
        while self.now < end {
            self.now += STEP;
            for index in 0..self.members.len() {
                self.step(index);
            }
            let published = std::mem::take(&mut self.store.published);
            for member in &mut self.members {
                for state in &published {
                    let arrival = self.network.arrival(self.now, &mut self.random);
                    member.inbox.extend(arrival.map(|at| (at, *state)));
                }
            }
        }
    }

    fn step(&mut self, index: usize) {
        let (now, random, network) = (self.now, &mut self.random, self.network);
        let member = &mut self.members[index];
        if let Some(trip) = &mut member.trip {
            let (store, id) = (&mut self.store, member.id);
            trip.serve(now, network, random, |request| store.run(id, WINDOW, &request, now));
        }
        if now < member.stopped_until {
            return;
        }
        let (arrived, later) = member.inbox.drain(..).partition(|(at, _)| *at <= now);
        member.inbox = later;
        let arrived: Vec<(Duration, FleetState)> = arrived;
        for (_, state) in arrived {
            member.machine.handle_message(&member.breaker, &state, now);
        }
        match member.trip.as_ref().and_then(|trip| trip.end(now)) {
            Some(Ok(answer)) => {
                member.trip = None;
                member.has_synced = true;
                member.machine.handle_answer(&member.breaker, &answer, now);
            }
            Some(Err(())) => {
                member.trip = None;
                member.machine.handle_failure();
                member.alone_until = Some(now + Duration::from_millis(random.u64(50..500)));
            }
            None => {}
        }
        match member.alone_until {
            Some(until) if now < until => member.machine.poll_alone(&member.breaker, now),
            _ if member.trip.is_none() => {
                member.alone_until = None;
                if let Some(request) = member.machine.poll(&member.breaker, member.called, now) {
                    member.called = false;
                    member.trip = Some(Trip::new(now, request, network, random));
                }
            }
            _ => {}
        }
        self.call(index);
    }

    /// Ends the member's call, or begins one.
    fn call(&mut self, index: usize) {
        let (now, epoch) = (self.now, self.store.state(self.now).epoch);
        let member = &mut self.members[index];
        match member.call {
            Some((end, permit, fails)) if now >= end => {
                let health = if fails { Health::Failure } else { Health::Success };
                member.breaker.settle_at(permit, health, || Seconds::ZERO, || now, &mut || 0.5);
                member.call = None;
            }
            // The driver's first call waits for the state.
            None if member.has_synced && self.random.u32(0..4) == 0 => {
                if let Ok(permit) = member.breaker.admit_at(|| now) {
                    self.calls += 1;
                    member.called = true;
                    if permit.is_probe() {
                        self.probes.push(epoch);
                    }
                    let fails = self.is_down || self.bad_node == Some(member.id);
                    let end = now + Duration::from_millis(self.random.u64(1..30));
                    member.call = Some((end, permit, fails));
                }
            }
            _ => {}
        }
    }

    fn states(&self) -> Vec<BreakerState> {
        self.members.iter().map(|member| member.breaker.state_at(|| self.now)).collect()
    }

    fn all_are(&self, state: BreakerState) -> bool {
        self.states().iter().all(|is| *is == state)
    }

    fn probes_since(&self, epoch: u64) -> Vec<u64> {
        self.probes.iter().copied().filter(|probed| *probed >= epoch).collect()
    }
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn a_fleet_opens_together_and_makes_exactly_one_probe_for_each_half_open_state() {
    for seed in 0..8 {
        let mut model = Model::new(10, Network::GOOD, seed);
        model.run(seconds(2));
        model.is_down = true;
        model.run(seconds(1));
        assert!(model.all_are(BreakerState::Open), "{seed}");
        let first = model.store.state(model.now).epoch;
        model.run(seconds(30));
        let probes = model.probes_since(first);
        let mut epochs = probes.clone();
        epochs.dedup();
        assert!(probes.len() >= 3, "{seed}: {probes:?}");
        assert_eq!(probes, epochs, "{seed}: one probe for each epoch");
        // 2 s, 4 s, 8 s …: the growth is the fleet's.
        assert!(probes.len() <= 4, "{seed}: {probes:?}");

        model.is_down = false;
        model.run(seconds(30));
        assert!(model.all_are(BreakerState::Closed), "{seed}");
        let probes = model.probes_since(first);
        let mut epochs = probes.clone();
        epochs.dedup();
        assert_eq!(probes, epochs, "{seed}");
    }
}

#[test]
fn one_bad_node_opens_for_itself_and_not_for_the_fleet() {
    for seed in 0..5 {
        let mut model = Model::new(10, Network::GOOD, seed);
        model.bad_node = Some(3);
        model.run(seconds(20));
        let open = model.members.iter().filter(|member| member.breaker.opened() > 0);
        assert_eq!(open.map(|member| member.id).collect::<Vec<_>>(), [3], "{seed}");
        assert_eq!(model.store.state(model.now).epoch, 0, "{seed}");
    }
}

#[test]
fn two_members_of_ten_cannot_open_for_all_but_half_of_those_that_call_can() {
    let mut model = Model::new(10, Network::GOOD, 1);
    model.run(seconds(2));
    for index in [0, 1] {
        model.members[index].breaker.force_open_at(|| model.now);
    }
    model.run(seconds(1));
    assert_eq!(model.store.state(model.now).epoch, 0);
    for index in 0..5 {
        model.members[index].breaker.force_open_at(|| model.now);
    }
    model.run(seconds(1));
    assert_eq!(model.store.state(model.now).epoch, 1);
    assert!(model.all_are(BreakerState::Open));
}

#[test]
fn a_member_that_joins_while_the_breaker_is_open_lets_nothing_through() {
    let mut model = Model::new(6, Network::GOOD, 7);
    model.is_down = true;
    model.run(seconds(1));
    let calls = model.calls;
    (0..50).for_each(|_| model.join());
    model.run(Duration::from_millis(500));
    assert_eq!(model.calls, calls);
    assert!(model.all_are(BreakerState::Open));
}

#[test]
fn a_store_that_loses_its_data_learns_the_state_from_the_members() {
    for seed in 0..4 {
        let mut model = Model::new(10, Network::GOOD, seed);
        model.is_down = true;
        model.run(seconds(1));
        let epoch = model.store.state(model.now).epoch;
        assert!(epoch > 0);
        let calls = model.calls;
        model.store = BreakerStore::default();
        model.run(Duration::from_millis(900));
        assert_eq!(model.calls, calls, "{seed}");
        model.run(Duration::from_millis(500));
        assert!(model.store.state(model.now).epoch >= epoch, "{seed}");
        model.is_down = false;
        model.run(seconds(20));
        assert!(model.all_are(BreakerState::Closed), "{seed}");
    }
}

#[test]
fn a_member_that_is_stopped_with_the_lease_does_not_decide_when_it_goes_on() {
    let mut model = Model::new(4, Network::GOOD, 3);
    model.is_down = true;
    model.run(seconds(1));
    model.is_down = false;
    // Stop each member as soon as it holds the lease: the others go on without it.
    let probing = loop {
        model.run(STEP);
        let probing = |member: &Member| member.call.is_some_and(|(_, permit, _)| permit.is_probe());
        if let Some(index) = model.members.iter().position(probing) {
            break index;
        }
    };
    let epoch = model.store.state(model.now).epoch;
    model.members[probing].stopped_until = model.now + seconds(60);
    model.run(seconds(50));
    let others = |model: &Model| {
        let states = model.states();
        (0..states.len())
            .filter(|index| *index != probing)
            .all(|i| states[i] == BreakerState::Closed)
    };
    assert!(others(&model));
    assert!(model.store.state(model.now).epoch > epoch);
    let now = model.store.state(model.now).epoch;
    model.run(seconds(20));
    assert_eq!(model.store.state(model.now).epoch, now);
    assert!(model.all_are(BreakerState::Closed));
}

#[test]
fn a_fleet_with_lost_messages_and_restarts_still_trips_and_closes() {
    for seed in 0..6 {
        let network = Network { delay: Duration::from_millis(40), loss: 0.2 };
        let mut model = Model::new(8, network, seed);
        for round in 0..3 {
            model.is_down = true;
            model.run(seconds(20));
            assert!(
                model.states().iter().all(|state| *state != BreakerState::Closed),
                "{seed} {round}: {:?}",
                model.states()
            );
            // A restart: it begins closed, and learns the state.
            let gone = model.random.usize(0..model.members.len());
            model.members.remove(gone);
            model.join();
            model.is_down = false;
            model.run(seconds(40));
            assert!(model.all_are(BreakerState::Closed), "{seed} {round}: {:?}", model.states());
        }
    }
}

#[test]
fn without_a_store_each_member_trips_probes_and_closes_by_itself() {
    let mut model = Model::new(3, Network { loss: 1.0, ..Network::GOOD }, 5);
    model.members.iter_mut().for_each(|member| member.has_synced = true);
    model.is_down = true;
    model.run(seconds(10));
    assert!(model.states().iter().all(|state| *state != BreakerState::Closed));
    model.is_down = false;
    model.run(seconds(30));
    assert!(model.all_are(BreakerState::Closed));
}
