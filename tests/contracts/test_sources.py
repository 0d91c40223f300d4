"""Every source that is cited exists, and every source is cited."""

from pathlib import Path

import pytest

from lockgate.catalogue.citing import find_uses

ROOT = Path(__file__).parents[2]
DATA = ROOT / "src" / "lockgate" / "data"
RECORDS = {path.stem for path in (DATA / "sources").glob("*.toml")}
USES = list(find_uses([DATA]))


@pytest.mark.parametrize("file", sorted({use.file for use in USES}))
def test_every_cited_source_exists(file: str) -> None:
    assert [use for use in USES if use.file == file and use.source not in RECORDS] == []


def test_every_source_is_cited() -> None:
    """By the data, an example or a case; or by code, whose docstrings name a paper as ``arXiv 2104.04473``."""
    cited = {use.source for use in USES} | {
        use.source for use in find_uses([ROOT / "examples", ROOT / "tests" / "cases"])
    }
    code = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "src").rglob("*.py"))
    by_code = {
        source
        for source in RECORDS
        if source in code or source.replace("arxiv-", "arXiv ").replace("-", ".") in code
    }
    assert sorted(RECORDS - cited - by_code) == []
