"""The machine of the figures."""

import os
import pathlib
import platform
import re
import subprocess


def load() -> str:
    """Returns how many processes wanted to run, over the last minute."""
    return f"{os.getloadavg()[0]:.1f}"


def lines() -> list[str]:
    return [
        f"- Processor: {processor()}, {os.cpu_count()} cores, {memory()} GiB of memory",
        f"- Linux {platform.release()}, {platform.machine()}",
        f"- {first_line('rustc', '--version')}; release, fat LTO, one codegen unit",
        f"- {first_line('valgrind', '--version')}",
    ]


def processor() -> str:
    found = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    return found[1] if found else platform.processor()


def memory() -> int:
    return round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30)


def first_line(*command: str) -> str:
    run = subprocess.run(command, check=True, text=True, capture_output=True)
    return run.stdout.splitlines()[0]
