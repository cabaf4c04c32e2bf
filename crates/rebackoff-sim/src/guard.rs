//! Budgets and breakers, and how many calls share one.

use rebackoff_core::{
    Breaker, BreakerBuilder, Budget, PerSecond, PolicyError, Quota, Share, Throttle,
};

/// The calls that share a guard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum GuardScope {
    /// The calls of one client.
    Client,
    /// The calls of the clients of one process.
    #[default]
    Process,
    /// All calls.
    Fleet,
}

/// The rules of a shipped budget.
#[derive(Clone, Copy, Debug)]
pub enum BudgetRule {
    /// A share of the calls.
    Share(Share),
    /// A bucket that time fills.
    PerSecond(PerSecond),
    /// A quota that successes give back.
    Quota(Quota),
    /// A throttle.
    Throttle(Throttle),
}

impl BudgetRule {
    pub(crate) fn build(self) -> Result<Budget, PolicyError> {
        match self {
            Self::Share(rule) => rule.build(),
            Self::PerSecond(rule) => rule.build(),
            Self::Quota(rule) => rule.build(),
            Self::Throttle(rule) => rule.build(),
        }
    }
}

/// A rule of published experiments that the library does not ship: it decides on retries alone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum GateRule {
    /// Each call deposits, and a retry takes one of more than one token. The bucket is full at the start.
    Bucket { deposit: f64, capacity: f64 },
    /// No retry while the failed tries are more than this share of all calls.
    FailureShare { limit: f64 },
}

/// The state of a gate: tokens, or the calls and the failed tries so far.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gate {
    rule: GateRule,
    calls: f64,
    failures: f64,
    tokens: f64,
}

impl Gate {
    fn new(rule: GateRule) -> Self {
        let tokens = match rule {
            GateRule::Bucket { capacity, .. } => capacity,
            GateRule::FailureShare { .. } => 0.0,
        };
        Self { rule, calls: 0.0, failures: 0.0, tokens }
    }

    pub(crate) fn handle_start(&mut self) {
        self.calls += 1.0;
        if let GateRule::Bucket { deposit, capacity } = self.rule {
            self.tokens = (self.tokens + deposit).min(capacity);
        }
    }

    pub(crate) fn handle_failure(&mut self) {
        self.failures += 1.0;
    }

    /// Returns whether a retry may follow, and takes its token.
    pub(crate) fn handle_retry(&mut self) -> bool {
        match self.rule {
            GateRule::Bucket { .. } => {
                let is_allowed = self.tokens > 1.0;
                self.tokens -= f64::from(u8::from(is_allowed));
                is_allowed
            }
            GateRule::FailureShare { limit } => self.failures / self.calls <= limit,
        }
    }
}

/// The guards of a link, as written.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct GuardRules {
    pub(crate) budget: Option<(BudgetRule, GuardScope)>,
    pub(crate) breaker: Option<(BreakerBuilder, GuardScope)>,
    pub(crate) gate: Option<(GateRule, GuardScope)>,
}

impl GuardRules {
    /// Returns whether calls need the protocol of budget and breaker.
    pub(crate) fn has_shipped(&self) -> bool {
        self.budget.is_some() || self.breaker.is_some()
    }
}

/// The clients and the processes that they belong to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fleet {
    pub(crate) clients: u32,
    pub(crate) processes: u32,
}

impl Fleet {
    /// The number of guards of this scope.
    pub(crate) fn count(self, scope: GuardScope) -> u32 {
        match scope {
            GuardScope::Client => self.clients,
            GuardScope::Process => self.processes,
            GuardScope::Fleet => 1,
        }
    }

    fn index(self, scope: GuardScope, client: u32) -> usize {
        match scope {
            GuardScope::Client => client as usize,
            GuardScope::Process => (client % self.processes) as usize,
            GuardScope::Fleet => 0,
        }
    }
}

/// The guards of a link in one replication.
#[derive(Debug)]
pub(crate) struct LinkGuards {
    fleet: Fleet,
    budgets: Vec<Budget>,
    breakers: Vec<Breaker>,
    gates: Vec<Gate>,
    rules: GuardRules,
}

impl LinkGuards {
    pub(crate) fn new(rules: &GuardRules, fleet: Fleet) -> Self {
        // The rules were checked when the scenario was read.
        let budgets = rules.budget.map_or_else(Vec::new, |(rule, scope)| {
            (0..fleet.count(scope)).filter_map(|_| rule.build().ok()).collect()
        });
        let breakers = rules.breaker.map_or_else(Vec::new, |(rule, scope)| {
            (0..fleet.count(scope)).filter_map(|_| rule.build().ok()).collect()
        });
        let gates = rules.gate.map_or_else(Vec::new, |(rule, scope)| {
            vec![Gate::new(rule); fleet.count(scope) as usize]
        });
        Self { fleet, budgets, breakers, gates, rules: *rules }
    }

    /// The budget and the breaker of a client's calls.
    pub(crate) fn of(&self, client: u32) -> (Option<&Budget>, Option<&Breaker>) {
        let Self { fleet, budgets, breakers, rules, .. } = self;
        let budget = rules.budget.and_then(|(_, scope)| budgets.get(fleet.index(scope, client)));
        let breaker = rules.breaker.and_then(|(_, scope)| breakers.get(fleet.index(scope, client)));
        (budget, breaker)
    }

    pub(crate) fn gate(&mut self, client: u32) -> Option<&mut Gate> {
        let (_, scope) = self.rules.gate?;
        self.gates.get_mut(self.fleet.index(scope, client))
    }

    /// The retries that budgets refused.
    pub(crate) fn refused(&self) -> u64 {
        self.budgets.iter().map(Budget::refused).sum()
    }

    /// The calls and retries that breakers rejected.
    pub(crate) fn rejected(&self) -> u64 {
        self.breakers.iter().map(Breaker::rejected).sum()
    }

    /// The number of times that breakers opened.
    pub(crate) fn opened(&self) -> u64 {
        self.breakers.iter().map(Breaker::opened).sum()
    }
}
