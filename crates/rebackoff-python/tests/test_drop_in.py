"""The import name `backoff`."""

from __future__ import annotations

import pathlib
import subprocess
import sys
import textwrap

import pytest
import rebackoff

DROP_IN = pathlib.Path(__file__).resolve().parents[1] / "drop-in"


def run(code, *, expect=0, path=()):
    """Runs the code in an interpreter of its own, with these directories in front of the path."""
    code = f"import sys; sys.path[:0] = {[str(entry) for entry in path]!r}\n" + textwrap.dedent(
        code
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == expect, done.stderr
    return done.stdout + done.stderr


def test_every_module_is_one_object_under_both_names():
    run(
        """
        import rebackoff
        rebackoff.install_as_backoff()
        import backoff
        import backoff._sync, backoff._async, backoff._common, backoff._jitter, backoff._wait_gen, backoff._decorator
        from backoff import types
        from backoff._typing import Details, _Handler, _Jitterer, _MaybeCallable, _MaybeLogger, _Predicate, _WaitGenerator
        import rebackoff._sync, rebackoff.types
        assert backoff is rebackoff
        assert backoff._sync is rebackoff._sync and types is rebackoff.types and types.Details is Details
        assert backoff._sync.__spec__.name == backoff._sync.__name__ == "rebackoff._sync"
        rebackoff.install_as_backoff()
        """
    )


def test_the_private_names_can_be_patched_under_the_old_name():
    run(
        """
        import rebackoff
        rebackoff.install_as_backoff()
        import asyncio, datetime, time
        from unittest import mock
        import backoff

        def fail(times):
            left = [times]
            def target():
                left[0] -= 1
                if left[0] >= 0:
                    raise ValueError
            return backoff.on_exception(backoff.expo, ValueError, jitter=None)(target)

        with mock.patch("backoff._sync.time.sleep") as sleep:
            fail(1)()
        sleep.assert_called_once_with(1)
        with mock.patch("backoff._async.asyncio.sleep", new_callable=mock.AsyncMock) as sleep:
            calls = []
            @backoff.on_predicate(backoff.constant, jitter=None)
            async def poll():
                calls.append(1)
                return len(calls) > 1
            asyncio.run(poll())
        sleep.assert_awaited_once_with(1)
        with mock.patch("backoff._async._next_wait", return_value=0) as next_wait:
            calls.clear()
            asyncio.run(poll())
        assert next_wait.call_count == 1
        for name in ("_sync.datetime", "_common._config_handlers", "_common._prepare_logger", "_common._maybe_call", "_typing.Details"):
            with mock.patch("backoff." + name):
                pass
        assert backoff._sync.datetime is datetime
        """
    )


def test_installing_after_another_backoff_is_an_error_that_names_it():
    said = run(
        """
        import types
        other = types.ModuleType("backoff")
        other.__file__ = "/somewhere/backoff/__init__.py"
        sys.modules["backoff"] = other
        import rebackoff
        rebackoff.install_as_backoff()
        """,
        expect=1,
    )
    assert (
        "RuntimeError: install_as_backoff() has to come before the first `import backoff`" in said
    )
    assert "/somewhere/backoff/__init__.py" in said


ADD_DROP_IN = f"import site; site.addsitedir({str(DROP_IN)!r})"


def test_the_drop_in_is_rebackoff():
    run(
        f"""
        {ADD_DROP_IN}
        import warnings
        warnings.simplefilter("error")
        import importlib.util
        assert importlib.util.find_spec("backoff").name == "backoff"
        import backoff
        import rebackoff
        assert backoff is rebackoff and sys.modules["backoff"] is rebackoff
        from backoff._wait_gen import expo
        import backoff.types
        assert backoff.__version__ == "2.2.1" and backoff.__spec__.name == "rebackoff"
        """
    )


@pytest.mark.parametrize("is_first", [True, False])
def test_the_drop_in_wins_over_an_original_on_the_path(tmp_path, is_first):
    (tmp_path / "backoff").mkdir()
    (tmp_path / "backoff" / "__init__.py").write_text("raise AssertionError('the original')")
    where = "0:0" if is_first else "len(sys.path):"
    run(f"{ADD_DROP_IN}\nsys.path[{where}] = [{str(tmp_path)!r}]\nimport backoff.types")


def test_without_rebackoff_the_drop_in_leaves_the_import_to_the_original(tmp_path):
    (tmp_path / "backoff.py").write_text("name = 'the original'")
    run(
        f"""
        import importlib.util
        found = importlib.util.find_spec
        importlib.util.find_spec = lambda name, *rest: None if name == "rebackoff" else found(name, *rest)
        {ADD_DROP_IN}
        import backoff
        assert backoff.name == "the original"
        """,
        path=[tmp_path],
    )


def test_the_drop_in_owns_no_folder_of_the_original():
    names = {path.name for path in DROP_IN.iterdir()}
    assert "backoff" not in names and "backoff-stubs" in names


def test_there_is_a_stub_for_every_public_module():
    package = pathlib.Path(rebackoff.__file__).parent
    stubs = DROP_IN / "backoff-stubs"
    modules = [path.relative_to(package).with_suffix("") for path in package.rglob("*.py")]
    public = [path for path in modules if not path.name.startswith("_")]
    missing = [path for path in public if not (stubs / path).with_suffix(".pyi").exists()]
    assert missing == []


def test_a_start_of_python_imports_nothing_for_the_drop_in():
    line = (DROP_IN / "rebackoff_drop_in.pth").read_text()
    before = set(sys.modules)
    exec(line)
    try:
        assert set(sys.modules) == before
    finally:
        sys.meta_path.pop(0)


# Logging


def test_under_the_old_name_the_logger_logs_from_info_on():
    said = run(
        """
        import rebackoff
        rebackoff.install_as_backoff()
        import logging, backoff
        logging.getLogger("backoff").addHandler(logging.StreamHandler())
        @backoff.on_exception(backoff.constant, OSError, interval=0, jitter=None, max_tries=3)
        def fetch():
            raise OSError("down")
        try:
            fetch()
        except OSError:
            pass
        """
    )
    assert said.count("Backing off fetch(...) for 0.0s (OSError: down)") == 2
    assert said.count("Giving up fetch(...) after 3 tries (OSError: down)") == 1


def test_a_level_that_the_application_has_set_stays():
    run(
        """
        import logging
        logging.getLogger("backoff").setLevel(logging.ERROR)
        import rebackoff
        rebackoff.install_as_backoff()
        assert logging.getLogger("backoff").level == logging.ERROR
        """
    )


@pytest.mark.parametrize("order", ["rebackoff, logging", "logging, rebackoff"])
def test_the_import_alone_sets_no_level_and_adds_a_null_handler(order):
    run(
        f"""
        import importlib.util
        importlib.util.find_spec("logging")
        import {order}
        logger = logging.getLogger("backoff")
        assert logger.level == logging.NOTSET
        assert [type(one).__name__ for one in logger.handlers] == ["NullHandler"]
        assert not [one for one in sys.meta_path if "rebackoff" in type(one).__module__]
        assert logging.__spec__.loader is logging.__loader__
        """
    )


@pytest.mark.parametrize(
    "name",
    ["asyncio", "logging", "random", "datetime", "inspect", "typing", "functools", "dataclasses"],
)
def test_importing_the_package_does_not_import(name):
    said = run(
        f"before = {name!r} in sys.modules\nimport rebackoff\nprint(before, {name!r} in sys.modules)"
    )
    before, after = said.split()
    assert before == after


def test_everything_public_is_there_and_nothing_else_is_promised():
    said = run(
        "from rebackoff import *\nimport rebackoff\nprint([n for n in rebackoff.__all__ if not hasattr(rebackoff, n)])"
    )
    assert said.strip() == "[]"
    assert "has no attribute 'nonsense'" in run("import rebackoff; rebackoff.nonsense", expect=1)
    run(
        "import rebackoff; rebackoff.presets, rebackoff.strategies, rebackoff.testing, rebackoff.types"
    )
