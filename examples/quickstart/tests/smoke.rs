//! Runs the tour as a user does, with real waits.

use std::process::Command;
use std::time::{Duration, Instant};

#[test]
fn smoke_every_call_of_the_tour_ends_as_expected_within_15_seconds() {
    let started = Instant::now();
    let output = Command::new(env!("CARGO_BIN_EXE_quickstart")).output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();

    assert!(output.status.success(), "{printed}");
    assert!(started.elapsed() < Duration::from_secs(15), "{printed}");
    for word in ["try 4", "waits", "gives up: max_tries", "gives up: max_time", "gives up: giveup"]
    {
        assert!(printed.contains(word), "nothing of {word:?} in:\n{printed}");
    }
}
