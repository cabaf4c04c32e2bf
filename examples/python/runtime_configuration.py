"""Options that are looked up at each call: a setting that changes needs no new decorator."""

import functools

import rebackoff

config = {"max_tries": 2, "max_time": 60, "max_value": 0.02}


def option(name):
    return functools.partial(config.get, name)


@rebackoff.on_exception(
    rebackoff.expo,
    ConnectionError,
    factor=0.01,
    max_value=option("max_value"),
    max_tries=option("max_tries"),
    max_time=lambda: config["max_time"],
    raise_on_giveup=False,
    on_giveup=lambda details: print(f"gave up after {details['tries']} tries"),
)
def call():
    raise ConnectionError("down")


def main():
    call()
    config["max_tries"] = 4
    call()
    config["max_time"] = 0
    call()


if __name__ == "__main__":
    main()
