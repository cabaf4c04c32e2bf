"""max_tries and max_time, the shortened last wait, and what is asked before them."""

from case import FAIL, GIVE_UP, OK, STOP, by_hand, by_model, retry
from draws import Dice


def cases():
    for name, limits, outcomes, expected, elapsed in TABLE:
        policy = {"wait": "constant", "interval": 2, "jitter": "none", **limits}
        yield by_hand(name, policy, outcomes, [], expected, elapsed)
    for name, policy, outcomes, draws, expected, elapsed in JITTERED:
        yield by_hand(name, policy, outcomes, draws, expected, elapsed)
    yield from generated()


def generated():
    """Calls that run into max_time, with and without the shortened last wait."""
    for number in range(30):
        dice = Dice(f"limits {number}")
        policy = dice.waits() | {"max_time": dice.pick((3, 5, 7.5, 12, 20, 45))}
        if dice.chance(0.4):
            policy["max_tries"] = dice.pick((2, 3, 4, 6, 9))
        if number % 2:
            policy["last_wait"] = dice.pick(("stop", "stop", "stop", "shorten"))
        yield by_model(
            f"generated_call_{number}_runs_into_its_limits",
            policy,
            lambda tries: retry(takes=dice.pick((0, 0, 0.25, 0.5, 1, 2.5))) if tries < 40 else OK,
            dice.exact_draw,
        )


def fail(takes):
    return retry(takes=takes)


def ok(takes):
    return OK | {"takes": takes}


