"""The bars of this project's figures. A row of the plain release profile ends in `, plain`."""

from rust import HAND, HAND_WITH_MAX_TIME, OURS

# row -> the most that it may be
MUST_REACH = {
    "blocking_success": 14,
    "async_success": 50,
    "blocking_retry": 80,
    "async_retry": 95,
    "async_retry, plain": 101,
    "next_wait": 60,
    "future_bytes": 184,
    "blocking_success_allocations": 0,
    "blocking_retry_allocations": 0,
    "async_success_allocations": 0,
    "async_retry_timer_allocations": 0,
    "max_time_success": 60,
    "max_time_success, plain": 70,
    "max_time_async_success": 120,
    "max_time_async_success, plain": 130,
    "on_backoff_success": 50,
    "on_backoff_success, plain": 60,
    "on_backoff_async_success": 100,
    "on_backoff_async_success, plain": 110,
    "on_giveup_success": 50,
    "on_giveup_success, plain": 60,
    "on_giveup_async_success": 100,
    "on_giveup_async_success, plain": 110,
    "on_backoff_retry": 150,
    "on_backoff_retry, plain": 150,
    "breaker_call_success": 60,
    "breaker_call_success, plain": 70,
    "breaker_rejected": 76,
    "breaker_rejected, plain": 76,
    "attribute_success": 14,
    "attribute_success, plain": 15,
    "attribute_retry": 95,
    "attribute_retry, plain": 95,
    "async_loop_retry": 110,
    "async_loop_retry, plain": 110,
    "loop_bytes": 208,
}

# our row -> (peer, row) that it may not cost more than
AT_MOST = {
    # a call costs no more than the loop by hand that could limit its time as well
    "blocking_success": [(HAND_WITH_MAX_TIME, "blocking_success")],
    "async_success": [(HAND_WITH_MAX_TIME, "async_success")],
    "bucket_permitted": [("governor", "bucket_permitted")],
    "bucket_refused": [(OURS, "bucket_permitted")],
    "share_permitted": [("governor", "bucket_permitted"), ("tower", "share_permitted")],
    "share_refused": [(OURS, "share_permitted"), ("tower", "share_refused")],
    "share_deposit": [("tower", "share_deposit")],
    "quota_permitted": [("governor", "bucket_permitted")],
    "throttle_permitted": [("governor", "bucket_permitted")],
    "breaker_success": [
        ("governor", "bucket_permitted"),
        ("recloser", "breaker_rate_success"),
        ("failsafe", "breaker_success"),
    ],
    "breaker_rate_success": [
        ("governor", "bucket_permitted"),
        ("recloser", "breaker_rate_success"),
        ("failsafe", "breaker_rate_success"),
    ],
    # a refused retry costs no more than a permitted one, but for a throttle, which takes nothing for that one;
    # and an idle month no more than a second
    "quota_refused": [(OURS, "quota_permitted")],
    "throttle_refused": [("governor", "bucket_refused")],
    "bucket_after_month": [(OURS, "bucket_after_second")],
    "share_after_month": [(OURS, "share_after_second")],
}

# our row -> how many times as much as (peer, row) it may cost
MULTIPLES = {
    "breaker_on_host_success": (1.2, (OURS, "breaker_success")),
    "timeout_success": (1.5, ("tokio", "timeout_success")),
    "timeout_success, plain": (1.5, ("tokio", "timeout_success, plain")),
    # 28 beside 21.5 by hand, which makes no `Duration` of a wait, as the loops of this bench do.
    "next_wait_without_jitter": (1.3, (HAND, "next_wait_without_jitter")),
    "next_wait_without_jitter, plain": (1.3, (HAND, "next_wait_without_jitter, plain")),
}

# our row -> nanoseconds, and how many (peer, row) takes on the same machine: processors differ, so the two figures
# of one run are held to the ratio of these
TIMES = {
    "breaker_call_success": (8, ("recloser", "breaker_call_success"), 10),
    "breaker_call_success, plain": (8, ("recloser", "breaker_call_success, plain"), 10),
    "nested_level": (40, (HAND, "nested_level"), 28),
    "nested_level, plain": (40, (HAND, "nested_level, plain"), 28),
    # 100 000 keys, and two threads, wait for memory and cores, which other work takes: RESULTS.md shows them.
    "keyed_1000": (1.5, ("governor", "keyed_1000"), 1),
    "keyed_1000, plain": (1.5, ("governor", "keyed_1000, plain"), 1),
    # level with governor's default clock, but for what two runs differ by
    "bucket_fast_clock": (1.2, ("governor", "bucket_fast_clock"), 1),
    "bucket_fast_clock, plain": (1.2, ("governor", "bucket_fast_clock, plain"), 1),
    "io_string_async_success, plain": (1.3, (HAND, "io_string_async_success, plain"), 1),
    "boxed_error_async_success, plain": (1.3, (HAND, "boxed_error_async_success, plain"), 1),
}

# Rows that do not reach their bar yet. The check prints by how much and passes; it still holds them to the recorded
# counts.
NOT_YET = {
    # 80 are the clock's reading: 27 for the moment, 37 for the span since a start, 16 for the way in and out.
    "breaker_rejected",
    "breaker_rejected, plain",
    "loop_bytes",
    # 0.73 to 1.24 on one processor, and from 1.31 to 1.63 in six runs on another.
    "keyed_1000",
    "keyed_1000, plain",
}

# By how much a deeper level of calls inside each other may cost more than the second level.
DEEPER = 1.05
