//! Runs the conformance vectors about the headers of responses.

use std::fs;
use std::path::Path;

use rebackoff_core::{Hint, Seconds, secs};
use serde::Deserialize;

#[derive(Deserialize)]
struct Case {
    name: String,
    now: u64,
    headers: Vec<(String, String)>,
    hint: Option<Expected>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Expected {
    Seconds(f64),
    Word(String),
}

#[test]
fn headers_ask_for_what_the_vectors_say() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance/headers/hints.json");
    let cases: Vec<Case> = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    assert!(cases.len() > 150);
    for Case { name, now, headers, hint } in cases {
        let lines = |name| headers.iter().filter(move |header| header.0 == name);
        let get = |name| lines(name).map(|header| header.1.as_str());
        let expected = hint.map(|hint| match hint {
            Expected::Seconds(seconds) => Hint::Wait(Seconds::new(seconds).unwrap()),
            Expected::Word(word) if word == "stop" => Hint::Stop,
            Expected::Word(word) => panic!("{name}: {word}"),
        });
        assert_eq!(Hint::from_headers(get, secs(now)), expected, "{name}");
    }
}
