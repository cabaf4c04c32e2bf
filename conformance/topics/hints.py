"""Waits that the outcome asks for, and outcomes that ask to stop."""

from case import FAIL, OK, STOP, by_hand, by_model, retry
from draws import Dice


def cases():
    for name, policy, outcomes, draws, expected, elapsed in TABLE:
        policy = {"wait": "constant", "interval": 2, "jitter": "none", "hint_spread": 0} | policy
        if policy["wait"] != "constant":
            del policy["interval"]
        policy = {key: value for key, value in policy.items() if value != "default"}
        yield by_hand(name, policy, outcomes, draws, expected, elapsed)
    yield from generated()


def generated():
    """Servers that now and then say how long to wait, some of them for too long."""
    for number in range(30):
        dice = Dice(f"hints {number}")
        policy = dice.waits() | {"max_tries": dice.pick((4, 6, 8))}
        if number % 3:
            policy["max_time"] = dice.pick((20, 45, 90))
        if number % 6 == 1:
            policy["last_wait"] = "stop"
        policy["hint_spread"] = dice.pick((0, 0.125, 0.25, 1))
        if dice.chance(0.5):
            policy["hint_ceiling"] = dice.pick((1, 5, 12))
            policy["hint_above"] = dice.pick(("cap", "cap", "give_up"))

        def outcome(tries):
            takes = dice.pick((0, 0.25, 1))
            if dice.chance(0.05):
                return STOP | {"takes": takes}
            if dice.chance(0.5):
                return retry(takes=takes, hint=dice.pick((0, 0.5, 1, 3, 5, 5, 12, 30)))
            return retry(takes=takes)

        yield by_model(f"generated_server_{number}_asks_for_waits", policy, outcome, dice.exact_draw)


def hint(seconds, **details):
    return retry(hint=seconds, **details)


