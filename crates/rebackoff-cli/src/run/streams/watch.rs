//! Patterns in a stream, found while it passes.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rebackoff_core::{Hint, Seconds, parse_duration};
use regex::bytes::Regex;

use super::super::conditions::Seen;

/// What stays in the window behind the end of the search: a match may be so long.
const CONTEXT: usize = 8 * 1024;
/// A line that is longer is searched before it has ended.
const LONGEST_LINE: usize = 32 * 1024;

/// Patterns in a stream, found while it passes, in a window that slides along.
///
/// Whole lines are searched, so that `$` means the end of one and not of what happens to have arrived.
#[derive(Debug)]
pub(super) struct Watch {
    retry: Option<Regex>,
    hint: Option<Regex>,
    window: Vec<u8>,
    /// The window begins where the stream does.
    is_start: bool,
    seen: Seen,
}

impl Watch {
    pub(super) fn new(retry: Option<Regex>, hint: Option<Regex>) -> Self {
        Self { retry, hint, window: Vec::new(), is_start: true, seen: Seen::default() }
    }

    pub(super) fn seen(&self) -> Seen {
        self.seen
    }

    pub(super) fn handle_bytes(&mut self, bytes: &[u8]) {
        if self.is_idle() {
            return;
        }
        let before = self.window.len();
        self.window.extend_from_slice(bytes);
        let newline = self.window[before..].iter().rposition(|byte| *byte == b'\n');
        let end = match newline {
            Some(newline) => before + newline,
            None if self.window.len() > CONTEXT + LONGEST_LINE => self.window.len(),
            None => return,
        };
        self.search(end);
        let cut = end.saturating_sub(CONTEXT);
        if cut > 0 {
            self.window.drain(..cut);
            self.is_start = false;
        }
    }

    pub(super) fn handle_end(&mut self) {
        if !self.is_idle() {
            self.search(self.window.len());
        }
    }

    fn is_idle(&self) -> bool {
        (self.retry.is_none() || self.seen.retry) && self.hint.is_none()
    }

    fn search(&mut self, end: usize) {
        let text = &self.window[..end];
        // The first byte of a later window is there to say what `^` and `\b` have before them.
        let mut at = usize::from(!self.is_start).min(end);
        if let Some(retry) = &self.retry {
            let found = retry.find_at(text, at);
            // Nothing is no line after the last newline.
            self.seen.retry |= found.is_some_and(|found| found.start() < end);
        }
        let Some(hint) = &self.hint else {
            return;
        };
        while let Some(groups) = (at <= end).then(|| hint.captures_at(text, at)).flatten() {
            let found = groups.get(1).or(groups.get(0)).map_or(&b""[..], |found| found.as_bytes());
            self.seen.hint = parse_hint(found).or(self.seen.hint);
            at = groups.get(0).map_or(end, |all| all.end()).max(at + 1);
        }
    }
}

/// A duration, a number of seconds, or a date of HTTP.
fn parse_hint(bytes: &[u8]) -> Option<Seconds> {
    let text = std::str::from_utf8(bytes).ok()?.trim();
    if let Ok(wait) = parse_duration(text) {
        return Some(wait.into());
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    let get = |name| (name == "retry-after").then_some(text);
    Hint::from_headers(get, now)?.wait().map(Seconds::from_duration)
}

#[cfg(test)]
mod tests {
    use regex::bytes::RegexBuilder;

    use super::*;

    fn regex(pattern: &str) -> Regex {
        RegexBuilder::new(pattern).multi_line(true).build().unwrap()
    }

    /// Whether `pattern` is found in `text`, which arrives in pieces of `size`.
    fn is_found(pattern: &str, text: &[u8], size: usize) -> bool {
        let mut watch = Watch::new(Some(regex(pattern)), None);
        text.chunks(size).for_each(|piece| watch.handle_bytes(piece));
        watch.handle_end();
        watch.seen().retry
    }

    #[test]
    fn finds_the_same_however_the_stream_is_cut() {
        for (pattern, text, expected) in [
            ("reset", "connection reset by peer\n", true),
            ("^reset", "connection reset by peer\n", false),
            ("^conn", "one\nconnection\n", true),
            ("by$", "reset by peer\n", false),
            ("peer$", "reset by peer\nmore", true),
            ("^$", "line\nline\n", false),
            ("^$", "line\n\nline\n", true),
            ("one\ntwo", "one\ntwo\n", true),
            ("two\n", "one\ntwo\n", true),
            ("no newline", "and no newline", true),
            (".", "", false),
        ] {
            for size in 1..=text.len().max(1) {
                let found = is_found(pattern, text.as_bytes(), size);
                assert_eq!(found, expected, "{pattern:?} in {text:?}, {size} at a time");
            }
        }
    }

    #[test]
    fn finds_a_match_that_lies_across_windows_in_bounded_memory() {
        let mut text = vec![b'x'; 300_000];
        text.extend(b"needle");
        text.extend(vec![0xff; 300_000]);
        assert!(is_found("xneedle\\b|needle", &text, 4093));
        let mut watch = Watch::new(Some(regex("absent")), None);
        for piece in text.chunks(4093).cycle().take(1000) {
            watch.handle_bytes(piece);
            assert!(watch.window.capacity() <= 4 * (CONTEXT + LONGEST_LINE));
        }
    }

    #[test]
    fn the_start_of_a_later_window_is_no_start_of_a_line() {
        let text = vec![b'a'; 200_000];
        assert!(!is_found("^a{10}$", &text, 4096));
        let mut watch = Watch::new(Some(regex("^b")), None);
        let mut text = vec![b'b'; 100_000];
        text[0] = b'a';
        watch.handle_bytes(&text);
        watch.handle_bytes(&text[1..]);
        watch.handle_end();
        assert!(!watch.seen().retry);
    }

    #[test]
    fn the_last_wait_counts_in_whatever_form_it_is_written() {
        for (text, expected) in [
            ("retry after 7\n", Some(7.0)),
            ("retry after 7\nretry after 1m30s\n", Some(90.0)),
            ("retry after 250ms", Some(0.25)),
            ("retry after soon\n", None),
            ("nothing\n", None),
            ("retry after Sun, 06 Nov 1994 08:49:37 GMT\n", None), // past
        ] {
            let mut watch = Watch::new(None, Some(regex("retry after (.*)")));
            watch.handle_bytes(text.as_bytes());
            watch.handle_end();
            assert_eq!(watch.seen().hint.map(Seconds::get), expected, "{text:?}");
        }
    }
}
