//! The kinds of events.

/// A kind of event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SimEvent {
    /// The next call of an open load.
    Arrival,
    /// The next call of a client.
    Begin(u32),
    /// The end of a call's wait.
    Resume(u32),
    /// The end of the time of a call's try.
    Timeout(u32),
    /// A message of a job arrives at its server.
    Reach(u32),
    /// The work of a job is done.
    Done(u32),
    /// The answer of a job arrives at its caller.
    Reply(u32),
    /// A fault begins or ends.
    Fault,
    /// The load changes.
    Change,
    /// The warm-up ends.
    Warm,
}

impl SimEvent {
    /// The bits of an event.
    pub(crate) const BITS: u32 = 28;

    /// The bits of its number: more than there are clients, calls or jobs.
    pub(crate) const NUMBER_BITS: u32 = Self::BITS - 4;

    /// The event as a number of [`BITS`](Self::BITS).
    #[inline]
    pub(crate) fn to_bits(self) -> u32 {
        let (kind, number) = match self {
            Self::Arrival => (0, 0),
            Self::Begin(client) => (1, client),
            Self::Resume(call) => (2, call),
            Self::Timeout(call) => (3, call),
            Self::Reach(job) => (4, job),
            Self::Done(job) => (5, job),
            Self::Reply(job) => (6, job),
            Self::Fault => (7, 0),
            Self::Change => (8, 0),
            Self::Warm => (9, 0),
        };
        kind << Self::NUMBER_BITS | number
    }

    /// The event of such a number.
    #[inline]
    pub(crate) fn from_bits(bits: u32) -> Self {
        let number = bits & ((1 << Self::NUMBER_BITS) - 1);
        match bits >> Self::NUMBER_BITS {
            0 => Self::Arrival,
            1 => Self::Begin(number),
            2 => Self::Resume(number),
            3 => Self::Timeout(number),
            4 => Self::Reach(number),
            5 => Self::Done(number),
            6 => Self::Reply(number),
            7 => Self::Fault,
            8 => Self::Change,
            _ => Self::Warm,
        }
    }
}
