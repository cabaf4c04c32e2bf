"""`rebackoff.Policy`: data, by the rules and errors of the Rust side."""

from __future__ import annotations

import copy
import datetime
import enum
import itertools
import pickle
import re

import pytest
import rebackoff
from rebackoff import Policy


def failing(policy, **options):
    """The waits of a call that always fails, without jitter."""
    calls = []

    @rebackoff.on_exception(policy, OSError, jitter=None, **options)
    def target():
        calls.append(1)
        raise OSError

    with rebackoff.testing.no_wait() as waits, pytest.raises(OSError):
        target()
    return waits


def test_a_policy_prints_its_schedule():
    policy = Policy(rebackoff.expo(max_value=30), max_tries=8, max_time=60)
    text = "expo: waits 1s, 2s, 4s … 30s; worst case 1m (full jitter, max_tries 8, max_time 1m)"
    assert str(policy) == text and repr(policy) == f"<Policy {text}>"


@pytest.mark.parametrize(
    "again",
    [copy.copy, copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))],
    ids=["copy", "deepcopy", "pickle"],
)
@pytest.mark.parametrize(
    "policy",
    [
        Policy(),
        Policy("decorrelated", base=0.5, max_value=None),
        Policy(rebackoff.constant([1, 2.5]), jitter=None, nested="once", hint_ceiling=None),
        Policy(rebackoff.decay(initial_value=2), max_time=datetime.timedelta(minutes=1)),
        Policy(rebackoff.fibo, max_tries=2**64),
    ],
    ids=str,
)
def test_a_policy_is_equal_to_its_copies(policy, again):
    other = again(policy)
    assert other == policy and hash(other) == hash(policy) and str(other) == str(policy)
    assert Policy.from_dict(policy.to_dict()) == policy


def test_policies_that_differ_are_not_equal_and_are_immutable():
    assert Policy(max_tries=3) != Policy(max_tries=4) and Policy() != "expo"
    assert len({Policy(max_tries=3), Policy(max_tries=3.0 and 3), Policy(rebackoff.fibo)}) == 2
    with pytest.raises(AttributeError, match=r"a Policy is immutable; replace\(max_tries=…\)"):
        Policy().max_tries = 3


def test_every_spelling_makes_one_policy(tmp_path, monkeypatch):
    policy = Policy(
        rebackoff.expo(base=3, max_value=30), jitter=rebackoff.equal_jitter, max_tries=8
    )
    assert Policy("expo", base=3, max_value="30s", jitter="equal", max_tries=8) == policy
    text = 'wait = "expo"\nbase = 3\nmax_value = "30s"\njitter = "equal"\nmax_tries = 8\n'
    (tmp_path / "retries.toml").write_text(f"[fetch]\n{text}")
    assert Policy.from_toml(text) == policy
    assert Policy.from_toml(tmp_path / "retries.toml", "fetch") == policy
    for name, value in {
        "BASE": "3",
        "MAX_VALUE": "30s",
        "JITTER": "equal",
        "MAX_TRIES": "8",
    }.items():
        monkeypatch.setenv(f"REBACKOFF_USER_API_{name}", value)
    monkeypatch.setenv("REBACKOFF_USER_API_MAX_TIME", " ")
    assert Policy.from_env("user-api", Policy(max_time=9)) == policy.replace(max_time=9)


def test_a_replaced_strategy_begins_at_its_defaults():
    assert Policy("expo", base=3, max_tries=2).replace(wait="fibo") == Policy("fibo", max_tries=2)


