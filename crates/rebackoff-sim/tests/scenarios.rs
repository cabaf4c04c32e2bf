//! Scenarios as texts: their errors, sweeps, expectations and examples.
#![allow(clippy::float_cmp, reason = "counts are exact")]

mod support;

use rebackoff_sim::Scenario;
use support::{figure, run};

const BASE: &str = "duration = '1s'\nload.rate = 10\n[server.api]\nworkers = 1\n";

fn error(text: &str) -> String {
    Scenario::parse(text).and_then(|scenario| scenario.check()).unwrap_err().to_string()
}

#[test]
fn a_wrong_scenario_has_an_error_with_line_key_and_what_is_allowed() {
    for (text, expected) in [
        ("duration = ", "line 1: "),
        (
            "durration = '1s'\nserver.a = {}",
            "line 1: unknown key durration; did you mean duration?",
        ),
        ("duration = '1s'\nload.rate = 1", "from 1 to 64 tables [server.NAME], but there are 0"),
        (
            "load.rate = 1\nserver.a = {}",
            "duration must be a duration above 0s, the simulated time of the load, but it is missing",
        ),
        (
            "duration = 'soon'\nserver.a = {}",
            "line 1: duration must be a duration of at most a year such as \"100ms\", but it is \"soon\"",
        ),
        (
            "duration = '1s'\nload.rate = -1\nserver.a = {}",
            "line 2: load.rate must be a number from 0.000001 to 1000000000, but it is -1",
        ),
        ("duration = '1s'\nload.rate = nan\nserver.a = {}", "line 2: load.rate must be a number"),
        ("duration = 1\nload = { kind = 'burst', at = 1 }\nserver.a = {}", "line 2: load.at must"),
        (
            "duration = '1s'\nserver.a = {}",
            "load.rate must be a number of calls a second, but it is missing",
        ),
        (
            "duration = '1s'\nwarmup = '1s'\nload.rate = 1\nserver.a = {}",
            "line 2: warmup must be shorter than the duration, but it is \"1s\"",
        ),
        (
            "duration = '1h'\nbin = '1ms'\nload.rate = 1\nserver.a = {}",
            "line 2: bin must be above 0s and at least duration + drain divided by 10000",
        ),
        (
            "duration = '1s'\nload.kind = 'opened'\nload.rate = 1\nserver.a = {}",
            "line 2: load.kind must be one of open, closed, serial, burst, but it is \"opened\"; did you mean open?",
        ),
        (
            "duration = '1s'\nload.rate = 1\nserver.a.workers = 0",
            "line 3: server.a.workers must be a whole number from 1 to 1000000, or unlimited, but it is 0",
        ),
        (
            "duration = '1s'\nload.rate = 1\nserver.a.calls.server = 'b'",
            "line 3: server.a.calls.server must be the name of a server: a, but it is \"b\"",
        ),
        (
            "duration = '1s'\nload.rate = 1\nclient.server = 'a'\nserver.a.calls.server = 'b'\nserver.b.calls.server = 'a'",
            "servers must not call each other in a circle",
        ),
        (
            "duration = '1s'\nload.rate = 1\nclient.profile = 'x'\nserver.a = {}",
            "line 3: client.profile must be the name of a profile: there is none, but it is \"x\"",
        ),
        (
            "duration = '1s'\nload.rate = 1\nserver.a = {}\n[profiles.default]\nmax_tries = 0",
            "line 5: profiles: [default]: max_tries must be at least 1, but it is 0",
        ),
        (
            "duration = '1s'\nload.rate = 1\nserver.a = {}\n[profiles.default]\nmax_trys = 3",
            "line 5: profiles: [default]: unknown parameter max_trys; did you mean max_tries?",
        ),
        (
            "duration = '1s'\nload.rate = 1\nclient.budget.ratio = 2\nserver.a = {}",
            "line 3: client.budget: ratio must be from 0.0001 to 1, but it is 2",
        ),
        (
            "duration = '1s'\nload.rate = 1\nclient.breaker.scope = 'all'\nserver.a = {}",
            "line 3: client.breaker.scope must be one of client, process, fleet, but it is \"all\"",
        ),
        (
            "duration = '1s'\nload.rate = 1\nserver.a = {}\n[[fault]]\nkind = 'down'\nfrom = '2s'\nto = '1s'",
            "line 7: fault.1.to must be later than from, but it is \"1s\"",
        ),
        (
            "duration = '1s'\nload.rate = 1\nserver.a = {}\nsweep.load.rat = [1, 2]",
            "line 4: unknown key load.rat; did you mean rate?",
        ),
        (
            "duration = '1s'\nload.rate = 1\nserver.a = {}\nsweep.load.rate = 3",
            "line 4: sweep.load.rate must be a list of values that is not empty, but it is 3",
        ),
        (
            "duration = '1s'\nload.rate = 1\nserver.a = {}\nexpect.amplificaton = '<= 2'",
            "line 4: expect.amplificaton is no figure; did you mean amplification?",
        ),
        (
            "duration = '1s'\nload.rate = 1\nserver.a = {}\nexpect.amplification = 2",
            "line 4: expect.amplification must be a relation (<=, <, >= or >) and a number, a duration or a percentage, such as \"<= 1.2\", but it is 2",
        ),
        ("{\"duration\": 1,\n", "line 2: EOF while parsing a value"),
        (
            "{\"duration\": 1, \"load\": {\"rate\": 1}, \"server\": {\"a\": 1}}",
            "server.a must be a table",
        ),
    ] {
        let found = error(text);
        assert!(found.contains(expected), "{text}\n{found}\n{expected}");
    }
}

