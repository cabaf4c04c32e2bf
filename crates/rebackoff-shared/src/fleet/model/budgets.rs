use std::time::Duration;

use rebackoff_core::{Budget, Cost};

use super::super::budget_member::BudgetMember;
use super::super::protocol::{BudgetAnswer, BudgetRequest};
use super::super::rule::BudgetRule;
use super::store::BudgetStore;
use super::{Network, STEP, Trip};

const RATE: f64 = 100.0;
const CAPACITY: u32 = 1_000;
const MEMBERS: u32 = 10;

struct Member {
    budget: Budget,
    machine: BudgetMember,
    trip: Option<Trip<BudgetRequest, BudgetAnswer>>,
    alone_until: Duration,
    spent: u32,
}

struct Model {
    now: Duration,
    random: fastrand::Rng,
    network: Network,
    store: BudgetStore,
    members: Vec<Member>,
    trips: u32,
    granted: u32,
    /// The moments at which a token was spent.
    spent: Vec<Duration>,
}

fn rule() -> BudgetRule {
    BudgetRule::per_second(RATE, CAPACITY).members(MEMBERS)
}

fn member() -> Member {
    Member {
        budget: rule().budget().unwrap(),
        machine: BudgetMember::new(rule().lease_terms()),
        trip: None,
        alone_until: Duration::ZERO,
        spent: 0,
    }
}

impl Model {
    fn new(network: Network, seed: u64) -> Self {
        Self {
            now: Duration::ZERO,
            random: fastrand::Rng::with_seed(seed),
            network,
            store: BudgetStore::new(RATE, f64::from(CAPACITY)),
            members: (0..MEMBERS).map(|_| member()).collect(),
            trips: 0,
            granted: 0,
            spent: Vec::new(),
        }
    }

    /// Each member asks for so many retries in a step, on the average.
    fn run(&mut self, span: Duration, demand: f64) {
        let end = self.now + span;
        while self.now < end {
            self.now += STEP;
            for index in 0..self.members.len() {
                self.step(index, demand);
            }
        }
    }

    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small counts")]
    fn step(&mut self, index: usize, demand: f64) {
        let (now, random, network) = (self.now, &mut self.random, self.network);
        let member = &mut self.members[index];
        let Some(lease) = member.budget.lease() else { return };
        if let Some(trip) = &mut member.trip {
            let store = &mut self.store;
            trip.serve(now, network, random, |request| store.run(&request, now));
            match trip.end(now) {
                Some(Ok(BudgetAnswer { granted, .. })) => {
                    self.trips += 1;
                    self.granted += granted;
                    member.trip = None;
                    member.machine.handle_answer(lease, granted, now, random.f64());
                }
                Some(Err(())) => {
                    member.trip = None;
                    member.machine.handle_failure(lease);
                    member.alone_until = now + Duration::from_millis(random.u64(50..500));
                }
                None => {}
            }
        }
        if member.trip.is_none() && now >= member.alone_until {
            let request = member.machine.poll(lease, now);
            member.trip = request.map(|request| Trip::new(now, request, network, random));
        }
        let retries = demand as u32 + u32::from(random.f64() < demand.fract());
        for _ in 0..retries {
            if member.budget.withdraw_at(Cost::Retry, || now).is_ok() {
                member.spent += 1;
                self.spent.push(now);
            }
        }
    }

    /// The most tokens spent in any span of time, beyond what the rate gives in that span.
    #[allow(clippy::cast_precision_loss, reason = "small counts")]
    fn excess(&self, rate: f64) -> f64 {
        let (mut most, mut least) = (0.0_f64, f64::INFINITY);
        for (count, at) in self.spent.iter().enumerate() {
            let level = count as f64 - rate * at.as_secs_f64();
            least = least.min(level);
            most = most.max(level + 1.0 - least);
        }
        most
    }
}

