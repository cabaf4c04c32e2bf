//! The scope of a call belongs to its task.

use std::cell::Cell;
use std::future::IntoFuture;

use rebackoff::prelude::*;
use rebackoff::{deadline, remaining};

static ANY: Policy = policy!(constant(interval = millis(5)));
static BOUND: Policy = policy!(constant(interval = millis(1)), max_time = millis(20));
static LONG: Policy = policy!(constant(interval = millis(1)), max_time = secs(600));

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

#[test]
fn a_task_that_a_target_drives_does_not_inherit_its_limits() {
    let runtime = runtime();
    let task = runtime.spawn(async {
        let mut failures = 30;
        let call = ANY.retry_async(|| {
            failures -= 1;
            let result = if failures > 0 { Err("not yet") } else { Ok(()) };
            async move { result }
        });
        call.outcome().await
    });
    let target = || {
        runtime.block_on(async { tokio::time::sleep(millis(60)).await });
        Ok::<_, ()>(())
    };
    assert_eq!(BOUND.retry(target).call(), Ok(()));
    let outcome = runtime.block_on(task).unwrap();
    assert_eq!((outcome.result, outcome.reason, outcome.tries), (Ok(()), None, 30));
}

#[test]
fn the_body_of_a_runtime_that_a_target_enters_is_inside_the_call() {
    let runtime = runtime();
    let target = || Ok::<_, ()>(runtime.block_on(async { remaining() }));
    assert!(LONG.retry(target).call().unwrap().is_some());
}

#[test]
fn tasks_of_a_local_set_do_not_see_each_other() {
    let (runtime, local) = (runtime(), tokio::task::LocalSet::new());
    let seen = local.block_on(&runtime, async {
        let inside = tokio::task::spawn_local(
            LONG.retry_async(|| async {
                let before = remaining().is_some();
                tokio::task::yield_now().await;
                Ok::<_, ()>(before && remaining().is_some())
            })
            .owned()
            .into_future(),
        );
        let outside = tokio::task::spawn_local(async {
            tokio::task::yield_now().await;
            remaining()
        });
        (inside.await.unwrap(), outside.await.unwrap())
    });
    assert_eq!(seen, (Ok(true), None));
}

#[test]
fn scopes_are_put_back_after_a_panic_and_nest() {
    let outer = || {
        let inner = || deadline(millis(1), || -> Result<(), ()> { panic!("in a test") });
        let panicked = std::panic::catch_unwind(inner);
        assert!(panicked.is_err());
        assert!(remaining() > Some(secs(300)));
        Ok::<_, ()>(())
    };
    assert_eq!(LONG.retry(outer).call(), Ok(()));
    assert_eq!(remaining(), None);
}

#[test]
fn a_handler_alone_does_not_make_a_call_visible() {
    static ONCE: Policy = policy!(constant, max_tries = 3, nested = Nested::Once);
    let _no_wait = rebackoff::testing::no_wait();
    let tries = |visible: bool| {
        let inner = Cell::new(0);
        let target = || {
            ONCE.retry(|| {
                inner.set(inner.get() + 1);
                Err::<(), _>("down")
            })
            .call()
        };
        let call = policy!(constant, max_tries = 1).retry(target).owned().on_backoff(|_| {});
        let _ = if visible { call.scope().call() } else { call.call() };
        inner.get()
    };
    assert_eq!((tries(false), tries(true)), (3, 1));
}
