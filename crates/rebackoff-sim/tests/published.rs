//! Published experiments.

mod support;

use std::fs;

use support::{figure, run};

/// A cell of the AWS Architecture Blog's table: mean and standard error of the time in seconds, and of the calls.
struct Cell {
    algorithm: String,
    clients: u32,
    time: (f64, f64),
    calls: (f64, f64),
}

fn cells() -> Vec<Cell> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/published/aws_jitter_1000runs.csv");
    let table = fs::read_to_string(path).unwrap();
    let cell = |line: &str| {
        let columns: Vec<_> = line.split(',').collect();
        let number = |index: usize| columns[index].parse::<f64>().unwrap();
        Cell {
            algorithm: columns[0].to_owned(),
            clients: columns[1].parse().unwrap(),
            time: (number(3) / 1e3, number(5) / 1e3),
            calls: (number(8), number(10)),
        }
    };
    table.lines().skip(1).map(cell).collect()
}

/// Clients that all write a row which was read before, each until it has written once.
fn scenario(cell: &Cell, runs: u32) -> String {
    let expo =
        |jitter| format!("wait = 'expo', factor = '10ms', max_value = '2s', jitter = '{jitter}'");
    let policy = match cell.algorithm.as_str() {
        "None" => "wait = 'constant', interval = 0, jitter = 'none'".to_owned(),
        "Exponential" => expo("none"),
        "EqualJitter" => expo("equal"),
        "FullJitter" => expo("full"),
        _ => "wait = 'decorrelated', base = '5ms', max_value = '2s'".to_owned(),
    };
    format!(
        "runs = {runs}\nduration = '1h'\nbin = '1m'\nload = {{ kind = 'burst', clients = {} }}\n\
         client.delay = {{ normal = '10ms', sd = '2ms' }}\nserver.row.optimistic = true\n\
         profiles.default = {{ {policy}, max_tries = 'none' }}",
        cell.clients
    )
}

/// Holds cells to the table; their z together have the spread of a normal variable.
fn compare(runs: u32, is_chosen: impl Fn(usize) -> bool) {
    let (mut squares, mut count) = (0.0, 0.0);
    for (_, cell) in cells().iter().enumerate().filter(|(index, _)| is_chosen(*index)) {
        let report = run(&scenario(cell, runs));
        for (name, (mean, error)) in
            [("last_answer", cell.time), ("server.row.arrived", cell.calls)]
        {
            let found = figure(&report, name);
            let z = (found.mean - mean) / found.standard_error().hypot(error);
            println!(
                "{} {} {name}: {:.3} {mean:.3} z {z:.2}",
                cell.algorithm, cell.clients, found.mean
            );
            assert!(
                z.abs() < 4.5,
                "{} {} {name}: {} beside {mean}, z {z}",
                cell.algorithm,
                cell.clients,
                found.mean
            );
            squares += z * z;
            count += 1.0;
        }
    }
    let rms = f64::sqrt(squares / count);
    println!("rms z {rms:.3} of {count}");
    assert!((0.8..1.25).contains(&rms) || count < 100.0, "rms z {rms}");
}

#[test]
fn the_aws_jitter_table_in_short() {
    compare(60, |index| index % 9 == 4);
}

#[test]
#[ignore = "scripts/test-long runs the whole table"]
fn the_whole_aws_jitter_table() {
    compare(1000, |_| true);
}

/// A strategy of the retry experiment of Marc Brooker.
fn strategy(name: &str) -> &'static str {
    match name {
        "none" => "profiles.default = { max_tries = 1 }",
        "3ret" => {
            "profiles.default = { max_tries = 4, wait = 'constant', interval = 0, jitter = 'none' }"
        }
        "adaptive" => {
            "profiles.default = { max_tries = 'none', wait = 'constant', interval = 0, jitter = 'none' }\n\
             client.gate = { kind = 'bucket', deposit = 0.1, capacity = 5, scope = 'client' }"
        }
        _ => {
            "profiles.default = { max_tries = 4, wait = 'constant', interval = 0, jitter = 'none' }\n\
             client.gate = { kind = 'failure_share', limit = 0.1, scope = 'client' }"
        }
    }
}

fn brooker(runs: u32, load: &str, duration: u32, chance: f64, strategy: &str) -> (f64, f64, f64) {
    let report = run(&format!(
        "runs = {runs}\nduration = '{duration}s'\ndrain = '20m'\nbin = '10s'\nload = {{ {load} }}\n\
         client.delay = {{ exponential = '10ms' }}\nserver.s.error_rate = {chance}\n{strategy}"
    ));
    let mean = |name| figure(&report, name).mean;
    (mean("success_rate"), mean("amplification"), mean("offered_rate"))
}

