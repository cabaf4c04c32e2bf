"""Breakers: which calls are admitted, and in which state each event leaves the breaker."""

from fractions import Fraction

from breaker_model import Breaker
from events import Clock, answered
from model import seconds

COUNTS = ("opened", "rejected", "failures")


def cases():
    for name, options, events, counts in TABLE:
        yield case(name, options, events, counts)
    for name, options, draws, events in JITTERED:
        yield case(name, options, events, (None, None, None), draws)
    for number in range(50):
        yield generated(number)


def case(name, options, events, counts, draws=()):
    remaining = iter(draws)
    model = Breaker(lambda span: Fraction(next(remaining)), **options)
    told = answered(name, "breaker", options, model, events, dict(zip(COUNTS, counts)), draws)
    assert next(remaining, None) is None, f"{name}: draws left over"
    return told


def ok(at, repeat=1, **expected):
    return call(at, "success", repeat, expected)


def fail(at, repeat=1, **expected):
    return call(at, "failure", repeat, expected)


def neutral(at, repeat=1, **expected):
    return call(at, "neutral", repeat, expected)


def call(at, health, repeat, rest):
    return {"at": at, "event": "call", "health": health} | ({"repeat": repeat} if repeat > 1 else {}) | rest


def turned_away(at, retry_in, **rest):
    return admit(at, None, "open", retry_in=retry_in, **rest)


def admit(at, name, answer="admitted", **rest):
    return {"at": at, "event": "admit", "as": name, "answer": answer} | rest


def probe(at, name, **rest):
    return admit(at, name, "probe", **rest)


def check(at, answer="admitted", **rest):
    return {"at": at, "event": "check", "answer": answer} | rest


def settle(at, name, health="success", **rest):
    return {"at": at, "event": "settle", "permit": name, "health": health} | rest


def do(at, event, **rest):
    return {"at": at, "event": event} | rest


def generated(number):
    clock = Clock(f"breaker {number}", 0 if number % 2 else 5000)
    dice = clock.dice
    options = {name: dice.pick(values) for name, values in OPTIONS[number % len(OPTIONS)].items()}
    options = {name: value for name, value in options.items() if value is not None}
    draws, events, held = [], [], []

    def draw(span):
        draws.append(dice.exact_draw(span))
        return draws[-1]

    model = Breaker(draw, **options)
    for _ in range(80):
        at = clock.move(0, 0, 0.125, 0.5, 1, 3, 12)
        new = next_event(dice, at, held, len(events))
        clock.now += seconds(new.get("takes", 0))
        answer = model.answer(new)
        if new["event"] == "admit" and answer["answer"] in ("admitted", "probe"):
            held.append(new["as"])
        events.append(new)
    return case(f"generated_breaker_{number}", options, events, (None, None, None), draws)


def next_event(dice, at, held, number):
    health = dice.pick(("success", "success", "failure", "failure", "failure", "neutral"))
    which = dice.below(100)
    if which < 50:
        takes = {"takes": dice.pick((0.25, 0.5, 1))} if dice.chance(0.3) else {}
        return call(at, health, 1, takes)
    if which < 70 or (which < 93 and not held):
        return {"at": at, "event": "admit", "as": f"p{number}"}
    if which < 93:
        return settle(at, held.pop(dice.below(len(held))), health)
    if which < 97:
        return {"at": at, "event": "check"}
    return do(at, dice.pick(("force_open", "isolate", "reset", "reset")))


HALF_OPEN = {
    "open_for": (1, 2, 8),
    "growth": (None, None, 1.5, 2),
    "max_open_for": (None, 8, 20),
    "jitter": (None, None, "full", "equal"),
    "probes": (None, 2, 3),
    "close_after": (None, None, 1, 4),
    "probe_timeout": (None, 0.5, 2),
    "dry_run": (None, None, None, None, True),
}

OPTIONS = (
    {"consecutive": (None, 1, 2, 3)} | HALF_OPEN,
    {"failure_rate": (0.25, 0.5, 0.07, 1), "window_time": (None, 1, 2, 5), "min_calls": (1, 4, 8)} | HALF_OPEN,
    {"failure_rate": (0.25, 0.5, 0.3, 1), "window_calls": (4, 7, 10, 25), "min_calls": (None, 1, 4)} | HALF_OPEN,
    {"slow_rate": (0.25, 0.5), "slow_after": (0.25, 0.5), "window_calls": (5, 12), "min_calls": (1, 4)} | HALF_OPEN,
    {"slow_rate": (0.5,), "slow_after": (0.25,), "failure_rate": (0.5,), "window_time": (2, None), "min_calls": (2, 4)} | HALF_OPEN,
)

