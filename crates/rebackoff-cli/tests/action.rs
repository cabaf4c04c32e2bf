//! The steps of the GitHub Action.

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

use support::{BINARY, stderr, stdout};
use tempfile::TempDir;

const INPUTS: [&str; 12] = [
    "COMMAND",
    "PROFILE",
    "CONFIG",
    "MAX_TRIES",
    "MAX_TIME",
    "TIMEOUT",
    "WAIT",
    "INTERVAL",
    "MAX_VALUE",
    "JITTER",
    "OPTIONS",
    "VERSION",
];

/// Runs a step with these inputs; programs of `folder` come first.
fn step(step: &str, inputs: &[(&str, &str)], folder: &Path) -> Output {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scripts/action");
    let mut command = Command::new(script);
    support::clean(&mut command);
    let binary = Path::new(BINARY).parent().unwrap();
    let path =
        format!("{}:{}:{}", folder.display(), binary.display(), std::env::var("PATH").unwrap());
    command.arg(step).env("PATH", path).env("RUNNER_TEMP", folder);
    command.env("GITHUB_OUTPUT", folder.join("output"));
    command.envs(INPUTS.map(|name| (format!("INPUT_{name}"), "")));
    command.env("INPUT_SHELL", "bash -eo pipefail -c").env("INPUT_RETRY_ON", "any");
    command.envs(inputs.iter().map(|(name, value)| (format!("INPUT_{name}"), value)));
    command.output().unwrap()
}

#[test]
fn the_command_of_the_inputs_is_retried_and_its_exit_code_is_an_output() {
    let folder = TempDir::new().unwrap();
    let command = "echo try $REBACKOFF_TRY; false | true; echo never";
    let inputs = [("COMMAND", command), ("MAX_TRIES", "2"), ("OPTIONS", "--factor\n1ms\n\n-q")];
    let output = step("run", &inputs, folder.path());
    assert_eq!((stdout(&output).as_str(), output.status.code()), ("try 1\ntry 2\n", Some(1)));
    assert_eq!(fs::read_to_string(folder.path().join("output")).unwrap(), "exit-code=1\n");
}

#[test]
fn what_an_input_must_be_is_an_error_of_the_workflow() {
    let folder = TempDir::new().unwrap();
    let uname = folder.path().join("uname");
    fs::write(&uname, "#!/bin/sh\n[ $1 = -m ] && echo x86_64 || echo Windows").unwrap();
    fs::set_permissions(&uname, fs::Permissions::from_mode(0o755)).unwrap();
    for (name, inputs, message) in [
        ("run", &[][..], "command must not be empty"),
        (
            "run",
            &[("COMMAND", "true"), ("RETRY_ON", "x")],
            "retry-on must be one of any, error, timeout, but it is 'x'",
        ),
        (
            "install",
            &[],
            "there is no released binary for Windows: use a runner with Linux or macOS",
        ),
    ] {
        let output = step(name, inputs, folder.path());
        assert_eq!(stderr(&output), format!("::error::{message}\n"));
        assert_eq!(output.status.code(), Some(125), "{message}");
    }
}
