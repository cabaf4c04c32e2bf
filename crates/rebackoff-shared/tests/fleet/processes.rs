//! Members in processes of their own, in steps that do not depend on how fast they are.
#![allow(clippy::cast_precision_loss, reason = "small counts")]

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use super::Server;
use super::proxy::Proxy;

const MEMBERS: usize = 6;
/// The number of members for which leases are sized, so that batches are small.
const SIZED_FOR: usize = 60;
const RATE: f64 = 500.0;
const CAPACITY: f64 = 4_000.0;
/// The most tokens that a member holds: the capacity divided by twice the members.
const HELD: f64 = 33.0;
/// Four fifths of that.
const BATCH: f64 = 27.0;
/// The time of a probe that outlasts the tests.
const LONG: usize = 600_000;

struct Process {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Process {
    fn start(url: &str, kind: &str, number: usize) -> Self {
        let tests = std::env::current_exe().unwrap();
        let program = tests.parent().unwrap().parent().unwrap().join("examples/fleet_member");
        let mut command = Command::new(program);
        command.args([url, kind, &number.to_string()]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let input = child.stdin.take().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        Self { child, input, output }
    }

    fn send(&mut self, step: &str) {
        writeln!(self.input, "{step}").unwrap();
    }

    fn receive(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    fn act(&mut self, step: &str) -> String {
        self.send(step);
        self.receive()
    }

    fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn breakers(server: &Server, probe_timeout: usize) -> Vec<Process> {
    (0..MEMBERS).map(|_| Process::start(&server.url(), "breaker", probe_timeout)).collect()
}

/// Starts members, and waits until each has a lease.
fn budgets(server: &Server) -> Vec<Process> {
    let mut members: Vec<Process> =
        (0..MEMBERS).map(|_| Process::start(&server.url(), "budget", SIZED_FOR)).collect();
    wait_for_all(&mut members, "shared");
    members
}

/// Waits until all members look so.
fn wait_for_all(members: &mut [Process], state: &str) {
    let began = Instant::now();
    while all(members, "look").iter().any(|one| one != state) {
        assert!(began.elapsed() < Duration::from_secs(120), "waited for: {state}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Has all members take a step at once. Returns their answers.
fn all(members: &mut [Process], step: &str) -> Vec<String> {
    for member in members.iter_mut() {
        member.send(step);
    }
    members.iter_mut().map(Process::receive).collect()
}

/// The tokens that members spent between two moments.
struct Spending {
    begin: Duration,
    end: Duration,
    tokens: f64,
}

/// A run of members that all ask for as much.
struct Run {
    start: Instant,
    spending: Vec<Spending>,
    by_member: Vec<f64>,
}

impl Run {
    fn new() -> Self {
        Self { start: Instant::now(), spending: Vec::new(), by_member: vec![0.0; MEMBERS] }
    }

    /// Has each member ask for so many tokens.
    fn withdraw(&mut self, members: &mut [Process], each: u32) {
        let begin = self.start.elapsed();
        let granted = all(members, &format!("withdraw {each}"));
        let granted: Vec<f64> = granted.iter().map(|count| count.parse().unwrap()).collect();
        for (sum, granted) in self.by_member.iter_mut().zip(&granted) {
            *sum += granted;
        }
        let tokens = granted.iter().sum();
        self.spending.push(Spending { begin, end: self.start.elapsed(), tokens });
        std::thread::sleep(Duration::from_millis(2));
    }

    fn total(&self) -> f64 {
        self.by_member.iter().sum()
    }

    /// The most tokens in any span of time, beyond what the rate gives in that span.
    fn excess(&self, rate: f64) -> f64 {
        let mut most = 0.0_f64;
        for first in 0..self.spending.len() {
            let mut tokens = 0.0;
            for last in &self.spending[first..] {
                tokens += last.tokens;
                let span = last.end.saturating_sub(self.spending[first].begin);
                most = most.max(tokens - rate * span.as_secs_f64());
            }
        }
        most
    }
}

/// Jain's index of fairness: 1 where all have as much.
fn jain(shares: &[f64]) -> f64 {
    let squares: f64 = shares.iter().map(|share| share * share).sum();
    shares.iter().sum::<f64>().powi(2) / (shares.len() as f64 * squares)
}

/// The number of times that each proof is repeated; `scripts/test-long` sets it.
fn rounds() -> usize {
    std::env::var("FLEET_ROUNDS").map_or(1, |rounds| rounds.parse().unwrap())
}

/// The scripts that the server has run, and the tokens that it has granted, once no request is on its way.
fn granted(server: &Server) -> (f64, f64) {
    let key = &server.run::<Vec<String>>(&["KEYS", "rebackoff:{shop}:budget:*"])[0];
    let bucket = || {
        let [tokens, at]: [f64; 2] = server
            .run::<[String; 2]>(&["HMGET", key, "tokens", "at"])
            .map(|text| text.parse().unwrap());
        (trips(server), RATE * at / 1e3 - tokens)
    };
    loop {
        let before = bucket();
        std::thread::sleep(Duration::from_millis(20));
        if bucket().0.to_bits() == before.0.to_bits() {
            return before;
        }
    }
}

fn trips(server: &Server) -> f64 {
    let stats = server.run::<String>(&["INFO", "commandstats"]);
    let line = stats.lines().find_map(|line| line.strip_prefix("cmdstat_evalsha:calls="));
    line.map_or(0.0, |line| line.split(',').next().unwrap().parse().unwrap())
}

#[test]
fn processes_spend_one_bucket_fairly_in_batches_and_within_its_bound() {
    let mut competing = vec![0.0; MEMBERS];
    for _ in 0..rounds() {
        let Some(server) = Server::start() else { return };
        let mut members = budgets(&server);
        let mut run = Run::new();
        // The first requests ask for less than a batch.
        while run.total() < MEMBERS as f64 * 3.0 * BATCH {
            run.withdraw(&mut members, 3);
        }
        let before = granted(&server);
        while run.total() < 0.8 * CAPACITY {
            run.withdraw(&mut members, 9);
        }
        let after = granted(&server);
        let batch = (after.1 - before.1) / (after.0 - before.0);
        assert!((batch / BATCH - 1.0).abs() <= 0.05, "{batch} tokens a trip, {BATCH} a batch");

        // Until what members hold is spent, they do not compete.
        while run.total() < 1.2 * CAPACITY {
            run.withdraw(&mut members, 9);
        }
        let own = std::mem::replace(&mut run.by_member, competing.clone());
        let end = run.total() + 1_500.0;
        while run.total() < end {
            run.withdraw(&mut members, 3);
        }
        competing = std::mem::replace(&mut run.by_member, own);
        let most = CAPACITY + MEMBERS as f64 * HELD;
        assert!(run.excess(RATE) <= most, "{} > {most}", run.excess(RATE));
    }
    assert!(competing.iter().all(|tokens| *tokens > 0.0), "{competing:?}");
    // A few hundred tokens each are spread by chance; the model shows the same in virtual time.
    if rounds() >= 20 {
        assert!(jain(&competing) >= 0.98, "{} {competing:?}", jain(&competing));
    }
}

#[test]
fn faults_of_redis_and_members_keep_a_budget_within_its_rules_and_what_was_lost() {
    for _ in 0..rounds() {
        let Some(mut server) = Server::start() else { return };
        let mut members = budgets(&server);
        let mut run = Run::new();
        let spend = |run: &mut Run, members: &mut [Process]| {
            (0..40).for_each(|_| run.withdraw(members, 30));
        };
        spend(&mut run, &mut members);
        server.run::<()>(&["FLUSHALL"]);
        spend(&mut run, &mut members);
        server.signal("STOP");
        spend_until_alone(&mut run, &mut members);
        server.signal("CONT");
        wait_for_all(&mut members, "shared");

        // A member that is killed takes its lease with it; a new one begins without.
        members[0] = Process::start(&server.url(), "budget", SIZED_FOR);
        wait_for_all(&mut members, "shared");
        members[1].signal("STOP");
        spend(&mut run, &mut members[2..]);
        members[1].signal("CONT");

        server.kill();
        spend_until_alone(&mut run, &mut members);
        server.start_again();
        wait_for_all(&mut members, "shared");
        spend(&mut run, &mut members);

        // The bucket, twice again after lost data, the rule of members alone, and their leases.
        let alone = (MEMBERS + 1) as f64 * CAPACITY / SIZED_FOR as f64;
        let most = 3.0 * CAPACITY + alone + 2.0 * (MEMBERS + 1) as f64 * HELD;
        assert!(run.excess(2.0 * RATE) <= most, "{} > {most}", run.excess(2.0 * RATE));
        assert!(run.total() > CAPACITY / 2.0, "{}", run.total());
    }
}

fn spend_until_alone(run: &mut Run, members: &mut [Process]) {
    while all(members, "look").iter().any(|one| one != "alone") {
        assert!(run.start.elapsed() < Duration::from_secs(300), "waited for: alone");
        run.withdraw(members, 30);
    }
}

/// Has members call until some of them probe. Returns those; the others are rejected.
fn probe(members: &mut [Process]) -> Vec<usize> {
    let began = Instant::now();
    loop {
        let answers = all(members, "admit");
        assert!(answers.iter().all(|answer| answer != "admitted"), "{answers:?}");
        let is_probe = |index: &usize| answers[*index] == "probe";
        let probes: Vec<usize> = (0..answers.len()).filter(is_probe).collect();
        if !probes.is_empty() {
            return probes;
        }
        assert!(began.elapsed() < Duration::from_secs(120), "waited for a probe");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Has all members fail until the store has the breaker as open.
fn trip(server: &Server, members: &mut [Process]) {
    let is_open = || {
        let keys = server.run::<Vec<String>>(&["KEYS", "rebackoff:{shop}:breaker:*"]);
        let state = keys.iter().find(|key| !key.ends_with(":votes") && !key.ends_with(":callers"));
        state.is_some_and(|key| {
            server.run::<Option<String>>(&["HGET", key, "open"]).as_deref() == Some("1")
        })
    };
    let began = Instant::now();
    while !is_open() {
        all(members, "fail 2");
        assert!(began.elapsed() < Duration::from_secs(120), "waited for the fleet to open");
    }
    wait_for_all(members, "open");
}

#[test]
fn processes_make_exactly_one_probe_for_each_half_open_state() {
    for _ in 0..rounds() {
        let Some(server) = Server::start() else { return };
        let mut members = breakers(&server, LONG);
        all(&mut members, "succeed 1");
        trip(&server, &mut members);

        // Members that join while it is open let nothing through but the probe.
        members.extend(breakers(&server, LONG));
        for outcome in ["settle failure", "settle failure", "settle success"] {
            let probing = probe(&mut members);
            assert_eq!(probing.len(), 1, "{probing:?}");
            let mut probing = members.remove(probing[0]);
            for _ in 0..20 {
                let rejected = vec!["rejected"; members.len()];
                assert_eq!(all(&mut members, "admit"), rejected);
            }
            probing.act(outcome);
            members.push(probing);
        }
        wait_for_all(&mut members, "closed");
    }
}

#[test]
fn processes_that_are_killed_or_stopped_in_a_probe_leave_it_to_the_others() {
    for _ in 0..rounds() {
        let Some(server) = Server::start() else { return };
        let mut members = breakers(&server, 100);
        all(&mut members, "succeed 1");
        trip(&server, &mut members);
        let probing = probe(&mut members)[0];
        drop(members.remove(probing));
        let probing = probe(&mut members)[0];
        let mut stopped = members.remove(probing);
        stopped.signal("STOP");
        let began = Instant::now();
        while all(&mut members, "look").iter().any(|state| state != "closed") {
            all(&mut members, "succeed 1");
            assert!(began.elapsed() < Duration::from_secs(120), "waited for a probe");
            std::thread::sleep(Duration::from_millis(5));
        }
        // The late outcome is void.
        stopped.signal("CONT");
        stopped.act("settle failure");
        wait_for_all(std::slice::from_mut(&mut stopped), "closed");
        wait_for_all(&mut members, "closed");
    }
}

/// Waits until the last report of a member is that one.
fn wait_for_report(member: &mut Process, report: &str) {
    let began = Instant::now();
    while member.act("report") != report {
        assert!(began.elapsed() < Duration::from_secs(120), "waited for: {report}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_process_that_is_cut_off_has_a_breaker_of_its_own_and_comes_back_to_that_of_the_others() {
    for _ in 0..rounds() {
        let Some(server) = Server::start() else { return };
        let proxy = Proxy::start(&server);
        let mut others = breakers(&server, LONG);
        let mut cut = Process::start(&proxy.url(), "breaker", LONG);
        all(&mut others, "succeed 1");
        cut.act("succeed 1");
        proxy.cut();
        wait_for_report(&mut cut, "degraded");

        // Its own calls open and close its own breaker, and no other.
        assert_eq!(cut.act("fail 2"), "open");
        let began = Instant::now();
        while cut.act("succeed 1") != "closed" {
            assert_eq!(all(&mut others, "succeed 1"), vec!["closed"; MEMBERS]);
            assert!(began.elapsed() < Duration::from_secs(120), "waited for a probe of its own");
            std::thread::sleep(Duration::from_millis(5));
        }
        trip(&server, &mut others);
        assert_eq!(cut.act("admit"), "admitted");
        cut.act("settle success");
        assert_eq!(cut.act("report"), "", "it says so once");

        proxy.mend();
        wait_for_all(std::slice::from_mut(&mut cut), "open");
        others.push(cut);
        let probing = probe(&mut others);
        assert_eq!(probing.len(), 1, "{probing:?}");
        others[probing[0]].act("settle success");
        wait_for_all(&mut others, "closed");
        wait_for_report(&mut others[MEMBERS], "recovered");
    }
}

#[test]
fn processes_that_are_cut_off_spend_their_parts_and_come_back_to_the_bucket() {
    const CUT: usize = 2;
    for _ in 0..rounds() {
        let Some(server) = Server::start() else { return };
        let proxy = Proxy::start(&server);
        let mut members = budgets(&server);
        for member in &mut members[..CUT] {
            *member = Process::start(&proxy.url(), "budget", SIZED_FOR);
        }
        wait_for_all(&mut members, "shared");
        let mut run = Run::new();
        while run.total() < CAPACITY / 2.0 {
            run.withdraw(&mut members, 9);
        }
        proxy.cut();
        let began = Instant::now();
        while all(&mut members[..CUT], "look").iter().any(|one| one != "alone") {
            run.withdraw(&mut members, 9);
            assert!(began.elapsed() < Duration::from_secs(120), "waited for: alone");
        }
        members[..CUT].iter_mut().for_each(|cut| wait_for_report(cut, "degraded"));
        (0..60).for_each(|_| run.withdraw(&mut members, 30));
        assert_eq!(all(&mut members[..CUT], "report"), vec![""; CUT], "they say so once");

        proxy.mend();
        wait_for_all(&mut members, "shared");
        members[..CUT].iter_mut().for_each(|cut| wait_for_report(cut, "recovered"));
        (0..60).for_each(|_| run.withdraw(&mut members, 30));

        // The bucket, the parts of those that were cut off, and the leases before and after.
        let part = CUT as f64 / SIZED_FOR as f64;
        let most = CAPACITY * (1.0 + part) + 2.0 * MEMBERS as f64 * HELD;
        let excess = run.excess(RATE * (1.0 + part));
        assert!(excess <= most, "{excess} > {most}");
        assert!(run.by_member.iter().all(|tokens| *tokens > 0.0), "{:?}", run.by_member);
    }
}

#[test]
fn successes_of_processes_send_no_command() {
    let Some(server) = Server::start() else { return };
    let mut members = breakers(&server, LONG);
    all(&mut members, "succeed 1");
    let (began, before) = (Instant::now(), trips(&server));
    all(&mut members, "succeed 20000");
    // One sync a second for each member, however many calls there are.
    let syncs = MEMBERS as f64 * (began.elapsed().as_secs_f64() + 2.0);
    assert!(trips(&server) - before <= syncs, "{} {syncs}", trips(&server) - before);
}
