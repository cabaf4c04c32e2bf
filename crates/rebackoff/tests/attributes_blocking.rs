//! The attributes on every kind of blocking function.

use std::cell::Cell;
use std::error::Error;
use std::fmt::{Debug, Display};
use std::num::ParseIntError;

use rebackoff::testing::VirtualClock;
use rebackoff::{millis, on_error, on_predicate};

/// Fails until the try that it is told, and counts.
#[derive(Debug, Default)]
struct Flaky {
    name: String,
    calls: Cell<u32>,
    succeeds_on: u32,
}

#[derive(Debug, PartialEq)]
struct Failed(u32);

impl Flaky {
    fn until(succeeds_on: u32) -> Self {
        Self { name: "flaky".to_owned(), calls: Cell::new(0), succeeds_on }
    }

    fn call(&self) -> Result<u32, Failed> {
        self.calls.set(self.calls.get() + 1);
        if self.calls.get() >= self.succeeds_on {
            Ok(self.calls.get())
        } else {
            Err(Failed(self.calls.get()))
        }
    }

    #[on_error(constant(interval = 0), max_tries = 3)]
    fn by_reference(&self) -> Result<&str, Failed> {
        self.call()?;
        Ok(&self.name)
    }

    #[on_error(constant(interval = 0), max_tries = 3)]
    fn by_mutable_reference(&mut self, suffix: &str) -> Result<u32, Failed> {
        self.name.push_str(suffix);
        self.call()
    }

    #[on_error(constant(interval = 0), max_tries = 3)]
    fn by_value(self) -> Result<u32, Failed> {
        self.call()
    }

    #[on_predicate(constant(interval = 0), |calls| *calls < Self::ENOUGH, max_tries = 2 * Self::ENOUGH as u64)]
    fn by_constants_of_the_type(&self) -> u32 {
        self.calls.set(self.calls.get() + 1);
        self.calls.get()
    }

    const ENOUGH: u32 = 3;
}

#[test]
fn methods_are_retried_whatever_they_do_with_self() {
    let mut flaky = Flaky::until(3);
    assert_eq!(flaky.by_reference(), Ok("flaky"));
    flaky.calls.set(0);
    assert_eq!(flaky.by_mutable_reference("!"), Ok(3));
    assert_eq!(flaky.name, "flaky!!!");
    flaky.calls.set(0);
    assert_eq!(flaky.by_constants_of_the_type(), 3);
    flaky.calls.set(0);
    assert_eq!(flaky.by_value(), Ok(3));
}

#[test]
fn the_last_error_comes_back_untouched() {
    let flaky = Flaky::until(9);
    assert_eq!(flaky.by_reference(), Err(Failed(3)));
}

#[on_error(constant(interval = 0), max_tries = 3)]
fn sum(texts: &[&str], tries: &mut u32) -> Result<i32, Box<dyn Error>> {
    *tries += 1;
    if texts.is_empty() {
        return Ok(0);
    }
    let mut sum = 0;
    for text in texts {
        sum += text.parse::<i32>()?;
    }
    if sum < 0 {
        Err("negative")?;
    }
    Ok(sum)
}

#[test]
fn a_question_mark_and_an_early_return_end_the_try() {
    let mut tries = 0;
    assert_eq!(sum(&["1", "2"], &mut tries).unwrap(), 3);
    assert_eq!(sum(&[], &mut tries).unwrap(), 0);
    assert_eq!(tries, 2);
    assert!(sum(&["1", "x"], &mut tries).unwrap_err().is::<ParseIntError>());
    assert_eq!(tries, 5);
    assert_eq!(sum(&["-1"], &mut tries).unwrap_err().to_string(), "negative");
}

#[on_error(constant(interval = 0), max_tries = 2)]
fn generic<T, E, const N: usize>(
    items: [T; N],
    check: &mut impl FnMut(&T) -> Option<E>,
) -> Result<[T; N], E>
where
    T: Clone,
    E: Debug,
{
    match items.iter().find_map(&mut *check) {
        Some(error) => Err(error),
        None => Ok(items.clone()),
    }
}

#[on_error(constant(interval = 0), max_tries = N)]
fn tries_by_parameter<const N: u64>(tries: &mut u64) -> Result<(), ()> {
    *tries += 1;
    Err(())
}

struct Tried<const N: u64>;

impl<const N: u64> Tried<N> {
    #[on_error(constant(interval = 0), max_tries = N)]
    fn by_its_type(tries: &mut u64) -> Result<(), ()> {
        *tries += 1;
        Err(())
    }

    #[on_error(constant(interval = 0), max_tries = N + 1)]
    async fn once_more(&self, tries: &mut u64) -> Result<(), ()> {
        *tries += 1;
        Err(())
    }
}

