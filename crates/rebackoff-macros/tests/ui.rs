//! The messages of the compiler for mistakes: each file in `ui/` has its message beside it.
//!
//! The wording is that of the compiler that builds the project; `TRYBUILD=overwrite` writes the
//! messages of the present one.

#[test]
fn mistakes_are_reported_where_they_are() {
    let tests = trybuild::TestCases::new();
    tests.compile_fail("tests/ui/fail/*/*.rs");
    tests.pass("tests/ui/pass/*.rs");
}
