"""Guards that the processes of a host share."""

import logging
import os
import pickle
import random
import signal
import subprocess
import sys
import time

import pytest
import rebackoff

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="guards are shared on Linux")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    path = tmp_path / "guards"
    monkeypatch.setenv("REBACKOFF_SHARED_DIR", str(path))
    return path


def in_another_process(program):
    done = subprocess.run(
        [sys.executable, "-c", f"import rebackoff\n{program}"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_one_process_learns_for_all():
    breaker = rebackoff.Breaker(consecutive=2, open_for=60, shared="shop")
    fails = "b = rebackoff.Breaker(consecutive=2, open_for=60, shared='shop')\nb.admit().settle('failure')\n"
    in_another_process(fails)
    assert breaker.state == "closed"
    assert in_another_process(f"{fails}print(b.state)") == "open"
    assert breaker.state == "open"
    with pytest.raises(rebackoff.CircuitOpenError) as caught:
        breaker.admit()
    assert 0 < caught.value.retry_in <= 60
    snapshot = breaker.snapshot()
    assert (snapshot["name"], snapshot["opened"], snapshot["rejected"]) == ("shop", 0, 1)
    counts = [snapshot[f"host_{name}"] for name in ("rejected", "opened", "failures")]
    assert counts == [1, 1, 2]


def test_the_processes_spend_one_budget():
    budget = rebackoff.Budget.quota(capacity=10, retry_cost=5, shared="shop")
    withdraws = "b = rebackoff.Budget.quota(capacity=10, retry_cost=5, shared='shop')\n"
    withdraws += "print(b.withdraw() is not None)"
    assert in_another_process(withdraws) == "True"
    assert budget.tokens == 5
    assert budget.withdraw() is not None
    assert in_another_process(withdraws) == "False"
    assert (budget.snapshot()["refused"], budget.snapshot()["host_refused"]) == (0, 1)


@pytest.mark.parametrize("kind", ["per_second", "share", "throttle"])
def test_each_kind_of_budget_can_be_shared(kind):
    make = getattr(rebackoff.Budget, kind)
    one, other = make(shared="shop"), make(shared="shop")
    one.handle_failure()
    assert one.withdraw() is not None
    assert one.tokens < make().tokens
    assert other.tokens < make().tokens


def test_a_decorated_function_asks_a_shared_breaker():
    breaker = rebackoff.Breaker(consecutive=1, shared="shop")

    @rebackoff.on_exception(rebackoff.constant, OSError, max_tries=1, breaker=breaker)
    def fetch():
        raise OSError

    with pytest.raises(OSError):
        fetch()
    with pytest.raises(rebackoff.CircuitOpenError):
        fetch()


def test_a_shared_guard_that_travels_stays_shared():
    breaker = rebackoff.Breaker(consecutive=1, shared="shop")
    budget = rebackoff.Budget.quota(capacity=10, shared="shop")
    again, budget_again = pickle.loads(pickle.dumps((breaker, budget)))
    breaker.force_open()
    budget.withdraw()
    assert (again.state, budget_again.tokens) == ("open", 5)


def test_keyed_holds_shared_guards():
    one, other = (rebackoff.Keyed(lambda host: rebackoff.Breaker(shared=host)) for _ in range(2))
    one["a.example"].force_open()
    assert (other["a.example"].state, other["b.example"].state) == ("open", "closed")


def test_other_parameters_are_another_guard_and_logged_once(caplog):
    old = rebackoff.Breaker(consecutive=2, shared="shop")
    with caplog.at_level(logging.WARNING, "rebackoff"):
        new = rebackoff.Breaker(consecutive=3, shared="shop")
        rebackoff.Breaker(consecutive=3, shared="shop")
    old.force_open()
    assert new.state == "closed"
    [record] = caplog.records
    assert "2 failures in a row" in record.getMessage()
    assert "3 failures in a row" in record.getMessage()


def test_a_name_or_folder_that_is_not_allowed_is_an_error(folder):
    with pytest.raises(ValueError, match=r"'-', '_' and '\.'.*\.\./shop"):
        rebackoff.Breaker(shared="../shop")
    with pytest.raises(TypeError, match="shared must be a text"):
        rebackoff.Budget.share(shared=7)
    folder.mkdir(mode=0o755)
    with pytest.raises(OSError, match="must have the mode 0700"):
        rebackoff.Breaker(shared="shop")


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_workers_that_are_killed_leave_guards_that_trip_close_and_refuse():
    breaker_of = {"failure_rate": 0.5, "min_calls": 4, "open_for": 0.01, "probe_timeout": 0.05}

    def work():
        breaker = rebackoff.Breaker(**breaker_of, shared="shop")
        budget = rebackoff.Budget.quota(capacity=50, shared="shop")
        while True:
            try:
                breaker.admit().settle(random.choice(["success", "failure"]))
            except rebackoff.CircuitOpenError:
                paid = budget.withdraw()
                if paid is not None:
                    budget.refund(paid)

    workers = set()
    deadline = time.monotonic() + float(os.environ.get("STRESS_SECONDS", "2"))
    try:
        while time.monotonic() < deadline:
            while len(workers) < 16:
                pid = os.fork()
                if pid == 0:
                    try:
                        work()
                    finally:
                        os._exit(1)
                workers.add(pid)
            time.sleep(0.02)
            pid = workers.pop()
            os.kill(pid, signal.SIGKILL)
            assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL
    finally:
        for pid in workers:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)

    budget = rebackoff.Budget.quota(capacity=50, shared="shop")
    assert 0 <= budget.tokens <= 50
    breaker = rebackoff.Breaker(**breaker_of, shared="shop")
    assert breaker.snapshot()["host_opened"] > 0
    for _ in range(3):
        while breaker.state != "closed":
            try:
                probe = breaker.admit()
            except rebackoff.CircuitOpenError:
                time.sleep(0.005)
                continue
            with pytest.raises(rebackoff.CircuitOpenError):
                breaker.admit()
            probe.settle("success")
        opened = breaker.opened
        while breaker.opened == opened:
            breaker.admit().settle("failure")
