//! One call: everything from the first try to the exit code.

mod after;

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rebackoff_core::{Cost, Engine, EventKind, LastWait, Reason, Seconds, Step, Verdict};

use super::Run;
use super::conditions::CommandJudge;
use super::context::{Context, Interruption};
use super::environment::{Environment, Progress};
use super::guards::CommandGuards;
use super::program::Program;
use super::running::{RunningCommand, Task};
use super::state::{Opened, SavedCall, Store};
use super::streams::{Recording, Streams};
use crate::CliError;
use crate::ending::Ending;
use crate::random::Chance;
use crate::report::EventReport;

/// One call: everything from the first try to the exit code.
pub(super) struct CommandCall<'r> {
    run: &'r Run,
    context: Context,
    program: Program,
    environment: Environment,
    engine: Engine,
    draws: Chance,
    judge: CommandJudge,
    guards: CommandGuards<'r>,
    start: Instant,
    /// The time that went before, in earlier runs.
    before: Duration,
    last_code: Option<u8>,
    stdin: Option<Recording>,
    store: Option<Store>,
}

pub(super) enum Begun<'r> {
    CommandCall(Box<CommandCall<'r>>),
    /// There is nothing to do in this run, which exits with this code.
    Not(u8),
}

/// The outcome of one try.
struct CommandOutcome {
    ending: Ending,
    verdict: Verdict,
    /// The cost of a retry after it.
    cost: Cost,
    elapsed: Duration,
    lasted: Duration,
    ended: Instant,
    interruption: Option<Interruption>,
    /// The try itself, whose held output is still to go somewhere; none where there was no command to start.
    running: Option<RunningCommand>,
}

enum Next {
    Return,
    Leave(Interruption),
    GiveUp(Reason),
    Retry(Duration),
}

