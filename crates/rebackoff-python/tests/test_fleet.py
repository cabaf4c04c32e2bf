"""Guards that the processes of a fleet share through a real redis-server."""

import logging
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import time

import pytest
import rebackoff
from redis_server import PROGRAM, RedisServer, wait_until

pytestmark = [
    pytest.mark.skipif(PROGRAM is None, reason="apt-get install redis-server"),
    # Python 3.12 warns of the threads that a process had when it forked
    pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning"),
]

NOWHERE = "redis://127.0.0.1:1/0"


@pytest.fixture
def server():
    server = RedisServer()
    yield server
    server.stop()


def breaker(shared, **parameters):
    return rebackoff.Breaker(
        name="shop", shared=shared, consecutive=2, **{"open_for": 600, **parameters}
    )


def admits(guard, outcome):
    try:
        guard.admit().settle(outcome)
    except rebackoff.CircuitOpenError:
        return False
    return True


MEMBER = """
import sys, time
import rebackoff

shop = rebackoff.Breaker(name="shop", shared=sys.argv[1], consecutive=2, open_for=600)
shop.admit().settle("success")
print("ready", flush=True)
for line in sys.stdin:
    if line == "fail\\n":
        while shop.state == "closed":
            shop.admit().settle("failure")
    elif line == "wait\\n":
        while shop.state != "open":
            time.sleep(0.002)
    print(shop.state, flush=True)
"""


