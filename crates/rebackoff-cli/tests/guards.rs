//! Guards that runs on one host share, and the commands for operators.

mod support;

use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Output, Stdio};

use nix::sys::signal::Signal;
use serde_json::Value;
use support::{BINARY, events, rebackoff, send, stderr, stdout};
use tempfile::TempDir;

/// A host of its own.
struct Host(TempDir);

impl Host {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn rebackoff(&self) -> Command {
        let mut command = rebackoff();
        command.env("REBACKOFF_SHARED_DIR", self.0.path().join("guards")).current_dir(&self.0);
        command
    }

    /// Runs `rebackoff run -w constant -i 0 OPTIONS -- sh -c SCRIPT`.
    fn run(&self, options: &[&str], script: &str) -> Output {
        let mut command = self.rebackoff();
        command.args(["run", "-w", "constant", "-i", "0"]).args(options);
        command.args(["--", "sh", "-c", script]).output().unwrap()
    }

    fn guard(&self, arguments: &[&str]) -> Output {
        self.rebackoff().arg("guard").args(arguments).output().unwrap()
    }

    fn only_guard(&self, name: &str) -> Value {
        let found = self.guard(&["show", name, "--format", "json"]);
        let found: Value = serde_json::from_slice(&found.stdout).unwrap();
        assert_eq!(found.as_array().unwrap().len(), 1, "{found}");
        found[0].clone()
    }
}

/// A folder with another mode would shut out the owner's other processes.
#[test]
fn the_folder_of_guards_has_its_mode_whatever_the_umask() {
    for umask in ["0177", "0777", "0000"] {
        let host = Host::new();
        let script = format!("umask {umask}; exec \"$@\"");
        let mut command = Command::new("sh");
        command.args(["-c", &script, "sh", BINARY, "run", "--breaker", "shop", "--", "true"]);
        command.env("REBACKOFF_SHARED_DIR", host.0.path().join("guards"));
        let run = command.output().unwrap();
        assert_eq!((run.status.code(), stderr(&run).as_str()), (Some(0), ""), "{umask}");
        let folder = std::fs::metadata(host.0.path().join("guards")).unwrap();
        assert_eq!(folder.permissions().mode() & 0o7777, 0o700, "{umask}");
    }
}

const TRIPS_AT_ONCE: &str = "shop,consecutive=1,open_for=1h";

#[test]
fn a_breaker_that_another_run_opened_rejects_the_first_try() {
    let host = Host::new();
    let first = host.run(&["--breaker", TRIPS_AT_ONCE], "exit 3");
    assert_eq!(first.status.code(), Some(3));
    assert!(stderr(&first).contains("breaker shop is open now"), "{}", stderr(&first));
    assert!(stderr(&first).contains("try 1 of 5 exited with 3; gave up after"));
    assert!(stderr(&first).contains("(breaker)"), "{}", stderr(&first));

    let hook = ["--on-giveup", "echo $REBACKOFF_TRY $REBACKOFF_REASON"];
    let next = host.run(&[&["--breaker", TRIPS_AT_ONCE], &hook[..]].concat(), "echo tried");
    assert_eq!((next.status.code(), stdout(&next).as_str()), (Some(75), ""));
    let said = stderr(&next);
    assert!(
        said.contains("breaker shop: the circuit breaker is open: next probe in 59m"),
        "{said}"
    );
    assert!(said.contains("; gave up before try 1 (breaker)\n0 breaker\n"), "{said}");

    let logged = host.run(&["--breaker", TRIPS_AT_ONCE, "--log", "json"], "echo tried");
    let events = events(&logged.stderr);
    let [event] = &events[..] else { panic!("{events:?}") };
    assert_eq!((&event["event"], &event["reason"]), (&"giveup".into(), &"breaker".into()));
    assert_eq!((&event["tries"], &event["exit_code"]), (&0.into(), &75.into()));
    assert!(event["error"].as_str().unwrap().contains("the circuit breaker is open"));
}

#[test]
fn a_success_closes_the_breaker_again() {
    let host = Host::new();
    let breaker = ["--breaker", "shop,consecutive=1,open_for=1ms"];
    host.run(&breaker, "exit 3");
    assert_eq!(host.run(&breaker, "sleep 0.01").status.code(), Some(0));
    assert_eq!(host.only_guard("shop")["state"], "closed");
}

#[test]
fn a_rejected_or_refused_retry_exits_with_the_code_of_the_last_try() {
    let host = Host::new();
    for (guard, tries) in [
        (["--breaker", "b,consecutive=2,open_for=1h"], 2),
        (["--budget", "quota,kind=quota,capacity=12"], 3),
        // Nothing is left for the next run.
        (["--budget", "quota,kind=quota,capacity=12"], 1),
        (["--budget", "share,floor=0,ratio=1"], 2),
    ] {
        let output = host.run(&[&guard[..], &["-n", "9"]].concat(), "echo try; exit 3");
        assert_eq!(output.status.code(), Some(3));
        assert_eq!(stdout(&output).lines().count(), tries, "{guard:?}: {}", stderr(&output));
        let reason = guard[0].trim_start_matches("--");
        assert!(stderr(&output).ends_with(&format!("({reason})\n")), "{}", stderr(&output));
    }
}