#[test]
fn the_parameters_of_an_impl_may_stand_in_a_policy() {
    let mut tries = 0;
    assert_eq!(Tried::<4>::by_its_type(&mut tries), Err(()));
    assert_eq!(tries, 4);
    assert_eq!(futures_lite::future::block_on(Tried::<4>.once_more(&mut tries)), Err(()));
    assert_eq!(tries, 9);
}

#[test]
fn generic_functions_are_retried() {
    let mut checks = 0;
    let failed = generic([1, 2], &mut |_| {
        checks += 1;
        (checks < 2).then_some("first")
    });
    assert_eq!(failed, Ok([1, 2]));

    let mut tries = 0;
    assert_eq!(tries_by_parameter::<4>(&mut tries), Err(()));
    assert_eq!(tries, 4);
}

/// An error that borrows what it complains of.
#[derive(Debug, PartialEq)]
struct Unknown<'a> {
    word: &'a str,
}

#[on_error(constant(interval = 0), max_tries = 2, giveup = |unknown| unknown.word.is_empty())]
fn find<'all, 'word>(
    all: &'all [String],
    word: &'word str,
) -> Result<&'all String, Unknown<'word>> {
    all.iter().find(|one| *one == word).ok_or(Unknown { word })
}

#[on_error(constant(interval = 0), max_tries = 2, when = |unknown: &Unknown<'_>| !unknown.word.is_empty())]
fn first_line(text: &str) -> Result<&str, Unknown<'_>> {
    text.lines().next().ok_or(Unknown { word: text })
}

#[test]
fn results_and_errors_may_borrow_from_the_arguments() {
    let all = ["a".to_owned()];
    assert_eq!(find(&all, "a"), Ok(&all[0]));
    let word = String::from("b");
    assert_eq!(find(&all, &word), Err(Unknown { word: "b" }));
    assert_eq!(first_line("x\ny"), Ok("x"));
    assert_eq!(first_line(""), Err(Unknown { word: "" }));
}

#[on_error(constant(interval = 0), max_tries = 2, giveup = |error: &Failed| error.0 > 100)]
fn opaque(flaky: &Flaky) -> Result<impl Display + use<>, Failed> {
    flaky.call()
}

#[on_error(constant(interval = 0), max_tries = 2)]
fn nested_opaque<'a>(
    flaky: &'a Flaky,
) -> Result<Vec<(impl Fn(&str) -> String + 'a, impl Display)>, Failed> {
    let calls = flaky.call()?;
    Ok(vec![(move |suffix: &str| format!("{}{suffix}", flaky.name), calls)])
}

#[test]
fn what_is_returned_may_be_an_impl_trait() {
    assert_eq!(opaque(&Flaky::until(2)).map(|calls| calls.to_string()), Ok("2".to_owned()));
    let flaky = Flaky::until(2);
    let pairs = nested_opaque(&flaky).unwrap();
    assert_eq!((pairs[0].0("!"), pairs[0].1.to_string()), ("flaky!".to_owned(), "2".to_owned()));
}

type Fallible<T> = Result<T, Failed>;

#[on_error(constant(interval = 0), max_tries = 3, giveup = |error| error.0 == 99)]
fn aliased(flaky: &Flaky) -> Fallible<u32> {
    flaky.call()
}

#[test]
fn the_result_may_be_a_type_alias() {
    assert_eq!(aliased(&Flaky::until(2)), Ok(2));
}

trait Service {
    fn ping(&self) -> Result<u32, Failed>;

    #[on_error(constant(interval = 0), max_tries = 3)]
    fn ping_patiently(&self) -> Result<u32, Failed> {
        self.ping()
    }
}

impl Service for Flaky {
    #[on_error(constant(interval = 0), max_tries = 2)]
    fn ping(&self) -> Result<u32, Failed> {
        self.call()
    }
}

#[test]
fn trait_methods_are_retried_where_they_have_a_body() {
    assert_eq!(Flaky::until(9).ping(), Err(Failed(2)));
    assert_eq!(Flaky::until(9).ping_patiently(), Err(Failed(6)));
}

#[on_predicate(constant(interval = 0), |value| *value == 0, max_tries = 2)]
extern "C" fn foreign(value: i32) -> i32 {
    value
}

#[test]
fn extern_functions_are_retried() {
    assert_eq!(foreign(3), 3);
}

#[on_error(constant(interval = 0), max_tries = 2)]
fn descend(depth: u32, calls: &mut u32) -> Result<u32, Failed> {
    *calls += 1;
    if depth == 0 { Err(Failed(0)) } else { descend(depth - 1, calls) }
}

#[test]
fn a_function_may_call_itself() {
    let mut calls = 0;
    assert_eq!(descend(3, &mut calls), Err(Failed(0)));
    assert_eq!(calls, 2 + 4 + 8 + 16);
}

