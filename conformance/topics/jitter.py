"""The waits that jitter makes of raw waits, below the cap and at it."""

from case import FAIL, OK, by_hand, by_model, retry
from draws import Dice

LAST = 1048575 / 1048576
THIRD = 349525 / 1048576


def cases():
    for name, policy, draws, expected in TABLE:
        failures = [FAIL] * (len(expected) - 1)
        yield by_hand(name, policy, [*failures, FAIL if expected[-1] == "exhausted" else OK], draws, expected)
    for name, policy, answers, draws, expected in RUNTIME:
        outcomes = [retry(runtime=answer) for answer in answers] + ([OK] if expected[-1] == "accept" else [])
        yield by_hand(name, policy, outcomes, draws, expected)
    yield from generated()


def generated():
    """Every strategy under every jitter with draws of all twenty bits."""
    for number, (strategy, parameters) in enumerate(STRATEGIES):
        for jitter in ("full", "equal", "random"):
            dice = Dice(f"jitter {number} {jitter}")
            yield by_model(
                f"{strategy}_{number}_under_{jitter}_jitter_with_fine_draws",
                {"wait": strategy, **parameters, "jitter": jitter},
                lambda tries: FAIL if tries < 7 else OK,
                lambda span: dice.draw(),
            )


STRATEGIES = [
    ("constant", {"interval": 3}),
    ("linear", {"start": 0.1, "step": 0.7, "max_value": 2.5}),
    ("expo", {}),
    ("expo", {"base": 3, "factor": 0.05, "max_value": 4}),
    ("expo", {"base": 1.7, "factor": 0.001}),
    ("fibo", {}),
    ("fibo", {"max_value": 4}),
    ("decay", {"initial_value": 20, "decay_factor": 0.3}),
    ("decay", {"initial_value": 5, "min_value": 0.5}),
]

