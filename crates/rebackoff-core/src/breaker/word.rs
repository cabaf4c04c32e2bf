//! The state of a breaker, in one atomic word.

/// The state of a breaker, without its data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Closed,
    Open,
    HalfOpen,
    Isolated,
}

const PAYLOAD_BITS: u32 = 42;
const REOPENED_BITS: u32 = 6;
const GENERATION_BITS: u32 = 14;
pub(super) const GENERATIONS: u16 = 1 << GENERATION_BITS;
pub(super) const MAX_PAYLOAD: u64 = (1 << PAYLOAD_BITS) - 1;
pub(super) const MAX_REOPENED: u64 = (1 << REOPENED_BITS) - 1;

/// From the highest bits: the mode; a generation, which every change of mode raises by one; how
/// often it re-opened since it was last closed; and the payload.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Word(pub(super) u64);

impl Word {
    /// The word that follows on `self`, in the next generation.
    pub(super) fn next(self, mode: Mode, reopened: u64, payload: u64) -> Self {
        let mode = match mode {
            Mode::Closed => 0,
            Mode::Open => 1,
            Mode::HalfOpen => 2,
            Mode::Isolated => 3,
        };
        let generation = u64::from((self.generation() + 1) % GENERATIONS);
        let upper = (mode << GENERATION_BITS | generation) << REOPENED_BITS;
        let upper = (upper | reopened.min(MAX_REOPENED)) << PAYLOAD_BITS;
        Self(upper | payload.min(MAX_PAYLOAD))
    }

    /// This state as one that re-opened so often.
    pub(super) fn with_reopened(self, reopened: u64) -> Self {
        let others = self.0 & !(MAX_REOPENED << PAYLOAD_BITS);
        Self(others | reopened.min(MAX_REOPENED) << PAYLOAD_BITS)
    }

    /// This state with another payload.
    pub(super) fn with_payload(self, payload: u64) -> Self {
        Self(self.0 & !MAX_PAYLOAD | payload.min(MAX_PAYLOAD))
    }

    #[inline]
    pub(super) const fn mode(self) -> Mode {
        match self.0 >> (64 - 2) {
            0 => Mode::Closed,
            1 => Mode::Open,
            2 => Mode::HalfOpen,
            _ => Mode::Isolated,
        }
    }

    /// The mode that calls know of: a half-open breaker counts as open until its first probe reports the change.
    pub(super) const fn reported(self) -> Mode {
        match self.mode() {
            Mode::HalfOpen if self.payload() == 0 => Mode::Open,
            mode => mode,
        }
    }

    #[inline]
    #[allow(clippy::cast_possible_truncation, reason = "the other bits are shifted out or cut off")]
    pub(super) const fn generation(self) -> u16 {
        (self.0 >> (PAYLOAD_BITS + REOPENED_BITS)) as u16 % GENERATIONS
    }

    pub(super) const fn reopened(self) -> u64 {
        self.0 >> PAYLOAD_BITS & MAX_REOPENED
    }

    /// Closed: the failures in a row. Open: until when, in milliseconds. Half-open: 0 before the first probe,
    /// then one more than the probes that succeeded.
    #[inline]
    pub(super) const fn payload(self) -> u64 {
        self.0 & MAX_PAYLOAD
    }
}
