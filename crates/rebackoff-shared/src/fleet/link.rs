//! The way from guards to the threads.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::AcqRel, Ordering::Relaxed};
use std::sync::mpsc::Sender;
use std::thread::{JoinHandle, sleep};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;

use super::protocol::FleetState;

/// The longest time for which the end of a member waits: a name may take minutes to resolve.
const LONGEST_END: Duration = Duration::from_secs(1);

/// The way to the threads. A forked process makes a new one.
pub(super) struct Link {
    events: Sender<Event>,
    is_woken: AtomicBool,
    is_over: AtomicBool,
    thread: ArcSwap<Option<JoinHandle<()>>>,
}

/// The reasons to look at the guards.
pub(super) enum Event {
    Message(String, FleetState),
    Wake,
    Finish,
    #[cfg(test)]
    Panic,
}

impl Link {
    pub(super) fn new(events: Sender<Event>) -> Self {
        let (is_woken, is_over) = (AtomicBool::new(false), AtomicBool::new(false));
        Self { events, is_woken, is_over, thread: ArcSwap::default() }
    }

    pub(super) fn is_over(&self) -> bool {
        self.is_over.load(Relaxed)
    }

    pub(super) fn send(&self, event: Event) {
        // A thread that has ended needs no events.
        let _ = self.events.send(event);
    }

    /// Has the thread look at the guards, unless it is about to.
    pub(super) fn wake(&self) {
        if !self.is_woken.swap(true, AcqRel) {
            self.send(Event::Wake);
        }
    }

    pub(super) fn handle_woken(&self) {
        self.is_woken.store(false, Relaxed);
    }

    pub(super) fn handle_started(&self, thread: JoinHandle<()>) {
        self.thread.store(Arc::new(Some(thread)));
    }

    /// Ends the threads, and waits for the one that gives tokens back.
    pub(super) fn finish(&self) {
        self.is_over.store(true, Relaxed);
        self.send(Event::Finish);
        let thread = self.thread.swap(Arc::new(None));
        if let Some(Some(thread)) = Arc::into_inner(thread) {
            // The thread itself may drop the last guard.
            let is_own = thread.thread().id() == std::thread::current().id();
            let began = Instant::now();
            while !is_own && !thread.is_finished() && began.elapsed() < LONGEST_END {
                sleep(Duration::from_micros(100));
            }
        }
    }
}
