//! The input and output of the command stay as they are.

mod support;

use std::fs;
use std::process::{Command, Stdio};

use support::{BINARY, code, rebackoff, run, stderr, stdout, with_input};
use tempfile::TempDir;

/// All bytes, and lines of them that are no UTF-8.
fn bytes(length: usize) -> Vec<u8> {
    (0..length).map(|n| u8::try_from(n * 31 % 251).unwrap()).collect()
}

const WAYS: [&[&str]; 4] = [
    &["-q"],
    &["-q", "--retry-if-stdout", "never this"],
    &["-q", "--once"],
    &["-q", "--replay-stdin", "--once", "--retry-after-regex", "never this"],
];

#[test]
fn bytes_go_through_unchanged() {
    for length in [0, 1, 4096, 4097, 100_000, 3_000_000] {
        let input = bytes(length);
        for way in WAYS {
            let mut command = rebackoff();
            let output = with_input(command.arg("run").args(way).args(["--", "cat"]), &input);
            assert!(output.status.success() && output.stdout == input, "{length} bytes, {way:?}");
        }
    }
}

#[test]
fn arguments_go_through_unchanged() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;
    let odd = OsStr::from_bytes(b"\xff\xfe \n'\"$*\\");
    let mut command = rebackoff();
    let output = command
        .args(["run", "-v", "--", "printf", "%s|", "--", "-n", ""])
        .arg(odd)
        .output()
        .unwrap();
    assert_eq!(output.stdout, b"--|-n||\xff\xfe \n'\"$*\\|");
}

#[test]
fn once_shows_the_successful_try_alone() {
    let output = run(
        &["-q", "--once", "-n", "5", "--factor", "1ms"],
        "echo try $REBACKOFF_TRY; [ $REBACKOFF_TRY = 3 ]",
    );
    assert_eq!((stdout(&output).as_str(), output.status.code()), ("try 3\n", Some(0)));
}

#[test]
fn once_says_how_much_it_held_back_when_it_gives_up() {
    let output = run(&["--once", "-n", "1"], "echo secret; exit 4");
    assert_eq!((stdout(&output).as_str(), output.status.code()), ("", Some(4)));
    assert!(stderr(&output).contains("7 bytes of stdout were held back"), "{}", stderr(&output));
}

#[test]
fn replayed_stdin_is_the_same_for_each_try() {
    let input = bytes(2_500_000);
    let script = "if [ $REBACKOFF_TRY -lt 3 ]; then head -c $((REBACKOFF_TRY * 700000)) >/dev/null; exit 1; fi; cat";
    let mut command = rebackoff();
    command.args([
        "run",
        "-q",
        "--replay-stdin",
        "-n",
        "3",
        "--factor",
        "1ms",
        "--",
        "sh",
        "-c",
        script,
    ]);
    let output = with_input(&mut command, &input);
    assert!(output.status.success() && output.stdout == input);
}

#[test]
fn without_it_a_try_gets_what_the_last_one_left() {
    let script = "head -c 2; [ $REBACKOFF_TRY = 2 ]";
    let mut command = rebackoff();
    command.args(["run", "-q", "-n", "2", "--factor", "1ms", "--", "sh", "-c", script]);
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("input");
    fs::write(&path, "abcdef").unwrap();
    let output = command.stdin(fs::File::open(path).unwrap()).output().unwrap();
    assert_eq!(stdout(&output), "abcd");
}

#[test]
fn a_command_without_a_reader_gets_sigpipe_at_once() {
    for way in WAYS {
        if way.contains(&"--once") {
            continue;
        }
        let script = "\"$@\" | head -n 1; exec 3>&-";
        let mut command = Command::new("sh");
        support::clean(&mut command);
        command.args(["-c", script, "sh", BINARY, "run"]).args(way).args(["--", "yes"]);
        let output = command.output().unwrap();
        assert_eq!((stdout(&output).as_str(), stderr(&output).as_str()), ("y\n", ""), "{way:?}");
    }
}

#[test]
fn a_command_that_lost_its_reader_is_not_tried_again() {
    let folder = TempDir::new().unwrap();
    let tries = folder.path().join("tries");
    // The file says how often the command was run, and 141 what it came to.
    // A shell exits with the code of its last command.
    for yes in ["exec yes", "yes; exit $?"] {
        let script = format!(
            "{{ \"$0\" run -q --factor 1ms -- sh -c 'echo >> \"$TRIES\"; {yes}'; echo $? >&2; }} | head -n 1"
        );
        let mut command = Command::new("sh");
        support::clean(&mut command);
        let output = command.args(["-c", &script, BINARY]).env("TRIES", &tries).output().unwrap();
        assert_eq!(
            (stderr(&output).as_str(), fs::read_to_string(&tries).unwrap().as_str()),
            ("141\n", "\n")
        );
        fs::remove_file(&tries).unwrap();
    }
}

#[test]
fn closed_descriptors_are_no_trouble() {
    for closed in ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"] {
        for option in ["--quiet", "--verbose", "--once", "--replay-stdin", "--retry-if-stdout=x"] {
            let script =
                format!("\"$0\" run -n 2 --factor 1ms {option} -- sh -c 'echo x; exit 6' {closed}");
            let mut command = Command::new("sh");
            support::clean(&mut command);
            let output = command.args(["-c", &script, BINARY]).output().unwrap();
            assert_eq!(output.status.code(), Some(6), "{closed} {option}: {}", stderr(&output));
        }
    }
}