TABLE = [
    # a floor
    ("hint_raises_a_shorter_wait", {}, [hint(5), OK], [], [5, "accept"], [0, 5]),
    ("hint_does_not_lower_a_longer_wait", {}, [hint(1), OK], [], [2, "accept"], [0, 2]),
    ("hint_equal_to_the_wait_changes_nothing", {}, [hint(2), OK], [], [2, "accept"], [0, 2]),
    ("hint_of_zero_changes_nothing", {}, [hint(0), OK], [], [2, "accept"], [0, 2]),
    ("hint_holds_for_one_wait_only", {}, [hint(5), FAIL, OK], [], [5, 2, "accept"], [0, 5, 7]),
    ("each_outcome_has_its_own_hint", {}, [hint(5), hint(3), hint(1), OK], [], [5, 3, 2, "accept"], [0, 5, 8, 10]),
    ("hint_raises_a_zero_wait", {"interval": 0}, [hint(0.5), FAIL, OK], [], [0.5, 0, "accept"], [0, 0.5, 0.5]),
    ("hint_keeps_a_millisecond", {"interval": 0}, [hint(0.001), OK], [], [0.001, "accept"], None),
    ("hint_of_an_hour_is_obeyed_under_a_ceiling_of_a_day", {"hint_ceiling": 86400}, [hint(3600), OK], [], [3600, "accept"], [0, 3600]),
    ("hinted_retries_count_for_the_strategy", {"wait": "expo"}, [hint(5), hint(5), FAIL, OK], [], [5, 5, 4, "accept"], [0, 5, 10, 14]),
    ("hinted_retries_count_for_fibo", {"wait": "fibo"}, [hint(9), hint(9), FAIL, FAIL, OK], [], [9, 9, 2, 3, "accept"], None),
    ("hinted_retries_use_up_a_list", {"interval": [1, 2]}, [hint(5), FAIL, FAIL], [], [5, 2, "exhausted"], [0, 5, 7]),
    ("hint_does_not_revive_a_list_that_has_ended", {"interval": [1]}, [FAIL, hint(5)], [], [1, "exhausted"], [0, 1]),
    ("hint_does_not_revive_runtime_that_has_ended", {"wait": "runtime"}, [hint(5, runtime=None)], [], ["exhausted"], [0]),
    ("hint_raises_what_runtime_asks_for", {"wait": "runtime"}, [hint(5, runtime=3), hint(2, runtime=3), OK], [], [5, 3, "accept"], [0, 5, 8]),
    # jitter
    ("hint_is_compared_with_the_jittered_wait", {"interval": 8, "jitter": "full"}, [hint(3), hint(3), OK], [0.25, 0.5], [3, 4, "accept"], [0, 3, 7]),
    ("hint_is_never_jittered_downward", {"wait": "expo", "jitter": "full"}, [hint(10), hint(10), OK], [0.25, 0], [10, 10, "accept"], [0, 10, 20]),
    ("hint_takes_a_draw_all_the_same", {"interval": 8, "jitter": "full"}, [hint(100), FAIL, OK], [0.25, 0.5], [100, 4, "accept"], [0, 100, 104]),
    ("hint_with_the_default_jitter", {"interval": 8, "jitter": "default"}, [hint(3), OK], [0.125], [3, "accept"], [0, 3]),
    ("hint_with_equal_jitter", {"interval": 8, "jitter": "equal"}, [hint(5), hint(5), OK], [0, 0.5], [5, 6, "accept"], [0, 5, 11]),
    ("hint_with_random_jitter", {"interval": 4, "jitter": "random"}, [hint(4.5), hint(4.5), OK], [0.25, 0.75], [4.5, 4.75, "accept"], None),
    # the cap
    ("hint_may_pass_the_cap", {"wait": "expo", "max_value": 4}, [hint(30), OK], [], [30, "accept"], [0, 30]),
    ("hint_below_the_cap", {"wait": "expo", "max_value": 4}, [hint(3), hint(3), hint(3), OK], [], [3, 3, 4, "accept"], [0, 3, 6, 10]),
    ("cap_holds_again_after_a_hint", {"wait": "expo", "max_value": 2}, [hint(30), FAIL, FAIL, OK], [], [30, 2, 2, "accept"], [0, 30, 32, 34]),
    ("hint_above_the_cap_with_jitter_at_the_cap", {"wait": "fibo", "max_value": 1, "jitter": "full"}, [hint(3), FAIL, OK], [0.5, 0.25], [3, 0.25, "accept"], None),
    ("decorrelated_obeys_a_hint", {"wait": "decorrelated", "jitter": "default"}, [hint(10), OK], [0.5], [10, "accept"], [0, 10]),
    ("decorrelated_goes_on_from_its_own_wait_after_a_hint", {"wait": "decorrelated", "jitter": "default"}, [hint(10), FAIL, OK], [0.5, 0.5], [10, 3.5, "accept"], [0, 10, 13.5]),
    ("decay_obeys_a_hint", {"wait": "decay"}, [hint(3), hint(3), OK], [], [3, 3, "accept"], [0, 3, 6]),
    # the deadline
    ("hint_past_the_deadline_gives_up", {"max_time": 10}, [hint(11)], [], ["hint"], [0]),
    ("hint_past_the_deadline_counts_from_the_first_try", {"max_time": 10}, [FAIL, FAIL, hint(7)], [], [2, 2, "hint"], [0, 2, 4]),
    ("hint_that_ends_at_the_deadline_is_waited_for", {"max_time": 10}, [hint(10), FAIL], [], [10, "max_time"], [0, 10]),
    ("hint_within_the_deadline_is_waited_for", {"max_time": 10}, [hint(9), OK], [], [9, "accept"], [0, 9]),
    ("hint_within_the_deadline_leaves_a_shortened_wait", {"max_time": 10}, [hint(9), FAIL, OK], [], [9, 1, "accept"], [0, 9, 10]),
    ("wait_above_its_hint_is_shortened", {"max_time": 1.5}, [hint(1), OK], [], [1.5, "accept"], [0, 1.5]),
    ("hint_past_the_deadline_of_a_slow_try", {"max_time": 10}, [hint(5, takes=6)], [], ["hint"], [6]),
    ("hint_past_the_deadline_takes_no_draw", {"interval": 8, "jitter": "full", "max_time": 10}, [FAIL, hint(9)], [0.25], [2, "hint"], [0, 2]),
    ("hint_past_the_deadline_does_not_ask_a_list_that_has_ended", {"interval": [1], "max_time": 10}, [FAIL, hint(20)], [], [1, "hint"], [0, 1]),
    ("hint_past_the_deadline_with_stop", {"max_time": 10, "last_wait": "stop"}, [hint(11)], [], ["hint"], [0]),
    ("hint_that_ends_at_the_deadline_with_stop", {"max_time": 10, "last_wait": "stop"}, [hint(10), FAIL], [], [10, "max_time"], [0, 10]),
    ("hint_within_the_deadline_with_stop", {"max_time": 10, "last_wait": "stop"}, [hint(9), OK], [], [9, "accept"], [0, 9]),
    ("wait_above_its_hint_with_stop", {"max_time": 1.5, "last_wait": "stop"}, [hint(1)], [], ["max_time"], [0]),
    ("hint_above_the_cap_and_past_the_deadline", {"wait": "expo", "max_value": 4, "max_time": 20}, [hint(30)], [], ["hint"], [0]),
    ("hint_without_max_time_is_limited_by_the_ceiling_alone", {"max_tries": 2}, [hint(300), OK], [], [300, "accept"], [0, 300]),
    # the ceiling
    ("hint_at_the_ceiling_is_obeyed", {"hint_ceiling": 10}, [hint(10), OK], [], [10, "accept"], [0, 10]),
    ("hint_above_the_ceiling_gives_up", {"hint_ceiling": 10}, [hint(10.25)], [], ["hint"], [0]),
    ("hint_above_the_default_ceiling_gives_up", {}, [hint(300), hint(301)], [], [300, "hint"], [0, 300]),
    ("hint_above_the_ceiling_is_capped", {"hint_ceiling": 10, "hint_above": "cap"}, [hint(60), OK], [], [10, "accept"], [0, 10]),
    ("hint_above_the_default_ceiling_is_capped", {"hint_above": "cap"}, [hint(3600), OK], [], [300, "accept"], [0, 300]),
    ("wait_above_the_ceiling_is_kept", {"interval": 20, "hint_ceiling": 10, "hint_above": "cap"}, [hint(60), OK], [], [20, "accept"], [0, 20]),
    ("ceiling_of_zero_obeys_no_hint", {"hint_ceiling": 0, "hint_above": "cap"}, [hint(60), OK], [], [2, "accept"], [0, 2]),
    ("capped_hint_past_the_deadline_gives_up", {"hint_ceiling": 10, "hint_above": "cap", "max_time": 9}, [hint(60)], [], ["hint"], [0]),
    ("capped_hint_within_the_deadline_is_waited_for", {"hint_ceiling": 10, "hint_above": "cap", "max_time": 10}, [hint(60), FAIL], [], [10, "max_time"], [0, 10]),
    ("hint_above_the_ceiling_takes_no_draw", {"jitter": "full", "hint_ceiling": 10}, [FAIL, hint(60)], [0.25], [0.5, "hint"], [0, 0.5]),
    ("hint_above_the_ceiling_does_not_ask_a_list_that_has_ended", {"interval": [1], "hint_ceiling": 10}, [FAIL, hint(60)], [], [1, "hint"], [0, 1]),
    ("max_tries_comes_before_a_hint_above_the_ceiling", {"max_tries": 1, "hint_ceiling": 10}, [hint(60)], [], ["max_tries"], [0]),
    # the spread
    ("hint_is_spread_upward", {"hint_spread": 0.5}, [hint(8), hint(8), OK], [0, 0.75], [8, 11, "accept"], [0, 8, 19]),
    ("hint_is_spread_over_the_whole_of_it", {"hint_spread": 1}, [hint(8), OK], [0.5], [12, "accept"], [0, 12]),
    ("hint_is_spread_by_a_tenth_by_default", {"jitter": "full", "hint_spread": "default"}, [hint(40), OK], [0.25, 0.5], [42, "accept"], [0, 42]),
    ("hint_is_not_spread_by_default_without_jitter", {"hint_spread": "default"}, [hint(40), OK], [], [40, "accept"], [0, 40]),
    ("hint_is_spread_by_default_beside_decorrelated", {"wait": "decorrelated", "jitter": "default", "hint_spread": "default"}, [hint(40), OK], [0.5, 0.5], [42, "accept"], [0, 42]),
    ("jitter_draws_before_the_hint_does", {"interval": 8, "jitter": "full", "hint_spread": 0.5}, [hint(4), hint(4), OK], [0.25, 0.5, 0.75, 0.5], [5, 6, "accept"], [0, 5, 11]),
    ("wait_above_a_spread_hint_is_kept", {"interval": 20, "hint_spread": 0.5}, [hint(8), OK], [0.5], [20, "accept"], [0, 20]),
    ("hint_of_zero_is_not_spread", {"hint_spread": 0.5}, [hint(0), OK], [], [2, "accept"], [0, 2]),
    ("capped_hint_keeps_its_spread", {"hint_spread": 0.5, "hint_ceiling": 10, "hint_above": "cap"}, [hint(60), OK], [0.5], [12.5, "accept"], [0, 12.5]),
    ("spread_is_not_held_against_the_ceiling", {"hint_spread": 0.5, "hint_ceiling": 10}, [hint(10), OK], [0.5], [12.5, "accept"], [0, 12.5]),
    ("spread_is_not_held_against_the_deadline", {"hint_spread": 0.5, "max_time": 10}, [hint(8), FAIL], [0.75], [10, "max_time"], [0, 10]),
    ("spread_past_the_deadline_with_stop", {"hint_spread": 0.5, "max_time": 10, "last_wait": "stop"}, [hint(8)], [0.75], ["max_time"], [0]),
    # limits first
    ("max_tries_comes_before_a_hint", {"max_tries": 2}, [hint(5), hint(5)], [], [5, "max_tries"], [0, 5]),
    ("max_tries_comes_before_a_hint_past_the_deadline", {"max_tries": 1, "max_time": 10}, [hint(60)], [], ["max_tries"], [0]),
    ("max_time_comes_before_a_hint", {"max_time": 10}, [hint(1, takes=10)], [], ["max_time"], [10]),
    ("max_time_comes_before_a_hint_past_the_deadline", {"max_time": 10}, [hint(60, takes=11)], [], ["max_time"], [11]),
    # asked to stop
    ("outcome_may_ask_to_stop", {}, [STOP], [], ["hint"], [0]),
    ("outcome_may_ask_to_stop_after_some_waits", {}, [FAIL, hint(3), STOP], [], [2, 3, "hint"], [0, 2, 5]),
    ("asking_to_stop_takes_no_draw", {"wait": "expo", "jitter": "full"}, [FAIL, STOP], [0.5], [0.5, "hint"], [0, 0.5]),
    ("asking_to_stop_comes_before_max_tries", {"max_tries": 1}, [STOP], [], ["hint"], [0]),
    ("asking_to_stop_comes_before_max_time", {"max_time": 1}, [STOP | {"takes": 2}], [], ["hint"], [2]),
    ("asking_to_stop_comes_before_the_end_of_the_list", {"interval": [1]}, [FAIL, STOP], [], [1, "hint"], [0, 1]),
]
