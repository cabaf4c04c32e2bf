#!/usr/bin/env python3
"""Checks the Markdown of the project: links, tested programs, features, the navigation and llms.txt of the guide.

python3 ci/docs/check.py            prints each fault, and fails where there is one
python3 ci/docs/check.py --update   writes docs/llms.txt
"""

import re
import subprocess
import sys
from os.path import relpath
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
LLMS = DOCS / "llms.txt"
CRATE = ROOT / "crates/rebackoff"
FEATURES = [DOCS / "reference/rust-features.md", CRATE / "README.md"]
GUIDE = CRATE / "src/guide.rs"
SCENARIOS = DOCS / "reference/scenarios.md"
SIMULATOR = ROOT / "crates/rebackoff-sim/src"
TESTED = [GUIDE, ROOT / "crates/rebackoff-sim/src/lib.rs"]
REPOSITORY = "https://github.com/rebackoff/rebackoff/"
FENCE = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\(([^)\s]+)\)|^\[[^\]]+\]: (\S+)", re.MULTILINE)
INCLUDE = re.compile(r'--8<-- "([^":]+)[:\d]*"')


def pages():
    names = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z", "*.md"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return [ROOT / name for name in names.stdout.split("\0")[:-1] if (ROOT / name).exists()]


def broken_links(page):
    """Yields the links of a page that lead to no file or heading. Other hosts are not asked."""
    text = page.read_text("utf-8")
    for include in INCLUDE.findall(text):
        if not (ROOT / include).exists():
            yield f"includes {include}, which does not exist"
        if f"]({REPOSITORY}blob/main/{include}):" not in text:
            yield f"includes {include} without a link, which readers of the repository need"
    for match in LINK.finditer(FENCE.sub("", text)):
        link = match[1] or match[2]
        if stored := re.match(REPOSITORY + r"(?:blob|tree)/main/([^#]*)", link):
            target, anchor = ROOT / stored[1], ""
        elif re.match(r"[a-z]+:", link):
            continue
        else:
            path, _, anchor = link.partition("#")
            target = page.parent / path if path else page
        if not target.exists():
            yield f"links to {link}, which does not exist"
        elif anchor and anchor not in anchors(target):
            yield f"links to {link}, which is no heading there"
        elif DOCS in page.parents and DOCS.resolve() not in target.resolve().parents and not anchor:
            if not link.startswith(REPOSITORY):
                yield f"links to {link}, which is no page of the guide: use {REPOSITORY}blob/main/"
        elif page.parent.parent == ROOT / "crates" and not link.startswith(REPOSITORY):
            yield f"links to {link}; a README of a package needs absolute links"


def escaped_pipes(page):
    """Yields the code in tables that the guide shows with a backslash, and the repository without."""
    for code in re.findall(r"`[^`\n]*\\\|[^`\n]*`", FENCE.sub("", page.read_text("utf-8"))):
        yield f"has {code}, which the guide shows with its backslashes: use <code> and &#124;"


def anchors(page):
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", page.read_text("utf-8")), re.MULTILINE)
    return {
        re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings
    }


def title(page):
    return page.read_text("utf-8").partition("\n")[0].removeprefix("# ")


def summary(page):
    """Returns the first sentence of prose of a page."""
    text = FENCE.sub("", page.read_text("utf-8"))
    for paragraph in re.split(r"\n\s*\n", text)[1:]:
        if re.match(r"[A-Za-z`]", paragraph):
            sentence = re.split(r"(?<=[.:])\s", paragraph.replace("\n", " "), maxsplit=1)[0]
            return re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", sentence)
    return ""


def navigation():
    return re.findall(r"[\w/-]+\.md", (ROOT / "mkdocs.yml").read_text("utf-8").partition("nav:")[2])


def llms():
    lines = [
        "# rebackoff",
        "",
        "> Retries for Python, Rust and the shell, on one engine: waits, jitter, limits, hints, budgets, circuit breakers,",
        "> and a simulator that shows what a policy does to a service.",
        "",
        "## Guide",
        "",
    ]
    for name in navigation():
        page = DOCS / name
        said = summary(page)
        lines.append(
            f"- [{title(page)}]({REPOSITORY}blob/main/docs/{name})" + (f": {said}" if said else "")
        )
    return "\n".join(lines) + "\n"


def features():
    section = (CRATE / "Cargo.toml").read_text("utf-8").partition("[features]")[2]
    return re.findall(r"^(\w+) = ", section.partition("\n[")[0], re.MULTILINE)


def words_of_scenarios():
    """Returns the keys of a scenario and the names of its figures."""
    keys = (SIMULATOR / "scenario/read.rs").read_text("utf-8")
    figures = (SIMULATOR / "figures/named.rs").read_text("utf-8")
    lists = re.findall(r"(?:allow\(&|KEYS: [^=]*= )\[([^]]*)\]", keys)
    rows = re.findall(r'^    \("(\w+)"', figures, re.MULTILINE)
    return re.findall(r'"(\w+)"', " ".join(lists)) + rows


def names(file, page):
    """Returns whether a source file has a page as documentation, whose programs then run."""
    return f'"{relpath(page, file.parent)}"' in file.read_text("utf-8")


def complaints():
    for page in pages():
        for complaint in broken_links(page):
            yield f"{page.relative_to(ROOT)} {complaint}"
    for page in sorted([*DOCS.glob("**/*.md"), *ROOT.glob("crates/*/README.md")]):
        name = page.relative_to(ROOT).as_posix()
        if "\n```rust" in page.read_text("utf-8") and not any(names(file, page) for file in TESTED):
            yield f"{name} has programs in Rust, and {GUIDE.relative_to(ROOT)} does not name it"
    for page in sorted(DOCS.glob("**/*.md")):
        name = page.relative_to(ROOT).as_posix()
        if page.relative_to(DOCS).as_posix() not in navigation():
            yield f"{name} is not in the navigation of mkdocs.yml"
        for complaint in escaped_pipes(page):
            yield f"{name} {complaint}"
    for page in FEATURES:
        for feature in features():
            if feature != "default" and f"`{feature}`" not in page.read_text("utf-8"):
                yield f"{page.relative_to(ROOT)} does not name the feature {feature}"
    for word in words_of_scenarios():
        if f"`{word}`" not in SCENARIOS.read_text("utf-8"):
            yield f"{SCENARIOS.relative_to(ROOT)} does not name {word}, which a scenario or its figures have"
    if not LLMS.exists() or LLMS.read_text("utf-8") != llms():
        yield "docs/llms.txt is old; run python3 ci/docs/check.py --update"


if __name__ == "__main__":
    if sys.argv[1:] == ["--update"]:
        LLMS.write_text(llms(), "utf-8")
    found = list(complaints())
    print(*found, sep="\n", file=sys.stderr, end="\n" if found else "")
    sys.exit(1 if found else 0)
