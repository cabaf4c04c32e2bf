//! Settings from formats that describe themselves. A value of the wrong kind becomes [`Setting::Other`], so
//! that one place refuses it with the name of the parameter.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{Setting, Settings};

/// The key under which the crate `toml` hands over a date.
const TOML_DATE: &str = "$__toml_private_datetime";

impl<'de> Deserialize<'de> for Settings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Parameters)
    }
}

struct Parameters;

impl<'de> Visitor<'de> for Parameters {
    type Value = Settings;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table of the parameters of a policy")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Settings, A::Error> {
        let mut settings = Settings::new();
        while let Some(name) = map.next_key::<String>()? {
            if settings.get(&name).is_some() {
                let message = format!("{name} must be given once, but it is given twice");
                return Err(A::Error::custom(message));
            }
            let value: Setting = map.next_value()?;
            settings.set(&name, value);
        }
        Ok(settings)
    }
}

impl<'de> Deserialize<'de> for Setting {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Setting;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, a text or a list")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Setting, E> {
        Ok(Setting::Other(value.to_string()))
    }

    #[allow(clippy::cast_precision_loss, reason = "no parameter takes a negative count")]
    fn visit_i64<E>(self, value: i64) -> Result<Setting, E> {
        Ok(u64::try_from(value).map_or(Setting::Number(value as f64), Setting::Count))
    }

    #[allow(clippy::cast_precision_loss, reason = "no parameter takes a negative count")]
    fn visit_i128<E>(self, value: i128) -> Result<Setting, E> {
        Ok(u64::try_from(value).map_or(Setting::Number(value as f64), Setting::Count))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Setting, E> {
        Ok(Setting::Count(value))
    }

    fn visit_u128<E>(self, value: u128) -> Result<Setting, E> {
        Ok(Setting::Count(u64::try_from(value).unwrap_or(u64::MAX)))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Setting, E> {
        Ok(Setting::Number(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Setting, E> {
        Ok(Setting::from(value))
    }

    fn visit_bytes<E>(self, _: &[u8]) -> Result<Setting, E> {
        Ok(Setting::Other("bytes".to_owned()))
    }

    fn visit_none<E>(self) -> Result<Setting, E> {
        Ok(Setting::from("none"))
    }

    fn visit_unit<E>(self) -> Result<Setting, E> {
        Ok(Setting::from("none"))
    }

    fn visit_some<D: Deserializer<'de>>(self, value: D) -> Result<Setting, D::Error> {
        Setting::deserialize(value)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, value: D) -> Result<Setting, D::Error> {
        Setting::deserialize(value)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Setting, A::Error> {
        let mut settings = Vec::new();
        while let Some(setting) = seq.next_element()? {
            settings.push(setting);
        }
        Ok(Setting::List(settings))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Setting, A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            if key == TOML_DATE {
                return Ok(Setting::Other(format!("the date {}", map.next_value::<String>()?)));
            }
            map.next_value::<IgnoredAny>()?;
        }
        Ok(Setting::Other("a table".to_owned()))
    }
}
