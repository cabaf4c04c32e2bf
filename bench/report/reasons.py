"""Why another is ahead in a row, and what was tried."""

# row -> reason
REASONS = {
    "blocking_success": "the difference looks at `max_time`, which decides whether the clock is read; the loop "
    "by hand has no such limit",
    "async_success": "the call is filled in before it is polled, so that setters can be added to it",
    "blocking_retry": "the loop by hand has its limits and its jitter built in, the engine looks at the "
    "policy's; the raw wait is one multiplication already",
    "async_retry": "what the call knows lives in its future, where the loop by hand has registers; all but the first "
    "failure are decided without a call, which brought it down from 161; beside a timer it does not show",
    "async_retry_timer": "nine tenths are tokio's timer and its wake-up",
    "next_wait": "the engine counts in `f64` seconds, for the same numbers in every front end, and looks at "
    "strategy, jitter and limits, which the loop by hand has built in",
    "zero_wait": "the engine is asked, and then tokio yields, as in the loop by hand",
    "future_bytes": "those ahead carry no engine: they have no limit on time, no hint, no event",
    "bucket_permitted": "by the count of instructions it is ahead; each of the two is one exchange of a word",
    "bucket_refused": "refusals are counted, by an atomic addition, which is not free; the tokens that are left are "
    "divided only when somebody asks",
    "share_permitted": "the calls are summed up only where the floor does not suffice, which brought it down from 337",
    "share_refused": "calls and retries are windows of their own, so that every ratio is exact, where tower "
    "adds up one; one comparison for each slice brought it down from 425",
    "share_deposit": "one exchange, where tower holds a lock; by the count of instructions it is ahead",
    "breaker_rejected": "a rejection reads the clock and says how long until the next probe",
    "breaker_rate_success": "a success is counted in the window by one exchange",
    "wall": "equal to the loop by hand; those ahead carry smaller futures, with less to decide in them",
    "cpu": "the same",
}