#[test]
fn a_retry_after_a_server_that_throttles_has_a_price_of_its_own() {
    let host = Host::new();
    for (name, throttled, tries) in [("a", "75", 2), ("b", "3", 5)] {
        let budget = format!("{name},kind=aws,capacity=20");
        let options = ["--budget", &budget, "--throttled", throttled, "-n", "9"];
        let output = host.run(&options, "echo try; exit 3");
        assert_eq!(stdout(&output).lines().count(), tries, "{}", stderr(&output));
        assert!(stderr(&output).ends_with("(budget)\n"), "{}", stderr(&output));
    }
}

#[test]
fn a_command_that_does_not_start_is_neutral_for_the_breaker() {
    let host = Host::new();
    let mut command = host.rebackoff();
    command.args(["run", "--on", "127", "-n", "1", "--breaker", TRIPS_AT_ONCE, "--", "no-command"]);
    assert_eq!(command.output().unwrap().status.code(), Some(127));
    let shop = host.only_guard("shop");
    assert_eq!((&shop["state"], &shop["host_failures"]), (&"closed".into(), &0.into()));
}

#[test]
fn a_success_in_a_row_is_no_failure() {
    let host = Host::new();
    let options = ["--consecutive", "3", "--breaker", TRIPS_AT_ONCE];
    assert_eq!(host.run(&options, "true").status.code(), Some(0));
}

#[test]
fn a_retry_that_a_signal_prevents_is_paid_back() {
    let host = Host::new();
    let mut command = host.rebackoff();
    command.args(["run", "-w", "constant", "-i", "1h", "--budget", "shop,kind=quota,capacity=10"]);
    let mut child = command.args(["--", "false"]).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stderr.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.contains("the next one in"), "{line}");
    assert_eq!(host.only_guard("shop")["tokens"], 5.0);
    send(Signal::SIGTERM, &child);
    assert_eq!(child.wait().unwrap().code(), Some(128 + Signal::SIGTERM as i32));
    assert_eq!(host.only_guard("shop")["tokens"], 10.0);
}

#[test]
fn a_call_that_goes_on_in_another_run_asks_and_pays_once() {
    let host = Host::new();
    let options = ["--state", "call", "--max-tries", "none", "--breaker", "b", "--budget"];
    let options = [&options[..], &["q,kind=quota,capacity=10"]].concat();
    assert_eq!(host.run(&options, "exit 3").status.code(), Some(3));
    assert_eq!(host.only_guard("q")["tokens"], 5.0);
    host.guard(&["open", "b"]);
    let rejected = host.run(&options, "exit 4");
    assert_eq!(rejected.status.code(), Some(3), "{}", stderr(&rejected));
    assert!(stderr(&rejected).contains("gave up before try 2 (breaker)"), "{}", stderr(&rejected));
    assert!(!host.0.path().join("call").exists(), "the call has ended");
}

#[test]
fn a_wrong_guard_names_the_parameter_and_what_is_allowed() {
    let host = Host::new();
    for (option, value, message) in [
        ("--breaker", "a/b", "--breaker: the name of a shared guard must be"),
        ("--breaker", "", "--breaker: the name of a shared guard must be"),
        ("--breaker", "a,open=1m", "--breaker: unknown key open; did you mean open_for?"),
        ("--breaker", "a,scope=fleet", "--breaker: unknown key scope"),
        ("--breaker", "a,consecutive=0", "consecutive must be at least 1, but it is 0"),
        ("--breaker", "a,consecutive=x", "consecutive must be a whole number"),
        ("--breaker", "a,open_for=soon", "open_for must be a duration"),
        ("--breaker", "a,growth=x", "growth must be a number, but it is \"x\""),
        ("--breaker", "a,open_for", "a parameter must be NAME=VALUE, but it is \"open_for\""),
        ("--breaker", "a,probes=1,probes=1", "probes must be given once"),
        ("--budget", "a,kind=shar", "kind must be one of share, per_second"),
        ("--budget", "a,kind=quota,ratio=1", "--budget: unknown key ratio"),
        ("--budget", "a,ratio=2", "--budget: ratio must be from 0.0001 to 1, but it is 2"),
    ] {
        let output = host.run(&[option, value], "echo tried");
        assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(125), ""), "{value}");
        assert!(stderr(&output).contains(message), "{value}: {}", stderr(&output));
    }
}

#[test]
fn other_parameters_make_another_guard_and_are_reported() {
    let host = Host::new();
    host.run(&["--breaker", "shop"], "true");
    let output = host.run(&["--breaker", "shop,consecutive=2"], "true");
    let expected = "rebackoff: breaker shop has other parameters in another process: \
                    opens after 5 failures in a row, for 30s; \
                    here: opens after 2 failures in a row, for 30s\n";
    assert_eq!(stderr(&output), expected);
    assert_eq!(stdout(&host.guard(&["show", "shop"])).matches("breaker shop:").count(), 2);
}

