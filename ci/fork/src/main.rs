//! Fails where a parent and the children that it forks draw the same waits.
//!
//! Each draws once before the fork, so that the generator of the thread has its seed already.

use std::collections::HashSet;
use std::io::{self, Read, Write, pipe};
use std::time::Duration;

use rebackoff::prelude::*;
use rebackoff::sleep_fn;

static FETCH: Policy = policy!(constant(interval = secs(10)), max_tries = 2);
const CHILDREN: usize = 3;

fn main() -> io::Result<()> {
    let mut waits = vec![wait()];
    for _ in 0..CHILDREN {
        waits.push(wait_of_child()?);
    }
    waits.push(wait());
    let different: HashSet<_> = waits.iter().collect();
    assert_eq!(different.len(), waits.len(), "equal waits: {waits:?}");
    Ok(())
}

/// The wait of one call that retries once.
fn wait() -> u128 {
    let mut waited = Duration::ZERO;
    let _ = FETCH
        .retry(|| Err::<(), _>("down"))
        .sleeper(sleep_fn(|_: Duration| ()))
        .on_backoff(|event| waited = event.wait.unwrap_or_default())
        .call();
    waited.as_nanos()
}

fn wait_of_child() -> io::Result<u128> {
    let (mut reader, mut writer) = pipe()?;
    // SAFETY: the program has one thread, so that the child may do whatever the parent may.
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        0 => {
            writer.write_all(&wait().to_ne_bytes())?;
            std::process::exit(0)
        }
        _ => {
            let mut bytes = [0; size_of::<u128>()];
            reader.read_exact(&mut bytes)?;
            Ok(u128::from_ne_bytes(bytes))
        }
    }
}
