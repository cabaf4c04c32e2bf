"""Random scenarios: plain data, the same for the same seed."""

import json
import random

import flavours


def generate(count, seed):
    """`count` scenarios; number N of a seed never depends on the others."""
    return [one(seed, number) for number in range(count)]


def one(seed, number):
    rng = random.Random(f"{seed}:{number}")
    make = flavours.pick(rng)
    scenario = make(rng)
    scenario["seed"] = rng.randrange(1 << 30)
    scenario["name"] = f"{seed}:{number} {make.__name__.replace('_', ' ')}"
    return json.loads(json.dumps(scenario))
