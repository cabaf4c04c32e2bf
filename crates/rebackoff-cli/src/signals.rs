//! The names of signals.

use rustix::process::Signal;

const NAMES: [(Signal, &str); 29] = [
    (Signal::HUP, "HUP"),
    (Signal::INT, "INT"),
    (Signal::QUIT, "QUIT"),
    (Signal::ILL, "ILL"),
    (Signal::TRAP, "TRAP"),
    (Signal::ABORT, "ABRT"),
    (Signal::BUS, "BUS"),
    (Signal::FPE, "FPE"),
    (Signal::KILL, "KILL"),
    (Signal::USR1, "USR1"),
    (Signal::SEGV, "SEGV"),
    (Signal::USR2, "USR2"),
    (Signal::PIPE, "PIPE"),
    (Signal::ALARM, "ALRM"),
    (Signal::TERM, "TERM"),
    (Signal::CHILD, "CHLD"),
    (Signal::CONT, "CONT"),
    (Signal::STOP, "STOP"),
    (Signal::TSTP, "TSTP"),
    (Signal::TTIN, "TTIN"),
    (Signal::TTOU, "TTOU"),
    (Signal::URG, "URG"),
    (Signal::XCPU, "XCPU"),
    (Signal::XFSZ, "XFSZ"),
    (Signal::VTALARM, "VTALRM"),
    (Signal::PROF, "PROF"),
    (Signal::WINCH, "WINCH"),
    (Signal::IO, "IO"),
    (Signal::SYS, "SYS"),
];

#[cfg(target_os = "linux")]
const LINUX_NAMES: [(Signal, &str); 2] = [(Signal::STKFLT, "STKFLT"), (Signal::POWER, "PWR")];
#[cfg(not(target_os = "linux"))]
const LINUX_NAMES: [(Signal, &str); 0] = [];

/// The name of a signal: `SIGTERM`, or `signal 40` where it has no name.
pub(crate) fn signal_name(number: i32) -> String {
    let mut names = NAMES.iter().chain(&LINUX_NAMES);
    match names.find(|(signal, _)| signal.as_raw() == number) {
        Some((_, name)) => format!("SIG{name}"),
        None => format!("signal {number}"),
    }
}

/// The number of the signal that `name` names: `TERM`, `sigterm`.
pub(crate) fn signal_number(name: &str) -> Option<i32> {
    let name = name.to_ascii_uppercase();
    let name = name.strip_prefix("SIG").unwrap_or(&name);
    let mut names = NAMES.iter().chain(&LINUX_NAMES);
    names.find(|(_, known)| *known == name).map(|(signal, _)| signal.as_raw())
}

/// The signal that `text` names or numbers.
pub(crate) fn parse_signal(text: &str) -> Option<i32> {
    text.parse().ok().or_else(|| signal_number(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_signal_of_linux_has_its_name() {
        for number in 1..=31 {
            let name = signal_name(number);
            assert_eq!(signal_number(&name), Some(number), "{name}");
        }
        assert_eq!(signal_name(40), "signal 40");
    }
}
