//! Sets of exit codes and signals.

use crate::ending::Ending;
use crate::signals::signal_number;

/// Exit codes and signals, as `1,2,100-110,SIGSEGV`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Codes {
    codes: [u128; 2],
    signals: u128,
}

impl Codes {
    /// All codes but 0, and those that say that there is no such command.
    pub(crate) fn failures() -> Self {
        let mut codes = Self { codes: [u128::MAX; 2], signals: 0 };
        for code in [0, 126, 127] {
            codes.remove(code);
        }
        codes
    }

    /// The code 0.
    pub(crate) fn success() -> Self {
        Self { codes: [1, 0], signals: 0 }
    }

    /// # Errors
    ///
    /// The first part that is neither code nor range nor signal.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut codes = Self::default();
        for part in text.split(',').map(str::trim) {
            codes.add(part).ok_or_else(|| {
                format!("takes codes from 0 to 255, ranges and signals, for example `1,2,100-110,SIGSEGV`, but {part:?} is none")
            })?;
        }
        Ok(codes)
    }

    pub(crate) fn contains(&self, ending: &Ending) -> bool {
        let code = ending.code();
        let by_signal = ending.signal().is_some_and(|signal| self.signals >> signal & 1 == 1);
        by_signal || self.codes[usize::from(code >> 7)] >> (code & 127) & 1 == 1
    }

    fn add(&mut self, part: &str) -> Option<()> {
        if let Some(signal) = signal_number(part) {
            self.signals |= 1 << signal;
            return Some(());
        }
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last): (u8, u8) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
        for code in first..=last {
            self.codes[usize::from(code >> 7)] |= 1 << (code & 127);
        }
        (first <= last).then_some(())
    }

    fn remove(&mut self, code: u8) {
        self.codes[usize::from(code >> 7)] &= !(1 << (code & 127));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_ranges_and_signals_are_told_apart() {
        let codes = Codes::parse("1, 100-110,255,sigsegv,TERM").unwrap();
        let listed = |ending| codes.contains(&ending);
        for code in [1, 100, 105, 110, 255] {
            assert!(listed(Ending::Exited(code)), "{code}");
        }
        for code in [0, 2, 99, 111, 139, 143] {
            assert!(!listed(Ending::Exited(code)), "{code}");
        }
        assert!(listed(Ending::Killed(11)) && listed(Ending::Killed(15)));
        assert!(!listed(Ending::Killed(9)));
    }

    #[test]
    fn a_code_names_every_ending_that_exits_with_it() {
        assert!(Codes::parse("137").unwrap().contains(&Ending::Killed(9)));
        assert!(Codes::parse("124").unwrap().contains(&Ending::TimedOut(143)));
    }

    #[test]
    fn what_is_no_code_is_refused() {
        for text in ["", "256", "-1", "5-3", "1-", "SIGNOPE", "1,,2", "1;2"] {
            assert!(Codes::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn failures_are_all_but_success_and_a_missing_command() {
        let failures = Codes::failures();
        for code in 0..=u8::MAX {
            let expected = !matches!(code, 0 | 126 | 127);
            assert_eq!(failures.contains(&Ending::Exited(code)), expected, "{code}");
        }
    }
}
