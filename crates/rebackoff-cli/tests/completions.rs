//! Completions, loaded in the shells that they are for.

mod support;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use support::{BINARY, rebackoff, stderr, stdout};
use tempfile::TempDir;

const PROFILES: &str = "[nightly]\nmax_tries = 3\n[ quick ]\n[\"third\"]\n";

/// A folder with profiles, the binary in `bin`, and the completions of `shell`.
fn home(shell: &str, script: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("bin")).unwrap();
    symlink(BINARY, folder.path().join("bin/rebackoff")).unwrap();
    fs::write(folder.path().join("rebackoff.toml"), PROFILES).unwrap();
    fs::write(folder.path().join("other.toml"), "[elsewhere]\n").unwrap();
    let output = rebackoff().args(["completions", shell]).output().unwrap();
    fs::write(folder.path().join(script), output.stdout).unwrap();
    folder
}

/// A shell in this folder, bounded in time, since a test that waits for a completion would wait forever.
fn shell(folder: &Path, words: &[&str]) -> Command {
    let mut command = Command::new("timeout");
    support::clean(&mut command);
    let path = format!("{}:{}", folder.join("bin").display(), std::env::var("PATH").unwrap());
    command.arg("300").args(words).current_dir(folder);
    command.env("PATH", path).env("HOME", folder).env("TERM", "dumb");
    command
}

