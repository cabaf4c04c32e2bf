//! Runs the tour as a user does, with real waits.

use std::process::Command;

#[test]
fn each_call_of_the_tour_ends_as_expected() {
    let output = Command::new(env!("CARGO_BIN_EXE_quickstart")).output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{printed}");
    for words in ["try 4", "waits", "gives up: max_tries", "gives up: giveup", "tries: 5"] {
        assert!(printed.contains(words), "nothing of {words:?} in:\n{printed}");
    }
}
