"""After the last try: a fallback instead of an error, an exception of the caller's own."""

from __future__ import annotations

import pytest
import rebackoff
from giving_up import OrderFailed, current_price, order, raise_order_failed
from local.http_server import ok, reset, status
from requests.exceptions import HTTPError

pytestmark = pytest.mark.usefixtures("no_jitter")


def test_an_optional_call_that_gives_up_is_none_and_the_cache_takes_over(server, waits):
    url = server.url(status(503), reset(), status(500), ok("too late"))
    cache = {url: "yesterday's"}

    assert (current_price(url) or cache[url]) == "yesterday's"
    assert waits == [0.02, 0.04]


def test_an_optional_call_that_recovers_needs_no_cache(server, waits):
    url = server.url(status(503), ok("today's"))
    assert current_price(url) == "today's"


@pytest.mark.parametrize("raise_on_giveup", [True, False])
def test_an_exception_raised_in_on_giveup_takes_the_place_of_the_original(
    server, waits, raise_on_giveup
):
    critical = rebackoff.retry_with(order, raise_on_giveup=raise_on_giveup)

    with pytest.raises(OrderFailed, match="no answer in 3 tries") as raised:
        critical(server.url(status(503)))
    assert isinstance(raised.value.__context__, HTTPError)
    assert len(waits) == 2


@pytest.mark.asyncio
async def test_an_asynchronous_call_can_be_replaced_the_same_way(waits):
    @rebackoff.on_exception(
        rebackoff.expo, Exception, on_giveup=raise_order_failed, max_tries=2, raise_on_giveup=False
    )
    async def critical():
        raise ConnectionError("down")

    with pytest.raises(OrderFailed, match="no answer in 2 tries"):
        await critical()


def test_a_poll_can_raise_an_exception_of_its_own_too(waits):
    @rebackoff.on_predicate(rebackoff.expo, max_tries=3, on_giveup=raise_order_failed)
    def poll():
        return None

    with pytest.raises(OrderFailed, match="no answer in 3 tries"):
        poll()