@pytest.mark.parametrize(
    ("make", "kind", "message"),
    [
        (lambda: Policy(max_tries=0), ValueError, "max_tries must be at least 1, but it is 0"),
        (lambda: Policy(max_tries=-1), ValueError, "max_tries must be a whole number of at least 1, but it is -1"),
        (lambda: Policy(max_time="soon"), ValueError, "max_time is a duration, and "),
        (lambda: Policy("exp"), ValueError, 'wait must be one of constant, list, linear, expo, fibo, decay, decorrelated, but it is "exp"'),
        (lambda: Policy.from_dict({"max_tries": 3}), ValueError, "wait must be one of"),
        (lambda: Policy("fibo", base=2), ValueError, "fibo takes max_value, beside jitter"),
        (lambda: Policy(max_trys=3), ValueError, "expo takes base, factor, max_value, beside jitter"),
        (lambda: Policy(jitter=5), ValueError, "jitter must be one of full, equal, random, none, but it is 5"),
        (lambda: Policy(max_time=-(10**400)), ValueError, "max_time is a duration.* but it is -inf"),
        (lambda: Policy(max_tries=True), TypeError, "max_tries must be a number or a text, but it is True"),
        (lambda: Policy(max_time=[1]), TypeError, r"max_time must be a number or a text, but it is \[1\]"),
        (lambda: Policy(5), TypeError, "wait must be a wait strategy"),
        (lambda: Policy(rebackoff.runtime(value=abs)), TypeError, "wait must be data"),
        (lambda: Policy(giveup=len), ValueError, "but it is given giveup as well"),
        (lambda: Policy.from_toml("[a]\nwait = 'expo'"), ValueError, "name must be one of the tables, but it is None; there are: a"),
        (lambda: Policy.from_toml(3), TypeError, "source must be a TOML text or a path object, but it is 3"),
        (lambda: Policy.from_toml("[a]\nwait = 'expo'", "b"), ValueError, "there is no table 'b'; there are: a"),
    ],
)  # fmt: skip
def test_mistakes_are_errors_that_name_the_setting(make, kind, message):
    with pytest.raises(kind, match=message):
        make()


def test_the_environment_names_a_wrong_variable(monkeypatch):
    monkeypatch.setenv("REBACKOFF_FETCH_MAX_TRIES", "0")
    with pytest.raises(ValueError, match="max_tries must be at least 1, but it is 0"):
        Policy.from_env("fetch")


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("SHOP_MAX_TRYS", "3", "a variable that begins with SHOP_ must name a parameter, but it is SHOP_MAX_TRYS; did you mean SHOP_MAX_TRIES?"),
        ("SHOP_MAX_TRIES", "\udcff", "SHOP_MAX_TRIES must be UTF-8, but it is not"),
        ("SHOP_LAST_WAIT", "fibo", "last_wait must be one of shorten, stop, but it is \"fibo\""),
    ],
)  # fmt: skip
def test_a_wrong_variable_under_the_prefix_is_an_error(monkeypatch, variable, value, message):
    monkeypatch.setenv(variable, value)
    with pytest.raises(ValueError, match=re.escape(message)):
        Policy.from_env_prefix("SHOP_")


def test_prefixes_that_contain_each_other_do_not_collide(monkeypatch):
    monkeypatch.setenv("REBACKOFF_USER_MAX_TRIES", "2")
    monkeypatch.setenv("REBACKOFF_USER_API_MAX_TRIES", "8")
    assert Policy.from_env("user") == Policy(max_tries=2)
    assert Policy.from_env("user-api") == Policy(max_tries=8)
    assert Policy.from_env("user_max") == Policy()
    with pytest.raises(ValueError, match="REBACKOFF_USER_LAST_WAIT must belong to one prefix"):
        monkeypatch.setenv("REBACKOFF_USER_LAST_WAIT", "stop")
        Policy.from_env("user_last")


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        ("max_tries = true", TypeError, "max_tries must be a number or a text, but it is True"),
        ("max_time = 1979-05-27", TypeError, "max_time must be a number or a text, but it is datetime"),
        ("max_time = {secs = 3, nanos = 0}", TypeError, "max_time must be a number or a text, but it is {"),
        ("wait = 'runtime'", ValueError, "runtime is a function, which only the program can give"),
        ("wait = 'list'", ValueError, "interval must list 1 to 16 waits, but it is 0"),
        ("max_trys = 3", ValueError, "but it is given max_trys as well; did you mean max_tries?"),
    ],
)  # fmt: skip
def test_a_wrong_file_names_the_setting(text, kind, message):
    wait = "" if "wait" in text else "wait = 'expo'\n"
    with pytest.raises(kind, match=re.escape(message)):
        Policy.from_toml(wait + text)


class Jitter(str, enum.Enum):
    EQUAL = "equal"


