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
rebackoff = { path = "REBACKOFF", default-features = false, features = ["macros", "tower"] }
tower = { version = "0.5", default-features = false, features = ["util"] }

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

/// Each line with `HERE` needs a timer.
const ASYNC: &str = r#"
use rebackoff::prelude::*;

static FETCH: Policy = policy!(expo, max_tries = 3);

pub async fn closure() -> Result<u8, ()> {
    FETCH.retry_async(|| async { Ok(1) }).await // HERE
}

pub async fn a_function_and_hooks_with_types_that_are_long() -> Result<u8, ()> {
    FETCH.retry_async(closure).when(|_| true).on_backoff(|_| ()).on_giveup(|_| ()).await // HERE
}

pub async fn error_of_a_call() -> Result<(), ()> {
    FETCH.retry_async(closure).await?; // HERE
    Ok(())
}

pub async fn outcome() -> u64 {
    FETCH.retry_async(closure).outcome().await.tries // HERE
}

pub async fn own_loop() -> Result<u8, ()> {
    let mut tries = FETCH.tries_async();
    loop {
        match closure().await {
            Ok(value) => return Ok(value),
            Err(error) => tries.backoff(error).await?, // HERE
        }
    }
}

pub async fn layer() -> Result<u8, tower::BoxError> {
    let parse = tower::service_fn(|text: &'static str| async move { Ok(text.parse::<u8>()?) });
    let retries = rebackoff::tower::RetryLayer::new(FETCH);
    let service = tower::ServiceBuilder::new().layer(retries).service(parse); // HERE
    tower::ServiceExt::oneshot(service, "7").await
}

#[rebackoff::on_error(expo, max_tries = 3)] // HERE
pub async fn an_attribute_with_types_that_are_long(
    value: std::collections::HashMap<String, Vec<Option<Box<dyn Send>>>>,
) -> Result<std::collections::HashMap<String, Vec<Option<Box<dyn Send>>>>, ()> {
    Ok(value)
}
"#;

/// One test, since the programs share a folder.
#[test]
fn async_calls_need_a_runtime_and_blocking_ones_do_not() {
    assert_eq!(errors_of(BLOCKING), "");
    let errors = errors_of(ASYNC);
    let needs: Vec<_> =
        (1..).zip(ASYNC.lines()).filter(|(_, line)| line.contains("HERE")).collect();
    for (number, line) in needs {
        let place = format!("--> src/lib.rs:{number}:");
        let mut messages = errors.split("\nerror").filter(|message| message.contains(&place));
        let names_the_feature = |message: &str| {
            message.contains("enable the feature `tokio` or `smol`")
                || message.contains("found `EnableFeatureTokioOrSmol`")
                || message.contains("to type `EnableFeatureTokioOrSmol`")
                || message.contains("`EnableFeatureTokioOrSmol: AsyncSleeper`")
        };
        assert!(messages.any(names_the_feature), "{line}\n{errors}");
    }
}

/// The message of the compiler for a program with this crate, without a runtime.
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
