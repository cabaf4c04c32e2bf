"""Plays scenarios with the one library that its interpreter can import: `worker.py MODULE < scenarios > traces`, JSON lines."""

import gc
import importlib
import json
import sys

from play import play


def main():
    library = importlib.import_module(sys.argv[1])
    scenarios = [json.loads(line) for line in sys.stdin]
    gc.disable()
    gc.collect()
    gc.freeze()
    for scenario in scenarios:
        print(json.dumps(play(scenario, library)))


main()
