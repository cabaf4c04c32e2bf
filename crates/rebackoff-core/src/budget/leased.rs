use super::Refused;
use crate::Moment;
use crate::atomic::{AtomicU64, Ordering::Relaxed, zeros};

const NANOS_PER_MILLI: u64 = 1_000_000;
const TOKEN_BITS: u32 = 22;
const MAX_TOKENS: u64 = (1 << TOKEN_BITS) - 1;

/// The tokens that an outer store has handed out to a [`leased`](crate::Budget::leased) budget.
///
/// A driver grants dated tokens, in two batches: the one that ends first is spent first. While it is alone,
/// without its store, the budget also follows its own rule. A lease is alone when it is made.
#[derive(Debug)]
pub struct Lease {
    batches: [AtomicU64; 2],
    /// The calls that began since they were last taken.
    calls: AtomicU64,
    /// The retries that asked for a token, granted and refused, since they were last taken.
    withdrawals: AtomicU64,
    /// 0 while there is a store.
    alone: AtomicU64,
}

/// Tokens with the millisecond at which they end, in one word.
#[derive(Clone, Copy)]
struct Batch(u64);

impl Batch {
    fn new(tokens: u64, end: u64) -> Self {
        Self(end << TOKEN_BITS | tokens.min(MAX_TOKENS))
    }

    fn tokens(self) -> u64 {
        self.0 & MAX_TOKENS
    }

    fn end(self) -> u64 {
        self.0 >> TOKEN_BITS
    }

    /// The tokens that have not ended.
    fn tokens_at(self, now: Moment) -> u64 {
        if now.nanos() < self.end() * NANOS_PER_MILLI { self.tokens() } else { 0 }
    }

    /// The note by which a token is refunded: low bits of its end, so that another batch in its place is
    /// known, and bits that no other kind of budget has.
    #[allow(clippy::cast_possible_truncation, reason = "the low bits")]
    fn mark(self, index: usize) -> u32 {
        (self.end() as u32) << 3 >> 1 | 2 | u32::from(index > 0)
    }
}

impl Lease {
    pub(super) fn new() -> Self {
        let [calls, withdrawals] = zeros();
        Self { batches: zeros(), calls, withdrawals, alone: AtomicU64::new(1) }
    }

    // Getters

    /// Returns whether the budget follows its own rule.
    #[inline]
    pub fn is_alone(&self) -> bool {
        self.alone.load(Relaxed) != 0
    }

    /// The tokens that are left of the lease.
    #[allow(clippy::cast_possible_truncation, reason = "two batches of 22 bits")]
    pub fn tokens(&self, now: Moment) -> u32 {
        self.batches.iter().map(|batch| Batch(batch.load(Relaxed)).tokens_at(now) as u32).sum()
    }

    // Handlers

    /// Adds tokens that end at that moment. They end earlier where both batches have tokens left.
    pub fn grant(&self, tokens: u32, end: Moment, now: Moment) {
        let [first, second] = self.words();
        let end = end.nanos() / NANOS_PER_MILLI;
        // A batch that has not ended may get a refund, also without a token left.
        let has_ended = |batch: &Batch| now.nanos() >= batch.end() * NANOS_PER_MILLI;
        let is_spent = |batch: &Batch| batch.tokens() == 0;
        let batches = [first, second];
        let free = batches.iter().position(has_ended).or(batches.iter().position(is_spent));
        let latest = usize::from(second.end() > first.end());
        let (index, is_new) = (free.unwrap_or(latest), free.is_some());
        let tokens = u64::from(tokens);
        self.change(index, |old| {
            Some(if is_new {
                Batch::new(tokens, end)
            } else {
                Batch::new(old.tokens() + tokens, old.end())
            })
        });
    }

    /// Takes the tokens that are left, to give them back to the store.
    pub fn take_tokens(&self, now: Moment) -> u32 {
        let left = self.tokens(now);
        for index in 0..self.batches.len() {
            self.change(index, |_| Some(Batch(0)));
        }
        left
    }

    /// Takes the number of calls that began since it was last taken.
    pub fn take_calls(&self) -> u64 {
        self.calls.swap(0, Relaxed)
    }

    /// Takes the number of retries that asked for a token since it was last taken.
    pub fn take_withdrawals(&self) -> u64 {
        self.withdrawals.swap(0, Relaxed)
    }

    /// Sets whether the budget follows its own rule.
    pub fn set_alone(&self, alone: bool) {
        self.alone.store(u64::from(alone), Relaxed);
    }

    #[inline]
    pub(super) fn count_call(&self) {
        self.calls.fetch_add(1, Relaxed);
    }

