//! Guards that runs of a fleet share through a real redis-server. Without that program, the tests say so and end.
#![cfg(feature = "fleet")]

#[allow(dead_code, reason = "the tests of fleets do more with it")]
#[path = "../../rebackoff-shared/tests/fleet/server.rs"]
mod server;
mod support;

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use server::Server;
use support::{rebackoff, send, stderr, stdout};

/// `rebackoff run` that waits for the fleet as long as the machine takes.
fn command(url: &str, options: &[&str]) -> Command {
    let mut command = rebackoff();
    let fleet = format!("{url},wait=1m,members=1");
    command.args(["run", "-w", "constant", "--fleet", &fleet]).args(options);
    command
}

fn run(server: &Server, options: &[&str], script: &str) -> Output {
    command(&server.url(), options).args(["-i", "0", "--", "sh", "-c", script]).output().unwrap()
}

fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let began = Instant::now();
    while !condition() {
        assert!(began.elapsed() < Duration::from_secs(120), "waited for: {what}");
    }
}

/// The field of the only guard of that kind.
fn field(server: &Server, kind: &str, field: &str) -> Option<f64> {
    let keys: Vec<String> = server.run(&["KEYS", &format!("rebackoff:{{shop}}:{kind}:*")]);
    let key = keys.iter().find(|key| !key.ends_with('s'))?;
    server.run::<Option<String>>(&["HGET", key, field])?.parse().ok()
}

#[test]
fn two_runs_open_a_breaker_for_all_and_the_first_one_after_its_open_time_probes() {
    let Some(server) = Server::start() else { return };
    let long = ["-n", "1", "--breaker", "shop,consecutive=1,open_for=1h"];
    for _ in 0..2 {
        let failed = run(&server, &long, "exit 3");
        assert_eq!(failed.status.code(), Some(3));
        assert!(stderr(&failed).contains("breaker shop is open now"), "{}", stderr(&failed));
    }
    let rejected = run(&server, &long, "echo tried");
    assert_eq!((rejected.status.code(), stdout(&rejected).as_str()), (Some(75), ""));
    let said = stderr(&rejected);
    assert!(said.contains("breaker shop: the circuit breaker is open: next probe in"), "{said}");

    server.run::<()>(&["FLUSHALL"]);
    let short = ["-n", "1", "--breaker", "shop,consecutive=1,open_for=200ms"];
    wait_until("two votes at once", || {
        run(&server, &short, "exit 3");
        field(&server, "breaker", "open") == Some(1.0)
    });
    let probe = |script: &str, code| {
        wait_until("a probe", || run(&server, &short, script).status.code() == Some(code));
    };
    probe("exit 4", 4);
    assert!(field(&server, "breaker", "reopened") >= Some(1.0));
    probe("exit 0", 0);
    assert_eq!(field(&server, "breaker", "open"), Some(0.0));
}

#[test]
fn a_retry_that_ends_its_wait_after_the_open_time_probes() {
    let Some(server) = Server::start() else { return };
    let breaker =
        ["--breaker", "shop,consecutive=1,open_for=1ms", "-j", "none", "-n", "9", "-i", "10ms"];
    assert_eq!(run(&server, &breaker[..2], "exit 3").status.code(), Some(3));
    let mut recovers = command(&server.url(), &breaker);
    let script = "[ $REBACKOFF_TRY = 4 ] || exit 3";
    let output = recovers.args(["--", "sh", "-c", script]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(field(&server, "breaker", "open"), Some(0.0));
}

#[test]
fn runs_spend_one_budget_and_give_back_what_they_do_not_spend() {
    let Some(server) = Server::start() else { return };
    let budget = "shop,kind=per_second,rate=0.001,capacity=3";
    let retries = || {
        let output = run(&server, &["-n", "9", "--budget", budget], "echo; false");
        assert_eq!(output.status.code(), Some(1));
        stdout(&output).lines().count() - 1
    };
    let mut spent = 0;
    wait_until("all tokens are spent", || {
        spent += retries();
        spent >= 3
    });
    assert_eq!((spent, retries()), (3, 0));
}

#[test]
fn a_run_that_a_signal_ends_gives_its_tokens_back() {
    let Some(server) = Server::start() else { return };
    let options = ["-i", "1h", "--budget", "shop,kind=per_second,rate=0.001,capacity=4"];
    let mut command = command(&server.url(), &options);
    command.args(["--", "false"]);
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stderr.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.contains("the next one in"), "{line}");
    assert!(field(&server, "budget", "tokens").unwrap() < 3.5);
    send(Signal::SIGTERM, &child);
    assert_eq!(child.wait().unwrap().code(), Some(128 + Signal::SIGTERM as i32));
    assert!(field(&server, "budget", "tokens").unwrap() > 3.5);
}