#[test]
fn a_full_disk_under_stdout_is_a_clear_error() {
    for way in [&["--once"][..], &["--retry-if-stdout", "never"]] {
        let mut command = rebackoff();
        command.arg("run").args(way).args(["-n", "1", "--", "echo", "x"]);
        let full = fs::File::options().write(true).open("/dev/full").unwrap();
        let output = command.stdout(full).stderr(Stdio::piped()).output().unwrap();
        assert_eq!(output.status.code(), Some(125));
        assert_eq!(stderr(&output), "rebackoff: cannot write to stdout: No space left on device\n");
    }
}

#[test]
fn a_text_that_cannot_be_written_is_a_clear_error_and_one_without_a_reader_is_sigpipe() {
    let texts =
        [&["--help"][..], &["help", "run"], &["run", "-h"], &["--version"], &["plan"], &["man"]];
    for text in texts {
        let output = |stdout: Stdio| {
            rebackoff().args(text).stdout(stdout).stderr(Stdio::piped()).output().unwrap()
        };
        let full = output(fs::File::options().write(true).open("/dev/full").unwrap().into());
        let message = "rebackoff: cannot write to stdout: No space left on device\n";
        assert_eq!((full.status.code(), stderr(&full).as_str()), (Some(125), message), "{text:?}");
        let (_, unread) = nix::unistd::pipe().unwrap();
        let unread = output(unread.into());
        assert_eq!((unread.status.code(), stderr(&unread).as_str()), (Some(141), ""), "{text:?}");
    }
}

/// Runs with no file allowed to grow beyond 64 KiB, which is how a full disk looks to a program.
fn with_a_full_disk(options: &str, script: &str) -> std::process::Output {
    let line = format!("ulimit -f 128; exec \"$0\" run {options} -- sh -c '{script}'");
    let mut command = Command::new("sh");
    support::clean(&mut command);
    command.args(["-c", &line, BINARY]).output().unwrap()
}

#[test]
fn without_room_to_hold_it_back_output_is_passed_on_and_nothing_is_lost() {
    let output = with_a_full_disk("--once -n 3 --factor 1ms", "head -c 3000000 /dev/zero");
    assert_eq!((output.stdout.len(), output.status.code()), (3_000_000, Some(0)));
    assert!(stderr(&output).contains("cannot hold back more of stdout"), "{}", stderr(&output));
    // It cannot be taken back, so there is no other try.
    let output = with_a_full_disk("--once -n 3 --factor 1ms", "head -c 3000000 /dev/zero; exit 4");
    assert_eq!((output.stdout.len(), output.status.code()), (3_000_000, Some(125)));
}

#[test]
fn without_room_for_stdin_it_says_so_and_the_command_takes_no_part_of_it_for_all() {
    let line = "head -c 3000000 /dev/zero | \
                { ulimit -f 128; exec \"$0\" run --replay-stdin -- sh -c 'wc -c; echo done'; }";
    let mut command = Command::new("sh");
    support::clean(&mut command);
    let output = command.args(["-c", line, BINARY]).output().unwrap();
    assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(125), ""));
    assert!(
        stderr(&output).contains("cannot keep stdin for the tries to come"),
        "{}",
        stderr(&output)
    );
}

/// The most memory that rebackoff has used when its command has written so many MiB, in KiB.
fn peak(options: &[&str], mebibytes: usize) -> u64 {
    let script =
        format!("head -c {} /dev/zero; grep VmHWM /proc/$PPID/status >&2", mebibytes << 20);
    let mut command = rebackoff();
    command.arg("run").args(options).args(["--", "sh", "-c", &script]);
    let output = command.stdout(Stdio::null()).stderr(Stdio::piped()).output().unwrap();
    stderr(&output).split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn memory_stays_as_it_is_however_much_is_written() {
    for options in [&["-q"][..], &["-q", "--retry-if-stdout", "never this"]] {
        let (idle, streaming) = (peak(options, 0), peak(options, 64));
        assert!(streaming * 10 <= idle * 11, "{streaming} KiB against {idle} KiB, {options:?}");
    }
    let (idle, holding) = (peak(&["-q", "--once"], 0), peak(&["-q", "--once"], 64));
    assert!(holding < idle + 2 * 1024, "{holding} KiB against {idle} KiB");
    // The program itself is twice as large where it is not optimised.
    assert!(cfg!(debug_assertions) || holding < 8 * 1024, "{holding} KiB");
}

#[test]
fn quiet_says_nothing_and_verbose_more() {
    let script = "[ $REBACKOFF_TRY = 2 ]";
    let lines = |option| stderr(&run(&[option, "--factor", "1ms"], script)).lines().count();
    assert_eq!((lines("--quiet"), lines("--verbose")), (0, 4));
    assert_eq!(stderr(&run(&["--factor", "1ms"], script)).lines().count(), 1);
    assert_eq!(code(&["--quiet", "--verbose"], "true"), 125);
}

#[test]
fn events_are_logged_one_on_each_line() {
    let script =
        "exec \"$0\" run -q --log json --log-fd 3 -n 2 --factor 1ms -- sh -c 'kill -9 $$' 3>&1";
    let mut command = Command::new("sh");
    support::clean(&mut command);
    let output = command.args(["-c", script, BINARY]).output().unwrap();
    let lines: Vec<serde_json::Value> =
        stdout(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let field =
        |name| lines.iter().map(|line| line[name].to_string()).collect::<Vec<_>>().join(" ");
    assert_eq!(field("event"), r#""try" "backoff" "try" "giveup""#);
    assert_eq!(field("tries"), "1 1 2 2");
    assert_eq!(field("exit_code"), "null 137 null 137");
    assert_eq!(field("signal"), "null 9 null 9");
    assert_eq!(field("reason"), r#"null null null "max_tries""#);
    assert!(lines[1]["wait"].as_f64().unwrap() < 0.001);
    assert!(lines.iter().all(|line| line["elapsed"].is_f64()));
}
