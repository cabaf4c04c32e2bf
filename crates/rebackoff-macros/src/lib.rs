//! The attributes of `rebackoff`, which re-exports them: [`macro@on_error`] and
//! [`macro@on_predicate`].
//!
//! The attribute as written (`ast`) becomes options (`attr`), options are checked (`valid`, `value`), and
//! a plan that holds becomes a loop around the function's body (`expand`).

mod ast;
mod attr;
mod boxed;
mod expand;
mod valid;
mod value;
mod words;

use proc_macro::TokenStream;
use quote::quote;
use syn::parse_macro_input;

use ast::{Arguments, Function};
use attr::{AttributeKind, Options};
use valid::CheckedAttribute;

/// Retries a function or method, blocking or async, when it returns `Err`.
///
/// ```
/// use rebackoff::Event;
/// # use std::time::Duration;
///
/// #[derive(Debug, PartialEq)]
/// enum HttpError { NotFound, Unavailable, Throttled { retry_after: Duration } }
///
/// # let mut answers = vec![Ok("hello".to_owned()), Err(HttpError::Unavailable)];
/// # let mut get = |_: &str| answers.pop().unwrap();
/// # let _no_wait = rebackoff::testing::no_wait();
/// #[rebackoff::on_error(
///     expo(max_value = 30),
///     max_tries = 8,
///     max_time = 60,
///     giveup = |error| *error == HttpError::NotFound,
///     hint = retry_after,
///     on_backoff = log
/// )]
/// fn get_url(url: &str, get: &mut impl FnMut(&str) -> Result<String, HttpError>) -> Result<String, HttpError> {
///     let body = get(url)?; // leaves this try
///     Ok(body)
/// }
///
/// fn retry_after(error: &HttpError) -> Option<Duration> {
///     match error {
///         HttpError::Throttled { retry_after } => Some(*retry_after),
///         _ => None,
///     }
/// }
///
/// fn log<O>(event: &Event<'_, O>) {
///     println!("try {} failed, waiting {:?}", event.tries, event.wait);
/// }
///
/// assert_eq!(get_url("http://localhost", &mut get).unwrap(), "hello");
/// ```
///
/// # The policy
///
/// The wait strategy comes first, with its parameters by name; n counts retries from 0.
///
/// | strategy | raw wait | parameters and defaults |
/// |---|---|---|
/// | `constant` | `interval` | `interval = 1` |
/// | `list(1, 5, "1m")` | the next of the list, then gives up | 1 to 16 waits |
/// | `linear` | `start` + n · `step`, at most `max_value` | `start = 1`, `step = 1`, no cap |
/// | `expo` | `factor` · `base`ⁿ, at most `max_value` | `base = 2.0`, `factor = 1`, no cap |
/// | `fibo` | 1, 1, 2, 3, 5 … s, at most `max_value` | no cap |
/// | `decay` | `initial_value` · e^(−n · `decay_factor`), at least `min_value` | `initial_value = 1`, `decay_factor = 1.0`, `min_value = 0` |
/// | `decorrelated` | U(`base`, 3 · the wait before), at most `max_value` | `base = 1`, `max_value = 60` |
/// | `runtime` | the result of `wait_from` | |
///
/// | option | meaning | default |
/// |---|---|---|
/// | `max_tries` | most tries, the first included: a whole number of at least 1 | unlimited |
/// | `max_time` | most time from the start of the first try, a duration | unlimited |
/// | `jitter` | `full`, `equal`, `random` or `none` | `full`; `none` for `decorrelated` |
/// | `last_wait` | `shorten` or `stop`: the treatment of a wait that would end past `max_time` | `shorten` |
/// | `nested` | `allow` or `once`: the behaviour of a call inside a try of another call | `allow` |
/// | `reset_after` | a failed try that lasted at least so long begins the call anew, a duration | never |
/// | `hint_ceiling` | the longest hint that is obeyed, a duration | 300 |
/// | `hint_above` | `give_up` or `cap`: the reaction to a hint above the ceiling | `give_up` |
/// | `hint_spread` | the spread above a hint, a share of it from 0 to 1 | 0.1; 0 with `jitter = none` |
/// | `policy` | a `Policy`, a `Guarded` one, a `LivePolicy`, or a reference or `Arc` of one, in place of all of these | |
///
/// A duration is a number of seconds (`30`, `0.5`), a number with the unit d, h, m, s, ms, us or
/// ns (`500ms`, `"1m 30s"`), or a constant expression of type `Duration`. Constants and generic parameters, of the
/// function or of its `impl`, may stand in a value. All of these values are known to the compiler, and a wrong one
/// does not compile:
///
/// ```compile_fail,E0080
/// #[rebackoff::on_error(expo(factor = 10, max_value = 5))] // max_value must be at least the first wait
/// fn fetch() -> Result<(), ()> { Ok(()) }
/// ```
///
/// The expression behind `policy` is evaluated on each call, before the first try, so that
/// configuration can change while the program runs:
///
/// ```
/// use rebackoff::prelude::*;
///
/// struct Client { policy: Policy }
///
/// impl Client {
///     #[rebackoff::on_error(policy = self.policy, giveup = |error| error.is_empty())]
///     fn fetch(&self, tries: &mut u32) -> Result<(), String> {
///         *tries += 1;
///         Err("down".to_owned())
///     }
/// }
///
/// let client = Client { policy: policy!(constant(interval = millis(1)), max_tries = 2) };
/// let mut tries = 0;
/// assert!(client.fetch(&mut tries).is_err());
/// assert_eq!(tries, 2);
/// ```
///
/// # Conditions, waits and handlers
///
/// Each holds a path or a closure, whose parameter types are inferred; `T` and `E` are those of the
/// function's `Result<T, E>`. None is set by default.
///
/// | option | function | effect |
/// |---|---|---|
/// | `when` | `&E -> bool` | gives up on errors that it is false for |
/// | `giveup` | `&E -> bool` | gives up on errors that it is true for |
/// | `hint` | `&E -> Option<Duration>` | waits at least this long |
/// | `policy_for` | `&E -> impl AsRef<Policy>` | waits and limits for this error, inside those of the call |
/// | `until` | `&Result<T, E> -> bool` | retries on `Ok` too, until it is true |
/// | `judge` | `&Result<T, E> -> Verdict` | the whole verdict; overrides the options before it |
/// | `wait_from` | `&Result<T, E> -> Option<Duration>` | the raw wait, for `runtime`; `None` gives up |
/// | `jitter_by` | `Duration -> Duration` | replaces `jitter` |
/// | `on_try` | `&Event<Result<T, E>>` | called before each try |
/// | `on_backoff` | `&Event<Result<T, E>>` | called before each wait |
/// | `on_giveup` | `&Event<Result<T, E>>` | called when the call gives up |
/// | `on_success` | `&Event<Result<T, E>>` | called when the call succeeds |
/// | `hook` | a `Hook<Result<T, E>>`, no function | judges and is notified; `Trace::of("fetch")`, for example |
///
/// A handler or hook may be given several times, or as a list: `on_backoff = [log, count]`.
///
/// # Budgets and breakers
///
/// Each is an expression that is evaluated on each call: a guard, a reference, an `Arc`, or an `Option` of
/// one. `Call::budget` and `Call::breaker` document them.
///
/// | option | meaning | default |
/// |---|---|---|
/// | `budget` | pays for retries | none |
/// | `breaker` | is asked before each try | none |
/// | `rejected` | `Open -> Result<T, E>`: the outcome of a call whose first try is rejected | an error made of `Open` (`FromOpen`) |
/// | `counts` | `&Result<T, E> -> Health`: the health of the target | a retried outcome is a failure, a rejection is neutral |
/// | `costs` | `&Result<T, E> -> Cost`: the cost of a retry | `Cost::Retry` |
///
/// ```
/// use rebackoff::prelude::*;
///
/// static RETRIES: Budget = budget!(share(ratio = 0.1));
/// static SHOP: Breaker = breaker!(consecutive = 5);
///
/// #[rebackoff::on_error(expo, max_tries = 4, budget = RETRIES, breaker = SHOP)]
/// fn order(item: &str) -> Result<u32, Box<dyn std::error::Error>> {
///     Ok(item.parse()?)
/// }
///
/// SHOP.isolate();
/// let error = order("7").unwrap_err();
/// assert_eq!(error.to_string(), "the circuit breaker is isolated");
/// ```
///
/// # The rest
///
/// | option | meaning | default |
/// |---|---|---|
/// | `timeout` | cancels a try of an `async fn` that takes longer, a duration | none |
/// | `late` | `Duration -> Result<T, E>`: the outcome of a try that took longer; with `timeout` | |
/// | `sleeper` | the sleeper, evaluated on each call | the thread; tokio's or smol's timer for an `async fn` |
/// | `crate` | the path of this crate, where it is renamed | `::rebackoff` |
///
/// # The function
///
/// Its body runs once for each try, so it cannot move an argument away: clone what it consumes.
/// The arguments are bound once. An argument that is bound as `mut`, `self` too, starts each try with a clone
/// of the caller's value; all tries share what a `&mut` points to. Inside `#[async_trait]`, the attribute goes on
/// the method, above `#[instrument]` and others that rewrite the body. The last try's outcome comes back
/// untouched. Lifetimes, generics, `impl Trait`, `&mut self` and errors that borrow are all fine; where the
/// result borrows *mutably* from an argument, the compiler refuses the loop, as it does one written by hand.
///
/// The future of an `async fn` is `Send` where the function's own would be and the arguments that
/// the body borrows are `Sync`.
///
/// ```
/// struct Connection { uses: u32 }
///
/// impl Connection {
///     #[rebackoff::on_error(constant(interval = 1ms), max_tries = 3)]
///     async fn query(&mut self, sql: &str) -> Result<&'static str, String> {
///         self.uses += 1;
///         if self.uses < 3 {
///             return Err(format!("{sql}: deadlock"));
///         }
///         Ok("a row")
///     }
/// }
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// let mut connection = Connection { uses: 0 };
/// assert_eq!(connection.query("select 1").await.unwrap(), "a row");
/// # });
/// ```
#[proc_macro_attribute]
pub fn on_error(arguments: TokenStream, item: TokenStream) -> TokenStream {
    retried(AttributeKind::OnError, arguments, item)
}