#[test]
fn a_run_without_its_redis_goes_on_with_guards_of_its_own_and_says_so_once() {
    let guards = ["--breaker", "shop,consecutive=2,open_for=1h", "--budget", "shop", "-n", "9"];
    let mut command = command("redis://user:secret@127.0.0.1:1", &guards);
    let output = command.args(["-i", "0", "--", "sh", "-c", "echo; exit 3"]).output().unwrap();
    let said = stderr(&output);
    assert_eq!((output.status.code(), stdout(&output).lines().count()), (Some(3), 2), "{said}");
    let expected = "rebackoff: guards go on by themselves, without the Redis of the fleet: \
                    Connection refused\n";
    assert_eq!(said.matches("go on by themselves").count(), 1, "{said}");
    assert!(said.starts_with(expected), "{said}");
}

#[test]
fn a_run_whose_redis_hangs_ends_and_names_the_time() {
    let Some(server) = Server::start() else { return };
    server.signal("STOP");
    let output = run(&server, &["--breaker", "shop", "--budget", "shop"], "echo tried");
    assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(0), "tried\n"));
    let said = stderr(&output);
    assert!(said.ends_with("without the Redis of the fleet: no answer within 250 ms\n"), "{said}");
}

#[test]
fn the_environment_names_the_fleet_of_runs_with_guards() {
    let run = |options: &[&str], url| {
        let mut command = rebackoff();
        command.env("REBACKOFF_FLEET", url).arg("run").args(options).args(["--", "echo", "tried"]);
        command.output().unwrap()
    };
    assert_eq!(stdout(&run(&[], "no address")), "tried\n");
    let wrong = run(&["--breaker", "shop"], "no address");
    assert_eq!((wrong.status.code(), stdout(&wrong).as_str()), (Some(125), ""));
    assert!(stderr(&wrong).contains("--fleet: url must be"), "{}", stderr(&wrong));
    let own = ["--breaker", "shop", "--fleet", "redis://127.0.0.1:1", "-q"];
    assert_eq!(stdout(&run(&own, "no address")), "tried\n");
}

fn guard(server: &Server, arguments: &[&str]) -> Output {
    let mut command = rebackoff();
    command.env("REBACKOFF_FLEET", server.url()).arg("guard").args(arguments).output().unwrap()
}

