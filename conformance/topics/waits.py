"""The raw waits of each strategy, without jitter."""

from case import FAIL, GIVE_UP, OK, by_hand, retry


def cases():
    for name, wait, parameters, expected in TABLE:
        policy = {"wait": wait, **parameters}
        if wait != "decorrelated":
            policy["jitter"] = "none"
        yield by_hand(name, policy, *until(expected))
    for name, parameters, draws, expected in DECORRELATED:
        yield by_hand(name, {"wait": "decorrelated", **parameters}, until(expected)[0], draws, expected)
    for name, answers, ending, expected in RUNTIME:
        outcomes = [retry(runtime=answer) for answer in answers] + ending
        yield by_hand(name, {"wait": "runtime", "jitter": "none"}, outcomes, [], expected)


def until(expected):
    """Outcomes that fail until the ending, which is the last outcome's doing or the strategy's."""
    last = {"accept": OK, "giveup": GIVE_UP, "exhausted": FAIL}[expected[-1]]
    return [FAIL] * (len(expected) - 1) + [last], [], expected


TABLE = [
    # constant
    ("constant_waits_one_second_by_default", "constant", {}, [1, 1, 1, "accept"]),
    ("constant_waits_its_interval_every_time", "constant", {"interval": 0.25}, [0.25, 0.25, 0.25, 0.25, "accept"]),
    ("constant_of_zero_does_not_wait", "constant", {"interval": 0}, [0, 0, 0, "accept"]),
    ("constant_keeps_a_microsecond", "constant", {"interval": 0.000001}, [0.000001, 0.000001, "accept"]),
    ("constant_keeps_a_nanosecond", "constant", {"interval": 0.000000001}, [0.000000001, 0.000000001, "accept"]),
    ("constant_keeps_nine_decimals", "constant", {"interval": 12.345678901}, [12.345678901, 12.345678901, "accept"]),
    ("constant_of_a_day", "constant", {"interval": 86400}, [86400, 86400, "accept"]),
    ("first_try_accepted_waits_for_nothing", "constant", {}, ["accept"]),
    ("first_try_refused_by_the_condition", "constant", {}, ["giveup"]),
    ("condition_gives_up_after_two_waits", "constant", {"interval": 2}, [2, 2, "giveup"]),
    ("list_gives_one_wait_per_retry_and_then_is_exhausted", "constant", {"interval": [1, 2, 5]}, [1, 2, 5, "exhausted"]),
    ("list_that_is_long_enough_is_not_exhausted", "constant", {"interval": [1, 2, 5]}, [1, 2, 5, "accept"]),
    ("list_is_left_early_by_success", "constant", {"interval": [1, 2, 5]}, [1, "accept"]),
    ("list_of_one_wait_allows_two_tries", "constant", {"interval": [0.5]}, [0.5, "exhausted"]),
    ("list_keeps_its_order", "constant", {"interval": [5, 1, 3, 1]}, [5, 1, 3, 1, "exhausted"]),
    ("list_may_hold_zero_waits", "constant", {"interval": [0, 0, 1]}, [0, 0, 1, "exhausted"]),
    ("list_keeps_fractions", "constant", {"interval": [0.1, 0.2, 0.3]}, [0.1, 0.2, 0.3, "exhausted"]),
    ("condition_speaks_before_the_list_ends", "constant", {"interval": [1]}, [1, "giveup"]),
    # linear
    ("linear_counts_up_by_default", "linear", {}, [1, 2, 3, 4, 5, "accept"]),
    ("linear_starts_and_steps_as_told", "linear", {"start": 0.5, "step": 0.25}, [0.5, 0.75, 1, 1.25, "accept"]),
    ("linear_may_start_at_zero", "linear", {"start": 0, "step": 2}, [0, 2, 4, 6, "accept"]),
    ("linear_with_a_step_of_zero_stands_still", "linear", {"start": 3, "step": 0}, [3, 3, 3, "accept"]),
    ("linear_start_alone_keeps_the_step", "linear", {"start": 10}, [10, 11, 12, "accept"]),
    ("linear_step_alone_keeps_the_start", "linear", {"step": 10}, [1, 11, 21, "accept"]),
    ("linear_stops_at_its_cap", "linear", {"max_value": 3}, [1, 2, 3, 3, 3, "accept"]),
    ("linear_is_cut_to_a_cap_between_two_steps", "linear", {"step": 2, "max_value": 4}, [1, 3, 4, 4, "accept"]),
    ("linear_capped_at_its_start", "linear", {"start": 2, "max_value": 2}, [2, 2, 2, "accept"]),
    ("linear_in_tenths_has_no_drift", "linear", {"start": 0.1, "step": 0.1}, [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, "accept"]),
    ("linear_in_nanoseconds", "linear", {"start": 0.000000001, "step": 0.000000003}, [0.000000001, 0.000000004, 0.000000007, "accept"]),
    # expo
    ("expo_doubles_from_one_second_by_default", "expo", {}, [1, 2, 4, 8, 16, 32, 64, "accept"]),
    ("expo_scales_by_its_factor", "expo", {"factor": 0.1}, [0.1, 0.2, 0.4, 0.8, 1.6, "accept"]),
    ("expo_to_the_base_three", "expo", {"base": 3}, [1, 3, 9, 27, 81, "accept"]),
    ("expo_to_the_base_ten_in_milliseconds", "expo", {"base": 10, "factor": 0.001}, [0.001, 0.01, 0.1, 1, 10, "accept"]),
    ("expo_to_a_fractional_base", "expo", {"base": 1.5}, [1, 1.5, 2.25, 3.375, 5.0625, "accept"]),
    ("expo_to_the_base_one_stands_still", "expo", {"base": 1, "factor": 3}, [3, 3, 3, "accept"]),
    ("expo_to_a_base_below_one_shrinks", "expo", {"base": 0.5, "factor": 8}, [8, 4, 2, 1, 0.5, "accept"]),
    ("expo_with_a_factor_of_zero_does_not_wait", "expo", {"factor": 0}, [0, 0, 0, "accept"]),
    ("expo_starts_at_a_microsecond", "expo", {"factor": 0.000001}, [0.000001, 0.000002, 0.000004, 0.000008, "accept"]),
    ("expo_starts_at_a_nanosecond", "expo", {"factor": 0.000000001}, [0.000000001, 0.000000002, 0.000000004, "accept"]),
    ("expo_stops_at_its_cap", "expo", {"max_value": 8}, [1, 2, 4, 8, 8, 8, "accept"]),
    ("expo_is_cut_to_a_cap_between_two_powers", "expo", {"max_value": 10}, [1, 2, 4, 8, 10, 10, "accept"]),
    ("expo_capped_at_its_first_wait", "expo", {"factor": 3, "max_value": 3}, [3, 3, 3, "accept"]),
    ("expo_capped_at_half_a_second", "expo", {"factor": 0.1, "max_value": 0.5}, [0.1, 0.2, 0.4, 0.5, 0.5, "accept"]),
    ("expo_counts_retries_from_zero_after_many", "expo", {"base": 2, "factor": 0.25}, [0.25, 0.5, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, "accept"]),
    ("expo_gives_up_when_the_condition_says_so", "expo", {}, [1, 2, "giveup"]),
    # fibo
    ("fibo_adds_the_last_two", "fibo", {}, [1, 1, 2, 3, 5, 8, 13, 21, 34, 55, "accept"]),
    ("fibo_stops_at_its_cap", "fibo", {"max_value": 13}, [1, 1, 2, 3, 5, 8, 13, 13, 13, "accept"]),
    ("fibo_is_cut_to_a_cap_between_two_numbers", "fibo", {"max_value": 4}, [1, 1, 2, 3, 4, 4, "accept"]),
    ("fibo_capped_at_one_stands_still", "fibo", {"max_value": 1}, [1, 1, 1, 1, "accept"]),
    ("fibo_capped_at_a_fraction", "fibo", {"max_value": 2.5}, [1, 1, 2, 2.5, 2.5, "accept"]),
    # decay
    ("decay_shrinks_by_e_by_default", "decay", {}, [1, 0.36787944117144233, 0.1353352832366127, 0.049787068367863944, "accept"]),
    ("decay_starts_at_its_initial_value", "decay", {"initial_value": 10}, [10, 3.6787944117144233, 1.353352832366127, "accept"]),
    ("decay_shrinks_by_its_factor", "decay", {"initial_value": 10, "decay_factor": 0.5}, [10, 6.065306597126334, 3.6787944117144233, 2.231301601484298, "accept"]),
    ("decay_is_not_below_its_floor", "decay", {"min_value": 0.125}, [1, 0.36787944117144233, 0.1353352832366127, 0.125, 0.125, "accept"]),
    ("decay_with_its_floor_at_the_start_stands_still", "decay", {"initial_value": 2, "min_value": 2}, [2, 2, 2, "accept"]),
    ("decay_with_a_factor_of_zero_stands_still", "decay", {"initial_value": 3, "decay_factor": 0}, [3, 3, 3, "accept"]),
    ("decay_of_an_hour", "decay", {"initial_value": 3600, "decay_factor": 2, "min_value": 1}, [3600, 487.2070196518057, 65.93629999944305, 8.92350783599889, 1.2076654604490427, 1, "accept"]),
]

