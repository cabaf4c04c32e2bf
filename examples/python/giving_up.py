"""After the last try: a cached value instead of an error, or an exception of one's own."""

import rebackoff
import requests
from local.http_server import MisbehavingServer, status

CACHE = {"price": 17}


@rebackoff.on_exception(
    rebackoff.expo, requests.RequestException, factor=0.02, max_tries=3, raise_on_giveup=False
)
def current_price(url):
    response = requests.get(url, timeout=5)
    response.raise_for_status()
    return response.json()


class OrderFailed(Exception):
    pass


def raise_order_failed(details):
    raise OrderFailed(f"no answer in {details['tries']} tries")


@rebackoff.on_exception(
    rebackoff.expo,
    requests.RequestException,
    factor=0.02,
    max_tries=3,
    on_giveup=raise_order_failed,
)
def order(url):
    requests.get(url, timeout=5).raise_for_status()


def main():
    with MisbehavingServer() as server:
        price = current_price(server.url(status(503)))
        print("price, from the cache:", CACHE["price"] if price is None else price)
        try:
            order(server.url(status(503)))
        except OrderFailed as error:
            print(f"OrderFailed: {error}, because of {error.__context__!r}")


if __name__ == "__main__":
    main()