    /// Takes a token out of the batch that ends first, else, alone, one of the own rule.
    pub(super) fn withdraw(
        &self,
        now: Moment,
        own: impl FnOnce(Moment) -> Result<u32, Refused>,
    ) -> Result<u32, Refused> {
        self.withdrawals.fetch_add(1, Relaxed);
        let [first, second] = self.words();
        let order = if second.end() < first.end() { [1, 0] } else { [0, 1] };
        for index in order {
            let spent = self.change(index, |old| {
                (old.tokens_at(now) > 0).then(|| Batch::new(old.tokens() - 1, old.end()))
            });
            if let Some(batch) = spent {
                return Ok(batch.mark(index));
            }
        }
        if self.is_alone() { own(now) } else { Err(Refused(())) }
    }

    /// Returns whether a withdrawal came out of a lease.
    pub(super) const fn is_of(taken: u32) -> bool {
        taken & 2 != 0 && taken >> 31 == 0
    }

    /// Puts a token back, unless its batch has gone.
    pub(super) fn refund(&self, taken: u32) {
        let index = (taken & 1) as usize;
        self.change(index, |old| {
            (old.mark(index) == taken).then(|| Batch::new(old.tokens() + 1, old.end()))
        });
    }

    fn words(&self) -> [Batch; 2] {
        [0, 1].map(|index: usize| Batch(self.batches[index].load(Relaxed)))
    }

    /// Changes a batch to what `next` makes of it; `None` where it makes nothing.
    fn change(&self, index: usize, next: impl Fn(Batch) -> Option<Batch>) -> Option<Batch> {
        let batch = &self.batches[index];
        let mut old = Batch(batch.load(Relaxed));
        loop {
            let new = next(old)?;
            match batch.compare_exchange_weak(old.0, new.0, Relaxed, Relaxed) {
                Ok(_) => return Some(new),
                Err(current) => old = Batch(current),
            }
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use core::time::Duration;

    use super::*;
    use crate::{Budget, Cost, secs};

    fn budget() -> Budget {
        Budget::per_second().rate(1.0).capacity(1).build().unwrap().leased().unwrap()
    }

    fn at(seconds: u64) -> Moment {
        secs(seconds).into()
    }

    #[test]
    fn a_leased_budget_follows_its_own_rule_while_it_is_alone() {
        let budget = budget();
        let lease = budget.lease().unwrap();
        assert!(budget.withdraw_at(Cost::Retry, || at(0)).is_ok());
        assert!(budget.withdraw_at(Cost::Retry, || at(0)).is_err());
        assert!(budget.withdraw_at(Cost::Retry, || at(1)).is_ok());
        lease.set_alone(false);
        assert!(budget.withdraw_at(Cost::Retry, || at(9)).is_err());
    }

    #[test]
    fn granted_tokens_are_spent_until_they_end_those_that_end_first_before_others() {
        let budget = budget();
        let lease = budget.lease().unwrap();
        lease.set_alone(false);
        lease.grant(2, at(20), at(0));
        lease.grant(1, at(10), at(0));
        assert_eq!(lease.tokens(at(0)), 3);
        assert!(budget.withdraw_at(Cost::Retry, || at(0)).is_ok());
        assert_eq!(lease.tokens(at(10)), 2);
        assert_eq!(budget.tokens_at(|| at(10)).to_bits(), 2.0_f64.to_bits());
        assert!(budget.withdraw_at(Cost::Retry, || at(19)).is_ok());
        assert!(budget.withdraw_at(Cost::Retry, || at(20)).is_err());
    }

    #[test]
    fn a_refund_goes_to_its_own_batch_and_no_other() {
        let budget = budget();
        let lease = budget.lease().unwrap();
        lease.set_alone(false);
        lease.grant(1, at(10), at(0));
        let paid = budget.withdraw_at(Cost::Retry, || at(0)).unwrap();
        budget.refund(paid);
        assert_eq!(lease.tokens(at(0)), 1);
        let paid = budget.withdraw_at(Cost::Retry, || at(0)).unwrap();
        lease.grant(1, at(11), at(0));
        budget.refund(paid);
        assert_eq!(lease.tokens(at(0)), 2);
        let paid = budget.withdraw_at(Cost::Retry, || at(0)).unwrap();
        lease.grant(1, at(12), at(0));
        budget.refund(paid);
        assert_eq!(lease.tokens(at(0)), 2, "its batch has gone");
        assert_eq!(lease.take_tokens(at(0)), 2);
        assert_eq!(lease.tokens(at(0)), 0);
    }

    #[test]
    fn a_third_batch_ends_with_the_second() {
        let budget = budget();
        let lease = budget.lease().unwrap();
        for end in [10, 20, 30] {
            lease.grant(1, at(end), at(0));
        }
        assert_eq!(lease.tokens(at(0)), 3);
        assert_eq!(lease.tokens(at(20)), 0);
    }

    #[test]
    fn calls_are_taken_once() {
        let share = Budget::share().ratio(0.5).ttl(Duration::from_secs(10));
        let budget = share.build().unwrap().leased().unwrap();
        let lease = budget.lease().unwrap();
        (0..3).for_each(|_| budget.handle_start_at(|| at(0)));
        assert_eq!((lease.take_calls(), lease.take_calls()), (3, 0));
        assert!(Budget::quota().build().unwrap().leased().is_none());
    }
}
