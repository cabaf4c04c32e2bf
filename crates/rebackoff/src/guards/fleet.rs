//! Guards that a fleet shares, as calls take them.

use rebackoff_core::{Breaker, Budget};
use rebackoff_shared::fleet::{FleetBreaker, FleetBudget};

use super::{GuardView, Handle};

impl Handle<Breaker> for FleetBreaker {
    #[inline]
    fn guard(&self) -> Option<&Breaker> {
        Some(self.for_call())
    }

    fn notify(&self) {
        Self::notify(self);
    }

    fn view(&self) -> Option<GuardView<'_, Breaker>> {
        Some(GuardView { guard: self.breaker(), is_degraded: Some(self.is_degraded()) })
    }
}

impl Handle<Budget> for FleetBudget {
    #[inline]
    fn guard(&self) -> Option<&Budget> {
        Some(self.for_call())
    }

    fn notify(&self) {
        Self::notify(self);
    }

    fn view(&self) -> Option<GuardView<'_, Budget>> {
        Some(GuardView { guard: self.budget(), is_degraded: Some(self.is_degraded()) })
    }
}
