use std::fmt;
use std::sync::Arc;

use rebackoff_core::Budget;

use super::connected::Fleet;
use super::guards::{BudgetGuard, Guard};
use super::{BudgetRule, FleetError, keys::key};

/// A budget that the processes of a fleet share; made by [`Fleet::budget`].
///
/// Retries are paid from a lease in the memory of the process. A call never waits for Redis.
#[derive(Clone)]
pub struct FleetBudget {
    guard: Arc<BudgetGuard>,
    fleet: Fleet,
}

impl Fleet {
    /// A budget that all members with this name and rule share.
    ///
    /// # Errors
    ///
    /// The name or a parameter is not allowed.
    pub fn budget(&self, name: &str, rule: BudgetRule) -> Result<FleetBudget, FleetError> {
        let key = key(name, "budget", &format!("{rule:?}"))?;
        let guard = Arc::new(BudgetGuard::new(key, rule, rule.budget()?));
        self.join(&Guard::Budget(Arc::downgrade(&guard)));
        Ok(FleetBudget { guard, fleet: self.clone() })
    }
}

impl FleetBudget {
    // Getters

    /// The member's own budget, which calls pay from.
    #[inline]
    pub fn for_call(&self) -> &Budget {
        self.fleet.begin();
        &self.guard.budget
    }

    /// Returns whether the budget goes on without the store.
    pub fn is_degraded(&self) -> bool {
        self.guard.is_degraded()
    }

    /// The member's own budget, for looking at it.
    pub fn budget(&self) -> &Budget {
        &self.guard.budget
    }

    /// The fleet that shares this budget.
    pub const fn fleet(&self) -> &Fleet {
        &self.fleet
    }

    // Handlers

    /// Reports that a retry has asked for a token, so that the next batch comes in time.
    pub fn notify(&self) {
        if self.guard.becomes_low(self.fleet.now()) {
            self.fleet.wake();
        }
    }
}

impl fmt::Debug for FleetBudget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let BudgetGuard { key, budget, .. } = &*self.guard;
        f.debug_struct("FleetBudget")
            .field("key", key)
            .field("budget", budget)
            .finish_non_exhaustive()
    }
}
