//! The work that all libraries do: the target, the numbers of the policy, and the runtimes.

use std::future::Future;
use std::hint::black_box;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

/// The first wait, which doubles.
pub const FIRST: Duration = Duration::from_secs(1);
/// The longest wait.
pub const CAP: Duration = Duration::from_secs(30);
/// The tries of a call of the success rows.
pub const TRIES: u64 = 8;
/// The limit on time of the rows that have one; no call comes near it.
pub const LIMIT: Duration = Duration::from_secs(600);
/// A call of the retry rows fails so many times, so that what it costs to begin one hardly counts.
pub const RETRIES: u64 = 100;

/// Tasks of a crowd.
pub const TASKS: u64 = 100_000;
/// The first wait of a crowd's tasks, which doubles, and the longest.
pub const CROWD_FIRST: Duration = Duration::from_millis(2);
pub const CROWD_CAP: Duration = Duration::from_millis(8);
/// The tries that a crowd's tasks need.
pub const CROWD_TRIES: u64 = 4;

#[derive(Clone, Debug)]
pub struct Failure(#[allow(dead_code, reason = "only its size counts")] pub u64);

#[inline]
pub fn succeed(i: u64) -> Result<u64, Failure> {
    black_box(Ok(i))
}

#[inline]
pub fn fail(i: u64) -> Result<u64, Failure> {
    black_box(Err(Failure(i)))
}

impl From<rebackoff::Open> for Failure {
    fn from(_: rebackoff::Open) -> Self {
        Self(0)
    }
}

/// Takes a wait that is not slept.
#[inline]
pub fn no_sleep(wait: Duration) {
    black_box(wait);
}

/// A wait that is worked out, for a library that then sleeps it.
#[inline]
pub fn no_wait(wait: Duration) -> Duration {
    black_box(wait);
    Duration::ZERO
}

/// Looks up `keys` keys in an order that no cache foresees, `n` times in all, on so many threads.
pub fn keyed(
    keys: usize,
    threads: u64,
    look_up: impl Fn(&String) + Send + Sync + 'static,
) -> Box<dyn Fn(u64) + Send + Sync> {
    let keys: Vec<_> = (0..keys).map(|i| format!("host-{i}.example")).collect();
    keys.iter().for_each(&look_up);
    Box::new(move |n| {
        let run = || {
            let mut order = fastrand::Rng::with_seed(1);
            (0..n / threads).for_each(|_| look_up(&keys[order.usize(..keys.len())]));
        };
        thread::scope(|scope| {
            (1..threads).for_each(|_| drop(scope.spawn(run)));
            run();
        });
    })
}

/// Makes `n` calls.
#[inline]
pub fn repeat<T>(n: u64, mut call: impl FnMut(u64) -> T) {
    for i in 0..n {
        black_box(call(i));
    }
}

/// The target of the rows that look at a future.
pub async fn target(i: u64) -> Result<u64, Failure> {
    fail(i)
}

/// Runs `call` so many times on tokio, on this thread.
pub fn on_tokio<F: Future>(n: u64, mut call: impl FnMut(u64) -> F) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        for i in 0..n {
            black_box(call(i).await);
        }
    });
}

/// A runtime with tokio's clock paused: it jumps to the next timer when there is nothing to do.
pub fn on_paused_tokio<F: Future>(n: u64, mut call: impl FnMut(u64) -> F) {
    paused(async {
        for i in 0..n {
            black_box(call(i).await);
        }
    });
}

pub fn paused<F: Future>(future: F) -> F::Output {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_time().start_paused(true).build().unwrap().block_on(future)
}

/// Polls on this thread until it is ready, as a runtime's `block_on` does.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
}

/// The target of the tasks of a crowd: it fails three times.
#[derive(Clone, Default)]
pub struct Flaky(Arc<AtomicU64>);

impl Flaky {
    pub fn call(&self) -> impl Future<Output = Result<u64, Failure>> + Send + use<> {
        let answer = self.answer();
        async move { answer }
    }

    pub fn answer(&self) -> Result<u64, Failure> {
        let tries = self.0.fetch_add(1, Relaxed) + 1;
        if tries < CROWD_TRIES { Err(Failure(tries)) } else { Ok(tries) }
    }

    pub fn tries(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// 100 000 tasks on two threads. Each succeeds in the end.
pub fn crowd<F, E>(task: impl Fn(Flaky) -> F)
where
    F: Future<Output = Result<u64, E>> + Send + 'static,
    E: Send + 'static,
{
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let runtime = builder.worker_threads(2).enable_time().build().unwrap();
    runtime.block_on(async {
        let tasks: Vec<_> = (0..TASKS).map(|_| tokio::spawn(task(Flaky::default()))).collect();
        for task in tasks {
            assert!(matches!(task.await, Ok(Ok(CROWD_TRIES))), "a task of a crowd failed");
        }
    });
}
