//! The state of a fleet's connection, as calls and exporters read it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::AcqRel, Ordering::Acquire, Ordering::Relaxed};

use arc_swap::ArcSwap;

use super::report::{self, FleetReport};

/// The state of the connection. Nothing in it is locked.
#[derive(Default)]
pub(super) struct Status {
    /// The changes between connected and degraded: odd while the fleet is degraded.
    changes: AtomicU64,
    /// The changes that were reported to the program.
    reported: AtomicU64,
    last_error: ArcSwap<String>,
    requests: AtomicU64,
    connections: AtomicU64,
    channels: ArcSwap<Vec<String>>,
}

impl Status {
    // Getters

    pub(super) fn is_degraded(&self) -> bool {
        self.changes.load(Relaxed) % 2 == 1
    }

    pub(super) fn has_report(&self) -> bool {
        self.changes.load(Relaxed) != self.reported.load(Relaxed)
    }

    pub(super) fn requests(&self) -> u64 {
        self.requests.load(Relaxed)
    }

    /// The connections so far; the listener makes a new one with each.
    pub(super) fn connections(&self) -> u64 {
        self.connections.load(Relaxed)
    }

    /// The keys that the listener subscribes to.
    pub(super) fn channels(&self) -> Arc<Vec<String>> {
        self.channels.load_full()
    }

    // Handlers

    pub(super) fn take_report(&self) -> Option<FleetReport> {
        let changes = self.changes.load(Acquire);
        (self.reported.swap(changes, AcqRel) != changes).then(|| match changes % 2 {
            1 => FleetReport::Degraded(self.last_error.load().to_string()),
            _ => FleetReport::Recovered,
        })
    }

    /// Reports the error of a fleet that becomes degraded.
    pub(super) fn handle_degraded(&self, error: &str) {
        if !self.is_degraded() {
            self.last_error.store(Arc::new(error.to_owned()));
            self.changes.fetch_add(1, AcqRel);
            report::degraded(error);
        }
    }

    /// Reports that a fleet is degraded no more.
    pub(super) fn handle_recovered(&self) {
        if self.is_degraded() {
            self.changes.fetch_add(1, AcqRel);
            report::recovered();
        }
    }

    pub(super) fn handle_request(&self) {
        self.requests.fetch_add(1, Relaxed);
    }

    pub(super) fn handle_connected(&self) {
        self.connections.fetch_add(1, Relaxed);
    }

    pub(super) fn set_channels(&self, channels: Vec<String>) {
        self.channels.store(Arc::new(channels));
    }
}
