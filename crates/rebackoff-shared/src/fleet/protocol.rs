//! Requests of members to the store, and its answers.

use std::time::Duration;

/// The state of a breaker, as the fleet has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct FleetState {
    /// The number of changes of state.
    pub(super) epoch: u64,
    pub(super) open: Option<OpenFor>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OpenFor {
    /// The time until a probe is leased.
    pub(super) left: Duration,
    /// The number of times that it re-opened since it was last closed.
    pub(super) reopened: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BreakerRequest {
    /// True where the member called the target since its last request.
    pub(super) called: bool,
    /// The state that it knows. A store that lost its data takes it over.
    pub(super) known: FleetState,
    pub(super) action: Action,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// Asks for the state, and withdraws the member's vote.
    Sync,
    /// Votes for opening for so long.
    Vote { span: Duration },
    /// Asks for the lease of the probe.
    Ask { lease: Duration },
    /// Gives back the lease, without a probe.
    Release,
    /// Closes the breaker: the probe succeeded.
    Close,
    /// Opens it again for so long: the probe failed.
    Reopen { span: Duration, reopened: u64 },
    /// Opens it for so long, as an operator says.
    Open { span: Duration },
    /// Closes it, as an operator says.
    Reset,
}

/// The parameters of a breaker, as the store keeps them for operators.
#[derive(Clone, Debug)]
pub(super) struct BreakerTerms {
    pub(super) rule: String,
    pub(super) window: Duration,
    pub(super) open_for: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BreakerAnswer {
    pub(super) state: FleetState,
    /// True where the member has the lease of the probe.
    pub(super) is_mine: bool,
    /// The time left of the lease, whichever member has it.
    pub(super) lease: Duration,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct BudgetRequest {
    pub(super) wanted: u32,
    pub(super) back: u32,
    /// The calls that began since the last request.
    pub(super) calls: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BudgetAnswer {
    pub(super) granted: u32,
    /// The tokens that the store has left.
    pub(super) left: u64,
}
