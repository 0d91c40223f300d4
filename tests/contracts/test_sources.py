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
