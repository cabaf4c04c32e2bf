//! Durations and shares for people.

use rebackoff_core::{Seconds, human_duration};

/// `seconds` as people write them.
pub(crate) fn human(seconds: f64) -> String {
    let seconds = Seconds::new(seconds).unwrap_or_default();
    // Three digits, or two units, say enough of a chance.
    let step = match seconds.get() {
        seconds if seconds < 60.0 => 10_f64.powf(seconds.log10().floor().max(-3.0) - 2.0),
        seconds if seconds < 3600.0 => 1.0,
        seconds if seconds < 86_400.0 => 60.0,
        _ => 3600.0,
    };
    let rounded = (seconds.get() / step).round() * step;
    human_duration(Seconds::new(rounded).unwrap_or_default().to_duration()).to_string()
}

/// `share` of one as a percentage; 0% and 100% mean none and all.
pub(crate) fn percent(share: f64) -> String {
    match share * 100.0 {
        rest if rest > 0.0 && rest < 1.0 => "<1%".to_owned(),
        rest if rest > 99.0 && rest < 100.0 => ">99%".to_owned(),
        rest => format!("{rest:.0}%"),
    }
}
