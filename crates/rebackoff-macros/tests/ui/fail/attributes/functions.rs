use std::future::Future;
use std::pin::Pin;

use rebackoff::{on_error, on_predicate};

#[on_error(expo)]
struct NoFunction;

#[on_error(expo)]
const fn constant() -> Result<(), ()> {
    Ok(())
}

#[on_error(expo)]
fn without_result() {}

#[on_error(expo)]
fn with_another_result() -> Option<u32> {
    None
}

#[on_error(expo)]
async fn later_with_another_result() -> u32 {
    1
}

#[on_error(expo)]
fn returns_a_future() -> impl Future<Output = Result<(), ()>> {
    async { Ok(()) }
}

#[on_error(expo)]
fn returns_a_boxed_future() -> Pin<Box<dyn Future<Output = Result<(), ()>> + Send>> {
    Box::pin(async { Ok(()) })
}

trait Service {
    #[on_predicate(expo, |value| *value == 0)]
    fn without_body(&self) -> u32;
}

fn main() {}
