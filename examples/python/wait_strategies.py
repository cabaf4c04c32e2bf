"""Wait strategies and jitter: the waits that a call which keeps failing would make."""

import rebackoff


def waits_of(wait_gen, jitter=None, max_tries=7, **keywords):
    waits = []

    @rebackoff.on_exception(
        wait_gen,
        ConnectionError,
        max_tries=max_tries,
        jitter=lambda wait: waits.append(jitter(wait) if jitter else wait) or 0,
        raise_on_giveup=False,
        logger=None,
        **keywords,
    )
    def call():
        raise ConnectionError

    call()
    return "  ".join(f"{wait:g}" for wait in (round(wait, 2) for wait in waits))


def main():
    print("expo                          ", waits_of(rebackoff.expo))
    print("expo, capped                  ", waits_of(rebackoff.expo, max_value=10))
    print("expo(base=2, factor=0.5)      ", waits_of(rebackoff.expo(base=2, factor=0.5)))
    print("fibo                          ", waits_of(rebackoff.fibo))
    print("constant(interval=0.01)       ", waits_of(rebackoff.constant(interval=0.01)))
    print("constant, then no more        ", waits_of(rebackoff.constant, interval=[1, 5, 25]))
    print("decay                         ", waits_of(rebackoff.decay, initial_value=10))
    print("expo, full jitter             ", waits_of(rebackoff.expo, rebackoff.full_jitter))
    print("expo, random jitter           ", waits_of(rebackoff.expo, rebackoff.random_jitter))


if __name__ == "__main__":
    main()
