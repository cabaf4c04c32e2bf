"""The reasons why another library is ahead in a row, and what was tried."""

# row -> reason
REASONS = {
    "blocking_success": "the difference, a comparison and a branch, looks at `max_time`, which decides whether the "
    "clock is read before the first try; with room for such a limit the loop by hand takes 22. Tried: the look left out, 11",
    "async_success": "two look at `max_time`; with room for it the loop by hand takes 46. Tried: the look left out, 36; one value for all that "
    "a timed call knows of the clock, and no reason as zero, 40 to 39, kept; the future emptied on success, so that its "
    "drop is known, 77, not kept, because the try was then a call of its own",
    "blocking_retry": "the loop by hand has its limits and its jitter built in, the engine looks at the policy's; with "
    "room for `max_time` the loop takes 65.6. Tried: the looks for calls around and for `policy_for` left out, 66 to 65, "
    "so that they are not it; tries counted from one, 67, and held against the limit without the addition, 69: not kept. "
    "The way back from the waits of another schedule kept apart, so that the place in the schedule is made only where a strategy asks "
    "for it, 81 to 68, kept",
    "async_retry": "what the call knows lives in its future between polls, where a loop that never waits for real keeps "
    "it in registers. Tried: no clock where none was read, and no jump between failure, wait and next try, 150 to 125; "
    "no call between them, 97; the sleep moved into its place once, 89: all kept. The shorter code, with one type for "
    "waits, took 102, not kept. With the guards and limits of calls around it took 103; what is rare kept apart, 97, "
    "kept; a wait of zero kept apart as well, 103, not kept",
    "async_retry_timer": "nine tenths are tokio's timer and its wake-up. Tried: the same, 4 884 to 4 848; the sleep "
    "copied once in place of twice, 4 826: kept. The rest is the call of the failure path, for each of the two polls of a "
    "wait, which keeps success short",
    "next_wait": "the engine looks at strategy, jitter and limits, which the loop by hand has built in; its way from "
    "`f64` seconds to nanoseconds is the shorter one already. Tried: tries counted from one, 57.1 to 57.1, and held "
    "against the limit without the addition, 60: not kept; spans too long for a fraction kept apart, 58 to 56, kept",
    "zero_wait": "again is woken by a thread of its own, and its figure differs by a fifth from run to run; beside the "
    "loop by hand it is within a hundredth. Tried: no jump and no call between failure and yield, 1 052 to 993, kept",
    "future_bytes": "again carries no sleep of tokio's, which has 112; tryhard and tokio-retry carry no engine: no limit "
    "on time, no hint, no event. Beside the sleep there are 40 for policy, tries, last wait and draws, 24 for start and "
    "deadline, 8 for the reason; the loop by hand has 184 as well, and 200 with room for `max_time`. Tried: what is known "
    "of the clock as one value, and one type for waits: no byte less. A deadline of 8 bytes would save 8 and cost a "
    "conversion at each poll",
    "bucket_permitted": "by the count of instructions it is ahead; each of the two is one exchange of a word",
    "bucket_refused": "refusals are counted, by an atomic addition, which is not free. Tried: a refusal that carries "
    "nothing, 132 to 120, kept",
    "share_permitted": "what the last look at the windows found is kept for as long as a slice lasts, so that a retry is "
    "two comparisons and an exchange, which brought it down from 337, and from 204",
    "share_refused": "the same: a comparison and a count, which brought it down from 425, and from 302",
    "share_deposit": "one exchange, where tower holds a lock; by the count of instructions it is ahead",
    "breaker_rejected": "a rejection is counted and says how long until the next probe: the clock's reading becomes a "
    "span, where failsafe only compares. 80 of it are the clock: 27 the moment, 37 the span since the start, 16 the way in and out. "
    "Tried: no loop and whole nanoseconds before the quotient, 167 to "
    "128, kept; the comparison where the caller asks, 125, not kept, for it cost a closed breaker 12",
    "breaker_rate_success": "a success is counted in the window by one exchange",
    "wall": "tryhard has no jitter, so that its tasks wake in fewer turns of the timer: without jitter this project "
    "took 0.86 of the loop by hand in wall time and 0.87 on processors, tryhard 0.87 and 0.87 (13 interleaved rounds). "
    "Tried: the failure path above, which brought it from 1.10 and 1.14 of the loop by hand to within 1.02 and 1.03",
    "cpu": "the same",
}
