//! A service that is asked whether it is ready.

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
