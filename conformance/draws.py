"""Seeded choices that are the same on every machine and every Python."""

from fractions import Fraction
from random import Random

from case import DRAWS
from model import GRID


class Dice:
    """Uses `Random.random` alone, the one method whose sequence Python promises to keep."""

    def __init__(self, seed):
        self.random = Random(seed).random

    def below(self, number):
        return int(self.random() * number)

    def pick(self, options):
        return options[self.below(len(options))]

    def chance(self, probability):
        return self.random() < probability

    def draw(self):
        """Any uniform number of twenty bits."""
        return Fraction(self.below(DRAWS), DRAWS)

    def exact_draw(self, span):
        """A uniform number that keeps `span * draw` exact for floats and nanoseconds.

        About half of the bits that can be spared are used, so that a strategy that
        feeds on its own waits has some left for the next one.
        """
        units = span / GRID
        if units == 0 or units.denominator != 1:
            return self.draw()
        spare = (units.numerator & -units.numerator).bit_length() - 1
        bits = min(20, (spare + 1) // 2)
        return Fraction(self.below(2**bits), 2**bits)

    def waits(self):
        """A strategy whose waits are exact, and its jitter."""
        wait, parameters = self.pick(STRATEGIES)
        options = parameters | {"jitter": (None,) if wait == "decorrelated" else JITTERS}
        chosen = {name: self.pick(values) for name, values in options.items()}
        return {"wait": wait} | {name: value for name, value in chosen.items() if value is not None}


JITTERS = (None, "full", "equal", "random", "none", "none")

STRATEGIES = (
    ("constant", {"interval": (None, 0.5, 1.5, 2, 8)}),
    ("constant", {"interval": ([1, 2, 4], [4, 2, 1, 0], [0.5, 0.5, 8, 8, 1])}),
    ("linear", {"start": (None, 0, 0.5, 1), "step": (None, 0.25, 2), "max_value": (None, 4, 10)}),
    ("expo", {"base": (None, 3, 4), "factor": (None, 0.25, 0.5, 1), "max_value": (None, 4, 10, 32)}),
    ("expo", {"factor": (None, 0.125, 2), "max_value": (None, 8)}),
    ("fibo", {"max_value": (None, 3, 13)}),
    ("decorrelated", {"base": (None, 0.5, 1, 4), "max_value": (None, 8, 30)}),
)
