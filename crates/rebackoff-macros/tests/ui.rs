//! What the compiler says of mistakes: each file in `ui/` and, beside it, what it is told.
//!
//! The wording is that of the compiler that the project is built with; `TRYBUILD=overwrite` writes
//! what it says now.

#[test]
fn mistakes_are_told_where_they_are() {
    let tests = trybuild::TestCases::new();
    tests.compile_fail("tests/ui/fail/*/*.rs");
    tests.pass("tests/ui/pass/*.rs");
}
