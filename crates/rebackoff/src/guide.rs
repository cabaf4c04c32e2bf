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
    ReadmeOfTheMacros "../../rebackoff-macros/README.md"
    ReadmeOfTheSharedGuards "../../rebackoff-shared/README.md"
    Backon "../../../docs/moving/backon.md"
    Breakers "../../../docs/how-to/breakers.md"
    Budgets "../../../docs/how-to/budgets.md"
    Databases "../../../docs/how-to/databases.md"
    HostAndFleet "../../../docs/how-to/host-and-fleet.md"
    LogsAndMetrics "../../../docs/how-to/logs-and-metrics.md"
    Polling "../../../docs/how-to/polling.md"
    Reconnect "../../../docs/how-to/reconnect.md"
    RetryHttp "../../../docs/how-to/retry-http.md"
    SharedGuards "../../../docs/shared-guards.md"
    TestsWithoutWaiting "../../../docs/how-to/tests-without-waiting.md"
    Tutorial "../../../docs/tutorial/rust.md"
}
