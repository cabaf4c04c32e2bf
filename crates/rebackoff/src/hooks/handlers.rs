use rebackoff_core::{Event, Events};

use super::Hook;

macro_rules! handlers {
    ($($(#[$doc:meta])* $handler:ident on $events:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $handler<C>(pub C);

        impl<O, C: FnMut(&Event<'_, O>)> Hook<O> for $handler<C> {
            const EVENTS: Events = Events::$events;

            #[inline]
            fn notify(&mut self, event: &Event<'_, O>) {
                (self.0)(event);
            }
        }
    )*};
}

handlers! {
    /// Calls a function before each try.
    OnTry on TRY;
    /// Calls a function after each failed try that a wait follows.
    OnBackoff on BACKOFF;
    /// Calls a function when the call gives up.
    OnGiveup on GIVEUP;
    /// Calls a function when a try is accepted.
    OnSuccess on SUCCESS;
}
