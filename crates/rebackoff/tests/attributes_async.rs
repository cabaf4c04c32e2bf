//! The attributes on every kind of async function.

use std::error::Error;
use std::num::ParseIntError;
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use rebackoff::{Event, on_error, on_predicate};
use tokio::time::{Instant, sleep};

#[derive(Debug, PartialEq)]
struct Failed(u32);

#[derive(Debug)]
struct Flaky {
    name: String,
    calls: AtomicU32,
    succeeds_on: u32,
}

impl Flaky {
    fn until(succeeds_on: u32) -> Self {
        Self { name: "flaky".to_owned(), calls: AtomicU32::new(0), succeeds_on }
    }

    async fn call(&self) -> Result<u32, Failed> {
        tokio::task::yield_now().await;
        let calls = self.calls.fetch_add(1, Relaxed) + 1;
        if calls >= self.succeeds_on { Ok(calls) } else { Err(Failed(calls)) }
    }

    #[on_error(constant(interval = 0), max_tries = 3)]
    async fn by_reference(&self) -> Result<&str, Failed> {
        self.call().await?;
        Ok(&self.name)
    }

    #[on_error(constant(interval = 0), max_tries = 3, on_backoff = |event| assert!(event.tries < 3))]
    async fn by_mutable_reference(&mut self, suffix: &str) -> Result<u32, Failed> {
        self.name.push_str(suffix);
        self.call().await
    }

    #[on_error(constant(interval = 0), max_tries = Self::TRIES)]
    async fn by_value(self) -> Result<u32, Failed> {
        self.call().await
    }

    const TRIES: u64 = 3;
}

#[tokio::test]
async fn methods_are_retried_whatever_they_do_with_self() {
    let mut flaky = Flaky::until(3);
    assert_eq!(flaky.by_reference().await, Ok("flaky"));
    assert_eq!(Flaky::until(9).by_reference().await, Err(Failed(3)));
    flaky.calls = AtomicU32::new(0);
    assert_eq!(flaky.by_mutable_reference("!").await, Ok(3));
    assert_eq!(flaky.name, "flaky!!!");
    flaky.calls = AtomicU32::new(0);
    assert_eq!(flaky.by_value().await, Ok(3));
}

#[on_error(constant(interval = 0), max_tries = 3)]
async fn sum(texts: &[&str], tries: &mut u32) -> Result<i32, Box<dyn Error>> {
    *tries += 1;
    if texts.is_empty() {
        return Ok(0);
    }
    let mut sum = 0;
    for text in texts {
        sum += text.parse::<i32>()?;
    }
    Ok(sum)
}

#[on_error(constant(interval = 0), max_tries = 3)]
async fn only_question_marks(text: &str) -> Result<(), ParseIntError> {
    text.parse::<i32>()?;
    Ok(())
}

#[tokio::test]
async fn a_question_mark_and_an_early_return_end_the_try() {
    let mut tries = 0;
    assert_eq!(sum(&["1", "2"], &mut tries).await.unwrap(), 3);
    assert_eq!(sum(&[], &mut tries).await.unwrap(), 0);
    assert_eq!(tries, 2);
    assert!(sum(&["1", "x"], &mut tries).await.unwrap_err().is::<ParseIntError>());
    assert_eq!(tries, 5);
    assert!(only_question_marks("1").await.is_ok());
}

/// An error that borrows what it complains of.
#[derive(Debug, PartialEq)]
struct Unknown<'a> {
    word: &'a str,
}

#[on_error(constant(interval = 0), max_tries = 2, giveup = |unknown| unknown.word.is_empty(), on_giveup = told)]
async fn find<'all, 'word, T>(all: &'all [T], word: &'word str) -> Result<&'all T, Unknown<'word>>
where
    T: PartialEq<str> + Sync,
{
    all.iter().find(|one| **one == *word).ok_or(Unknown { word })
}

#[on_error(constant(interval = 0), max_tries = 2)]
async fn first_line(text: &str) -> Result<&str, Unknown<'_>> {
    text.lines().next().ok_or(Unknown { word: text })
}

fn told<O>(event: &Event<'_, O>) {
    assert!(event.reason.is_some());
}

#[tokio::test]
async fn results_and_errors_may_borrow_from_the_arguments() {
    let all = ["a".to_owned()];
    assert_eq!(find(&all, "a").await, Ok(&all[0]));
    let word = String::from("b");
    assert_eq!(find(&all, &word).await, Err(Unknown { word: "b" }));
    assert_eq!(first_line("x\ny").await, Ok("x"));
    assert_eq!(first_line("").await, Err(Unknown { word: "" }));
}

