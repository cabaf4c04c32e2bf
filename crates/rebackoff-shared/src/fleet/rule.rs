//! The rules of budgets that a fleet shares, and the leases that they make.

use std::time::Duration;

use rebackoff_core::{Budget, PerSecond, PolicyError, Share};

use super::FleetError;

/// The shortest time for which a lease is good.
const SHORTEST_LEASE: Duration = Duration::from_secs(10);

/// The rule of a budget of the fleet: tokens for all members together.
///
/// For W members, N tokens and R tokens a second (for a share: N = floor · ttl, R = floor), a member holds at most
/// N / (2W) tokens, at least one. It gets them in batches of four fifths of that, the next when a fifth is
/// left. Without Redis, each member spends N / W tokens and R / W a second, at least one token.
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use = "`Fleet::budget` makes a budget of a rule"]
pub struct BudgetRule {
    kind: Kind,
    members: u32,
    empty: bool,
    dry_run: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    PerSecond { rate: f64, capacity: u32 },
    Share { ratio: f64, floor: f64, ttl: Duration },
}

/// The size and the life of the leases of one member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LeaseTerms {
    /// The most tokens that the member holds.
    pub(super) size: u32,
    pub(super) ttl: Duration,
}

impl LeaseTerms {
    /// The most tokens that one request brings.
    pub(super) const fn batch(self) -> u32 {
        self.size - self.spare()
    }

    /// The tokens at which the next batch is asked for: a quarter of a batch.
    pub(super) const fn spare(self) -> u32 {
        self.size / 5
    }
}

impl BudgetRule {
    /// A bucket that time fills: `rate` tokens a second, at most `capacity`.
    pub const fn per_second(rate: f64, capacity: u32) -> Self {
        Self::new(Kind::PerSecond { rate, capacity })
    }

    /// A share of the calls: `ratio` retries for each call of the last `ttl`, and `floor` a second.
    pub const fn share(ratio: f64, floor: f64, ttl: Duration) -> Self {
        Self::new(Kind::Share { ratio, floor, ttl })
    }

    const fn new(kind: Kind) -> Self {
        Self { kind, members: 10, empty: false, dry_run: false }
    }

    /// The number of members W for which leases are sized, from 1 to 100000. Default 10.
    pub const fn members(mut self, members: u32) -> Self {
        self.members = members;
        self
    }

    /// Begins with an empty bucket instead of a full one: for a new name, and where Redis lost its data.
    pub const fn starts_empty(mut self, empty: bool) -> Self {
        self.empty = empty;
        self
    }

    /// Sets a dry run, which refuses no retry and only counts. Default `false`.
    pub const fn dry_run(mut self, dry_run: bool) -> Self {
        self.dry_run = dry_run;
        self
    }

    pub(super) const fn kind(&self) -> Kind {
        self.kind
    }

    pub(super) const fn start(&self) -> &'static str {
        if self.empty { "empty" } else { "full" }
    }

    /// The member's own budget, which is spent from leases.
    pub(super) fn budget(&self) -> Result<Budget, FleetError> {
        if self.members < 1 || self.members > 100_000 {
            let rule = "members must be from 1 to 100000";
            return Err(FleetError::new("members", rule, self.members));
        }
        self.whole()?;
        let members = f64::from(self.members);
        let part = match self.kind {
            Kind::PerSecond { rate, capacity } => Kind::PerSecond {
                rate: (rate / members).max(0.001),
                capacity: (capacity / self.members).max(1),
            },
            Kind::Share { ratio, floor, ttl } => {
                let one = if floor > 0.0 { 1.0 / ttl.as_secs_f64() } else { 0.0 };
                Kind::Share { ratio, floor: (floor / members).max(one), ttl }
            }
        };
        let budget = Self { kind: part, ..*self }.whole()?;
        budget
            .leased()
            .ok_or_else(|| FleetError::new("kind", "kind must be per_second or share", ""))
    }

    /// The budget of all members together, as one of a process.
    pub(super) fn whole(&self) -> Result<Budget, PolicyError> {
        let dry_run = self.dry_run;
        match self.kind {
            Kind::PerSecond { rate, capacity } => {
                Budget::per_second().rate(rate).capacity(capacity).dry_run(dry_run).build()
            }
            Kind::Share { ratio, floor, ttl } => {
                Budget::share().ratio(ratio).floor(floor).ttl(ttl).dry_run(dry_run).build()
            }
        }
    }

    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
    pub(super) fn lease_terms(&self) -> LeaseTerms {
        let members = f64::from(self.members.max(1));
        let (most, ttl) = match self.kind {
            // A member that is idle lets a token a lease go unused: a tenth of the rate for all of them.
            Kind::PerSecond { rate, capacity } => {
                let slow = Duration::try_from_secs_f64(10.0 * members / rate);
                (f64::from(capacity), slow.unwrap_or(SHORTEST_LEASE).max(SHORTEST_LEASE))
            }
            Kind::Share { floor, ttl, .. } => (floor * ttl.as_secs_f64(), ttl),
        };
        LeaseTerms { size: ((most / (2.0 * members)) as u32).max(1), ttl }
    }
}

