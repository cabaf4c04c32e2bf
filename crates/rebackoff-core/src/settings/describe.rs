use super::{Setting, Settings, is_decorrelated};
use crate::{Hints, Limits, Policy, Seconds, Wait};

/// All of the policy's parameters, so that [`Settings::build`] gives it back.
impl From<&Policy> for Settings {
    fn from(policy: &Policy) -> Self {
        let mut settings = Self::new();
        settings.set("wait", policy.wait().name());
        settings.describe_wait(policy.wait());
        settings.set("jitter", policy.jitter().name());
        let Limits { max_tries, max_time, last_wait, nested, hints, reset_after } =
            *policy.limits();
        if let Some(max_tries) = max_tries {
            settings.set("max_tries", max_tries.get());
        }
        if let Some(max_time) = max_time {
            settings.set("max_time", max_time);
        }
        settings.set("last_wait", last_wait.name());
        settings.set("nested", nested.name());
        if let Some(reset_after) = reset_after {
            settings.set("reset_after", reset_after);
        }
        settings.describe_hints(hints);
        settings
    }
}

impl Settings {
    fn describe_hints(&mut self, Hints { ceiling, above, spread }: Hints) {
        if ceiling < Seconds::MAX {
            self.set("hint_ceiling", ceiling);
        } else {
            self.set("hint_ceiling", "none");
        }
        self.set("hint_above", above.name()).set("hint_spread", spread);
    }

    fn describe_wait(&mut self, wait: &Wait) {
        match wait {
            Wait::Constant(constant) => {
                self.set("interval", constant.interval);
            }
            Wait::List(list) => {
                let waits = list.waits().iter().map(|wait| Setting::from(*wait));
                self.set("interval", Setting::List(waits.collect()));
            }
            Wait::Linear(linear) => {
                self.set("start", linear.start).set("step", linear.step);
            }
            Wait::Expo(expo) => {
                self.set("base", expo.base).set("factor", expo.factor);
            }
            Wait::Decay(decay) => {
                self.set("initial_value", decay.initial_value)
                    .set("decay_factor", decay.decay_factor)
                    .set("min_value", decay.min_value);
            }
            Wait::Decorrelated(decorrelated) => {
                self.set("base", decorrelated.base);
            }
            Wait::Fibo(_) | Wait::Runtime(_) => {}
        }
        if wait.cap() < Seconds::MAX {
            self.set("max_value", wait.cap());
        } else if is_decorrelated(wait) {
            self.set("max_value", "none");
        }
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Policy {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Wait::Runtime(_) = self.wait() {
            let rule = "wait must be data to be written, but it is runtime, a function";
            return Err(serde::ser::Error::custom(rule));
        }
        Settings::from(self).serialize(serializer)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Policy {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Settings::deserialize(deserializer)?.build().map_err(serde::de::Error::custom)
    }
}
