"""The manual's pages on states and rights are what the code makes of them today."""

from pathlib import Path

import pytest

from lockgate.reports.case_tables import PAGES

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"


@pytest.mark.parametrize("name", PAGES)
def test_the_page_is_current(name: str) -> None:
    assert (REFERENCE / name).read_text(encoding="utf-8") == PAGES[name](), "run tools/case-tables"
