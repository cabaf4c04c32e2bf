"""Retries inside HTTP clients, so that every request of a client is retried by one policy.

| client | module | class |
|---|---|---|
| httpx | `rebackoff.clients.httpx` | `RetryTransport`, `AsyncRetryTransport` |
| httpx2 (also below openai and anthropic) | `rebackoff.clients.httpx2` | `RetryTransport`, `AsyncRetryTransport` |
| requests | `rebackoff.clients.requests` | `RetryAdapter` |
| aiohttp | `rebackoff.clients.aiohttp` | `RetryMiddleware` |

    client = httpx.Client(
        transport=RetryTransport(
            rebackoff.expo(max_value=30),
            max_tries=5,
            budget=rebackoff.Budget.share(ratio=0.1),
            breaker=rebackoff.Keyed(rebackoff.Breaker),  # one for each host
        )
    )

`rebackoff.http` says which failures are transient and which requests are sent again. The result is the response
or the error of the last try, untouched. Where a breaker rejects a request, the error is a
`rebackoff.CircuitOpenError` and an error of the client at once.

Importing one of these modules imports its client; importing `rebackoff.clients` imports none.
"""