TABLE = [
    # max_tries
    ("one_try_allows_no_retry", {"max_tries": 1}, [FAIL], ["max_tries"], [0]),
    ("one_try_may_succeed", {"max_tries": 1}, [OK], ["accept"], [0]),
    ("two_tries_wait_once", {"max_tries": 2}, [FAIL] * 2, [2, "max_tries"], [0, 2]),
    ("max_tries_counts_the_first_try", {"max_tries": 5}, [FAIL] * 5, [2, 2, 2, 2, "max_tries"], [0, 2, 4, 6, 8]),
    ("last_try_may_succeed", {"max_tries": 3}, [FAIL, FAIL, OK], [2, 2, "accept"], [0, 2, 4]),
    ("early_success_leaves_tries_unused", {"max_tries": 9}, [FAIL, OK], [2, "accept"], [0, 2]),
    ("condition_is_asked_on_the_last_try", {"max_tries": 2}, [FAIL, GIVE_UP], [2, "giveup"], [0, 2]),
    ("condition_may_stop_on_the_last_try", {"max_tries": 2}, [FAIL, STOP], [2, "hint"], [0, 2]),
    ("condition_is_asked_on_the_only_try", {"max_tries": 1}, [GIVE_UP], ["giveup"], [0]),
    ("max_tries_comes_before_the_end_of_the_list", {"interval": [1, 1], "max_tries": 3}, [FAIL] * 3, [1, 1, "max_tries"], [0, 1, 2]),
    ("list_that_is_shorter_than_max_tries_ends_first", {"interval": [1, 1], "max_tries": 4}, [FAIL] * 3, [1, 1, "exhausted"], [0, 1, 2]),
    ("max_tries_comes_before_max_time", {"max_tries": 2, "max_time": 2}, [FAIL, FAIL], [2, "max_tries"], [0, 2]),
    # max_time
    ("max_time_is_not_reached_by_a_quick_success", {"max_time": 10}, [FAIL, OK], [2, "accept"], [0, 2]),
    ("max_time_shortens_the_last_wait_and_tries_once_more", {"max_time": 5}, [FAIL] * 4, [2, 2, 1, "max_time"], [0, 2, 4, 5]),
    ("max_time_says_shorten_by_name", {"max_time": 5, "last_wait": "shorten"}, [FAIL] * 4, [2, 2, 1, "max_time"], [0, 2, 4, 5]),
    ("try_after_the_shortened_wait_may_succeed", {"max_time": 5}, [FAIL, FAIL, FAIL, OK], [2, 2, 1, "accept"], [0, 2, 4, 5]),
    ("success_is_accepted_long_after_max_time", {"max_time": 5}, [FAIL, ok(60)], [2, "accept"], [0, 62]),
    ("condition_is_asked_after_max_time", {"max_time": 5}, [FAIL, GIVE_UP | {"takes": 60}], [2, "giveup"], [0, 62]),
    ("condition_may_stop_after_max_time", {"max_time": 5}, [STOP | {"takes": 60}], ["hint"], [60]),
    ("max_time_counts_the_tries_too", {"max_time": 10}, [fail(3), fail(3), fail(3)], [2, 2, "max_time"], [3, 8, 13]),
    ("try_that_ends_at_max_time_is_the_last", {"max_time": 5}, [fail(5)], ["max_time"], [5]),
    ("try_that_ends_just_before_max_time_is_not_the_last", {"max_time": 5}, [fail(4.5), fail(0)], [0.5, "max_time"], [4.5, 5]),
    ("slow_first_try_leaves_no_time", {"max_time": 5}, [fail(30)], ["max_time"], [30]),
    ("slow_first_try_shortens_the_first_wait", {"max_time": 5}, [fail(4), fail(1)], [1, "max_time"], [4, 6]),
    ("wait_that_ends_at_max_time_is_whole", {"max_time": 4}, [FAIL] * 3, [2, 2, "max_time"], [0, 2, 4]),
    ("max_time_of_half_a_second", {"max_time": 0.5}, [FAIL, FAIL], [0.5, "max_time"], [0, 0.5]),
    ("max_time_below_the_first_wait", {"max_time": 1}, [FAIL, fail(0.25)], [1, "max_time"], [0, 1.25]),
    ("max_time_of_zero_allows_one_try", {"max_time": 0}, [FAIL], ["max_time"], [0]),
    ("max_time_of_zero_accepts_the_first_try", {"max_time": 0}, [ok(1)], ["accept"], [1]),
    ("max_time_comes_before_the_end_of_the_list", {"interval": [1, 1], "max_time": 2}, [FAIL] * 3, [1, 1, "max_time"], [0, 1, 2]),
    ("list_that_ends_before_max_time_is_exhausted", {"interval": [1, 1], "max_time": 9}, [FAIL] * 3, [1, 1, "exhausted"], [0, 1, 2]),
    ("max_tries_may_end_a_call_before_max_time", {"max_tries": 3, "max_time": 60}, [FAIL] * 3, [2, 2, "max_tries"], [0, 2, 4]),
    ("zero_waits_and_instant_tries_do_not_use_up_time", {"interval": 0, "max_time": 1}, [FAIL] * 5 + [OK], [0, 0, 0, 0, 0, "accept"], [0] * 6),
    ("zero_waits_and_slow_tries_use_up_time", {"interval": 0, "max_time": 1}, [fail(0.25)] * 4, [0, 0, 0, "max_time"], [0.25, 0.5, 0.75, 1]),
    # last_wait = stop
    ("stop_gives_up_instead_of_shortening", {"max_time": 5, "last_wait": "stop"}, [FAIL] * 3, [2, 2, "max_time"], [0, 2, 4]),
    ("stop_keeps_a_wait_that_ends_at_max_time", {"max_time": 4, "last_wait": "stop"}, [FAIL] * 3, [2, 2, "max_time"], [0, 2, 4]),
    ("stop_allows_a_wait_that_ends_before_max_time", {"max_time": 4.5, "last_wait": "stop"}, [FAIL] * 3, [2, 2, "max_time"], [0, 2, 4]),
    ("stop_may_give_up_on_the_first_try", {"max_time": 1, "last_wait": "stop"}, [FAIL], ["max_time"], [0]),
    ("stop_still_accepts_after_max_time", {"max_time": 5, "last_wait": "stop"}, [FAIL, ok(60)], [2, "accept"], [0, 62]),
    ("stop_after_a_slow_try", {"max_time": 5, "last_wait": "stop"}, [fail(3.5)], ["max_time"], [3.5]),
    ("stop_without_max_time_changes_nothing", {"last_wait": "stop", "max_tries": 3}, [FAIL] * 3, [2, 2, "max_tries"], [0, 2, 4]),
    ("stop_with_zero_waits_goes_on_while_there_is_time", {"interval": 0, "max_time": 1, "last_wait": "stop"}, [fail(0.5), fail(0.25), fail(0.25)], [0, 0, "max_time"], [0.5, 0.75, 1]),
    ("end_of_the_list_comes_before_the_last_wait_is_judged", {"interval": [1], "max_time": 1.5, "last_wait": "stop"}, [FAIL] * 2, [1, "exhausted"], [0, 1]),
    # the condition, without limits
    ("condition_gives_up_at_once", {}, [GIVE_UP], ["giveup"], [0]),
    ("condition_gives_up_after_slow_tries", {}, [fail(1), fail(1), GIVE_UP | {"takes": 1}], [2, 2, "giveup"], [1, 4, 7]),
]

