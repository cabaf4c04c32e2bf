//! The caller's conditions on outcomes.

use rebackoff_core::{Cost, Seconds, Verdict};
use regex_automata::meta::{BuildError, Regex};
use regex_automata::util::syntax;

use crate::codes::Codes;
use crate::ending::Ending;

/// The endings and outputs that are retried, and the number of successes to reach.
#[derive(Clone, Debug)]
pub(crate) struct Conditions {
    pub(crate) on: Codes,
    pub(crate) stop_on: Codes,
    /// A server that throttles.
    pub(crate) throttled: Codes,
    pub(crate) until_fail: bool,
    pub(crate) consecutive: u64,
    pub(crate) stdout: Patterns,
    pub(crate) stderr: Patterns,
    pub(crate) retry_after: Option<Regex>,
}

/// The patterns to find in one stream.
#[derive(Clone, Debug, Default)]
pub(crate) struct Patterns {
    /// Asks for a retry.
    pub(crate) retry: Option<Regex>,
    /// A server that throttles.
    pub(crate) throttled: Option<Regex>,
    /// Each of them means success.
    pub(crate) until: Vec<Regex>,
}

/// The findings in the output of a try.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) retry: bool,
    pub(crate) throttled: bool,
    pub(crate) until: bool,
    /// A wait that the output asks for.
    pub(crate) hint: Option<Seconds>,
}

impl Patterns {
    pub(crate) fn is_empty(&self) -> bool {
        self.retry.is_none() && self.throttled.is_none() && self.until.is_empty()
    }
}

/// The pattern `text`: `^` and `$` match at lines, which end with a newline or with `\r\n`; output may be any bytes.
pub(crate) fn pattern(text: &str) -> Result<Regex, Box<BuildError>> {
    let syntax = syntax::Config::new().multi_line(true).crlf(true).utf8(false);
    let config = Regex::config().utf8_empty(false);
    Regex::builder().syntax(syntax).configure(config).build(text).map_err(Box::new)
}

/// The text `text` itself, whatever its characters mean in a pattern.
pub(crate) fn literal(text: &str) -> Result<Regex, Box<BuildError>> {
    pattern(&regex_syntax::escape(text))
}

impl Conditions {
    /// The cost of a retry after this ending.
    pub(crate) fn cost(&self, ending: &Ending, seen: Seen) -> Cost {
        match ending {
            _ if seen.throttled || self.throttled.contains(ending) => Cost::Throttled,
            Ending::TimedOut(_) => Cost::Timeout,
            _ => Cost::Retry,
        }
    }

    /// Returns whether success is a matter of output.
    pub(crate) fn wants_output(&self) -> bool {
        !self.stdout.until.is_empty() || !self.stderr.until.is_empty()
    }
}

/// Gives the verdicts of one call.
#[derive(Debug)]
pub(crate) struct CommandJudge {
    /// Successes in a row.
    streak: u64,
}

impl CommandJudge {
    pub(crate) fn new(streak: u64) -> Self {
        Self { streak }
    }

    pub(crate) fn streak(&self) -> u64 {
        self.streak
    }

    pub(crate) fn judge(
        &mut self,
        conditions: &Conditions,
        ending: &Ending,
        seen: Seen,
    ) -> Verdict {
        let again = seen.hint.map_or(Verdict::Retry, Verdict::RetryAfter);
        let has_exited = (ending.code() == 0) != conditions.until_fail;
        let wants_output = conditions.wants_output();
        let succeeded = if wants_output { seen.until } else { has_exited };
        let streak = std::mem::take(&mut self.streak);
        if conditions.stop_on.contains(ending) {
            Verdict::GiveUp
        } else if let Ending::NotStarted(_) = ending {
            again
        } else if seen.retry || (!seen.until && conditions.on.contains(ending)) {
            again
        } else if succeeded {
            self.streak = streak.saturating_add(1);
            if self.streak >= conditions.consecutive { Verdict::Accept } else { again }
        } else if wants_output && has_exited {
            again
        } else {
            Verdict::GiveUp
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: Seen = Seen { retry: false, throttled: false, until: false, hint: None };

    fn conditions() -> Conditions {
        Conditions {
            on: Codes::failures(),
            stop_on: Codes::default(),
            throttled: Codes::default(),
            until_fail: false,
            consecutive: 1,
            stdout: Patterns::default(),
            stderr: Patterns::default(),
            retry_after: None,
        }
    }

    fn verdicts(conditions: &Conditions, codes: &[u8]) -> Vec<Verdict> {
        let mut judge = CommandJudge::new(0);
        codes.iter().map(|code| judge.judge(conditions, &Ending::Exited(*code), NOTHING)).collect()
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
    fn a_row_that_a_file_says_is_as_long_as_can_be_does_not_begin_anew() {
        let conditions = Conditions { consecutive: 2, ..conditions() };
        let verdict = CommandJudge::new(u64::MAX).judge(&conditions, &Ending::Exited(0), NOTHING);
        assert_eq!(verdict, Verdict::Accept);
    }

    #[test]
    fn until_it_fails_success_is_retried() {
        let conditions = Conditions { until_fail: true, on: Codes::success(), ..conditions() };
        assert_eq!(verdicts(&conditions, &[0, 7]), [Verdict::Retry, Verdict::Accept]);
    }

    #[test]
    fn output_may_ask_for_a_retry_of_a_success_and_for_a_wait() {
        let hint = Seconds::new(3.0);
        let seen = Seen { retry: true, hint, ..NOTHING };
        let verdict = CommandJudge::new(0).judge(&conditions(), &Ending::Exited(0), seen);
        assert_eq!(verdict.hint(), hint);
    }

    #[test]
    fn where_output_means_success_the_exit_code_does_not() {
        let stdout = Patterns { until: vec![pattern("ready").unwrap()], ..Patterns::default() };
        let conditions = Conditions { stdout, ..conditions() };
        let judge = |code, until| {
            let seen = Seen { until, ..NOTHING };
            CommandJudge::new(0).judge(&conditions, &Ending::Exited(code), seen)
        };
        assert_eq!([judge(0, true), judge(3, true)], [Verdict::Accept; 2]);
        assert_eq!([judge(0, false), judge(3, false)], [Verdict::Retry; 2]);
        assert_eq!(judge(127, false), Verdict::GiveUp);
    }

    #[test]
    fn a_command_that_the_system_could_not_start_is_retried_whatever_is_named() {
        let conditions = Conditions { on: Codes::parse("3").unwrap(), ..conditions() };
        let ending = Ending::NotStarted(String::new());
        assert_eq!(CommandJudge::new(0).judge(&conditions, &ending, NOTHING), Verdict::Retry);
    }
}
