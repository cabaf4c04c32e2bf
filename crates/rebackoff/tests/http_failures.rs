//! Failures of real connections: those that are retried, and those that are permanent or may have had their
//! effect.

#[path = "support/http2.rs"]
mod http2;
#[path = "http_failures/proxies.rs"]
mod proxies;
#[path = "support/server.rs"]
mod server;
#[path = "support/tls.rs"]
mod tls;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, LazyLock};

use http2::{Http2Server, Reply};
use rebackoff::http::TimedOut;
use rebackoff::http::{Classifier, Failure, RetryMiddleware, Tried, observed_redirects};
use rebackoff::prelude::*;
use rebackoff::tower::RetryLayer;
use rebackoff::{BreakerState, Guarded, hooks::OnBackoff};
use reqwest::{Client, ClientBuilder, redirect};
use reqwest_middleware::{ClientWithMiddleware, Error};
use server::{Answer, Server, reply};
use tower::{BoxError, ServiceBuilder, ServiceExt, service_fn};

static QUICKLY: Policy =
    policy!(constant(interval = millis(1)), jitter = Jitter::None, max_tries = 4);

static TLS: LazyLock<()> = LazyLock::new(|| {
    let _ = rustls::crypto::ring::default_provider().install_default();
});

fn client() -> ClientBuilder {
    LazyLock::force(&TLS);
    Client::builder().no_proxy()
}

fn with(
    client: ClientBuilder,
    middleware: impl reqwest_middleware::Middleware,
) -> ClientWithMiddleware {
    reqwest_middleware::ClientBuilder::new(client.build().unwrap()).with(middleware).build()
}

fn closed_port() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}/", listener.local_addr().unwrap())
}

/// Answers each connection with bytes, whatever it asks.
fn raw(answer: impl Fn(usize, &mut TcpStream) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for (number, stream) in listener.incoming().enumerate() {
            answer(number, &mut stream.unwrap());
        }
    });
    url
}

/// Reads the head of a request, and answers with `text`.
fn say(stream: &mut TcpStream, text: &str) {
    let mut read = [0; 4096];
    let _ = stream.read(&mut read);
    let _ = stream.write_all(text.as_bytes());
}

mod a_redirected_post {
    use super::*;

    fn redirecting(status: u16, to: String) -> Server {
        Server::start(move |_| Answer::Reply(status, vec![("location", to.clone())], ""))
    }

    #[tokio::test]
    async fn is_sent_once_where_the_second_hop_cannot_be_reached() {
        for status in [301, 302, 303, 307, 308] {
            let server = redirecting(status, closed_port());
            let observed = client().redirect(observed_redirects(redirect::Policy::default()));
            let clients = [
                with(client(), RetryMiddleware::new(QUICKLY)),
                with(observed, RetryMiddleware::new(QUICKLY).redirects_observed()),
            ];
            for (number, client) in clients.iter().enumerate() {
                let sent = client.post(server.url()).body("order").send().await;
                assert!(sent.unwrap_err().is_connect());
                assert_eq!(server.requests().len(), number + 1, "{status}");
            }
        }
    }

    #[tokio::test]
    async fn is_sent_once_where_the_second_hop_refuses_the_stream() {
        let refusing = Http2Server::start(|_| Reply::RefuseStream);
        let to = refusing.url();
        let server = Http2Server::start(move |_| Reply::Redirect(303, to.clone()));
        let client = client()
            .http2_prior_knowledge()
            .redirect(observed_redirects(redirect::Policy::default()));
        let client = with(client, RetryMiddleware::new(QUICKLY).redirects_observed());
        assert!(client.post(server.url()).send().await.is_err());
        assert_eq!(server.requests(), 1);
    }
}

#[tokio::test]
async fn a_post_that_no_connection_could_be_made_for_is_retried_where_redirects_are_observed() {
    let waits = Arc::new(AtomicUsize::new(0));
    let count = || {
        let waits = Arc::clone(&waits);
        RetryMiddleware::new(QUICKLY).hooks(move |_| {
            let waits = Arc::clone(&waits);
            OnBackoff(move |_: &Event<'_, Tried>| {
                waits.fetch_add(1, Relaxed);
            })
        })
    };
    let error = with(client(), count()).post(closed_port()).send().await.unwrap_err();
    assert!(error.is_connect());
    assert_eq!(waits.load(Relaxed), 0);
    let observed = client().redirect(observed_redirects(redirect::Policy::default()));
    let client = with(observed, count().redirects_observed());
    assert!(client.post(closed_port()).send().await.unwrap_err().is_connect());
    assert_eq!(waits.load(Relaxed), 3);
}

