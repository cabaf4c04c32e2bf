"""Everything at once: seeded policies, outcomes and draws, answered by the model."""

from case import GIVE_UP, OK, STOP, by_model, retry
from draws import Dice

LIMITED, UNLIMITED = 90, 60


def cases():
    for number in range(LIMITED):
        dice = Dice(f"mixture {number}")
        policy = dice.waits()
        if dice.chance(0.6):
            policy["max_tries"] = dice.pick((1, 2, 3, 5, 8, 13))
        policy["hint_spread"] = (0, 0.25)[number % 2]  # a tenth has no exact float
        policy["max_time"] = dice.pick((0.5, 2, 6.5, 10, 30, 60, 120))
        if dice.chance(0.3):
            policy["last_wait"] = dice.pick(("stop", "shorten"))
        yield by_model(f"mixture_{number}_with_a_deadline", policy, Target(dice, (0, 0, 0.25, 1, 4)), dice.exact_draw)
    for number in range(UNLIMITED):
        dice = Dice(f"free mixture {number}")
        policy = fine_waits(dice)
        if dice.chance(0.5):
            policy["max_tries"] = dice.pick((2, 4, 8, 16))
        next_draw = dice.exact_draw if policy["wait"] == "decorrelated" else lambda span: dice.draw()
        yield by_model(f"mixture_{number}_without_a_deadline", policy, Target(dice, (0, 0.001, 0.123456789, 7)), next_draw)


class Target:
    """Fails for up to a dozen tries, mostly with errors worth a retry."""

    def __init__(self, dice, durations):
        self.dice = dice
        self.durations = durations
        self.succeeds_at = 2 + dice.below(12)

    def __call__(self, tries):
        dice = self.dice
        takes = dice.pick(self.durations)
        fate = dice.random()
        hint = dice.pick((0, 0.25, 1, 1.5, 6, 20))
        if tries >= self.succeeds_at or fate < 0.02:
            return OK | {"takes": takes}
        if fate < 0.05:
            return GIVE_UP | {"takes": takes}
        if fate < 0.07:
            return STOP | {"takes": takes}
        return retry(takes=takes, hint=hint) if fate < 0.25 else retry(takes=takes)


def fine_waits(dice):
    """Any of the exact strategies, or one with parameters that floats only come near to."""
    policy = dice.waits()
    if policy["wait"] == "decorrelated" or dice.chance(0.2):
        return policy
    wait, parameters = dice.pick(FINE)
    chosen = {name: dice.pick(values) for name, values in parameters.items()}
    kept = {name: value for name, value in chosen.items() if value is not None}
    return {"wait": wait, **kept} | ({"jitter": policy["jitter"]} if "jitter" in policy else {})


FINE = (
    ("constant", {"interval": (0.1, 0.3, 1.1, 0.000123, 33.3)}),
    ("linear", {"start": (0.1, 0.7, None), "step": (0.3, 0.01, None), "max_value": (None, 3.3)}),
    ("expo", {"base": (1.1, 1.6, 2.2), "factor": (0.1, 0.003, None), "max_value": (None, 5.5)}),
    ("fibo", {"max_value": (None, 7.7)}),
    ("decay", {"initial_value": (None, 12.5, 100), "decay_factor": (0.1, 0.75, None), "min_value": (None, 0.05)}),
)
