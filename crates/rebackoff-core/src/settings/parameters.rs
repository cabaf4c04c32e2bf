use alloc::borrow::ToOwned;
use alloc::format;
use alloc::vec::Vec;
use core::time::Duration;

use super::{Setting, SettingError, Settings};
use crate::{
    Above, Jitter, LastWait, Nested, Wait, constant, decay, decorrelated, did_you_mean, expo, fibo,
    linear, list,
};

pub(super) const WAITS: &str =
    "wait must be one of constant, list, linear, expo, fibo, decay, decorrelated";

pub(super) fn named_wait(setting: &Setting) -> Result<Wait, SettingError> {
    Ok(match setting.word() {
        Some("constant") => constant().wait(),
        Some("list") => list(&[]).wait(),
        Some("linear") => linear().wait(),
        Some("expo") => expo().wait(),
        Some("fibo") => fibo().wait(),
        Some("decay") => decay().wait(),
        Some("decorrelated") => decorrelated().wait(),
        Some("runtime") => {
            let advice = "; runtime is a function, which only the program can give".to_owned();
            return Err(SettingError { advice, ..setting.refused("wait", WAITS) });
        }
        _ => return Err(setting.refused("wait", WAITS)),
    })
}

pub(super) fn jitter(setting: &Setting) -> Result<Jitter, SettingError> {
    Ok(match setting.word() {
        Some("full") => Jitter::Full,
        Some("equal") => Jitter::Equal,
        Some("random") => Jitter::Random,
        Some("none") => Jitter::None,
        _ => {
            let rule = "jitter must be one of full, equal, random, none";
            return Err(setting.refused("jitter", rule));
        }
    })
}

pub(super) fn nested(setting: &Setting) -> Result<Nested, SettingError> {
    Ok(match setting.word() {
        Some("allow") => Nested::Allow,
        Some("once") => Nested::Once,
        _ => return Err(setting.refused("nested", "nested must be one of allow, once")),
    })
}

pub(super) fn last_wait(setting: &Setting) -> Result<LastWait, SettingError> {
    Ok(match setting.word() {
        Some("shorten") => LastWait::Shorten,
        Some("stop") => LastWait::Stop,
        _ => return Err(setting.refused("last_wait", "last_wait must be one of shorten, stop")),
    })
}

pub(super) fn hint_above(setting: &Setting) -> Result<Above, SettingError> {
    Ok(match setting.word() {
        Some("give_up") => Above::GiveUp,
        Some("cap") => Above::Cap,
        _ => return Err(setting.refused("hint_above", "hint_above must be one of give_up, cap")),
    })
}

/// A limit's value, or `None` for the text `none`.
pub(super) fn limit<T>(
    name: &str,
    setting: &Setting,
    read: fn(&Setting, &str) -> Result<T, SettingError>,
) -> Result<Option<T>, SettingError> {
    if setting.word() == Some("none") {
        return Ok(None);
    }
    read(setting, name).map(Some)
}

fn cap(name: &str, setting: &Setting) -> Result<Duration, SettingError> {
    Ok(limit(name, setting, Setting::duration)?.unwrap_or(Duration::MAX))
}

pub(super) fn set_parameter(
    wait: Wait,
    name: &str,
    setting: &Setting,
) -> Result<Wait, SettingError> {
    let time = || setting.duration(name);
    Ok(match (wait, name) {
        (Wait::Constant(_) | Wait::List(_), "interval") => interval(&wait, setting)?,
        (Wait::Linear(linear), "start") => linear.start(time()?).wait(),
        (Wait::Linear(linear), "step") => linear.step(time()?).wait(),
        (Wait::Linear(linear), "max_value") => linear.max_value(cap(name, setting)?).wait(),
        (Wait::Expo(expo), "base") => expo.base(setting.number(name)?).wait(),
        (Wait::Expo(expo), "factor") => expo.factor(time()?).wait(),
        (Wait::Expo(expo), "max_value") => expo.max_value(cap(name, setting)?).wait(),
        (Wait::Fibo(fibo), "max_value") => fibo.max_value(cap(name, setting)?).wait(),
        (Wait::Decay(decay), "initial_value") => decay.initial_value(time()?).wait(),
        (Wait::Decay(decay), "decay_factor") => decay.decay_factor(setting.number(name)?).wait(),
        (Wait::Decay(decay), "min_value") => decay.min_value(time()?).wait(),
        (Wait::Decorrelated(walk), "base") => walk.base(time()?).wait(),
        (Wait::Decorrelated(walk), "max_value") => walk.max_value(cap(name, setting)?).wait(),
        (wait, _) => {
            let (strategy, own) = (wait.name(), parameters(&wait));
            let unknown = !Settings::NAMES.contains(&name);
            let rule = format!(
                "{strategy} takes {own}, beside jitter, max_tries, max_time, last_wait, nested, \
                 reset_after, hint_ceiling, hint_above, hint_spread"
            );
            return Err(SettingError {
                parameter: name.to_owned(),
                rule,
                value: format!("given {name} as well"),
                advice: did_you_mean(
                    name,
                    unknown.then_some(Settings::NAMES).into_iter().flatten().copied(),
                ),
            });
        }
    })
}

fn parameters(wait: &Wait) -> &'static str {
    match wait {
        Wait::Constant(_) | Wait::List(_) => "interval",
        Wait::Linear(_) => "start, step, max_value",
        Wait::Expo(_) => "base, factor, max_value",
        Wait::Fibo(_) => "max_value",
        Wait::Decay(_) => "initial_value, decay_factor, min_value",
        Wait::Decorrelated(_) => "base, max_value",
        Wait::Runtime(_) => "none",
    }
}

/// One wait, or the waits of a list, also as a text with commas; `wait` is the strategy so far.
fn interval(wait: &Wait, setting: &Setting) -> Result<Wait, SettingError> {
    let waits: Result<Vec<_>, _> = match setting {
        Setting::List(settings) => settings.iter().map(|one| one.duration("interval")).collect(),
        Setting::Text(text) if text.contains(',') => {
            text.split(',').map(|one| Setting::from(one).duration("interval")).collect()
        }
        one => {
            let interval = one.duration("interval")?;
            return Ok(match wait {
                // Chosen by name, and not yet filled.
                Wait::List(waits) if waits.waits().is_empty() => list(&[interval]).wait(),
                _ => constant().interval(interval).wait(),
            });
        }
    };
    Ok(list(&waits?).wait())
}
