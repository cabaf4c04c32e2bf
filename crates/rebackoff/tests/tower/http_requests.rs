//! The layer around HTTP services.

use super::*;

type Seen = Arc<Mutex<Vec<Request<&'static str>>>>;

/// Answers 503, with one header or none, so many times; then 200.
fn failing(
    failures: usize,
    header: Option<(&'static str, String)>,
    seen: &Seen,
) -> impl Service<Request<&'static str>, Response = Response<()>, Error = Infallible, Future: Send>
+ Clone
+ use<> {
    let seen = Arc::clone(seen);
    service_fn(move |request| {
        let mut seen = seen.lock().unwrap();
        seen.push(request);
        let status = if seen.len() <= failures { 503 } else { 200 };
        let response = Response::builder().status(status);
        let response =
            header.iter().fold(response, |response, (name, value)| response.header(*name, value));
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
    let layer = RetryLayer::http(&GUARDED, Classifier::new()).failures(|(): &()| Failure::Timeout);
    let mut service = layer.layer(service_fn(|_: Request<()>| ready(Err::<Response<()>, _>(()))));
    service.ready().await.unwrap().call(Request::new(())).await.unwrap_err();
    assert!(RETRIES.tokens_at(|| secs(0)).abs() < 1e-9); // three times ten
}
