"""``lockgate read``, ``watch`` and ``decide``."""

import csv
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lockgate.base.errors import LockgateError
from lockgate.cli.main import app

REPORTS = Path(__file__).parents[3] / "examples" / "h200-first-batch" / "reports"


def run(*arguments: str, status: int = 0) -> str:
    result = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert result.exit_code == status, result.output
    return result.stdout


def test_text_json_csv_and_html() -> None:
    text = run("read", str(REPORTS), "--explain")
    assert "made by" in text
    assert "would settle it" in text
    data = json.loads(run("read", str(REPORTS), "--json"))
    rows = list(csv.DictReader(run("read", str(REPORTS), "--csv").splitlines()))
    assert [row["id"] for row in rows] == [claim["id"] for claim in data["claims"]]
    assert run("read", str(REPORTS), "--html").startswith("<!doctype html>")


def test_a_bad_file_is_told_and_the_rest_read(tmp_path: Path) -> None:
    (tmp_path / "empty.txt").write_text("")
    result = CliRunner().invoke(app, ["read", str(tmp_path / "empty.txt"), str(REPORTS / "1-wire.txt")])
    assert result.exit_code == 0
    assert "the file is empty" in result.stderr
    assert "1-wire.txt" in result.stdout
    run("read", str(tmp_path / "empty.txt"), status=2)


def test_the_day_can_be_given(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("The H200 was announced last month.")
    data = json.loads(run("read", str(tmp_path / "a.txt"), "--json", "--date", "2023-12-05"))
    assert [claim["value"] for claim in data["claims"] if claim["attribute"] == "chip.announce_date"] == [
        "2023-11"
    ]


def test_decide_then_read_into_a_deal(tmp_path: Path) -> None:
    journal, deal = str(tmp_path / "j.jsonl"), str(tmp_path / "deal.toml")
    claims = json.loads(run("read", str(REPORTS / "1-wire.txt"), "--json"))["claims"]
    claim = next(claim for claim in claims if claim["attribute"] == "quantity.units")
    run("decide", journal, "accept", claim["id"], "--by", "ana", "--reason", "seen in print")
    assert "accepted by ana" in run("read", str(REPORTS / "1-wire.txt"), "--journal", journal, "--deal", deal)
    assert "low = 200000" in Path(deal).read_text()
    with pytest.raises(LockgateError):
        run("decide", journal, "accept", claim["id"], "--by", "ana", "--reason", "")


def test_watch_once(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("China approved imports of 400,000 H200 chips.")
    assert "+ c-" in run("watch", str(tmp_path), "--once")
    assert run("watch", str(tmp_path), "--once") == ""
