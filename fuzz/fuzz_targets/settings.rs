#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| rebackoff_fuzz::settings(text));