class Member:
    """A process with a breaker of the fleet."""

    def __init__(self, url):
        command = [sys.executable, "-c", MEMBER, url]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.process = subprocess.Popen(command, **pipes)
        assert self.process.stdout.readline() == "ready\n"

    def ask(self, word):
        self.process.stdin.write(f"{word}\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def end(self):
        self.process.communicate()
        return self.process.returncode


def test_half_of_the_processes_that_call_open_the_breaker_for_all(server):
    members = [Member(server.url) for _ in range(3)]
    assert members[0].ask("fail") == "open"
    assert members[1].ask("fail") == "open"
    assert members[2].ask("wait") == "open"
    # the first call of a member that joins waits 25 ms for the state, which a busy machine may miss
    late = breaker(server.url)
    wait_until(lambda: not admits(late, "success"), "a rejection by the member that joins")
    assert [member.end() for member in members] == [0, 0, 0]


def test_a_decorated_function_asks_and_trips_the_breaker_of_the_fleet(server):
    other = Member(server.url)
    shop = breaker(rebackoff.Fleet(server.url))

    @rebackoff.on_exception(rebackoff.constant, OSError, max_tries=1, breaker=shop)
    def fetch():
        raise OSError

    assert other.ask("fail") == "open"
    with pytest.raises(rebackoff.CircuitOpenError):
        while True:
            with pytest.raises(OSError):
                fetch()
    assert other.ask("wait") == "open"
    other.end()


def test_successes_send_no_command(server):
    shop = breaker(server.url)
    retries = rebackoff.Budget.per_second(name="shop", shared=server.url)

    @rebackoff.on_exception(rebackoff.constant, OSError, breaker=shop, budget=retries)
    def fetch():
        return "fetched"

    fetch()
    wait_until(lambda: server.commands() > 0, "the first commands")
    began, before = time.monotonic(), server.commands()
    for _ in range(20_000):
        fetch()
    # one look a second at the breaker, however many calls there are, and the first tokens
    assert server.commands() - before <= time.monotonic() - began + 4


def test_the_processes_spend_one_budget(server):
    fleet = rebackoff.Fleet(server.url, members=2)
    terms = {"rate": 0.001, "capacity": 40, "name": "shop", "shared": fleet}
    retries = rebackoff.Budget.per_second(**terms)

    def spend(budget):
        """Takes what there is; a member without tokens waits for a batch."""
        spent, refused_at = 0, time.monotonic()
        while time.monotonic() - refused_at < 1:
            if budget.withdraw() is not None:
                spent, refused_at = spent + 1, time.monotonic()
            time.sleep(0.001)
        return spent

    retries.withdraw()
    wait_until(lambda: server.ask("KEYS", "rebackoff:{shop}:budget:*"), "the bucket")
    receiving, sending = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(sending, str(spend(rebackoff.Budget.per_second(**terms))).encode())
        os._exit(0)
    spent = 1 + spend(retries)
    os.waitpid(child, 0)
    spent += int(os.read(receiving, 9))
    os.close(receiving), os.close(sending)
    # beside the bucket, each member has spent at most its part alone until its first answer
    assert 20 < spent <= 40 + 2 * 20


def test_an_async_function_asks_the_guards_of_a_fleet(server):
    import asyncio

    shop = breaker(server.url)

    @rebackoff.on_exception(rebackoff.constant, OSError, max_tries=1, breaker=shop)
    async def fetch():
        return "fetched"

    assert asyncio.run(fetch()) == "fetched"
    assert shop.snapshot() == {
        "name": "shop",
        "state": "closed",
        "failures": 0,
        "rejected": 0,
        "opened": 0,
        "dry_run": False,
        "degraded": False,
    }


def in_child(work):
    """Runs `work` in a forked process. Returns its answer."""
    receiving, sending = os.pipe()
    child = os.fork()
    if child == 0:
        answer = b"error"
        try:
            answer = str(work()).encode()
        finally:
            os.write(sending, answer)
            os._exit(0)
    os.close(sending)
    with open(receiving) as stream:
        answer = stream.read()
    assert os.waitpid(child, 0)[1] == 0
    return answer


def test_a_forked_process_is_a_member_with_a_connection_of_its_own(server):
    shop = breaker(server.url)
    shop.admit().settle("success")
    wait_until(lambda: server.members() == 2, "the parent's connections")

    def work():
        shop.admit().settle("success")
        wait_until(lambda: server.members() == 4, "the child's connections")
        while shop.state == "closed":
            admits(shop, "failure")
        return shop.state

    assert in_child(work) == "open"
    # the child's failures are its own; half of the members are not enough alone
    assert shop.state == "closed"
    assert admits(shop, "failure")


def test_a_process_forks_before_its_first_call_without_any_thread(server):
    program = """
import os, sys, warnings
import rebackoff

warnings.simplefilter("error")
shop = rebackoff.Breaker(name="shop", shared=sys.argv[1])
retries = rebackoff.Budget.share(name="shop", shared=sys.argv[1])
children = []
for _ in range(3):
    child = os.fork()
    if child == 0:
        shop.admit().settle("success")
        retries.handle_start()
        os._exit(0)
    children.append(child)
assert all(os.waitpid(child, 0)[1] == 0 for child in children)
print(len(os.listdir("/proc/self/task")) if os.path.isdir("/proc") else 1)
"""
    done = subprocess.run(
        [sys.executable, "-c", program, server.url], capture_output=True, text=True
    )
    assert (done.stdout, done.stderr) == ("1\n", "")


def call_in_worker(url):
    guard = rebackoff.Breaker(name="shop", shared=url, consecutive=2, open_for=600)
    guard.admit().settle("success")
    return guard.state, os.getpid()


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_workers_of_multiprocessing_share_guards(server, method):
    breaker(server.url).admit().settle("success")
    with multiprocessing.get_context(method).Pool(2) as pool:
        states = pool.map(call_in_worker, [server.url] * 4)
    assert [state for state, _ in states] == ["closed"] * 4
    assert all(pid != os.getpid() for _, pid in states)


def test_without_redis_guards_go_on_by_themselves_and_say_so_once_and_once_that_it_is_back(
    caplog, server
):
    shop = breaker(server.url, open_for=0.05)
    retries = rebackoff.Budget.per_second(name="shop", capacity=20, rate=0.001, shared=server.url)

    @rebackoff.on_exception(rebackoff.constant, OSError, breaker=shop, budget=retries)
    def fetch():
        return "fetched"

    def lines():
        return [(r.levelname, r.getMessage()) for r in caplog.records if r.name == "rebackoff"]

    with caplog.at_level(logging.INFO, "rebackoff"):
        fetch()
        server.stop()
        wait_until(lambda: shop.degraded and retries.degraded, "Redis is away")
        assert shop.fleet.degraded
        assert retries.withdraw() is not None
        while shop.state == "closed":
            admits(shop, "failure")
        wait_until(lambda: probe(shop), "a probe of its own")
        assert shop.state == "closed"
        fetch(), fetch()
        [(level, text)] = lines()
        assert level == "WARNING"
        assert text.startswith(f"guards go on without the Redis of <Fleet '{server.url}'>: ")
        server.start()
        wait_until(lambda: not (shop.degraded or retries.degraded), "Redis is back")
        fetch(), fetch()
        assert lines()[1:] == [
            ("INFO", f"all guards are shared again through the Redis of {shop.fleet}")
        ]


def probe(guard):
    """Returns whether the breaker admits a call, which succeeds."""
    try:
        guard.admit().settle("success")
    except rebackoff.CircuitOpenError:
        return False
    return True


def test_a_call_waits_for_no_redis_that_hangs(server):
    server.process.send_signal(signal.SIGSTOP)
    shop = breaker(server.url)
    shop.admit().settle("success")
    assert shop.state == "closed"
    wait_until(lambda: shop.degraded, "the answer takes too long")
    server.process.send_signal(signal.SIGCONT)
    wait_until(lambda: not shop.degraded, "the answer comes")


def test_a_program_ends_at_once_and_gives_its_tokens_back(server):
    program = """
import sys, time
import rebackoff

fleet = rebackoff.Fleet(sys.argv[1], members=1)
retries = rebackoff.Budget.per_second(rate=0.001, capacity=100, name="shop", shared=fleet)
paid = 0
while fleet.core.requests < 3:
    paid += retries.withdraw() is not None
    time.sleep(0.002)
print(paid)
"""
    paid = 0
    for _ in range(3):
        done = subprocess.run(
            [sys.executable, "-c", program, server.url], capture_output=True, text=True
        )
        assert (done.returncode, done.stderr) == (0, "")
        paid += int(done.stdout)
    [key] = server.ask("KEYS", "rebackoff:{shop}:budget:*")
    wait_until(lambda: server.members() == 0, "its connections are closed")
    # what a program has not spent is back
    assert float(server.ask("HGET", key, "tokens")) >= 100 - paid


def test_a_fleet_and_its_guards_travel(server):
    fleet = rebackoff.Fleet(server.url, members=3, starts_empty=True)
    shop, again = pickle.loads(pickle.dumps((breaker(fleet), fleet)))
    assert (again.url, again.members, again.starts_empty) == (server.url, 3, True)
    assert (shop.fleet.core is fleet.core, shop.scope, shop.name) == (True, "fleet", "shop")


def test_the_scope_of_a_guard_is_where_its_state_is(tmp_path, monkeypatch):
    monkeypatch.setenv("REBACKOFF_SHARED_DIR", str(tmp_path / "guards"))
    assert rebackoff.Budget.share().scope == "process"
    assert rebackoff.Budget.share(shared=NOWHERE, name="shop").scope == "fleet"
    if sys.platform == "linux":
        assert rebackoff.Breaker(shared="shop").scope == "host"


def test_a_password_is_not_shown():
    fleet = rebackoff.Fleet("redis://user:secret@127.0.0.1:1/0")
    assert repr(fleet) == "<Fleet 'redis://***@127.0.0.1:1/0'>"
    socket = rebackoff.Fleet("redis+unix:///run/redis?pass=sec@secret&db=0")
    assert repr(socket) == "<Fleet 'redis+unix:///run/redis?***'>"
    with pytest.raises(ValueError, match="url must be the address of a Redis or Valkey") as caught:
        rebackoff.Fleet("http://user:secret@host/")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: rebackoff.Breaker(shared=NOWHERE), TypeError, "name must be a text"),
        (lambda: rebackoff.Breaker(shared=7, name="a"), TypeError, "shared must be a text or a Fl"),
        (
            lambda: rebackoff.Breaker(shared=NOWHERE, name="a b"),
            ValueError,
            "name must be 1 to 64 letters",
        ),
        (
            lambda: rebackoff.Breaker(shared=NOWHERE, name="a", probes=2),
            ValueError,
            "probes must be 1 for a breaker of a fleet",
        ),
        (
            lambda: rebackoff.Budget.quota(shared=NOWHERE, name="a"),
            ValueError,
            "a fleet shares per_second and share",
        ),
        (
            lambda: rebackoff.Budget.aws(shared=rebackoff.Fleet(NOWHERE), name="a"),
            ValueError,
            "a fleet shares per_second and share",
        ),
        (
            lambda: rebackoff.Budget.share(shared=NOWHERE, name="a", ratio=2),
            ValueError,
            "ratio must be from 0.0001 to 1, but it is 2",
        ),
        (lambda: rebackoff.Fleet(5), TypeError, "url must be a text, but it is 5"),
        (lambda: rebackoff.Fleet(NOWHERE, members=0), ValueError, "members must be a whole number"),
        (lambda: rebackoff.Fleet(NOWHERE, members=1.5), TypeError, "members must be a whole numb"),
        (lambda: rebackoff.Fleet(NOWHERE, starts_empty=1), TypeError, "starts_empty must be True"),
    ],
)
def test_a_wrong_parameter_is_named_with_its_value_and_what_is_allowed(make, error, message):
    with pytest.raises(error, match=message):
        make()
