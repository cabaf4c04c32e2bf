//! Text in HTML and SVG.

/// `text` with the characters that mean something in HTML and SVG replaced.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
