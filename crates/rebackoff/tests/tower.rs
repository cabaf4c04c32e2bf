//! The tower layer: readiness, what is sent again, guards, cancellation.

#[path = "support/headers.rs"]
mod headers;

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use http::{Method, Request, Response, StatusCode};
use rebackoff::hooks::{Counts, OnBackoff, PerRequest};
use rebackoff::http::{Classifier, Failure, ResendCount};
use rebackoff::prelude::*;
use rebackoff::testing::VirtualClock;
use rebackoff::tower::RetryLayer;
use rebackoff::{Guarded, Health, Open};
use tokio::time::Instant;
use tokio_test::{assert_pending, assert_ready, assert_ready_ok, task};
use tower::{BoxError, Layer, Service, ServiceBuilder, ServiceExt, service_fn};
use tower_test::mock;

static EACH_SECOND: Policy =
    policy!(constant(interval = secs(1)), jitter = Jitter::None, max_tries = 4);

/// Polls often enough for a wait on the paused clock, and what follows it.
async fn after_a_wait() {
    tokio::time::sleep(millis(1001)).await;
}

mod readiness {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn is_that_of_the_service_inside() {
        let (mut service, mut handle) =
            mock::spawn_layer::<&str, &str, _>(RetryLayer::new(&EACH_SECOND));
        handle.allow(0);
        assert_pending!(service.poll_ready());
        handle.allow(1);
        assert_ready_ok!(service.poll_ready());
        handle.send_error("closed for good");
        assert!(assert_ready!(service.poll_ready()).is_err());
    }

    /// The mock panics where it is called without having been ready.
    #[tokio::test(start_paused = true)]
    async fn is_asked_for_before_each_try() {
        let (mut service, mut handle) =
            mock::spawn_layer::<&str, &str, _>(RetryLayer::new(&EACH_SECOND));
        handle.allow(1);
        assert_ready_ok!(service.poll_ready());
        let mut response = task::spawn(service.call("question"));
        assert_pending!(response.poll());
        let (_, send) = handle.next_request().await.unwrap();
        send.send_error("down");
        assert_pending!(response.poll());

        after_a_wait().await;
        assert_pending!(response.poll());
        let mut next = task::spawn(handle.next_request());
        assert_pending!(next.poll()); // nothing is sent to a service that is not ready
        drop(next);

        handle.allow(1);
        assert!(response.is_woken());
        assert_pending!(response.poll());
        let (request, send) = handle.next_request().await.unwrap();
        assert_eq!(request, "question");
        send.send_response("answer");
        assert_eq!(assert_ready_ok!(response.poll()), "answer");
    }

    /// Counts the places that are taken; a clone has none.
    struct Place {
        taken: Arc<AtomicU64>,
        mine: bool,
    }

    impl Clone for Place {
        fn clone(&self) -> Self {
            Self { taken: Arc::clone(&self.taken), mine: false }
        }
    }

    impl Place {
        fn give_back(&mut self) {
            self.taken.fetch_sub(u64::from(self.mine), Relaxed);
            self.mine = false;
        }
    }

    impl Drop for Place {
        fn drop(&mut self) {
            self.give_back();
        }
    }