#[test]
fn what_a_scenario_would_ignore_is_an_error() {
    let fault = "[[fault]]\nfrom = 0\nto = 1\nkind =";
    let normal = "must be a table of exponential, of normal and sd, of log_normal and sd, or of uniform and to";
    for (text, expected) in [
        ("expect.tries = '<= nan%'", "line 4: expect.tries must be a relation"),
        ("sweep.runs = [1, 2]", "line 4: sweep.runs cannot vary, because all cases have one runs"),
        ("sweep.expect.tries = ['< 1']", "line 4: sweep.expect.tries cannot vary"),
        (
            "sweep.server.b.workers = [1, 2]",
            "line 4: sweep.server.b.workers must begin with the name of a table of the scenario, but there is no [server.b]",
        ),
        (
            "profiles.fetch = {}\nsweep.profiles.fetsh.max_tries = [1, 2]",
            "line 5: sweep.profiles.fetsh.max_tries must begin with the name of a table of the scenario, but there is no [profiles.fetsh]; did you mean fetch?",
        ),
        ("sweep.load.rate.x = [1]", "line 4: sweep.load.rate.x leads to no parameter"),
        (
            "sweep.load.rate = [1]\nsweep.'load.rate' = [2]",
            "sweep.load.rate must be given once, but it is given twice",
        ),
        (
            "sweep.load.rate = [\n1,\n'x']",
            "line 6: load.rate must be a number from 0.000001 to 1000000000, but it is \"x\"",
        ),
        (
            "[[fault]]\nkind = 'down'\nfrom = '1s'\nto = '2s'",
            "line 6: fault.1.from must be before the end, which is duration + drain, but it is \"1s\"",
        ),
        (
            "load.changes = [{ at = '1s', factor = 2 }]",
            "line 4: load.changes.at must be before the end of the load, which is the duration, but it is \"1s\"",
        ),
        (
            "load.kind = 'burst'",
            "line 2: unknown key load.rate: known are kind, clients, processes, at, within",
        ),
        ("load.kind = 'closed'", "line 2: unknown key load.rate"),
        ("load.kind = 'serial'\nload.arrivals = 'fixed'", "line 5: unknown key load.arrivals"),
        ("load.within = '1s'", "line 4: unknown key load.within"),
        ("server.a.service = { exponential = 1, normal = 1 }", normal),
        ("server.a.service = { exponential = 1, sd = 1 }", normal),
        (
            "server.a.service = { uniform = '2s', to = '1s' }",
            "line 4: server.a.service.to must be a duration that is not below uniform, but it is \"1s\"",
        ),
        (
            &format!("{fault} 'errors'\nshare = 1"),
            "line 8: unknown key fault.1.share: known are server, kind, from, to, rate",
        ),
        (&format!("{fault} 'down'\nfactor = 2"), "line 8: unknown key fault.1.factor"),
        ("client.gate = { kind = 'bucket', limit = 1 }", "line 4: unknown key client.gate.limit"),
        (
            "client.breaker.longer_than = '1s'",
            "line 4: client.breaker.slow_rate must be a number from 0 to 1 beside longer_than, but it is missing",
        ),
    ] {
        let found = error(&format!("duration = '1s'\nload.rate = 1\nserver.a.workers = 1\n{text}"));
        assert!(found.contains(expected), "{text}\n{found}\n{expected}");
    }
}

#[test]
fn a_scenario_beyond_the_bounds_is_refused_with_the_reason() {
    let time = error("duration = '1d'\nload.rate = 1000000\nruns = 100\nserver.a = {}");
    assert!(
        time.contains("would make about 8.6e12 calls, and at most 2e10 are simulated"),
        "{time}"
    );
    let memory = error(
        "duration = '1s'\nload = { kind = 'burst', clients = 10000000 }\nclient.budget.scope = 'client'\nserver.a = {}",
    );
    assert!(memory.contains("GB, and at most 4 GB are used"), "{memory}");
    let rates: Vec<_> = (1..=1000).map(|rate| rate.to_string()).collect();
    let results = error(&format!(
        "duration = '1ms'\nload.rate = 1\nruns = 100000\nserver.a = {{}}\nsweep.load.rate = [{}]",
        rates.join(", ")
    ));
    assert!(results.contains("GB, and at most 4 GB are used"), "{results}");
    let text = error(&" ".repeat((1 << 20) + 1));
    assert!(text.contains("at most 1048576 bytes, but has 1048577"), "{text}");
}

