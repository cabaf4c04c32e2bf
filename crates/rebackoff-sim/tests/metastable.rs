//! Failures that outlast their cause: Huang et al., "Metastable Failures in the Wild", OSDI 2022.

#![allow(clippy::float_cmp, reason = "counts and shares of all runs are exact")]

mod support;

use support::{assert_closed_form, figure, run};

/// A server of 100 jobs a second that freezes for 10 s. Its clients give up on a try after a second, and it does not
/// notice.
fn frozen(rate: f64, tries: u32, client: &str) -> String {
    format!(
        "runs = 3\nduration = '300s'\nbin = '1s'\nload.rate = {rate}\n\
         profiles.default = {{ max_tries = {tries}, timeout = '1s', wait = 'constant', interval = '100ms' }}\n\
         client = {{ {client} }}\nserver.s = {{ workers = 1, service = {{ exponential = '10ms' }} }}\n\
         [[fault]]\nkind = 'freeze'\nfrom = '60s'\nto = '70s'\n"
    )
}

#[test]
fn a_service_never_recovers_where_its_load_times_the_tries_is_above_its_capacity() {
    for (rate, tries) in [(20.0, 4), (30.0, 3), (45.0, 2), (90.0, 1)] {
        let report = run(&frozen(rate, tries, ""));
        assert_eq!(figure(&report, "never_recovered").mean, 0.0, "{rate}/s, {tries} tries");
    }
    for (rate, tries) in [(28.0, 4), (38.0, 3), (60.0, 2)] {
        let report = run(&frozen(rate, tries, ""));
        assert_eq!(figure(&report, "never_recovered").mean, 1.0, "{rate}/s, {tries} tries");
        assert!(figure(&report, "server.s.wasted").mean > 0.7);
    }
}

#[test]
fn the_load_that_retries_sustain_long_after_their_trigger() {
    for (rate, tries) in [(28.0, 4), (38.0, 3), (60.0, 2), (20.0, 4), (30.0, 3), (45.0, 2)] {
        let text = frozen(rate, tries, "").replace("runs = 3", "runs = 10\nwarmup = '150s'");
        let is_stuck = rate * f64::from(tries) > 100.0;
        // Each call makes all of its tries, or none after the first.
        let load = if is_stuck { rate * f64::from(tries) } else { rate };
        let report = run(&text);
        assert_closed_form(&report, "server.s.load", load);
        assert_eq!(figure(&report, "succeeded").mean > 0.0, !is_stuck, "{rate}/s, {tries} tries");
    }
}

/// The experiment with retries that the study published with its programs (github.com/lexiangh/Metastability): a
/// primary database, whose share of its processors is taken away for some seconds, and clients that send each request
/// up to five times, without waits and with 3 s for each try. The study chose the load for its machine; this is the
/// load of a server of 1000 jobs a second at which the smallest of its steps decides.
#[test]
fn a_study_of_2022_decides_by_two_hundredths_of_the_processor_a_second_or_a_quarter_of_the_load() {
    let never_recovers = |share: f64, seconds: u32, load: f64| {
        let report = run(&format!(
            "runs = 3\nduration = '160s'\ndrain = '1s'\nbin = '1s'\nload = {{ rate = {}, arrivals = 'fixed' }}\n\
             profiles.default = {{ max_tries = 5, timeout = '3s', wait = 'constant', interval = 0, jitter = 'none' }}\n\
             server.s = {{ workers = 1, service = {{ exponential = '1ms' }} }}\n\
             [[fault]]\nkind = 'slow'\nfactor = {}\nfrom = '60s'\nto = '{}s'\n",
            379.0 * load,
            1.0 / share,
            60 + seconds
        ));
        figure(&report, "never_recovered").mean
    };
    assert_eq!(never_recovers(0.225, 10, 1.0), 0.0, "78 % less for 10 s");
    assert_eq!(never_recovers(0.2, 10, 1.0), 1.0, "80 % less for 10 s");
    assert_eq!(never_recovers(0.2, 9, 1.0), 0.0, "80 % less for 9 s");
    assert_eq!(
        never_recovers(0.2, 10, 0.75),
        0.0,
        "80 % less for 10 s, at three quarters of the load"
    );
}