/// The most tokens that the members hold.
fn held() -> f64 {
    let terms = rule().lease_terms();
    f64::from(MEMBERS * terms.size).min(RATE * terms.ttl.as_secs_f64())
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn a_fleet_spends_at_most_its_capacity_its_rate_and_what_its_members_hold() {
    for seed in 0..4 {
        let mut model = Model::new(Network::GOOD, seed);
        for round in 0..4 {
            model.run(seconds(12), 0.0);
            model.run(seconds(10), 0.25 * f64::from(1 << round));
        }
        let most = f64::from(CAPACITY) + held();
        // A member is alone until its first answer.
        let alone = f64::from(CAPACITY);
        assert!(model.excess(RATE) <= most + alone, "{seed}: {}", model.excess(RATE));
        let begun = model.spent.partition_point(|at| *at < seconds(1));
        assert_eq!(begun, 0);
        assert!(model.excess(RATE) <= most, "{seed}: {} > {most}", model.excess(RATE));
        assert!(model.excess(RATE) >= f64::from(CAPACITY) * 0.9, "{seed}: the budget is of use");
    }
}

#[test]
fn round_trips_are_a_batch_each() {
    let mut model = Model::new(Network::GOOD, 1);
    model.run(seconds(2), 0.0);
    model.run(seconds(10), 0.04);
    (model.trips, model.granted) = (0, 0);
    model.run(seconds(20), 0.045);
    let acquired = f64::from(model.granted) / f64::from(model.trips);
    let batch = f64::from(rule().lease_terms().batch());
    assert!(model.granted > 1_500);
    assert!((acquired / batch - 1.0).abs() <= 0.05, "{acquired} tokens a trip, {batch} a batch");
}

#[test]
fn members_that_ask_for_as_much_get_as_much() {
    for seed in 0..5 {
        let mut model = Model::new(Network::GOOD, seed);
        model.run(seconds(60), 0.5);
        let spent: Vec<f64> = model.members.iter().map(|member| f64::from(member.spent)).collect();
        let squares: f64 = spent.iter().map(|spent| spent * spent).sum();
        let jain = spent.iter().sum::<f64>().powi(2) / (f64::from(MEMBERS) * squares);
        assert!(jain >= 0.98, "{seed}: {jain} {spent:?}");
    }
}

#[test]
fn without_a_store_members_spend_the_same_capacity_and_rate_together() {
    let mut model = Model::new(Network { loss: 1.0, ..Network::GOOD }, 1);
    model.run(seconds(20), 2.5);
    let most = f64::from(CAPACITY) + f64::from(MEMBERS);
    assert!(model.excess(RATE) <= most, "{}", model.excess(RATE));
    assert!(model.excess(RATE) >= f64::from(CAPACITY) * 0.9);
}

#[test]
fn a_store_that_loses_its_data_gives_its_capacity_once_more() {
    let mut model = Model::new(Network::GOOD, 1);
    model.run(seconds(2), 0.0);
    model.run(seconds(10), 2.5);
    model.store = BudgetStore::new(RATE, f64::from(CAPACITY));
    model.run(seconds(10), 2.5);
    let most = 2.0 * f64::from(CAPACITY) + 2.0 * held();
    assert!(model.excess(RATE) <= most, "{} > {most}", model.excess(RATE));
}

#[test]
fn with_lost_messages_and_restarts_a_fleet_spends_at_most_both_rules_together() {
    for seed in 0..4 {
        let mut model = Model::new(Network { loss: 0.2, ..Network::GOOD }, seed);
        for _ in 0..10 {
            model.run(seconds(3), 1.0);
            let gone = model.random.usize(0..model.members.len());
            model.members[gone] = member();
        }
        // Ten restarted members begin with N / W of their own.
        let alone = 2.0 * f64::from(CAPACITY);
        let most = f64::from(CAPACITY) + held() + alone;
        assert!(model.excess(2.0 * RATE) <= most, "{seed}: {}", model.excess(2.0 * RATE));
    }
}

#[test]
fn a_member_that_ends_gives_its_lease_back() {
    let mut model = Model::new(Network { delay: STEP, loss: 0.0 }, 1);
    model.run(seconds(1), 0.25);
    let before = model.store.run(&BudgetRequest::default(), model.now);
    assert_eq!(before.granted, 0);
    let (mut held, mut back) = (0, 0);
    for member in &mut model.members {
        let Some(lease) = member.budget.lease() else { continue };
        held += lease.tokens(model.now.into());
        if let Some(request) = member.machine.finish(lease, model.now) {
            back += request.back;
        }
        assert_eq!(lease.tokens(model.now.into()), 0);
    }
    assert!(held > 0);
    assert_eq!(back, held);
}
