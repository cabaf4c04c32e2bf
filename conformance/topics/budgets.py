"""Budgets: which retries are allowed, and how many tokens are left.

Rows that are named after another project hold what that project publishes:

- gRPC: `ServerRetryThrottleData, Basic` in test/core/client_channel/retry_throttle_test.cc
- Finagle: `testBudget` in finagle-core's RetryBudgetTest.scala
- AWS: the standard mode of the SDKs, as in smithy-core's tests of `StandardRetryQuota`
"""

from budget_model import Budget
from events import Clock, answered


def cases():
    for name, options, events, refused in TABLE:
        yield case(name, options, events, refused)
    for name, options, events in finagle():
        yield case(name, options, events, None)
    for kind, pick in GENERATED.items():
        for number in range(20):
            yield generated(kind, number, pick)


def case(name, options, events, refused):
    return answered(name, "budget", options, Budget(**options), events, {"refused": refused})


def start(at, repeat=1, **expected):
    return event(at, "start", repeat, expected)


def failure(at, repeat=1, **expected):
    return event(at, "failure", repeat, expected)


def success(at, last=None, repeat=1, **expected):
    return event(at, "success", repeat, ({"last": last} if last else {}) | expected)


def retry(at, repeat=1, **expected):
    return event(at, "withdraw", repeat, {"allowed": True} | expected)


def paid(at, label, **expected):
    return retry(at, **{"as": label} | expected)


def refund(at, label, **expected):
    return {"at": at, "event": "refund", "of": label} | expected


def refused(at, repeat=1, **expected):
    return retry(at, repeat, **{"allowed": False} | expected)


def event(at, name, repeat, rest):
    return {"at": at, "event": name} | ({"repeat": repeat} if repeat > 1 else {}) | rest


def finagle():
    """10000 calls, a retry after each: a share of them passes, and what the floor gives."""
    shares = (0.1, 0.5, 0.25, 0.75, 0.99, 0.999, 0.9999, 0.01, 0.001, 0.0001)
    for share in shares:
        yield finagle_case(share, 0, 60)
    yield finagle_case(0.1, 10, 1)
    yield finagle_case(0.5, 5, 2)


def finagle_case(ratio, floor, ttl):
    left = floor * ttl + round(ratio * 10000)
    options = {"kind": "share", "ratio": ratio, "floor": floor, "ttl": ttl}
    events = [start(0, 10000, tokens=left), retry(0, left, tokens=0), refused(0, 5)]
    return f"finagle_share_of_{ratio}_with_{floor}_a_second_for_{ttl}s", options, events


def generated(kind, number, pick):
    clock = Clock(f"{kind} {number}", 0 if number % 2 else 1000)
    dice = clock.dice
    options = {"kind": kind} | {name: dice.pick(values) for name, values in pick.items()}
    options = {name: value for name, value in options.items() if value is not None}
    model, events, labels = Budget(**options), [], []
    for _ in range(60):
        at = clock.move(*STEPS[kind])
        match dice.pick(MIXTURE[kind]):
            case "start":
                new = start(at, 1 + dice.below(40))
            case "failure":
                new = failure(at)
            case "success":
                new = success(at, labels.pop() if labels and dice.chance(0.5) else None)
            case "withdraw":
                label = f"w{len(events)}"
                new = {"at": at, "event": "withdraw"} | ({"cost": "timeout"} if dice.chance(0.3) else {})
                if kind == "quota":
                    new["as"] = label
                    labels.append(label)
        for _ in range(new.get("repeat", 1)):
            answer = model.answer(new)
        if not answer.get("allowed", True) and "as" in new:
            labels.pop()
            del new["as"]
        events.append(new)
    return case(f"generated_{kind}_{number}", options, events, None)


MIXTURE = {
    "per_second": ("withdraw",),
    "share": ("start", "withdraw", "withdraw", "withdraw", "withdraw"),
    "quota": ("success", "withdraw", "withdraw", "withdraw"),
    "throttle": ("success", "success", "success", "failure", "failure", "withdraw"),
}

STEPS = {
    "per_second": (0, 0, 0.125, 0.5, 2, 60),
    "share": (0, 0.25, 0.5, 1, 2, 20),
    "quota": (0, 1, 3600),
    "throttle": (0, 1, 3600),
}

