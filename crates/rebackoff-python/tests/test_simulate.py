"""The simulator from Python."""

import signal
import threading
from types import MappingProxyType

import pytest
import rebackoff

TEXT = """
runs = 3
duration = "20s"
drain = "5s"
load.rate = 50
client.budget = { ratio = 0.1, floor = 0 }
profiles.default = { max_tries = 4, factor = "10ms" }
server.api = { workers = 4, service = "1ms", error_rate = 0.5 }
expect.amplification = "<= 1.2"
"""

TABLES = {
    "runs": 3,
    "duration": "20s",
    "drain": "5s",
    "load": {"rate": 50},
    "client": {"budget": {"ratio": 0.1, "floor": 0}},
    "profiles": {"default": {"max_tries": 4, "factor": "10ms"}},
    "server": {"api": {"workers": 4, "service": "1ms", "error_rate": 0.5}},
    "expect": {"amplification": "<= 1.2"},
}


def test_a_policy_is_held_to_a_bound_on_its_amplification():
    simulation = rebackoff.simulate(TEXT)
    assert 1.05 < simulation["amplification"] < 1.2
    assert simulation.is_as_expected
    assert repr(simulation) == "<Simulation '': 1 case>"


def test_a_dict_says_what_a_text_says():
    assert rebackoff.simulate(TABLES).report == rebackoff.simulate(TEXT).report


def test_figures_depend_on_the_seed_and_not_on_the_threads():
    one = rebackoff.simulate(TEXT, threads=1, seed=7, runs=2).report
    assert rebackoff.simulate(TEXT, threads=3, seed=7, runs=2).report == one
    assert rebackoff.simulate(TEXT, seed=8, runs=2).report != one


def test_tables_are_columns_of_one_length():
    simulation = rebackoff.simulate({**TABLES, "sweep": {"load.rate": [10, 20]}})
    table = simulation.table()
    assert {len(column) for column in table.values()} == {len(table["case"])}
    assert set(table["load.rate"]) == {"10", "20"}
    series = simulation.series(case=1)
    assert {len(column) for column in series.values()} == {len(series["time"])}
    assert sum(series["offered"]) > 0


def test_a_wrong_scenario_is_an_error_with_its_line():
    with pytest.raises(ValueError, match="line 1: unknown key durration; did you mean duration"):
        rebackoff.simulate("durration = 1")


@pytest.mark.parametrize(
    ("kind", "message", "arguments"),
    [
        (TypeError, "scenario must be a text or a dict, but it is 5", {"scenario": 5}),
        (
            TypeError,
            "scenario must be of texts, numbers, lists and dicts, but it is b'1s'",
            {"scenario": {"duration": b"1s"}},
        ),
        (ValueError, "runs must be a whole number from 1 to 100000, but it is 0", {"runs": 0}),
        (TypeError, "runs must be a whole number from 1 to 100000, but it is True", {"runs": True}),
        (TypeError, "runs must be a whole number from 1 to 100000, but it is 1.5", {"runs": 1.5}),
        (
            ValueError,
            "seed must be a whole number from 0 to 18446744073709551615, but it is -1",
            {"seed": -1},
        ),
        (
            ValueError,
            "threads must be a whole number from 1 to 65535, but it is 0",
            {"threads": 0},
        ),
    ],
)
def test_a_wrong_argument_is_named_with_what_is_allowed(kind, message, arguments):
    with pytest.raises(kind) as raised:
        rebackoff.simulate(**{"scenario": TEXT, **arguments})
    assert str(raised.value) == message


def test_any_mapping_is_a_scenario():
    tables = MappingProxyType({**TABLES, "load": MappingProxyType({"rate": 50})})
    assert rebackoff.simulate(tables).report == rebackoff.simulate(TEXT).report


def test_a_figure_that_no_run_has_is_an_error_with_those_that_it_has():
    with pytest.raises(
        KeyError, match="no run has a figure 'amplificaton': known are .*amplification"
    ):
        rebackoff.simulate(TEXT)["amplificaton"]


def test_ctrl_c_ends_a_simulation():
    endless = "duration = '1s'\nload = { kind = 'closed', think = 0 }\nserver.api = {}"
    # A shell starts what runs in its background with SIGINT ignored.
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    timer = threading.Timer(0.1, signal.raise_signal, [signal.SIGINT])
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        rebackoff.simulate(endless)
    timer.join()
    signal.signal(signal.SIGINT, handler)
