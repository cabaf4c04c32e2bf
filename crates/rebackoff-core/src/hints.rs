//! The rules of a policy for hints.

use crate::error::{PolicyError, Value};
use crate::{Draws, Seconds};

/// The rules of a policy for hints: waits that an outcome itself asks for (`Retry-After`).
///
/// A hint h is a floor, spread upward only: the wait is max(w, h + U(0, `spread` · h)), where w is
/// the strategy's own wait after jitter. A server that throttles gives all its clients one time;
/// without the spread they would all come back at that time. A hint above the `ceiling` is not obeyed:
/// [`Above`] names the reaction.
///
/// | field | unit | default | allowed |
/// |---|---|---|---|
/// | `ceiling` | seconds | 300 | any; [`Seconds::MAX`] is none |
/// | `above` | | [`Above::GiveUp`] | |
/// | `spread` | share of the hint | 0.1, and 0 where the policy has no jitter | 0 to 1 |
///
/// The ceiling of five minutes and a spread upward from the server's time are what [Envoy] does,
/// whose share is a half.
///
/// [Envoy]: https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto#config-route-v3-retrypolicy-ratelimitedretrybackoff
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hints {
    /// The longest hint that is obeyed.
    pub ceiling: Seconds,
    /// The reaction to a hint above the ceiling.
    pub above: Above,
    /// The most by which a wait exceeds its hint, as a share of the hint.
    pub spread: f64,
}

/// The reaction to a hint above the ceiling.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Above {
    /// The call gives up at once, with [`Reason::Hint`](crate::Reason::Hint), and returns the hint: the
    /// server would reject an earlier retry. The default.
    #[default]
    GiveUp,
    /// The hint counts as the ceiling: the call comes back earlier than it was asked to.
    Cap,
}

impl Above {
    /// The name in configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::GiveUp => "give_up",
            Self::Cap => "cap",
        }
    }
}

impl Hints {
    /// The ceiling of a policy that names none: five minutes.
    pub const CEILING: Seconds = Seconds::from_duration(crate::secs(300));

    /// The spread of a policy that names none and has a jitter: a tenth.
    pub const SPREAD: f64 = 0.1;

    /// The defaults.
    pub const fn new() -> Self {
        Self { ceiling: Self::CEILING, above: Above::GiveUp, spread: Self::SPREAD }
    }

    /// Every hint is obeyed, to the digit.
    pub const EXACT: Self = Self { ceiling: Seconds::MAX, above: Above::Cap, spread: 0.0 };

    /// The stricter of both rules: the lower ceiling with its reaction, and the wider spread.
    pub fn and(self, other: Self) -> Self {
        let lower = match (self.ceiling, other.ceiling) {
            (one, two) if one < two => self,
            (one, two) if one > two => other,
            _ if self.above == Above::GiveUp => self,
            _ => other,
        };
        Self { spread: self.spread.max(other.spread), ..lower }
    }

    /// The part of `hint` that the call obeys; `None` when the call gives up instead.
    pub fn floor(&self, hint: Seconds) -> Option<Seconds> {
        match self.above {
            Above::GiveUp if hint > self.ceiling => None,
            _ => Some(hint.min(self.ceiling)),
        }
    }

    /// `wait`, raised to `hint` or somewhat above. One draw is taken for a hint that is spread.
    #[cold]
    #[inline(never)]
    pub(crate) fn raise(&self, wait: Seconds, hint: Seconds, draws: &mut impl Draws) -> Seconds {
        let floor = hint.min(self.ceiling);
        let width = floor.get() * self.spread;
        if width > 0.0 {
            return wait.max(Seconds::saturating(floor.get() + width * draws.uniform()));
        }
        wait.max(floor)
    }

    pub(crate) const fn check(&self) -> Result<(), PolicyError> {
        if self.spread >= 0.0 && self.spread <= 1.0 {
            return Ok(());
        }
        let rule = "hint_spread must be a share from 0 to 1";
        Err(PolicyError::new("hint_spread", rule, Value::Number(self.spread)))
    }
}

impl Default for Hints {
    fn default() -> Self {
        Self::new()
    }
}
