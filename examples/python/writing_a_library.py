"""A library that retries: one layer, its own name and logger, and a policy that its users choose."""

import rebackoff
import requests
from local.http_server import MisbehavingServer, ok, status

DEFAULT = rebackoff.Policy(rebackoff.expo(max_value=30), max_tries=4)


class Busy(Exception):
    """The shop did not process the order. `retry_after` is its hint."""

    def __init__(self, retry_after):
        super().__init__(f"come back in {retry_after} s")
        self.retry_after = retry_after


class Client:
    """A client of a shop. `retry` is its policy; None disables retries."""

    def __init__(self, url, retry=DEFAULT, budget=None):
        self.url = url
        if retry is not None:
            self.order = rebackoff.on_exception(
                retry,
                Busy,
                hint=lambda error: error.retry_after,
                budget=budget or rebackoff.Budget.share(ratio=0.1),
                nested="once",
                name="shop.order",
                logger="shop",
            )(self.order)

    def order(self, goods):
        response = requests.post(self.url, json=goods, timeout=5)
        if response.status_code == 429:
            raise Busy(float(response.headers["Retry-After"]))
        response.raise_for_status()
        return response.json()


def main():
    with MisbehavingServer() as server, rebackoff.testing.no_wait() as waits:  # skips the waits
        print(Client(server.url(status(429, retry_after=7), ok("ordered"))).order("tea"))
        print(f"waited {waits[0]:.0f} s, as the shop asked")
        try:
            Client(server.url(status(429, retry_after=7)), retry=None).order("tea")
        except Busy as error:
            print("without retries:", error)


if __name__ == "__main__":
    main()