TABLE = [
    # full: between nothing and the raw wait
    ("full_is_the_default", {"wait": "constant", "interval": 8}, [0.25, 0.5, 0.75], [2, 4, 6, "accept"]),
    ("full_is_the_default_for_expo", {"wait": "expo"}, [0.5, 0.5, 0.5, 0.5], [0.5, 1, 2, 4, "accept"]),
    ("full_is_the_default_for_fibo", {"wait": "fibo"}, [0.5] * 5, [0.5, 0.5, 1, 1.5, 2.5, "accept"]),
    ("full_is_the_default_for_linear", {"wait": "linear"}, [0.5, 0.25, 0.125], [0.5, 0.5, 0.375, "accept"]),
    ("full_is_the_default_for_decay", {"wait": "decay", "decay_factor": 0}, [0.5, 0.25], [0.5, 0.25, "accept"]),
    ("full_of_the_lowest_draw_is_no_wait", {"wait": "expo", "jitter": "full"}, [0, 0, 0], [0, 0, 0, "accept"]),
    ("full_of_the_highest_draw_stays_below_the_wait", {"wait": "constant", "interval": 1048576, "jitter": "full"}, [LAST], [1048575, "accept"]),
    ("full_does_not_disturb_the_strategy", {"wait": "expo", "jitter": "full"}, [0, 0.5, 0, 0.5], [0, 1, 0, 4, "accept"]),
    ("full_spreads_over_the_whole_cap", {"wait": "expo", "max_value": 4, "jitter": "full"}, [0.5, 0.5, 0.5, 0, 0.25, 0.75], [0.5, 1, 2, 0, 1, 3, "accept"]),
    ("full_takes_a_draw_for_a_zero_wait_too", {"wait": "constant", "interval": [0, 8], "jitter": "full"}, [0.5, 0.25], [0, 2, "exhausted"]),
    ("full_over_a_list", {"wait": "constant", "interval": [4, 2, 8], "jitter": "full"}, [0.25, 0.5, 0.125], [1, 1, 1, "exhausted"]),
    ("full_takes_no_draw_once_the_list_has_ended", {"wait": "constant", "interval": [4]}, [0.25], [1, "exhausted"]),
    ("full_of_a_third", {"wait": "constant", "interval": 1.048576, "jitter": "full"}, [THIRD], [0.349525, "accept"]),
    ("full_of_a_millisecond", {"wait": "constant", "interval": 0.001, "jitter": "full"}, [0.5, 0.125], [0.0005, 0.000125, "accept"]),
    ("full_after_the_floor_of_decay", {"wait": "decay", "min_value": 1, "jitter": "full"}, [0.5, 0.25, 0], [0.5, 0.25, 0, "accept"]),
    ("full_of_decay", {"wait": "decay", "jitter": "full"}, [0.5, 0.5], [0.5, 0.18393972058572117, "accept"]),
    # equal: half is certain
    ("equal_keeps_half_of_the_wait", {"wait": "constant", "interval": 8, "jitter": "equal"}, [0, 0.25, 0.5, 0.75], [4, 5, 6, 7, "accept"]),
    ("equal_over_expo", {"wait": "expo", "jitter": "equal"}, [0.5, 0.5, 0.5], [0.75, 1.5, 3, "accept"]),
    ("equal_over_fibo", {"wait": "fibo", "jitter": "equal"}, [0, 0.5, 0, 0.5], [0.5, 0.75, 1, 2.25, "accept"]),
    ("equal_over_linear", {"wait": "linear", "start": 2, "step": 2, "jitter": "equal"}, [0.5, 0, 0.75], [1.5, 2, 5.25, "accept"]),
    ("equal_at_the_cap_keeps_its_spread", {"wait": "expo", "max_value": 4, "jitter": "equal"}, [0, 0, 0, 0, 0.5, 0.75], [0.5, 1, 2, 2, 3, 3.5, "accept"]),
    ("equal_of_the_highest_draw_stays_below_the_wait", {"wait": "constant", "interval": 2097152, "jitter": "equal"}, [LAST], [2097151, "accept"]),
    ("equal_of_a_zero_wait_is_zero", {"wait": "constant", "interval": [0, 4], "jitter": "equal"}, [0.5, 0.5], [0, 3, "exhausted"]),
    ("equal_after_the_floor_of_decay", {"wait": "decay", "min_value": 1, "jitter": "equal"}, [0.5, 0.25], [0.75, 0.625, "accept"]),
    # random: up to a second more
    ("random_adds_up_to_a_second", {"wait": "constant", "interval": 8, "jitter": "random"}, [0, 0.25, 0.5, LAST], [8, 8.25, 8.5, 8.99999904632568359375, "accept"]),
    ("random_adds_a_second_whatever_the_wait", {"wait": "expo", "jitter": "random"}, [0.5] * 4, [1.5, 2.5, 4.5, 8.5, "accept"]),
    ("random_over_fibo", {"wait": "fibo", "jitter": "random"}, [0, 0.5, 0.25], [1, 1.5, 2.25, "accept"]),
    ("random_over_a_zero_wait", {"wait": "constant", "interval": 0, "jitter": "random"}, [0, 0.5], [0, 0.5, "accept"]),
    ("random_over_a_list_has_no_cap", {"wait": "constant", "interval": [1, 3], "jitter": "random"}, [0.5, 0.5], [1.5, 3.5, "exhausted"]),
    ("random_after_the_floor_of_decay", {"wait": "decay", "min_value": 1, "jitter": "random"}, [0.5, 0.25], [1.5, 1.25, "accept"]),
    ("random_at_the_cap_moves_below_it", {"wait": "expo", "max_value": 4, "jitter": "random"}, [0.5, 0.5, 0.5, 0, 0.75], [1.5, 2.5, 3.5, 3, 3.75, "accept"]),
    ("random_cuts_the_wait_to_leave_room_for_the_spread", {"wait": "linear", "start": 2.5, "step": 0.5, "max_value": 3, "jitter": "random"}, [0.5, 0.5, 0], [2.5, 2.5, 2, "accept"]),
    ("random_under_a_small_cap_spreads_over_all_of_it", {"wait": "expo", "factor": 0.25, "max_value": 0.5, "jitter": "random"}, [0, 0.5, 0.75], [0, 0.25, 0.375, "accept"]),
    ("random_at_a_cap_of_one_second", {"wait": "fibo", "max_value": 1, "jitter": "random"}, [0, 0.25, 0.75], [0, 0.25, 0.75, "accept"]),
    ("random_one_second_below_the_cap_is_whole", {"wait": "linear", "max_value": 2, "jitter": "random"}, [0.75, 0.75], [1.75, 1.75, "accept"]),
    # none
    ("none_takes_no_draws", {"wait": "expo", "jitter": "none"}, [], [1, 2, 4, "accept"]),
    ("none_at_the_cap_is_the_cap", {"wait": "expo", "max_value": 3, "jitter": "none"}, [], [1, 2, 3, 3, "accept"]),
    ("decorrelated_is_its_own_jitter", {"wait": "decorrelated"}, [0.5, 0.5], [2, 3.5, "accept"]),
    ("decorrelated_may_say_that_it_has_no_other_jitter", {"wait": "decorrelated", "jitter": "none"}, [0.5, 0.5], [2, 3.5, "accept"]),
]

RUNTIME = [
    ("full_is_the_default_for_runtime", {"wait": "runtime"}, [4, 8], [0.5, 0.25], [2, 2, "accept"]),
    ("full_of_what_each_outcome_asks_for", {"wait": "runtime", "jitter": "full"}, [4, 2], [0.25, 0.5], [1, 1, "accept"]),
    ("equal_of_what_each_outcome_asks_for", {"wait": "runtime", "jitter": "equal"}, [4, 2], [0.5, 0], [3, 1, "accept"]),
    ("random_over_what_each_outcome_asks_for", {"wait": "runtime", "jitter": "random"}, [4, 0], [0.5, 0.25], [4.5, 0.25, "accept"]),
    ("runtime_takes_no_draw_once_it_has_ended", {"wait": "runtime"}, [4, None], [0.5], [2, "exhausted"]),
]