fn bash(folder: &Path, setup: &str, words: &[&str]) -> String {
    let script = format!(
        "{setup}\nsource ./rebackoff.bash\nCOMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); COMP_LINE=\"$*\"
        COMP_POINT=${{#COMP_LINE}}; _rebackoff; echo \"${{COMPREPLY[*]}}\""
    );
    let output =
        shell(folder, &["bash", "--norc", "-c", &script, "bash"]).args(words).output().unwrap();
    assert_eq!(stderr(&output), "");
    stdout(&output).trim_end().to_owned()
}

#[test]
fn bash_completes_options_words_profiles_and_the_command() {
    let folder = home("bash", "rebackoff.bash");
    for (line, expected) in [
        ("rebackoff pl", "plan"),
        ("rebackoff help ma", "man"),
        ("rebackoff run --retry-i", "--retry-if-stdout --retry-if-stderr"),
        ("rebackoff run --wait de", "decay decorrelated"),
        ("rebackoff run -w expo -j e", "equal"),
        ("rebackoff run --jitter = n", "none"),
        ("rebackoff run --last-wait s", "shorten stop"),
        ("rebackoff plan --format h", "html"),
        ("rebackoff plan --ignore no-l", "no-limit"),
        ("rebackoff run --max-tries r", ""),
        ("rebackoff run -p n", "nightly"),
        ("rebackoff plan --profile q", "quick"),
        ("rebackoff plan --profile th", "third"),
        ("rebackoff run --config other.toml --profile e", "elsewhere"),
        ("rebackoff run --config oth", "other.toml"),
        ("rebackoff man pl", "plan"),
        ("rebackoff run -- rebackof", "rebackoff"),
        ("rebackoff run -n 3 cat oth", "other.toml"),
    ] {
        let words: Vec<_> = line.split(' ').collect();
        assert_eq!(bash(folder.path(), "", &words), expected, "{line}");
    }
    assert_eq!(
        bash(folder.path(), "", &["rebackoff", "run", "--profile", ""]),
        "nightly quick third"
    );
    // The completions of the command are those of its own.
    let setup = "source /usr/share/bash-completion/bash_completion
        _fruit() { mapfile -t COMPREPLY < <(compgen -W 'apple pear' -- \"$2\"); }; complete -F _fruit fruit";
    for line in ["rebackoff run -n 3 -- fruit ap", "rebackoff run --jitter = none fruit ap"] {
        let words: Vec<_> = line.split(' ').collect();
        assert_eq!(bash(folder.path(), setup, &words), "apple", "{line}");
    }
}

/// Types a line and a tab into zsh, and waits until it shows `expected`.
const ZSH: &str = r#"
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell "PS1='> '; fpath=($PWD \$fpath); autoload -Uz compinit; compinit -u -d $PWD/dump"
zpty -w shell "_fruit() { compadd apple pear }; compdef _fruit fruit; print rea''dy"
zpty -r -m shell text '*ready*' || exit 1
zpty -w -n shell "$1"$'\t'
zpty -r -m shell text "*$2*" && print -r -- "$2"
"#;

#[test]
fn zsh_completes_options_words_profiles_and_the_command() {
    let folder = home("zsh", "_rebackoff");
    for (line, expected) in [
        ("rebackoff pl", "plan"),
        ("rebackoff run --retry-a", "--retry-after-regex"),
        ("rebackoff run --wait decor", "decorrelated"),
        ("rebackoff run --jitter ", "random"),
        ("rebackoff run --last-wait=sh", "shorten"),
        ("rebackoff run -p ni", "nightly"),
        ("rebackoff plan --profile th", "third"),
        ("rebackoff run --config other.toml --profile ", "elsewhere"),
        ("rebackoff run -n 3 -- rebackof", "rebackoff "),
        ("rebackoff run -n 3 -- fruit a", "apple"),
    ] {
        let output = shell(folder.path(), &["zsh", "-f", "-c", ZSH, "zsh", line, expected])
            .output()
            .unwrap();
        assert_eq!(stdout(&output).trim_end(), expected.trim_end(), "{line}");
    }
}

#[test]
fn fish_completes_options_words_profiles_and_the_command() {
    let folder = home("fish", "rebackoff.fish");
    let setup = "source rebackoff.fish; complete -c cat -f -a 'apple pear'; complete -C $argv[1]";
    for (line, expected) in [
        ("rebackoff pl", "plan"),
        ("rebackoff run --retry-i", "--retry-if-stderr --retry-if-stdout"),
        ("rebackoff run --wait de", "decay decorrelated"),
        ("rebackoff run -j e", "equal"),
        ("rebackoff run --last-wait=s", "--last-wait=shorten --last-wait=stop"),
        ("rebackoff run --profile ", "nightly quick third"),
        ("rebackoff plan -p n", "nightly"),
        ("rebackoff run --config other.toml --profile ", "elsewhere"),
        ("rebackoff run -n 3 -- rebackof", "rebackoff"),
        ("rebackoff run -n 3 -- cat a", "apple"),
        ("rebackoff run --jitter=none cat a", "apple"),
        ("rebackoff run cat --retry-i", ""),
    ] {
        let output =
            shell(folder.path(), &["fish", "--no-config", "-c", setup, line]).output().unwrap();
        let words = stdout(&output);
        let words: Vec<_> = words.lines().filter_map(|line| line.split('\t').next()).collect();
        assert_eq!(words.join(" "), expected, "{line}: {}", stderr(&output));
    }
}

fn install(folder: &Path, shell_name: &str) -> (String, String) {
    let mut command = shell(folder, &["rebackoff", "completions", shell_name, "--install"]);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    (stdout(&output).trim_end().to_owned(), stderr(&output))
}

#[test]
fn completions_land_where_the_shell_looks() {
    let folder = home("bash", "unused");
    let run = |words: &[&str]| {
        let output = shell(folder.path(), words).output().unwrap();
        stdout(&output).trim_end().to_owned()
    };
    let (path, _) = install(folder.path(), "bash");
    assert!(Path::new(&path).ends_with(".local/share/bash-completion/completions/rebackoff"));
    let loaded = "source /usr/share/bash-completion/bash_completion; _completion_loader rebackoff; complete -p rebackoff";
    assert_eq!(run(&["bash", "--norc", "-c", loaded]), "complete -F _rebackoff rebackoff");

    install(folder.path(), "fish");
    assert_eq!(run(&["fish", "-c", "complete -C 'rebackoff run -j e'"]), "equal");

    fs::write(folder.path().join(".zshrc"), "fpath=(~/.functions $fpath)\n").unwrap();
    let (path, said) = install(folder.path(), "zsh");
    assert_eq!(
        (Path::new(&path), said.as_str()),
        (&*folder.path().join(".functions/_rebackoff"), "")
    );
    let loaded = "autoload -Uz compinit; compinit -u -D; print $_comps[rebackoff]";
    assert_eq!(run(&["zsh", "-ic", loaded]), "_rebackoff");
}

#[test]
fn zsh_without_a_folder_of_the_user_gets_advice_on_one() {
    let folder = home("bash", "unused");
    fs::write(folder.path().join(".zshrc"), "fpath=(/nonexistent)\n").unwrap();
    let (path, said) = install(folder.path(), "zsh");
    let expected = folder.path().join(".local/share/zsh/site-functions");
    assert_eq!(Path::new(&path), expected.join("_rebackoff"));
    let line = format!("add `fpath=({} $fpath)` to .zshrc, before compinit", expected.display());
    assert_eq!(said, format!("rebackoff: zsh does not look there yet: {line}\n"));
}
