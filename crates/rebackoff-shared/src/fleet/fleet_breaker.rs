use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rebackoff_core::{Breaker, BreakerBuilder, Seconds};

use super::breaker_member::probe_alone;
use super::connected::Fleet;
use super::guards::{BreakerGuard, Guard};
use super::protocol::BreakerTerms;
use super::{FleetError, keys::key};

/// The window of votes of a breaker that counts no time.
const WINDOW: Duration = Duration::from_secs(10);

/// A breaker that the processes of a fleet share; made by [`Fleet::breaker`].
///
/// It opens for a member at once where that member's own calls fail, and for all members when at least two
/// of them, and half of those that called the target in the window, have opened. Then the fleet makes one
/// probe in all, and that probe's outcome holds for all members.
#[derive(Clone)]
pub struct FleetBreaker {
    guard: Arc<BreakerGuard>,
    fleet: Fleet,
}

impl Fleet {
    /// A breaker that all members with this name and these parameters share.
    ///
    /// # Errors
    ///
    /// The name or a parameter is not allowed; `probes` must be 1.
    pub fn breaker(&self, name: &str, builder: BreakerBuilder) -> Result<FleetBreaker, FleetError> {
        let builder = builder.leased_probes(true);
        let breaker = builder.build()?;
        if breaker.probes() != 1 {
            let rule = "probes must be 1 for a breaker of a fleet, which makes one probe in all";
            return Err(FleetError::new("probes", rule, breaker.probes()));
        }
        let key = key(name, "breaker", &format!("{builder:?}"))?;
        let terms = BreakerTerms {
            rule: breaker.to_string(),
            window: breaker.window_time().map_or(WINDOW, Seconds::to_duration),
            open_for: breaker.open_for().to_duration(),
        };
        let guard = Arc::new(BreakerGuard::new(key, terms, breaker));
        self.join(&Guard::Breaker(Arc::downgrade(&guard)));
        Ok(FleetBreaker { guard, fleet: self.clone() })
    }
}

impl FleetBreaker {
    // Getters

    /// The member's own breaker, which calls ask. The first call waits for the fleet's state, but not
    /// for long.
    #[inline]
    pub fn for_call(&self) -> &Breaker {
        if !self.guard.was_called() {
            self.begin();
        }
        &self.guard.breaker
    }

    /// Returns whether the next call does not wait for the fleet's state.
    pub fn is_ready(&self) -> bool {
        self.guard.is_ready()
    }

    /// Returns whether the breaker goes on without the store.
    pub fn is_degraded(&self) -> bool {
        self.guard.is_degraded()
    }

    /// The member's own breaker, for looking at it.
    pub fn breaker(&self) -> &Breaker {
        &self.guard.breaker
    }

    /// The fleet that shares this breaker.
    pub const fn fleet(&self) -> &Fleet {
        &self.fleet
    }

    // Handlers

    /// Asks for the fleet's probe where the open time is over, and waits for the answer as a first call does. A call
    /// that has waited for its retry asks so, in a process that makes no further calls.
    pub fn ask_for_probe(&self) {
        let began = Instant::now();
        while let Err(open) = self.guard.breaker.check_at(|| self.fleet.now()) {
            let left = open.retry_in.map_or(Duration::MAX, Seconds::to_duration);
            if began.elapsed().saturating_add(left) >= self.fleet.first_wait() {
                return;
            }
            if left.is_zero() {
                self.guard.handle_asked();
                self.fleet.wake();
            }
            std::thread::sleep(Duration::from_micros(100));
        }
    }

    /// Reports that a call has changed the state of the breaker.
    pub fn notify(&self) {
        self.fleet.wake();
    }

    #[cold]
    fn begin(&self) {
        self.guard.handle_call();
        if !self.guard.is_ready() {
            self.guard.handle_asked();
        }
        if !self.fleet.begin() {
            // No thread leases probes: each call of the breaker comes by here.
            self.guard.handle_reported();
            probe_alone(&self.guard.breaker, self.fleet.now());
            return;
        }
        if self.guard.is_ready() {
            return;
        }
        self.wait_until(|| self.guard.is_ready());
        self.guard.handle_ready();
    }

    /// Waits for an answer of the store, but not for long.
    fn wait_until(&self, condition: impl Fn() -> bool) {
        let began = Instant::now();
        let is_hopeless = || self.guard.is_degraded();
        while !condition() && !is_hopeless() && began.elapsed() < self.fleet.first_wait() {
            std::thread::sleep(Duration::from_micros(100));
        }
    }
}

impl fmt::Debug for FleetBreaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let BreakerGuard { key, breaker, .. } = &*self.guard;
        f.debug_struct("FleetBreaker")
            .field("key", key)
            .field("breaker", breaker)
            .finish_non_exhaustive()
    }
}
