//! A graceful shutdown: the signal ends the waits of all workers, and leaves running tries to finish.

use rebackoff::prelude::*;
use tokio::sync::watch;
use tokio::time::sleep;

/// No limits: a worker goes on until its work is done, or the program ends.
static WORK: Policy = policy!(expo(max_value = secs(600)));

type Done = Result<&'static str, &'static str>;

async fn work<F: AsyncFn() -> Done>(job: F, mut stop: watch::Receiver<bool>) -> Outcome<Done> {
    let stopped = async move {
        let _ = stop.wait_for(|stop| *stop).await; // an error: the sender is gone
    };
    WORK.retry_async(|| job()).cancelled_by(stopped).outcome().await
}

async fn slow() -> Done {
    sleep(secs(3 * 3600)).await;
    Ok("done late")
}

#[tokio::main(flavor = "current_thread", start_paused = true)] // virtual time
async fn main() {
    let (stop, stopped) = watch::channel(false);
    let signal = async move {
        sleep(secs(3600)).await; // a service awaits `tokio::signal::ctrl_c()`
        stop.send_replace(true);
    };
    let workers = async {
        tokio::join!(
            work(async || Ok("done"), stopped.clone()),
            work(slow, stopped.clone()),
            work(async || Err("the database is down"), stopped.clone()),
        )
    };
    let ((quick, slow, broken), ()) = tokio::join!(workers, signal);
    assert_eq!((quick.result, quick.reason), (Ok("done"), None));
    assert_eq!((slow.result, slow.reason), (Ok("done late"), None));
    assert_eq!(broken.result, Err("the database is down")); // of the last try
    assert_eq!(broken.reason, Some(Reason::Cancelled));
    assert!(broken.elapsed.abs_diff(secs(3600)) < secs(1));
}
