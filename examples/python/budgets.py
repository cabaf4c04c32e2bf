"""A budget: when a service is down, all its callers together retry no more than a share of their calls."""

import rebackoff

retries = rebackoff.Budget.share(ratio=0.1, floor=0)  # one retry for ten calls


@rebackoff.on_exception(rebackoff.expo, ConnectionError, max_tries=4, budget=retries, logger=None)
def order():
    raise ConnectionError("the shop is down")


def main():
    with rebackoff.testing.no_wait():  # the program skips its waits
        outcomes = [order.outcome() for _ in range(100)]
    tries = sum(outcome.tries for outcome in outcomes)
    print(f"100 calls made {tries} tries; without the budget, 400")
    print(f"the last one gave up, {outcomes[-1].reason}: {outcomes[-1].error}")


if __name__ == "__main__":
    main()