TWO = {"consecutive": 2, "open_for": 10}
HALF = {"failure_rate": 0.5, "min_calls": 4, "open_for": 10}
LAST_FOUR = HALF | {"window_calls": 4}
SLOW = {"slow_rate": 0.5, "slow_after": 0.25, "min_calls": 2, "open_for": 10}
THREE_PROBES = TWO | {"probes": 3}

TABLE = [
    # consecutive failures
    ("opens_after_so_many_failures_in_a_row", TWO, [fail(0, state="closed"), fail(1, state="open"), turned_away(2, 9), turned_away(10.5, 0.5)], (1, 2, 2)),
    ("a_success_begins_a_row_anew", TWO, [fail(0), ok(0), fail(0, state="closed"), fail(0, state="open")], (1, 0, 3)),
    ("a_neutral_call_does_not_end_a_row", TWO, [fail(0), neutral(0), fail(0, state="open")], (1, 0, 2)),
    ("one_failure_can_be_enough", TWO | {"consecutive": 1}, [fail(0, state="open")], (1, 0, 1)),
    ("five_failures_are_the_default", {}, [fail(0, 4, state="closed"), fail(0, state="open"), turned_away(0, 30)], (1, 1, 5)),
    ("the_order_of_a_row_is_that_of_settle", TWO, [admit(0, "a"), admit(0, "b"), settle(0, "b", "failure"), settle(0, "a"), fail(0, state="closed")], (0, 0, 2)),
    ("what_was_admitted_before_it_opened_does_not_count", TWO, [admit(0, "late"), fail(0, 2), settle(10, "late", "failure", state="half_open")], (1, 0, 2)),
    (
        "what_was_admitted_before_it_closed_again_does_not_count",
        TWO,
        [admit(0, "late"), fail(0, 2), ok(10, state="closed"), fail(11), settle(11, "late", "success"), fail(11, state="open")],
        (2, 0, 4),
    ),
    # half-open
    ("is_half_open_when_its_time_is_over", TWO, [fail(0, 2), check(9.5, "open", retry_in=0.5), check(10, state="half_open"), probe(10, "a")], (1, 0, 2)),
    ("a_probe_that_succeeds_closes_it", TWO, [fail(0, 2), ok(10, answer="probe", state="closed"), ok(10, answer="admitted")], (1, 0, 2)),
    ("a_probe_that_fails_opens_it_again", TWO, [fail(0, 2), fail(10, answer="probe", state="open"), turned_away(11, 9), probe(20, "a")], (2, 1, 3)),
    ("one_probe_at_a_time_is_the_default", TWO, [fail(0, 2), probe(10, "a"), turned_away(11, 29), check(11, "open", retry_in=29), settle(12, "a", state="closed")], (1, 1, 2)),
    (
        "three_probes_at_once_and_no_fourth",
        THREE_PROBES,
        [fail(0, 2), probe(10, "a"), probe(10, "b"), probe(11, "c"), turned_away(11, 29), settle(12, "a"), settle(12, "b", state="half_open"), settle(12, "c", state="closed")],
        (1, 1, 2),
    ),
    ("a_settled_probe_makes_room", THREE_PROBES, [fail(0, 2), probe(10, "a"), probe(10, "b"), probe(10, "c"), settle(11, "b"), probe(11, "d"), turned_away(11, 29)], (1, 1, 2)),
    ("a_neutral_probe_frees_its_place_and_says_nothing", TWO, [fail(0, 2), probe(10, "a"), settle(11, "a", "neutral", state="half_open"), ok(11, state="closed")], (1, 0, 2)),
    ("a_failed_probe_ends_the_others", THREE_PROBES, [fail(0, 2), probe(10, "a"), probe(10, "b"), settle(11, "a", "failure", state="open"), settle(21, "b", state="half_open")], (2, 0, 3)),
    ("close_after_counts_successes", TWO | {"close_after": 3}, [fail(0, 2), ok(10, 2, state="half_open"), ok(10, state="closed")], (1, 0, 2)),
    ("close_after_may_be_less_than_probes", THREE_PROBES | {"close_after": 1}, [fail(0, 2), ok(10, state="closed")], (1, 0, 2)),
    ("a_hung_probe_loses_its_permit", TWO | {"probe_timeout": 5}, [fail(0, 2), probe(10, "hung"), turned_away(14.5, 0.5), ok(15, answer="probe", state="closed")], (1, 1, 2)),
    (
        "what_is_heard_of_a_hung_probe_changes_nothing",
        TWO | {"probe_timeout": 5},
        [fail(0, 2), probe(10, "hung"), settle(15, "hung", "failure", state="half_open"), probe(15, "b"), turned_away(15, 5), settle(16, "b", state="closed")],
        (1, 1, 2),
    ),
    # growth
    (
        "open_time_grows_each_time",
        TWO | {"growth": 2, "max_open_for": 35},
        [fail(0, 2), turned_away(0, 10), fail(10), turned_away(10, 20), fail(30), turned_away(30, 35), fail(65), turned_away(65, 35)],
        (4, 4, 5),
    ),
    ("growth_begins_anew_when_it_closed", TWO | {"growth": 2}, [fail(0, 2), fail(10), turned_away(10, 20), ok(30, state="closed"), fail(31, 2), turned_away(31, 10)], (3, 2, 5)),
    ("growth_ends_at_ten_times_by_default", TWO | {"growth": 1000}, [fail(0, 2), fail(10), turned_away(10, 100)], (2, 1, 3)),
    ("time_ends_at_a_whole_millisecond", TWO | {"open_for": 0.001}, [fail(0.001953125, 2), turned_away(0.001953125, 0.001046875), ok(0.00390625, answer="probe")], (1, 1, 2)),
    # by hand
    ("force_open_is_for_its_time", TWO, [do(0, "force_open", state="open"), turned_away(4, 6), ok(10, answer="probe", state="closed")], (1, 1, 0)),
    ("force_open_begins_anew", TWO, [fail(0, 2), do(5, "force_open"), turned_away(10, 5)], (2, 1, 2)),
    ("force_open_ends_growth", TWO | {"growth": 2}, [fail(0, 2), fail(10), do(10, "force_open"), turned_away(10, 10), fail(20), turned_away(20, 20)], (4, 2, 4)),
    ("force_open_ends_probes", TWO, [fail(0, 2), probe(10, "a"), do(11, "force_open"), settle(12, "a", state="open"), turned_away(12, 9)], (2, 1, 2)),
    (
        "isolated_until_it_is_reset",
        TWO,
        [do(0, "isolate", state="isolated"), admit(999, None, "isolated"), check(999, "isolated"), do(999, "reset", state="closed"), ok(999, answer="admitted")],
        (0, 1, 0),
    ),
    ("isolated_until_it_is_forced_open", TWO, [do(0, "isolate"), do(1, "force_open", state="open"), turned_away(1, 10)], (1, 1, 0)),
    ("isolate_ends_probes", TWO, [fail(0, 2), probe(10, "a"), do(10, "isolate"), settle(11, "a", "failure", state="isolated")], (1, 0, 2)),
    ("reset_forgets_what_was_counted", TWO, [fail(0), do(0, "reset"), fail(0, state="closed"), fail(0, state="open")], (1, 0, 3)),
    ("reset_of_an_open_one_closes_it", TWO, [fail(0, 2), do(1, "reset", state="closed"), ok(1, answer="admitted")], (1, 0, 2)),
    # failure rate over time
    ("opens_at_its_rate", HALF, [ok(0, 2), fail(0, state="closed"), fail(0, state="open")], (1, 0, 2)),
    ("a_rate_means_nothing_before_min_calls", HALF, [fail(0, 3, state="closed"), fail(0, state="open")], (1, 0, 4)),
    ("a_success_never_opens_it", HALF, [fail(0, 3), ok(0, state="closed"), fail(0, state="open")], (1, 0, 4)),
    ("twenty_calls_in_ten_seconds_are_the_default", {"failure_rate": 0.5}, [fail(0, 19, state="closed"), fail(9.75, state="open")], (1, 0, 20)),
    ("calls_leave_the_window_with_their_slice", HALF, [fail(0.75, 3), fail(10.25, 3, state="closed"), fail(10.25, state="open")], (1, 0, 7)),
    ("calls_stay_in_the_window_for_ten_slices", HALF, [fail(0.25, 3), fail(9.75, state="open")], (1, 0, 4)),
    ("neutral_calls_are_not_counted", HALF, [neutral(0, 9), fail(0, 3, state="closed"), fail(0, state="open")], (1, 0, 4)),
    ("a_rate_of_a_hundredth_is_exact", {"failure_rate": 0.07, "min_calls": 100}, [ok(0, 93), fail(0, 6, state="closed"), fail(0, state="open")], (1, 0, 7)),
    ("a_rate_of_a_third_is_exact", {"failure_rate": 1 / 3, "min_calls": 3}, [ok(0, 2), fail(0, state="open")], (1, 0, 1)),
    ("a_rate_of_one_is_all", HALF | {"failure_rate": 1}, [ok(0), fail(0, 9, state="closed"), fail(10, 4, state="open")], (1, 0, 13)),
    ("a_window_begins_empty_when_it_closed", HALF, [fail(0, 4), ok(10, state="closed"), fail(10, 3, state="closed"), fail(10, state="open")], (2, 0, 8)),
    ("a_window_idle_for_a_month_is_empty", HALF, [fail(0, 3), fail(2592000, 3, state="closed"), fail(2592000, state="open")], (1, 0, 7)),
    # over calls
    ("window_of_the_last_four_calls", LAST_FOUR, [fail(0), ok(0, 3), fail(0, state="closed"), fail(0, state="open")], (1, 0, 3)),
    ("window_of_calls_is_not_emptied_by_time", LAST_FOUR, [fail(0), ok(0, 2), fail(2592000, state="open")], (1, 0, 2)),
    ("window_of_calls_means_nothing_before_min_calls", LAST_FOUR, [fail(0, 3, state="closed"), fail(0, state="open")], (1, 0, 4)),
    (
        "window_of_20_calls_keeps_those_that_share_a_slice_of_three",
        {"failure_rate": 0.5, "window_calls": 20},
        [fail(0, 9), ok(0, 11), fail(0, state="closed"), fail(0, state="open")],
        (1, 0, 11),
    ),
    (
        "window_of_20_calls_goes_on_by_three",
        {"failure_rate": 0.5, "window_calls": 20},
        [fail(0, 6), ok(0, 17), fail(0, 10, state="closed"), fail(0, state="open")],
        (1, 0, 17),
    ),
    (
        "window_of_calls_is_never_short_of_min_calls",
        {"failure_rate": 0.5, "window_calls": 20},
        [*([fail(0, state="closed"), ok(0)] * 10), fail(0, state="open")],
        (1, 0, 11),
    ),
    ("window_of_calls_has_at_most_its_own_min_calls", {"failure_rate": 1, "window_calls": 3}, [fail(0, 2, state="closed"), fail(0, state="open")], (1, 0, 3)),
    ("nine_failures_of_ten_calls_open_nothing", {"failure_rate": 0.5, "min_calls": 10, "window_calls": 10}, [fail(0, 9, state="closed"), fail(0, state="open")], (1, 0, 10)),
    # slow calls
    ("opens_at_its_rate_of_slow_calls", SLOW, [ok(0), ok(0, takes=0.5, state="open")], (1, 0, 0)),
    ("a_call_of_just_so_long_is_not_slow", SLOW, [ok(0, 9), ok(0, 9, takes=0.25, state="closed")], (0, 0, 0)),
    ("slow_failures_are_slow", SLOW, [ok(0), fail(0, takes=0.5, state="open")], (1, 0, 1)),
    ("failures_are_nothing_to_a_rate_of_slow_calls", SLOW, [fail(0, 9, state="closed")], (0, 0, 9)),
    ("a_slow_probe_is_a_failed_one", SLOW, [ok(0), ok(0, takes=0.5), ok(11, takes=0.5, state="open"), ok(22, takes=0.25, state="closed")], (2, 0, 0)),
    ("either_rate_opens_it", SLOW | {"failure_rate": 0.5}, [ok(0), fail(0, state="open")], (1, 0, 1)),
    # dry run
    ("dry_run_rejects_nothing_and_counts", TWO | {"dry_run": True}, [fail(0, 2, state="open"), ok(1, 3, answer="admitted", state="open"), check(1)], (1, 3, 2)),
    ("dry_run_goes_through_the_states", TWO | {"dry_run": True}, [fail(0, 2), probe(10, "a"), fail(10, answer="admitted", state="half_open"), settle(11, "a", state="closed")], (1, 1, 2)),
    ("dry_run_is_open_to_all_when_isolated", TWO | {"dry_run": True}, [do(0, "isolate"), ok(0, answer="admitted", state="isolated")], (0, 1, 0)),
]

JITTERED = [
    ("full_jitter_takes_a_share_of_the_time", TWO | {"jitter": "full"}, [0.25], [fail(0, 2), turned_away(0, 2.5)]),
    ("full_jitter_may_leave_no_time_at_all", TWO | {"jitter": "full"}, [0], [fail(0, 2, state="half_open"), ok(0, answer="probe")]),
    ("equal_jitter_keeps_half_of_the_time", TWO | {"jitter": "equal"}, [0.5], [fail(0, 2), turned_away(0, 7.5)]),
    ("jitter_takes_a_draw_for_each_opening", TWO | {"jitter": "full", "growth": 2}, [0.5, 0.75], [fail(0, 2), turned_away(0, 5), fail(5), turned_away(5, 15)]),
    ("force_open_takes_no_draw", TWO | {"jitter": "full"}, [], [do(0, "force_open"), turned_away(0, 10)]),
]
