//! The events and spans of the feature `tracing`.

#[path = "support/server.rs"]
mod server;

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use rebackoff::engine::Traced;
use rebackoff::http::RetryMiddleware;
use rebackoff::testing::VirtualClock;
use rebackoff::{Trace, prelude::*};
use tracing::Level;
use tracing_subscriber::layer::SubscriberExt as _;

#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<Vec<String>>>);

impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for Recorder {
    fn on_event(&self, event: &tracing::Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
        struct Fields(String);
        impl tracing::field::Visit for Fields {
            fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn std::fmt::Debug) {
                write!(self.0, " {field}={value:?}").unwrap();
            }
        }
        let mut fields = Fields(event.metadata().level().to_string());
        event.record(&mut fields);
        self.0.lock().unwrap().push(fields.0);
    }
}

fn recorded(calls: impl FnOnce()) -> Vec<String> {
    let recorder = Recorder::default();
    let subscriber = tracing_subscriber::registry().with(recorder.clone());
    tracing::subscriber::with_default(subscriber, calls);
    let events = recorder.0.lock().unwrap();
    events.clone()
}

#[test]
fn each_backoff_and_the_giveup_are_traced() {
    let events = recorded(|| {
        let policy = policy!(expo, jitter = Jitter::None, max_tries = 2, max_time = secs(60));
        let _ = policy.retry(|| Err::<(), _>(1)).sleeper(VirtualClock::new()).call();
        let untimed = policy!(expo, max_tries = 1);
        let _ = untimed.retry(|| Err::<(), _>(1)).sleeper(VirtualClock::new()).call();
    });
    assert_eq!(
        events,
        [
            "INFO message=backing off tries=1 elapsed=0.0 wait=1.0",
            "ERROR message=giving up tries=2 elapsed=1.0 reason=\"max_tries\"",
            "ERROR message=giving up tries=1 reason=\"max_tries\"",
        ]
    );
}

#[test]
fn a_trace_names_the_call_the_error_the_wait_and_the_reason() {
    let events = recorded(|| {
        let policy = policy!(expo, jitter = Jitter::None, max_tries = 2);
        let down = || policy.retry(|| "x".parse::<u8>()).sleeper(VirtualClock::new());
        let _ = down().hook(Trace::of("fetch")).call();
        let quiet = Trace::of("poll").backoff_level(Level::DEBUG).giveup_level(Level::WARN);
        let _ = down().hook(&quiet).call();
    });
    let error = "error=invalid digit found in string";
    assert_eq!(
        events,
        [
            format!("INFO message=backing off call=\"fetch\" {error} tries=1 elapsed=0.0 wait=1.0"),
            format!(
                "ERROR message=giving up call=\"fetch\" {error} tries=2 elapsed=1.0 reason=\"max_tries\""
            ),
            format!("DEBUG message=backing off call=\"poll\" {error} tries=1 elapsed=0.0 wait=1.0"),
            format!(
                "WARN message=giving up call=\"poll\" {error} tries=2 elapsed=1.0 reason=\"max_tries\""
            ),
        ]
    );
}

#[test]
fn a_try_runs_in_a_span_if_asked() {
    let subscriber = tracing_subscriber::registry();
    let names = Mutex::new(Vec::new());
    tracing::subscriber::with_default(subscriber.with(Recorder::default()), || {
        let name = || tracing::Span::current().metadata().map_or("", tracing::Metadata::name);
        let policy = policy!(expo, max_tries = 2);
        let call = policy.retry(|| {
            names.lock().unwrap().push(name());
            Err::<(), _>(1)
        });
        let _ = call.spans("fetch").sleeper(VirtualClock::new()).call();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let _ = runtime.block_on(
            policy
                .retry_async(|| async {
                    tokio::task::yield_now().await;
                    names.lock().unwrap().push(name());
                    Err::<(), _>(1)
                })
                .spans("fetch")
                .sleeper(VirtualClock::new())
                .into_future(),
        );
        names.lock().unwrap().push(name());
    });
    assert_eq!(*names.lock().unwrap(), ["try", "try", "try", "try", ""]);
}

