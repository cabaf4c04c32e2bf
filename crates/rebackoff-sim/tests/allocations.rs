//! Allocations of a simulation, which this whole program counts.

use std::alloc::System;

use rebackoff_sim::{Control, Scenario};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// The allocations of a run of so many seconds, with a bin for each hundredth of them.
fn allocations(seconds: u32) -> usize {
    let text = format!(
        "runs = 1
        duration = '{seconds}s'
        drain = '10s'
        bin = '{}ms'
        load = {{ rate = 100, clients = 20 }}
        client = {{ profile = 'fetch', budget = {{ kind = 'share', ratio = 0.1 }}, breaker = {{ consecutive = 9 }} }}
        profiles.fetch = {{ max_tries = 4, factor = '20ms', timeout = '200ms' }}
        server.api = {{ workers = 4, queue = 50, service = {{ exponential = '15ms' }}, error_rate = 0.1 }}",
        seconds * 10
    );
    let scenario = Scenario::parse(&text).expect("the scenario is right");
    let region = Region::new(ALLOCATOR);
    let report = scenario.run_with(&Control::new().threads(1)).expect("it is small");
    assert!(report.cases[0].figures["tries"].mean > 90.0 * f64::from(seconds));
    region.change().allocations
}

#[test]
fn ten_times_as_long_allocates_no_more() {
    // Meanwhile the thread that waits for this test may allocate: the least of several runs is without that.
    let least = |seconds| (0..3).map(|_| allocations(seconds)).min();
    assert_eq!(least(200), least(2000));
}
