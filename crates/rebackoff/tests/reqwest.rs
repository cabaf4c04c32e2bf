//! The reqwest middleware against a real server, on tokio's paused clock.

#[path = "support/headers.rs"]
mod headers;
#[path = "support/server.rs"]
mod server;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::Extensions;
use rebackoff::hooks::{Costs, Counts, OnBackoff, OnGiveup};
use rebackoff::http::{Classifier, ResendCount, RetryMiddleware, Tried};
use rebackoff::prelude::*;
use rebackoff::{BreakerState, Cost, Guarded, Health, Open};
use reqwest::{Body, Client, Method, Request, Response};
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware, Error, Middleware, Next};
use server::{Answer, Server, reply};
use tokio::time::Instant;

static EACH_SECOND: Policy =
    policy!(constant(interval = secs(1)), jitter = Jitter::None, max_tries = 4);

/// A client whose pool has no timer: on a paused clock, one would be due while an answer is awaited.
fn plain() -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().pool_idle_timeout(None).build().unwrap()
}

fn client() -> ClientWithMiddleware {
    with(RetryMiddleware::new(EACH_SECOND))
}

fn with(middleware: impl Middleware) -> ClientWithMiddleware {
    ClientBuilder::new(plain()).with(middleware).build()
}

/// Fails so many times, then succeeds.
fn failing(failures: usize) -> Server {
    Server::start(move |number| reply(if number < failures { 503 } else { 200 }))
}

#[tokio::test(start_paused = true)]
async fn a_server_that_recovers_is_asked_until_it_does() {
    let (server, start) = (failing(2), Instant::now());
    let response = client().get(server.url()).send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.text().await.unwrap(), "text");
    assert_eq!(server.requests().len(), 3);
    assert_eq!(start.elapsed().as_secs(), 2);
}

