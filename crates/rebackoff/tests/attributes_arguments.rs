//! Attributes inside `#[async_trait]`, arguments that the body changes, and timeouts.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use async_trait::async_trait;
use rebackoff::prelude::*;

#[async_trait]
trait Api {
    async fn get(&self, path: String, items: Vec<u8>) -> Result<String, String>;

    #[rebackoff::on_error(constant(interval = 1ms), max_tries = 3)]
    async fn ping(&self) -> Result<u32, String> {
        Err(format!("down {}", self.called()))
    }

    fn called(&self) -> usize;
}

#[derive(Default)]
struct Client {
    calls: AtomicUsize,
    policy: Option<Policy>,
}

#[async_trait]
impl Api for Client {
    #[rebackoff::on_error(policy = self.policy.unwrap(), giveup = |error| error == "gone")]
    async fn get(&self, path: String, mut items: Vec<u8>) -> Result<String, String> {
        let call = self.calls.fetch_add(1, Relaxed);
        tokio::task::yield_now().await;
        items.push(7);
        if call < 2 {
            return Err(format!("down {call}"));
        }
        let length = Ok::<_, String>(items.len())?;
        Ok(format!("{path} {length}"))
    }

    fn called(&self) -> usize {
        self.calls.fetch_add(1, Relaxed)
    }
}

#[tokio::test(start_paused = true)]
async fn a_method_inside_async_trait_is_retried() {
    let policy = policy!(constant(interval = millis(1)), max_tries = 3);
    let client = Client { policy: Some(policy), ..Client::default() };
    let api: Box<dyn Api + Send + Sync> = Box::new(client);
    let got = tokio::spawn(async move { api.get("/".to_owned(), vec![1]).await });
    assert_eq!(got.await.unwrap(), Ok("/ 2".to_owned()));
    assert_eq!(Client::default().ping().await, Err("down 2".to_owned()));
}

#[rebackoff::on_error(constant(interval = 1ms), max_tries = 3)]
fn sum(
    mut numbers: impl Iterator<Item = u32> + Clone,
    (mut least, most): (u32, u32),
) -> Result<u32, u32> {
    let sum: u32 = numbers.by_ref().sum();
    least += 1;
    if least == 2 && sum > most { Err(sum) } else { Ok(sum) }
}

#[test]
fn each_try_begins_with_the_callers_value_of_an_argument_that_the_body_changes() {
    assert_eq!(sum([1, 2, 3].into_iter(), (1, 5)), Err(6)); // a drained iterator would be 0, a success
}

#[tokio::test(start_paused = true)]
async fn each_try_of_an_async_function_does_so_too() {
    #[rebackoff::on_error(constant(interval = 1ms), max_tries = 3)]
    async fn drain(mut items: Vec<u8>) -> Result<(), usize> {
        tokio::task::yield_now().await;
        let mut length = 0;
        while items.pop().is_some() {
            length += 1;
        }
        Err(length)
    }
    assert_eq!(drain(vec![1, 2]).await, Err(2));
}

#[tokio::test(start_paused = true)]
async fn a_timeout_cancels_a_try() {
    static RETRIES: Budget = budget!(quota);
    #[rebackoff::on_error(
        constant(interval = 1),
        max_tries = 2,
        jitter = none,
        budget = RETRIES,
        timeout = 3,
        late = |limit| Err(format!("no answer in {limit:?}"))
    )]
    async fn ask() -> Result<u8, String> {
        std::future::pending().await
    }
    let start = tokio::time::Instant::now();
    assert_eq!(ask().await, Err("no answer in 3s".to_owned()));
    assert_eq!(start.elapsed().as_secs(), 7);
    assert!((RETRIES.tokens_at(std::time::Duration::default) - 490.0).abs() < 1e-9); // a timeout costs 10
}