#[test]
fn a_budget_lets_a_service_recover_that_retries_hold_down() {
    let report = run(&frozen(60.0, 4, "budget = { ratio = 0.1, floor = 0, scope = 'fleet' }"));
    assert_eq!(figure(&report, "never_recovered").mean, 0.0);
    assert!(figure(&report, "recovery").mean < 60.0);
}

#[test]
fn work_that_is_cancelled_with_its_caller_lets_a_service_recover() {
    let text = frozen(60.0, 4, "").replace("'10ms' } }", "'10ms' }, on_timeout = 'cancel' }");
    assert_eq!(figure(&run(&text), "never_recovered").mean, 0.0);
}

/// Sustained overload: with r retries each call becomes 1 + r tries, in each of d layers (1 + r)ᵈ.
#[test]
fn the_amplification_of_retries_where_every_try_times_out() {
    for retries in 0..=5_u32 {
        let report = run(&format!(
            "runs = 1\nduration = '100s'\ndrain = '100s'\nload.rate = 50\n\
             profiles.default = {{ max_tries = {}, timeout = '1s', wait = 'constant', interval = '100ms' }}\n\
             server.s.service = '2s'",
            retries + 1
        ));
        assert_eq!(figure(&report, "amplification").mean, f64::from(retries + 1));
    }
    for layers in 1..=4_i32 {
        let calls =
            (1..layers).map(|layer| format!("server.l{layer}.calls.server = 'l{}'\n", layer + 1));
        let text = format!(
            "duration = '1s'\ndrain = '10m'\nload.kind = 'burst'\nclient.server = 'l1'\n\
             profiles.default = {{ max_tries = 4, wait = 'constant', interval = '10ms' }}\n\
             {}server.l{layers}.error_rate = 1\n",
            calls.collect::<String>()
        );
        let report = run(&text);
        let leaf = format!("server.l{layers}.arrived");
        assert_eq!(figure(&report, &leaf).mean, f64::from(4_i32.pow(layers.unsigned_abs())));
    }
}

#[test]
fn layers_that_know_of_their_callers_retries_try_once() {
    let text = |passes: bool| {
        format!(
            "duration = '1s'\ndrain = '10s'\nload.kind = 'burst'\nclient = {{ server = 'a', pass_nested = {passes} }}\n\
             profiles.default = {{ max_tries = 3, wait = 'constant', interval = '10ms', nested = 'once' }}\n\
             server.a.calls = {{ server = 'b', pass_nested = {passes} }}\nserver.b.calls.server = 'c'\n\
             server.c.error_rate = 1"
        )
    };
    assert_eq!(figure(&run(&text(true)), "server.c.arrived").mean, 3.0);
    assert_eq!(figure(&run(&text(false)), "server.c.arrived").mean, 27.0);
}

#[test]
fn a_layer_that_knows_the_deadline_does_not_outlive_its_caller() {
    let text = |passes: bool| {
        format!(
            "duration = '1s'\ndrain = '1m'\nload.kind = 'burst'\nclient = {{ server = 'a', profile = 'outer', pass_deadline = {passes} }}\n\
             profiles.outer = {{ max_tries = 1, timeout = '1s' }}\n\
             profiles.inner = {{ max_tries = 100, wait = 'constant', interval = '100ms', jitter = 'none' }}\n\
             server.a.calls = {{ server = 'b', profile = 'inner' }}\nserver.b.error_rate = 1"
        )
    };
    assert_eq!(figure(&run(&text(true)), "server.b.arrived").mean, 11.0);
    assert_eq!(figure(&run(&text(false)), "server.b.arrived").mean, 100.0);
}