DECORRELATED = [
    ("decorrelated_at_its_lowest_stays_at_the_base", {}, [0, 0, 0], [1, 1, 1, "accept"]),
    ("decorrelated_half_way_grows_from_the_last_wait", {}, [0.5] * 4, [2, 3.5, 5.75, 9.125, "accept"]),
    ("decorrelated_first_wait_lies_between_base_and_thrice_base", {"base": 2}, [0.75], [5, "accept"]),
    ("decorrelated_falls_back_after_a_low_draw", {}, [0.5, 0, 0.5], [2, 1, 2, "accept"]),
    ("decorrelated_stops_at_sixty_seconds_by_default", {}, [0.75] * 6, [2.5, 5.875, 13.46875, 30.5546875, 60, 60, "accept"]),
    ("decorrelated_goes_on_from_the_capped_wait", {"max_value": 4}, [0.75, 0.75, 0.25, 0], [2.5, 4, 3.75, 1, "accept"]),
    ("decorrelated_capped_at_its_base_stands_still", {"base": 4, "max_value": 4}, [0.5, 0.25, 0], [4, 4, 4, "accept"]),
    ("decorrelated_cap_cuts_the_first_wait", {"base": 2, "max_value": 3}, [0.5, 0.25], [3, 3, "accept"]),
    ("decorrelated_below_a_second", {"base": 0.125, "max_value": 1}, [0.5, 0.25, 0.75], [0.25, 0.28125, 0.6640625, "accept"]),
    ("decorrelated_gives_up_when_the_condition_says_so", {}, [0.25], [1.5, "giveup"]),
]

RUNTIME = [
    ("runtime_waits_what_each_outcome_asks_for", [3, 1, 2], [OK], [3, 1, 2, "accept"]),
    ("runtime_may_ask_for_no_wait", [0, 0.5, 0], [OK], [0, 0.5, 0, "accept"]),
    ("runtime_that_ends_is_exhausted", [1, None], [], [1, "exhausted"]),
    ("runtime_that_ends_at_once_is_exhausted", [None], [], ["exhausted"]),
    ("runtime_keeps_a_microsecond", [0.000001], [OK], [0.000001, "accept"]),
    ("runtime_is_not_asked_when_the_condition_gives_up", [2], [GIVE_UP], [2, "giveup"]),
]
