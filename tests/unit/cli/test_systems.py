"""``lockgate systems`` and ``lockgate system``."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lockgate.catalogue import load_catalogue
from lockgate.cli.main import app
from lockgate.cli.session import DATA_VARIABLE
from lockgate.cli.systems import complete_system


@pytest.fixture(autouse=True)
def no_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(DATA_VARIABLE, "")


def answer(*arguments: str) -> str:
    result = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


def test_every_system_is_listed() -> None:
    rows = {row["id"]: row for row in json.loads(answer("systems", "--json"))}
    assert set(rows) == {system.id for system in load_catalogue().systems()}
    assert (rows["dgx-h200"]["power_kw"], rows["dgx-h200"]["scale_out_bandwidth_gbit_per_s"]) == (10.2, 3200)
    assert rows["atlas-900-a3-superpod"]["chip_count"] == 384
    text = answer("systems")
    assert all(f"\n{system_id} " in text for system_id in rows)
    assert answer("systems", "--csv").startswith("id,name,vendor")


def test_one_system_shows_facts_and_sources() -> None:
    text = answer("system", "CloudMatrix 384")
    assert "384 × ascend-910c in 48 nodes" in text
    assert "559 kW" in text
    assert "capacity-cloudmatrix-384: Huawei unveils" in text
    sheet = json.loads(answer("system", "dgx-h200", "--json"))
    assert sheet["facts"]["power"]["source"] == "flashgenius-dgx-table"


def test_a_system_of_the_users_own_is_marked(tmp_path: Path) -> None:
    (tmp_path / "systems").mkdir()
    (tmp_path / "systems" / "mine.toml").write_text(
        'name = "Mine"\nvendor = "Me"\nvendor_country = "DE"\nchip = "h200-sxm"\nchip_count = 4\n'
    )
    assert "from your own folder" in answer("--data", str(tmp_path), "system", "mine")
    assert "mine*" in answer("--data", str(tmp_path), "systems")


def test_ids_are_completed() -> None:
    assert complete_system("dgx-h") == ["dgx-h100", "dgx-h200"]
