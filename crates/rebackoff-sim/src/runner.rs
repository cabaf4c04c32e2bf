//! Replications on threads. Each depends on its seed and number alone, and results are put together in their order.

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::thread;

use crate::figures::NamedFigures;
use crate::report::{CaseSum, Report};
use crate::scenario::{Checked, Scenario, ScenarioError};
use crate::world::{MOST_EVENTS, MOST_IN_FLIGHT, MOST_TO_COME, Stop, World};

/// The control of a simulation: its threads, a way to stop it, and its progress.
pub struct Control<'a> {
    pub(crate) threads: usize,
    stop: &'a AtomicBool,
    progress: &'a (dyn Fn(usize, usize) + Sync),
}

static NEVER: AtomicBool = AtomicBool::new(false);

impl Control<'_> {
    /// As many threads as there are processors, and neither stop nor progress.
    pub fn new() -> Self {
        let threads = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        Self { threads, stop: &NEVER, progress: &|_, _| {} }
    }
}

impl<'a> Control<'a> {
    /// Sets the number of threads, at least 1. Fewer are used where not as many replications fit into memory.
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = threads.max(1);
        self
    }

    /// Stops the simulation when `stop` becomes true. The report then has the replications that are done.
    pub fn stop(self, stop: &'a AtomicBool) -> Self {
        Self { stop, ..self }
    }

    /// Calls `progress` after each replication with the number of those that are done and of all.
    pub fn progress(self, progress: &'a (dyn Fn(usize, usize) + Sync)) -> Self {
        Self { progress, ..self }
    }
}

impl Default for Control<'_> {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Control<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Control").field("threads", &self.threads).finish_non_exhaustive()
    }
}

/// The replications that are done, by their numbers, and the sums of each case.
struct Results {
    figures: Vec<Mutex<Option<NamedFigures>>>,
    sums: Vec<Mutex<Option<CaseSum>>>,
    next: AtomicUsize,
    done: AtomicUsize,
    failed: Mutex<Option<Stop>>,
}

impl Scenario {
    /// Runs all replications of all cases, on every processor.
    ///
    /// # Errors
    ///
    /// As for [`check`](Self::check); also where a replication has more in flight than the bound.
    pub fn run(&self) -> Result<Report, ScenarioError> {
        self.run_with(&Control::new())
    }

    /// Runs as [`run`](Self::run), under the control of the caller.
    ///
    /// # Errors
    ///
    /// As for [`run`](Self::run).
    pub fn run_with(&self, control: &Control<'_>) -> Result<Report, ScenarioError> {
        run(&self.checked()?, control)
    }
}

fn run(checked: &Checked, control: &Control<'_>) -> Result<Report, ScenarioError> {
    let runs = usize::try_from(checked.runs).unwrap_or(usize::MAX);
    let total = checked.cases.len() * runs;
    let results = Results {
        figures: (0..total).map(|_| Mutex::new(None)).collect(),
        sums: checked.cases.iter().map(|_| Mutex::new(None)).collect(),
        next: AtomicUsize::new(0),
        done: AtomicUsize::new(0),
        failed: Mutex::new(None),
    };
    let fits = |others: &usize| (others + 1) as f64 <= checked.at_once;
    thread::scope(|scope| {
        for _ in (1..control.threads.min(total)).take_while(fits) {
            // The other threads do the work of one that the system refuses.
            let _ =
                thread::Builder::new().spawn_scoped(scope, || results.work(checked, runs, control));
        }
        results.work(checked, runs, control);
    });
    if let Some(stop) = take(results.failed) {
        return Err(too_much(stop));
    }
    let is_whole = results.done.load(Relaxed) == total;
    let mut figures = results.figures.into_iter().map(take);
    let cases = checked.cases.iter().zip(results.sums).map(|((parameters, model), sum)| {
        let figures: Vec<_> = figures.by_ref().take(runs).flatten().collect();
        (parameters.as_slice(), model, figures, take(sum))
    });
    Ok(Report::of(checked, cases, is_whole))
}

impl Results {
    fn work(&self, checked: &Checked, runs: usize, control: &Control<'_>) {
        loop {
            let number = self.next.fetch_add(1, Relaxed);
            let (case, run) = (number / runs, number % runs);
            let Some((_, model)) = checked.cases.get(case) else {
                return;
            };
            let world = World::new(model, run as u64);
            match world.map_or(Err(Stop::Asked), |world| world.run(control.stop)) {
                Ok(tally) => {
                    let figures = NamedFigures::of(&tally, model);
                    set(&self.figures[number], |slot| *slot = Some(figures));
                    set(&self.sums[case], |sum| match sum {
                        Some(sum) => sum.add(&tally),
                        None => *sum = Some(CaseSum::of(tally)),
                    });
                }
                Err(Stop::Asked) => return,
                Err(stop) => {
                    set(&self.failed, |failed| *failed = Some(stop));
                    self.next.store(self.figures.len(), Relaxed);
                    return;
                }
            }
            (control.progress)(self.done.fetch_add(1, Relaxed) + 1, self.figures.len());
        }
    }
}

fn set<T>(slot: &Mutex<T>, change: impl FnOnce(&mut T)) {
    change(&mut slot.lock().unwrap_or_else(PoisonError::into_inner));
}

fn take<T>(slot: Mutex<T>) -> T {
    slot.into_inner().unwrap_or_else(PoisonError::into_inner)
}

fn too_much(stop: Stop) -> ScenarioError {
    let message = match stop {
        Stop::TooManyEvents => format!(
            "a replication has more than {MOST_EVENTS} events: shorten the duration, or lengthen the waits of its policies"
        ),
        Stop::TooManyToCome => format!(
            "a replication has more than {MOST_TO_COME} timeouts and other events to come, which is the bound on its memory: \
             lengthen the waits of its policies, or shorten their timeouts"
        ),
        Stop::Asked | Stop::TooManyInFlight => format!(
            "a replication has more than {MOST_IN_FLIGHT} calls or jobs in flight, which is the bound on its memory: \
             bound the queue of its servers, or lower its load or duration"
        ),
    };
    ScenarioError::new(None, message)
}
