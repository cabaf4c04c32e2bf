//! Does the work of one row, or tells what libraries do at the edges; `--help` says how.

use std::env;
use std::process::ExitCode;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use rebackoff_bench::{Peer, edges, peer::Shared, peers::PEERS};

const HELP: &str = "\
measure rows                 every PEER ROW that is counted in instructions
measure timed                every PEER ROW that is timed as well
measure count PEER ROW N     does the work of a row N times; a profiler counts
measure crowds               every PEER that has one
measure crowd PEER           100 000 tasks that fail three times each; prints the wall time in ms
measure threads ROUNDS N     every PEER ROW that threads share, with the nanoseconds of one call on
                             one thread and on two, round by round, all rows in turn
measure times ROUNDS N       every PEER ROW that is timed, with the nanoseconds of a call, round by
                             round, all rows in turn
measure edges                every PEER, edge and what it does, tab-separated";

fn main() -> ExitCode {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    if obey(&arguments).is_some() {
        return ExitCode::SUCCESS;
    }
    eprintln!("{HELP}");
    ExitCode::FAILURE
}

/// `None` where the arguments say nothing that can be done.
fn obey(arguments: &[&str]) -> Option<()> {
    match *arguments {
        ["rows"] => rows(),
        ["count", peer, row, n] => named(peer)?.run(row, n.parse().ok()?)?,
        ["crowds"] => crowds(),
        ["crowd", peer] => crowd(named(peer)?.crowd?),
        ["threads", rounds, n] => threads(rounds.parse().ok()?, n.parse().ok()?),
        ["timed"] => timed(),
        ["times", rounds, n] => times(rounds.parse().ok()?, n.parse().ok()?),
        ["edges"] => tell_edges(),
        _ => return None,
    }
    Some(())
}

fn named(name: &str) -> Option<Peer> {
    PEERS.iter().copied().find(|peer| peer.name == name)
}

fn rows() {
    for peer in PEERS {
        let shared = peer.shared.iter().map(|(row, _)| row);
        for row in peer.rows.iter().chain(peer.fresh()).map(|(row, _)| row).chain(shared) {
            println!("{} {row}", peer.name);
        }
    }
}

fn crowds() {
    for peer in PEERS.iter().filter(|peer| peer.crowd.is_some()) {
        println!("{}", peer.name);
    }
}

fn crowd(run: fn()) {
    let start = Instant::now();
    run();
    println!("{}", start.elapsed().as_secs_f64() * 1e3);
}

fn threads(rounds: usize, n: u64) {
    for _ in 0..rounds {
        for peer in PEERS {
            for (row, make) in peer.shared {
                let work = make();
                let one = in_threads(1, n, &*work);
                let work = make();
                let two = in_threads(2, n, &*work);
                println!("{} {row} {one:.3} {two:.3}", peer.name);
            }
        }
    }
}

fn timed() {
    for peer in PEERS {
        peer.fresh().for_each(|(row, _)| println!("{} {row}", peer.name));
    }
}

fn times(rounds: usize, n: u64) {
    let mut works: Vec<(&str, &str, Shared)> = Vec::new();
    for peer in PEERS {
        works.extend(peer.fresh().map(|(row, run)| (peer.name, *row, Box::new(run) as Shared)));
        works.extend(peer.timed.iter().map(|(row, make)| (peer.name, *row, make())));
    }
    for _ in 0..rounds {
        for (peer, row, work) in &works {
            let start = Instant::now();
            work(n);
            println!("{peer} {row} {:.3}", start.elapsed().as_secs_f64() * 1e9 / n as f64);
        }
    }
}

/// Nanoseconds of a call, where so many threads make `n` of them each.
fn in_threads(threads: usize, n: u64, work: &(dyn Fn(u64) + Send + Sync)) -> f64 {
    let barrier = Barrier::new(threads);
    let time = || {
        barrier.wait();
        let start = Instant::now();
        work(n);
        start.elapsed()
    };
    let longest = thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(time)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap_or(Duration::MAX)).max()
    });
    longest.unwrap_or_default().as_secs_f64() * 1e9 / n as f64
}

fn tell_edges() {
    for peer in PEERS {
        for (edge, run) in peer.edges {
            println!("{}\t{edge}\t{}", peer.name, edges::watch(*run));
        }
    }
}
