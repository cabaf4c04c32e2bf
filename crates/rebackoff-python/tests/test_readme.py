"""The programs of the READMEs."""

import pytest
from documents import ROOT, programs, run

PAGES = [
    ROOT / "README.md",
    ROOT / "crates/rebackoff-python/README.md",
    ROOT / "crates/rebackoff-python/drop-in/README.md",
]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_each_program_runs(page):
    assert list(programs(page))
    run(page)