#[test]
fn operators_list_show_open_and_reset_guards() {
    let host = Host::new();
    let empty = host.guard(&["list"]);
    assert!(stdout(&empty).starts_with("no guards in /"), "{}", stdout(&empty));
    assert_eq!(stdout(&host.guard(&["list", "--format", "json"])), "[]\n");
    host.run(&["--breaker", "shop,open_for=1h", "--budget", "mail,kind=quota"], "true");
    let list = "NAME  KIND    STATE       RULE\n\
                mail  budget  500 tokens  quota of 500, 5 a retry, 10 a timeout\n\
                shop  breaker  closed      opens after 5 failures in a row, for 1h\n";
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(words(&stdout(&host.guard(&["list"]))), words(list));

    let opened = host.guard(&["open", "shop"]);
    assert_eq!(opened.status.code(), Some(0), "{}", stderr(&opened));
    assert!(stdout(&opened).contains("state     open, next probe in"), "{}", stdout(&opened));
    assert_eq!(host.run(&["--breaker", "shop,open_for=1h"], "true").status.code(), Some(75));
    let shop = host.only_guard("shop");
    assert!(shop["retry_in"].as_f64().unwrap() > 60.0, "{shop}");
    let counts = (&shop["host_opened"], &shop["host_rejected"], &shop["kind"]);
    assert_eq!(counts, (&1.into(), &1.into(), &"breaker".into()));

    let reset = host.guard(&["reset", "shop"]);
    let expected = "breaker shop: opens after 5 failures in a row, for 1h\n  \
                    state     closed\n  failures  0\n  opened    1\n  rejected  1\n";
    assert_eq!(stdout(&reset), expected);
    assert_eq!(host.run(&["--breaker", "shop,open_for=1h"], "true").status.code(), Some(0));
}

#[test]
fn a_guard_that_is_unknown_or_wrong_is_an_error() {
    let host = Host::new();
    host.run(&["--breaker", "shop", "--budget", "mail"], "true");
    for (arguments, message) in [
        (&["show", "shpo"][..], "no guard \"shpo\" in /"),
        (&["open", "shpo"], "(guards: mail, shop); did you mean shop?"),
        (&["reset", "mail"], "mail is a budget; only breakers are opened and reset"),
        (&["reset"], "<NAME>"),
        (&["close", "shop"], "invalid value 'close'"),
        (&[], "required"),
    ] {
        let output = host.guard(arguments);
        assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(125), ""));
        assert!(stderr(&output).contains(message), "{arguments:?}: {}", stderr(&output));
    }
    let folder = host.0.path().join("guards");
    let mut files = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let shop = files.find(|path| path.to_str().unwrap().contains("shop.")).unwrap();
    std::fs::OpenOptions::new().write(true).open(shop).unwrap().set_len(0).unwrap();
    let output = host.guard(&["list"]);
    assert_eq!(output.status.code(), Some(125));
    assert!(stderr(&output).contains("is truncated"), "{}", stderr(&output));
    assert!(stdout(&output).contains("mail"), "the others are listed");
    let output = host.run(&["--breaker", "shop"], "echo tried");
    assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(125), ""));
}

/// Runs a script as `sh -c SCRIPT rebackoff` in the folder of the host.
fn shell(host: &Host, program: &str, arguments: &[&str], script: &str) -> Output {
    let mut command = Command::new(program);
    support::clean(&mut command);
    command.env("REBACKOFF_SHARED_DIR", host.0.path().join("guards")).current_dir(&host.0);
    command.args(arguments).args(["sh", "-c", script, BINARY]).output().unwrap()
}

#[test]
fn a_guard_that_has_no_room_is_an_error() {
    let host = Host::new();
    let asks = "exec \"$0\" run --breaker shop -- echo tried";
    let small_files = format!("trap '' XFSZ; ulimit -f 1; {asks}");
    let full_memory = format!(
        "mkdir -p guards && mount -t tmpfs -o size=64k,mode=700 none guards && \
         head -c 65536 /dev/zero > guards/full; {asks}"
    );
    let mut outputs = vec![(shell(&host, "env", &[], &small_files), "File too large")];
    // A mount needs a namespace, which not every container may make.
    let may_mount = shell(&host, "unshare", &["-m"], "mount -t tmpfs none \"$PWD\"");
    if may_mount.status.success() {
        outputs.push((shell(&host, "unshare", &["-m"], &full_memory), "No space left on device"));
    }
    for (output, reason) in outputs {
        let said = stderr(&output);
        assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(125), ""), "{said}");
        assert!(said.contains("cannot make /") && said.ends_with(&format!("{reason}\n")), "{said}");
        assert_eq!(host.guard(&["list"]).status.code(), Some(0), "nothing is left of it");
    }
}
