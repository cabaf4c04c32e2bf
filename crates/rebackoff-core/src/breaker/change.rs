//! Changes of the state of a breaker.

use super::Breaker;
use super::rates::Trip;
use super::state::StateChange;
use super::time::{period, until};
use super::word::{GENERATIONS, Mode, Word};
use crate::Moment;
use crate::atomic::{Ordering, Ordering::Relaxed};

/// A change of the word of a breaker, which need not be one of its state.
pub(super) struct Change {
    from: Mode,
    to: Mode,
}

impl Change {
    pub(super) fn of_state(&self) -> Option<StateChange> {
        (self.from != self.to).then(|| StateChange { from: self.from.into(), to: self.to.into() })
    }
}

impl Breaker {
    /// Opens the breaker now for `open_for`, without growth and jitter, whatever its state. Returns the
    /// change of state, if there is one.
    pub fn force_open<M: Into<Moment>>(&self, now: impl FnOnce() -> M) -> Option<StateChange> {
        let until = until(now().into(), self.rules.open_for);
        self.change(|old| Some(old.next(Mode::Open, 0, until)))?.of_state()
    }

    /// Rejects every call until [`reset`](Self::reset) or [`force_open`](Self::force_open). Returns the
    /// change of state, if there is one.
    pub fn isolate(&self) -> Option<StateChange> {
        self.change(|old| Some(old.next(Mode::Isolated, 0, 0)))?.of_state()
    }

    /// Closes the breaker, whatever its state, with nothing counted. Returns the change of state, if
    /// there is one.
    pub fn reset(&self) -> Option<StateChange> {
        self.change(|old| Some(old.next(Mode::Closed, 0, 0)))?.of_state()
    }

    #[inline]
    pub(super) fn load(&self) -> Word {
        Word(self.word.load(Ordering::Acquire))
    }

    /// Puts the word that `next` makes in place of the present one; `None` leaves it.
    ///
    /// A new generation's window begins before a call can count into it.
    pub(super) fn change(&self, next: impl Fn(Word) -> Option<Word>) -> Option<Change> {
        let mut old = self.load();
        while let Some(new) = next(old) {
            if new.generation() != old.generation() {
                if let Trip::Rates(_) = self.rules.trip {
                    self.window.begin(period(new.generation()), || self.load() == old);
                }
            }
            match self.word.compare_exchange(old.0, new.0, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => {
                    if new.generation() != old.generation()
                        && new.generation() % (GENERATIONS / 2) == 0
                    {
                        self.probes.forget_all_but(new.generation());
                    }
                    if new.mode() == Mode::Open {
                        self.opened.fetch_add(1, Relaxed);
                    }
                    return Some(Change { from: old.mode(), to: new.mode() });
                }
                Err(current) => old = Word(current),
            }
        }
        None
    }
}
