"""A worker that ends on a signal: its wait ends at once, and a running try is left to finish."""

import threading

import rebackoff

# In a service: signal.signal(signal.SIGTERM, lambda *_: ending.set())
ending = threading.Event()


@rebackoff.on_exception(
    rebackoff.constant, ConnectionError, interval=60, cancelled_by=ending, logger=None
)
def work():
    raise ConnectionError("the database is down")


def main():
    threading.Timer(0.1, ending.set).start()
    outcome = rebackoff.outcome(work)  # without the event, the wait takes a minute
    print(f"ended after {outcome.tries} try: {outcome.reason}, {outcome.error}")


if __name__ == "__main__":
    main()
