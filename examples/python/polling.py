"""Polling: a job until it is complete, a resource until it is there, a queue until it has messages."""

import queue
import threading

import rebackoff
import requests
from local.http_server import MisbehavingServer, ok, status


@rebackoff.on_predicate(
    rebackoff.constant(interval=0.05), lambda job: job["status"] != "complete", max_time=600
)
def wait_for_job(url):
    return requests.get(url, timeout=5).json()


@rebackoff.on_predicate(rebackoff.fibo, max_value=30, max_time=0.2, jitter=lambda wait: wait / 50)
def wait_for_resource(url):
    response = requests.get(url, timeout=5)
    return None if response.status_code == 404 else response.json()


@rebackoff.on_predicate(rebackoff.constant, interval=0.02, jitter=None)
def poll_queue(messages):
    return [messages.get_nowait() for _ in range(messages.qsize())]


def main():
    with MisbehavingServer() as server:
        pending, complete = ok({"status": "pending"}), ok({"status": "complete", "result": 42})
        print("job:", wait_for_job(server.url(pending, pending, complete)))
        print("resource:", wait_for_resource(server.url(status(404), status(404), ok("volume"))))
        print("a resource that never comes:", wait_for_resource(server.url(status(404))))

    messages = queue.Queue()
    threading.Timer(0.05, messages.put, ["hello"]).start()
    print("queue:", poll_queue(messages))


if __name__ == "__main__":
    main()
