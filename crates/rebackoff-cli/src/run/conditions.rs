//! What the caller says of outcomes.

use rebackoff_core::{Seconds, Verdict};
use regex::bytes::Regex;

use crate::codes::Codes;
use crate::ending::Ending;

/// Which endings and outputs are retried, and how many successes are wanted.
#[derive(Clone, Debug)]
pub(crate) struct Conditions {
    pub(crate) on: Codes,
    pub(crate) stop_on: Codes,
    pub(crate) until_fail: bool,
    pub(crate) consecutive: u64,
    pub(crate) stdout: Option<Regex>,
    pub(crate) stderr: Option<Regex>,
    pub(crate) retry_after: Option<Regex>,
}

/// What was seen in the output of a try.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Seen {
    /// A pattern that asks for a retry.
    pub(crate) retry: bool,
    /// A wait.
    pub(crate) hint: Option<Seconds>,
}

/// Gives the verdicts of one call.
#[derive(Debug)]
pub(crate) struct Judge {
    /// Successes in a row.
    streak: u64,
}

impl Judge {
    pub(crate) fn new(streak: u64) -> Self {
        Self { streak }
    }

    pub(crate) fn streak(&self) -> u64 {
        self.streak
    }

    pub(crate) fn judge(&mut self, conditions: &Conditions, ending: Ending, seen: Seen) -> Verdict {
        let again = seen.hint.map_or(Verdict::Retry, Verdict::RetryAfter);
        let succeeded = (ending.code() == 0) != conditions.until_fail;
        let streak = std::mem::take(&mut self.streak);
        if conditions.stop_on.contains(ending) {
            Verdict::GiveUp
        } else if seen.retry || conditions.on.contains(ending) {
            again
        } else if succeeded {
            self.streak = streak + 1;
            if self.streak >= conditions.consecutive { Verdict::Accept } else { again }
        } else {
            Verdict::GiveUp
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: Seen = Seen { retry: false, hint: None };

    fn conditions() -> Conditions {
        Conditions {
            on: Codes::failures(),
            stop_on: Codes::default(),
            until_fail: false,
            consecutive: 1,
            stdout: None,
            stderr: None,
            retry_after: None,
        }
    }

    fn verdicts(conditions: &Conditions, codes: &[u8]) -> Vec<Verdict> {
        let mut judge = Judge::new(0);
        codes.iter().map(|code| judge.judge(conditions, Ending::Exited(*code), NOTHING)).collect()
    }

    #[test]
    fn failures_are_retried_and_a_missing_command_is_not() {
        let expected = [Verdict::Accept, Verdict::Retry, Verdict::GiveUp, Verdict::GiveUp];
        assert_eq!(verdicts(&conditions(), &[0, 1, 126, 127]), expected);
    }

    #[test]
    fn codes_that_are_named_are_the_only_ones_retried() {
        let conditions = Conditions { on: Codes::parse("3,127").unwrap(), ..conditions() };
        let expected = [Verdict::Accept, Verdict::GiveUp, Verdict::Retry, Verdict::Retry];
        assert_eq!(verdicts(&conditions, &[0, 1, 3, 127]), expected);
    }

    #[test]
    fn to_stop_outweighs_to_retry() {
        let conditions = Conditions { stop_on: Codes::parse("3").unwrap(), ..conditions() };
        assert_eq!(verdicts(&conditions, &[2, 3]), [Verdict::Retry, Verdict::GiveUp]);
    }

    #[test]
    fn a_failure_begins_the_row_of_successes_anew() {
        let conditions = Conditions { consecutive: 2, ..conditions() };
        let verdicts = verdicts(&conditions, &[0, 1, 0, 0]);
        assert_eq!(verdicts, [Verdict::Retry, Verdict::Retry, Verdict::Retry, Verdict::Accept]);
    }

    #[test]
    fn until_it_fails_success_is_retried() {
        let conditions = Conditions { until_fail: true, on: Codes::success(), ..conditions() };
        assert_eq!(verdicts(&conditions, &[0, 7]), [Verdict::Retry, Verdict::Accept]);
    }

    #[test]
    fn output_may_ask_for_a_retry_of_a_success_and_for_a_wait() {
        let hint = Seconds::new(3.0);
        let seen = Seen { retry: true, hint };
        let verdict = Judge::new(0).judge(&conditions(), Ending::Exited(0), seen);
        assert_eq!(verdict.hint(), hint);
    }
}
