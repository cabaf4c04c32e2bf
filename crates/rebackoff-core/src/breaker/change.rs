//! Changes of the state of a breaker.

use super::Breaker;
use super::rates::Trip;
use super::state::StateChange;
use super::time::{period, until};
use super::word::{GENERATIONS, Mode, Word};
use crate::Moment;
use crate::atomic::Ordering;
use crate::slices::PERIODS;

/// Half of the generations after which a period comes round.
const HALF_A_TURN: u16 = PERIODS as u16 / 2;

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
    pub fn force_open_at<M: Into<Moment>>(&self, now: impl FnOnce() -> M) -> Option<StateChange> {
        let until = until(self.moment(now), self.rules.open_for);
        self.change(|old| Some(old.next(Mode::Open, 0, until)))?.of_state()
    }

    /// Rejects every call until [`reset`](Self::reset) or [`force_open_at`](Self::force_open_at). Returns the
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
        Word(self.state.word.load(Ordering::Acquire))
    }

    /// Puts the word that `next` makes in place of the present one; `None` leaves it.
    ///
    /// The exchange is the one step that counts: a thread or process may end before or after it.
    pub(super) fn change(&self, next: impl Fn(Word) -> Option<Word>) -> Option<Change> {
        let mut old = self.load();
        while let Some(new) = next(old) {
            if new.generation() != old.generation() {
                self.forget_earlier_turns(old, new);
            }
            let word = &self.state.word;
            match word.compare_exchange(old.0, new.0, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => {
                    if new.mode() == Mode::Open && new.generation() != old.generation() {
                        self.count(|counters| &counters.opened);
                    }
                    return Some(Change { from: old.reported(), to: new.reported() });
                }
                Err(current) => old = Word(current),
            }
        }
        None
    }

    /// Generations and periods come round. Twice in a turn, nothing is left of those before `old`: an
    /// exchange of `old` that comes later finds a place changed, or is not due.
    fn forget_earlier_turns(&self, old: Word, new: Word) {
        let is_due = || self.load() == old;
        if new.generation() % (GENERATIONS / 2) == 0 {
            self.state.probes.forget_all_but(old.generation(), is_due);
        }
        if let (Trip::Rates(_), 0) = (&self.rules.trip, new.generation() % HALF_A_TURN) {
            self.state.window.forget_all_but(period(old.generation()), is_due);
        }
    }
}
