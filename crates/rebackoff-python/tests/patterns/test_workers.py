"""Programs that run for long: workers, streams, connections, and their end."""

from __future__ import annotations

import asyncio
import queue
import threading

import graceful_shutdown
import queues
import reconnect
import streams


def test_a_message_is_retried_and_a_poison_one_is_set_aside(waits):
    messages = queue.Queue()
    for message in ("order", "poison", "invoice"):
        messages.put(message)
    done, dead = queues.work(messages, {"order": 2, "poison": 9})
    assert (done, dead) == (["order handled", "invoice handled"], ["poison"])


def test_each_event_of_a_broken_stream_is_handled_once_and_in_order(waits):
    events = []
    streams.Reader(streams.Source(list(range(9))), events.append).run()
    assert events == list(range(9))
    assert len(waits) == 4


def test_the_waits_begin_anew_after_a_connection_that_lasted(monkeypatch, capsys):
    monkeypatch.setattr(reconnect, "LASTED", iter([0.0, 0.0, 0.05, 0.0]))
    assert asyncio.run(reconnect.stay_connected()) == "closed"
    tries = [line.split(",")[0] for line in capsys.readouterr().out.splitlines()]
    assert tries[2] == "try 1"


def test_an_event_ends_a_wait_of_a_minute():
    graceful_shutdown.ending.clear()
    threading.Timer(0.05, graceful_shutdown.ending.set).start()
    outcome = graceful_shutdown.work.retry_with().outcome()
    assert (outcome.tries, outcome.reason) == (1, "cancelled")
    graceful_shutdown.ending.clear()
