//! `Budget`: how many retries many calls may spend together.

use pyo3::prelude::*;
use rebackoff_core::{Budget as Core, Cost, Withdrawal as CoreWithdrawal};

use super::ticks::Ticks;
use super::{count, duration, refused};

/// How many retries many calls may spend together, so that an outage is not answered with a
/// multiple of its load. Shared by threads, tasks and event loops; no call waits for another.
///
/// Made by `per_second`, `share`, `quota` or `throttle`, which differ in what fills the bucket. With
/// `dry_run`, it refuses nothing and only counts what it would.
#[pyclass(frozen, module = "rebackoff")]
pub(crate) struct Budget(pub(super) Core);

/// A retry that was paid for.
#[pyclass(frozen, module = "rebackoff")]
pub(crate) struct Withdrawal(CoreWithdrawal);

#[pymethods]
impl Budget {
    /// A bucket that time fills: `rate` tokens a second, at most `capacity`, full at first. A retry
    /// takes one.
    #[staticmethod]
    #[pyo3(signature = (*, rate=None, capacity=None, dry_run=false))]
    fn per_second(
        rate: Option<f64>,
        capacity: Option<Bound<'_, PyAny>>,
        dry_run: bool,
    ) -> PyResult<Self> {
        let mut kind = Core::per_second().dry_run(dry_run);
        if let Some(rate) = rate {
            kind = kind.rate(rate);
        }
        if let Some(capacity) = capacity {
            kind = kind.capacity(count("capacity", &capacity)?);
        }
        kind.build().map(Self).map_err(refused)
    }

    /// A share of the calls: `ratio` retries for each call of the last `ttl` seconds, and `floor` a
    /// second on top. The rule and the defaults are Finagle's.
    #[staticmethod]
    #[pyo3(signature = (*, ratio=None, floor=None, ttl=None, dry_run=false))]
    fn share(
        ratio: Option<f64>,
        floor: Option<f64>,
        ttl: Option<Bound<'_, PyAny>>,
        dry_run: bool,
    ) -> PyResult<Self> {
        let mut kind = Core::share().dry_run(dry_run);
        if let Some(ratio) = ratio {
            kind = kind.ratio(ratio);
        }
        if let Some(floor) = floor {
            kind = kind.floor(floor);
        }
        if let Some(ttl) = ttl {
            kind = kind.ttl(duration("ttl", &ttl)?);
        }
        kind.build().map(Self).map_err(refused)
    }

    /// A quota that successes give back: a retry takes `retry_cost` of `capacity`, one after a
    /// timeout `timeout_cost`; a success gives back what its last retry took, or 1. The rule and the
    /// defaults are those of the AWS SDKs.
    #[staticmethod]
    #[pyo3(signature = (*, capacity=None, retry_cost=None, timeout_cost=None, dry_run=false))]
    fn quota(
        capacity: Option<Bound<'_, PyAny>>,
        retry_cost: Option<Bound<'_, PyAny>>,
        timeout_cost: Option<Bound<'_, PyAny>>,
        dry_run: bool,
    ) -> PyResult<Self> {
        let mut kind = Core::quota().dry_run(dry_run);
        if let Some(capacity) = capacity {
            kind = kind.capacity(count("capacity", &capacity)?);
        }
        if let Some(cost) = retry_cost {
            kind = kind.retry_cost(count("retry_cost", &cost)?);
        }
        if let Some(cost) = timeout_cost {
            kind = kind.timeout_cost(count("timeout_cost", &cost)?);
        }
        kind.build().map(Self).map_err(refused)
    }

    /// A throttle: a failure takes a token, a success gives `token_ratio` of one, and retries pass
    /// while there is more than half of `max_tokens`. The rule is gRPC's (A6).
    #[staticmethod]
    #[pyo3(signature = (*, max_tokens=None, token_ratio=None, dry_run=false))]
    fn throttle(
        max_tokens: Option<Bound<'_, PyAny>>,
        token_ratio: Option<f64>,
        dry_run: bool,
    ) -> PyResult<Self> {
        let mut kind = Core::throttle().dry_run(dry_run);
        if let Some(most) = max_tokens {
            kind = kind.max_tokens(count("max_tokens", &most)?);
        }
        if let Some(ratio) = token_ratio {
            kind = kind.token_ratio(ratio);
        }
        kind.build().map(Self).map_err(refused)
    }

    /// The tokens that are left; retries for a `share`.
    #[getter]
    fn tokens(&self, py: Python<'_>) -> PyResult<f64> {
        let ticks = Ticks::new(py);
        let tokens = self.0.tokens(|| ticks.now());
        ticks.done(tokens)
    }

    /// How many retries were refused; in a dry run, how many would have been.
    #[getter]
    fn refused(&self) -> u64 {
        self.0.refused()
    }

    /// Whether it refuses nothing and only counts.
    #[getter]
    fn dry_run(&self) -> bool {
        self.0.is_dry_run()
    }

    /// A call begins. The decorators say that, and what follows, by themselves.
    pub(super) fn handle_start(&self, py: Python<'_>) -> PyResult<()> {
        let ticks = Ticks::new(py);
        self.0.handle_start(|| ticks.now());
        ticks.done(())
    }

    /// A try failed in a way that another may mend.
    pub(super) fn handle_failure(&self) {
        self.0.handle_failure();
    }

    /// A call succeeded; `last` is what its last retry withdrew, if it needed one.
    #[pyo3(signature = (last=None))]
    fn handle_success(&self, last: Option<&Withdrawal>) {
        self.0.handle_success(last.map(|last| last.0));
    }

    /// Pays for a retry; None when there is too little left, and the retry is not to be made.
    #[pyo3(signature = (*, timeout=false))]
    fn withdraw(&self, py: Python<'_>, timeout: bool) -> PyResult<Option<Withdrawal>> {
        let cost = if timeout { Cost::Timeout } else { Cost::Retry };
        Ok(self.take(py, cost)?.map(Withdrawal))
    }

    /// Gives back what a retry took that is not made after all; once for each withdrawal.
    fn refund(&self, withdrawal: &Withdrawal) {
        self.0.refund(withdrawal.0);
    }

    fn __repr__(&self) -> String {
        format!("<Budget {}>", self.0)
    }
}

impl Budget {
    pub(super) fn take(&self, py: Python<'_>, cost: Cost) -> PyResult<Option<CoreWithdrawal>> {
        let ticks = Ticks::new(py);
        let taken = self.0.withdraw(cost, || ticks.now()).ok();
        ticks.done(taken)
    }
}
