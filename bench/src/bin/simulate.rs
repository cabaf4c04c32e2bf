//! The simulator beside plain loops over a `BinaryHeap` of the same models, in one run.
//!
//! Prints a table: events per second of processor time of both, best of some rounds, and bytes per client. `simulate MODEL WAY SECONDS`
//! runs a model once and prints its events, so that a profiler counts.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::env;
use std::hint::black_box;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

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

const ROUNDS: usize = 20;

fn simulate(text: &str) -> Report {
    let scenario = Scenario::parse(text).unwrap_or_else(|error| panic!("{error}"));
    scenario.run_with(&Control::new().threads(1)).unwrap_or_else(|error| panic!("{error}"))
}

/// The most events per second of processor time of each, of some rounds in turn.
fn fastest(ways: [fn(f64) -> f64; 2], duration: f64) -> [f64; 2] {
    let mut most = [0.0_f64; 2];
    for _ in 0..ROUNDS {
        for (most, run) in most.iter_mut().zip(ways) {
            let begin = processor_time();
            *most = most.max(run(duration) / (processor_time() - begin).as_secs_f64());
        }
    }
    most
}

/// The time that processors have given to this thread, which other programs do not lengthen much.
fn processor_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the call writes one `timespec`; `time` is one, which lives through the call and is not shared.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) };
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
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

fn one_worker_scenario(duration: f64) -> String {
    format!(
        "runs = 1\nduration = '{duration}s'\nload.rate = 70\nprofiles.default.max_tries = 1\n\
         server.s = {{ workers = 1, service = {{ exponential = '10ms' }} }}"
    )
}

fn clients_scenario(clients: u32, duration: f64) -> String {
    format!(
        "runs = 1\nduration = '{duration}s'\nload = {{ kind = 'closed', clients = {clients}, think = {{ exponential = '1s' }} }}\n\
         profiles.default = {{ max_tries = 4, factor = '100ms' }}\n\
         server.s = {{ service = {{ exponential = '10ms' }}, error_rate = 0.5 }}"
    )
}

const CLIENTS: u32 = 100_000;

/// A model in both ways, which take the simulated seconds and return the number of events.
struct Model {
    name: &'static str,
    title: &'static str,
    duration: f64,
    plain: fn(f64) -> f64,
    simulator: fn(f64) -> f64,
}

const MODELS: [Model; 2] = [
    Model {
        name: "worker",
        title: "M/M/1",
        duration: 10_000.0,
        plain: one_worker,
        simulator: |duration| events(&simulate(&one_worker_scenario(duration))),
    },
    Model {
        name: "clients",
        title: "retries, 100 000 pending events",
        duration: 5.0,
        plain: |duration| many_clients(CLIENTS, duration),
        simulator: |duration| events(&simulate(&clients_scenario(CLIENTS, duration))),
    },
];

fn events(report: &Report) -> f64 {
    report.figure("events").map_or(0.0, |figure| figure.mean)
}

/// Runs a model once; `None` where the arguments name none.
fn once(arguments: &[String]) -> Option<f64> {
    let [model, way, duration] = arguments else {
        return None;
    };
    let model = MODELS.iter().find(|known| known.name == model)?;
    let run = match way.as_str() {
        "plain" => model.plain,
        "simulator" => model.simulator,
        _ => return None,
    };
    Some(run(duration.parse().ok()?))
}

fn main() -> ExitCode {
    let arguments: Vec<_> = env::args().skip(1).collect();
    if arguments.is_empty() {
        tables();
    } else if let Some(events) = once(&arguments) {
        println!("{events}");
    } else {
        eprintln!("simulate [worker|clients plain|simulator SECONDS]");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn tables() {
    println!(
        "| model | plain loop, million events/s | simulator, million events/s | ratio |\n|---|---:|---:|---:|"
    );
    for Model { title, duration, plain, simulator, .. } in MODELS {
        let [plain, simulator] = fastest([plain, simulator], duration).map(|rate| rate / 1e6);
        println!("| {title} | {plain:.1} | {simulator:.1} | {:.2} |", simulator / plain);
    }

    println!("\n| memory | |\n|---|---:|");
    let most = |text: &str| {
        let before = IN_USE.load(Relaxed);
        MOST.store(before, Relaxed);
        black_box(simulate(text));
        MOST.load(Relaxed) - before
    };
    let million = most(&clients_scenario(1_000_000, 3.0));
    println!("| bytes per client, 1 000 000 clients | {:.0} |", million as f64 / 1e6);
    let of = |duration| most(&clients_scenario(10_000, duration));
    println!(
        "| KiB, 10 000 clients, 10 s | {} |\n| KiB, 10 000 clients, 1000 s | {} |",
        of(10.0) / 1024,
        of(1000.0) / 1024
    );
    let allocations = |duration| {
        let before = ALLOCATIONS.load(Relaxed);
        black_box(simulate(&clients_scenario(1000, duration)));
        ALLOCATIONS.load(Relaxed) - before
    };
    println!(
        "| allocations, 1000 clients, 100 s | {} |\n| allocations, 1000 clients, 10 000 s | {} |",
        allocations(100.0),
        allocations(10_000.0)
    );
}
