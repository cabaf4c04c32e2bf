//! Prints what happens to a call while it happens.

use std::cell::Cell;
use std::time::Duration;

use rebackoff::{Event, EventKind, Hook, Reason};

use crate::client::{FetchError, Page};

thread_local! {
    static LAST_REASON: Cell<Option<Reason>> = const { Cell::new(None) };
}

/// Prints the name of the call that follows.
pub(crate) fn announce(name: &str) {
    println!("\n {name}");
    LAST_REASON.set(None);
}

/// A handler for every kind of event: prints a try, a wait, a give-up.
pub(crate) fn tell(event: &Event<'_, Page>) {
    print(event, event.outcome.map(brief));
}

/// [`tell`] as a hook, which is notified of every event of the calls that it is added to.
pub(crate) struct Narrator;

impl Hook<Page> for Narrator {
    fn notify(&mut self, event: &Event<'_, Page>) {
        tell(event);
    }
}

/// A loop of the caller's own hands over its errors, so the outcome of its events is an error.
impl Hook<FetchError> for Narrator {
    fn notify(&mut self, event: &Event<'_, FetchError>) {
        print(event, event.outcome.map(ToString::to_string));
    }
}

fn print<O>(event: &Event<'_, O>, outcome: Option<String>) {
    let outcome = outcome.unwrap_or_default();
    match event.kind {
        EventKind::Try => println!("   try {} at {}", event.tries, in_ms(event.elapsed())),
        EventKind::Backoff => {
            println!("     {outcome}; waits {}", in_ms(event.wait.unwrap_or_default()));
        }
        EventKind::Giveup => {
            let reason = event.reason.map_or("", Reason::as_str);
            println!("     {outcome}; gives up: {reason}");
            LAST_REASON.set(event.reason);
        }
        EventKind::Success => {}
    }
}

/// Prints what the caller got.
pub(crate) fn conclude(page: &Page) {
    println!("   => {}", brief(page));
}

/// The reason of the last call to give up, as far as the narrator was notified.
pub(crate) fn last_reason() -> Option<Reason> {
    LAST_REASON.get()
}

/// The page, or what went wrong with it, in a few words.
pub(crate) fn brief(page: &Page) -> String {
    match page {
        Ok(text) => text.clone(),
        Err(error) => error.to_string(),
    }
}

pub(crate) fn in_ms(duration: Duration) -> String {
    format!("{} ms", duration.as_millis())
}
