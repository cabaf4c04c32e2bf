//! The loop that one would write by hand: exponential waits with full jitter, capped, limited.

use std::future::Future;
use std::time::Duration;

/// What the loop needs to know; the same numbers as the policy that is measured beside it.
pub struct Config {
    pub base: f64,
    pub factor: f64,
    pub max_value: f64,
    pub max_tries: u64,
}

impl Config {
    #[inline]
    pub fn next_wait(&self, raw: &mut f64, draw: f64) -> Duration {
        let wait = *raw * draw;
        *raw = (*raw * self.base).min(self.max_value);
        Duration::from_nanos((wait * 1e9) as u64)
    }

    #[inline]
    pub fn blocking<T, E>(
        &self,
        mut target: impl FnMut() -> Result<T, E>,
        sleep: impl Fn(Duration),
    ) -> Result<T, E> {
        let mut tries = 1;
        let mut raw = self.factor;
        let mut rng = None;
        loop {
            match target() {
                Ok(value) => return Ok(value),
                Err(error) if tries >= self.max_tries => return Err(error),
                Err(_) => {
                    let rng = rng.get_or_insert_with(fastrand::Rng::new);
                    sleep(self.next_wait(&mut raw, rng.f64()));
                    tries += 1;
                }
            }
        }
    }

    #[inline]
    pub async fn r#async<T, E, F, Fut, S>(
        &self,
        mut target: F,
        sleep: impl Fn(Duration) -> S,
    ) -> Result<T, E>
    where
        F: FnMut() -> Fut,
        Fut: Future<Output = Result<T, E>>,
        S: Future<Output = ()>,
    {
        let mut tries = 1;
        let mut raw = self.factor;
        let mut rng = None;
        loop {
            match target().await {
                Ok(value) => return Ok(value),
                Err(error) if tries >= self.max_tries => return Err(error),
                Err(_) => {
                    let rng = rng.get_or_insert_with(fastrand::Rng::new);
                    sleep(self.next_wait(&mut raw, rng.f64())).await;
                    tries += 1;
                }
            }
        }
    }
}
