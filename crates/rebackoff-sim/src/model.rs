//! A scenario as the simulator runs it: one case of a sweep, checked.

use crate::client::Link;
use crate::fault::Fault;
use crate::guard::{Fleet, LinkGuards};
use crate::load::{Load, LoadKind};
use crate::server::Server;

/// One case of a scenario. Times are nanoseconds.
#[derive(Clone, Debug)]
pub(crate) struct Model {
    pub(crate) seed: u64,
    /// The time in which calls begin.
    pub(crate) duration: u64,
    /// The time after that in which calls may end.
    pub(crate) drain: u64,
    /// The time from which figures count.
    pub(crate) warmup: u64,
    /// The width of the bins of time series.
    pub(crate) bin: u64,
    pub(crate) load: Load,
    pub(crate) fleet: Fleet,
    pub(crate) servers: Vec<Server>,
    /// The link of the clients, then those of the servers.
    pub(crate) links: Vec<Link>,
    pub(crate) faults: Vec<Fault>,
}

impl Model {
    pub(crate) fn end(&self) -> u64 {
        self.duration.saturating_add(self.drain)
    }

    /// The guards of each link. The calls of a server share theirs.
    pub(crate) fn guards(&self) -> Vec<LinkGuards> {
        let alone = Fleet { clients: 1, processes: 1 };
        let fleets = std::iter::once(self.fleet).chain(std::iter::repeat(alone));
        self.links
            .iter()
            .zip(fleets)
            .map(|(link, fleet)| LinkGuards::new(&link.guards, fleet))
            .collect()
    }

    /// The most calls of clients in flight, where the load bounds them; else some.
    pub(crate) fn in_flight_at_most(&self) -> usize {
        match self.load.kind {
            LoadKind::Open { .. } => 1024,
            LoadKind::Closed { .. } | LoadKind::Serial { .. } | LoadKind::Burst { .. } => {
                self.fleet.clients as usize
            }
        }
    }
}