fn assert_near(found: f64, expected: f64, bound: f64, what: &str) {
    println!("{what}: {found:.4} beside {expected:.4}");
    assert!((found - expected).abs() <= bound, "{what}: {found} beside {expected}");
}

fn brooker_table() -> String {
    fs::read_to_string(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/published/brooker_retry_sim.txt"
    ))
    .unwrap()
}

/// `0.5±0.1` as 0.5.
fn mean(text: &str) -> f64 {
    text.split('±').next().unwrap().parse().unwrap()
}

#[test]
fn the_success_and_load_of_brookers_strategies() {
    let table = brooker_table();
    let rows = table.lines().skip(1).take_while(|line| !line.starts_with('B'));
    let mut compared = 0;
    for row in rows {
        let (chance, cells) = row.split_once(' ').unwrap();
        for cell in cells.split('|').map(str::trim).filter(|cell| !cell.is_empty()) {
            let words: Vec<_> = cell.split_whitespace().collect();
            let load = "kind = 'open', rate = 1000, clients = 100";
            let (success, tries, _) =
                brooker(5, load, 30, chance.parse().unwrap(), strategy(words[0]));
            assert_near(success, mean(words[1]), 0.01, &format!("{chance} {} success", words[0]));
            assert_near(tries, mean(words[3]), 0.01, &format!("{chance} {} load", words[0]));
            compared += 2;
        }
    }
    assert_eq!(compared, 72);
}

#[test]
fn the_effect_of_the_number_of_brookers_clients() {
    let table = brooker_table();
    let rows = table.lines().skip_while(|line| !line.starts_with('B')).skip(1);
    let mut compared = 0;
    for row in rows.take_while(|line| !line.starts_with('C')) {
        let words: Vec<_> = row.split_whitespace().collect();
        let load = format!("kind = 'open', rate = 100, clients = {}", words[0]);
        for at in [2, 6] {
            let (success, tries, _) =
                brooker(9, &load, 300, words[1].parse().unwrap(), strategy(words[at]));
            assert_near(success, mean(words[at + 1]), 0.01, &format!("{row} success"));
            assert_near(tries, mean(words[at + 3]), 0.01, &format!("{row} load"));
            compared += 2;
        }
    }
    assert_eq!(compared, 72);
}

#[test]
fn waits_and_serial_clients_in_brookers_experiment() {
    let table = brooker_table();
    let rows = table.lines().skip_while(|line| !line.starts_with('C')).skip(1);
    for row in rows {
        let words: Vec<_> = row.split_whitespace().collect();
        let load = if words[1] == "serial" { "serial" } else { "open" };
        let load = format!("kind = '{load}', rate = 1000, clients = 100");
        let policy = if words[2] == "bo" {
            "profiles.default = { max_tries = 4, factor = '100ms', jitter = 'none' }"
        } else {
            strategy("3ret")
        };
        let chance = words[0].parse().unwrap();
        // The published means differ from (1 − p⁴)/(1 − p) by up to 0.0083, which leaves little for ours.
        let runs = if chance < 0.5 { 3 } else { 12 };
        let (success, tries, rate) = brooker(runs, &load, 30, chance, policy);
        assert_near(success, mean(words[4]), 0.01, &format!("{row} success"));
        assert_near(tries, mean(words[6]), 0.01, &format!("{row} load"));
        let expected: f64 = words[8].parse().unwrap();
        assert_near(rate / expected, 1.0, 0.03, &format!("{row} first tries"));
    }
}

/// The example of Thom Wright, "Retries upon retries", 2022: 10 000 requests through three servers that retry three
/// times each become 640 000 where the last dependency fails always.
#[test]
fn the_requests_of_wrights_three_servers() {
    let requests = |chance: f64, inner_tries: u32| {
        let report = run(&format!(
            "runs = 1\nduration = '1s'\ndrain = '10s'\nload = {{ kind = 'burst', clients = 10000 }}\nclient.server = 'b'\n\
             profiles.default = {{ max_tries = 4, factor = '10ms' }}\n\
             profiles.inner = {{ max_tries = {inner_tries}, factor = '10ms' }}\n\
             server.b.calls = {{ server = 'c', profile = 'inner' }}\n\
             server.c.calls = {{ server = 'last', profile = 'inner' }}\nserver.last.error_rate = {chance}"
        ));
        (figure(&report, "server.last.arrived").mean, figure(&report, "success_rate").mean)
    };
    assert_near(requests(1.0, 4).0, 640_000.0, 0.0, "every server retries");
    assert_near(requests(1.0, 1).0, 40_000.0, 0.0, "the first server alone retries");
    let (few, success) = requests(0.1, 1);
    assert_near(few, 11_000.0, 500.0, "one of ten fails");
    assert!(success > 0.99);
}
