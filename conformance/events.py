"""A case about a guard that calls share: what happens when, and what must follow."""

from fractions import Fraction

from draws import Dice
from model import on_grid, seconds


def answered(name, guard, options, model, events, counts, draws=()):
    """The case, with everything that the model says; it has to agree with what a person worked out."""
    told, last = [], Fraction(0)
    for event in events:
        at = seconds(event["at"])
        assert at >= last and on_grid(at), f"{name}: {event}"
        last = at + seconds(event.get("takes", 0)) * event.get("repeat", 1)
        told.append(event | answer_to_all(name, model, event))
    found = {count: getattr(model, count) for count in counts}
    assert all(theirs in (None, found[count]) for count, theirs in counts.items()), f"{name}: {found}"
    case = {"name": name, guard: options, "draws": list(draws), "events": told, "counts": found}
    return {key: value for key, value in case.items() if key != "draws" or value}


def answer_to_all(name, model, event):
    """The answer to each of the repeated events, which has to be the same for all; the state after the last."""
    at, takes = seconds(event["at"]), seconds(event.get("takes", 0))
    first = answer = None
    for _ in range(event.get("repeat", 1)):
        answer = model.answer(event | {"at": at})
        first = first or answer
        assert first == answer, f"{name}: {event} is not answered alike each time"
        at += takes
    answer = answer | model.after(at)
    for key in event.keys() & answer.keys():
        theirs, ours = event[key], answer[key]
        same = theirs == ours or (not isinstance(theirs, (str, bool)) and seconds(theirs) == ours)
        assert same, f"{name}: {event}, but {key} is {ours}"
    return answer


class Clock:
    """Moves on by steps that floats and nanoseconds hold exactly."""

    def __init__(self, seed, begin):
        self.dice, self.now = Dice(seed), seconds(begin)

    def move(self, *steps):
        self.now += seconds(self.dice.pick(steps)) * Fraction(self.dice.below(65), 64)
        return self.now
