//! Patterns in a stream, found while it passes.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rebackoff_core::{Hint, Seconds, parse_duration};
use regex_automata::Input;
use regex_automata::meta::Regex;

use super::super::conditions::{Patterns, Seen};

/// The window keeps so many bytes behind the end of the search: the longest match.
const CONTEXT: usize = 8 * 1024;
/// A line that is longer is searched for a hint before it has ended.
const LONGEST_LINE: usize = 32 * 1024;
/// `$`, `\b` and their like look so far ahead and back: one character.
const LOOK: usize = 4;

/// Patterns in a stream, found while it passes, in a window that slides along.
///
/// The search ends before the window does, so that `$` and `\z` see the bytes that follow, and not the end of the
/// bytes that happen to have arrived.
#[derive(Debug)]
pub(super) struct Watch {
    patterns: Patterns,
    hint: Option<Regex>,
    window: Vec<u8>,
    /// The window begins where the stream does.
    is_start: bool,
    seen: Seen,
}

impl Watch {
    /// `None` where there is no pattern to find.
    pub(super) fn new(patterns: &Patterns, hint: Option<&Regex>) -> Option<Self> {
        let is_wanted = !patterns.is_empty() || hint.is_some();
        is_wanted.then(|| Self {
            patterns: patterns.clone(),
            hint: hint.cloned(),
            window: Vec::new(),
            is_start: true,
            seen: Seen::default(),
        })
    }

    pub(super) fn seen(&self) -> Seen {
        self.seen
    }

    pub(super) fn handle_bytes(&mut self, bytes: &[u8]) {
        let before = self.window.len();
        self.window.extend_from_slice(bytes);
        let end = self.window.len().saturating_sub(LOOK);
        self.search(end);
        // A hint is read from whole lines, where it cannot be cut.
        let newline = bytes.iter().rposition(|byte| *byte == b'\n');
        let is_long = self.window.len() > CONTEXT + LONGEST_LINE;
        let line_end = newline.map(|newline| before + newline + 1).or(is_long.then_some(end));
        if let Some(line_end) = line_end {
            self.search_hint(line_end);
        }
        let searched = if self.hint.is_some() { line_end.unwrap_or(0).min(end) } else { end };
        let cut = searched.saturating_sub(CONTEXT);
        if cut > 0 {
            self.window.drain(..cut);
            self.is_start = false;
        }
    }

    /// Searches to the end of the output.
    pub(super) fn handle_end(&mut self) {
        self.search(self.window.len());
        self.search_hint(self.window.len());
    }

    /// The first byte that a match may begin with.
    fn begin(&self, end: usize) -> usize {
        if self.is_start { 0 } else { LOOK.min(end) }
    }

    fn search(&mut self, end: usize) {
        let text = &self.window;
        let input = Input::new(text).span(self.begin(end)..end);
        let has = |pattern: &Regex| {
            // Nothing is no line after the last newline.
            let is_after_all = |at: usize| at == text.len() && text.ends_with(b"\n");
            pattern.find(input.clone()).is_some_and(|found| !is_after_all(found.start()))
        };
        self.seen.retry = self.seen.retry || self.patterns.retry.as_ref().is_some_and(has);
        self.seen.throttled =
            self.seen.throttled || self.patterns.throttled.as_ref().is_some_and(has);
        self.seen.until = self.seen.until || self.patterns.until.iter().any(has);
    }

    fn search_hint(&mut self, end: usize) {
        let Some(hint) = &self.hint else {
            return;
        };
        let input = Input::new(&self.window).span(self.begin(end)..end);
        for groups in hint.captures_iter(input) {
            let found = groups.get_group(1).or(groups.get_group(0));
            let found = found.map_or(&b""[..], |span| &self.window[span.range()]);
            self.seen.hint = parse_hint(found).or(self.seen.hint);
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
    use super::super::super::conditions::pattern as regex_of;
    use super::*;

    fn regex(pattern: &str) -> Regex {
        regex_of(pattern).unwrap()
    }

    fn retry(pattern: &str) -> Watch {
        let patterns = Patterns { retry: Some(regex(pattern)), ..Patterns::default() };
        Watch::new(&patterns, None).unwrap()
    }

    /// Returns whether `pattern` is found in `text`, which arrives in pieces of `size`.
    fn is_found(pattern: &str, text: &[u8], size: usize) -> bool {
        let mut watch = retry(pattern);
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
            (r"\A\z", "", true),
            (r"peer\z", "reset by peer\n", false),
            (r"peer\n\z", "reset by peer\n", true),
            (r"peer\z", "reset by peer", true),
            (r"by\z", "reset by peer", false),
            ("peer$", "reset by peer\r\nmore", true),
            ("^more", "reset by peer\r\nmore", true),
            (r"^\w+$", "größe\n", true),
            (r"^\p{Greek}+$", "αβγ\n", true),
            ("(?i)GRÖSSE|ÄPFEL", "äpfel", true),
            (r"\bé\b", "aéb", false),
            (r"(?-u:\xff)x", "x", false),
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
        let mut watch = retry("absent");
        for piece in text.chunks(4093).cycle().take(1000) {
            watch.handle_bytes(piece);
            assert!(watch.window.capacity() <= 4 * (CONTEXT + LONGEST_LINE));
        }
    }

    #[test]
    fn the_start_of_a_later_window_is_no_start_of_a_line() {
        let text = vec![b'a'; 200_000];
        assert!(!is_found("^a{10}$", &text, 4096));
        let mut watch = retry("^b");
        let mut text = vec![b'b'; 100_000];
        text[0] = b'a';
        watch.handle_bytes(&text);
        watch.handle_bytes(&text[1..]);
        watch.handle_end();
        assert!(!watch.seen().retry);
    }

    #[test]
    fn the_end_of_a_window_is_no_end_of_a_line_or_of_the_output() {
        for size in [997, 4096, 16384] {
            let mut text = vec![b'a'; 100_000];
            text.extend(b"b\n");
            assert!(!is_found("a$", &text, size), "{size}");
            assert!(!is_found(r"a\z", &text, size), "{size}");
            assert!(is_found("ab$", &text, size), "{size}");
            assert!(is_found(r"ab\n\z", &text, size), "{size}");
        }
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
            let mut watch =
                Watch::new(&Patterns::default(), Some(&regex("retry after (.*)"))).unwrap();
            watch.handle_bytes(text.as_bytes());
            watch.handle_end();
            assert_eq!(watch.seen().hint.map(Seconds::get), expected, "{text:?}");
        }
    }
}
