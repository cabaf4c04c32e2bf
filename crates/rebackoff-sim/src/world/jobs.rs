//! Jobs at servers.

use super::World;
use crate::client::{NEVER, Origin};
use crate::event::SimEvent;
use crate::queue::Stamp;
use crate::server::{Job, JobPhase, Reply};
use crate::slab::NONE;

impl World<'_> {
    /// Counts the time of a server up to now, before its state changes.
    #[inline]
    pub(super) fn advance(&mut self, server: usize) {
        let station = &self.stations[server];
        self.tally.servers[server].advance(self.now, station.waiting(), station.busy);
    }

    fn server_of(&self, job: &Job) -> usize {
        self.model.links[job.link as usize].server
    }

    /// Sends a job to its server, with this many messages.
    #[inline]
    pub(super) fn send(&mut self, number: u32, messages: u32) {
        let link = &self.model.links[self.jobs.get(number).link as usize];
        let delays = (0..messages).map(|_| link.delay.draw(&mut self.random));
        let delay = delays.fold(0_u64, u64::saturating_add);
        if delay == 0 && messages == 1 {
            return self.reach(number);
        }
        self.jobs.get_mut(number).due =
            self.queue.push(self.now.saturating_add(delay), SimEvent::Reach(number));
    }

    pub(super) fn handle_reach(&mut self, number: u32, stamp: Stamp) {
        if self.jobs.get(number).due == stamp {
            self.reach(number);
        }
    }

    #[inline]
    fn reach(&mut self, number: u32) {
        let job = self.jobs.get(number);
        let index = self.server_of(job);
        let server = &self.model.servers[index];
        if job.call == NONE && server.cancels {
            return self.remove_job(number);
        }
        let station = &mut self.stations[index];
        if server.is_optimistic && job.phase == JobPhase::Travelling {
            let job = self.jobs.get_mut(number);
            (job.phase, job.version) = (JobPhase::Writing, station.version);
            return self.send(number, 2);
        }
        self.tally.servers[index].arrived += 1;
        if station.condition.is_down {
            self.answer(number, Reply::Failure);
        } else if station.waiting() == 0 && station.has_worker(server) {
            self.advance(index);
            let done = self.start(number, index);
            if done > self.now {
                self.expect_done(number, done);
            } else {
                self.complete(number);
            }
        } else if server.queue == u32::MAX || station.waiting() < server.queue {
            self.advance(index);
            let station = &mut self.stations[index];
            station.handle_wait(number);
            let waiting = u64::from(station.waiting());
            self.jobs.get_mut(number).phase = JobPhase::Waiting;
            let tally = &mut self.tally.servers[index];
            tally.waited += 1;
            tally.most_waiting = tally.most_waiting.max(waiting);
            let bin = self.tally.series.at(self.now);
            bin.queue = bin.queue.max(waiting);
        } else {
            station.handle_rejected(server);
            self.tally.servers[index].rejected += 1;
            self.answer(number, Reply::Rejection);
        }
    }

    /// Gives a worker to a job, and returns the moment at which its work is done.
    #[inline]
    fn start(&mut self, number: u32, index: usize) -> u64 {
        self.jobs.get_mut(number).phase = JobPhase::Serving;
        self.stations[index].begin(&self.model.servers[index], self.now, &mut self.random)
    }

    #[inline]
    fn expect_done(&mut self, number: u32, done: u64) {
        self.jobs.get_mut(number).due = self.queue.push(done, SimEvent::Done(number));
    }

    /// Gives the free workers of a server, whose time is counted up to now, to the jobs that wait.
    pub(super) fn serve(&mut self, index: usize) {
        let server = &self.model.servers[index];
        while self.stations[index].has_worker(server) {
            let jobs = &self.jobs;
            let is_cancelled = |job| jobs.get(job).phase == JobPhase::Cancelled;
            match self.stations[index].next(is_cancelled) {
                None => break,
                Some((job, true)) => self.remove_job(job),
                Some((job, false)) if self.jobs.get(job).deadline <= self.now => {
                    self.answer(job, Reply::Failure);
                }
                Some((job, false)) => {
                    let done = self.start(job, index);
                    self.expect_done(job, done);
                }
            }
        }
        let waiting = u64::from(self.stations[index].waiting());
        let bin = self.tally.series.at(self.now);
        bin.queue = bin.queue.max(waiting);
    }

    pub(super) fn handle_done(&mut self, number: u32, stamp: Stamp) {
        let job = self.jobs.get(number);
        if job.due != stamp {
            return;
        }
        match self.stations[self.server_of(job)].condition.put_off(self.now) {
            Some(later) => self.expect_done(number, later),
            None => self.complete(number),
        }
    }

    /// The work of a job is done.
    #[inline]
    fn complete(&mut self, number: u32) {
        let &Job { link, version, deadline, .. } = self.jobs.get(number);
        let passing = &self.model.links[link as usize];
        let (index, server) = (passing.server, &self.model.servers[passing.server]);
        let station = &mut self.stations[index];
        let errors = station.condition.errors;
        let fails = self.random.happens(server.error_rate) || self.random.happens(errors);
        if let (Some(link), false) = (server.calls, fails) {
            self.jobs.get_mut(number).phase = JobPhase::Calling;
            let child = self.begin_call(
                Origin::Job(number),
                link,
                if passing.passes_deadline { deadline } else { NEVER },
                passing.passes_nested,
            );
            // The call may have ended within its begin, and with it the job.
            if self.jobs.get(number).phase == JobPhase::Calling {
                self.jobs.get_mut(number).child = child;
            }
            return;
        }
        let is_outdated = server.is_optimistic && version != station.version;
        if server.is_optimistic && !is_outdated && !fails {
            station.version = station.version.wrapping_add(1);
        }
        self.finish_job(number, !fails && !is_outdated);
    }

    /// A server's own call has ended.
    pub(super) fn handle_child(&mut self, number: u32, succeeded: bool) {
        self.jobs.get_mut(number).child = NONE;
        self.finish_job(number, succeeded);
    }

    /// Frees the worker of a job, and answers.
    #[inline]
    fn finish_job(&mut self, number: u32, succeeded: bool) {
        let job = self.jobs.get(number);
        let (index, is_wasted) = (self.server_of(job), job.call == NONE);
        let tally = &mut self.tally.servers[index];
        tally.served += 1;
        tally.wasted += u64::from(is_wasted);
        self.free_worker(index);
        self.answer(number, if succeeded { Reply::Success } else { Reply::Failure });
    }

    #[inline]
    fn free_worker(&mut self, index: usize) {
        self.advance(index);
        self.stations[index].busy -= 1;
        if self.stations[index].has_queue() {
            self.serve(index);
        }
    }

    #[inline]
    fn answer(&mut self, number: u32, answer: Reply) {
        let job = self.jobs.get_mut(number);
        if job.call == NONE {
            return self.remove_job(number);
        }
        let link = &self.model.links[job.link as usize];
        let latency = self.stations[link.server].condition.latency;
        let delay = link.delay.draw(&mut self.random).saturating_add(latency);
        if delay == 0 {
            let call = job.call;
            self.remove_job(number);
            return self.settle(call, answer);
        }
        job.phase = JobPhase::Answering(answer);
        job.due = self.queue.push(self.now.saturating_add(delay), SimEvent::Reply(number));
    }

    pub(super) fn handle_reply(&mut self, number: u32, stamp: Stamp) {
        let &Job { due, phase, call, .. } = self.jobs.get(number);
        if due != stamp {
            return;
        }
        self.remove_job(number);
        if let (JobPhase::Answering(answer), true) = (phase, call != NONE) {
            self.settle(call, answer);
        }
    }

    /// The caller of a job has given up.
    pub(super) fn abandon_job(&mut self, number: u32) {
        let job = *self.jobs.get(number);
        let index = self.server_of(&job);
        self.jobs.get_mut(number).call = NONE;
        if !self.model.servers[index].cancels {
            return;
        }
        match job.phase {
            // Its message or answer is on its way.
            JobPhase::Travelling
            | JobPhase::Writing
            | JobPhase::Answering(_)
            | JobPhase::Cancelled => {}
            JobPhase::Waiting => {
                self.advance(index);
                self.jobs.get_mut(number).phase = JobPhase::Cancelled;
                self.stations[index].handle_cancelled();
            }
            JobPhase::Serving | JobPhase::Calling => {
                self.remove_job(number);
                if job.child != NONE {
                    self.abandon_call(job.child);
                }
                self.free_worker(index);
            }
        }
    }

    fn remove_job(&mut self, number: u32) {
        self.jobs.get_mut(number).due = Stamp::NONE;
        self.jobs.remove(number);
    }
}
