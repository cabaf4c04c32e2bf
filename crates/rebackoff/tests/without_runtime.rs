//! Without a runtime feature, the compiler's error names what to enable.

use std::fs;
use std::path::Path;
use std::process::Command;

const MANIFEST: &str = r#"
[package]
name = "without-runtime"
version = "0.0.0"
edition = "2024"

[dependencies]
rebackoff = { path = "REBACKOFF", default-features = false, features = ["macros"] }

[workspace]
"#;

const BLOCKING: &str = r"
use rebackoff::prelude::*;

static FETCH: Policy = policy!(expo, max_tries = 3);

pub fn closure() -> Result<u8, ()> {
    FETCH.retry(|| Ok(1)).call()
}

#[rebackoff::on_error(expo, max_tries = 3)]
pub fn attribute() -> Result<u8, ()> {
    Ok(1)
}
";

const CLOSURE: &str = r"
use rebackoff::prelude::*;

static FETCH: Policy = policy!(expo, max_tries = 3);

pub async fn closure() -> Result<u8, ()> {
    FETCH.retry_async(|| async { Ok(1) }).await
}
";

const ATTRIBUTE: &str = r"
#[rebackoff::on_error(expo, max_tries = 3)]
pub async fn attribute() -> Result<u8, ()> {
    Ok(1)
}
";

/// One test, since the programs share a folder.
#[test]
fn async_calls_need_a_runtime_and_blocking_ones_do_not() {
    assert_eq!(errors_of(BLOCKING), "");
    for (program, what_to_enable) in [
        (CLOSURE, "OnError, Async<...>>` is not a future"),
        (ATTRIBUTE, "enable the feature `tokio` or `smol` of `rebackoff`"),
    ] {
        let errors = errors_of(program);
        assert!(errors.contains(what_to_enable), "{program}\n{errors}");
    }
}

/// The message of the compiler for a program whose only dependency is this crate without a runtime.
fn errors_of(program: &str) -> String {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("without-runtime");
    fs::create_dir_all(folder.join("src")).unwrap();
    let manifest = MANIFEST.replace("REBACKOFF", &here.display().to_string().replace('\\', "/"));
    fs::write(folder.join("Cargo.toml"), manifest).unwrap();
    fs::write(folder.join("src/lib.rs"), program).unwrap();
    // The workspace's versions, so that nothing is fetched.
    fs::copy(here.join("../../Cargo.lock"), folder.join("Cargo.lock")).unwrap();
    let check = Command::new(env!("CARGO"))
        .args(["check", "--quiet", "--offline", "--color", "never"])
        .env("CARGO_TARGET_DIR", folder.join("target"))
        .env_remove("RUSTFLAGS")
        .current_dir(&folder)
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&check.stderr).into_owned();
    assert_eq!(check.status.success(), errors.is_empty(), "{errors}");
    errors
}