#[tokio::test(start_paused = true)]
async fn the_last_response_comes_back_as_it_is() {
    let server = Server::start(|number| {
        Answer::Reply(503, vec![("x-number", number.to_string())], "out of order")
    });
    let response = client().get(server.url()).send().await.unwrap();
    assert_eq!(
        (response.status().as_u16(), &response.headers()["x-number"]),
        (503, &"3".parse().unwrap())
    );
    assert_eq!(response.text().await.unwrap(), "out of order");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_changed_in_a_request_that_is_sent_again() {
    let server = failing(2);
    let request = client().put(server.url()).header("x-own", "kept").body("the body");
    assert_eq!(request.send().await.unwrap().status(), 200);
    let requests = server.requests();
    assert_eq!(requests.len(), 3);
    assert!(requests.iter().all(|request| *request == requests[0]), "{requests:?}");
    assert_eq!((&*requests[0].method, &*requests[0].body), ("PUT", "the body"));
    let names = requests[0].headers.iter().map(|header| &*header.0).collect::<Vec<_>>();
    assert_eq!(names, ["x-own", "content-length"]);
}

#[tokio::test(start_paused = true)]
async fn only_what_may_be_sent_again_is() {
    let any = Classifier::new().any_method(true);
    for (method, key, classifier, tries) in [
        (Method::GET, None, None, 4),
        (Method::HEAD, None, None, 4),
        (Method::OPTIONS, None, None, 4),
        (Method::TRACE, None, None, 4),
        (Method::PUT, None, None, 4),
        (Method::DELETE, None, None, 4),
        (Method::POST, None, None, 1),
        (Method::PATCH, None, None, 1),
        (Method::POST, Some("8e03978e"), None, 4),
        (Method::POST, None, Some(any), 4),
        (Method::PATCH, None, Some(any), 4),
    ] {
        let server = failing(usize::MAX);
        let mut request = client().request(method.clone(), server.url());
        if let Some(key) = key {
            request = request.header("Idempotency-Key", key);
        }
        if let Some(classifier) = classifier {
            request = request.with_extension(classifier);
        }
        assert_eq!(request.send().await.unwrap().status(), 503);
        assert_eq!(server.requests().len(), tries, "{method} {key:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_cannot_be_cloned_is_sent_once() {
    let server = failing(usize::MAX);
    let chunks = futures_lite::stream::iter([Ok::<_, std::io::Error>("a "), Ok("stream")]);
    let response = client().put(server.url()).body(Body::wrap_stream(chunks)).send().await.unwrap();
    assert_eq!(response.status(), 503);
    let requests = server.requests();
    assert_eq!((requests.len(), &*requests[0].body), (1, "a stream"));
}

#[tokio::test(start_paused = true)]
async fn every_form_of_a_hint_is_waited_for() {
    for (name, value, wait) in headers::hints() {
        let header = value.clone();
        let server = Server::start(move |number| match number {
            0 => Answer::Reply(429, vec![(name, header.clone())], ""),
            _ => reply(200),
        });
        let start = Instant::now();
        assert_eq!(client().get(server.url()).send().await.unwrap().status(), 200);
        let (waited, wait) = (start.elapsed(), secs(wait.unwrap_or(1)));
        assert!(
            wait.saturating_sub(secs(30)) < waited && waited <= wait + millis(1),
            "{name}: {value}: {waited:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_negative_pushback_and_a_hint_above_the_ceiling_end_it() {
    for (name, value) in [("grpc-retry-pushback-ms", "-1"), ("retry-after", "3600")] {
        let server = Server::start(move |_| Answer::Reply(503, vec![(name, value.to_owned())], ""));
        let reasons = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&reasons);
        let middleware = RetryMiddleware::new(EACH_SECOND).hooks(move |_| {
            let told = Arc::clone(&told);
            OnGiveup(move |event: &Event<'_, Tried>| told.lock().unwrap().push(event.reason))
        });
        let response = with(middleware).get(server.url()).send().await.unwrap();
        assert_eq!(response.headers()[name], value); // the time to come back after
        assert_eq!(server.requests().len(), 1);
        assert_eq!(*reasons.lock().unwrap(), [Some(Reason::Hint)]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_breaks_is_made_again() {
    let server = Server::start(|number| if number < 2 { Answer::HangUp } else { reply(200) });
    assert_eq!(client().get(server.url()).send().await.unwrap().status(), 200);
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_closed_port_is_an_error_of_reqwest_after_all_tries() {
    let url = {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        format!("http://{}/", listener.local_addr().unwrap())
    };
    // A redirect may have been followed before: the effect of a POST is unknown.
    for (method, waited) in [(Method::GET, 3), (Method::POST, 0)] {
        let start = Instant::now();
        let error = client().request(method, &url).send().await.unwrap_err();
        assert!(matches!(&error, Error::Reqwest(error) if error.is_connect()), "{error:?}");
        assert_eq!(start.elapsed().as_secs(), waited);
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_that_may_have_arrived_is_not_sent_again_unless_it_may_be() {
    let server = Server::start(|_| Answer::HangUp);
    let error = client().post(server.url()).send().await.unwrap_err();
    assert!(matches!(&error, Error::Reqwest(error) if error.is_request()), "{error:?}");
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_timeout_of_the_client_limits_each_try() {
    let server = Server::start(|_| Answer::Silence);
    let start = Instant::now();
    let error = client().get(server.url()).timeout(secs(5)).send().await.unwrap_err();
    assert!(error.is_timeout(), "{error:?}");
    assert_eq!(start.elapsed().as_secs(), 4 * 5 + 3);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_cannot_be_made_is_not_made_again() {
    let start = Instant::now();
    let error = client().get("ftp://nowhere.example/").send().await.unwrap_err();
    assert!(error.is_builder(), "{error:?}");
    assert!(start.elapsed().is_zero());
}

#[tokio::test(start_paused = true)]
async fn the_connection_of_a_failed_try_is_used_again() {
    let server = failing(3);
    assert_eq!(client().get(server.url()).send().await.unwrap().status(), 200);
    assert_eq!((server.requests().len(), server.connections()), (4, 1));
}

#[tokio::test(start_paused = true)]
async fn the_body_of_a_failed_try_is_not_awaited() {
    let server =
        Server::start(|number| if number == 0 { Answer::HeadOnly(503) } else { reply(200) });
    let start = Instant::now();
    assert_eq!(client().get(server.url()).send().await.unwrap().status(), 200);
    assert_eq!(start.elapsed().as_secs(), 1);
    assert_eq!(server.connections(), 2);
    until(|| server.open() == 1).await;
}

/// Lets real time pass, in which sockets are read and closed, and as much on the paused clock.
async fn until(done: impl Fn() -> bool) {
    for _ in 0..5_000 {
        if done() {
            return;
        }
        tokio::time::sleep(millis(1)).await;
        std::thread::sleep(millis(1));
    }
    panic!("it never came to that");
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_request_leaves_nothing_behind() {
    static RETRIES: Budget = budget!(quota);
    static SHOP: Breaker = breaker!(consecutive = 2, open_for = millis(10));
    static QUICKLY: Policy = policy!(constant(interval = millis(20)), jitter = Jitter::None);
    let server = Server::start(|number| if number < 2 { reply(503) } else { Answer::Silence });
    let guarded = Guarded::new(QUICKLY, (&RETRIES, &SHOP));
    let client = with(RetryMiddleware::new(guarded));

    // It is dropped in its third try: the breaker has opened, and that try is its probe.
    let request = tokio::spawn(client.get(server.url()).send());
    until(|| server.requests().len() == 3).await;
    assert_eq!(SHOP.state(), BreakerState::HalfOpen);
    assert!(SHOP.check().is_err());
    request.abort();
    assert!(request.await.unwrap_err().is_cancelled());

    assert!(SHOP.check().is_ok()); // the permit is back, and says nothing
    drop(client);
    until(|| server.open() == 0).await;
}

#[tokio::test(start_paused = true)]
async fn a_budget_that_is_spent_gives_back_the_response() {
    static RETRIES: Budget = budget!(per_second(rate = 0.001, capacity = 3));
    let server = failing(usize::MAX);
    let client = with(RetryMiddleware::new(Guarded::new(EACH_SECOND, &RETRIES)));
    for tries in [4, 5, 6] {
        assert_eq!(client.get(server.url()).send().await.unwrap().status(), 503);
        assert_eq!(server.requests().len(), tries);
    }
    assert_eq!(RETRIES.refused(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_open_breaker_sends_no_request_and_says_so() {
    static SHOP: Breaker = breaker!(consecutive = 1);
    let server = failing(usize::MAX);
    let client = with(RetryMiddleware::new(Guarded::new(EACH_SECOND, &SHOP)));
    let response = client.get(server.url()).send().await.unwrap();
    assert_eq!(response.status(), 503); // what the target said last
    let (request, mut extensions) = (client.get(server.url()).build().unwrap(), Extensions::new());
    extensions.insert(Note("given"));
    let sent = client.execute_with_extensions(request, &mut extensions).await;
    let Err(Error::Middleware(error)) = sent else { panic!("{sent:?}") };
    assert!(error.downcast_ref::<Open>().unwrap().retry_in.is_some());
    assert_eq!(extensions.get(), Some(&Note("given")));
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_fails_a_request_which_is_sent_once_has_failed_all_the_same() {
    static SHOP: Breaker = breaker!(consecutive = 2);
    let server = failing(usize::MAX);
    let client = with(RetryMiddleware::new(Guarded::new(EACH_SECOND, &SHOP)));
    for _ in 0..2 {
        assert_eq!(client.post(server.url()).send().await.unwrap().status(), 503);
    }
    assert!(client.post(server.url()).send().await.unwrap_err().is_middleware());
}

#[tokio::test(start_paused = true)]
async fn what_counts_for_the_breaker_is_the_callers_to_say() {
    static SHOP: Breaker = breaker!(consecutive = 1);
    let server = failing(usize::MAX);
    let middleware = RetryMiddleware::new(Guarded::new(EACH_SECOND, &SHOP))
        .hooks(|_| Counts(|_: &Tried| Health::Neutral));
    assert_eq!(with(middleware).get(server.url()).send().await.unwrap().status(), 503);
    assert_eq!(server.requests().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn the_callers_word_on_a_failed_connection_is_before_the_classifiers() {
    static SHOP: Breaker = breaker!(consecutive = 1);
    static RETRIES: Budget = budget!(quota);
    let refused = {
        let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", closed.local_addr().unwrap())
    };
    let middleware = RetryMiddleware::new(Guarded::new(EACH_SECOND, (&SHOP, &RETRIES)))
        .hooks(|_| Counts(|_: &Tried| Health::Neutral))
        .hooks(|_| Costs(|_: &Tried| Cost::Timeout));
    assert!(with(middleware).get(&refused).send().await.unwrap_err().is_connect());
    assert_eq!(SHOP.failures(), 0);
    assert!((RETRIES.tokens() - 470.0).abs() < 1e-9);
    // A request that is sent once, too.
    let middleware = RetryMiddleware::new(Guarded::new(EACH_SECOND, &SHOP))
        .hooks(|_| Counts(|_: &Tried| Health::Neutral));
    let server = failing(usize::MAX);
    assert_eq!(with(middleware).post(server.url()).send().await.unwrap().status(), 503);
    assert_eq!(SHOP.failures(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_policy_in_the_extensions_is_for_that_request() {
    static ONCE: Policy = policy!(expo, max_tries = 1);
    let server = failing(usize::MAX);
    let client = client();
    client.get(server.url()).with_extension(ONCE).send().await.unwrap();
    assert_eq!(server.requests().len(), 1);
    client.get(server.url()).send().await.unwrap();
    assert_eq!(server.requests().len(), 5);
}

#[derive(Clone, Debug, PartialEq)]
struct Note(&'static str);

/// Writes down what each try finds, and leaves a note.
struct Inner(Arc<Mutex<Vec<Found>>>);

type Found = (Extensions, Option<Duration>);

#[async_trait::async_trait]
impl Middleware for Inner {
    async fn handle(
        &self,
        request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> reqwest_middleware::Result<Response> {
        self.0.lock().unwrap().push((extensions.clone(), rebackoff::remaining()));
        let response = next.run(request, extensions).await?;
        extensions.insert(Note(if response.status() == 200 { "answered" } else { "failed" }));
        Ok(response)
    }
}

#[tokio::test(start_paused = true)]
async fn each_try_finds_what_the_request_came_with_and_how_often_it_was_sent() {
    let server = failing(2);
    let found = Arc::default();
    let client = ClientBuilder::new(plain())
        .with(RetryMiddleware::new(EACH_SECOND))
        .with(Inner(Arc::clone(&found)))
        .build();
    let mut extensions = Extensions::new();
    extensions.insert(Note("given"));
    let request = client.get(server.url()).build().unwrap();
    client.execute_with_extensions(request, &mut extensions).await.unwrap();
    assert_eq!(extensions.get(), Some(&Note("answered")));

    let found = found.lock().unwrap();
    assert!(found.iter().all(|(extensions, _)| extensions.get() == Some(&Note("given"))));
    let counts = found.iter().map(|(extensions, _)| extensions.get().copied()).collect::<Vec<_>>();
    assert_eq!(counts, [None, Some(ResendCount(1)), Some(ResendCount(2))]);
}

/// On the clock of the system: a paused one would come to the deadline while an answer is awaited.
#[tokio::test]
async fn handlers_are_told_and_each_try_sees_the_deadline() {
    static LIMITED: Policy =
        policy!(constant(interval = millis(1)), jitter = Jitter::None, max_time = secs(600));
    let (server, found, waits) = (failing(1), Arc::default(), Arc::new(Mutex::new(Vec::new())));
    let told = Arc::clone(&waits);
    let middleware = RetryMiddleware::new(LIMITED).hooks(move |request| {
        let (told, url) = (Arc::clone(&told), request.url().clone());
        OnBackoff(move |event: &Event<'_, Tried>| {
            told.lock().unwrap().push((url.clone(), event.wait));
        })
    });
    let client =
        ClientBuilder::new(plain()).with(middleware).with(Inner(Arc::clone(&found))).build();
    client.get(server.url()).send().await.unwrap();
    assert_eq!(*waits.lock().unwrap(), [(server.url().parse().unwrap(), Some(millis(1)))]);
    let left = found.lock().unwrap().iter().map(|(_, left)| left.unwrap()).collect::<Vec<_>>();
    assert!(left[1] < left[0] && left[0] <= secs(600), "{left:?}");
}