JITTERED = [
    ("max_time_shortens_expo", {"wait": "expo", "jitter": "none", "max_time": 10}, [FAIL] * 5, [], [1, 2, 4, 3, "max_time"], [0, 1, 3, 7, 10]),
    ("max_time_shortens_fibo", {"wait": "fibo", "jitter": "none", "max_time": 5.5}, [FAIL] * 5, [], [1, 1, 2, 1.5, "max_time"], [0, 1, 2, 4, 5.5]),
    ("max_time_shortens_the_wait_after_jitter", {"wait": "constant", "interval": 4, "max_time": 4}, [FAIL] * 4, [0.5, 0.25, 0.75], [2, 1, 1, "max_time"], [0, 2, 3, 4]),
    ("jitter_may_keep_a_wait_within_max_time", {"wait": "constant", "interval": 4, "max_time": 4}, [FAIL, fail(1.5), OK], [0.25, 0.25], [1, 1, "accept"], [0, 2.5, 3.5]),
    ("no_draw_is_taken_once_max_time_is_reached", {"wait": "constant", "interval": 4, "max_time": 3}, [FAIL, fail(1)], [0.5], [2, "max_time"], [0, 3]),
    ("no_draw_is_taken_once_max_tries_is_reached", {"wait": "constant", "interval": 4, "max_tries": 2}, [FAIL] * 2, [0.5], [2, "max_tries"], [0, 2]),
    ("no_draw_is_taken_when_the_condition_gives_up", {"wait": "expo"}, [FAIL, GIVE_UP], [0.5], [0.5, "giveup"], [0, 0.5]),
    ("draw_is_taken_before_stop_is_judged", {"wait": "constant", "interval": 4, "max_time": 3, "last_wait": "stop"}, [FAIL] * 2, [0.5, 0.75], [2, "max_time"], [0, 2]),
    ("stop_judges_the_wait_after_jitter", {"wait": "constant", "interval": 4, "max_time": 3, "last_wait": "stop"}, [FAIL, FAIL, OK], [0.5, 0.125], [2, 0.5, "accept"], [0, 2, 2.5]),
    ("max_time_shortens_decorrelated", {"wait": "decorrelated", "max_time": 4}, [FAIL] * 3, [0.5, 0.5], [2, 2, "max_time"], [0, 2, 4]),
    ("stop_judges_decorrelated_after_its_draw", {"wait": "decorrelated", "max_time": 4, "last_wait": "stop"}, [FAIL] * 2, [0.5, 0.5], [2, "max_time"], [0, 2]),
    ("max_time_shortens_what_runtime_asks_for", {"wait": "runtime", "jitter": "none", "max_time": 5}, [retry(runtime=3), retry(runtime=3), retry(runtime=3)], [], [3, 2, "max_time"], [0, 3, 5]),
    ("limits_come_before_runtime_is_asked", {"wait": "runtime", "jitter": "none", "max_tries": 1}, [retry(runtime=None)], [], ["max_tries"], [0]),
    ("max_time_shortens_a_wait_at_the_cap", {"wait": "expo", "max_value": 2, "jitter": "none", "max_time": 6}, [FAIL] * 5, [], [1, 2, 2, 1, "max_time"], [0, 1, 3, 5, 6]),
    ("max_time_shortens_random_jitter", {"wait": "constant", "interval": 1, "jitter": "random", "max_time": 3}, [FAIL] * 3, [0.5, 0.75], [1.5, 1.5, "max_time"], [0, 1.5, 3]),
    ("max_time_shortens_equal_jitter", {"wait": "constant", "interval": 2, "jitter": "equal", "max_time": 3}, [FAIL] * 3, [0.5, 0.75], [1.5, 1.5, "max_time"], [0, 1.5, 3]),
    ("max_time_shortens_decay", {"wait": "decay", "initial_value": 4, "jitter": "none", "max_time": 5}, [FAIL, FAIL, fail(1)], [], [4, 1, "max_time"], [0, 4, 6]),
]
