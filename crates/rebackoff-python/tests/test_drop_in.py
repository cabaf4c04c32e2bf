"""The import name `backoff`."""

from __future__ import annotations

import pathlib
import subprocess
import sys
import textwrap

import pytest

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


def test_the_drop_in_is_rebackoff():
    run(
        """
        import warnings
        warnings.simplefilter("error")
        import backoff
        import rebackoff
        assert backoff is rebackoff and sys.modules["backoff"] is rebackoff
        from backoff._wait_gen import expo
        """,
        path=[DROP_IN],
    )


def test_the_drop_in_says_so_when_it_finds_the_original_in_its_folder(tmp_path):
    folder = tmp_path / "backoff"
    folder.mkdir()
    (folder / "__init__.py").write_text((DROP_IN / "backoff" / "__init__.py").read_text())
    (folder / "_decorator.py").write_text("raise AssertionError('the original was imported')")
    said = run("import backoff\nprint(backoff.__name__)", path=[tmp_path])
    assert (
        "RuntimeWarning: backoff (or python-backoff) is installed beside rebackoff-drop-in" in said
    )
    assert "rebackoff\n" in said


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
