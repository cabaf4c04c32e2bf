//! One replication: the events of clients and servers in their order.

mod calls;
mod jobs;
mod loads;

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use rebackoff_core::CallGuards;

use crate::client::{ClientCall, NEVER, Origin};
use crate::event::SimEvent;
use crate::fault::ActiveFaults;
use crate::figures::{Series, Tally};
use crate::guard::LinkGuards;
use crate::model::Model;
use crate::queue::{Queue, Stamp};
use crate::random::Random;
use crate::server::{Job, Station};
use crate::slab::{NONE, Slab};

/// The most calls and jobs in flight: 200 bytes each.
pub(crate) const MOST_IN_FLIGHT: usize = 8_000_000;

/// The most events that have yet to happen, such as the timeouts of tries that have failed: 16 bytes each.
pub(crate) const MOST_TO_COME: usize = 60_000_000;

/// The most events of a replication.
pub(crate) const MOST_EVENTS: u64 = 20_000_000_000;

/// The events after which a replication looks whether it is to stop.
const LOOK: u64 = 1 << 14;

// Twice the bounds have room in an event and its stamp, since they are passed by less between two looks.
const _: () = assert!(
    2 * MOST_IN_FLIGHT < 1 << SimEvent::NUMBER_BITS && 2 * MOST_EVENTS < 1 << Stamp::SEQUENCE_BITS
);

/// The reason why a replication has no figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The caller asked for it.
    Asked,
    TooManyInFlight,
    TooManyToCome,
    TooManyEvents,
}

/// The state of one replication.
#[derive(Debug)]
pub(crate) struct World<'a> {
    model: &'a Model,
    now: u64,
    queue: Queue,
    random: Random,
    calls: Slab<ClientCall>,
    /// The protocol of each call's guards; empty where no link has guards.
    protocols: Vec<CallGuards>,
    jobs: Slab<Job>,
    stations: Vec<Station>,
    guards: Vec<LinkGuards>,
    /// The moment from which each client of a serial load may call again.
    free_from: Vec<u64>,
    /// The event of the next arrival of an open load.
    arrival: Stamp,
    factor: f64,
    open_breakers: u64,
    tally: Tally,
}

impl<'a> World<'a> {
    pub(crate) fn new(model: &'a Model, run: u64) -> Option<Self> {
        let clients = model.in_flight_at_most();
        let series = Series::new(model.bin, model.end());
        let serial = matches!(model.load.kind, crate::load::LoadKind::Serial { .. });
        let mut world = Self {
            model,
            now: 0,
            queue: Queue::with_capacity(clients),
            random: Random::new(model.seed, run),
            calls: Slab::with_capacity(clients, ClientCall::new(Origin::Client(0), 0, 0)),
            protocols: Vec::new(),
            jobs: Slab::with_capacity(clients, Job::new(NONE, 0, NEVER)),
            stations: model.servers.iter().map(|_| Station::new()).collect(),
            guards: model.guards(),
            free_from: if serial { vec![0; model.fleet.clients as usize] } else { Vec::new() },
            arrival: Stamp::NONE,
            factor: 1.0,
            open_breakers: 0,
            tally: Tally::new(model.servers.len(), series)?,
        };
        for fault in &model.faults {
            world.queue.push(fault.from, SimEvent::Fault);
            world.queue.push(fault.to, SimEvent::Fault);
        }
        if model.warmup > 0 {
            world.queue.push(model.warmup, SimEvent::Warm);
        }
        world.begin_load();
        Some(world)
    }

    /// Runs to the end, and returns the counts.
    pub(crate) fn run(mut self, stop: &AtomicBool) -> Result<Tally, Stop> {
        let mut events = 0_u64;
        let end = self.model.end();
        while let Some((time, stamp)) = self.queue.pop() {
            if time > end {
                break;
            }
            self.now = time;
            self.handle_event(stamp);
            events += 1;
            if events % LOOK == 0 {
                self.look(events, stop)?;
            }
        }
        self.tally.events = events;
        Ok(self.finish())
    }

    fn look(&self, events: u64, stop: &AtomicBool) -> Result<(), Stop> {
        if stop.load(Relaxed) {
            Err(Stop::Asked)
        } else if self.calls.len().max(self.jobs.len()) > MOST_IN_FLIGHT {
            Err(Stop::TooManyInFlight)
        } else if self.queue.len() > MOST_TO_COME {
            Err(Stop::TooManyToCome)
        } else if events > MOST_EVENTS {
            Err(Stop::TooManyEvents)
        } else {
            Ok(())
        }
    }

    #[inline]
    fn handle_event(&mut self, stamp: Stamp) {
        match stamp.event() {
            SimEvent::Arrival => self.handle_arrival(stamp),
            SimEvent::Begin(client) => self.handle_begin(client),
            SimEvent::Resume(call) => self.handle_resume(call, stamp),
            SimEvent::Timeout(call) => self.handle_timeout(call, stamp),
            SimEvent::Reach(job) => self.handle_reach(job, stamp),
            SimEvent::Done(job) => self.handle_done(job, stamp),
            SimEvent::Reply(job) => self.handle_reply(job, stamp),
            SimEvent::Fault => self.handle_fault(),
            SimEvent::Change => self.handle_change(),
            SimEvent::Warm => self.handle_warm(),
        }
    }

    fn handle_fault(&mut self) {
        for server in 0..self.stations.len() {
            self.advance(server);
            self.stations[server].condition =
                ActiveFaults::at(self.now, server, &self.model.faults);
            self.serve(server);
        }
    }

    fn handle_warm(&mut self) {
        for server in 0..self.stations.len() {
            self.advance(server);
        }
        self.tally.handle_warm(self.now);
    }

    fn finish(mut self) -> Tally {
        self.now = self.now.max(self.model.duration);
        for server in 0..self.stations.len() {
            self.advance(server);
        }
        self.tally.in_flight =
            self.calls.iter().filter(|call| call.is_counted && call.is_top()).count() as u64;
        self.tally.refused = self.guards.iter().map(LinkGuards::refused).sum();
        self.tally.rejected = self.guards.iter().map(LinkGuards::rejected).sum();
        self.tally.opened = self.guards.iter().map(LinkGuards::opened).sum();
        self.tally
    }
}
