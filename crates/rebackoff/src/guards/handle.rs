//! The forms in which a call takes a guard.

use std::sync::{Arc, LazyLock};

/// A handle to a guard `G`, a [`Budget`](crate::Budget) or a [`Breaker`](crate::Breaker): the guard
/// itself, a reference, an [`Arc`], a [`LazyLock`], or an `Option` of one of them.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no handle to a `{G}`",
    note = "give a reference, an `Arc`, a `LazyLock`, or an `Option` of one of them"
)]
pub trait Handle<G> {
    /// The guard, if there is one.
    fn guard(&self) -> Option<&G>;

    /// Notifies the handle that a call has changed the guard: a breaker its state, a budget its tokens. A guard
    /// of a fleet reports that to its store.
    #[inline]
    fn notify(&self) {}

    /// The guard for looking at it, where no call begins.
    fn view(&self) -> Option<GuardView<'_, G>> {
        self.guard().map(|guard| GuardView { guard, is_degraded: None })
    }
}

/// A guard that an exporter reads.
#[derive(Clone, Copy, Debug)]
pub struct GuardView<'g, G> {
    /// The guard.
    pub guard: &'g G,
    /// Of a guard of a fleet: whether it goes on without the store.
    pub is_degraded: Option<bool>,
}

macro_rules! guards {
    ($($guard:ty)*) => {$(
        impl Handle<$guard> for $guard {
            #[inline]
            fn guard(&self) -> Option<&$guard> {
                Some(self)
            }
        }
    )*};
}

guards!(crate::Budget crate::Breaker);

macro_rules! pointers {
    ($($pointer:ty)*) => {$(
        impl<G, H: Handle<G> + ?Sized> Handle<G> for $pointer {
            #[inline]
            fn guard(&self) -> Option<&G> {
                (**self).guard()
            }

            #[inline]
            fn notify(&self) {
                (**self).notify();
            }

            fn view(&self) -> Option<GuardView<'_, G>> {
                (**self).view()
            }
        }
    )*};
}

pointers!(&H Arc<H> Box<H>);

impl<G, H: Handle<G>, F: FnOnce() -> H> Handle<G> for LazyLock<H, F> {
    #[inline]
    fn guard(&self) -> Option<&G> {
        (**self).guard()
    }

    #[inline]
    fn notify(&self) {
        (**self).notify();
    }

    fn view(&self) -> Option<GuardView<'_, G>> {
        (**self).view()
    }
}

impl<G, H: Handle<G>> Handle<G> for Option<H> {
    #[inline]
    fn guard(&self) -> Option<&G> {
        self.as_ref().and_then(H::guard)
    }

    #[inline]
    fn notify(&self) {
        if let Some(handle) = self {
            handle.notify();
        }
    }

    fn view(&self) -> Option<GuardView<'_, G>> {
        self.as_ref().and_then(H::view)
    }
}
