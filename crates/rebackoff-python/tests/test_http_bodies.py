"""Bodies of requests: sent again whole, or not at all, by the clients that the guide names."""

from __future__ import annotations

import functools
import inspect
import io

import aiohttp
import http_peers
import pytest
import rebackoff
import requests
from http_peers import TRIES, by_each_client, by_requests, readme, refused_url, run, tries_of
from rebackoff import http

# the sockets of errors that hold an unread response are closed when they are collected
pytestmark = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)


@pytest.fixture(scope="module")
def server():
    with http_peers.serving() as server:
        yield server


class Parts:
    """An iterable that gives one iterator to all who ask."""

    def __init__(self):
        self.parts = iter([b"one ", b"order"])

    def __iter__(self):
        return self.parts


class Upload:
    """A file of a web framework: no `io.IOBase`, but it can be read like one."""

    def __init__(self, file):
        self.raw = file

    def read(self, size=-1):
        return self.raw.read(size)


class Job:
    """An object that holds a file and puts it by a method."""

    def __init__(self, file):
        self.file = file

    def put(self, url):
        return requests.put(url, files={"report": self.file}, timeout=120)

    def put_strictly(self, url):
        self.put(url).raise_for_status()


class TestBodies:
    @pytest.fixture
    def file(self, tmp_path):
        (tmp_path / "body").write_bytes(b"the whole file")
        with open(tmp_path / "body", "rb") as file:
            yield file

    @pytest.mark.parametrize("fault", ["close", "half", 503])
    @by_each_client
    def test_a_file_is_sent_whole_or_not_again(self, server, send, file, fault):
        run(readme(), send, "PUT", server.play(fault, fault), file)
        assert set(server.bodies) <= {b"the whole file"}  # httpx does not send it asynchronously
        if send in (http_peers.by_requests, http_peers.by_httpx, http_peers.by_httpx2):
            assert len(server.bodies) == 3

    @pytest.mark.parametrize("fault", ["close", "half", 503])
    @by_each_client
    def test_a_generator_is_sent_once(self, server, send, fault):
        def parts():
            yield b"one "
            yield b"order"

        async def async_parts():
            for part in parts():
                yield part

        body = async_parts() if inspect.iscoroutinefunction(send) else parts()
        assert run(readme(), send, "PUT", server.play(fault, fault), body) is not None
        assert server.bodies == [b"one order"]

    def test_a_generator_that_nothing_has_read_is_sent_again(self):
        assert tries_of(by_requests, "PUT", refused_url(), (part for part in [b"x"]))[0] == TRIES

    def test_a_file_is_rewound_to_the_place_where_it_was(self, server, file):
        file.seek(4)
        assert run(readme(), by_requests, "PUT", server.play(503), file) is None
        assert server.bodies == [b"whole file"] * 2

    @pytest.mark.parametrize("fault", ["close", "half", 503])
    @by_each_client
    def test_a_file_in_memory_is_sent_whole_or_not_again(self, server, send, fault):
        run(readme(), send, "PUT", server.play(fault, fault), io.BytesIO(b"the whole file"))
        assert set(server.bodies) <= {b"the whole file"}

    @pytest.mark.parametrize("fault", ["close", "half", 503])
    @pytest.mark.parametrize(
        "send", [by_requests, http_peers.by_httpx, http_peers.by_httpx2, http_peers.by_urllib]
    )
    def test_an_iterable_with_one_iterator_is_sent_once(self, server, send, fault):
        assert run(readme(), send, "PUT", server.play(fault, fault), Parts()) is not None
        assert server.bodies == [b"one order"]

    def test_httpx2_begins_again_at_the_place_where_the_file_was(self, server, file):
        file.seek(4)
        assert run(readme(), http_peers.by_httpx2, "PUT", server.play(503), file) is None
        assert server.bodies == [b"whole file"] * 2

    @pytest.mark.parametrize("fault", ["half", 503])
    def test_a_file_that_aiohttp_closes_leaves_the_error_of_the_request(self, server, file, fault):
        error = run(readme(), http_peers.by_aiohttp, "PUT", server.play(fault), file)
        assert isinstance(error, aiohttp.ClientError)
        assert server.bodies == [b"the whole file"]

    @pytest.mark.parametrize("fault", [429, 503, "close"])
    def test_a_file_of_a_form_is_sent_whole_or_not_again(self, server, file, fault):
        def put(url, files):
            requests.put(url, files=files, timeout=120).raise_for_status()

        url = server.play(fault)
        assert run(readme(), put, url, {"report": ("r.txt", file)}) is not None
        assert len(server.bodies) == 1
        assert run(readme(), put, server.play(fault), {"report": ("r.txt", b"bytes")}) is None
        assert [b"bytes" in body for body in server.bodies] == [True, True]

    @pytest.mark.parametrize("kind", [lambda file: file, Upload], ids=["file", "upload"])
    @pytest.mark.parametrize("fault", [429, 503, "close"])
    def test_a_file_of_a_form_is_found_wherever_the_target_holds_it(
        self, server, file, kind, fault
    ):
        job = Job(kind(file))
        again = rebackoff.on_predicate(
            rebackoff.constant(0), http.is_transient, max_tries=TRIES, jitter=None, logger=None
        )
        for decorate, put in (
            (readme(), job.put_strictly),
            (readme(), lambda url: job.put_strictly(url)),
            (readme(), functools.partial(Job.put_strictly, job)),
            (again, job.put),
            (again, lambda url: requests.put(url, files={"report": job.file}, timeout=120)),
            (again, functools.partial(Job.put, job)),
        ):
            file.seek(0)
            run(decorate, put, server.play(fault))
            assert [b"the whole file" in body for body in server.bodies] == [True]

    def test_each_try_may_open_the_file_of_its_form(self, server, tmp_path):
        (tmp_path / "body").write_bytes(b"the whole file")

        def put(url):
            with open(tmp_path / "body", "rb") as file:
                requests.put(url, files={"report": file}, timeout=120).raise_for_status()

        assert run(readme(), put, server.play(503)) is None
        assert [b"the whole file" in body for body in server.bodies] == [True, True]

    def test_each_try_may_open_its_own_file(self, server, tmp_path):
        (tmp_path / "body").write_bytes(b"the whole file")

        def put(url):
            with open(tmp_path / "body", "rb") as file:
                by_requests("PUT", url, file)

        assert run(readme(), put, server.play(503)) is None
        assert server.bodies == [b"the whole file"] * 2