impl From<Share> for BudgetRule {
    fn from(rule: Share) -> Self {
        Self::share(rule.get_ratio(), rule.get_floor(), rule.get_ttl()).dry_run(rule.is_dry_run())
    }
}

impl From<PerSecond> for BudgetRule {
    fn from(rule: PerSecond) -> Self {
        Self::per_second(rule.get_rate(), rule.get_capacity()).dry_run(rule.is_dry_run())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_is_at_most_half_of_an_equal_part_and_at_least_one_token() {
        for (capacity, members, size, batch) in
            [(100, 10, 5, 4), (100, 1, 50, 40), (1_000, 10, 50, 40), (10, 10, 1, 1), (60, 10, 3, 3)]
        {
            let terms = BudgetRule::per_second(10.0, capacity).members(members).lease_terms();
            assert_eq!((terms.size, terms.batch()), (size, batch), "{capacity} {members}");
            assert_eq!(terms.batch() + terms.spare(), terms.size);
        }
    }

    #[test]
    fn without_redis_a_member_has_its_part_and_at_least_one_token() {
        let tokens = |rule: BudgetRule| rule.budget().unwrap().tokens_at(|| Duration::ZERO);
        let ten_seconds = Duration::from_secs(10);
        assert_eq!(tokens(BudgetRule::per_second(10.0, 100)).to_bits(), 10.0_f64.to_bits());
        assert_eq!(tokens(BudgetRule::per_second(1.0, 5)).to_bits(), 1.0_f64.to_bits());
        assert_eq!(tokens(BudgetRule::share(0.1, 10.0, ten_seconds)).to_bits(), 10.0_f64.to_bits());
        assert_eq!(tokens(BudgetRule::share(0.1, 0.2, ten_seconds)).to_bits(), 1.0_f64.to_bits());
    }

    #[test]
    fn a_rule_of_one_process_is_a_rule_of_a_fleet() {
        let ttl = Duration::from_secs(2);
        let share = Budget::share().ratio(0.5).floor(3.0).ttl(ttl).dry_run(true);
        assert_eq!(BudgetRule::from(share), BudgetRule::share(0.5, 3.0, ttl).dry_run(true));
        let per_second = Budget::per_second().rate(2.0).capacity(7);
        assert_eq!(BudgetRule::from(per_second), BudgetRule::per_second(2.0, 7));
    }

    #[test]
    fn wrong_parameters_are_errors_with_value_and_rule() {
        let error = |rule: BudgetRule| rule.budget().unwrap_err().to_string();
        let ttl = Duration::from_secs(10);
        assert_eq!(
            error(BudgetRule::share(2.0, 1.0, ttl)),
            "ratio must be from 0.0001 to 1, but it is 2"
        );
        assert_eq!(
            error(BudgetRule::per_second(1.0, 1).members(0)),
            "members must be from 1 to 100000, but it is 0"
        );
    }
}
