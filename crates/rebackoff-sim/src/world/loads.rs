//! The begins of clients' calls.

use super::World;
use crate::client::{NEVER, Origin};
use crate::event::SimEvent;
use crate::load::LoadKind;
use crate::queue::Stamp;
use rebackoff_core::Draws as _;

impl World<'_> {
    /// Puts the first calls into the queue.
    pub(super) fn begin_load(&mut self) {
        let load = &self.model.load;
        self.factor = load.factor(0);
        for (at, _) in &load.changes {
            self.queue.push(*at, SimEvent::Change);
        }
        if matches!(load.kind, LoadKind::Open { .. }) {
            return self.expect_arrival();
        }
        for client in 0..self.model.fleet.clients {
            let begin = match &load.kind {
                LoadKind::Burst { at, within: 0 } => Some(*at),
                LoadKind::Burst { at, within } => {
                    let spread = self.random.uniform() * *within as f64;
                    Some(at + crate::distribution::nanos(spread))
                }
                kind => kind.gap(self.factor, &mut self.random),
            };
            if let Some(begin) = begin {
                self.queue.push(begin, SimEvent::Begin(client));
            }
        }
    }

    fn expect_arrival(&mut self) {
        if let Some(gap) = self.model.load.kind.gap(self.factor, &mut self.random) {
            self.arrival = self.queue.push(self.now.saturating_add(gap), SimEvent::Arrival);
        }
    }

    #[inline]
    pub(super) fn handle_arrival(&mut self, stamp: Stamp) {
        if stamp != self.arrival || self.now >= self.model.duration {
            return;
        }
        self.expect_arrival();
        let clients = self.model.fleet.clients;
        let client = if clients == 1 { 0 } else { self.random.below(clients) };
        self.begin_call(Origin::Client(client), 0, NEVER, false);
    }

    pub(super) fn handle_begin(&mut self, client: u32) {
        if self.now >= self.model.duration {
            return;
        }
        if matches!(self.model.load.kind, LoadKind::Serial { .. }) {
            let gap = self.model.load.kind.gap(self.factor, &mut self.random);
            self.free_from[client as usize] = self.now.saturating_add(gap.unwrap_or(NEVER));
        }
        self.begin_call(Origin::Client(client), 0, NEVER, false);
    }

    /// A client's call has ended.
    #[inline]
    pub(super) fn handle_free(&mut self, client: u32) {
        let begin = match &self.model.load.kind {
            LoadKind::Open { .. } | LoadKind::Burst { .. } => return,
            LoadKind::Serial { .. } => self.free_from[client as usize].max(self.now),
            kind @ LoadKind::Closed { .. } => {
                let think = kind.gap(self.factor, &mut self.random);
                self.now.saturating_add(think.unwrap_or(NEVER))
            }
        };
        if begin < self.model.duration {
            self.queue.push(begin, SimEvent::Begin(client));
        }
    }

    pub(super) fn handle_change(&mut self) {
        self.factor = self.model.load.factor(self.now);
        if matches!(self.model.load.kind, LoadKind::Open { .. }) {
            self.expect_arrival();
        }
    }
}
