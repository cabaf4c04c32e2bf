//! Calls that own their policy: spawned, returned, boxed, stored; and every place that takes a policy.

#[path = "support/failure.rs"]
mod failure;

use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::{Arc, LazyLock};

use failure::Failure;
use rebackoff::prelude::*;
use rebackoff::{AnyPolicy, Guarded, LivePolicy, RetryFor};

type Answer = Result<u8, Failure>;
type Boxed = Pin<Box<dyn Future<Output = Answer> + Send>>;

fn twice() -> Policy {
    Policy::new(constant().interval(millis(1))).max_tries(2).build().unwrap()
}

async fn down() -> Answer {
    Err(Failure::Down)
}

fn returned() -> impl Future<Output = Answer> + Send + 'static {
    twice().retry_async(down).owned().into_future()
}

struct Client {
    pending: Vec<Boxed>,
}

#[tokio::test(start_paused = true)]
async fn a_call_with_a_local_policy_can_be_spawned_returned_boxed_and_stored() {
    let policy = twice();
    let spawned = tokio::spawn(policy.retry_async(down).owned().into_future());
    assert_eq!(spawned.await.unwrap(), Err(Failure::Down));
    assert_eq!(tokio::spawn(returned()).await.unwrap(), Err(Failure::Down));

    let outcome = policy.retry_async(down).owned().outcome();
    let mut client = Client { pending: vec![Box::pin(returned())] };
    client.pending.push(Box::pin(async move { outcome.await.result }));
    for call in client.pending {
        assert_eq!(tokio::spawn(call).await.unwrap(), Err(Failure::Down));
    }
}

#[tokio::test(start_paused = true)]
async fn a_loop_with_a_local_policy_can_be_returned_and_stored() {
    struct Connection<T> {
        tries: T,
    }
    let returned = || Connection { tries: twice().tries().owned() };
    let mut connection = returned();
    assert_eq!(connection.tries.backoff(Failure::Down), Ok(()));
    assert_eq!(connection.tries.backoff(Failure::Down), Err(Failure::Down));

    let breaker = Arc::new(Breaker::builder().consecutive(1).build().unwrap());
    let tries = Guarded::new(twice(), Arc::clone(&breaker)).tries_async().unwrap().owned();
    let mut connection = Connection { tries };
    let spawned = tokio::spawn(async move { connection.tries.backoff(Failure::Down).await });
    assert_eq!(spawned.await.unwrap(), Err(Failure::Down));
    assert_eq!(breaker.opened(), 1);
}

#[tokio::test(start_paused = true)]
async fn guards_go_with_a_live_policy_a_reference_and_an_arc() {
    let breaker = Arc::new(Breaker::builder().consecutive(3).build().unwrap());
    let live = Arc::new(LivePolicy::new(twice()));
    let guarded = Guarded::new(Arc::clone(&live), Arc::clone(&breaker));
    assert_eq!(guarded.retry_async(down).outcome().await.tries, 2);
    live.replace(policy!(constant, max_tries = 9));
    let outcome = tokio::spawn(guarded.retry_async(down).owned().outcome()).await.unwrap();
    assert_eq!((outcome.tries, outcome.reason), (1, Some(Reason::Breaker)));

    let budget = Budget::quota().capacity(10).build().unwrap();
    assert_eq!(fetch(&Guarded::new(&twice(), &budget)), 2);
    assert_eq!(fetch(&Guarded::new(Arc::new(twice()), &budget)), 2);
    assert_eq!(fetch(&Guarded::new(twice(), &budget)), 1);
}

#[tokio::test(start_paused = true)]
async fn an_owned_call_keeps_its_guards() {
    let breaker = Arc::new(Breaker::builder().consecutive(1).build().unwrap());
    let guarded = Guarded::new(twice(), Arc::clone(&breaker));
    let call = guarded.retry_async(down).owned();
    drop(guarded);
    assert_eq!(tokio::spawn(call.into_future()).await.unwrap(), Err(Failure::Down));
    assert_eq!(breaker.opened(), 1);
}

/// Takes every policy that rejects no call.
fn fetch<R: Retry>(policy: &R) -> u64 {
    policy.retry(|| Err::<(), _>("down")).outcome().tries
}

/// Takes every policy whose rejection the error can be made of.
async fn order<R: RetryFor<Answer>>(policy: &R) -> Answer {
    policy.retry_async(down).await
}

/// Adds guards of its own to those of the policy.
async fn doubly_guarded<R: RetryFor<Answer>>(
    policy: &R,
    breaker: &Breaker,
    budget: &Budget,
) -> Answer {
    let target = || -> Answer { Err(Failure::Down) };
    assert!(policy.retry(target).breaker(breaker).budget(budget).call().is_err());
    policy.retry_async(down).breaker(breaker).budget(budget).await
}

/// An object: one type for all policies of a library's users.
trait Retrier: Send + Sync {
    fn run(&self) -> Pin<Box<dyn Future<Output = Answer> + Send + '_>>;
}

impl<R: RetryFor<Answer> + Send + Sync> Retrier for R {
    fn run(&self) -> Pin<Box<dyn Future<Output = Answer> + Send + '_>> {
        Box::pin(self.retry_async(down).into_future())
    }
}

fn spawned<R: RetryFor<Answer> + Send + Sync + 'static>(
    policy: &R,
) -> tokio::task::JoinHandle<Answer> {
    tokio::spawn(policy.retry_async(down).owned().into_future())
}

