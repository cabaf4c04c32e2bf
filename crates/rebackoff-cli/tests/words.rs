//! Help, messages and manual pages, word for word.

mod support;

use std::fs;
use std::process::Command;

use support::{BINARY, rebackoff, run, stderr, stdout};
use tempfile::TempDir;

fn help(arguments: &[&str]) -> String {
    stdout(&rebackoff().args(arguments).output().unwrap())
}

#[test]
fn help_says_what_there_is() {
    insta::assert_snapshot!(help(&["--help"]));
    insta::assert_snapshot!(help(&["run", "-h"]));
    insta::assert_snapshot!(help(&["run", "--help"]));
    insta::assert_snapshot!(help(&["plan", "-h"]));
    insta::assert_snapshot!(help(&["completions", "--help"]));
    insta::assert_snapshot!(help(&["man", "--help"]));
}

#[test]
fn help_is_also_an_action() {
    assert_eq!(help(&["help"]), help(&["--help"]));
    for action in ["run", "plan", "completions", "man"] {
        assert_eq!(help(&["help", action]), help(&[action, "--help"]));
    }
    let output = rebackoff().args(["help", "nothing"]).output().unwrap();
    assert_eq!(output.status.code(), Some(125));
    assert!(stderr(&output).contains("unrecognized subcommand 'nothing'"));
}

#[test]
fn messages_say_what_happens() {
    let exact = ["-j", "none", "-w", "constant", "-i", "1ms"];
    let said = |options: &[&str], script| {
        let all = [&exact[..], options].concat();
        // How long it took is not the same twice.
        let text = stderr(&run(&all, script));
        let mut words = text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        for n in 1..words.len() {
            if words[n - 1] == "after" && words[n].starts_with(|c: char| c.is_ascii_digit()) {
                words[n] =
                    if words[n].ends_with('\n') { "…\n".to_owned() } else { "…".to_owned() };
            }
        }
        words.join(" ")
    };
    insta::assert_snapshot!(
        [
            said(&["-n", "2"], "exit 3"),
            said(&["-n", "2", "--verbose"], "[ $REBACKOFF_TRY = 2 ]"),
            said(&["-n", "1"], "kill -9 $$"),
            said(&["-n", "1", "--timeout", "20ms"], "sleep 600"),
            said(&["-n", "none", "--max-time", "1ms"], "sleep 0.01; exit 3"),
            said(&["--stop-on", "3"], "exit 3"),
            said(&["-i", "1ms,2ms"], "exit 3"),
            said(&["-n", "1", "--once"], "echo output; exit 3"),
            said(&["-n", "2", "--retry-after-regex", ".*"], "echo 5ms; exit 3"),
        ]
        .join("\n")
    );
}

#[test]
fn completions_are_made_for_each_shell_and_installed_where_it_looks() {
    let home = TempDir::new().unwrap();
    for (shell, path) in [
        ("bash", ".local/share/bash-completion/completions/rebackoff"),
        ("zsh", ".local/share/zsh/site-functions/_rebackoff"),
        ("fish", ".config/fish/completions/rebackoff.fish"),
    ] {
        let script = help(&["completions", shell]);
        assert!(script.contains("retry-after-regex") && script.contains("plan"), "{shell}");
        let mut command = rebackoff();
        let output = command
            .args(["completions", shell, "--install"])
            .env("HOME", home.path())
            .output()
            .unwrap();
        let installed = home.path().join(path);
        assert_eq!(stdout(&output), format!("{}\n", installed.display()));
        assert_eq!(fs::read_to_string(installed).unwrap(), script);
    }
    let mut command = Command::new("bash");
    support::clean(&mut command);
    let line =
        "eval \"$(\"$0\" completions bash)\"; COMP_WORDS=(rebackoff run --retry-i); COMP_CWORD=2;
        _rebackoff rebackoff --retry-i run; echo \"${COMPREPLY[@]}\"";
    let output = command.args(["-c", line, BINARY]).output().unwrap();
    assert_eq!(stdout(&output), "--retry-if-stdout --retry-if-stderr\n");
}

#[test]
fn manual_pages_are_made_from_the_same_definition_and_installed() {
    let folder = TempDir::new().unwrap();
    let output =
        rebackoff().args(["man", "--install", "--dir"]).arg(folder.path()).output().unwrap();
    assert_eq!(stdout(&output).lines().count(), 5);
    let page = fs::read_to_string(folder.path().join("rebackoff-run.1")).unwrap();
    assert_eq!(page, help(&["man", "run"]));
    for option in ["retry\\-after\\-regex", "REBACKOFF_REMAINING_MS", "Examples:"] {
        assert!(page.contains(option), "{option}");
    }
    assert!(help(&["man"]).contains(".TH rebackoff 1"));
}