mod a_post_over_http2 {
    use super::*;

    async fn sent(answer: impl Fn(usize) -> Reply + Send + Sync + 'static) -> (u16, usize) {
        let server = Http2Server::start(answer);
        let client = client().http2_prior_knowledge().retry(reqwest::retry::never());
        let client = with(client, RetryMiddleware::new(QUICKLY));
        let sent = client.post(server.url()).body("order").send().await;
        (sent.map_or(0, |response| response.status().as_u16()), server.requests())
    }

    #[tokio::test]
    async fn whose_stream_is_refused_is_sent_again() {
        let answer = |number| if number < 2 { Reply::RefuseStream } else { Reply::Status(200) };
        assert_eq!(sent(answer).await, (200, 3));
    }

    #[tokio::test]
    async fn that_a_graceful_shutdown_has_not_seen_is_sent_again() {
        let answer = |number| if number < 2 { Reply::GoAwayUnseen } else { Reply::Status(200) };
        assert_eq!(sent(answer).await, (200, 3));
    }

    #[tokio::test]
    async fn that_the_server_has_seen_is_sent_once() {
        assert_eq!(sent(|_| Reply::GoAwaySeen).await, (0, 1));
        assert_eq!(sent(|_| Reply::Reset).await, (0, 1));
    }

    #[tokio::test]
    async fn is_sent_three_times_in_each_try_unless_reqwest_does_not_retry() {
        for (own, requests) in [(true, 12), (false, 4)] {
            let server = Http2Server::start(|_| Reply::RefuseStream);
            let mut client = client().http2_prior_knowledge();
            if !own {
                client = client.retry(reqwest::retry::never());
            }
            let client = with(client, RetryMiddleware::new(QUICKLY));
            assert!(client.post(server.url()).send().await.is_err());
            assert_eq!(server.requests(), requests);
        }
    }
}