#[test]
fn a_bound_takes_policies_live_ones_budgets_references_and_pointers() {
    static LAZY: LazyLock<Policy> = LazyLock::new(twice);
    let _no_wait = rebackoff::testing::no_wait();
    let budget = Arc::new(Budget::quota().build().unwrap());
    assert_eq!(fetch(&twice()), 2);
    assert_eq!(fetch(&&twice()), 2);
    assert_eq!(fetch(&Arc::new(twice())), 2);
    assert_eq!(fetch(&Box::new(twice())), 2);
    assert_eq!(fetch(&LAZY), 2);
    assert_eq!(fetch(&LivePolicy::new(twice())), 2);
    assert_eq!(fetch(&Arc::new(LivePolicy::new(twice()))), 2);
    assert_eq!(fetch(&Guarded::new(twice(), &*budget)), 2);
    assert_eq!(fetch(&Arc::new(Guarded::new(twice(), (Arc::clone(&budget), Some(&*budget))))), 2);
}

#[tokio::test(start_paused = true)]
async fn a_bound_with_the_outcome_takes_breakers_too() {
    let breaker = Breaker::builder().consecutive(1).build().unwrap();
    assert_eq!(order(&twice()).await, Err(Failure::Down));
    assert_eq!(order(&Guarded::new(twice(), &breaker)).await, Err(Failure::Down));
    assert_eq!(order(&Guarded::new(twice(), &breaker)).await, Err(Failure::Open));
    assert_eq!(order(&Guarded::new(twice(), None::<&Breaker>)).await, Err(Failure::Down));

    let shared: Arc<dyn Retrier> = Arc::new(twice());
    assert_eq!(shared.run().await, Err(Failure::Down));
    let guarded = Guarded::new(twice(), Arc::new(breaker));
    assert_eq!(spawned(&guarded).await.unwrap(), Err(Failure::Open));
    let shared: Box<dyn Retrier> = Box::new(guarded);
    assert_eq!(shared.run().await, Err(Failure::Open));
}

#[tokio::test(start_paused = true)]
async fn generic_code_adds_breakers_and_budgets_to_those_of_the_policy() {
    let _no_wait = rebackoff::testing::no_wait();
    let opens_after = |failures| Breaker::builder().consecutive(failures).build().unwrap();
    let budget = Budget::quota().build().unwrap();
    let breaker = opens_after(4);
    assert_eq!(doubly_guarded(&twice(), &breaker, &budget).await, Err(Failure::Down));
    assert_eq!(breaker.failures(), 4);
    let (own, breaker) = (opens_after(3), opens_after(9));
    let guarded = Guarded::new(twice(), (&budget, &own));
    assert_eq!(doubly_guarded(&guarded, &breaker, &budget).await, Err(Failure::Down));
    assert_eq!((own.failures(), breaker.failures()), (3, 3));
    assert_eq!(doubly_guarded(&guarded, &breaker, &budget).await, Err(Failure::Open));
    assert_eq!((own.failures(), breaker.failures()), (3, 3));
}

#[tokio::test(start_paused = true)]
async fn the_erased_form_has_a_budget_and_a_breaker_or_none() {
    let plain = AnyPolicy::from(twice());
    assert_eq!(order(&plain).await, Err(Failure::Down));
    let breaker = Arc::new(Breaker::builder().consecutive(1).build().unwrap());
    let any = AnyPolicy::new(twice(), (None, Some(Arc::clone(&breaker))));
    assert_eq!(order(&any).await, Err(Failure::Down));
    assert_eq!(order(&any).await, Err(Failure::Open));
    assert_eq!(
        (any.to_string().contains("breaker"), plain.to_string().contains("breaker")),
        (true, false)
    );
}

#[test]
fn the_erased_form_takes_a_budget_and_a_breaker_in_either_order() {
    let budget = Arc::new(Budget::quota().build().unwrap());
    let breaker = Arc::new(Breaker::builder().build().unwrap());
    let one = Guarded::new(twice(), (budget.clone(), breaker.clone()));
    let other = Guarded::new(twice(), (breaker, budget));
    assert_eq!(AnyPolicy::from(one).to_string(), AnyPolicy::from(other).to_string());
}

#[test]
fn a_loop_takes_its_budgets_and_its_breaker_from_the_policy() {
    let _no_wait = rebackoff::testing::no_wait();
    let budget = Budget::quota().capacity(5).timeout_cost(5).build().unwrap();
    let policy = Guarded::new(policy!(expo), &budget);
    let mut tries = policy.tries();
    while tries.backoff(Failure::Down).is_ok() {}
    assert_eq!((tries.tries(), tries.reason()), (2, Some(Reason::Budget)));

    let breaker = Breaker::builder().consecutive(1).build().unwrap();
    let policy = Guarded::new(policy!(expo), &breaker);
    assert_eq!(policy.tries().unwrap().backoff(Failure::Down), Err(Failure::Down));
    assert!(policy.tries().is_err());
}

#[rebackoff::on_error(policy = policy)]
fn attributed<R: Retry>(policy: &R, tries: &mut u32) -> Result<(), Failure> {
    *tries += 1;
    Err(Failure::Down)
}

#[test]
fn an_attribute_takes_every_source_of_policies() {
    let (live, mut tries) = (LivePolicy::new(twice()), 0);
    assert_eq!(attributed(&live, &mut tries), Err(Failure::Down));
    assert_eq!(attributed(&Arc::new(twice()), &mut tries), Err(Failure::Down));
    assert_eq!(tries, 4);
}
