//! The Rust programs of the READMEs and of the guide, which run as documentation tests.

macro_rules! pages {
    ($($name:ident $path:literal)*) => {
        $(#[doc = include_str!($path)]
        struct $name;)*
    };
}

pages! {
    Readme "../../../README.md"
    ReadmeOfTheCrate "../README.md"
    ReadmeOfTheCore "../../rebackoff-core/README.md"
    Breakers "../../../docs/how-to/breakers.md"
    Budgets "../../../docs/how-to/budgets.md"
    LogsAndMetrics "../../../docs/how-to/logs-and-metrics.md"
    RetryHttp "../../../docs/how-to/retry-http.md"
    TestsWithoutWaiting "../../../docs/how-to/tests-without-waiting.md"
    Tutorial "../../../docs/tutorial/rust.md"
}
