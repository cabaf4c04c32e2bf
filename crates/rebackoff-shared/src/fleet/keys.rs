//! The keys of a guard, which its parameters make: a guard with other parameters is another guard.

use super::FleetError;

/// The version of what the keys hold.
const LAYOUT: u32 = 1;

/// The key of the guard `name` with these parameters. The hash tag in braces keeps all keys of a name in one
/// slot of a cluster.
pub(super) fn key(name: &str, kind: &str, parameters: &str) -> Result<String, FleetError> {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if name.is_empty() || name.len() > 64 || !name.chars().all(is_allowed) {
        let rule = "name must be 1 to 64 letters, digits, dots, underscores or hyphens of ASCII";
        return Err(FleetError::new("name", rule, format_args!("{name:?}")));
    }
    Ok(format!("rebackoff:{{{name}}}:{kind}:{LAYOUT}:{:016x}", fnv(parameters)))
}

/// Name and kind of the guard with this key. A guard has more keys, which are none of these.
pub(super) fn parts(key: &str) -> Option<(&str, &str)> {
    let (name, rest) = key.strip_prefix("rebackoff:{")?.split_once("}:")?;
    let (kind, rest) = rest.split_once(':')?;
    let (layout, hash) = rest.split_once(':')?;
    (layout == LAYOUT.to_string() && !hash.contains(':')).then_some((name, kind))
}

/// The hash FNV-1a, which stays as it is from one version and machine to the next.
fn fnv(text: &str) -> u64 {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    text.bytes().fold(0xcbf2_9ce4_8422_2325, step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_keys_of_a_name_have_its_hash_tag_and_other_parameters_another_key() {
        let first = key("shop", "breaker", "a").unwrap();
        let second = key("shop", "breaker", "b").unwrap();
        assert!(first.starts_with("rebackoff:{shop}:breaker:1:"));
        assert_ne!(first, second);
        assert_eq!(parts(&first), Some(("shop", "breaker")));
        assert_eq!(parts(&format!("{first}:votes")), None);
        assert_eq!(fnv("foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn a_wrong_name_is_an_error_that_says_what_is_allowed() {
        for name in ["", "a b", "{shop}", "a:b", "shöp", &"x".repeat(65)] {
            let error = key(name, "breaker", "").unwrap_err();
            assert_eq!(error.parameter(), "name");
            assert!(error.to_string().ends_with(&format!(", but it is {name:?}")), "{error}");
        }
    }
}
