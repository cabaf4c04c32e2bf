//! Names of guards, and of their files: `NAME.KIND.LAYOUT-PARAMETERS`.

use rebackoff_core::{GuardParameters, HostGuard};

use super::SharedError;

const MOST: usize = 100;

/// Checks the name of a guard.
pub(super) fn check(name: &str) -> Result<(), SharedError> {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let begins_well = name.as_bytes().first().is_some_and(u8::is_ascii_alphanumeric);
    if begins_well && name.len() <= MOST && name.bytes().all(is_allowed) {
        Ok(())
    } else {
        Err(SharedError::Name(name.to_owned()))
    }
}

/// The name of the file of a guard.
pub(super) fn of_file<G: HostGuard>(name: &str, parameters: &GuardParameters) -> String {
    format!("{name}.{}.{}-{:016x}", G::KIND, G::LAYOUT, hash(parameters))
}

/// The parts of the name of a file: the guard's name and kind.
pub(super) fn parts(file: &str) -> Option<(&str, &str)> {
    let (rest, _) = file.rsplit_once('.')?;
    let (name, kind) = rest.rsplit_once('.')?;
    check(name).is_ok().then_some((name, kind))
}

/// FNV-1a over the bytes.
fn hash(parameters: &GuardParameters) -> u64 {
    let bytes = parameters.iter().flat_map(|word| word.to_le_bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_leave_the_folder_or_hide() {
        for name in ["shop", "s", "shop-1", "api.example.com", "A_b", &"x".repeat(100)] {
            assert!(check(name).is_ok(), "{name}");
        }
        for name in ["", ".", "..", ".shop", "-shop", "a/b", "a b", "a\0", "ä", &"x".repeat(101)] {
            let error = check(name).unwrap_err().to_string();
            assert!(error.contains(&format!("{name:?}")), "{error}");
        }
    }

    #[test]
    fn the_name_of_a_file_has_name_kind_layout_and_parameters() {
        let file = of_file::<rebackoff_core::Breaker>("a.b", &[0; 16]);
        assert!(file.starts_with("a.b.breaker.1-"), "{file}");
        assert_eq!(parts(&file), Some(("a.b", "breaker")));
        assert_ne!(file, of_file::<rebackoff_core::Breaker>("a.b", &[1; 16]));
        assert_eq!(parts(".a.b.1"), None);
    }
}
