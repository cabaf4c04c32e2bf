//! Calls through the engine and its guards.

use rebackoff_core::{
    BreakerState, CallGuards, Cost, Open, Reason, Seconds, StateChange, Step, Verdict,
};

use super::World;
use crate::client::{ClientCall, Origin, seconds};
use crate::event::SimEvent;
use crate::figures::Failing;
use crate::queue::Stamp;
use crate::server::{Job, Reply};
use crate::slab::NONE;

impl World<'_> {
    pub(super) fn begin_call(
        &mut self,
        origin: Origin,
        link: u16,
        deadline: u64,
        is_nested: bool,
    ) -> u32 {
        let is_counted = self.now >= self.model.warmup;
        let call = ClientCall {
            deadline,
            is_nested,
            is_counted,
            ..ClientCall::new(origin, link, self.now)
        };
        if call.is_top() {
            self.tally.calls += u64::from(is_counted);
            self.tally.series.at(self.now).calls += 1;
        }
        let number = self.calls.insert(call);
        if self.admits(number) {
            self.begin_try(number);
        } else {
            self.end_call(number, Err(Failing::Rejected));
        }
        number
    }

    /// Asks the guards for the first try.
    #[inline]
    fn admits(&mut self, number: u32) -> bool {
        let call = self.calls.get(number);
        let (link, client) = (call.link as usize, call.client());
        let rules = &self.model.links[link].guards;
        if rules.gate.is_some()
            && let Some(gate) = self.guards[link].gate(client)
        {
            gate.handle_start();
        }
        if !rules.has_shipped() {
            return true;
        }
        let now = seconds(self.now);
        let protocol = protocol(&mut self.protocols, number);
        *protocol = CallGuards::new();
        let (budget, breaker) = self.guards[link].of(client);
        let admitted = protocol.handle_start(budget, breaker, || now);
        self.handle_admission(admitted)
    }

    /// Returns whether the breaker admits.
    fn handle_admission(&mut self, admitted: Result<Option<StateChange>, Open>) -> bool {
        match admitted {
            Ok(change) => self.handle_change_of_breaker(change),
            Err(_) => self.handle_refused(),
        }
        admitted.is_ok()
    }

    fn handle_refused(&mut self) {
        let bin = self.tally.series.at(self.now);
        bin.refused += 1;
        bin.open = bin.open.max(self.open_breakers);
    }

    fn handle_change_of_breaker(&mut self, change: Option<StateChange>) {
        let Some(StateChange { from, to, .. }) = change else {
            return;
        };
        self.open_breakers += u64::from(to == BreakerState::Open);
        self.open_breakers =
            self.open_breakers.saturating_sub(u64::from(from == BreakerState::Open));
        let bin = self.tally.series.at(self.now);
        bin.open = bin.open.max(self.open_breakers);
    }

    #[inline]
    fn begin_try(&mut self, number: u32) {
        let (now, model) = (self.now, self.model);
        let call = self.calls.get_mut(number);
        let link = &model.links[call.link as usize];
        call.engine.handle_try();
        call.try_began = now;
        self.tally.series.at(now).tries += u64::from(call.is_top());
        self.tally.tries += u64::from(call.is_counted && call.is_top());
        if let Some(timeout) = link.timeout {
            call.due = self.queue.push(now.saturating_add(timeout), SimEvent::Timeout(number));
        }
        let deadline = if link.passes_deadline {
            call.deadline_of_try(link, now)
        } else {
            crate::client::NEVER
        };
        if link.guards.has_shipped() {
            protocol(&mut self.protocols, number).handle_try();
        }
        let job = self.jobs.insert(Job::new(number, call.link, deadline));
        call.job = job;
        self.send(job, 1);
    }

    /// Ends the try of a call with an answer.
    pub(super) fn settle(&mut self, number: u32, answer: Reply) {
        let call = self.calls.get_mut(number);
        (call.job, call.due) = (NONE, Stamp::NONE);
        let server = &self.model.servers[self.model.links[call.link as usize].server];
        let verdict = match (answer, server.hint) {
            (Reply::Success, _) => Verdict::Accept,
            (Reply::Rejection, Some(hint)) => Verdict::RetryAfter(hint),
            (Reply::Failure | Reply::Rejection, _) => Verdict::Retry,
        };
        let cost = match answer {
            Reply::Rejection => Cost::Throttled,
            Reply::Success | Reply::Failure => Cost::Retry,
        };
        self.decide(number, verdict, cost);
    }

    pub(super) fn handle_timeout(&mut self, number: u32, stamp: Stamp) {
        let call = self.calls.get_mut(number);
        if call.due != stamp {
            return;
        }
        let job = call.job;
        (call.job, call.due) = (NONE, Stamp::NONE);
        self.tally.timeouts += 1;
        self.abandon_job(job);
        self.decide(number, Verdict::Retry, Cost::Timeout);
    }

    #[inline]
    fn decide(&mut self, number: u32, verdict: Verdict, cost: Cost) {
        let link = &self.model.links[self.calls.get(number).link as usize];
        let has_guards = link.guards.has_shipped();
        if has_guards {
            self.settle_guards(number, verdict);
        }
        match self.step(number, verdict, cost) {
            Step::Accept => self.end_call(number, Ok(())),
            Step::GiveUp { reason, .. } => {
                self.count_failure(number);
                self.end_call(number, Err(Failing::GaveUp(reason)));
            }
            Step::Retry { wait, .. } => {
                self.count_failure(number);
                let allowed = self.ask_gate(number).and_then(|()| {
                    if has_guards { self.ask_for_retry(number, cost, wait) } else { Ok(()) }
                });
                match allowed {
                    Ok(()) => {
                        let resume = self.now.saturating_add(wait.to_nanos());
                        self.calls.get_mut(number).due =
                            self.queue.push(resume, SimEvent::Resume(number));
                    }
                    Err(reason) => self.end_call(number, Err(Failing::GaveUp(reason))),
                }
            }
        }
    }

    /// The step of the engine of a call.
    #[inline]
    fn step(&mut self, number: u32, verdict: Verdict, cost: Cost) -> Step {
        let call = self.calls.get_mut(number);
        let link = &self.model.links[call.link as usize];
        if verdict == Verdict::Accept {
            // No limit is read, and no time.
            let policy = &link.policy;
            return call.engine.handle_outcome(policy, verdict, Seconds::ZERO, &mut self.random);
        }
        let lasted = seconds(self.now - call.try_began);
        if call.engine.handle_long_try(link.policy.limits(), lasted) {
            call.start = self.now;
        }
        let elapsed = seconds(self.now - call.start);
        let throttled = link.throttled.as_ref().filter(|_| cost == Cost::Throttled);
        let policy = throttled.unwrap_or(&link.policy);
        let inner = call.inner_limits(policy);
        let limits = inner.as_ref().unwrap_or(policy.limits());
        call.engine.handle_verdict(limits, verdict, elapsed).unwrap_or_else(|| {
            let mut position = call.engine.position();
            if link.throttled.is_some() {
                position = policy.wait().take_over(position);
            }
            let wait = policy.next_wait(position, &mut self.random);
            call.engine.handle_wait(limits, verdict, elapsed, wait, &mut self.random)
        })
    }

    fn settle_guards(&mut self, number: u32, verdict: Verdict) {
        let call = self.calls.get(number);
        let (link, client, now) = (call.link as usize, call.client(), seconds(self.now));
        let (budget, breaker) = self.guards[link].of(client);
        let random = &mut self.random;
        let protocol = protocol(&mut self.protocols, number);
        let change = protocol.handle_settled(budget, breaker, verdict, None, || now, random);
        self.handle_change_of_breaker(change);
    }

    /// Counts a failed try with the gate.
    fn count_failure(&mut self, number: u32) {
        let call = self.calls.get(number);
        let (link, client) = (call.link as usize, call.client());
        if let Some(gate) = self.guards[link].gate(client) {
            gate.handle_failure();
        }
    }

    fn ask_gate(&mut self, number: u32) -> Result<(), Reason> {
        let call = self.calls.get(number);
        let (link, client) = (call.link as usize, call.client());
        let allowed = self.guards[link].gate(client).is_none_or(crate::guard::Gate::handle_retry);
        if allowed { Ok(()) } else { Err(Reason::Budget) }
    }

    fn ask_for_retry(&mut self, number: u32, cost: Cost, wait: Seconds) -> Result<(), Reason> {
        let call = self.calls.get(number);
        let (link, client, now) = (call.link as usize, call.client(), seconds(self.now));
        let (budget, breaker) = self.guards[link].of(client);
        let protocol = protocol(&mut self.protocols, number);
        let allowed = protocol.handle_retry(budget, breaker, cost, wait, || now);
        if allowed.is_err() {
            self.handle_refused();
        }
        allowed
    }

    pub(super) fn handle_resume(&mut self, number: u32, stamp: Stamp) {
        let call = self.calls.get(number);
        if call.due != stamp {
            return;
        }
        let (link, client, now) = (call.link as usize, call.client(), seconds(self.now));
        if self.model.links[link].guards.has_shipped() {
            let (budget, breaker) = self.guards[link].of(client);
            let protocol = protocol(&mut self.protocols, number);
            let admitted = protocol.handle_resume(budget, breaker, || now);
            if !self.handle_admission(admitted) {
                return self.end_call(number, Err(Failing::Rejected));
            }
        }
        self.begin_try(number);
    }

    fn end_call(&mut self, number: u32, end: Result<(), Failing>) {
        let ClientCall { origin, began, is_counted, .. } = *self.calls.get(number);
        self.remove_call(number);
        match origin {
            Origin::Job(job) => self.handle_child(job, end.is_ok()),
            Origin::Client(client) => {
                let took = self.now - began;
                let bin = self.tally.series.at(self.now);
                match end {
                    Ok(()) => {
                        bin.succeeded += 1;
                        bin.latency = bin.latency.saturating_add(took);
                    }
                    Err(_) => bin.failed += 1,
                }
                self.tally.last_end = self.now;
                if is_counted {
                    match end {
                        Ok(()) => self.tally.handle_success(took),
                        Err(failing) => self.tally.handle_failure(failing),
                    }
                }
                self.handle_free(client);
            }
        }
    }

    /// Drops a call of a server whose own caller has given up.
    pub(super) fn abandon_call(&mut self, number: u32) {
        let call = *self.calls.get(number);
        let (link, client) = (call.link as usize, call.client());
        if self.model.links[link].guards.has_shipped() {
            let (budget, breaker) = self.guards[link].of(client);
            protocol(&mut self.protocols, number).handle_abandoned(budget, breaker);
        }
        self.remove_call(number);
        if call.job != NONE {
            self.abandon_job(call.job);
        }
    }

    fn remove_call(&mut self, number: u32) {
        let call = self.calls.get_mut(number);
        (call.due, call.is_counted) = (Stamp::NONE, false);
        self.calls.remove(number);
    }
}

/// The protocol of a call's guards.
fn protocol(protocols: &mut Vec<CallGuards>, number: u32) -> &mut CallGuards {
    let number = number as usize;
    if protocols.len() <= number {
        protocols.resize_with(number + 1, CallGuards::new);
    }
    &mut protocols[number]
}
