"""Every published example of rationing and of clocks, to the unit and the day."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from lockgate.catalogue import load_catalogue
from lockgate.catalogue.procedures import read_procedures
from tests.oracles.worksheets import DATA, WORKERS, main, work_allocation, work_clock

SHARED = Path(__file__).parents[2] / "../shared/facts/process"


def rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


ALLOCATIONS, CLOCKS = rows("allocation_examples.csv"), rows("clock_examples.csv")


def agrees(found: dict[str, Any], expected: dict[str, Any]) -> None:
    assert {name: found[name] for name in expected} == expected


def test_all_rows_are_there() -> None:
    assert (len(ALLOCATIONS), len(CLOCKS)) == (40, 11)
    assert {row["rule"] for row in ALLOCATIONS} == set(WORKERS)


@pytest.mark.parametrize("row", ALLOCATIONS, ids=lambda row: f"{row['id']} {row['rule']}")
def test_rationing(row: dict[str, str]) -> None:
    agrees(work_allocation(row["rule"], json.loads(row["inputs_json"])), json.loads(row["expected_json"]))


@pytest.mark.parametrize("row", CLOCKS, ids=lambda row: f"{row['id']} {row['case']}")
def test_clock(row: dict[str, str]) -> None:
    agrees(work_clock(json.loads(row["inputs_json"])), json.loads(row["expected_json"]))


@pytest.mark.skipif(
    not SHARED.exists(), reason="the tables these were copied from are not beside this checkout"
)
@pytest.mark.parametrize("name", ["allocation_examples.csv", "clock_examples.csv"])
def test_the_copy_is_the_original(name: str) -> None:
    assert (DATA / name).read_bytes() == (SHARED / name).read_bytes()


def test_a_wrong_row_is_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = tmp_path / "wrong.csv"
    with table.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ALLOCATIONS[0])
        writer.writeheader()
        writer.writerow(ALLOCATIONS[2] | {"expected_json": '{"unallocated": 1}'})
    assert main(table) == 1
    assert "(1, 0)" in capsys.readouterr().out


@pytest.mark.parametrize("area", ["rules", "measures"])
def test_every_rule_has_its_source(area: str) -> None:
    sources = set(load_catalogue().source_shelf.ids())
    for name, raw in read_procedures(area).items():
        assert raw.get("source", "") in {"", *sources}, name
        assert ("source" in raw) == (raw["confidence"] != "D"), name


def test_every_clock_has_its_source() -> None:
    sources = set(load_catalogue().source_shelf.ids())
    for raw in read_procedures("clocks").values():
        for clock in raw["clock"]:
            assert clock["source"] in sources, clock["id"]


def test_every_source_of_a_calendar_exists() -> None:
    sources = set(load_catalogue().source_shelf.ids())
    assert {raw["source"] for raw in read_procedures("calendars").values()} <= sources
