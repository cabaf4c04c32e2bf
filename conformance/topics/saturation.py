"""Numbers beyond what a duration holds, and calls that never come to an end."""

from case import FAIL, OK, by_hand, retry

LONGEST = 18446744073.709551615
MILLION = 1_000_000
LAST = 1048575 / 1048576


def cases():
    for name, policy, outcomes, draws, expected in TABLE:
        yield by_hand(name, policy, outcomes, draws, expected)


def times(repeat):
    return FAIL | {"repeat": repeat}


def zeros(repeat):
    return {"draw": 0, "repeat": repeat}


TABLE = [
    # the millionth try
    (
        "expo_without_a_cap_survives_a_million_retries",
        {"wait": "expo"},
        [times(MILLION), FAIL, OK],
        [zeros(MILLION), 0.5],
        [(MILLION, 0), LONGEST / 2, "accept"],
    ),
    (
        "fibo_without_a_cap_survives_a_million_retries",
        {"wait": "fibo"},
        [times(MILLION), FAIL, OK],
        [zeros(MILLION), 0.25],
        [(MILLION, 0), LONGEST / 4, "accept"],
    ),
    (
        "expo_to_a_huge_base_survives_ten_thousand_retries",
        {"wait": "expo", "base": 1e9},
        [times(10_000), FAIL, OK],
        [zeros(10_000), LAST],
        [(10_000, 0), LONGEST * LAST, "accept"],
    ),
    (
        "expo_with_a_factor_of_zero_never_waits",
        {"wait": "expo", "base": 1e9, "factor": 0, "jitter": "none"},
        [times(10_000), OK],
        [],
        [(10_000, 0), "accept"],
    ),
    (
        "linear_without_a_cap_saturates",
        {"wait": "linear", "start": 0, "step": 1e9},
        [times(10_000), FAIL, OK],
        [zeros(10_000), 0.5],
        [(10_000, 0), LONGEST / 2, "accept"],
    ),
    (
        "linear_reaches_far_and_exactly",
        {"wait": "linear"},
        [times(100_000), FAIL, OK],
        [zeros(100_000), 0.5],
        [(100_000, 0), 50_000.5, "accept"],
    ),
    (
        "expo_with_a_cap_stays_at_it",
        {"wait": "expo", "max_value": 30, "jitter": "none"},
        [times(100_000), OK],
        [],
        [1, 2, 4, 8, 16, (99_995, 30), "accept"],
    ),
    (
        "fibo_with_a_cap_stays_at_it",
        {"wait": "fibo", "max_value": 30, "jitter": "none"},
        [times(100_000), OK],
        [],
        [(2, 1), 2, 3, 5, 8, 13, 21, (99_992, 30), "accept"],
    ),
    (
        "linear_with_a_cap_stays_at_it",
        {"wait": "linear", "max_value": 3, "jitter": "none"},
        [times(10_000), OK],
        [],
        [1, 2, (9_998, 3), "accept"],
    ),
    (
        "decay_without_a_floor_fades_to_nothing",
        {"wait": "decay", "decay_factor": 200, "jitter": "none"},
        [times(10_000), OK],
        [],
        [1, (9_999, 0), "accept"],
    ),
    (
        "decay_with_a_floor_stays_at_it",
        {"wait": "decay", "decay_factor": 10, "min_value": 0.5, "jitter": "none"},
        [times(10_000), OK],
        [],
        [1, (9_999, 0.5), "accept"],
    ),
    (
        "expo_to_a_base_below_one_fades_to_nothing",
        {"wait": "expo", "base": 0.0000000001, "jitter": "none"},
        [FAIL] * 6 + [OK],
        [],
        [1, 0.0000000001, 0.00000000000000000001, 0, 0, 0, "accept"],
    ),
    (
        "decorrelated_survives_ten_thousand_retries_at_its_cap",
        {"wait": "decorrelated"},
        [times(4), times(9_996), OK],
        [{"draw": 0.75, "repeat": 10_000}],
        [2.5, 5.875, 13.46875, 30.5546875, (9_996, 60), "accept"],
    ),
    (
        "zero_waits_go_on_for_as_many_tries_as_allowed",
        {"wait": "constant", "interval": 0, "jitter": "none", "max_tries": 100_000},
        [times(100_000)],
        [],
        [(99_999, 0), "max_tries"],
    ),
    # the longest wait
    (
        "expo_stops_at_the_longest_wait",
        {"wait": "expo", "base": 1e15, "factor": 0.001, "jitter": "none"},
        [FAIL, FAIL, OK],
        [],
        [0.001, LONGEST, "accept"],
    ),
    (
        "expo_beyond_all_floats_stops_at_the_longest_wait",
        {"wait": "expo", "base": 1e300, "factor": 0.001},
        [FAIL, FAIL, FAIL, OK],
        [0, 0, 0.5],
        [0, 0, LONGEST / 2, "accept"],
    ),
    (
        "equal_jitter_of_the_longest_wait",
        {"wait": "expo", "base": 1e15, "factor": 0.001, "jitter": "equal"},
        [FAIL, FAIL, OK],
        [0, 0.5],
        [0.0005, LONGEST * 0.75, "accept"],
    ),
    (
        "random_jitter_does_not_pass_the_longest_wait",
        {"wait": "expo", "base": 1e15, "factor": 0.001, "jitter": "random"},
        [FAIL, FAIL, OK],
        [0, LAST],
        [0.001, LONGEST, "accept"],
    ),
    (
        "runtime_stops_at_the_longest_wait",
        {"wait": "runtime", "jitter": "none"},
        [retry(runtime=1e12), OK],
        [],
        [LONGEST, "accept"],
    ),
    (
        "hint_stops_at_the_longest_wait",
        {"wait": "constant", "interval": 0, "jitter": "none", "hint_ceiling": 1e12},
        [retry(hint=1e12), OK],
        [],
        [LONGEST, "accept"],
    ),
    (
        "max_time_shortens_the_longest_wait",
        {"wait": "expo", "base": 1e15, "factor": 0.5, "jitter": "none", "max_time": 60},
        [FAIL, FAIL, retry(takes=1)],
        [],
        [0.5, 59.5, "max_time"],
    ),
    (
        "hint_beyond_all_time_is_past_the_deadline",
        {"wait": "expo", "max_time": 60, "hint_ceiling": 1e12},
        [retry(hint=1e12)],
        [],
        ["hint"],
    ),
    (
        "max_time_of_a_century_changes_nothing",
        {"wait": "constant", "interval": 3600, "jitter": "none", "max_time": 3155760000},
        [FAIL, FAIL, OK],
        [],
        [3600, 3600, "accept"],
    ),
    (
        "max_tries_of_four_billion_changes_nothing",
        {"wait": "constant", "jitter": "none", "max_tries": 4294967295},
        [FAIL, FAIL, OK],
        [],
        [1, 1, "accept"],
    ),
]
