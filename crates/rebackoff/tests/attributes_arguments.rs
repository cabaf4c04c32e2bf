//! Attributes inside `#[async_trait]`, arguments that the body changes, and timeouts.

use std::pin::Pin;
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

#[async_trait]
trait Arguments {
    async fn count(&mut self) -> Result<u32, u32>;
    async fn patterns(&self, pair: (String, u32), rest: String) -> Result<(), String>;
    async fn skip(&self, bytes: &[u8]) -> Result<(), usize>;
    async fn take(self: Box<Self>, name: String) -> Result<(), String>;
    async fn add(&self, n: u32, sum: &AtomicUsize);
}

#[derive(Clone)]
struct Counter(u32);

#[async_trait]
impl Arguments for Counter {
    #[rebackoff::on_error(constant(interval = 1ms), max_tries = 3)]
    async fn count(&mut self) -> Result<u32, u32> {
        tokio::task::yield_now().await;
        self.0 += 1;
        Err(self.0)
    }

    #[rebackoff::on_error(constant(interval = 1ms), max_tries = 3)]
    async fn patterns(&self, (name, mut n): (String, u32), rest: String) -> Result<(), String> {
        tokio::task::yield_now().await;
        n += 1;
        Err(format!("{name} {n} {rest}"))
    }

    #[rebackoff::on_error(constant(interval = 1ms), max_tries = 3)]
    async fn skip(&self, mut bytes: &[u8]) -> Result<(), usize> {
        tokio::task::yield_now().await;
        bytes = &bytes[1..];
        Err(bytes.len())
    }

    #[rebackoff::on_error(constant(interval = 1ms), max_tries = 3)]
    async fn take(mut self: Box<Self>, mut name: String) -> Result<(), String> {
        tokio::task::yield_now().await;
        self.0 += 1;
        name.push('!');
        Err(format!("{name} {}", self.0))
    }

    #[rebackoff::on_predicate(constant(interval = 1ms), |()| true, max_tries = 3)]
    async fn add(&self, n: u32, sum: &AtomicUsize) {
        let one = n;
        sum.fetch_add(one as usize, Relaxed);
    }
}

#[tokio::test(start_paused = true)]
async fn a_method_inside_async_trait_takes_every_kind_of_argument() {
    let mut counter = Counter(0);
    assert_eq!(counter.count().await, Err(3)); // all tries share what a `&mut` points to
    let pair = ("one".to_owned(), 1);
    assert_eq!(counter.patterns(pair, "two".to_owned()).await, Err("one 2 two".to_owned()));
    assert_eq!(counter.skip(&[1, 2, 3]).await, Err(2));
    let sum = AtomicUsize::new(0);
    counter.add(1, &sum).await;
    assert_eq!(sum.into_inner(), 3);
    assert_eq!(Box::new(counter).take("me".to_owned()).await, Err("me! 4".to_owned()));
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

impl Counter {
    #[rebackoff::on_error(constant(interval = 0), max_tries = 3)]
    fn blocking(mut self) -> Result<(), u32> {
        self.0 += 1;
        Err(self.0)
    }

    #[rebackoff::on_error(constant(interval = 1ms), max_tries = 3)]
    async fn boxed(mut self: Box<Self>) -> Result<(), u32> {
        tokio::task::yield_now().await;
        self.0 += 1;
        Err(self.0)
    }

    #[rebackoff::on_error(constant(interval = 1ms), max_tries = 3)]
    async fn pinned(mut self: Pin<&mut Self>) -> Result<(), u32> {
        tokio::task::yield_now().await;
        self.as_mut().0 += 1;
        Err(self.0)
    }
}

#[tokio::test(start_paused = true)]
async fn each_try_begins_with_the_callers_self_where_the_body_changes_it() {
    let mut counter = Counter(0);
    assert_eq!(counter.clone().blocking(), Err(1));
    assert_eq!(Box::new(counter.clone()).boxed().await, Err(1));
    assert_eq!(Pin::new(&mut counter).pinned().await, Err(3)); // shared, as every `&mut`
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
