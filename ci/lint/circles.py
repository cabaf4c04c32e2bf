#!/usr/bin/env python3
"""Finds imports in a circle inside a crate or a Python package, against the limits of circles.limits.

    python3 ci/lint/circles.py             fails where an import in a circle is not in the limits, or a limit can go
    python3 ci/lint/circles.py --update    drops the limits that can go, and adds none

Reads words, not meaning. A path of Rust leads to the file that defines its item, through the re-exports of parents.
A parent that only declares its children and re-exports them is in no circle with them. Imports for type checkers
alone do not count, nor do those of tests.
"""

import ast
import re
import subprocess
import sys
from pathlib import Path

# No import leaves bytecode beside the sources.
sys.dont_write_bytecode = True

from limits import main  # noqa: E402 - after bytecode is off

ROOT = Path(__file__).parents[2]

NO_CODE = re.compile(
    r"""//[^\n]*|/\*.*?\*/|\bb?r(#*)".*?"\1|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])'""", re.DOTALL
)
TESTS = re.compile(r"#\[cfg\(test\)\]\s*mod \w+ \{")
USE = re.compile(r"\b(pub(?:\([^)]*\))?\s+)?use\s+([^;]*);")
PATH = re.compile(r"\b(?:crate|super|self)(?:::\w+)+")
ITEM = re.compile(r"\b(?:fn|struct|enum|trait|type|const|static|union|macro_rules!)\s+(\w+)")

FOR_CHECKERS = re.compile(r"(\w+\.)?TYPE_CHECKING")


class Crate:
    """The modules of a crate by their paths."""

    def __init__(self, src: Path):
        self.modules = {}
        for file in src.rglob("*.rs"):
            path = file.relative_to(src).with_suffix("").parts
            if path[0] != "bin":
                path = path[:-1] if path[-1] in ("mod", "lib", "main") else path
                self.modules[path] = Module(file)
        self.parents = {path[:-1] for path in self.modules if path}

    def imports(self):
        """Yields file, line and imported file. What a parent uses of its own children is no import."""
        for place, module in self.modules.items():
            for line, path in module.uses:
                target = self.resolve(place, path)
                if path[0] in ("crate", "super", "self") and target not in (None, module):
                    yield module.file, line, target.file

    def resolve(self, place, path, seen=()):
        """Returns the module that defines what `path` names at `place`; None where it is of another crate."""
        place, rest = self.descend(place, path)
        module = self.modules.get(place)
        if place not in self.parents or not module:
            return module
        if not rest or rest[0] in module.defines:
            return module if rest else None
        for name, exported in module.exports:
            if name in (rest[0], "*") and (place, exported) not in seen:
                target = self.resolve(
                    place,
                    (*exported[:-1], rest[0] if name == "*" else exported[-1]),
                    (*seen, (place, exported)),
                )
                if target and (name != "*" or rest[0] in target.defines):
                    return target
        return None

    def descend(self, place, path):
        """Returns the deepest module that `path` names, and what is left of the path."""
        first, *rest = path
        if first == "crate":
            place = ()
        elif first == "super":
            place = place[:-1]
        elif first != "self":
            rest = path
            if (*place, first) not in self.modules:
                return None, rest
        while rest and (rest[0] == "super" or (*place, rest[0]) in self.modules):
            place = place[:-1] if rest[0] == "super" else (*place, rest[0])
            rest = rest[1:]
        return place, rest


class Module:
    """One file of a crate: the paths that it uses, those that it re-exports, and the items that it defines."""

    def __init__(self, file: Path):
        self.file = file
        text = TESTS.split(NO_CODE.sub(blank, file.read_text(encoding="utf-8")))[0]
        self.uses = [
            (line_of(path), tuple(path[0].split("::")))
            for path in PATH.finditer(USE.sub(blank, text))
        ]
        self.exports = []
        for use in USE.finditer(text):
            for path, name in opened(use[2]):
                self.uses.append((line_of(use), path))
                if use[1]:
                    self.exports.append((name, path))
        self.defines = set(ITEM.findall(text))


def blank(match):
    """Returns as many lines as the match has, so that line numbers stay."""
    return "\n" * match[0].count("\n") or " "


def line_of(match):
    return match.string.count("\n", 0, match.start()) + 1


def opened(tree, before=()):
    """Yields each path of a `use` tree, and the name that it gives."""
    for part in split(tree):
        head, brace, rest = part.partition("{")
        head, _, name = head.partition(" as ")
        path = (*before, *re.findall(r"[\w*]+", head))
        if brace:
            yield from opened(rest.rstrip().removesuffix("}"), path)
        elif path[-1] == "self" and before:
            yield before, name.strip() or before[-1]
        else:
            yield path, name.strip() or path[-1]


def split(tree):
    """Yields the parts of a `use` tree between the commas that stand in no braces."""
    part, depth = "", 0
    for char in tree + ",":
        depth += (char == "{") - (char == "}")
        if char == "," and not depth:
            if part.strip():
                yield part
            part = ""
        else:
            part += char


def imports_of_package(package: Path):
    """Yields file, line and imported file of a Python package. What only re-exports, `__init__`, is imported by none."""
    files = {}
    for file in package.rglob("*.py"):
        name = file.relative_to(package.parent).with_suffix("").parts
        files[name[:-1] if name[-1] == "__init__" else name] = file
    for name, file in files.items():
        place = name if file.name == "__init__.py" else name[:-1]
        for line, path in imports_of_module(ast.parse(file.read_text(encoding="utf-8")), place):
            target = files.get(path) or files.get(path[:-1])
            if target and target is not file and target.name != "__init__.py":
                yield file, line, target


def imports_of_module(tree, place):
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, tuple(alias.name.split("."))) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = place[: len(place) - node.level + 1] if node.level else ()
            base += tuple((node.module or "").split(".")) if node.module else ()
            yield from ((node.lineno, (*base, alias.name)) for alias in node.names)
        elif isinstance(node, ast.If) and FOR_CHECKERS.fullmatch(ast.unparse(node.test)):
            yield from imports_of_module(ast.Module(node.orelse, []), place)
        else:
            yield from imports_of_module(node, place)


def places(imports, root=ROOT):
    """Returns the first line of each import in a circle, by the names of both files."""
    arrows, lines = {}, {}
    for file, line, target in imports:
        arrows.setdefault(file, set()).add(target)
        lines.setdefault((file, target), line)
    names = {file: file.relative_to(root).as_posix() for pair in lines for file in pair}
    return {
        f"{names[file]} -> {names[target]}": [f"{names[file]}:{line} imports {names[target]}"]
        for (file, target), line in lines.items()
        if file in reached_from(target, arrows)
    }


def reached_from(start, arrows):
    reached, ahead = set(), [start]
    while ahead:
        new = arrows.get(ahead.pop(), set()) - reached
        reached |= new
        ahead += new
    return reached


def imports_of_project():
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True
    )
    files = [ROOT / name for name in listed.stdout.splitlines()]
    for folder in {file.parent for file in files if file.name == "Cargo.toml"}:
        yield from Crate(folder / "src").imports()
    packages = {file.parent for file in files if file.name == "__init__.py"}
    for package in packages:
        if package.parent not in packages:
            yield from imports_of_package(package)


if __name__ == "__main__":
    sys.exit(main(__file__, places(imports_of_project()), sys.argv[1:]))