#[test]
#[ignore = "fills the memory that the bound allows: scripts/test-long runs it"]
fn a_replication_with_too_much_in_flight_ends_with_the_reason() {
    let text = "runs = 1\nduration = '100s'\nload.rate = 200000\nserver.a = { workers = 1, service = '1s' }";
    let error = Scenario::parse(text).unwrap().run().unwrap_err().to_string();
    assert!(error.contains("more than 8000000 calls or jobs in flight"), "{error}");
}

#[test]
#[ignore = "fills the memory that the bound allows: scripts/test-long runs it"]
fn a_replication_with_too_many_timeouts_to_come_ends_with_the_reason() {
    let text = "runs = 1\nduration = '10s'\nload.rate = 100\nserver.a = {}\n\
                fault = [{ kind = 'down', from = '1s', to = '2s' }]\n\
                [profiles.default]\nmax_tries = 'none'\nwait = 'constant'\ninterval = 0\ntimeout = '1s'";
    let error = Scenario::parse(text).unwrap().run().unwrap_err().to_string();
    assert!(error.contains("more than 60000000 timeouts and other events to come"), "{error}");
}

#[test]
fn a_sweep_runs_every_combination_of_its_values() {
    let report = run(&format!(
        "runs = 1\n{BASE}error_rate = 1\n[profiles.default]\nmax_tries = 1\n\
         [[fault]]\nkind = 'down'\nfrom = '0s'\nto = '1s'\n\
         [sweep]\nprofiles.default.max_tries = [1, 2]\n'fault.1.to' = ['1s', '2s', '3s']"
    ));
    let parameters: Vec<_> = report.cases.iter().map(|case| case.parameters.clone()).collect();
    assert_eq!(parameters.len(), 6);
    assert_eq!(parameters[0]["profiles.default.max_tries"], "1");
    assert_eq!(parameters[5]["fault.1.to"], "3s");
}

#[test]
fn an_expectation_holds_or_not_for_each_case() {
    let report = run(&format!(
        "runs = 2\ndrain = '10s'\n{BASE}error_rate = 1\n[profiles.default]\nmax_tries = 1\nfactor = '1ms'\n\
         [sweep]\nprofiles.default.max_tries = [1, 3]\n\
         [expect]\namplification = '<= 1.2'\nsuccess_rate = '< 1%'\nlatency_p99 = '< 1s'"
    ));
    let holds: Vec<_> = report
        .checks
        .iter()
        .map(|check| (check.case, check.figure.as_str(), check.holds))
        .collect();
    // No call succeeds, so there is no latency to hold to its bound.
    assert_eq!(
        holds,
        [
            (0, "amplification", true),
            (0, "latency_p99", false),
            (0, "success_rate", true),
            (1, "amplification", false),
            (1, "latency_p99", false),
            (1, "success_rate", true),
        ]
    );
    assert!(!report.is_as_expected());
}

#[test]
fn a_service_whose_calls_never_succeed_does_not_recover() {
    let report = run("runs = 1\nduration = '60s'\nload.rate = 10\nserver.api.error_rate = 1\n\
                      fault = [{ kind = 'down', from = '20s', to = '30s' }]\n\
                      profiles.default.max_tries = 1");
    assert_eq!(figure(&report, "never_recovered").mean, 1.0);
}

#[test]
fn a_run_that_never_recovers_keeps_no_bound_on_recovery() {
    let text = Scenario::example("retry-storm").unwrap();
    let text = text.split("[sweep]").next().unwrap().to_owned() + "[expect]\nrecovery = '<= 30s'";
    let report = run(&text);
    assert_eq!(figure(&report, "never_recovered").mean, 1.0);
    assert!(!report.is_as_expected());
}

#[test]
fn json_says_what_toml_says() {
    let toml = run(&format!("runs = 1\n{BASE}"));
    let json = run(
        r#"{"runs": 1, "duration": 1, "load": {"rate": 10}, "server": {"api": {"workers": 1}}}"#,
    );
    assert_eq!(toml.to_json(), json.to_json());
}

#[test]
fn profiles_of_a_file_serve_where_the_scenario_has_none_of_the_name() {
    let text = "duration = '1s'\nload.kind = 'burst'\nclient.profile = 'fetch'\nserver.a.error_rate = 1\ndrain = '1m'";
    let scenario =
        Scenario::parse(text).unwrap().profiles("[fetch]\nmax_tries = 7\nfactor = '1ms'").unwrap();
    assert_eq!(scenario.run().unwrap().figure("tries").unwrap().mean, 7.0);
}