#[tokio::test]
async fn a_connection_that_closes_before_the_first_byte_is_made_again() {
    let url = raw(|number, stream| {
        if number > 1 {
            say(stream, "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
        }
    });
    let client = with(client(), RetryMiddleware::new(QUICKLY));
    assert_eq!(client.get(url).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn the_error_of_a_status_is_judged_by_the_status() {
    static HTTP: Classifier = Classifier::new();
    for (status, tries) in [(503, 4), (404, 1)] {
        let server = Server::start(move |_| reply(status));
        let client = client().build().unwrap();
        let page = QUICKLY
            .retry_async(|| async {
                client.get(server.url()).send().await?.error_for_status()?.text().await
            })
            .when(|error| HTTP.judge_error(error).wants_retry())
            .await;
        assert_eq!(page.unwrap_err().status().unwrap(), status);
        assert_eq!(server.requests().len(), tries);
    }
}

mod a_body_that_breaks_off {
    use super::*;

    const BROKEN: [&str; 3] = [
        "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\npart",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n64\r\npart",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\npart\r\n",
    ];

    #[tokio::test]
    async fn is_a_failed_connection() {
        for text in BROKEN {
            let response = client().build().unwrap().get(raw(move |_, stream| say(stream, text)));
            let error = response.send().await.unwrap().text().await.unwrap_err();
            assert_eq!(Failure::from(&error), Failure::Connection, "{error:?}");
        }
    }

    #[tokio::test]
    async fn is_read_again_inside_the_try() {
        let url = raw(|number, stream| {
            let good = "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ngood";
            say(stream, BROKEN.get(number).unwrap_or(&good));
        });
        let client = client().build().unwrap();
        let outcome = QUICKLY
            .retry_async(|| async { client.get(&url).send().await?.text().await })
            .when(|error| Classifier::new().judge_failure(Failure::from(error)).wants_retry())
            .outcome()
            .await;
        assert_eq!((outcome.tries, outcome.result.unwrap()), (4, "good".to_owned()));
    }
}

mod a_permanent_failure {
    use super::*;

    /// Sends one request; it must fail with `Other`, at once, without a failure for the breaker.
    async fn fails_once(client: ClientBuilder, url: &str) {
        let (breaker, waits) = (Arc::new(breaker!(consecutive = 1)), Arc::new(AtomicUsize::new(0)));
        let counted = Arc::clone(&waits);
        let guarded = Guarded::new(QUICKLY, Arc::clone(&breaker));
        let middleware = RetryMiddleware::new(guarded).hooks(move |_| {
            let waits = Arc::clone(&counted);
            OnBackoff(move |_: &Event<'_, Tried>| {
                waits.fetch_add(1, Relaxed);
            })
        });
        let error = with(client, middleware).get(url).send().await.unwrap_err();
        assert_eq!(Failure::from(&error), Failure::Other, "{error:?}");
        assert_eq!(waits.load(Relaxed), 0, "{error:?}");
        assert_eq!(breaker.state(), BreakerState::Closed);
    }

    #[tokio::test]
    async fn is_a_certificate_that_the_client_does_not_trust() {
        let server = tls::serve(tls::Certificate::Valid);
        fails_once(client(), &server.url).await;
    }

    #[tokio::test]
    async fn is_a_certificate_that_has_expired_or_is_for_another_name() {
        for certificate in [tls::Certificate::Expired, tls::Certificate::ForAnotherName] {
            let server = tls::serve(certificate);
            let root = reqwest::Certificate::from_der(&server.certificate).unwrap();
            fails_once(client().tls_certs_only([root]), &server.url).await;
        }
    }

    #[tokio::test]
    async fn is_a_server_that_does_not_speak_tls() {
        let url = raw(|_, stream| say(stream, "HTTP/1.1 400 Bad Request\r\n\r\n"));
        fails_once(client(), &url.replace("http:", "https:")).await;
    }

    #[tokio::test]
    async fn is_a_scheme_that_the_client_does_not_support() {
        fails_once(client(), "ftp://127.0.0.1/").await;
        fails_once(client().https_only(true), "http://127.0.0.1/").await;
    }

    #[tokio::test]
    async fn is_a_proxy_that_asks_for_a_password() {
        let proxy = raw(|_, stream| {
            say(stream, "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
        });
        let proxy = reqwest::Proxy::https(proxy).unwrap();
        fails_once(client().proxy(proxy), "https://shop.example/").await;
    }

    #[tokio::test]
    async fn is_another_version_of_http() {
        let http1 = raw(|_, stream| {
            say(stream, "HTTP/1.1 400 Bad Request\r\n\r\n");
            let _ = stream.read_to_end(&mut Vec::new());
        });
        fails_once(client().http2_prior_knowledge(), &http1).await;
        let http2 = raw(|_, stream| say(stream, "\0\0\0\x04\0\0\0\0\0\0\0\0\x04\x01\0\0\0\0"));
        fails_once(client().http1_only(), &http2).await;
        let old = raw(|_, stream| say(stream, "HTTP/0.9 200 OK\r\n\r\n"));
        fails_once(client(), &old).await;
    }
}

#[tokio::test]
async fn a_proxy_that_cannot_reach_the_server_is_asked_again() {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let proxy = raw(move |_, stream| {
        count.fetch_add(1, Relaxed);
        say(stream, "HTTP/1.1 502 Bad Gateway\r\n\r\n");
    });
    let client = client().proxy(reqwest::Proxy::https(proxy).unwrap());
    let client = with(client, RetryMiddleware::new(QUICKLY));
    assert!(client.get("https://shop.example/").send().await.is_err());
    assert_eq!(asked.load(Relaxed), 4);
}

mod for_a_breaker {
    use super::*;

    /// Returns whether two failures in a row are among these statuses.
    async fn opens(statuses: &'static [u16]) -> bool {
        let breaker = Arc::new(breaker!(consecutive = 2, open_for = secs(600)));
        let server = Server::start(|number| reply(statuses[number]));
        let guarded = Guarded::new(QUICKLY, Arc::clone(&breaker));
        let client = with(client(), RetryMiddleware::new(guarded));
        for _ in statuses {
            client.post(server.url()).send().await.unwrap();
        }
        breaker.state() == BreakerState::Open
    }

    #[tokio::test]
    async fn a_throttled_request_is_no_failure() {
        assert!(!opens(&[429, 425, 429]).await);
        assert!(opens(&[503, 429, 503]).await);
    }

    #[tokio::test]
    async fn a_method_that_is_not_implemented_is_no_success() {
        assert!(!opens(&[501, 505, 503]).await);
        assert!(opens(&[503, 501, 505, 503]).await);
        assert!(!opens(&[503, 404, 503]).await);
    }
}

mod a_silent_server {
    use super::*;

    static BRIEFLY: Policy =
        policy!(constant(interval = millis(1)), max_tries = 4, max_time = millis(200));

    #[tokio::test]
    async fn holds_no_call_of_the_middleware_past_max_time() {
        let server = Server::start(|_| Answer::Silence);
        let client = with(client(), RetryMiddleware::new(BRIEFLY));
        for request in [client.get(server.url()), client.post(server.url())] {
            let Err(Error::Middleware(error)) = request.send().await else { panic!("an answer") };
            assert!(error.downcast_ref::<TimedOut>().unwrap().limit <= millis(200));
        }
        assert_eq!(server.requests().len(), 2);
    }

    #[tokio::test]
    async fn is_a_failure_for_a_breaker_whatever_the_error_that_the_caller_makes() {
        static SILENT: Breaker = breaker!(consecutive = 5);
        let server = Server::start(|_| Answer::Silence);
        let middleware = RetryMiddleware::new(Guarded::new(BRIEFLY, &SILENT))
            .late(|limit| Error::middleware(std::io::Error::other(format!("silent: {limit:?}"))));
        let error = with(client(), middleware).get(server.url()).send().await.unwrap_err();
        assert!(error.to_string().starts_with("silent: "), "{error}");
        assert_eq!(SILENT.failures(), 1);
    }

    #[tokio::test]
    async fn holds_no_call_past_the_deadline_around_it() {
        let server = Server::start(|_| Answer::Silence);
        let client = with(client(), RetryMiddleware::new(QUICKLY));
        let sent = rebackoff::deadline_async(millis(200), client.get(server.url()).send()).await;
        assert!(sent.unwrap_err().is_middleware());
    }

    #[tokio::test(start_paused = true)]
    async fn holds_no_call_of_a_layer_past_max_time() {
        let silent = service_fn(|(): ()| std::future::pending::<Result<(), BoxError>>());
        let service = ServiceBuilder::new().layer(RetryLayer::new(BRIEFLY)).service(silent);
        let error = service.oneshot(()).await.unwrap_err();
        assert_eq!(error.downcast_ref(), Some(&TimedOut { limit: millis(200) }));

        let silent = service_fn(|(): ()| std::future::pending::<Result<(), String>>());
        let layer = RetryLayer::new(BRIEFLY).late(|limit| format!("no answer in {limit:?}"));
        let service = ServiceBuilder::new().layer(layer).service(silent);
        assert_eq!(service.oneshot(()).await, Err("no answer in 200ms".to_owned()));
    }

    #[tokio::test(start_paused = true)]
    async fn holds_no_http_call_of_a_layer_past_max_time() {
        let silent = service_fn(|_: http::Request<()>| {
            std::future::pending::<Result<http::Response<()>, BoxError>>()
        });
        let layer = RetryLayer::http(BRIEFLY, Classifier::new());
        let service = ServiceBuilder::new().layer(layer).service(silent);
        let error = service.oneshot(http::Request::new(())).await.unwrap_err();
        assert!(error.is::<TimedOut>());
    }
}

#[tokio::test]
async fn a_service_behind_a_buffer_can_be_spawned() {
    let parse = service_fn(|text: String| async move { text.parse::<u8>() });
    let service = ServiceBuilder::new().buffer(1).layer(RetryLayer::new(QUICKLY)).service(parse);
    let sent = tokio::spawn(async move { service.oneshot("7".to_owned()).await });
    assert_eq!(sent.await.unwrap().unwrap(), 7);
}

#[tokio::test]
async fn the_middleware_has_the_setters_of_the_layer() {
    let server = Server::start(|_| reply(404));
    let middleware = RetryMiddleware::new(QUICKLY)
        .judge(|tried| match &tried.result {
            Ok(response) if response.status() == 404 => Verdict::Retry,
            _ => Verdict::Accept,
        })
        .repeat(reqwest::Request::try_clone)
        .sleeper(rebackoff::sleepers::TokioSleeper);
    assert_eq!(with(client(), middleware).get(server.url()).send().await.unwrap().status(), 404);
    assert_eq!(server.requests().len(), 4);
}