#[test]
fn operators_list_show_open_and_reset_the_guards_of_a_fleet() {
    let Some(server) = Server::start() else { return };
    let empty = guard(&server, &["list"]);
    assert_eq!(stdout(&empty), format!("no guards in {}\n", server.url()));
    let options = ["-n", "1", "--breaker", "shop,consecutive=1,open_for=1h"];
    let budget = ["--budget", "mail,kind=per_second,rate=0.001,capacity=7"];
    run(&server, &[&options[..], &budget].concat(), "exit 3");
    let voted = stdout(&guard(&server, &["show", "shop"]));
    assert!(voted.contains("state     closed") && voted.contains("vote      "), "{voted}");
    run(&server, &options, "exit 3");

    let list = guard(&server, &["list", "--format", "json"]);
    let list: serde_json::Value = serde_json::from_slice(&list.stdout).unwrap();
    assert_eq!((&list[0]["name"], &list[0]["tokens"]), (&"mail".into(), &7.0.into()), "{list}");
    let shop = &list[1];
    assert_eq!((&shop["state"], &shop["epoch"]), (&"open".into(), &1.into()), "{shop}");
    assert_eq!(shop["votes"].as_array().unwrap().len(), 2, "{shop}");
    assert!(shop["retry_in"].as_f64().unwrap() > 1_800.0, "{shop}");

    let reset = guard(&server, &["reset", "shop"]);
    assert_eq!(reset.status.code(), Some(0), "{}", stderr(&reset));
    assert!(stdout(&reset).contains("state     closed"), "{}", stdout(&reset));
    assert_eq!(run(&server, &options, "exit 0").status.code(), Some(0));
    let opened = stdout(&guard(&server, &["open", "shop"]));
    assert!(opened.contains("state     open, next probe in"), "{opened}");
    assert_eq!(run(&server, &options, "exit 0").status.code(), Some(75));

    for (arguments, message) in [
        (&["open", "shpo"][..], "(guards: mail, shop); did you mean shop?"),
        (&["reset", "mail"], "mail is a budget; only breakers are opened and reset"),
        (
            &["list", "--fleet", "redis://u:secret@127.0.0.1:1"],
            "rebackoff: --fleet: redis://***@127.0.0.1:1: Connection refused\n",
        ),
    ] {
        let output = guard(&server, arguments);
        assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(125), ""));
        assert!(stderr(&output).contains(message), "{arguments:?}: {}", stderr(&output));
    }
}

#[test]
fn a_wrong_fleet_names_the_option_and_what_is_allowed() {
    let redis = "redis://user:secret@127.0.0.1:1";
    let parameters = ["members=0", "wait=soon", "member=2", "members"];
    let urls = parameters.map(|parameter| format!("{redis},{parameter}"));
    let with = |index: usize| ["--budget", "shop", "--fleet", &urls[index]];
    for (options, message) in [
        (&["--fleet", redis][..], "--fleet is without effect: give --breaker or --budget"),
        (
            &["--fleet", "http://user:secret@shop", "--breaker", "shop"],
            "--fleet: url must be the address of a Redis or Valkey, as redis://host:6379/0, but it is",
        ),
        (
            &["--fleet", "redis://user:sec,secret@shop", "--breaker", "shop"],
            "--fleet: a comma in a user or password must be written as %2C",
        ),
        (
            &["--fleet", "rediss://user:secret@shop", "--breaker", "shop"],
            "--fleet: url must begin with redis://, as this program is built without TLS; a tunnel",
        ),
        (
            &["--fleet", redis, "--budget", "shop,kind=quota"],
            "--budget: kind must be share or per_second for a budget of a fleet, but it is quota",
        ),
        (
            &["--fleet", redis, "--breaker", "shop,probes=2"],
            "--breaker: probes must be 1 for a breaker of a fleet",
        ),
        (&["--fleet", redis, "--breaker", "a b"], "--breaker: name must be 1 to 64 letters"),
        (&with(0), "--fleet: members must be from 1 to 100000, but it is \"0\""),
        (&with(1), "--fleet: wait is a duration"),
        (&with(2), "--fleet: unknown key member; did you mean members?"),
        (&with(3), "--fleet: a parameter must be NAME=VALUE, but it is \"members\""),
    ] {
        let mut command = rebackoff();
        let output = command.arg("run").args(options).args(["--", "echo", "tried"]).output();
        let output = output.unwrap();
        assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(125), ""));
        let said = stderr(&output);
        assert!(said.contains(message) && !said.contains("secret"), "{options:?}: {said}");
    }
}
