"""Plays the same scenarios with backoff 2.2.1, python-backoff 3.0.0 and rebackoff, and compares what happened, event by event."""

import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile

import environments
import judge
import scenarios

WORKER = pathlib.Path(__file__).with_name("worker.py")
COMPARE = environments.ROOT / "COMPARE.md"
ENOUGH_FOR_EVERY_RULE = 2000


def main():
    options = parse()
    problems = rules_without_a_line()
    if options.replay:
        found = [json.loads(line) for line in open(options.replay) if line.startswith("{")]
    else:
        found = scenarios.generate(options.count, options.seed)
    passed = failed = 0
    for version in options.python or present(("3.11", "3.13")):
        verdicts, needless = compare(found, version, options.originals_only)
        failures = [verdict for verdict in verdicts if not verdict.passed]
        for verdict in failures[: options.show]:
            print(
                f"\n{verdict.scenario['name']} on CPython {version}: {verdict.complaint}\n{json.dumps(verdict.scenario)}"
            )
        if options.rules:
            for rule, times in judge.count_rules(verdicts).most_common():
                print(f"{times:6} {rule}")
        if len(found) >= ENOUGH_FOR_EVERY_RULE:
            problems += [f"backoff 2.2.1 does already what {rule} mends" for rule in needless]
        if len(found) >= ENOUGH_FOR_EVERY_RULE and not options.originals_only:
            problems += [
                f"no scenario needs the rule {rule}"
                for rule in judge.rule_ids()
                if rule not in judge.count_rules(verdicts)
            ]
        print(f"CPython {version}: {len(verdicts) - len(failures)} passed, {len(failures)} failed")
        passed, failed = passed + len(verdicts) - len(failures), failed + len(failures)
    for problem in problems:
        print(problem)
    print(f"{passed} passed, {failed + len(problems)} failed")
    return 1 if failed or problems else 0


def parse():
    parser = argparse.ArgumentParser(prog="scripts/test-differential", description=__doc__)
    parser.add_argument(
        "--count", type=int, default=2500, help="scenarios on each interpreter (2500)"
    )
    parser.add_argument("--seed", default="1", help="another seed makes other scenarios (1)")
    parser.add_argument(
        "--replay", metavar="FILE", help="play the scenarios in this file, one JSON object a line"
    )
    parser.add_argument(
        "--python",
        action="append",
        metavar="VERSION",
        help="interpreter, may be repeated (3.11 and 3.13, where found)",
    )
    parser.add_argument(
        "--show", type=int, default=5, help="failing scenarios that are printed (5)"
    )
    parser.add_argument("--rules", action="store_true", help="how often each rule was needed")
    parser.add_argument(
        "--originals-only",
        action="store_true",
        help="check only that the rules explain how the originals differ",
    )
    return parser.parse_args()


def present(versions):
    found = [version for version in versions if environments.interpreter(version)]
    return found or sys.exit(f"none of the interpreters {', '.join(versions)} is here")


def compare(found, version, originals_only):
    """One verdict a scenario, and the stand-ins that the originals would not need."""
    replaced = [judge.stand_in(scenario) for scenario in found]
    meant = [scenario for scenario, _ in replaced]
    as_written = [n for n, scenario in enumerate(found) if scenario != meant[n]]
    old = Worker(
        environments.original("2.2.1", version), "backoff", meant + [found[n] for n in as_written]
    )
    workers = [old, Worker(environments.original("3.0.0", version), "backoff", meant)]
    if not originals_only:
        workers.append(Worker(environments.ours(version), "rebackoff", found))
    traces = [worker.traces() for worker in workers]
    directly = traces[0][len(found) :]
    del traces[0][len(found) :]
    verdicts = [
        judge.judge(scenario, *played) for scenario, *played in zip(found, *traces, strict=True)
    ]
    needed = {
        rule
        for n, played in zip(as_written, directly, strict=True)
        if played != traces[0][n]
        for rule in replaced[n][1]
    }
    used = {rule for _, rules in replaced for rule in rules}
    return verdicts, sorted(used - needed)


class Worker:
    """A process that plays scenarios with one library."""

    def __init__(self, python, module, played):
        given, self._made = tempfile.TemporaryFile("w+"), tempfile.TemporaryFile("w+")
        given.writelines(json.dumps(scenario) + "\n" for scenario in played)
        given.seek(0)
        self._process = subprocess.Popen([python, WORKER, module], stdin=given, stdout=self._made)

    def traces(self):
        if self._process.wait():
            sys.exit(
                f"{' '.join(map(str, self._process.args))} ended with status {self._process.returncode}"
            )
        self._made.seek(0)
        return [json.loads(line) for line in self._made]


def rules_without_a_line():
    """Each rule stands for a line of COMPARE.md, whose first column is the id."""
    lines = (
        set(re.findall(r"^\|\s*`?([\w-]+)`?\s*\|", COMPARE.read_text(), re.MULTILINE))
        if COMPARE.exists()
        else set()
    )
    return [f"COMPARE.md has no line {rule}" for rule in judge.rule_ids() if rule not in lines]


sys.exit(main())
