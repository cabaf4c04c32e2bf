//! The table at the end of the tour.

use std::fmt::Write;

use rebackoff::Reason;

use crate::narrator::in_ms;
use crate::tour::Row;

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
