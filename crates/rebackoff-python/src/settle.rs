//! What happens between two tries: ask the condition, let the engine decide, tell the handlers, sleep.
//!
//! Written once for blocking and async targets. On an async target each step may come upon
//! something to be awaited: the settling stops there and goes on with what it gave.

mod wait;

use wait::Halt;

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict};
use pyo3::{PyTraverseError, PyVisit};
use rebackoff_core::{Reason, Seconds, Step, Verdict};

use crate::call::{CallState, Next};
use crate::clock::Elapsed;
use crate::details;
use crate::log::Record;
use crate::modules::CALLABLES;
use crate::run::{Run, Trigger};
use crate::seconds::Amount;
use crate::{sleep, testing};

/// What the target has done.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// Nothing yet: a try is about to begin.
    Trying,
    /// It raised one of the exceptions.
    Failed,
    /// It returned, and the predicate has to be asked.
    Returned,
    /// It returned, and the predicate has refused the value.
    Refused,
    /// It returned what the caller wanted.
    Succeeded,
}

/// One outcome on its way through the steps.
pub(crate) struct Settling {
    moment: Moment,
    /// The error or the value.
    outcome: Py<PyAny>,
    stage: Stage,
    /// The predicate's answer, where it came from outside.
    answer: Option<Py<PyAny>>,
    elapsed: Seconds,
    elapsed_object: Option<Py<PyAny>>,
    verdict: Verdict,
    raw: Option<Py<PyAny>>,
    wait: Option<Py<PyAny>>,
    details: Option<Py<PyDict>>,
}

#[derive(Clone, Copy)]
enum Stage {
    Begin,
    Condition,
    Decide,
    Tell(Event, usize),
    Sleep,
    Done,
}

#[derive(Clone, Copy)]
enum Event {
    Try,
    Backoff,
    Giveup,
    Success,
}

impl Settling {
    pub(crate) fn new(moment: Moment, outcome: Py<PyAny>) -> Self {
        Self {
            moment,
            outcome,
            stage: Stage::Begin,
            answer: None,
            elapsed: Seconds::ZERO,
            elapsed_object: None,
            verdict: Verdict::Retry,
            raw: None,
            wait: None,
            details: None,
        }
    }

    /// The value that the predicate has answered for, with its answer, which may have to be awaited.
    pub(crate) fn answered(value: Py<PyAny>, answer: Bound<'_, PyAny>) -> Self {
        let answer = Some(answer.unbind());
        Self { answer, ..Self::new(Moment::Returned, value) }
    }

    /// Does everything there is to do after a try of a target that blocks.
    pub(crate) fn finish(
        mut self,
        py: Python<'_>,
        run: &Run,
        call: &mut CallState,
    ) -> PyResult<()> {
        self.step(py, run, call, None).map(|_| ())
    }

