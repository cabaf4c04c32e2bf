"""A breaker that the workers of gunicorn share."""

from __future__ import annotations

import gunicorn_workers
import rebackoff
from local.http_server import ok, status


def test_four_workers_leave_a_failing_service_alone_after_five_failures_of_all(
    server, tmp_path, monkeypatch
):
    monkeypatch.setenv("REBACKOFF_SHARED_DIR", str(tmp_path / "guards"))
    url = server.url(*[status(503)] * 5, ok("back"))
    with gunicorn_workers.Workers(url) as workers:
        # the third call's retry is rejected
        assert [workers.get()[0] for _ in range(3)] == [502, 502, 502]
        assert set.union(*workers.until_each_answered().values()) == {503}
        assert server.requests(url) == 5
        breaker = rebackoff.Breaker(**gunicorn_workers.RULE, shared="upstream")
        assert (breaker.state, breaker.snapshot()["host_failures"]) == ("open", 5)
        breaker.reset()
        assert set.union(*workers.until_each_answered().values()) == {200}
