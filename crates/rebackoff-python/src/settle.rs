//! What happens between two tries: ask the condition, let the engine decide, tell the handlers, sleep.
//!
//! Written once for blocking and async targets. On an async target each step may come upon
//! something to be awaited: the settling stops there and goes on with what it gave.

mod tell;
mod wait;

pub(crate) use tell::succeed;
use wait::Halt;

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict};
use pyo3::{PyTraverseError, PyVisit};
use rebackoff_core::{Reason, Seconds, Verdict};

use crate::call::{CallState, Next};
use crate::clock::Elapsed;
use crate::details;
use crate::modules::CALLABLES;
use crate::run::{Run, Trigger};
use crate::telemetry::Event;
use crate::{outside, sleep, testing};

/// What the target has done.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// Nothing yet: a try is about to begin.
    Trying,
    /// Nothing, and it will not: a breaker lets no try through.
    Rejected,
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
    /// Whether the guards know of the failure.
    is_counted: bool,
    wait_value: f64,
    details: Option<Py<PyDict>>,
}

#[derive(Clone, Copy)]
enum Stage {
    Begin,
    Condition,
    Decide,
    Tell(Event, usize),
    Sleep,
    /// After the wait, the breaker is asked again.
    Admit,
    Done,
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
            is_counted: false,
            wait_value: 0.0,
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
        let step = self.advance(py, run, call, given);
        if step.is_err() {
            // The error's traceback may keep the call alive, and a permit with it.
            call.release();
        }
        step
    }

    fn advance<'py>(
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
                Stage::Decide => {
                    call.look_around(py, run, self.elapsed)?;
                    if let Some(guards) = call.guards.as_mut().filter(|_| !self.is_counted) {
                        self.is_counted = true;
                        guards.fail(py, &self.outcome, self.verdict == Verdict::GiveUp)?;
                    }
                    match self.decide(py, run, call, given.take()) {
                        Ok(step) => self.follow(py, run, call, step)?,
                        Err(Halt::Await(awaitable)) => return Ok(Some(awaitable)),
                        Err(Halt::Raise(error)) => return Err(error),
                    }
                }
                Stage::Tell(event, index) => {
                    given = None;
                    if let Some(awaitable) = self.tell(py, run, event, index)? {
                        return Ok(Some(awaitable));
                    }
                }
                Stage::Sleep => {
                    self.stage = if call.guards.is_some() {
                        Stage::Admit
                    } else {
                        call.begin_try();
                        Stage::Done
                    };
                    if let Some(pause) = self.sleep(py, run)? {
                        return Ok(Some(pause));
                    }
                }
                Stage::Admit => {
                    given = None;
                    self.stage = Stage::Done;
                    let admitted = match &mut call.guards {
                        Some(guards) => guards.admit(py)?,
                        None => true,
                    };
                    if admitted {
                        call.begin_try();
                    } else {
                        let tries = call.engine.tries();
                        self.enter_giveup(py, run, call, Reason::Breaker, tries)?;
                    }
                }
                Stage::Done => {
                    let rejection = call.guards.as_mut().and_then(|guards| guards.take_rejection());
                    return match rejection {
                        Some(error) => Err(PyErr::from_value(error.into_bound(py))),
                        None => Ok(None),
                    };
                }
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
        if run.tells_tries() {
            call.last_elapsed = Some(elapsed.shown(py).unbind());
        }
        self.elapsed_object = elapsed.object.map(Bound::unbind);
        self.stage = match self.moment {
            Moment::Succeeded => {
                self.enter_success(py, run, call)?;
                return Ok(());
            }
            _ if testing::is_disabled() => Stage::Done,
            Moment::Rejected => {
                self.enter_giveup(py, run, call, Reason::Breaker, 0)?;
                return Ok(());
            }
            Moment::Failed if is_cancellation(py, run, &self.outcome)? => Stage::Done,
            Moment::Refused => Stage::Decide,
            _ => Stage::Condition,
        };
        if let (Stage::Done, Some(guards)) = (self.stage, &mut call.guards) {
            guards.release(py)?;
        }
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
                    Some(outside::call1(condition.bind(py), self.outcome.bind(py))?)
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

    fn sleep<'py>(&self, py: Python<'py>, run: &Run) -> PyResult<Option<Bound<'py, PyAny>>> {
        let Some(wait) = self.wait.as_ref().map(|wait| wait.bind(py)) else {
            return Ok(None);
        };
        if testing::record(wait, Seconds::new(self.wait_value).unwrap_or(Seconds::ZERO))? {
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
