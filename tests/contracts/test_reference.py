"""The pages of the manual that are made from data say what the data says."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


def load_writer() -> ModuleType:
    spec = importlib.util.spec_from_file_location("write_reference", ROOT / "tools" / "write_reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_made_pages_do_not_lag() -> None:
    assert load_writer().lagging() == [], "run: .venv/bin/python tools/write_reference.py"


def test_a_lagging_page_is_named_and_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = load_writer()
    monkeypatch.setattr(writer, "DOCS", tmp_path)
    assert writer.main(check=True) == 1
    assert list(tmp_path.rglob("*.md")) == []
    assert writer.main(check=False) == 0
    assert writer.main(check=True) == 0
    page = tmp_path / "reference" / "chips.md"
    page.write_text(page.read_text().replace("15832", "15833"))
    assert writer.lagging() == ["reference/chips.md"]
