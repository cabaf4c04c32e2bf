//! The table at the end of the tour.

use std::fmt::Write;
use std::ops::RangeInclusive;
use std::time::Duration;

use rebackoff::Reason;

use crate::narrator::in_ms;

pub(crate) fn of(rows: &[Row]) -> String {
    let mut table = String::new();
    let mut line = |[call, tries, elapsed, result, reason, note]: [&str; 6]| {
        let line = format!("{call:40}{tries:>5}{elapsed:>10}  {result:25}{reason:11}{note}");
        let _ = writeln!(table, "{}", line.trim_end());
    };
    line(["call", "tries", "elapsed", "result", "reason", ""]);
    for row in rows {
        let tries = row.tries.to_string();
        let reason = row.reason.map_or("", Reason::as_str);
        let note = if row.as_expected { "" } else { "<- not as expected" };
        line([row.call, &tries, &in_ms(row.elapsed), &row.result, reason, note]);
    }
    table
}

/// The result of a call. It is as expected once one of its methods has checked it.
pub(crate) struct Row {
    pub(crate) call: &'static str,
    /// As the server counted them, so that the tries are seen from both ends.
    pub(crate) tries: u32,
    pub(crate) elapsed: Duration,
    pub(crate) result: String,
    pub(crate) reason: Option<Reason>,
    pub(crate) as_expected: bool,
}

impl Row {
    /// Expects `result` at try number `tries`.
    pub(crate) fn brings(&mut self, result: &str, tries: u32) {
        self.expect(result, &(tries..=tries), None);
    }

    /// Expects to give up for `reason` after so many `tries`, the last of which gave `result`.
    pub(crate) fn gives_up(&mut self, reason: Reason, result: &str, tries: &RangeInclusive<u32>) {
        self.expect(result, tries, Some(reason));
    }

    fn expect(&mut self, result: &str, tries: &RangeInclusive<u32>, reason: Option<Reason>) {
        self.as_expected =
            self.result == result && tries.contains(&self.tries) && self.reason == reason;
    }
}
