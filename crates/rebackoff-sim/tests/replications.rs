//! Properties of all simulations.

mod support;

use proptest::prelude::*;
use rebackoff_sim::{Control, Report, Scenario};
use support::figure;

fn run_on(text: &str, threads: usize) -> Report {
    Scenario::parse(text).unwrap().run_with(&Control::new().threads(threads)).unwrap()
}

prop_compose! {
    fn scenarios()(
        load in prop::sample::select(vec![
            "kind = 'open', rate = 40, clients = 7, processes = 3",
            "kind = 'closed', clients = 9, think = '100ms'",
            "kind = 'serial', clients = 4, rate = 60",
            "kind = 'burst', clients = 200, within = '2s'",
        ]),
        guard in prop::sample::select(vec![
            "", ", budget = { ratio = 0.1, floor = 1, scope = 'client' }",
            ", budget = { kind = 'quota' }, breaker = { failure_rate = 0.5, open_for = '1s', scope = 'fleet' }",
            ", breaker = { consecutive = 3, open_for = '500ms', scope = 'client' }",
        ]),
        cancels in any::<bool>(),
        passes in any::<bool>(),
        workers in 1_u32..4,
        queue in 0_u32..20,
        timeout in 20_u32..200,
        tries in 1_u32..5,
        fault in prop::sample::select(vec!["down", "freeze", "slow", "capacity", "errors", "latency"]),
        seed in any::<u32>(),
    ) -> String {
        let on_timeout = if cancels { "cancel" } else { "finish" };
        format!(
            "runs = 3\nseed = {seed}\nduration = '10s'\nwarmup = '1s'\ndrain = '2s'\nload = {{ {load} }}\n\
             client = {{ server = 'api', delay = '1ms', pass_deadline = {passes}, pass_nested = {passes}{guard} }}\n\
             profiles.default = {{ max_tries = {tries}, factor = '50ms', timeout = '{timeout}ms', max_time = '1s' }}\n\
             [server.api]\nworkers = 4\nqueue = {queue}\nservice = '1ms'\non_timeout = '{on_timeout}'\nreject_cost = '1ms'\n\
             calls = {{ server = 'db', profile = 'default', pass_deadline = {passes} }}\n\
             [server.db]\nworkers = {workers}\nqueue = {queue}\nservice = {{ exponential = '30ms' }}\nslowdown = 0.1\n\
             on_timeout = '{on_timeout}'\nerror_rate = 0.05\nhint = '200ms'\n\
             [[fault]]\nserver = 'db'\nkind = '{fault}'\nfrom = '3s'\nto = '5s'\n"
        )
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(48) })]

    #[test]
    fn every_call_is_served_has_failed_or_is_in_flight(text in scenarios()) {
        let report = run_on(&text, 1);
        let mean = |name| figure(&report, name).mean;
        prop_assert!((mean("calls") - mean("succeeded") - mean("failed") - mean("in_flight")).abs() < 1e-6);
        prop_assert!(mean("tries") >= mean("succeeded"));
        let reasons = report.cases[0].figures.iter().filter(|(name, _)| name.starts_with("failed."));
        prop_assert!((reasons.map(|(_, figure)| figure.mean).sum::<f64>() - mean("failed")).abs() < 1e-6);
    }

    #[test]
    fn a_seed_gives_the_bytes_again_on_one_thread_and_on_many(text in scenarios()) {
        let one = run_on(&text, 1).to_json();
        prop_assert_eq!(&run_on(&text, 1).to_json(), &one);
        prop_assert_eq!(run_on(&text, 3).to_json(), one);
    }
}

#[test]
fn another_seed_gives_other_figures() {
    let text = |seed| {
        format!(
            "seed = {seed}\nduration = '5s'\nload.rate = 100\nserver.s.service = {{ exponential = '1ms' }}"
        )
    };
    assert_ne!(run_on(&text(1), 1).cases, run_on(&text(2), 1).cases);
}

#[test]
fn a_simulation_that_is_stopped_reports_the_replications_that_are_done() {
    use std::sync::atomic::{AtomicBool, Ordering};
    let stop = AtomicBool::new(false);
    let after_two = |done: usize, all: usize| {
        assert!(done <= all);
        stop.store(done >= 2, Ordering::Relaxed);
    };
    let scenario =
        Scenario::parse("runs = 50\nduration = '100s'\nload.rate = 1000\nserver.s.service = '1ms'")
            .unwrap();
    let control = Control::new().threads(1).stop(&stop).progress(&after_two);
    let report = scenario.run_with(&control).unwrap();
    assert!(!report.is_whole);
    assert_eq!(figure(&report, "calls").runs, 2);
}

#[test]
fn more_threads_than_fit_into_memory_change_nothing() {
    // 200 MB each, of 4 GB.
    let text = "runs = 30\nduration = '1ms'\nload = { rate = 1, clients = 1000000 }\nserver.s = {}";
    assert_eq!(run_on(text, 30).to_json(), run_on(text, 1).to_json());
}
