//! Every example in the documents runs.

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use support::{BINARY, rebackoff, stderr, stdout};
use tempfile::TempDir;

/// What the examples call: commands that do as they are told, offline.
const COMMANDS: [(&str, &str); 7] = [
    ("bin/curl", "#!/bin/sh\necho page\n"),
    ("deploy", "#!/bin/sh\n[ \"$REBACKOFF_TRY\" = 2 ] || { echo retry after 0.01; exit 1; }\n"),
    ("export", "#!/bin/sh\necho \"row of try $REBACKOFF_TRY\"; [ \"$REBACKOFF_TRY\" = 2 ]\n"),
    ("flaky-test", "#!/bin/sh\n[ \"$REBACKOFF_TRY\" -lt 7 ]\n"),
    ("status", "#!/bin/sh\n[ \"$REBACKOFF_TRY\" != 2 ] || echo ready\n"),
    ("backup", "#!/bin/sh\nexit 1\n"),
    ("rebackoff.toml", "[nightly]\nmax_tries = 8\nmax_value = '30s'\n"),
];

fn workshop() -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("bin")).unwrap();
    for (name, text) in COMMANDS {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    std::os::unix::fs::symlink(BINARY, folder.path().join("bin/rebackoff")).unwrap();
    folder
}

/// Runs a line as it stands; what it says and its exit code.
fn run_line(folder: &Path, line: &str) -> (String, Option<i32>) {
    let mut command = Command::new("bash");
    support::clean(&mut command);
    let path = format!("{}:{}", folder.join("bin").display(), std::env::var("PATH").unwrap());
    command.args(["-c", line]).current_dir(folder).env("PATH", path);
    let output = command.output().unwrap();
    (stdout(&output) + &stderr(&output), output.status.code())
}

fn run_all(lines: &[String]) {
    assert!(!lines.is_empty());
    let folder = workshop();
    for line in lines {
        let (said, code) = run_line(folder.path(), line);
        // A backup that fails and a test that was found to: those are the points of their examples.
        let fails = line.contains("./backup") || line.contains("./flaky-test");
        let expected = i32::from(fails);
        assert_eq!(code, Some(expected), "{line}\n{said}");
    }
}

#[test]
fn every_example_of_the_manual_pages_runs() {
    for action in ["run", "plan", "simulate"] {
        let help = stdout(&rebackoff().args([action, "--help"]).output().unwrap());
        let lines: Vec<_> = help
            .lines()
            .filter_map(|line| line.trim().strip_prefix("$ "))
            .map(str::to_owned)
            .collect();
        run_all(&lines);
        // The page has the same lines, as roff spells them.
        let page = stdout(&rebackoff().args(["man", action]).output().unwrap());
        let page = page
            .replace("\\-", "-")
            .replace("\\*(Aq", "'")
            .replace("\\\\", "\\")
            .replace("\\(aq", "'")
            .replace("\\e", "\\");
        for line in lines {
            assert!(page.contains(&line), "{line}\n{page}");
        }
    }
}

#[test]
fn every_example_of_the_readme_runs() {
    let readme =
        fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../README.md")).unwrap();
    let shell = readme.split_once("\n## Shell\n").unwrap().1.split("\n## ").next().unwrap();
    let mut lines = Vec::new();
    for block in shell.split("```sh\n").skip(1) {
        let block = block.split("```").next().unwrap().replace("\\\n", "");
        lines.extend(block.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned));
    }
    // To build it is for those who have not.
    lines.retain(|line| !line.starts_with("cargo "));
    run_all(&lines);
    for block in shell.split("```console\n").skip(1) {
        let block = block.split("```").next().unwrap();
        let (line, expected) = block.split_once('\n').unwrap();
        let (said, _) = run_line(workshop().path(), line.strip_prefix("$ ").unwrap());
        assert_eq!(said, expected, "{line}");
    }
}
