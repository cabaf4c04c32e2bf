"""Handlers: the logger `backoff`, a handler of one's own, several of them, and the traceback."""

import logging
import sys
import traceback

import rebackoff


def tell(details):
    print(
        "{target.__name__}{args} failed {tries} times in {elapsed:.2f}s, waiting {wait:.2f}s".format(
            **details
        )
    )


def show_where(details):
    # handlers run inside the except block, so the traceback is at hand
    line = traceback.extract_tb(sys.exc_info()[2])[-1]
    print(f"  raised in {line.name}, line {line.lineno}")


def make_flaky(failures):
    left = iter(range(failures))

    @rebackoff.on_exception(
        rebackoff.expo,
        ConnectionError,
        factor=0.02,
        max_tries=3,
        on_backoff=[tell, show_where],
        on_success=lambda details: print(f"succeeded on try {details['tries']}"),
        on_giveup=lambda details: print(f"gave up on {details['exception']!r}"),
    )
    def flaky(name):
        if next(left, None) is not None:
            raise ConnectionError(f"{name} is down")
        return name

    return flaky


def main():
    # without this, the logger `backoff` keeps what it says to itself
    logging.basicConfig(format="  [%(name)s %(levelname)s] %(message)s", stream=sys.stdout)
    logging.getLogger("backoff").setLevel(logging.INFO)

    make_flaky(2)("shop")
    try:
        make_flaky(9)("bank")
    except ConnectionError as error:
        print("the last error came back:", error)


if __name__ == "__main__":
    main()
