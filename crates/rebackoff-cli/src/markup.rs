//! Text in HTML and SVG, and on a terminal.

/// `text` with the characters that mean something in HTML and SVG replaced.
pub(crate) fn escape(text: &str) -> String {
    let text = printable(text);
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// `text` without control characters, which command a terminal, and without those that XML refuses.
pub(crate) fn printable(text: &str) -> String {
    let is_refused = |letter: char| {
        letter.is_control() && letter != '\n' || matches!(letter, '\u{fffe}' | '\u{ffff}')
    };
    text.replace(is_refused, "\u{fffd}")
}

/// The text in lines of at most so many letters, broken at words, or in a word that is longer.
pub(crate) fn lines(text: &str, letters: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let word: Vec<_> = word.chars().collect();
        for part in word.chunks(letters.max(1)) {
            match lines.last_mut() {
                Some(line) if line.chars().count() + part.len() < letters => {
                    line.push(' ');
                    line.extend(part);
                }
                _ => lines.push(part.iter().collect()),
            }
        }
    }
    lines
}