class Whole:
    """A whole number of a class of its own, as numpy's are."""

    def __index__(self):
        return 3


def test_a_setting_may_be_a_text_or_a_whole_number_of_a_class_of_its_own():
    policy = Policy(jitter=Jitter.EQUAL, max_tries=Whole(), max_value=Whole())
    assert policy == Policy(jitter="equal", max_tries=3, max_value=3)
    assert rebackoff.Breaker(failure_rate=0.5, jitter=Jitter.EQUAL, probes=Whole())


def test_a_list_of_waits_has_each_spelling():
    ladder = Policy(rebackoff.constant(interval=[1, 5]))
    for text in ("interval = [1, '5s']", "interval = '1s, 5s'"):
        for wait in ("list", "constant"):
            assert Policy.from_toml(f"wait = '{wait}'\n{text}") == ladder
    assert Policy("list", interval=[1, 5]) == ladder


def test_none_takes_a_limit_away():
    bounded = Policy("expo", max_value=9, max_tries=2, max_time=9)
    for none in (None, "none"):
        assert bounded.replace(max_value=none, max_tries=none, max_time=none) == Policy("expo")


def test_decorators_and_contexts_take_a_policy_for_its_waits_and_limits():
    policy = Policy("constant", interval=3, max_tries=3)
    assert failing(policy) == [3, 3]
    assert failing(policy, max_tries=2) == [3]

    tries = 0
    with rebackoff.testing.no_wait() as waits, pytest.raises(OSError):
        for attempt in rebackoff.retry_context(OSError, policy.replace(jitter="none")):
            with attempt:
                tries += 1
                raise OSError
    assert tries == 3 and waits == [3, 3]

    @rebackoff.on_predicate(policy, jitter=None)
    def poll():
        return 0

    with rebackoff.testing.no_wait() as waits:
        poll()
    assert waits == [3, 3]


def test_a_policy_of_defaults_costs_a_decorator_nothing_more():
    from rebackoff._options import Options

    options = Options("on_exception", OSError, Policy(), {})
    assert not (options.is_eager or options.is_visible or options.is_timed)


def test_configured_strategies_compare_copy_and_pickle():
    configured = [
        rebackoff.expo(base=3),
        rebackoff.fibo(),
        rebackoff.constant([1, 2]),
        rebackoff.decay(),
    ]
    for waits in configured:
        for other in (copy.copy(waits), copy.deepcopy(waits), pickle.loads(pickle.dumps(waits))):
            assert other == waits and hash(other) == hash(waits) and repr(other) == repr(waits)
    assert rebackoff.expo(base=3) != rebackoff.expo() != rebackoff.fibo()
    assert rebackoff.expo() == rebackoff.expo(base=2) and rebackoff.expo() != 2
    assert len({rebackoff.constant([1, 2]), rebackoff.constant([1.0, 2])}) == 1


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Policy.from_dict([("wait", "expo")]), "settings must be a dict of the settings"),
        (lambda: Policy.from_env("x", base=5), "base must be a Policy, or None .* it is 5"),
        (lambda: Policy.from_env(None), "name must be a text, but it is None"),
        (lambda: Policy.from_env_prefix(5), "prefix must be a text, but it is 5"),
        (lambda: Policy(jitter=len), "jitter must be one of full, equal, random, none, but"),
    ],
)
def test_a_value_of_the_wrong_kind_is_named(make, message):
    with pytest.raises(TypeError, match=message):
        make()


@pytest.mark.parametrize("endless", [itertools.count(1), itertools.repeat("2s")])
def test_waits_that_never_end_are_too_many(endless):
    with pytest.raises(ValueError, match="interval must list 1 to 16 waits"):
        Policy("constant", interval=endless)


def test_every_setting_of_a_policy_reaches_the_decorators():
    limits = {
        "max_tries": 3,
        "max_time": 60,
        "last_wait": "stop",
        "nested": "once",
        "reset_after": 9,
    }
    hints = {"hint_ceiling": 5, "hint_above": "cap", "hint_spread": 0.5}
    policy = Policy("expo", **limits, **hints)
    assert set(policy.options) == set(policy.to_dict()) - {"wait", "base", "factor"}
    assert policy.options.items() >= {**limits, **hints}.items()