#[on_error(constant(interval = 0), max_tries = 2)]
async fn opaque(
    flaky: &Flaky,
    names: impl Iterator<Item = u32> + Clone,
) -> Result<impl Iterator<Item = u32>, Failed> {
    let calls = flaky.call().await?;
    let mut names = names.clone();
    names.next();
    Ok(names.map(move |name| name + calls))
}

#[on_predicate(constant(interval = 0), |items| items[0] == 0, max_tries = 3)]
async fn arrays<T: Default + Copy + PartialEq<i32>, const N: usize>(
    next: &mut impl FnMut() -> T,
) -> [T; N] {
    [next(); N]
}

#[tokio::test]
async fn generics_and_impl_traits_are_retried() {
    let flaky = Flaky::until(2);
    let items = opaque(&flaky, [1, 2].into_iter()).await.unwrap();
    assert_eq!(items.collect::<Vec<_>>(), [4]);

    let mut counter = 0..;
    assert_eq!(arrays::<_, 2>(&mut || counter.next().unwrap()).await, [1, 1]);
}

trait Service {
    async fn ping(&self) -> Result<u32, Failed>;

    #[on_error(constant(interval = 0), max_tries = 3)]
    async fn ping_patiently(&self) -> Result<u32, Failed> {
        self.ping().await
    }
}

impl Service for Flaky {
    #[on_error(constant(interval = 0), max_tries = 2)]
    async fn ping(&self) -> Result<u32, Failed> {
        self.call().await
    }
}

#[tokio::test]
async fn trait_methods_are_retried_where_they_have_a_body() {
    assert_eq!(Flaky::until(9).ping().await, Err(Failed(2)));
    assert_eq!(Flaky::until(9).ping_patiently().await, Err(Failed(6)));
}

#[on_error(constant(interval = 0), max_tries = 2)]
async fn descend(depth: u32, calls: &AtomicU32) -> Result<u32, Failed> {
    calls.fetch_add(1, Relaxed);
    if depth == 0 {
        return Err(Failed(0));
    }
    Box::pin(descend(depth - 1, calls)).await
}

#[tokio::test]
async fn a_function_may_call_itself() {
    let calls = AtomicU32::new(0);
    assert_eq!(descend(3, &calls).await, Err(Failed(0)));
    assert_eq!(calls.into_inner(), 2 + 4 + 8 + 16);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_future_can_be_spawned_where_its_parts_can() {
    let spawned = tokio::spawn(async {
        let mut flaky = Flaky::until(3);
        let by_mutable_reference = flaky.by_mutable_reference("!").await;
        let text = String::from("1");
        let lines = first_line(&text).await.map(str::len).unwrap_or_default();
        let found = find(&[text], "2").await.is_err();
        (by_mutable_reference, lines, found)
    });
    assert_eq!(spawned.await.unwrap(), (Ok(3), 1, true));
    assert_eq!(tokio::spawn(Flaky::until(2).by_value()).await.unwrap(), Ok(2));
    let calls = AtomicU32::new(0);
    assert!(tokio::spawn(async move { descend(1, &calls).await }).await.unwrap().is_err());
}

#[on_error(constant(interval = 0), max_tries = 3)]
async fn with_an_error_of_one_thread() -> Result<(), Rc<str>> {
    tokio::task::yield_now().await;
    Err("down".into())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outcome_that_is_not_send_does_not_bind_the_future_to_a_thread() {
    let spawned = tokio::spawn(async { with_an_error_of_one_thread().await.is_err() });
    assert!(spawned.await.unwrap());
}

#[on_error(expo(factor = 0.5), jitter = none, max_time = "3s")]
async fn slow(starts: &mut Vec<Duration>, begin: Instant) -> Result<(), Failed> {
    starts.push(begin.elapsed());
    sleep(Duration::from_millis(250)).await;
    Err(Failed(1))
}

#[tokio::test(start_paused = true)]
async fn waits_and_max_time_follow_the_clock_of_the_runtime() {
    let (begin, mut starts) = (Instant::now(), Vec::new());
    assert_eq!(slow(&mut starts, begin).await, Err(Failed(1)));
    assert_eq!(starts, [0, 750, 2000, 3000].map(Duration::from_millis));
}

#[on_predicate(constant(interval = 0), |()| false)]
async fn unit(calls: &mut u32) {
    *calls += 1;
}

#[tokio::test]
async fn nothing_is_called_before_the_first_poll() {
    let mut calls = 0;
    drop(unit(&mut calls));
    assert_eq!(calls, 0);
    unit(&mut calls).await;
    assert_eq!(calls, 1);
}
