//! `Call`: one call of a decorated function, from its first try to its last.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use pyo3::{PyTraverseError, PyVisit};
use rebackoff_core::{Engine, Limits, Nested, Seconds};

use crate::clock::Clock;
use crate::guards::CallGuards;
use crate::options::{self, ask};
use crate::outside;
use crate::run::{Run, Source};
use crate::scope::{Around, Scope, Surrounding};
use crate::settle::{Moment, Settling, succeed};
use crate::steps::drive;
use crate::strategy::{Progress, Strategy};
use crate::waits::Waits;

/// One call of a decorated function.
///
/// The methods tell it what the target did; what they return says what to do. The ones that begin
/// with `a` are for async targets: they return what has to be awaited, or None.
#[pyclass(module = "rebackoff._native")]
pub(crate) struct Call {
    run: Py<Run>,
    state: CallState,
}

/// What a call knows between its tries.
pub(crate) struct CallState {
    pub(crate) args: Py<PyTuple>,
    pub(crate) kwargs: Py<PyDict>,
    pub(crate) clock: Clock,
    pub(crate) engine: Engine,
    pub(crate) limits: Limits,
    pub(crate) waits: CallWaits,
    /// What the clock said after the last try.
    pub(crate) last_elapsed: Option<Py<PyAny>>,
    /// What follows the try that was settled last.
    pub(crate) next: Next,
    /// What is around this call, from its first failure on.
    pub(crate) around: Option<Around>,
    /// What shows this call to those inside it that are not on its stack.
    pub(crate) scope: Option<Py<Scope>>,
    pub(crate) guards: Option<Box<CallGuards>>,
}

/// Where this call's raw waits come from.
pub(crate) enum CallWaits {
    Strategy(Py<Waits>, Progress),
    Generator(Py<PyAny>),
}

/// What follows a try.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// Another try.
    Again,
    /// The outcome, as it is.
    Over,
    /// None in place of the error.
    Silent,
}

impl CallState {
    /// Starts a call whose clock has been started: reads the options that are asked on each call.
    pub(crate) fn begin<'py>(
        run: &Bound<'py, Run>,
        clock: Clock,
        args: Bound<'py, PyTuple>,
        kwargs: Bound<'py, PyDict>,
    ) -> PyResult<Self> {
        let py = run.py();
        let run = run.get();
        let mut limits = Limits::new();
        limits.max_tries = run.max_tries.value(py, options::max_tries)?;
        limits.max_time = run.max_time.value(py, options::max_time)?;
        limits.last_wait = run.last_wait;
        limits.hints = run.hints;
        let guards = match &run.guards {
            Some(guards) => Some(Box::new(CallGuards::begin(py, guards, &args, &kwargs)?)),
            None => None,
        };
        Ok(Self {
            args: args.unbind(),
            kwargs: kwargs.unbind(),
            clock,
            engine: Engine::new(),
            limits,
            waits: CallWaits::begin(py, &run.source)?,
            last_elapsed: None,
            next: Next::Again,
            around: None,
            scope: None,
            guards,
        })
    }

    pub(crate) fn surrounding(&self, py: Python<'_>) -> Surrounding {
        Surrounding {
            clock: self.clock.clone_ref(py),
            max_time: self.limits.max_time,
            tries: self.engine.tries(),
        }
    }

    /// Tells the guards of a success.
    pub(crate) fn settle_success(&mut self, py: Python<'_>, value: &Py<PyAny>) -> PyResult<()> {
        let Some(guards) = &mut self.guards else {
            return Ok(());
        };
        let settled = guards.succeed(py, value);
        if settled.is_err() {
            guards.drop_permit();
        }
        settled
    }

    /// What there is to settle before a try: somebody may want to be told, or a breaker let none through.
    pub(crate) fn before_try(&self, py: Python<'_>, run: &Run) -> Option<Settling> {
        let rejection = self.guards.as_ref().and_then(|guards| guards.rejection());
        match rejection {
            Some(error) => Some(Settling::new(Moment::Rejected, error.clone_ref(py))),
            None => run.tells_tries().then(|| Settling::new(Moment::Trying, py.None())),
        }
    }

    /// Another error than the target's ends the call, and says nothing of the target.
    pub(crate) fn release(&mut self) {
        if let Some(guards) = &mut self.guards {
            guards.drop_permit();
        }
    }

    /// Looks at what is around the call, once: a deadline there is the call's own, too.
    pub(crate) fn look_around(
        &mut self,
        py: Python<'_>,
        run: &Run,
        elapsed: Seconds,
    ) -> PyResult<()> {
        if self.around.is_some() {
            return Ok(());
        }
        let own = self.scope.is_some().then_some(run);
        let around = Around::find(py, own, true)?;
        if around.remaining.is_some() && matches!(self.clock, Clock::Off) {
            self.clock = Clock::start(py)?;
        }
        self.limits = Limits {
            nested: if around.nested { run.nested } else { Nested::Allow },
            ..self.limits
        }
        .inside(around.remaining, elapsed);
        self.around = Some(around);
        Ok(())
    }

    /// These tries, times those of the calls around; `None` where there are none.
    pub(crate) fn amplification(&self, tries: u64) -> Option<u64> {
        let around = self.around.filter(|around| around.nested)?;
        Some(around.amplification.saturating_mul(tries))
    }

    fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.args)?;
        visit.call(&self.kwargs)?;
        self.clock.traverse(visit)?;
        match &self.waits {
            CallWaits::Strategy(waits, progress) => {
                visit.call(waits)?;
                progress.traverse(visit)?;
            }
            CallWaits::Generator(generator) => visit.call(generator)?,
        }
        visit.call(&self.last_elapsed)?;
        visit.call(&self.scope)?;
        self.guards.as_ref().map_or(Ok(()), |guards| guards.traverse(visit))
    }
}

