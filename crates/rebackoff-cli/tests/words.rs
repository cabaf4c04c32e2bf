//! Help, messages and manual pages, word for word.

mod support;

use std::fs;
use std::process::Command;

use support::{rebackoff, run, stderr, stdout};
use tempfile::TempDir;

fn help(arguments: &[&str]) -> String {
    stdout(&rebackoff().args(arguments).output().unwrap())
}

#[test]
fn help_says_what_there_is() {
    insta::assert_snapshot!(help(&["--help"]));
    insta::assert_snapshot!(help(&["run", "-h"]));
    insta::assert_snapshot!("run", help(&["run", "--help"])); // the guide includes it
    insta::assert_snapshot!(help(&["plan", "-h"]));
    insta::assert_snapshot!(help(&["guard", "--help"]));
    insta::assert_snapshot!(help(&["completions", "--help"]));
    insta::assert_snapshot!(help(&["man", "--help"]));
}

#[test]
fn help_is_also_an_action() {
    assert_eq!(help(&["help"]), help(&["--help"]));
    for action in ["run", "plan", "simulate", "guard", "completions", "man"] {
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
fn manual_pages_are_made_from_the_same_definition_and_installed() {
    let folder = TempDir::new().unwrap();
    let output =
        rebackoff().args(["man", "--install", "--dir"]).arg(folder.path()).output().unwrap();
    assert_eq!(stdout(&output).lines().count(), 7);
    let page = fs::read_to_string(folder.path().join("rebackoff-run.1")).unwrap();
    assert_eq!(page, help(&["man", "run"]));
    for option in ["retry\\-after\\-regex", "REBACKOFF_REMAINING_MS"] {
        assert!(page.contains(option), "{option}");
    }
    assert!(help(&["man"]).contains(".TH rebackoff 1"));
}

/// The page as a terminal of 80 columns shows it.
fn page(action: &str) -> String {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("page.1");
    fs::write(&path, help(&["man", action])).unwrap();
    let mut command = Command::new("man");
    support::clean(&mut command);
    command.args(["-E", "UTF-8", "-P", "cat", "-l"]).arg(path);
    let output = command.env("MANWIDTH", "80").env("MAN_KEEP_FORMATTING", "").output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(stderr(&output), "");
    stdout(&output)
}

#[test]
fn the_manual_has_its_sections_and_unbroken_command_lines() {
    for (action, sections) in [
        ("run", &["EXAMPLES", "EXIT STATUS", "ENVIRONMENT", "FILES", "SIGNALS"][..]),
        ("plan", &["EXAMPLES", "EXIT STATUS", "ENVIRONMENT", "FILES"]),
        ("simulate", &["EXAMPLES", "EXIT STATUS", "FILES"]),
        ("guard", &["EXAMPLES", "EXIT STATUS", "ENVIRONMENT", "FILES"]),
    ] {
        let page = page(action);
        let headings: Vec<_> =
            page.lines().filter(|line| line.starts_with(char::is_uppercase)).collect();
        for section in sections {
            assert!(headings.contains(section), "{action}: {section}: {headings:?}");
        }
        let lines = |text: &str| {
            let commands = text.lines().filter(|line| line.trim().starts_with("$ "));
            commands.map(|line| line.trim().to_owned()).collect::<Vec<_>>()
        };
        let examples = lines(&help(&[action, "--help"]));
        assert!(!examples.is_empty());
        assert_eq!(lines(&page), examples, "{action}");
        assert!(!page.contains('\u{2010}'), "a name is broken at a hyphen: {page}");
    }
}

#[test]
fn help_breaks_at_words() {
    for action in ["run", "plan", "simulate", "guard"] {
        let text = help(&[action, "--help"]);
        let prose = text.lines().filter(|line| !line.trim().starts_with("$ "));
        for line in prose {
            assert!(line.chars().count() <= 100, "{action}: {line}");
        }
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        let narrow = rebackoff().args([action, "--help"]).env("COLUMNS", "50").output().unwrap();
        let narrow = stdout(&narrow);
        assert!(
            narrow.lines().all(|line| line.chars().count() <= 50
                || !line.trim().contains(' ')
                || line.trim().starts_with("$ ")),
            "{narrow}"
        );
        assert_eq!(words(&narrow), words(&text), "{action}");
    }
}
