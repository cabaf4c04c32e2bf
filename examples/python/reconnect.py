"""A connection that is kept up for ever: the waits begin anew after each long connection."""

import asyncio

import rebackoff

LASTED = iter([0.0, 0.0, 0.05, 0.0])  # how long each connection lives, in seconds


async def listen(connection):
    await asyncio.sleep(connection)
    raise ConnectionResetError("the peer has closed the connection")


@rebackoff.on_exception(
    rebackoff.expo,
    ConnectionError,
    factor=0.001,
    max_value=30,
    reset_after=0.04,
    jitter=None,
    logger=None,
    on_backoff=lambda details: print(f"try {details['tries']}, next in {details['wait']} s"),
)
async def stay_connected():
    try:
        await listen(next(LASTED))
    except StopIteration:
        return "closed"


def main():
    print(asyncio.run(stay_connected()))


if __name__ == "__main__":
    main()