/// A figure of the case with these values of the sweep, in the order of their names.
fn finding(name: &str, values: &[&str], figure: &str) -> f64 {
    let report = run(&Scenario::example(name).unwrap().replace("runs = 5", "runs = 1"));
    let case = report
        .cases
        .iter()
        .find(|case| case.parameters.values().map(String::as_str).eq(values.iter().copied()));
    case.unwrap_or_else(|| panic!("{name} {values:?}")).figures[figure].mean
}

#[test]
fn each_example_shows_what_its_paragraph_says() {
    for name in Scenario::EXAMPLES {
        let text = Scenario::example(name).unwrap();
        Scenario::parse(text).unwrap().check().unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(text.contains("See "), "{name}");
    }
    assert_eq!(Scenario::example("brownout"), None);
    let brown_out = |dry_run, tries, figure| finding("brown-out", &[dry_run, tries], figure);
    assert_eq!(brown_out("true", "1", "never_recovered"), 0.0);
    assert_eq!(brown_out("true", "3", "never_recovered"), 1.0);
    assert_eq!(brown_out("false", "3", "never_recovered"), 0.0);
    assert!(brown_out("true", "1", "succeeded") > 2.0 * brown_out("true", "5", "succeeded"));

    let storm =
        |dry_run, on_timeout| finding("retry-storm", &[dry_run, on_timeout], "never_recovered");
    assert_eq!(storm("true", "finish"), 1.0);
    assert_eq!((storm("false", "finish"), storm("true", "cancel")), (0.0, 0.0));

    let herd = |jitter, figure| finding("thundering-herd", &[jitter], figure);
    assert!(herd("none", "last_answer") > herd("full", "last_answer"));
    assert!(herd("none", "tries") > 1.5 * herd("full", "tries"));

    let layers =
        |client, gateway| finding("three-layers", &[client, gateway], "server.database.arrived");
    assert!(layers("false", "false") > 4.0 * layers("true", "true"));

    // Each is off with `true`.
    let guards = |breaker, budget| finding("budget-or-breaker", &[breaker, budget], "succeeded");
    assert!(guards("true", "true") > guards("true", "false"));
    assert!(guards("true", "false") > guards("false", "true"));

    let spread = |spread, figure| finding("hint-herd", &[spread], figure);
    assert!(spread("0", "last_answer") > spread("0.1", "last_answer"));
    assert!(spread("0.1", "last_answer") > spread("1", "last_answer"));
}

#[test]
fn a_retry_costs_14_tokens_of_aws_and_5_after_a_rejection() {
    let retries = |budget: &str, server: &str| {
        let report = run(&format!(
            "duration = '10s'\nload = {{ kind = 'burst', clients = 200 }}\n\
             profiles.default = {{ max_tries = 2, wait = 'constant', interval = 0, jitter = 'none' }}\n\
             client.budget = {{ scope = 'fleet', {budget} }}\nserver.s = {{ {server} }}"
        ));
        figure(&report, "tries").mean - figure(&report, "calls").mean
    };
    let (fails, rejects) = ("error_rate = 1", "workers = 1, queue = 0, service = '1h'");
    assert_eq!(retries("kind = 'aws'", fails), 35.0);
    assert_eq!(retries("kind = 'aws'", rejects), 100.0);
    assert_eq!(retries("kind = 'aws', throttled_cost = 10", rejects), 50.0);
    assert_eq!(retries("kind = 'quota'", fails), 100.0); // the prices before 2026
}

#[test]
fn the_first_wait_after_a_rejection_may_be_longer() {
    let succeeded = |profile: &str| {
        let report = run(&format!(
            "duration = '10s'\nload = {{ kind = 'burst', clients = 2 }}\n\
             profiles.p = {{ {profile}, max_tries = 2, jitter = 'none' }}\nclient.profile = 'p'\n\
             server.s = {{ workers = 1, queue = 0, service = '500ms' }}"
        ));
        figure(&report, "succeeded").mean
    };
    // The worker is free after half a second; the place in the schedule stays.
    assert_eq!(succeeded("factor = '50ms'"), 1.0);
    assert_eq!(succeeded("factor = '50ms', throttled_factor = '1s'"), 2.0);
    let aws = "duration = '1s'\nload.rate = 1\nclient.profile = 'aws'\nserver.s = {}";
    assert!(run(aws).cases[0].policy.starts_with("expo: waits 50ms, 100ms; "));
    assert_eq!(
        error(
            &aws.replace("'aws'", "'p'")
                .replace("server", "profiles.p.throttled_factr = 1\nserver")
        ),
        "line 4: profiles: [p]: unknown parameter throttled_factr; did you mean throttled_factor?",
    );
}
