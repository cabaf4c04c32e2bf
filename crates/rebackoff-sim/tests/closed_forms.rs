//! Figures beside their closed forms.

#![allow(clippy::float_cmp, reason = "counts are exact")]

mod support;

use support::{assert_closed_form, figure, run};

/// Time for queues to settle, and for the calls in flight to end.
const LONG: &str = "runs = 30\nduration = '600s'\nwarmup = '30s'\ndrain = '60s'\n";

fn once(server: &str, rate: f64) -> String {
    format!("{LONG}load.rate = {rate}\nprofiles.default.max_tries = 1\nserver.s = {{ {server} }}")
}

#[test]
fn the_sojourn_of_one_worker() {
    let report = run(&once("workers = 1, service = { exponential = '10ms' }", 70.0));
    assert_closed_form(&report, "latency_mean", 1.0 / (100.0 - 70.0));
    assert_closed_form(&report, "server.s.busy", 0.7);
    assert_closed_form(&report, "server.s.queue_mean", 0.7 * 0.7 / 0.3);
}

#[test]
fn the_sojourn_of_any_service_time_by_pollaczek_and_khinchine() {
    let (rate, mean, sd) = (60.0, 0.01, 0.015);
    let waiting = |square: f64| rate * square / (2.0 * (1.0 - rate * mean)) + mean;
    for (service, square) in [
        ("{ log_normal = '10ms', sd = '15ms' }", mean * mean + sd * sd),
        ("'10ms'", mean * mean),
        ("['5ms', '15ms']", 125e-6),
    ] {
        let report = run(&once(&format!("workers = 1, service = {service}"), rate));
        assert_closed_form(&report, "latency_mean", waiting(square));
    }
}

/// The share of blocked jobs of `workers` that are offered `load` erlangs.
fn erlang_b(workers: u32, load: f64) -> f64 {
    (1..=workers).fold(1.0, |blocked, n| load * blocked / (f64::from(n) + load * blocked))
}

#[test]
fn blocking_without_a_queue_by_erlang_b() {
    let report = run(&once("workers = 5, queue = 0, service = { exponential = '50ms' }", 80.0));
    assert_closed_form(&report, "server.s.rejected", erlang_b(5, 4.0));
    // Only the mean of the service time matters.
    let report = run(&once("workers = 5, queue = 0, service = '50ms'", 80.0));
    assert_closed_form(&report, "server.s.rejected", erlang_b(5, 4.0));
}

#[test]
fn the_chance_of_waiting_by_erlang_c() {
    let report = run(&once("workers = 5, service = { exponential = '50ms' }", 80.0));
    let (blocked, use_) = (erlang_b(5, 4.0), 4.0 / 5.0);
    assert_closed_form(&report, "server.s.waited", blocked / (1.0 - use_ * (1.0 - blocked)));
}

#[test]
fn blocking_of_one_worker_with_a_bounded_queue() {
    let report = run(&once("workers = 1, queue = 4, service = { exponential = '10ms' }", 90.0));
    let (load, places) = (0.9_f64, 5);
    let blocked = (1.0 - load) * load.powi(places) / (1.0 - load.powi(places + 1));
    assert_closed_form(&report, "server.s.rejected", blocked);
}

#[test]
fn the_share_of_work_whose_caller_has_given_up() {
    let report = run(&format!(
        "{LONG}load.rate = 70\nprofiles.default = {{ max_tries = 1, timeout = '50ms' }}\n\
         server.s = {{ workers = 1, service = {{ exponential = '10ms' }} }}"
    ));
    assert_closed_form(&report, "server.s.wasted", (-(100.0_f64 - 70.0) * 0.05).exp());
}

#[test]
fn independent_tries() {
    for (chance, tries) in [(0.1, 3), (0.5, 4), (0.9, 5)] {
        let report = run(&format!(
            "runs = 20\nduration = '100s'\ndrain = '1s'\nload.rate = 200\n\
             profiles.default = {{ max_tries = {tries}, wait = 'constant', interval = 0, jitter = 'none' }}\n\
             server.s.error_rate = {chance}"
        ));
        let fails = f64::powi(chance, tries);
        assert_closed_form(&report, "amplification", (1.0 - fails) / (1.0 - chance));
        assert_closed_form(&report, "success_rate", 1.0 - fails);
    }
}

#[test]
fn the_load_of_the_last_of_some_layers() {
    for (layers, tries, chance) in [(1, 4, 0.1), (2, 4, 0.5), (3, 3, 0.6), (3, 4, 0.8), (4, 2, 0.7)]
    {
        let calls =
            (1..layers).map(|layer| format!("server.l{layer}.calls.server = 'l{}'\n", layer + 1));
        let report = run(&format!(
            "runs = 20\nduration = '1s'\ndrain = '10s'\nload = {{ kind = 'burst', clients = 2000 }}\n\
             client.server = 'l1'\n\
             profiles.default = {{ max_tries = {tries}, wait = 'constant', interval = 0, jitter = 'none' }}\n\
             {}server.l{layers}.error_rate = {chance}",
            calls.collect::<String>()
        ));
        // A layer fails where all of its tries did. Its own tries multiply those of the layers around it.
        let (mut fails, mut load): (f64, f64) = (chance, 1.0);
        for _ in 0..layers {
            load *= (1.0 - fails.powi(tries)) / (1.0 - fails);
            fails = fails.powi(tries);
        }
        assert_closed_form(&report, &format!("server.l{layers}.arrived"), 2000.0 * load);
    }
}

