"""Polling: the target returns values, and the condition retries on those it does not want."""

from case import FAIL, OK, by_hand, by_model, retry
from draws import Dice


def cases():
    for name, policy, outcomes, draws, expected, elapsed in TABLE:
        yield by_hand(name, policy, outcomes, draws, expected, elapsed, target="values")
    yield from generated()


def generated():
    """Jobs that stay pending for a while."""
    for number in range(25):
        dice = Dice(f"values {number}")
        policy = dice.waits()
        if dice.chance(0.5):
            policy["max_tries"] = dice.pick((2, 4, 7))
        if dice.chance(0.5):
            policy["max_time"] = dice.pick((4, 15, 30))
        ready = 1 + dice.below(8)
        yield by_model(
            f"generated_job_{number}_is_polled",
            policy,
            lambda tries: {"verdict": "accept" if tries >= ready else "retry", "takes": dice.pick((0, 0.25, 0.5, 2))},
            dice.exact_draw,
            target="values",
        )


def pending(takes):
    return retry(takes=takes)


def ready(takes):
    return OK | {"takes": takes}


TABLE = [
    ("value_wanted_at_once", {"wait": "fibo"}, [OK], [], ["accept"], [0]),
    ("value_wanted_after_some_polls", {"wait": "fibo", "jitter": "none"}, [FAIL] * 5 + [OK], [], [1, 1, 2, 3, 5, "accept"], [0, 1, 2, 4, 7, 12]),
    ("polling_spreads_its_waits_by_default", {"wait": "constant", "interval": 4}, [FAIL, FAIL, OK], [0.5, 0.25], [2, 1, "accept"], [0, 2, 3]),
    ("polling_at_a_steady_interval", {"wait": "constant", "interval": 1, "jitter": "none"}, [FAIL] * 4 + [OK], [], [1, 1, 1, 1, "accept"], [0, 1, 2, 3, 4]),
    ("last_value_counts_when_tries_run_out", {"wait": "constant", "jitter": "none", "max_tries": 3}, [FAIL] * 3, [], [1, 1, "max_tries"], [0, 1, 2]),
    ("value_wanted_on_the_last_poll", {"wait": "constant", "jitter": "none", "max_tries": 3}, [FAIL, FAIL, OK], [], [1, 1, "accept"], [0, 1, 2]),
    ("value_not_wanted_on_the_only_poll", {"wait": "constant", "jitter": "none", "max_tries": 1}, [FAIL], [], ["max_tries"], [0]),
    ("last_value_counts_when_time_runs_out", {"wait": "constant", "interval": 2, "jitter": "none", "max_time": 5}, [FAIL] * 4, [], [2, 2, 1, "max_time"], [0, 2, 4, 5]),
    ("value_wanted_after_the_shortened_wait", {"wait": "constant", "interval": 2, "jitter": "none", "max_time": 3}, [FAIL, FAIL, OK], [], [2, 1, "accept"], [0, 2, 3]),
    ("value_wanted_after_time_has_run_out", {"wait": "constant", "jitter": "none", "max_time": 3}, [pending(1), ready(7)], [], [1, "accept"], [1, 9]),
    ("value_not_wanted_after_time_has_run_out", {"wait": "constant", "jitter": "none", "max_time": 3}, [pending(1), pending(7)], [], [1, "max_time"], [1, 9]),
    ("slow_polls_use_up_the_time", {"wait": "constant", "interval": 0.5, "jitter": "none", "max_time": 3}, [pending(1), pending(1), pending(1)], [], [0.5, 0.5, "max_time"], [1, 2.5, 4]),
    ("polling_stops_instead_of_shortening", {"wait": "constant", "interval": 2, "jitter": "none", "max_time": 5, "last_wait": "stop"}, [FAIL] * 3, [], [2, 2, "max_time"], [0, 2, 4]),
    ("polling_ends_with_its_list", {"wait": "constant", "interval": [1, 2], "jitter": "none"}, [FAIL] * 3, [], [1, 2, "exhausted"], [0, 1, 3]),
    ("value_wanted_on_the_last_poll_of_a_list", {"wait": "constant", "interval": [1, 2], "jitter": "none"}, [FAIL, FAIL, OK], [], [1, 2, "accept"], [0, 1, 3]),
    ("value_says_how_long_to_wait", {"wait": "runtime", "jitter": "none"}, [retry(runtime=2), retry(runtime=0.5), OK], [], [2, 0.5, "accept"], [0, 2, 2.5]),
    ("value_says_that_there_is_nothing_to_wait_for", {"wait": "runtime", "jitter": "none"}, [retry(runtime=2), retry(runtime=None)], [], [2, "exhausted"], [0, 2]),
    ("value_says_how_long_to_wait_at_most", {"wait": "runtime"}, [retry(runtime=2), retry(runtime=4), OK], [0.5, 0.25], [1, 1, "accept"], [0, 1, 2]),
    ("value_says_how_long_to_wait_within_limits", {"wait": "runtime", "jitter": "none", "max_time": 5}, [retry(runtime=4), retry(runtime=4), OK], [], [4, 1, "accept"], [0, 4, 5]),
    ("polling_ever_faster", {"wait": "expo", "base": 0.5, "factor": 4, "jitter": "none"}, [FAIL] * 4 + [OK], [], [4, 2, 1, 0.5, "accept"], [0, 4, 6, 7, 7.5]),
    ("polling_with_decorrelated_waits", {"wait": "decorrelated", "max_value": 3}, [FAIL] * 3 + [OK], [0.5, 0.5, 0.25], [2, 3, 3, "accept"], [0, 2, 5, 8]),
    ("polling_without_waiting", {"wait": "constant", "interval": 0, "jitter": "none"}, [FAIL] * 3 + [OK], [], [0, 0, 0, "accept"], [0] * 4),
]
