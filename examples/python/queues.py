"""A worker: waits while its queue is empty, retries each message, and sets failed ones aside."""

import queue

import rebackoff

RETRIES = rebackoff.Budget.share(ratio=0.1)  # of all messages, so that an outage is not hammered


@rebackoff.on_predicate(
    rebackoff.expo, lambda message: message is None, factor=0.01, max_value=0.1, max_tries=4
)
def receive(messages):
    try:
        return messages.get_nowait()
    except queue.Empty:
        return None


@rebackoff.on_exception(
    rebackoff.expo,
    ConnectionError,
    factor=0.01,
    max_tries=3,
    budget=RETRIES,
    giveup=lambda error, message, failures: message == "poison",
    logger=None,
)
def handle(message, failures):
    if failures.get(message, 0):
        failures[message] -= 1
        raise ConnectionError(f"{message} failed")
    return f"{message} handled"


def work(messages, failures):
    """Returns the results, and the messages for the dead-letter queue."""
    done, dead = [], []
    while (message := receive(messages)) is not None:
        try:
            done.append(handle(message, failures))
        except ConnectionError:
            dead.append(message)
    return done, dead


def main():
    messages = queue.Queue()
    for message in ("order", "poison", "invoice"):
        messages.put(message)
    done, dead = work(messages, {"order": 2, "poison": 9})
    print("done:", done)
    print("set aside:", dead)


if __name__ == "__main__":
    main()
