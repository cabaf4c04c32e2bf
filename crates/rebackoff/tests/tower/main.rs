//! The tower layer: readiness, what is sent again, guards, cancellation.

#[path = "../support/headers.rs"]
mod headers;
mod http_requests;
mod readiness;
mod traces;

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