GENERATED = {
    "per_second": {"rate": (None, 1, 4, 0.5, 1000), "capacity": (1, 2, 5), "dry_run": (None, None, True)},
    "share": {
        "ratio": (None, 0.1, 0.25, 0.6, 0.9, 1, 1 / 3, 0.07, 0.0001),
        "floor": (0, 0, 0.1, 0.5, 1),
        "ttl": (1, 2, 5, None),
        "dry_run": (None, None, None, True),
    },
    "quota": {"capacity": (10, 25, 40), "retry_cost": (1, 3, None), "dry_run": (None, None, None, True)},
    "throttle": {"max_tokens": (1, 3, 4, None), "token_ratio": (None, 0.5, 1.6, 0.1239), "dry_run": (None, None, True)},
}

MONTH = 30 * 86400
PER_SECOND = {"kind": "per_second", "rate": 10, "capacity": 3}
SHARE = {"kind": "share", "ratio": 0.2, "floor": 0, "ttl": 10}
QUOTA = {"kind": "quota"}
AWS = QUOTA | {"retry_cost": 14, "timeout_cost": 14, "throttled_cost": 5}
THROTTLE = {"kind": "throttle"}

TABLE = [
    # per_second
    ("bucket_is_full_at_first", PER_SECOND, [retry(0, 3, tokens=0), refused(0)], 1),
    ("bucket_is_full_at_first_at_any_time", PER_SECOND, [retry(1000, 3, tokens=0), refused(1000)], 1),
    ("bucket_fills_by_the_second", PER_SECOND, [retry(0, 3), refused(0.0625), retry(0.125, tokens=0.25), refused(0.125)], 2),
    ("bucket_keeps_no_more_than_its_capacity", PER_SECOND, [retry(0), retry(9, 3), refused(9)], 1),
    ("bucket_idle_for_a_month_is_as_full_as_after_a_second", PER_SECOND, [retry(0, 3), retry(MONTH, 3), refused(MONTH)], 1),
    ("bucket_of_one_spaces_retries", PER_SECOND | {"rate": 2, "capacity": 1}, [retry(0), refused(0.25), retry(0.5), refused(0.75), retry(1)], 2),
    ("bucket_of_defaults", {"kind": "per_second"}, [retry(0, 100), refused(0), retry(1, 10), refused(1)], 2),
    ("dry_run_refuses_nothing_and_counts", PER_SECOND | {"dry_run": True}, [retry(0, 3), retry(0, 4), retry(1, 3, tokens=0), retry(1)], 5),
    ("a_call_costs_a_bucket_nothing", PER_SECOND, [start(0, 9), failure(0), success(0, tokens=3)], 0),
    ("bucket_gets_a_retry_back_that_is_not_made", PER_SECOND, [retry(0, 2), paid(0, "a", tokens=0), refund(0, "a", tokens=1), retry(0), refused(0)], 1),
    ("bucket_that_time_has_filled_gets_nothing_back", PER_SECOND, [paid(0, "a"), refund(9, "a", tokens=3), retry(9, 3), refused(9)], 1),
    ("bucket_that_is_nearly_full_gets_what_is_missing", PER_SECOND, [paid(0, "a"), refund(0.0625, "a", tokens=3), retry(0.0625, 3), refused(0.0625)], 1),
    ("dry_run_gets_back_nothing_that_was_not_taken", PER_SECOND | {"dry_run": True}, [retry(0, 3), paid(0, "a", tokens=0), refund(0, "a", tokens=0)], 1),
    # share
    ("share_without_calls_is_the_floor", {"kind": "share"}, [retry(0, 100, tokens=0), refused(0)], 1),
    ("share_of_five_calls_is_one_retry", SHARE, [start(0, 4), refused(0, tokens=0.8), start(0), retry(0, tokens=0), refused(0)], 2),
    ("share_and_floor_add_up", SHARE | {"floor": 1}, [start(0, 50), retry(0, 20), refused(0)], 1),
    ("share_of_six_tenths", SHARE | {"ratio": 0.6}, [start(0, 1000), retry(0, 600), refused(0)], 1),
    ("share_of_nine_tenths", SHARE | {"ratio": 0.9}, [start(0, 1000), retry(0, 900), refused(0)], 1),
    ("share_of_all", SHARE | {"ratio": 1}, [start(0, 7), retry(0, 7), refused(0)], 1),
    ("share_of_a_third", SHARE | {"ratio": 1 / 3}, [start(0, 3), retry(0), refused(0), start(0, 2), refused(0), start(0), retry(0), refused(0)], 3),
    ("share_of_two_thirds", SHARE | {"ratio": 2 / 3}, [start(0, 3000), retry(0, 2000), refused(0)], 1),
    ("share_of_a_ten_thousandth", SHARE | {"ratio": 0.0001}, [start(0, 9999), refused(0), start(0), retry(0), refused(0)], 2),
    ("share_and_a_part_of_a_floor", SHARE | {"floor": 0.05}, [start(0, 2), refused(0), start(0), retry(0, tokens=0.1)], 1),
    ("calls_count_for_ten_slices", SHARE, [start(0, 5), retry(9.75, tokens=0)], 0),
    ("calls_expire_with_their_slice", SHARE, [start(0, 5), refused(10, tokens=0)], 1),
    ("slices_begin_at_multiples_of_a_tenth", SHARE, [start(0.75, 5), refused(10.25, tokens=0)], 1),
    ("retries_expire_with_their_slice", SHARE | {"floor": 0.1}, [retry(5), refused(14.75), retry(15), refused(15)], 2),
    ("calls_expire_before_later_retries", SHARE | {"floor": 0.1}, [start(0, 5), retry(3, 2), refused(10), refused(12.75), retry(13)], 2),
    ("share_idle_for_a_month_has_nothing_left", SHARE, [start(0, 500), refused(MONTH), start(MONTH, 5), retry(MONTH), refused(MONTH)], 2),
    ("shorter_ttl_has_shorter_slices", SHARE | {"ttl": 1}, [start(0, 5), retry(0.875), refused(0.875), start(0.875, 4), refused(1), start(1, 6), retry(1), refused(1)], 3),
    ("dry_run_of_a_share_counts", SHARE | {"dry_run": True}, [retry(0, 2), start(0, 5), retry(0, tokens=0), retry(0)], 3),
    ("failures_and_successes_are_nothing_to_a_share", SHARE, [failure(0), success(0), refused(0)], 1),
    ("share_gets_a_retry_back_that_is_not_made", SHARE, [start(0, 5), paid(0, "a"), refused(0), refund(0.5, "a", tokens=1), retry(1), refused(1)], 2),
    ("share_gets_a_retry_of_an_earlier_slice_back", SHARE, [start(0, 10), paid(0, "a"), retry(2), refused(5), refund(5, "a", tokens=1), retry(5), refused(5)], 2),
    ("share_gets_nothing_back_of_a_slice_that_has_gone", SHARE, [start(0, 5), paid(0, "a"), start(20, 5), retry(20, tokens=0), refund(20, "a", tokens=0), refused(20)], 1),
    ("dry_run_of_a_share_gets_back_nothing_that_was_not_taken", SHARE | {"dry_run": True}, [start(0, 5), retry(0), paid(0, "a"), refund(0, "a", tokens=0), retry(0)], 2),
    # quota
    ("aws_successes_after_retries", QUOTA, [retry(0, tokens=495), retry(0, tokens=490, **{"as": "second"}), success(0, "second", tokens=495)], 0),
    ("aws_quota_of_defaults", QUOTA, [retry(0, 100, tokens=0), refused(0)], 1),
    ("aws_timeouts_cost_ten", QUOTA, [retry(0, 50, cost="timeout", tokens=0), refused(0)], 1),
    ("a_throttled_retry_costs_as_any_other_by_default", QUOTA, [retry(0, cost="throttled", tokens=495)], 0),
    ("aws_of_2026_takes_fourteen_and_five", AWS, [retry(0, tokens=486), retry(0, cost="timeout", tokens=472), retry(0, cost="throttled", tokens=467, **{"as": "a"}), success(0, "a", tokens=472)], 0),
    ("aws_of_2026_is_spent_by_35_retries", AWS, [retry(0, 35, tokens=10), refused(0), retry(0, 2, cost="throttled", tokens=0), refused(0, cost="throttled")], 2),
    ("aws_success_at_once_brings_one", QUOTA, [retry(0, tokens=495), success(0, tokens=496)], 0),
    ("aws_quota_is_never_above_its_capacity", QUOTA, [success(0, tokens=500)], 0),
    (
        "aws_drained_quota_of_ten",
        QUOTA | {"capacity": 10, "retry_cost": 3, "timeout_cost": 3},
        [retry(0, tokens=7), retry(0, tokens=4), retry(0, tokens=1), refused(0, tokens=1)],
        1,
    ),
    ("quota_gets_back_what_the_last_retry_took", QUOTA, [retry(0, cost="timeout", tokens=490, **{"as": "a"}), success(0, "a", tokens=500)], 0),
    ("quota_has_another_price_for_a_timeout", QUOTA | {"capacity": 12}, [retry(0), refused(0, cost="timeout", tokens=7), retry(0, tokens=2)], 1),
    ("quota_is_not_filled_by_time", QUOTA | {"capacity": 5, "timeout_cost": 5}, [retry(0), refused(MONTH), success(MONTH, repeat=5), retry(MONTH)], 1),
    ("dry_run_of_a_quota_gives_back_nothing_that_was_not_taken", QUOTA | {"capacity": 10, "dry_run": True}, [retry(0, 2), retry(0, **{"as": "a"}), success(0, "a", tokens=0)], 1),
    ("quota_gets_a_retry_back_that_is_not_made", QUOTA, [paid(0, "a", cost="timeout", tokens=490), refund(9, "a", tokens=500), retry(9, tokens=495)], 0),
    ("quota_gets_no_more_back_than_its_capacity", QUOTA, [paid(0, "a"), success(0, repeat=4, tokens=499), refund(0, "a", tokens=500)], 0),
    # throttle
    ("throttle_gets_nothing_back_as_nothing_was_taken", THROTTLE, [failure(0), paid(0, "a"), refund(0, "a", tokens=9)], 0),
    ("throttle_lets_retries_pass_above_half", THROTTLE, [failure(0, 4), retry(0, 9, tokens=6), failure(0), refused(0, tokens=5)], 1),
    ("throttle_needs_more_than_half", THROTTLE, [failure(0, 5), refused(0), success(0), retry(0, tokens=5.1)], 1),
    ("throttle_gains_a_tenth_by_a_success", THROTTLE, [failure(0, 10, tokens=0), success(0, repeat=50, tokens=5), refused(0), success(0), retry(0)], 1),
    ("throttle_does_not_go_below_zero", THROTTLE, [failure(0, 25, tokens=0), success(0, tokens=0.1)], 0),
    ("throttle_does_not_go_above_its_most", THROTTLE, [failure(0), success(0, repeat=25, tokens=10)], 0),
    ("throttle_counts_three_decimals", THROTTLE | {"token_ratio": 0.1239}, [failure(0, 10), success(0, tokens=0.123)], 0),
    ("throttle_of_one_token", THROTTLE | {"max_tokens": 1, "token_ratio": 0.5}, [retry(0), failure(0), refused(0), success(0), refused(0), success(0), retry(0)], 2),
    ("throttle_is_not_filled_by_time", THROTTLE, [failure(0, 10), refused(MONTH)], 1),
    (
        "grpc_throttle_of_four_tokens",
        THROTTLE | {"max_tokens": 4, "token_ratio": 1.6},
        [
            *(failure(0, tokens=3), retry(0), success(0, tokens=4), failure(0, tokens=3), retry(0), failure(0, tokens=2), refused(0)),
            *(failure(0, tokens=1), refused(0), failure(0, tokens=0), refused(0), failure(0, tokens=0), refused(0)),
            *(success(0, tokens=1.6), success(0, tokens=3.2), failure(0, tokens=2.2), retry(0), failure(0, tokens=1.2), refused(0)),
            *(success(0, tokens=2.8), failure(0, tokens=1.8), refused(0), success(0, tokens=3.4), failure(0, tokens=2.4), retry(0)),
        ],
        6,
    ),
]
