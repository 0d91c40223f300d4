"""``lockgate sources`` and ``lockgate source``."""

import json

import pytest
from typer.testing import CliRunner

from lockgate.base.errors import LockgateError
from lockgate.cli.main import app
from lockgate.cli.session import DATA_VARIABLE
from lockgate.cli.sources import complete_source


@pytest.fixture(autouse=True)
def no_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(DATA_VARIABLE, "")


def answer(*arguments: str) -> str:
    result = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


def test_every_source_is_listed_with_its_uses() -> None:
    rows = {row["id"]: row for row in json.loads(answer("sources", "--json"))}
    assert rows["epoch-ml-hardware"]["use_count"] > 100
    assert "epoch-ml-hardware" in answer("sources")
    assert answer("sources", "--csv").startswith("id,")


def test_one_source_shows_who_cites_it() -> None:
    text = answer("source", "anandtech-mi210")
    assert "chips/mi210.toml  rates[0]" in text
    sheet = json.loads(answer("source", "anandtech-mi210", "--json"))
    assert {"file": "chips/mi210.toml", "place": "rates[0]"} in sheet["uses"]


def test_an_unknown_source_suggests_near_ones() -> None:
    with pytest.raises(LockgateError) as caught:
        answer("source", "anandtech-mi211")
    assert "anandtech-mi210" in caught.value.hint


def test_ids_are_completed() -> None:
    assert "epoch-ml-hardware" in complete_source("epoch")
