//! Servers: workers and a queue.

use std::collections::VecDeque;

use rebackoff_core::Seconds;

use crate::distribution::{Distribution, nanos};
use crate::fault::ActiveFaults;
use crate::queue::Stamp;
use crate::random::Random;
use crate::slab::NONE;

/// A server, as written.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    pub(crate) name: String,
    /// `u32::MAX`: unlimited.
    pub(crate) workers: u32,
    /// The most jobs that wait; `u32::MAX`: unlimited.
    pub(crate) queue: u32,
    pub(crate) service: Distribution,
    /// The work of a worker that a rejection costs, in nanoseconds.
    pub(crate) reject_cost: u64,
    /// The growth of the service time with each further job in service.
    pub(crate) slowdown: f64,
    /// A job ends when its caller has given up. Otherwise its work is done for nothing.
    pub(crate) cancels: bool,
    /// The chance that a job fails.
    pub(crate) error_rate: f64,
    /// The hint of a rejection.
    pub(crate) hint: Option<Seconds>,
    /// A try reads a version and then writes, which fails if another write came between.
    pub(crate) is_optimistic: bool,
    /// The link to the server that each job calls.
    pub(crate) calls: Option<u16>,
}

/// The answer to a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    Success,
    Failure,
    /// The queue was full.
    Rejection,
}

/// The progress of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum JobPhase {
    /// On its way to the server.
    Travelling,
    /// The version was read, and the write is on its way.
    Writing,
    Waiting,
    /// The caller has given up, and the place in the queue is to be skipped.
    Cancelled,
    Serving,
    /// A worker waits for the server's own call.
    Calling,
    /// The answer is on its way.
    Answering(Reply),
}

/// The work for one try.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Job {
    /// The call; `NONE` where it has given up.
    pub(crate) call: u32,
    /// The call that the server makes for this job.
    pub(crate) child: u32,
    /// The event that this job awaits.
    pub(crate) due: Stamp,
    /// The moment from which the answer is worth nothing.
    pub(crate) deadline: u64,
    /// The version that was read.
    pub(crate) version: u32,
    pub(crate) link: u16,
    pub(crate) phase: JobPhase,
}

impl Job {
    pub(crate) fn new(call: u32, link: u16, deadline: u64) -> Self {
        let phase = JobPhase::Travelling;
        Self { call, child: NONE, due: Stamp::NONE, deadline, version: 0, link, phase }
    }
}

/// A server in one replication.
#[derive(Debug)]
pub(crate) struct Station {
    pub(crate) condition: ActiveFaults,
    pub(crate) busy: u32,
    pub(crate) version: u32,
    waiting: VecDeque<u32>,
    /// The waiting jobs that are to be skipped.
    cancelled: u32,
    /// The work of rejections that no worker has done yet, in nanoseconds.
    debt: u64,
}

impl Station {
    pub(crate) fn new() -> Self {
        Self {
            condition: ActiveFaults::default(),
            busy: 0,
            version: 0,
            waiting: VecDeque::new(),
            cancelled: 0,
            debt: 0,
        }
    }

    // Getters

    /// The jobs that wait and are still wanted, or whose work is done for nothing.
    pub(crate) fn waiting(&self) -> u32 {
        u32::try_from(self.waiting.len()).unwrap_or(u32::MAX) - self.cancelled
    }

    /// Returns whether jobs are in the queue, cancelled ones included.
    #[inline]
    pub(crate) fn has_queue(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Returns whether a worker is free. A share of the capacity that is not zero leaves one worker.
    #[inline]
    pub(crate) fn has_worker(&self, server: &Server) -> bool {
        let workers = match self.condition.capacity {
            share if share >= 1.0 || server.workers == u32::MAX => server.workers,
            share if share <= 0.0 => 0,
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share")]
            share => ((f64::from(server.workers) * share) as u32).max(1),
        };
        self.busy < workers
    }

    // Handlers

    pub(crate) fn handle_wait(&mut self, job: u32) {
        self.waiting.push_back(job);
    }

    pub(crate) fn handle_cancelled(&mut self) {
        self.cancelled += 1;
    }

    pub(crate) fn handle_rejected(&mut self, server: &Server) {
        self.debt = self.debt.saturating_add(server.reject_cost);
    }

    /// Takes the next job from the queue, and returns whether it was cancelled.
    pub(crate) fn next(&mut self, is_cancelled: impl Fn(u32) -> bool) -> Option<(u32, bool)> {
        let job = self.waiting.pop_front()?;
        let is_cancelled = is_cancelled(job);
        self.cancelled -= u32::from(is_cancelled);
        Some((job, is_cancelled))
    }

    /// Gives a worker to a job, and returns the moment at which its work is done.
    #[inline]
    pub(crate) fn begin(&mut self, server: &Server, now: u64, random: &mut Random) -> u64 {
        let mut time = server.service.draw(random);
        let factor = self.condition.slowness * (1.0 + server.slowdown * f64::from(self.busy));
        if factor > 1.0 {
            time = nanos(time as f64 * factor);
        }
        self.busy += 1;
        let work = time.saturating_add(std::mem::take(&mut self.debt));
        self.condition.frozen_until.max(now).saturating_add(work)
    }
}
