//! The simulator beside plain loops over a `BinaryHeap` of the same models, in one run.
//!
//! Prints a table: events per second of both, best of some rounds, and bytes per client.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Instant;

use fastrand::Rng;
use rebackoff_sim::{Control, Report, Scenario};

/// The system's allocator, which keeps the bytes in use and the number of allocations.
struct Counting;

static IN_USE: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);
static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// SAFETY: the system's allocator keeps the contract, and each method hands it the arguments unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Relaxed);
        MOST.fetch_max(IN_USE.fetch_add(layout.size(), Relaxed) + layout.size(), Relaxed);
        // SAFETY: the caller promises a layout of nonzero size, which `System` asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        IN_USE.fetch_sub(layout.size(), Relaxed);
        // SAFETY: the caller promises a block of this layout from `alloc`, which is a block of `System`.
        unsafe { System.dealloc(place, layout) }
    }
}

const ROUNDS: usize = 5;

fn simulate(text: &str) -> Report {
    let scenario = Scenario::parse(text).unwrap_or_else(|error| panic!("{error}"));
    scenario.run_with(&Control::new().threads(1)).unwrap_or_else(|error| panic!("{error}"))
}

/// The most events per second of some rounds.
fn best(mut events: impl FnMut() -> f64) -> f64 {
    let round = |_| {
        let begin = Instant::now();
        events() / begin.elapsed().as_secs_f64()
    };
    (0..ROUNDS).map(round).fold(0.0, f64::max)
}

/// One worker, one queue: 70 arrivals to 100 services a second.
fn one_worker(duration: f64) -> f64 {
    let mut random = Rng::with_seed(1);
    let mut exponential = |rate: f64| ((1.0 - random.f64()).ln() / -rate * 1e9) as u64;
    let mut heap = BinaryHeap::from([Reverse((exponential(70.0), 0_u64, false))]);
    let (mut waiting, mut busy, mut sequence, mut events) = (VecDeque::new(), None, 1, 0.0);
    let (mut sum, mut served) = (0_u64, 0_u64);
    let end = (duration * 1e9) as u64;
    while let Some(Reverse((now, _, is_done))) = heap.pop() {
        if now > end {
            break;
        }
        events += 1.0;
        if is_done {
            if let Some(began) = busy.take() {
                sum += now - began;
                served += 1;
            }
        } else {
            waiting.push_back(now);
            heap.push(Reverse((now + exponential(70.0), sequence, false)));
            sequence += 1;
        }
        if busy.is_none()
            && let Some(began) = waiting.pop_front()
        {
            busy = Some(began);
            heap.push(Reverse((now + exponential(100.0), sequence, true)));
            sequence += 1;
        }
    }
    black_box((sum, served));
    events
}

/// Clients that think for a second on the average, and try up to four times with full jitter; half of the tries fail.
fn many_clients(clients: u32, duration: f64) -> f64 {
    #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
    enum Kind {
        Begin,
        Done,
    }
    let mut random = Rng::with_seed(1);
    let mut heap = BinaryHeap::with_capacity(clients as usize);
    let mut tries = vec![0_u32; clients as usize];
    let (mut sequence, mut events, mut ended) = (0_u64, 0.0, 0_u64);
    let end = (duration * 1e9) as u64;
    for client in 0..clients {
        heap.push(Reverse((
            (-(1.0 - random.f64()).ln() * 1e9) as u64,
            sequence,
            Kind::Begin,
            client,
        )));
        sequence += 1;
    }
    while let Some(Reverse((now, _, kind, client))) = heap.pop() {
        if now > end {
            break;
        }
        events += 1.0;
        let tried = &mut tries[client as usize];
        let (next, kind) = match kind {
            Kind::Begin => {
                *tried += 1;
                (now + (-(1.0 - random.f64()).ln() * 1e7) as u64, Kind::Done)
            }
            Kind::Done if *tried < 4 && random.f64() < 0.5 => {
                let wait = 0.1 * f64::from(1_u32 << *tried) / 2.0 * random.f64();
                (now + (wait * 1e9) as u64, Kind::Begin)
            }
            Kind::Done => {
                *tried = 0;
                ended += 1;
                (now + (-(1.0 - random.f64()).ln() * 1e9) as u64, Kind::Begin)
            }
        };
        heap.push(Reverse((next, sequence, kind, client)));
        sequence += 1;
    }
    black_box(ended);
    events
}

fn clients_scenario(clients: u32, duration: u32) -> String {
    format!(
        "runs = 1\nduration = '{duration}s'\nload = {{ kind = 'closed', clients = {clients}, think = {{ exponential = '1s' }} }}\n\
         profiles.default = {{ max_tries = 4, factor = '100ms' }}\n\
         server.s = {{ service = {{ exponential = '10ms' }}, error_rate = 0.5 }}"
    )
}

fn events(report: &Report) -> f64 {
    report.figure("events").map_or(0.0, |figure| figure.mean)
}

fn row(name: &str, plain: f64, simulator: f64) {
    let (ratio, million) = (simulator / plain, 1e6);
    println!("| {name} | {:.1} | {:.1} | {ratio:.2} |", plain / million, simulator / million);
}

fn main() {
    println!(
        "| model | plain loop, million events/s | simulator, million events/s | ratio |\n|---|---:|---:|---:|"
    );
    let text = "runs = 1\nduration = '60000s'\nload.rate = 70\nprofiles.default.max_tries = 1\n\
                server.s = { workers = 1, service = { exponential = '10ms' } }";
    row("M/M/1", best(|| one_worker(60_000.0)), best(|| events(&simulate(text))));
    let (clients, duration) = (100_000, 20);
    let text = clients_scenario(clients, duration);
    let plain = best(|| many_clients(clients, f64::from(duration)));
    row("retries, 100 000 pending events", plain, best(|| events(&simulate(&text))));

    println!("\n| memory | |\n|---|---:|");
    let most = |text: &str| {
        let before = IN_USE.load(Relaxed);
        MOST.store(before, Relaxed);
        black_box(simulate(text));
        MOST.load(Relaxed) - before
    };
    let million = most(&clients_scenario(1_000_000, 3));
    println!("| bytes per client, 1 000 000 clients | {:.0} |", million as f64 / 1e6);
    let of = |duration| most(&clients_scenario(10_000, duration));
    println!(
        "| KiB, 10 000 clients, 10 s | {} |\n| KiB, 10 000 clients, 1000 s | {} |",
        of(10) / 1024,
        of(1000) / 1024
    );
    let allocations = |duration| {
        let before = ALLOCATIONS.load(Relaxed);
        black_box(simulate(&clients_scenario(1000, duration)));
        ALLOCATIONS.load(Relaxed) - before
    };
    println!(
        "| allocations, 1000 clients, 100 s | {} |\n| allocations, 1000 clients, 10 000 s | {} |",
        allocations(100),
        allocations(10_000)
    );
}