#[on_predicate(constant(interval = 0), |tick| *tick < 3, max_tries = 9)]
fn patterns((step, mut tick): (u32, u32), [.., last]: [u32; 2], _: ()) -> u32 {
    #![allow(clippy::items_after_statements)]
    tick += step;
    const ONE: u32 = 1;
    'outer: for _ in 0.. {
        for turn in 0.. {
            if turn == tick {
                break 'outer;
            }
        }
    }
    let late = || {
        if tick > 9 {
            return 0;
        }
        last
    };
    tick * ONE + late()
}

#[test]
fn arguments_may_be_patterns_and_bodies_may_hold_anything() {
    // Each try begins with the caller's `tick`: nine of them end at 1.
    assert_eq!(patterns((1, 0), [0, 0], ()), 1);
}

#[on_predicate(constant(interval = 0), |()| false)]
fn unit(calls: &Cell<u32>) {
    calls.set(calls.get() + 1);
}

#[on_error(constant(interval = 0), max_tries = 2)]
fn diverges() -> Result<(), Failed> {
    panic!("in the body")
}

#[test]
fn a_body_may_give_nothing_or_never_end() {
    let calls = Cell::new(0);
    unit(&calls);
    assert_eq!(calls.get(), 1);
    assert!(std::panic::catch_unwind(diverges).is_err());
}

#[on_error(constant(interval = 0), max_tries = 2)]
fn consumes(name: String) -> Result<u32, String> {
    let name = name.clone();
    Err(name)
}

#[on_error(constant(interval = 0), max_tries = 3)]
fn outer(calls: &Cell<u32>) -> Result<(), Failed> {
    #[on_error(constant(interval = 0), max_tries = 2)]
    fn inner(calls: &Cell<u32>) -> Result<(), Failed> {
        calls.set(calls.get() + 1);
        Err(Failed(calls.get()))
    }
    inner(calls)
}

#[test]
fn each_function_has_a_policy_of_its_own() {
    assert_eq!(outer(&Cell::new(0)), Err(Failed(6)));
    assert_eq!(consumes("x".to_owned()), Err("x".to_owned()));
}

macro_rules! retried {
    ($name:ident, $tries:literal, $body:block) => {
        #[on_error(constant(interval = 0), max_tries = $tries)]
        fn $name(calls: &Cell<u32>) -> Result<(), u32> {
            calls.set(calls.get() + 1);
            let result: Result<(), ()> = $body;
            result.map_err(|()| calls.get())
        }
    };
    (whole $name:ident $result:ty, $body:block) => {
        #[on_error(constant(interval = 0), max_tries = 2)]
        fn $name() -> $result $body
    };
}
macro_rules! limited {
    ($time:expr, $factor:expr, $base:literal, $wait:expr) => {
        #[on_error(expo(factor = $factor, base = $base), max_time = $time, jitter = none, sleeper = clock)]
        fn by_expressions(clock: &VirtualClock) -> Result<(), ()> {
            Err(())
        }

        #[on_error(list($wait, $factor), jitter = none, sleeper = clock)]
        fn by_listed_expressions(clock: &VirtualClock) -> Result<(), ()> {
            Err(())
        }
    };
}
retried!(by_macro, 4, { Err(()) });
limited!(3, 0.5, 2, "1ms");
retried!(whole by_whole_macro Result<(), u8>, { Err(1) });

#[test]
fn functions_that_a_macro_writes_are_retried() {
    assert_eq!(by_macro(&Cell::new(0)), Err(4));
    assert_eq!(by_whole_macro(), Err(1));
}

#[test]
fn a_value_that_a_macro_hands_on_is_read_like_one_that_is_written() {
    let (waits, listed) = (VirtualClock::new(), VirtualClock::new());
    assert_eq!(by_expressions(&waits), Err(()));
    assert_eq!(waits.waits(), [500, 1000, 1500].map(millis));
    assert_eq!(by_listed_expressions(&listed), Err(()));
    assert_eq!(listed.waits(), [1, 500].map(millis));
}

mod visible {
    use super::Failed;

    /// Documented.
    #[inline]
    #[must_use = "kept"]
    #[rebackoff::on_error(constant(interval = 0), max_tries = 2)]
    #[track_caller]
    #[allow(dead_code, reason = "attributes stay")]
    pub(super) fn everywhere() -> Result<&'static std::panic::Location<'static>, Failed> {
        Err(Failed(2))
    }
}

#[test]
fn visibility_and_other_attributes_stay() {
    assert_eq!(visible::everywhere(), Err(Failed(2)));
}

#[test]
#[on_error(constant(interval = 0), max_tries = 2)]
fn a_test_may_be_retried() -> Result<(), Failed> {
    thread_local!(static TRIES: Cell<u32> = const { Cell::new(0) });
    TRIES.set(TRIES.get() + 1);
    if TRIES.get() == 2 { Ok(()) } else { Err(Failed(TRIES.get())) }
}
