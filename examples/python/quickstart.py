"""A tour: real requests to a server that misbehaves, blocking and asynchronous.

Every try, wait and give-up is told as it happens; a table at the end says what became of each
call. Exits with 1 when a call does not come to what was expected.
"""

import asyncio
import sys
from dataclasses import dataclass

import httpx
import rebackoff
from local.http_server import MisbehavingServer, ok, reset, status

client = httpx.Client()


@dataclass
class Outcome:
    tries: int
    elapsed: float
    reason: str = ""
    result: str = ""


outcomes: dict[str, Outcome] = {}


def say(details, text):
    print(f"  {name_of(details['target']):<22} {text}")


def name_of(target):
    return target.__name__.replace("_", " ")


def tell_try(details):
    say(details, f"try {details['tries']}")


def tell_wait(details):
    cause = details["exception"] if "exception" in details else details["value"]
    say(details, f"{first_line(cause)}: waiting {details['wait']:.2f} s")


def tell_success(details):
    outcomes[name_of(details["target"])] = Outcome(details["tries"], details["elapsed"])
    say(details, "success")


def tell_giveup(details):
    reason = str(details.get("reason"))
    outcomes[name_of(details["target"])] = Outcome(details["tries"], details["elapsed"], reason)
    say(details, f"gave up: {reason}")


def first_line(cause):
    response = getattr(cause, "response", cause)
    if isinstance(response, httpx.Response):
        return f"{response.status_code} {response.reason_phrase}"
    return str(cause) or type(cause).__name__


told = {
    "on_try": tell_try,
    "on_backoff": tell_wait,
    "on_success": tell_success,
    "on_giveup": tell_giveup,
}


@rebackoff.on_exception(rebackoff.expo, httpx.HTTPError, factor=0.1, max_tries=8, **told)
def burst_of_503(url):
    return client.get(url).raise_for_status().json()


@rebackoff.on_exception(
    rebackoff.expo,
    httpx.HTTPStatusError,
    max_tries=8,
    giveup=lambda error: error.response.is_client_error,
    **told,
)
def not_found_for_ever(url):
    return client.get(url).raise_for_status().json()


@rebackoff.on_exception(
    rebackoff.fibo, httpx.HTTPError, max_tries=3, jitter=lambda wait: wait / 10, **told
)
def down_for_ever(url):
    return client.get(url).raise_for_status().json()


@rebackoff.on_exception(
    rebackoff.constant, httpx.HTTPError, interval=60, jitter=None, max_time=0.5, **told
)
def down_for_too_long(url):
    return client.get(url).raise_for_status().json()


@rebackoff.on_predicate(
    rebackoff.runtime,
    lambda response: response.status_code == 429,
    value=lambda response: int(response.headers["Retry-After"]),
    jitter=None,
    **told,
)
def wait_as_told(url):
    return client.get(url)


@rebackoff.on_predicate(
    rebackoff.constant(interval=0.1),
    lambda job: job["status"] == "pending",
    jitter=None,
    max_time=600,
    **told,
)
def pending_job(url):
    return client.get(url).json()


@rebackoff.on_exception(
    rebackoff.constant, httpx.HTTPError, interval=[0.05, 0.1], raise_on_giveup=False, **told
)
def optional_extra(url):
    return client.get(url).raise_for_status().json()


patient_async = rebackoff.on_exception(
    rebackoff.expo(factor=0.1), httpx.HTTPError, max_tries=5, **told
)


async def get_async(url):
    async with httpx.AsyncClient(timeout=httpx.Timeout(5, read=0.5)) as client:
        return (await client.get(url)).raise_for_status().json()


@patient_async
async def reset_connections(url):
    return await get_async(url)


@patient_async
async def slow_answers(url):
    return await get_async(url)


@patient_async
async def nothing_wrong(url):
    return await get_async(url)


def call(target, url):
    try:
        keep_result(target, target(url))
    except httpx.HTTPError as error:
        keep_result(target, first_line(error))


async def call_async(target, url):
    keep_result(target, await target(url))


def keep_result(target, result):
    value = result.json() if isinstance(result, httpx.Response) else result
    outcomes[name_of(target)].result = str(value)


async def all_at_once(calls):
    await asyncio.gather(*(call_async(target, url) for target, url in calls))


def main():
    with MisbehavingServer() as server:
        pending = ok({"status": "pending"})
        print("\nBlocking")
        call(burst_of_503, server.url(status(503), status(503), status(503), ok("hello")))
        call(wait_as_told, server.url(status(429, retry_after=1), ok("hello")))
        call(pending_job, server.url(pending, pending, ok({"status": "complete"})))
        call(not_found_for_ever, server.url(status(404)))
        call(down_for_ever, server.url(status(503)))
        call(down_for_too_long, server.url(status(503)))
        call(optional_extra, server.url(status(503)))

        print("\nAsynchronous, all at once")
        asyncio.run(
            all_at_once(
                [
                    (reset_connections, server.url(reset(), reset(), ok("hello"))),
                    (slow_answers, server.url(ok(delay=5), ok("hello"))),
                    (nothing_wrong, server.url(ok("hello"))),
                ]
            )
        )
    print_table()
    return compare_with_expected()


def print_table():
    print(f"\n{'call':<22}{'tries':>6}{'elapsed':>10}  {'result':<26}reason")
    for name, outcome in outcomes.items():
        print(
            f"{name:<22}{outcome.tries:>6}{outcome.elapsed:>8.2f} s  "
            f"{outcome.result:<26}{outcome.reason or '-'}"
        )


EXPECTED = {
    "burst of 503": (4, "hello", ""),
    "wait as told": (2, "hello", ""),
    "pending job": (3, "{'status': 'complete'}", ""),
    "not found for ever": (1, "404 Not Found", "giveup"),
    "down for ever": (3, "503 Service Unavailable", "max_tries"),
    "down for too long": (2, "503 Service Unavailable", "max_time"),
    "optional extra": (3, "None", "exhausted"),
    "reset connections": (3, "hello", ""),
    "slow answers": (2, "hello", ""),
    "nothing wrong": (1, "hello", ""),
}


def compare_with_expected():
    seen = {name: (o.tries, o.result, o.reason) for name, o in outcomes.items()}
    for name, expected in EXPECTED.items():
        if seen.get(name) != expected:
            print(f"{name}: expected {expected}, but saw {seen.get(name)}", file=sys.stderr)
    return 0 if seen == EXPECTED else 1


if __name__ == "__main__":
    sys.exit(main())
