//! Numbers as headers have them: ASCII digits, perhaps with a fraction.

/// The number that `text` is, with its sign; `None` for anything but digits and one point.
pub(super) fn signed(text: &str) -> Option<f64> {
    match text.strip_prefix('-') {
        Some(text) => unsigned(text).map(|number| -number),
        None => unsigned(text),
    }
}

/// The number that `text` is, without a sign. Headers have no exponents or infinities.
pub(super) fn unsigned(text: &str) -> Option<f64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits(whole) && digits(fraction) { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_servers_write_and_nothing_else() {
        for (text, number) in [("0", 0.0), ("120", 120.0), ("2.5", 2.5), ("-7", -7.0)] {
            assert_eq!(signed(text), Some(number), "{text}");
        }
        for text in [
            "", "-", ".", "1.", ".5", "1e3", "+1", "inf", "nan", "--1", "1_0", "１", "1.2.3", "- 1",
        ] {
            assert_eq!(signed(text), None, "{text:?}");
        }
        assert_eq!(unsigned("-1"), None);
    }
}