    /// Goes on until everything is done (`None`) or something has to be awaited.
    ///
    /// `given` is what the last awaited thing gave.
    pub(crate) fn step<'py>(
        &mut self,
        py: Python<'py>,
        run: &Run,
        call: &mut CallState,
        given: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let mut given = given;
        loop {
            match self.stage {
                Stage::Begin => self.begin(py, run, call)?,
                Stage::Condition => {
                    let answer = self.answer.take().map(|answer| answer.into_bound(py));
                    let given = given.take().or(answer);
                    if let Some(awaitable) = self.ask_condition(py, run, call, given)? {
                        return Ok(Some(awaitable));
                    }
                }
                Stage::Decide => match self.decide(py, run, call, given.take()) {
                    Ok(step) => self.follow(py, run, call, step)?,
                    Err(Halt::Await(awaitable)) => return Ok(Some(awaitable)),
                    Err(Halt::Raise(error)) => return Err(error),
                },
                Stage::Tell(event, index) => {
                    given = None;
                    if let Some(awaitable) = self.tell(py, run, event, index)? {
                        return Ok(Some(awaitable));
                    }
                }
                Stage::Sleep => {
                    self.stage = Stage::Done;
                    if let Some(pause) = self.sleep(py, run)? {
                        return Ok(Some(pause));
                    }
                }
                Stage::Done => return Ok(None),
            }
        }
    }

    fn begin(&mut self, py: Python<'_>, run: &Run, call: &mut CallState) -> PyResult<()> {
        call.next = Next::Over;
        if self.moment == Moment::Trying {
            let elapsed = match &call.last_elapsed {
                Some(elapsed) => elapsed.bind(py).clone(),
                None => 0_i32.into_pyobject(py)?.into_any(),
            };
            self.details = Some(details::base(py, run, call, elapsed)?.unbind());
            self.stage = Stage::Tell(Event::Try, 0);
            return Ok(());
        }
        let elapsed = call.clock.elapsed(py)?;
        self.elapsed = elapsed.seconds;
        if !run.on_try.is_empty() {
            call.last_elapsed = Some(elapsed.shown(py).unbind());
        }
        self.elapsed_object = elapsed.object.map(Bound::unbind);
        self.stage = match self.moment {
            Moment::Succeeded => {
                self.enter_success(py, run, call)?;
                return Ok(());
            }
            _ if testing::is_disabled() => Stage::Done,
            Moment::Failed if is_cancellation(py, run, &self.outcome)? => Stage::Done,
            Moment::Refused => Stage::Decide,
            _ => Stage::Condition,
        };
        Ok(())
    }

    /// Asks `giveup` or the predicate, unless `given` is the answer.
    fn ask_condition<'py>(
        &mut self,
        py: Python<'py>,
        run: &Run,
        call: &mut CallState,
        given: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let answer = match given {
            Some(given) => Some(given),
            None => match &run.trigger {
                Trigger::Exception { giveup: None, .. } => None,
                Trigger::Exception { giveup: Some(condition), .. }
                | Trigger::Predicate(condition) => {
                    Some(condition.bind(py).call1((&self.outcome,))?)
                }
            },
        };
        if let Some(answer) = &answer {
            if run.is_async && is_awaitable(answer)? {
                return Ok(Some(answer.clone()));
            }
        }
        let truth = answer.map_or(Ok(false), |answer| answer.is_truthy())?;
        match run.trigger {
            Trigger::Exception { .. } if truth => self.verdict = Verdict::GiveUp,
            Trigger::Predicate(_) if !truth => {
                self.enter_success(py, run, call)?;
                return Ok(None);
            }
            _ => {}
        }
        self.stage = Stage::Decide;
        Ok(None)
    }

    /// Prepares the handlers of what the engine decided.
    fn follow(
        &mut self,
        py: Python<'_>,
        run: &Run,
        call: &mut CallState,
        step: Step,
    ) -> PyResult<()> {
        match step {
            Step::Accept => self.enter_success(py, run, call),
            Step::Retry { wait } => self.enter_backoff(py, run, call, wait),
            Step::GiveUp { reason } => self.enter_giveup(py, run, call, reason),
        }
    }

    fn enter_success(&mut self, py: Python<'_>, run: &Run, call: &CallState) -> PyResult<()> {
        self.stage = Stage::Done;
        if !run.on_success.is_empty() {
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
            let amount = Amount::read(object.into_bound(py))?;
            self.wait = amount.map(|amount| amount.or_else(wait).unbind());
        }
        let log = match &run.log {
            Some(log) if !log.is_unseen(py, Record::Backoff)? => Some(log),
            _ => None,
        };
        if log.is_none() && run.on_backoff.is_empty() {
            return Ok(());
        }
        // The engine has counted the next try already; the details tell of the one that failed.
        let (elapsed, wait) = (self.elapsed(py), self.wait.as_ref());
        let details = details::with_outcome(py, run, call, &elapsed, &self.outcome, wait)?;
        details.set_item(intern!(py, "tries"), call.engine.tries() - 1)?;
        if let Some(log) = log {
            log.write(&details, Record::Backoff, run.in_context())?;
        }
        self.details = Some(details.unbind());
        self.stage = Stage::Tell(Event::Backoff, 0);
        Ok(())
    }

    fn enter_giveup(
        &mut self,
        py: Python<'_>,
        run: &Run,
        call: &mut CallState,
        reason: Reason,
    ) -> PyResult<()> {
        // A retry context always raises when its waits run out, as python-backoff's does.
        let raises = run.raises_on_giveup() || (run.in_context() && reason == Reason::Exhausted);
        call.next = if raises { Next::Over } else { Next::Silent };
        self.stage = Stage::Done;
        let log = match &run.log {
            Some(log) if !log.is_unseen(py, Record::Giveup)? => Some(log),
            _ => None,
        };
        if log.is_none() && run.on_giveup.is_empty() {
            return Ok(());
        }
        let elapsed = self.elapsed(py);
        let details = details::with_outcome(py, run, call, &elapsed, &self.outcome, None)?;
        let details = details::with_reason(details, reason)?;
        if let Some(log) = log {
            log.write(&details, Record::Giveup, run.in_context())?;
        }
        self.details = Some(details.unbind());
        self.stage = Stage::Tell(Event::Giveup, 0);
        Ok(())
    }

    /// Calls the handlers from the one at `index` on; stops at one that has to be awaited.
    fn tell<'py>(
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
        for (index, handler) in handlers.iter().enumerate().skip(index) {
            let result = handler.bind(py).call1((&self.details,))?;
            if run.is_async && is_awaitable(&result)? {
                self.stage = Stage::Tell(event, index + 1);
                return Ok(Some(result));
            }
        }
        self.stage = after;
        Ok(None)
    }

    fn sleep<'py>(&self, py: Python<'py>, run: &Run) -> PyResult<Option<Bound<'py, PyAny>>> {
        let Some(wait) = self.wait.as_ref().map(|wait| wait.bind(py)) else {
            return Ok(None);
        };
        if testing::record(wait)? {
            return Ok(None);
        }
        if run.is_async {
            return sleep::pause(wait).map(Some);
        }
        sleep::block(wait)?;
        Ok(None)
    }

    fn elapsed<'py>(&self, py: Python<'py>) -> Elapsed<'py> {
        let object = self.elapsed_object.as_ref().map(|object| object.bind(py).clone());
        Elapsed { seconds: self.elapsed, object }
    }

    /// Whether nothing is left to do but to await what was given last.
    pub(crate) fn is_done(&self) -> bool {
        matches!(self.stage, Stage::Done)
    }

    pub(crate) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.outcome)?;
        visit.call(&self.answer)?;
        visit.call(&self.elapsed_object)?;
        visit.call(&self.raw)?;
        visit.call(&self.wait)?;
        visit.call(&self.details)
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
        handler.bind(py).call1((&details,))?;
    }
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

/// Whether the error stops the program or the task, and the decorator did not name its kind.
fn is_cancellation(py: Python<'_>, run: &Run, error: &Py<PyAny>) -> PyResult<bool> {
    let Trigger::Exception { narrow: Some(narrow), .. } = &run.trigger else {
        return Ok(false);
    };
    let is_cancellation = CALLABLES.get(py)?.getattr(intern!(py, "is_cancellation"))?;
    is_cancellation.call1((error, narrow))?.extract()
}

/// Whether what a function of the caller's gave has to be awaited. Tasks and futures run by
/// themselves; a coroutine does not.
fn is_awaitable(result: &Bound<'_, PyAny>) -> PyResult<bool> {
    if result.is_none() || result.is_exact_instance_of::<PyBool>() {
        return Ok(false);
    }
    let class = result.get_type();
    let py = result.py();
    Ok(class.hasattr(intern!(py, "__await__"))? && class.hasattr(intern!(py, "send"))?)
}
