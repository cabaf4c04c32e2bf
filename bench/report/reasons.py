"""Why another is ahead in a row, and what was tried."""

# row -> reason
REASONS = {
    "blocking_success": "the difference looks at `max_time`, which decides whether the clock is read; the loop "
    "by hand has no such limit",
    "async_success": "the call is filled in before it is polled, so that setters can be added to it",
    "blocking_retry": "the loop by hand has its limits and its jitter built in, the engine looks at the "
    "policy's; the raw wait is one multiplication already",
    "async_retry": "what follows a failure is kept out of the success path, at the price of two calls; beside a "
    "timer it does not show",
    "async_retry_timer": "nine tenths are tokio's timer and its wake-up",
    "next_wait": "the engine counts in `f64` seconds, for the same numbers in every front end, and looks at "
    "strategy, jitter and limits, which the loop by hand has built in",
    "zero_wait": "the engine is asked, and then tokio yields, as in the loop by hand",
    "future_bytes": "those ahead carry no engine: they have no limit on time, no hint, no event",
    "bucket_permitted": "the clock's reading is turned into `f64` seconds and back, which is all of the "
    "difference; reading it in one place, and no call of its own, brought it down from 161 to 148",
    "bucket_refused": "the same, and refusals are counted, by an atomic addition; the tokens that are left are "
    "divided only when somebody asks, which brought it down from 180 to 150",
    "share_permitted": "the same reading of the clock; the calls are summed up only where the floor does not "
    "suffice, which brought it down from 337",
    "share_refused": "calls and retries are windows of their own, so that every ratio is exact, where tower "
    "adds up one; one comparison for each slice brought it down from 425",
    "share_deposit": "the same reading of the clock",
    "breaker_rejected": "a rejection reads the clock and says how long until the next probe",
    "breaker_rate_success": "a success is counted in the window by one exchange",
    "bucket_after_second": "the same turn through `f64` seconds",
    "bucket_after_month": "the same turn through `f64` seconds",
    "wall": "equal to the loop by hand; those ahead carry smaller futures, with less to decide in them",
    "cpu": "the same",
}
