//! Every example in the documents runs.

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use support::{BINARY, rebackoff, stderr, stdout};
use tempfile::TempDir;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// Commands that the examples call, without a network.
const COMMANDS: [(&str, &str); 8] = [
    ("bin/curl", "#!/bin/sh\necho page\n"),
    ("deploy", "#!/bin/sh\n[ \"$REBACKOFF_TRY\" = 2 ] || { echo retry after 0.01; exit 1; }\n"),
    ("export", "#!/bin/sh\necho \"row of try $REBACKOFF_TRY\"; [ \"$REBACKOFF_TRY\" = 2 ]\n"),
    ("flaky-test", "#!/bin/sh\n[ \"$REBACKOFF_TRY\" -lt 7 ]\n"),
    ("status", "#!/bin/sh\n[ \"$REBACKOFF_TRY\" != 2 ] || echo ready\n"),
    ("backup", "#!/bin/sh\nexit 1\n"),
    ("serve", "#!/bin/sh\n"),
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
    command.env("REBACKOFF_SHARED_DIR", folder.join("guards"));
    let output = command.output().unwrap();
    (stdout(&output) + &stderr(&output), output.status.code())
}

fn run_all(folder: &Path, lines: &[String]) {
    assert!(!lines.is_empty());
    let is_built = |line: &&String| cfg!(feature = "fleet") || !line.contains("--fleet");
    for line in lines.iter().filter(is_built) {
        let (said, code) = run_line(folder, line);
        // A backup that fails and a test that was found to: those are the points of their examples.
        let fails = line.contains("./backup") || line.contains("./flaky-test");
        let expected = i32::from(fails);
        assert_eq!(code, Some(expected), "{line}\n{said}");
    }
}

#[test]
fn every_example_of_the_manual_pages_runs() {
    for action in ["run", "plan", "simulate", "guard"] {
        let help = stdout(&rebackoff().args([action, "--help"]).output().unwrap());
        let lines: Vec<_> = help
            .lines()
            .filter_map(|line| line.trim().strip_prefix("$ "))
            .map(str::to_owned)
            .collect();
        let folder = workshop();
        if action == "guard" {
            run_all(folder.path(), &["rebackoff run --breaker shop -- true".to_owned()]);
        }
        run_all(folder.path(), &lines);
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

/// Runs the blocks of a page in their order: `sh` succeeds, `console` prints what follows its command, and a `toml`
/// block whose first line is `# name.toml` becomes that file.
fn run_page(page: &Path) {
    let text = fs::read_to_string(page).unwrap();
    let folder = workshop();
    for block in text.split("\n```").skip(1).step_by(2) {
        let (language, block) = block.split_once('\n').unwrap();
        match language {
            "sh" => run_all(folder.path(), &lines_of(block)),
            "console" => prints_what_it_says(folder.path(), block),
            "toml" => save(folder.path(), block),
            _ => {}
        }
    }
}

fn lines_of(block: &str) -> Vec<String> {
    let block = block.replace("\\\n", "");
    let lines = block.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    lines.map(str::to_owned).collect()
}

fn prints_what_it_says(folder: &Path, block: &str) {
    let (line, expected) = block.split_once('\n').unwrap();
    let (said, _) = run_line(folder, line.strip_prefix("$ ").unwrap());
    assert_eq!(said.trim_end(), expected.trim_end(), "{line}");
}

fn save(folder: &Path, block: &str) {
    let first = block.lines().next().unwrap_or_default();
    if let Some(stem) = first.strip_prefix("# ").and_then(|name| name.strip_suffix(".toml")) {
        fs::write(folder.join(format!("{stem}.toml")), block).unwrap();
    }
}

/// The pages below a folder.
fn pages(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let here = files.into_iter().filter(|path| path.extension().is_some_and(|end| end == "md"));
    here.chain(folders.iter().flat_map(|folder| pages(folder))).collect()
}

#[test]
fn every_example_of_the_readme_runs() {
    run_page(&Path::new(ROOT).join("README.md"));
}

#[test]
fn every_example_of_the_guide_runs() {
    let pages = pages(&Path::new(ROOT).join("docs"));
    assert!(pages.len() > 10);
    std::thread::scope(|threads| {
        for page in &pages {
            threads.spawn(move || {
                let ran = std::panic::catch_unwind(|| run_page(page));
                assert!(ran.is_ok(), "{}", page.display());
            });
        }
    });
}