/// Retries a function or method, blocking or async, while a predicate is true for what it returns.
///
/// The wait strategy comes first, then the predicate. A call that gives up returns the last value.
///
/// ```
/// # use std::collections::VecDeque;
/// #[rebackoff::on_predicate(fibo(max_value = 13), |messages| messages.is_empty(), max_tries = 20)]
/// fn poll_for_messages(queue: &mut VecDeque<Vec<&'static str>>) -> Vec<&'static str> {
///     queue.pop_front().unwrap_or_default()
/// }
///
/// # let _no_wait = rebackoff::testing::no_wait();
/// let mut queue = VecDeque::from([vec![], vec![], vec!["hello"]]);
/// assert_eq!(poll_for_messages(&mut queue), ["hello"]);
/// ```
///
/// The predicate is a path or a closure, `&CheckedValue -> bool`. The policy, `judge`, `wait_from`,
/// `jitter_by`, the handlers, budgets and breakers, `sleeper` and `crate` are those of
/// [`macro@on_error`], with the returned value in place of the `Result`. Waits may come from the value itself:
///
/// ```
/// use std::time::Duration;
///
/// enum Job { Pending { check_again_in: Duration }, Done(u32) }
///
/// impl Job {
///     fn is_pending(&self) -> bool { matches!(self, Job::Pending { .. }) }
///
///     fn next_check(&self) -> Option<Duration> {
///         match self {
///             Job::Pending { check_again_in } => Some(*check_again_in),
///             Job::Done(_) => None,
///         }
///     }
/// }
///
/// #[rebackoff::on_predicate(runtime, Job::is_pending, wait_from = Job::next_check, jitter = none)]
/// fn status(checks: &mut u32) -> Job {
///     *checks += 1;
///     match *checks {
///         3 => Job::Done(42),
///         _ => Job::Pending { check_again_in: Duration::from_millis(1) },
///     }
/// }
///
/// assert!(matches!(status(&mut 0), Job::Done(42)));
/// ```
#[proc_macro_attribute]
pub fn on_predicate(arguments: TokenStream, item: TokenStream) -> TokenStream {
    retried(AttributeKind::OnPredicate, arguments, item)
}

fn retried(kind: AttributeKind, arguments: TokenStream, item: TokenStream) -> TokenStream {
    let as_written = proc_macro2::TokenStream::from(item.clone());
    let function = parse_macro_input!(item as Function);
    let plan = syn::parse(arguments)
        .and_then(|arguments: Arguments| Options::parse(kind, arguments))
        .and_then(|options| CheckedAttribute::check(options, &function));
    match plan {
        Ok(plan) => expand::expand(&plan, function).into(),
        Err(error) => {
            // The function stays, so that its callers are not told that it is missing.
            let error = error.into_compile_error();
            quote!(#error #as_written).into()
        }
    }
}
