use std::time::Duration;

const FIRST: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(1);

/// The waits after failures of the store: the first one is short, each further one twice as long, up to a second.
#[derive(Debug)]
pub(super) struct Pause {
    end: Duration,
    next: Duration,
}

impl Pause {
    pub(super) const fn new() -> Self {
        Self { end: Duration::ZERO, next: FIRST }
    }

    pub(super) const fn end(&self) -> Duration {
        self.end
    }

    /// `draw` keeps the pauses of members apart.
    pub(super) fn handle_failure(&mut self, now: Duration, draw: f64) {
        self.end = now + self.next.mul_f64(0.5 + draw / 2.0);
        self.next = (self.next * 2).min(LONGEST);
    }

    pub(super) fn handle_answer(&mut self) {
        self.next = FIRST;
    }
}
