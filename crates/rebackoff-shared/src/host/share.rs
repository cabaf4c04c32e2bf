use rebackoff_core::{
    Breaker, BreakerBuilder, Budget, PerSecond, PolicyError, Quota, Share, Throttle,
};

use super::{Host, Opened, SharedError, StateOfAtomics};

/// Builders of guards that the processes of a host share.
///
/// Processes that give one name, kind and the same parameters have one guard; other parameters make
/// another guard.
///
/// ```
/// use std::time::Duration;
///
/// use rebackoff_core::{Breaker, Budget, BreakerState};
/// use rebackoff_shared::{Host, ShareOnHost};
///
/// # let folder = tempfile::tempdir()?;
/// # let host = Host::at(folder.path().join("guards"));
/// // Without a host of its own: Breaker::builder().consecutive(3).shared("shop")?
/// let breaker = Breaker::builder().consecutive(3).shared_on("shop", &host)?;
/// let budget = Budget::share().ratio(0.1).shared_on("shop", &host)?;
/// breaker.force_open_at(|| Duration::ZERO);
/// assert_eq!(breaker.state_at(|| Duration::ZERO), BreakerState::Open);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait ShareOnHost: sealed::Builder {
    /// The guard of this name in the [default folder](Host::from_env).
    ///
    /// # Errors
    ///
    /// Names the parameter, name, folder or file that is not allowed, or the error of the operating
    /// system.
    fn shared(self, name: &str) -> Result<&'static Self::Guard, SharedError> {
        self.shared_on(name, &Host::from_env())
    }

    /// The guard of this name on `host`.
    ///
    /// # Errors
    ///
    /// As for [`shared`](Self::shared).
    fn shared_on(self, name: &str, host: &Host) -> Result<&'static Self::Guard, SharedError> {
        Ok(self.open_on(name, host)?.guard)
    }

    /// The guard of this name on `host`, with the guards of the name that have other parameters.
    ///
    /// # Errors
    ///
    /// As for [`shared`](Self::shared).
    fn open_on(self, name: &str, host: &Host) -> Result<Opened<Self::Guard>, SharedError> {
        host.share(name, self.guard()?)
    }
}

impl<B: sealed::Builder> ShareOnHost for B {}

mod sealed {
    use super::{PolicyError, StateOfAtomics};

    #[allow(private_bounds, reason = "the builders of the core, and no others")]
    pub trait Builder: Sized {
        type Guard: StateOfAtomics;

        fn guard(self) -> Result<Self::Guard, PolicyError>;
    }
}

macro_rules! builders {
    ($($builder:ty => $guard:ty,)*) => {$(
        impl sealed::Builder for $builder {
            type Guard = $guard;

            fn guard(self) -> Result<$guard, PolicyError> {
                self.build()
            }
        }
    )*};
}

builders! {
    BreakerBuilder => Breaker,
    PerSecond => Budget,
    Share => Budget,
    Quota => Budget,
    Throttle => Budget,
}
