//! Fleets in virtual time: members of a model store that delays, loses and forgets.

mod breakers;
mod budgets;
mod scripts;
#[allow(dead_code, reason = "the tests of fleets do more with it")]
#[path = "../../../tests/fleet/server.rs"]
pub(super) mod server;
mod store;

use std::time::Duration;

/// The step of virtual time.
const STEP: Duration = Duration::from_millis(5);

/// The time after which a member takes a request for lost, as the driver does.
const TIMEOUT: Duration = Duration::from_millis(250);

/// The network between members and store.
#[derive(Clone, Copy)]
struct Network {
    /// The longest time that a request or an answer takes.
    delay: Duration,
    /// The share of requests and answers that are lost.
    loss: f64,
}

impl Network {
    const GOOD: Self = Self { delay: Duration::from_millis(10), loss: 0.0 };

    /// The moment at which what is sent now arrives; `None` if it is lost.
    fn arrival(self, now: Duration, random: &mut fastrand::Rng) -> Option<Duration> {
        let arrives = random.f64() >= self.loss;
        arrives.then(|| now + self.delay.mul_f64(random.f64()))
    }
}

/// A request on its way.
#[derive(Clone, Copy)]
struct Trip<R, A> {
    sent_at: Duration,
    request: Option<(Duration, R)>,
    answer: Option<(Duration, A)>,
}

impl<R: Copy, A: Copy> Trip<R, A> {
    fn new(now: Duration, request: R, network: Network, random: &mut fastrand::Rng) -> Self {
        let request = network.arrival(now, random).map(|at| (at, request));
        Self { sent_at: now, request, answer: None }
    }

    /// Hands a request that has arrived to the store, once.
    fn serve(
        &mut self,
        now: Duration,
        network: Network,
        random: &mut fastrand::Rng,
        store: impl FnOnce(R) -> A,
    ) {
        if let Some((at, request)) = self.request {
            if at <= now {
                self.request = None;
                let answer = store(request);
                self.answer = network.arrival(now, random).map(|at| (at, answer));
            }
        }
    }

    /// The end of the trip: an answer, or `Err` once it takes too long.
    fn end(&self, now: Duration) -> Option<Result<A, ()>> {
        match self.answer {
            Some((at, answer)) if at <= now => Some(Ok(answer)),
            _ if now >= self.sent_at + TIMEOUT => Some(Err(())),
            _ => None,
        }
    }
}
