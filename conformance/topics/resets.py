"""Long-lived calls: what begins anew after a failed try that lasted at least `reset_after`."""

from case import FAIL, GIVE_UP, OK, STOP, by_hand, by_model, retry
from draws import Dice


def cases():
    for name, policy, outcomes, expected, elapsed in TABLE:
        policy = {"wait": "expo", "jitter": "none", "reset_after": 60, **policy}
        yield by_hand(name, policy, outcomes, [], expected, elapsed)
    yield by_hand("poll_begins_anew_too", {"wait": "fibo", "jitter": "none", "reset_after": 60}, [FAIL, FAIL, FAIL, fail(60), OK], [], [1, 1, 2, 1, "accept"], [0, 1, 2, 0, 1], "values")
    yield by_hand("decorrelated_begins_anew", {"wait": "decorrelated", "reset_after": 60}, [FAIL, FAIL, fail(60), OK], [0.5, 0.5, 0.5], [2, 3.5, 2, "accept"], [0, 2, 0, 2])
    yield from generated()


def generated():
    """Calls of which some tries are long, with and without other limits."""
    for number in range(20):
        dice = Dice(f"resets {number}")
        policy = dice.waits() | {"reset_after": dice.pick((5, 7.5, 20)), "max_tries": dice.pick((2, 3, 4, 6))}
        if dice.chance(0.5):
            policy["max_time"] = dice.pick((3, 12, 45))
        if number % 3 == 0:
            policy["last_wait"] = "stop"
        yield by_model(
            f"generated_call_{number}_begins_anew",
            policy,
            lambda tries: retry(takes=dice.pick((0, 0.25, 1, 5, 7.25, 7.5, 20, 30))) if dice.chance(0.95) else OK,
            dice.exact_draw,
        )


def fail(takes):
    return retry(takes=takes)


TABLE = [
    ("waits_begin_anew_after_a_long_try", {}, [FAIL, FAIL, FAIL, fail(60), FAIL, OK], [1, 2, 4, 1, 2, "accept"], [0, 1, 3, 0, 1, 3]),
    ("try_just_short_of_reset_after_is_no_long_one", {}, [FAIL, FAIL, fail(59.5), OK], [1, 2, 4, "accept"], [0, 1, 62.5, 66.5]),
    ("first_try_may_be_a_long_one", {}, [fail(3600), FAIL, OK], [1, 2, "accept"], [0, 1, 3]),
    ("every_try_may_be_a_long_one", {"max_tries": 2}, [fail(60), fail(61), fail(86400), FAIL], [1, 1, 1, "max_tries"], [0, 0, 0, 1]),
    ("max_tries_counts_from_a_long_try", {"max_tries": 3}, [FAIL, FAIL, fail(60), FAIL, FAIL], [1, 2, 1, 2, "max_tries"], [0, 1, 0, 1, 3]),
    ("last_try_may_be_a_long_one", {"max_tries": 2}, [FAIL, fail(60), FAIL], [1, 1, "max_tries"], [0, 0, 1]),
    ("max_tries_of_one_allows_no_retry_after_a_long_try", {"max_tries": 1}, [fail(60)], ["max_tries"], [0]),
    ("max_time_counts_from_the_end_of_a_long_try", {"max_time": 5}, [FAIL, FAIL, fail(60), FAIL, FAIL, FAIL], [1, 2, 1, 2, 2, "max_time"], [0, 1, 0, 1, 3, 5]),
    ("max_time_that_passed_in_a_long_try_ends_nothing", {"max_time": 1}, [fail(3600), FAIL], [1, "max_time"], [0, 1]),
    ("list_begins_anew", {"wait": "constant", "interval": [1, 5]}, [FAIL, FAIL, fail(60), FAIL, FAIL], [1, 5, 1, 5, "exhausted"], [0, 1, 0, 1, 6]),
    ("waits_do_not_count_as_part_of_a_try", {"wait": "constant", "interval": 90, "max_tries": 3}, [FAIL, fail(30), FAIL], [90, 90, "max_tries"], [0, 120, 210]),
    ("condition_gives_up_after_a_long_try", {}, [FAIL, GIVE_UP | {"takes": 60}], [1, "giveup"], [0, 0]),
    ("outcome_of_a_long_try_may_ask_to_stop", {}, [FAIL, STOP | {"takes": 60}], [1, "hint"], [0, 0]),
    ("success_of_a_long_try_ends_the_call", {}, [FAIL, OK | {"takes": 60}], [1, "accept"], [0, 61]),
    ("hint_of_a_long_try_is_a_floor_under_the_first_wait", {}, [FAIL, FAIL, retry(takes=60, hint=10), FAIL, OK], [1, 2, 10, 2, "accept"], [0, 1, 0, 10, 12]),
    ("hint_past_the_deadline_is_held_against_the_new_one", {"max_time": 20}, [FAIL, retry(takes=60, hint=10), OK], [1, 10, "accept"], [0, 0, 10]),
]
