use rebackoff::prelude::*;
use rebackoff::tower::RetryLayer;
use tower::{Service, ServiceBuilder, service_fn};

static ASK: Policy = policy!(expo, max_tries = 3);

struct Question;

fn serve<R>(_: impl Service<R>) {}

fn a_request_that_is_not_clone() {
    let answer = service_fn(|Question| async { Ok::<_, String>(7) });
    serve::<Question>(ServiceBuilder::new().layer(RetryLayer::new(ASK)).service(answer));
}

struct Answer;

fn a_service_that_is_not_clone() {
    ServiceBuilder::new().layer(RetryLayer::new(ASK)).service(Answer);
}

fn a_verdict_on_another_outcome() {
    let answer = service_fn(|_: u8| async { Ok::<u8, String>(7) });
    let layer = RetryLayer::new(ASK).judge(|_: &Result<u16, String>| Verdict::Accept);
    serve::<u8>(ServiceBuilder::new().layer(layer).service(answer));
}

fn main() {}
