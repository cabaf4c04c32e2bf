"""The programs in the pages of the guide."""

import pytest
from documents import ROOT, programs, run

PAGES = [page for page in sorted(ROOT.glob("docs/**/*.md")) if list(programs(page))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT / "docs")))
def test_each_program_of_the_page_runs(page, tmp_path, monkeypatch):
    monkeypatch.setenv("REBACKOFF_SHARED_DIR", str(tmp_path / "guards"))
    run(page)
