"""The shipped records against the tables they come from, where the checkout has them beside it."""

import csv
import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest

from lockgate.catalogue import load_catalogue

FACTS = Path(__file__).parents[2] / "../shared/facts"
pytestmark = pytest.mark.skipif(not FACTS.is_dir(), reason="the source tables are not beside this checkout")

# Where ours departs from the table, and why.
BETTER_KNOWN = {
    "mi210": "the FP64 matrix rate, 45.3, decides; the table holds the vector rate",
    "mi350x": "FP6 at the rate of FP4 decides; the table has no column for it",
    "mi355x": "FP6 at the rate of FP4 decides; the table has no column for it",
}
COLUMNS = {
    "memory_bandwidth_gbs": "dram_bandwidth",
    "memory_gib": "dram_capacity",
    "die_area_mm2": "logic_die_area",
    "interconnect_bidir_gbs": "chip_link_bandwidth",
    "tdp_w": "power",
    "process_nm": "process_node",
    "transistors_bn": "transistor_count",
    "pcie_gen": "pcie_generation",
    "pcie_lanes": "pcie_lane_count",
}
RATES = {
    "fp64_tflops": ("fp64",), "fp32_tflops": ("fp32",), "tf32_tflops": ("tf32",), "bf16_fp16_tflops": ("bf16", "fp16"),
    "fp8_tflops": ("fp8",), "int8_tops": ("int8",), "fp4_tflops": ("fp4",),
}  # fmt: skip


# What the table leaves empty and a later source tells.
FOUND_SINCE = {("mlu590", "dram_capacity"), ("mlu590", "dram_bandwidth")}


def rows(name: str) -> list[dict[str, str]]:
    with (FACTS / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


CHIPS = rows("chips/chips.csv") if FACTS.is_dir() else []


def test_every_chip_of_the_table_is_there() -> None:
    assert {row["id"] for row in CHIPS} == {chip.id for chip in load_catalogue().chips()}


@pytest.mark.parametrize("row", CHIPS, ids=[row["id"] for row in CHIPS])
def test_a_chip_agrees_with_the_table(row: dict[str, str]) -> None:
    chip = load_catalogue().chip(row["id"])
    for column, name in COLUMNS.items():
        if row[column]:
            assert chip.facts[name].number == Decimal(row[column]), column
        elif name != "chip_link_bandwidth" and (chip.id, name) not in FOUND_SINCE:
            assert name not in chip.facts or chip.facts[name].number is None, column
    if chip.id in BETTER_KNOWN:
        assert chip.tpp is not None
        assert chip.tpp >= Decimal(row["tpp"])
        return
    for column, formats in RATES.items():
        found = {chip.rate_of[name].number for name in formats if name in chip.rate_of}
        if row[column]:
            assert Decimal(row[column]) in found, column
        else:
            assert not found, column
    assert (None if chip.tpp is None else round(chip.tpp)) == (int(row["tpp"]) if row["tpp"] else None)
    density = None if chip.performance_density is None else round(chip.performance_density, 2)
    assert density == (Decimal(row["performance_density"]) if row["performance_density"] else None)


def test_places_agree_with_the_table_on_the_day_of_its_snapshot() -> None:
    day = dt.date(2026, 9, 1)
    table = rows("law/country_groups.csv")
    assert len(table) == len(load_catalogue().places())
    for row in table:
        place = load_catalogue().place(row["iso2"])
        flags = {name for name in row if name[:1] in "ABDE" and row[name] == "1" and len(name) <= 3}
        if place.code != "HK":
            assert {group for group in place.groups(day) if not group.startswith("supp")} == flags, place.code
