use rebackoff_core::{Event, EventKind};

use super::Hook;

macro_rules! handlers {
    ($($(#[$doc:meta])* $handler:ident on $kind:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $handler<C>(pub C);

        impl<O, C: FnMut(&Event<'_, O>)> Hook<O> for $handler<C> {
            #[inline]
            fn tell(&mut self, event: &Event<'_, O>) {
                if event.kind == EventKind::$kind {
                    (self.0)(event);
                }
            }
        }
    )*};
}

handlers! {
    /// Is told before each try.
    OnTry on Try;
    /// Is told after each failed try that a wait follows.
    OnBackoff on Backoff;
    /// Is told when the call gives up.
    OnGiveup on Giveup;
    /// Is told when a try is accepted.
    OnSuccess on Success;
}