#[tokio::test(start_paused = true)]
async fn a_try_that_is_cancelled_is_dropped_in_its_span() {
    struct NamesItsSpan(Arc<Mutex<Vec<&'static str>>>);

    impl Drop for NamesItsSpan {
        fn drop(&mut self) {
            let span = tracing::Span::current();
            self.0.lock().unwrap().push(span.metadata().map_or("", tracing::Metadata::name));
        }
    }

    let _registry = tracing::subscriber::set_default(tracing_subscriber::registry());
    let names = Arc::new(Mutex::new(Vec::new()));
    let silent = || {
        let query = NamesItsSpan(names.clone());
        async move {
            let _query = query;
            std::future::pending::<Result<(), ()>>().await
        }
    };
    let _ = TWICE.retry_async(silent).timeout(secs(1), |_| Err(())).spans("query").await;
    let call = TWICE.retry_async(silent).spans("query");
    assert!(tokio::time::timeout(secs(1), call.into_future()).await.is_err());
    assert_eq!(*names.lock().unwrap(), ["try", "try", "try"]);
}

fn names(call: &str, error: &str) -> [String; 2] {
    [
        format!("INFO message=backing off call={call:?}{error} tries=1 elapsed=0.0 wait=1.0"),
        format!(
            "ERROR message=giving up call={call:?}{error} tries=2 elapsed=1.0 reason=\"max_tries\""
        ),
    ]
}

static TWICE: Policy = policy!(expo, jitter = Jitter::None, max_tries = 2);

#[test]
fn a_trace_of_a_loop_names_the_call_and_the_error() {
    let events = recorded(|| {
        let tries = TWICE.tries().sleeper(VirtualClock::new());
        let mut tries = tries.hook(Trace::of("loop").in_loop());
        while tries.backoff("down").is_ok() {}
    });
    assert_eq!(events, names("loop", " error=down"));
}

#[test]
fn a_trace_of_an_attribute_names_the_call_and_the_error() {
    #[on_error(policy = TWICE, hook = Trace::of("attribute"), sleeper = VirtualClock::new())]
    fn fetch() -> Result<(), String> {
        Err("down".to_owned())
    }
    #[on_error(policy = TWICE, hook = Trace::of("attribute"), sleeper = VirtualClock::new())]
    async fn fetch_async() -> Result<(), String> {
        Err("down".to_owned())
    }
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    assert_eq!(recorded(|| fetch().unwrap_err().clear()), names("attribute", " error=down"));
    let events = recorded(|| runtime.block_on(fetch_async()).unwrap_err().clear());
    assert_eq!(events, names("attribute", " error=down"));
}

#[test]
fn a_trace_of_a_poll_names_the_error_that_the_outcome_shows() {
    struct Job(u8);
    impl Traced for Job {
        fn error(&self) -> Option<impl std::fmt::Display> {
            (self.0 < 100).then(|| format!("at {} %", self.0))
        }
    }
    let events = recorded(|| {
        let clock = VirtualClock::new();
        let poll = TWICE.poll(|| None::<u8>).until(Option::is_some).sleeper(clock.clone());
        assert!(poll.hook(Trace::of("poll")).call().is_none());
        let poll = TWICE.poll(|| Job(50)).until(|job| job.0 == 100).sleeper(clock);
        poll.hook(Trace::of("job")).call();
    });
    assert_eq!(events, [names("poll", ""), names("job", " error=at 50 %")].concat());
}

#[test]
fn a_trace_of_a_poll_names_the_call_whatever_is_polled() {
    #[rebackoff::on_predicate(policy = TWICE, |jobs| *jobs > 0, hook = Trace::of("left").in_poll())]
    fn left() -> usize {
        3
    }
    let events = recorded(|| {
        let poll = TWICE.poll(|| [1, 2]).until(|jobs| jobs.is_empty()).sleeper(VirtualClock::new());
        assert_eq!(poll.hook(Trace::of("jobs").in_poll()).call(), [1, 2]);
        let _no_wait = rebackoff::testing::no_wait();
        assert_eq!(left(), 3);
    });
    assert_eq!(events[..2], names("jobs", ""));
    assert!(events[2].starts_with("INFO message=backing off call=\"left\" tries=1"), "{events:?}");
}

#[test]
fn a_trace_of_the_middleware_names_the_status_or_the_error() {
    let server = server::Server::start(|n| match n {
        0 => server::reply(503),
        _ => server::Answer::HangUp,
    });
    let clock = VirtualClock::new();
    let middleware = RetryMiddleware::new(TWICE).hooks(|_| Trace::of("shop")).sleeper(clock);
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().retry(reqwest::retry::never());
    let client = reqwest_middleware::ClientBuilder::new(client.build().unwrap());
    let client = client.with(middleware).build();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let events = recorded(|| {
        assert!(runtime.block_on(client.get(server.url()).send()).is_err());
    });
    let errors: Vec<_> =
        events.iter().filter_map(|event| event.split_once("call=\"shop\" ")).collect();
    assert!(errors[0].1.starts_with("error=503 Service Unavailable tries=1"), "{errors:?}");
    assert!(errors[1].1.starts_with("error=error sending request"), "{errors:?}");
}