impl CallWaits {
    fn begin(py: Python<'_>, source: &Source) -> PyResult<Self> {
        let (function, keywords) = match source {
            Source::Configured(waits) => {
                return Ok(Self::Strategy(waits.clone_ref(py), Progress::default()));
            }
            Source::Made { function, keywords } => (function.bind(py), keywords.bind(py)),
        };
        let now = PyDict::new(py);
        for (name, value) in keywords.iter() {
            now.set_item(name, ask(&value)?)?;
        }
        let generator = outside::call(function, &PyTuple::empty(py), Some(&now))?;
        if let Ok(waits) = generator.cast::<Waits>() {
            return Ok(Self::Strategy(waits.clone().unbind(), Progress::default()));
        }
        generator.call_method1("send", (py.None(),))?;
        Ok(Self::Generator(generator.unbind()))
    }

    /// The next raw wait, before anything is made of it; `None` at the end.
    pub(crate) fn next<'py>(
        &mut self,
        outcome: &Bound<'py, PyAny>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let py = outcome.py();
        match self {
            Self::Strategy(waits, progress) => {
                let waits = waits.clone_ref(py);
                waits.get().strategy().next(progress, outcome)
            }
            Self::Generator(generator) => {
                let send = generator.bind(py).getattr(pyo3::intern!(py, "send"))?;
                outside::call1(&send, outcome).map(Some)
            }
        }
    }

    /// The generator that a patched `_next_wait` is given, ready to be sent outcomes.
    pub(crate) fn as_generator<'py>(&mut self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        if let Self::Strategy(waits, _) = self {
            let again = Waits::from(Strategy::Again { of: waits.clone_ref(py) });
            let again = Bound::new(py, again)?.into_any();
            again.call_method1("send", (py.None(),))?;
            *self = Self::Generator(again.unbind());
        }
        match self {
            Self::Strategy(waits, _) => Ok(waits.bind(py).clone().into_any()),
            Self::Generator(generator) => Ok(generator.bind(py).clone()),
        }
    }

    pub(crate) fn name(&self, py: Python<'_>) -> String {
        match self {
            Self::Strategy(waits, _) => format!("{}()", waits.get().strategy().name()),
            Self::Generator(generator) => generator
                .bind(py)
                .getattr("__qualname__")
                .map_or_else(|_| "the wait generator".to_owned(), |name| format!("{name}()")),
        }
    }
}

#[pymethods]
impl Call {
    /// Whether the outcome that was settled last is not worth an error: the call returns None.
    #[getter]
    fn silent(&self) -> bool {
        self.state.next == Next::Silent
    }

    /// Whether there is another try.
    #[getter]
    fn again(&self) -> bool {
        self.state.next == Next::Again
    }

    /// Until `leave`, it is around everything in this context.
    fn enter(&mut self, py: Python<'_>) -> PyResult<()> {
        if self.state.scope.is_some() {
            return Ok(());
        }
        let run = Some(self.run.clone_ref(py));
        let scope = Bound::new(py, Scope::make(py, run, self.state.surrounding(py))?)?;
        Scope::enter(&scope)?;
        self.state.scope = Some(scope.unbind());
        Ok(())
    }

