//! Who is told what becomes of an outcome: the logger, the handlers, the exporters.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use rebackoff_core::{Reason, Seconds, Step};

use super::{Moment, Settling, Stage, is_awaitable};
use crate::call::{CallState, Next};
use crate::clock::Elapsed;
use crate::details;
use crate::log::Record;
use crate::outside;
use crate::run::{Run, Trigger};
use crate::seconds::Amount;
use crate::telemetry::{self, Event};

impl Settling {
    /// Prepares the handlers of what the engine decided.
    pub(super) fn follow(
        &mut self,
        py: Python<'_>,
        run: &Run,
        call: &mut CallState,
        step: Step,
    ) -> PyResult<()> {
        match step {
            Step::Accept => self.enter_success(py, run, call),
            Step::Retry { wait, tries } => {
                let refused = match &mut call.guards {
                    Some(guards) => guards.refuse(py, &self.outcome, wait)?,
                    None => None,
                };
                match refused {
                    Some(reason) => self.enter_giveup(py, run, call, reason, tries),
                    None => self.enter_backoff(py, run, call, wait),
                }
            }
            Step::GiveUp { reason, tries } => self.enter_giveup(py, run, call, reason, tries),
        }
    }

    pub(super) fn enter_success(
        &mut self,
        py: Python<'_>,
        run: &Run,
        call: &mut CallState,
    ) -> PyResult<()> {
        self.stage = Stage::Done;
        if self.moment != Moment::Succeeded {
            call.settle_success(py, &self.outcome)?;
        }
        if run.tells_success() {
            let details = success(py, run, call, &self.elapsed(py), &self.outcome)?;
            self.details = Some(details.unbind());
            self.stage = Stage::Tell(Event::Success, 0);
        }
        Ok(())
    }

    fn enter_backoff(
        &mut self,
        py: Python<'_>,
        run: &Run,
        call: &mut CallState,
        wait: Seconds,
    ) -> PyResult<()> {
        call.next = Next::Again;
        self.stage = Stage::Sleep;
        // The engine may have changed the wait: a hint raises it, max_time shortens it.
        if let Some(object) = self.wait.take() {
            let amount = Amount { object: object.into_bound(py), value: self.wait_value };
            self.wait = Some(amount.or_else(wait).unbind());
        }
        let log = match &run.log {
            Some(log) if !log.is_unseen(py, Record::Backoff)? => Some(log),
            _ => None,
        };
        if log.is_none() && run.on_backoff.is_empty() && !telemetry::is_on() {
            return Ok(());
        }
        let (elapsed, wait) = (self.elapsed(py), self.wait.as_ref());
        let details = details::with_outcome(py, run, call, &elapsed, &self.outcome, wait)?;
        let amplification = call.amplification(call.engine.tries());
        let details = details::with_amplification(details, amplification)?;
        if let Some(log) = log {
            log.write(&details, Record::Backoff, run.in_context())?;
        }
        self.details = Some(details.unbind());
        self.stage = Stage::Tell(Event::Backoff, 0);
        Ok(())
    }

    pub(super) fn enter_giveup(
        &mut self,
        py: Python<'_>,
        run: &Run,
        call: &mut CallState,
        reason: Reason,
        tries: u64,
    ) -> PyResult<()> {
        // A retry context always raises when its waits run out, as python-backoff's does.
        let raises = run.raises_on_giveup() || (run.in_context() && reason == Reason::Exhausted);
        call.next = if raises { Next::Over } else { Next::Silent };
        self.stage = Stage::Done;
        let log = match &run.log {
            Some(log) if !log.is_unseen(py, Record::Giveup)? => Some(log),
            _ => None,
        };
        if log.is_none() && run.on_giveup.is_empty() && !telemetry::is_on() {
            return Ok(());
        }
        let elapsed = self.elapsed(py);
        let details = if self.moment == Moment::Rejected {
            details::with_error(py, run, call, &elapsed, &self.outcome)?
        } else {
            details::with_outcome(py, run, call, &elapsed, &self.outcome, None)?
        };
        let details = details::with(details, intern!(py, "reason"), reason.as_str())?;
        details.set_item(intern!(py, "tries"), tries)?;
        let amplification = call.amplification(tries);
        let details = details::with_amplification(details, amplification)?;
        if let Some(log) = log {
            log.write(&details, Record::Giveup, run.in_context())?;
        }
        self.details = Some(details.unbind());
        self.stage = Stage::Tell(Event::Giveup, 0);
        Ok(())
    }

    /// Calls the handlers from the one at `index` on; stops at one that has to be awaited.
    pub(super) fn tell<'py>(
        &mut self,
        py: Python<'py>,
        run: &Run,
        event: Event,
        index: usize,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let (handlers, after) = match event {
            Event::Try => (&run.on_try, Stage::Done),
            Event::Backoff => (&run.on_backoff, Stage::Sleep),
            Event::Giveup => (&run.on_giveup, Stage::Done),
            Event::Success => (&run.on_success, Stage::Done),
        };
        let details = match &self.details {
            Some(details) => details.bind(py).clone().into_any(),
            None => py.None().into_bound(py),
        };
        for (index, handler) in handlers.iter().enumerate().skip(index) {
            let result = outside::call1(handler.bind(py), &details)?;
            if run.is_async && is_awaitable(&result)? {
                self.stage = Stage::Tell(event, index + 1);
                return Ok(Some(result));
            }
        }
        telemetry::tell(event, &details);
        self.stage = after;
        Ok(None)
    }
}

/// What a blocking target's success comes to, where somebody wants to know of it.
pub(crate) fn succeed(
    py: Python<'_>,
    run: &Run,
    call: &CallState,
    value: &Py<PyAny>,
) -> PyResult<()> {
    let details = success(py, run, call, &call.clock.elapsed(py)?, value)?;
    for handler in &run.on_success {
        outside::call1(handler.bind(py), &details)?;
    }
    telemetry::tell(Event::Success, &details);
    Ok(())
}

fn success<'py>(
    py: Python<'py>,
    run: &Run,
    call: &CallState,
    elapsed: &Elapsed<'py>,
    value: &Py<PyAny>,
) -> PyResult<Bound<'py, PyDict>> {
    match run.trigger {
        Trigger::Exception { .. } => details::base(py, run, call, elapsed.shown(py)),
        Trigger::Predicate(_) => details::with_outcome(py, run, call, elapsed, value, None),
    }
}
