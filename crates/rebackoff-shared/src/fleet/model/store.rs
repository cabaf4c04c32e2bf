//! The store of the models: what the scripts do, in memory.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use super::super::protocol::{
    Action, BreakerAnswer, BreakerRequest, BudgetAnswer, BudgetRequest, FleetState, OpenFor,
};

#[derive(Default)]
pub(super) struct BreakerStore {
    epoch: u64,
    open: bool,
    ends: Duration,
    span: Duration,
    reopened: u64,
    holder: Option<u64>,
    lease: Duration,
    votes: HashMap<u64, Duration>,
    callers: HashMap<u64, Duration>,
    /// States that were published and not yet taken.
    pub(super) published: Vec<FleetState>,
}

impl BreakerStore {
    pub(super) fn state(&self, now: Duration) -> FleetState {
        let open = OpenFor { left: self.ends.saturating_sub(now), reopened: self.reopened };
        FleetState { epoch: self.epoch, open: self.open.then_some(open) }
    }

    pub(super) fn run(
        &mut self,
        member: u64,
        window: Duration,
        request: &BreakerRequest,
        now: Duration,
    ) -> BreakerAnswer {
        let BreakerRequest { called, known, action } = *request;
        self.ends = self.ends.min(now + self.span);
        if known.epoch > self.epoch {
            self.epoch = known.epoch;
            let OpenFor { left, reopened } =
                known.open.unwrap_or(OpenFor { left: Duration::ZERO, reopened: 0 });
            self.set(known.open.is_some(), left, reopened, now);
        }
        let is_of_window = |end: &Duration| *end > now && *end <= now + window;
        self.votes.retain(|_, end| is_of_window(end));
        self.callers.retain(|_, end| is_of_window(end));
        if called || matches!(action, Action::Vote { .. }) {
            self.callers.insert(member, now + window);
        }
        let is_mine = self.open && self.holder == Some(member) && known.epoch == self.epoch;
        match action {
            Action::Vote { span } if !self.open => {
                self.votes.insert(member, now + window);
                let votes = self.votes.len();
                if votes >= 2 && 2 * votes >= self.callers.len() {
                    self.change(true, span, 0, now);
                }
            }
            Action::Ask { lease }
                if self.open
                    && known.epoch == self.epoch
                    && now >= self.ends
                    && (self.lease <= now
                        || self.lease > now + lease
                        || self.holder == Some(member)) =>
            {
                (self.holder, self.lease) = (Some(member), now + lease);
            }
            Action::Release if is_mine => {
                (self.holder, self.lease) = (None, Duration::ZERO);
                self.published.push(self.state(now));
            }
            Action::Reset => self.change(false, Duration::ZERO, 0, now),
            Action::Close if is_mine => self.change(false, Duration::ZERO, 0, now),
            Action::Reopen { span, reopened } if is_mine => self.change(true, span, reopened, now),
            Action::Open { span } => self.change(true, span, 0, now),
            _ => {}
        }
        if !matches!(action, Action::Vote { .. }) {
            self.votes.remove(&member);
        }
        BreakerAnswer {
            state: self.state(now),
            is_mine: self.open && self.holder == Some(member),
            lease: self.lease.saturating_sub(now),
        }
    }

    fn set(&mut self, open: bool, span: Duration, reopened: u64, now: Duration) {
        (self.open, self.span, self.ends, self.reopened) = (open, span, now + span, reopened);
        (self.holder, self.lease) = (None, Duration::ZERO);
    }

    fn change(&mut self, open: bool, span: Duration, reopened: u64, now: Duration) {
        self.epoch += 1;
        self.set(open, span, reopened, now);
        self.votes.clear();
        self.published.push(self.state(now));
    }
}

/// The bucket of `per_second`.
pub(super) struct BudgetStore {
    rate: f64,
    capacity: f64,
    tokens: f64,
    at: Duration,
}

impl BudgetStore {
    pub(super) fn new(rate: f64, capacity: f64) -> Self {
        Self { rate, capacity, tokens: capacity, at: Duration::ZERO }
    }

    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small counts")]
    pub(super) fn run(&mut self, request: &BudgetRequest, now: Duration) -> BudgetAnswer {
        let filled = (now.saturating_sub(self.at)).as_secs_f64() * self.rate;
        self.tokens = (self.tokens + filled + f64::from(request.back)).min(self.capacity);
        self.at = now;
        let granted = request.wanted.min(self.tokens as u32);
        self.tokens -= f64::from(granted);
        BudgetAnswer { granted, left: self.tokens as u64 }
    }
}

/// The slices of `share`.
pub(super) struct ShareStore {
    ratio: f64,
    /// The retries of the floor in one window.
    floor: f64,
    window: Duration,
    is_empty: bool,
    calls: BTreeMap<u128, u64>,
    retries: BTreeMap<u128, u64>,
}

impl ShareStore {
    pub(super) fn new(ratio: f64, floor: f64, window: Duration, is_empty: bool) -> Self {
        let (calls, retries) = (BTreeMap::new(), BTreeMap::new());
        Self { ratio, floor, window, is_empty, calls, retries }
    }

    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small counts")]
    #[allow(clippy::cast_precision_loss, reason = "small counts")]
    pub(super) fn run(&mut self, request: &BudgetRequest, now: Duration) -> BudgetAnswer {
        let slice = now.as_millis() * 10 / self.window.as_millis();
        let mut spent = 0;
        if self.calls.is_empty() && self.is_empty {
            spent = self.floor as u64;
        }
        self.calls.retain(|at, _| at + 10 > slice && *at <= slice);
        self.retries.retain(|at, _| at + 10 > slice && *at <= slice);
        let mut back = u64::from(request.back);
        for count in self.retries.values_mut() {
            let taken = back.min(*count);
            *count -= taken;
            back -= taken;
        }
        *self.calls.entry(slice).or_default() += request.calls;
        *self.retries.entry(slice).or_default() += spent;
        let called = self.calls.values().sum::<u64>() as f64;
        let retried = self.retries.values().sum::<u64>() as f64;
        let left = (self.ratio * called + self.floor - retried + 1e-9).floor().max(0.0);
        let granted = request.wanted.min(left as u32);
        *self.retries.entry(slice).or_default() += u64::from(granted);
        BudgetAnswer { granted, left: left as u64 - u64::from(granted) }
    }
}