    /// `enter`, before the first try of a call that somebody asks the time of.
    fn enter_if_timed(&mut self, py: Python<'_>) -> PyResult<()> {
        if matches!(self.state.clock, Clock::Off) { Ok(()) } else { self.enter(py) }
    }

    /// The call, or its try in a retry context, is over. What has not been settled says nothing.
    fn leave(&mut self, py: Python<'_>) -> PyResult<()> {
        if let Some(scope) = self.state.scope.take() {
            scope.get().leave(py);
        }
        match &mut self.state.guards {
            Some(guards) if !self.run.get().in_context() => guards.release(py),
            _ => Ok(()),
        }
    }

    /// The target raised what is not retried: that says nothing of its health.
    fn lost(&mut self, py: Python<'_>) -> PyResult<()> {
        self.state.guards.as_mut().map_or(Ok(()), |guards| guards.release(py))
    }

    /// The block of a retry context came to its end: the guards hear of it here, because it may
    /// return from the function around it, and then nothing else is called.
    fn passed(&mut self, py: Python<'_>) -> PyResult<()> {
        self.state.settle_success(py, &py.None())
    }

    /// Tells the handlers that a try is about to begin, or ends the call where a breaker lets none through.
    fn trying(&mut self, py: Python<'_>) -> PyResult<()> {
        match self.state.before_try(py, self.run.get()) {
            Some(settling) => self.settle(py, settling).map(|_| ()),
            None => Ok(()),
        }
    }

    /// The target raised: waits and returns True, or gives up and returns False.
    fn failed(&mut self, py: Python<'_>, error: Py<PyAny>) -> PyResult<bool> {
        self.settle(py, Settling::new(Moment::Failed, error))
    }

    /// The target returned, and the predicate has the word: as `failed`.
    fn returned(&mut self, py: Python<'_>, value: Py<PyAny>) -> PyResult<bool> {
        self.settle(py, Settling::new(Moment::Returned, value))
    }

    /// The target returned, and the predicate has spoken: as `failed`.
    fn refused(&mut self, py: Python<'_>, value: Py<PyAny>) -> PyResult<bool> {
        self.settle(py, Settling::new(Moment::Refused, value))
    }

    /// The target returned, and that is a success.
    fn succeeded(&mut self, py: Python<'_>, value: Py<PyAny>) -> PyResult<()> {
        self.state.settle_success(py, &value)?;
        if !self.run.get().tells_success() {
            return Ok(());
        }
        succeed(py, self.run.get(), &self.state, &value)
    }

    fn atrying(slf: Bound<'_, Self>) -> PyResult<Option<Bound<'_, PyAny>>> {
        let call = slf.borrow();
        let settling = call.state.before_try(slf.py(), call.run.get());
        drop(call);
        settling.map_or(Ok(None), |settling| drive(slf, settling))
    }

    fn afailed(slf: Bound<'_, Self>, error: Py<PyAny>) -> PyResult<Option<Bound<'_, PyAny>>> {
        drive(slf, Settling::new(Moment::Failed, error))
    }

    fn areturned(slf: Bound<'_, Self>, value: Py<PyAny>) -> PyResult<Option<Bound<'_, PyAny>>> {
        drive(slf, Settling::new(Moment::Returned, value))
    }

    fn arefused<'py>(
        slf: Bound<'py, Self>,
        value: Py<PyAny>,
        answer: Bound<'py, PyAny>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        drive(slf, Settling::answered(value, answer))
    }

    fn asucceeded(slf: Bound<'_, Self>, value: Py<PyAny>) -> PyResult<Option<Bound<'_, PyAny>>> {
        slf.borrow_mut().state.settle_success(slf.py(), &value)?;
        if !slf.borrow().run.get().tells_success() {
            return Ok(None);
        }
        drive(slf, Settling::new(Moment::Succeeded, value))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.run)?;
        self.state.traverse(&visit)
    }
}

impl Call {
    pub(crate) fn new(run: Py<Run>, state: CallState) -> Self {
        Self { run, state }
    }

    /// It, as what its target does sees it; `None` where that sees it in the context variable.
    pub(crate) fn surrounding(&self, py: Python<'_>) -> Option<Surrounding> {
        self.state.scope.is_none().then(|| self.state.surrounding(py))
    }

    /// Settles an outcome of a blocking target. Whether there is another try.
    fn settle(&mut self, py: Python<'_>, settling: Settling) -> PyResult<bool> {
        settling.finish(py, self.run.get(), &mut self.state)?;
        Ok(self.state.next == Next::Again)
    }

    pub(crate) fn parts(&mut self) -> (&Py<Run>, &mut CallState) {
        (&self.run, &mut self.state)
    }
}