impl<'r> CommandCall<'r> {
    pub(super) fn begin(run: &'r Run) -> Result<Begun<'r>, CliError> {
        let store = match run.state.as_deref() {
            None => None,
            Some(path) => match Store::open(path)? {
                Opened::Store(store) => Some(store),
                Opened::Busy => {
                    let busy = format!("{} is in use by another run", path.display());
                    run.reporter.warn(&busy);
                    run.reporter.log(&failed(busy, run.exit_codes.conflict, 0));
                    return Ok(Begun::Not(run.exit_codes.conflict));
                }
            },
        };
        let state = store.as_ref().and_then(Store::state).cloned();
        if let Some((state, left)) =
            state.as_ref().and_then(|state| Some((state, state.wait_left()?)))
        {
            run.reporter.report_too_early(&EventReport {
                event: EventKind::Backoff.as_str(),
                tries: state.tries,
                elapsed: state.elapsed(),
                wait: Some(left),
                ..EventReport::default()
            });
            return Ok(Begun::Not(unfinished(state.exit_code)));
        }
        let mark = mark();
        let environment = Environment::inherited(&mark);
        let context = Context::enter(run.grace, run.signal, mark)?;
        let guards = CommandGuards::open(&run.guards, &run.reporter)?;
        let (engine, streak) = state.as_ref().map_or((Engine::new(), 0), SavedCall::resume);
        Ok(Begun::CommandCall(Box::new(Self {
            run,
            context,
            program: Program::new(&run.command),
            environment,
            engine,
            draws: Chance::default(),
            judge: CommandJudge::new(streak),
            guards,
            start: Instant::now(),
            before: state.as_ref().map(SavedCall::elapsed).unwrap_or_default(),
            last_code: state.map(|state| state.exit_code),
            stdin: run.replay_stdin.then(Recording::default),
            store,
        })))
    }

    // Getters

    pub(super) fn tries(&self) -> u64 {
        self.engine.tries()
    }

    fn elapsed(&self) -> Duration {
        self.before.saturating_add(self.start.elapsed())
    }

    /// The time until the deadline, which also ends a try.
    fn until_deadline(&self) -> Option<Duration> {
        self.run.deadline.map(|deadline| deadline.saturating_sub(self.elapsed()))
    }

    fn remaining(&self) -> Option<Duration> {
        let elapsed = Seconds::from_duration(self.elapsed());
        let of_policy = self.run.policy.limits().remaining(elapsed).map(Seconds::to_duration);
        [of_policy, self.until_deadline()].into_iter().flatten().min()
    }

    fn progress(&self, reason: Option<Reason>) -> Progress {
        Progress {
            tries: self.engine.tries(),
            max_tries: self.run.policy.max_tries(),
            last_exit: self.last_code,
            elapsed: self.elapsed(),
            remaining: self.remaining(),
            reason: reason.map(Reason::as_str),
        }
    }

    /// The limit on the try that begins now.
    fn timeout(&self) -> Option<Duration> {
        let ends = self.run.policy.limits().last_wait == LastWait::Stop;
        let remaining = self.remaining().filter(|_| ends);
        let limit = self.run.timeout.map(|limit| remaining.map_or(limit, |left| left.min(limit)));
        [limit, self.until_deadline()].into_iter().flatten().min()
    }

    fn report(&self, event: EventKind) -> EventReport {
        EventReport {
            event: event.as_str(),
            tries: self.engine.tries(),
            max_tries: self.run.policy.max_tries().map(u64::from),
            elapsed: self.elapsed(),
            ..EventReport::default()
        }
    }

    // Handlers

    /// Tries until the command has succeeded or the engine gives up; gives the exit code.
    pub(super) fn run(&mut self) -> Result<u8, CliError> {
        let code = match self.guards.handle_start(self.tries() > 0) {
            Ok(()) => self.try_until_end(),
            Err(rejection) => self.reject(rejection),
        };
        self.guards.finish();
        code
    }

    fn try_until_end(&mut self) -> Result<u8, CliError> {
        loop {
            let mut outcome = self.running()?;
            match self.settle(&mut outcome)? {
                Next::Return => return self.succeed(outcome),
                Next::Leave(interruption) => return self.leave(outcome, interruption),
                Next::GiveUp(reason) => return self.give_up(outcome, reason),
                Next::Retry(wait) => {
                    if let Some(code) = self.back_off(outcome, wait)? {
                        return Ok(code);
                    }
                }
            }
        }
    }

    /// One try, to its end.
    fn running(&mut self) -> Result<CommandOutcome, CliError> {
        self.engine.handle_try();
        self.guards.handle_try();
        self.run.reporter.report(&self.report(EventKind::Try), &self.run.command);
        let begin = Instant::now();
        let progress = self.progress(None);
        let timeout = self.timeout();
        let hold = self.run.once || self.run.failed_output.is_some();
        let task = Task {
            program: &mut self.program,
            timeout,
            streams: Streams::new(&self.run.conditions, hold, self.run.replay_stdin),
            environment: self.environment.of_try(&progress),
        };
        let (ending, running) = match RunningCommand::begin(task, &self.context) {
            Ok(mut running) => {
                let ending = running.watch(&mut self.context, self.stdin.as_mut())?;
                (ending, Some(running))
            }
            Err(ending) => (ending, None),
        };
        let ended = running.as_ref().and_then(RunningCommand::ended).unwrap_or_else(Instant::now);
        let seen = running.as_ref().map(RunningCommand::seen).unwrap_or_default();
        let verdict = self.judge.judge(&self.run.conditions, &ending, seen);
        let cost = self.run.conditions.cost(&ending, seen);
        let interruption = self.context.interruption(&ending);
        self.last_code = Some(ending.code());
        let elapsed = self.before.saturating_add(ended.saturating_duration_since(self.start));
        let lasted = ended.saturating_duration_since(begin);
        Ok(CommandOutcome { ending, verdict, cost, elapsed, lasted, ended, interruption, running })
    }

    /// Decides, and ends the processes that a failed try has left: no try begins beside a living one.
    fn settle(&mut self, outcome: &mut CommandOutcome) -> Result<Next, CliError> {
        let next = self.decide(outcome);
        if let (Some(running), false) = (&mut outcome.running, matches!(next, Next::Return)) {
            self.clear(running)?;
            if matches!(next, Next::Retry(_)) && running.survivor().is_some() {
                return Ok(Next::GiveUp(Reason::Giveup));
            }
        }
        Ok(next)
    }

    fn decide(&mut self, outcome: &CommandOutcome) -> Next {
        if let (Some(interruption), true) =
            (outcome.interruption, outcome.verdict != Verdict::Accept)
        {
            return Next::Leave(interruption);
        }
        let is_success = self.judge.streak() > 0;
        self.guards.handle_settled(&outcome.ending, outcome.verdict, is_success, &mut self.draws);
        if outcome.running.as_ref().is_some_and(|running| running.survivor().is_some()) {
            return Next::GiveUp(Reason::Giveup);
        }
        let mut elapsed = outcome.elapsed;
        let throttled = self.run.throttled.as_ref().filter(|_| outcome.cost == Cost::Throttled);
        let policy = throttled.unwrap_or(&self.run.policy);
        if outcome.verdict != Verdict::Accept
            && self.engine.handle_long_try(policy.limits(), Seconds::from_duration(outcome.lasted))
        {
            self.start = outcome.ended;
            self.before = Duration::ZERO;
            elapsed = Duration::ZERO;
        }
        let seconds = Seconds::from_duration(elapsed);
        let (limits, verdict) = (policy.limits(), outcome.verdict);
        let decided = self.engine.handle_verdict(limits, verdict, seconds);
        let step = decided.unwrap_or_else(|| {
            let mut position = self.engine.position();
            if self.run.throttled.is_some() {
                position = policy.wait().take_over(position);
            }
            let wait = policy.next_wait(position, &mut self.draws);
            self.engine.handle_wait(limits, verdict, seconds, wait, &mut self.draws)
        });
        match step {
            Step::Accept => Next::Return,
            Step::GiveUp { reason, .. } => Next::GiveUp(reason),
            Step::Retry { wait: seconds, .. } => {
                let wait = seconds.to_duration();
                let is_too_late = |deadline| elapsed.saturating_add(wait) >= deadline;
                match self.run.deadline {
                    Some(deadline) if is_too_late(deadline) => Next::GiveUp(Reason::MaxTime),
                    _ => match self.guards.handle_retry(outcome.cost, seconds) {
                        Ok(()) => Next::Retry(wait),
                        Err(reason) => Next::GiveUp(reason),
                    },
                }
            }
        }
    }
}

/// The exit code of a call whose first try a breaker rejects: a temporary failure, as `sysexits.h` has it.
const REJECTED: u8 = 75;

/// The last event of a call that rebackoff's own failure ended in try number `tries`.
pub(super) fn report_of_failure(failure: &CliError, tries: u64) -> EventReport {
    failed(failure.to_string(), CliError::CODE, tries)
}

fn failed(error: String, code: u8, tries: u64) -> EventReport {
    let event = EventKind::Giveup.as_str();
    let ending = Some(Ending::Exited(code));
    EventReport { event, tries, ending, error: Some(error), ..EventReport::default() }
}

/// The exit code of a call that is not done: never that of a success.
fn unfinished(code: u8) -> u8 {
    code.max(1)
}

/// A mark that no other call has.
fn mark() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("{}-{:x}", std::process::id(), now.as_nanos())
}