#[test]
fn the_sum_of_waits_with_full_jitter() {
    let report =
        run("runs = 4000\nduration = '100s'\nload.kind = 'burst'\nserver.s.error_rate = 1\n\
         profiles.default = { max_tries = 7, factor = '100ms', max_value = '1s' }");
    let caps = [0.1, 0.2, 0.4, 0.8, 1.0, 1.0];
    assert_closed_form(&report, "last_answer", caps.iter().sum::<f64>() / 2.0);
    let (sd, found) = (
        (caps.iter().map(|cap| cap * cap).sum::<f64>() / 12.0).sqrt(),
        figure(&report, "last_answer").sd,
    );
    let z = (found - sd) / (sd / (2.0 * 4000.0_f64).sqrt());
    assert!(z.abs() < 4.0, "{found} beside {sd}: z {z}");
}

/// The retries of a call that a throttle of 10 tokens allows in the long run: a walk on tenths of a token.
fn throttled(chance: f64, token_ratio: u32) -> f64 {
    let step = |tokens: usize, fails: bool| {
        if fails { tokens.saturating_sub(100) } else { (tokens + token_ratio as usize).min(1000) }
    };
    let mut shares = vec![0.0; 1001];
    shares[1000] = 1.0;
    let mut retries = 0.0;
    for _ in 0..20_000 {
        let mut next = vec![0.0; 1001];
        retries = 0.0;
        for (tokens, share) in shares.iter().enumerate().filter(|(_, share)| **share > 1e-15) {
            next[step(tokens, false)] += share * (1.0 - chance);
            let failed = step(tokens, true);
            if failed > 500 {
                retries += share * chance;
                next[step(failed, false)] += share * chance * (1.0 - chance);
                next[step(failed, true)] += share * chance * chance;
            } else {
                next[failed] += share * chance;
            }
        }
        shares = next;
    }
    retries
}

#[test]
fn the_throttle_of_grpc_at_its_threshold() {
    let text = |chance: f64| {
        format!(
            "runs = 20\nduration = '2000s'\nwarmup = '100s'\nload = {{ kind = 'serial', rate = 50 }}\n\
             client.budget = {{ kind = 'throttle', max_tokens = 10, token_ratio = 0.1 }}\n\
             profiles.default = {{ max_tries = 2, wait = 'constant', interval = 0, jitter = 'none' }}\n\
             server.s.error_rate = {chance}"
        )
    };
    // Tokens neither rise nor fall where a tenth of the successes is as much as the failures: at 1/11.
    for chance in [0.06, 1.0 / 11.0, 0.12] {
        let report = run(&text(chance));
        assert_closed_form(&report, "amplification", 1.0 + throttled(chance, 10));
    }
    // Nine to six tokens are above the half of ten: two calls retry once, and the third is refused.
    let report =
        run(&text(1.0).replace("duration = '2000s'\nwarmup = '100s'", "duration = '100s'"));
    let (calls, tries) = (figure(&report, "calls").mean, figure(&report, "tries").mean);
    assert!((tries - calls - 2.0).abs() < 1e-9);
}

/// The retries that a share of one for `calls_each` calls still allows after a call, on the average: a walk on parts
/// of a retry. Each call adds a part, and each failed try takes a whole retry as long as there is one.
fn unused(chance: f64, calls_each: u32) -> f64 {
    let (whole, calls) = (calls_each as usize, 4000);
    let mut shares = vec![0.0; 2000];
    shares[0] = 1.0;
    let mut parts_left = 0.0;
    for call in 0..calls {
        shares.rotate_right(1);
        for parts in (whole..shares.len()).rev() {
            let retried = chance * shares[parts];
            shares[parts] -= retried;
            shares[parts - whole] += retried;
        }
        // The parts after a call have the period of a retry.
        if call >= calls - whole {
            let parts = shares.iter().zip(0_u32..).map(|(share, parts)| share * f64::from(parts));
            parts_left += parts.sum::<f64>();
        }
    }
    parts_left / f64::from(calls_each * calls_each)
}

#[test]
fn the_amplification_of_a_budget() {
    for (chance, calls_each) in
        [(0.05, 10), (0.07, 10), (0.12, 10), (0.9, 10), (0.15, 5), (0.5, 5), (0.2, 2), (0.5, 2)]
    {
        let ratio = 1.0 / f64::from(calls_each);
        let report = run(&format!(
            "runs = 20\nduration = '50s'\nwarmup = '20s'\ndrain = '1s'\nload.rate = 500\n\
             client.budget = {{ kind = 'share', ratio = {ratio}, floor = 0 }}\n\
             profiles.default = {{ max_tries = 'none', wait = 'constant', interval = 0, jitter = 'none' }}\n\
             server.s.error_rate = {chance}"
        ));
        let (free, most) = (1.0 / (1.0 - chance), 1.0 + ratio);
        if free < most {
            assert_closed_form(&report, "amplification", free);
        } else {
            // Each window of 10 s, with 5000 calls, ends with the retries that its last calls did not need.
            assert_closed_form(&report, "amplification", most - unused(chance, calls_each) / 5e3);
        }
    }
}