    impl Service<&'static str> for Place {
        type Response = Infallible;
        type Error = &'static str;
        type Future = Ready<Result<Infallible, &'static str>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), &'static str>> {
            self.taken.fetch_add(u64::from(!self.mine), Relaxed);
            self.mine = true;
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, request: &'static str) -> Self::Future {
            assert!(self.mine, "a clone was called that was not ready");
            self.give_back();
            ready(Err(request))
        }
    }

    #[tokio::test(start_paused = true)]
    async fn is_kept_by_the_clone_that_is_called_and_by_none_else() {
        let taken = Arc::new(AtomicU64::new(0));
        let place = Place { taken: Arc::clone(&taken), mine: false };
        let mut service = RetryLayer::new(&EACH_SECOND).layer(place);
        assert_eq!(service.ready().await.unwrap().call("down").await, Err("down"));
        assert_eq!(taken.load(Relaxed), 0);

        // A reserved place goes back with a future that is never polled, and with one that waits.
        let unpolled = service.ready().await.unwrap().call("down");
        assert_eq!(taken.load(Relaxed), 1);
        drop(unpolled);
        assert_eq!(taken.load(Relaxed), 0);
        let mut waiting = task::spawn(service.ready().await.unwrap().call("down"));
        assert_pending!(waiting.poll());
        assert_eq!(taken.load(Relaxed), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn holds_no_place_of_a_limit_while_it_waits() {
        let down = service_fn(|request: &'static str| ready(Err::<Infallible, _>(request)));
        let mut service = ServiceBuilder::new()
            .layer(RetryLayer::new(&EACH_SECOND))
            .concurrency_limit(1)
            .service(down);
        let mut waiting = task::spawn(service.ready().await.unwrap().call("down"));
        assert_pending!(waiting.poll());
        assert!(service.ready().await.unwrap().call("down").await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn that_fails_before_a_retry_is_a_try_that_failed() {
        #[derive(Clone)]
        struct Flaky(Arc<AtomicU64>);
        impl Service<()> for Flaky {
            type Response = u64;
            type Error = u64;
            type Future = Ready<Result<u64, u64>>;

            fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), u64>> {
                match self.0.fetch_add(1, Relaxed) {
                    1 => Poll::Ready(Err(1)),
                    _ => Poll::Ready(Ok(())),
                }
            }

            fn call(&mut self, (): ()) -> Self::Future {
                ready(match self.0.load(Relaxed) {
                    1 => Err(0),
                    readies => Ok(readies),
                })
            }
        }
        let mut service = RetryLayer::new(&EACH_SECOND).layer(Flaky(Arc::default()));
        assert_eq!(service.ready().await.unwrap().call(()).await, Ok(3));
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_that_cannot_be_cloned_goes_behind_a_buffer() {
    let calls = AtomicU64::new(0);
    let flaky = service_fn(move |(): ()| {
        ready(if calls.fetch_add(1, Relaxed) < 2 { Err("down") } else { Ok("up") })
    });
    let mut service =
        ServiceBuilder::new().layer(RetryLayer::new(&EACH_SECOND)).buffer(8).service(flaky);
    assert_eq!(service.ready().await.unwrap().call(()).await.unwrap(), "up");
}

#[tokio::test(start_paused = true)]
async fn the_verdict_is_the_callers_to_say() {
    let asked = Arc::new(AtomicU64::new(0));
    let layer = RetryLayer::new(&EACH_SECOND).judge(|result: &Result<u64, &str>| match result {
        Ok(2..) => Verdict::Accept,
        Ok(_) => Verdict::retry_after(secs(5)),
        Err(_) => Verdict::GiveUp,
    });
    let count = |asked: Arc<AtomicU64>| {
        service_fn(move |fails: bool| {
            let number = asked.fetch_add(1, Relaxed);
            ready(if fails { Err("wrong") } else { Ok(number) })
        })
    };
    let start = Instant::now();
    let mut service = layer.layer(count(Arc::clone(&asked)));
    assert_eq!(service.ready().await.unwrap().call(false).await, Ok(2));
    assert_eq!(start.elapsed().as_secs(), 10);
    assert_eq!(service.ready().await.unwrap().call(true).await, Err("wrong"));
    assert_eq!(asked.load(Relaxed), 4);
}

#[test]
fn waits_with_any_sleeper_and_without_a_runtime() {
    let clock = VirtualClock::new();
    let layer = RetryLayer::new(&EACH_SECOND).sleeper(clock.clone());
    let mut service = layer.layer(service_fn(|(): ()| ready(Err::<(), _>("down"))));
    let result = futures_lite::future::block_on(async { service.ready().await?.call(()).await });
    assert_eq!(result, Err("down"));
    assert_eq!(clock.waits(), [secs(1); 3]);
}

#[tokio::test(start_paused = true)]
async fn guards_come_with_the_policy() {
    #[derive(Clone, Debug, PartialEq)]
    enum Failure {
        Down,
        Open,
    }
    impl From<Open> for Failure {
        fn from(_: Open) -> Self {
            Self::Open
        }
    }
    static RETRIES: Budget = budget!(per_second(rate = 0.001, capacity = 5));
    static SHOP: Breaker = breaker!(consecutive = 7);
    static GUARDED: Guarded<(&Budget, &Breaker)> = Guarded::new(EACH_SECOND, (&RETRIES, &SHOP));
    let calls = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&calls);
    let mut service = RetryLayer::new(&GUARDED).layer(service_fn(move |(): ()| {
        counted.fetch_add(1, Relaxed);
        ready(Err::<(), _>(Failure::Down))
    }));
    for (failure, sum) in [(Failure::Down, 4), (Failure::Down, 7), (Failure::Open, 7)] {
        assert_eq!(service.ready().await.unwrap().call(()).await, Err(failure));
        assert_eq!(calls.load(Relaxed), sum);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_of_its_own_goes_wherever_frameworks_put_it() {
    use tower::util::BoxCloneSyncService;

    /// The bounds of axum and its like on a layer.
    fn framed<L, S>(layer: L, service: S) -> BoxCloneSyncService<&'static str, usize, Open>
    where
        L: Layer<S> + Clone + Send + Sync + 'static,
        L::Service:
            Service<&'static str, Response = usize, Error = Open> + Clone + Send + Sync + 'static,
        <L::Service as Service<&'static str>>::Future: Send + 'static,
    {
        BoxCloneSyncService::new(ServiceBuilder::new().layer(layer.clone()).service(service))
    }

    // Read from a file when the program starts, and kept as long as it runs.
    let policy = Policy::new(expo()).max_tries(3).build().unwrap();
    let breaker = Arc::new(Breaker::builder().build().unwrap());
    let guarded: &'static Guarded<Arc<Breaker>> =
        Box::leak(Box::new(Guarded::new(policy, breaker)));
    let parse = service_fn(|text: &'static str| ready(Ok::<_, Open>(text.len())));
    let service = framed(RetryLayer::new(guarded), parse);
    let tasks = ["one", "three"].map(|text| tokio::spawn(service.clone().oneshot(text)));
    let [one, three] = tasks;
    assert_eq!((one.await.unwrap(), three.await.unwrap()), (Ok(3), Ok(5)));
}

#[tokio::test(start_paused = true)]
async fn hooks_are_made_for_each_request() {
    let waits = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&waits);
    let layer = RetryLayer::new(&EACH_SECOND).hooks(move |request: &&'static str| {
        let (told, request) = (Arc::clone(&told), *request);
        OnBackoff(move |event: &Event<'_, Result<(), &str>>| {
            told.lock().unwrap().push((request, event.tries));
        })
    });
    let mut service = layer.layer(service_fn(|request: &'static str| ready(Err::<(), _>(request))));
    for request in ["one", "two"] {
        assert_eq!(service.ready().await.unwrap().call(request).await, Err(request));
    }
    let expected = [("one", 1), ("one", 2), ("one", 3), ("two", 1), ("two", 2), ("two", 3)];
    assert_eq!(*waits.lock().unwrap(), expected);
}

#[tokio::test(start_paused = true)]
async fn what_is_said_about_requests_can_be_a_type_of_ones_own() {
    #[derive(Clone)]
    struct Numbers(Arc<Mutex<Vec<(u64, u64)>>>);
    impl<O> PerRequest<u64, O> for Numbers {
        type Hooks = ();

        fn hooks(&self, _: &u64) {}

        fn resend(&self, request: &mut u64, resends: u64) {
            self.0.lock().unwrap().push((*request, resends));
            *request += 10;
        }
    }
    let resent = Arc::default();
    let layer = RetryLayer::new(&EACH_SECOND).hooks(Numbers(Arc::clone(&resent)));
    let mut service = layer.layer(service_fn(|request: u64| ready(Err::<(), _>(request))));
    assert_eq!(service.ready().await.unwrap().call(2).await, Err(12));
    assert_eq!(*resent.lock().unwrap(), [(2, 1), (2, 2), (2, 3)]);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_dropped_leaves_nothing_behind() {
    let alive = Arc::new(());
    let held = Arc::clone(&alive);
    let hung = service_fn(move |request: (Arc<()>, bool)| {
        let held = Arc::clone(&held);
        async move {
            if request.1 {
                std::future::pending::<()>().await;
            }
            drop(held);
            Err::<(), _>("down")
        }
    });
    let mut service = RetryLayer::new(&EACH_SECOND).layer(hung);
    for hangs in [true, false] {
        let request = (Arc::clone(&alive), hangs);
        let mut response = task::spawn(service.ready().await.unwrap().call(request));
        assert_pending!(response.poll()); // in the try, or in the wait
        drop(response);
    }
    drop(service);
    assert_eq!(Arc::strong_count(&alive), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn its_future_can_be_spawned() {
    static AT_ONCE: Policy = policy!(constant(interval = millis(0)), max_tries = 3);
    let layer = RetryLayer::http(&AT_ONCE, Classifier::new());
    let mut service = layer.layer(service_fn(|_: Request<String>| async {
        tokio::task::yield_now().await;
        Ok::<_, BoxError>(Response::builder().status(503).body(String::new()).unwrap())
    }));
    let response = service.ready().await.unwrap().call(Request::new(String::new()));
    assert_eq!(tokio::spawn(response).await.unwrap().unwrap().status(), 503);
}

mod http_requests {
    use super::*;

    type Seen = Arc<Mutex<Vec<Request<&'static str>>>>;

    /// Answers 503, with one header or none, so many times; then 200.
    fn failing(
        failures: usize,
        header: Option<(&'static str, String)>,
        seen: &Seen,
    ) -> impl Service<
        Request<&'static str>,
        Response = Response<()>,
        Error = Infallible,
        Future: Send,
    > + Clone
    + use<> {
        let seen = Arc::clone(seen);
        service_fn(move |request| {
            let mut seen = seen.lock().unwrap();
            seen.push(request);
            let status = if seen.len() <= failures { 503 } else { 200 };
            let response = Response::builder().status(status);
            let response = header
                .iter()
                .fold(response, |response, (name, value)| response.header(*name, value));
            ready(Ok(response.body(()).unwrap()))
        })
    }

    #[tokio::test(start_paused = true)]
    async fn are_sent_again_where_they_may_be() {
        for (method, key, tries) in [
            (Method::GET, None, 4),
            (Method::PUT, None, 4),
            (Method::POST, None, 1),
            (Method::PATCH, None, 1),
            (Method::POST, Some("8e03978e"), 4),
        ] {
            let seen = Seen::default();
            let layer = RetryLayer::http(&EACH_SECOND, Classifier::new());
            let mut service = layer.layer(failing(usize::MAX, None, &seen));
            let mut request = Request::builder().method(method.clone());
            if let Some(key) = key {
                request = request.header("idempotency-key", key);
            }
            let request = request.body("body").unwrap();
            let response = service.ready().await.unwrap().call(request).await.unwrap();
            assert_eq!(response.status(), 503);
            assert_eq!(seen.lock().unwrap().len(), tries, "{method} {key:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn are_changed_in_nothing_but_the_count_among_their_extensions() {
        let seen = Seen::default();
        let layer = RetryLayer::http(&EACH_SECOND, Classifier::new());
        let mut service = layer.layer(failing(2, None, &seen));
        let request = Request::put("http://shop.example/").header("x-own", "kept");
        let request = request.body("body").unwrap();
        service.ready().await.unwrap().call(request).await.unwrap();
        let seen = seen.lock().unwrap();
        let counts = seen.iter().map(|request| request.extensions().get().copied());
        let counts = counts.collect::<Vec<Option<ResendCount>>>();
        assert_eq!(counts, [None, Some(ResendCount(1)), Some(ResendCount(2))]);
        for request in &*seen {
            assert_eq!((request.method(), *request.body()), (&Method::PUT, "body"));
            assert_eq!(request.headers(), seen[0].headers());
            assert_eq!(
                request.extensions().len(),
                usize::from(request.extensions().get::<ResendCount>().is_some())
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn follow_a_classifier_in_their_extensions() {
        let seen = Seen::default();
        let layer = RetryLayer::http(&EACH_SECOND, Classifier::new());
        let mut service = layer.layer(failing(2, None, &seen));
        let request = Request::post("/").extension(Classifier::new().any_method(true));
        let request = request.body("body").unwrap();
        let response = service.ready().await.unwrap().call(request).await.unwrap();
        assert_eq!((response.status(), seen.lock().unwrap().len()), (StatusCode::OK, 3));
    }

    #[tokio::test(start_paused = true)]
    async fn wait_for_every_form_of_a_hint() {
        for (name, value, wait) in headers::hints() {
            let layer = RetryLayer::http(&EACH_SECOND, Classifier::new());
            let header = Some((name, value.clone()));
            let mut service = layer.layer(failing(1, header, &Seen::default()));
            let start = Instant::now();
            let response = service.ready().await.unwrap().call(Request::new("body")).await.unwrap();
            assert_eq!(response.status(), 200);
            let (waited, wait) = (start.elapsed(), secs(wait.unwrap_or(1)));
            let late = wait + millis(1);
            assert!(wait.saturating_sub(secs(2)) < waited && waited <= late, "{name}: {value}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn stop_at_a_negative_pushback() {
        let seen = Seen::default();
        let layer = RetryLayer::http(&EACH_SECOND, Classifier::new());
        let header = Some(("grpc-retry-pushback-ms", "-1".to_owned()));
        let mut service = layer.layer(failing(usize::MAX, header, &seen));
        service.ready().await.unwrap().call(Request::new("body")).await.unwrap();
        assert_eq!(seen.lock().unwrap().len(), 1);
    }

    /// A body that can be cloned while it has not begun.
    #[derive(Debug, PartialEq)]
    enum Body {
        Bytes(&'static str),
        Stream,
    }

    fn again(request: &Request<Body>) -> Option<Request<Body>> {
        let Body::Bytes(bytes) = request.body() else { return None };
        let mut again = Request::new(Body::Bytes(bytes));
        *again.method_mut() = request.method().clone();
        Some(again)
    }

    #[tokio::test(start_paused = true)]
    async fn are_sent_once_where_their_body_cannot_be_cloned() {
        static SHOP: Breaker = breaker!(consecutive = 5);
        static GUARDED: Guarded<&Breaker> = Guarded::new(EACH_SECOND, &SHOP);
        for (body, tries) in [(Body::Bytes("text"), 4), (Body::Stream, 1)] {
            let calls = Arc::new(AtomicU64::new(0));
            let counted = Arc::clone(&calls);
            let layer = RetryLayer::http(&GUARDED, Classifier::new()).repeat(again);
            let mut service = layer.layer(service_fn(move |_: Request<Body>| {
                counted.fetch_add(1, Relaxed);
                let response = Response::builder().status(503);
                ready(Ok::<_, BoxError>(response.body(()).unwrap()))
            }));
            service.ready().await.unwrap().call(Request::new(body)).await.unwrap();
            assert_eq!(calls.load(Relaxed), tries);
        }
        // It was the server that failed, five times.
        assert!(SHOP.check().is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn say_of_their_health_what_the_caller_says() {
        static SHOP: Breaker = breaker!(consecutive = 1);
        static GUARDED: Guarded<&Breaker> = Guarded::new(EACH_SECOND, &SHOP);
        type Answer = Result<Response<()>, BoxError>;
        let layer = RetryLayer::http(&GUARDED, Classifier::new())
            .hooks(|_: &Request<()>| Counts(|_: &Answer| Health::Neutral));
        let mut service = layer.layer(service_fn(|_| ready(Answer::Err("reset".into()))));
        assert!(service.ready().await.unwrap().call(Request::new(())).await.is_err());
        assert_eq!(SHOP.failures(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn fail_in_ways_that_the_caller_tells_apart() {
        let of = |error: &&str| match *error {
            "refused" => Failure::Unsent,
            "reset" => Failure::Connection,
            "timeout" => Failure::Timeout,
            _ => Failure::Other,
        };
        for (text, gets, posts) in
            [("refused", 4, 4), ("reset", 4, 1), ("timeout", 4, 1), ("bug", 1, 1)]
        {
            for (method, tries) in [(Method::GET, gets), (Method::POST, posts)] {
                let calls = Arc::new(AtomicU64::new(0));
                let counted = Arc::clone(&calls);
                let layer = RetryLayer::http(&EACH_SECOND, Classifier::new()).failures(of);
                let mut service = layer.layer(service_fn(move |_: Request<()>| {
                    counted.fetch_add(1, Relaxed);
                    ready(Err::<Response<()>, _>(text))
                }));
                let request = Request::builder().method(&method).body(()).unwrap();
                let error = service.ready().await.unwrap().call(request).await.unwrap_err();
                assert_eq!((error, calls.load(Relaxed)), (text, tries), "{method}");
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn pay_more_for_a_retry_after_a_timeout() {
        static RETRIES: Budget = budget!(quota(capacity = 30));
        static GUARDED: Guarded<&Budget> = Guarded::new(EACH_SECOND, &RETRIES);
        let layer =
            RetryLayer::http(&GUARDED, Classifier::new()).failures(|(): &()| Failure::Timeout);
        let mut service =
            layer.layer(service_fn(|_: Request<()>| ready(Err::<Response<()>, _>(()))));
        service.ready().await.unwrap().call(Request::new(())).await.unwrap_err();
        assert!(RETRIES.tokens_at(|| secs(0)).abs() < 1e-9); // three times ten
    }
}

mod traces {
    use std::fmt::Write as _;

    use tracing::field::{Field, Visit};
    use tracing_subscriber::layer::{Context, SubscriberExt as _};

    use super::*;

    #[derive(Clone, Default)]
    struct Recorder(Arc<Mutex<Vec<String>>>);

    struct Fields(String);

    impl Visit for Fields {
        fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
            write!(self.0, " {field}={value:?}").unwrap();
        }
    }

    impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for Recorder {
        fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
            let mut fields = Fields("event".to_owned());
            event.record(&mut fields);
            if fields.0.contains("sending") {
                self.0.lock().unwrap().push(fields.0);
            }
        }

        fn on_record(
            &self,
            _: &tracing::Id,
            values: &tracing::span::Record<'_>,
            _: Context<'_, S>,
        ) {
            let mut fields = Fields("span".to_owned());
            values.record(&mut fields);
            self.0.lock().unwrap().push(fields.0);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn tell_how_often_a_request_was_sent_again() {
        let recorder = Recorder::default();
        let subscriber = tracing_subscriber::registry().with(recorder.clone());
        let _here = tracing::subscriber::set_default(subscriber);
        let span = tracing::info_span!("fetch", http.request.resend_count = tracing::field::Empty);
        let layer = RetryLayer::http(&EACH_SECOND, Classifier::new());
        let down = service_fn(|_: Request<()>| ready(Err::<Response<()>, _>(())));
        let mut service = layer.layer(down);
        let request = service.ready().await.unwrap().call(Request::new(()));
        tracing::Instrument::instrument(request, span).await.unwrap_err();
        let expected = (1..=3).flat_map(|count| {
            [
                format!("span http.request.resend_count={count}"),
                format!(
                    "event message=sending again http.request.method=\"GET\" \
                     http.request.resend_count={count}"
                ),
            ]
        });
        assert_eq!(*recorder.0.lock().unwrap(), expected.collect::<Vec<_>>());
    }
}
