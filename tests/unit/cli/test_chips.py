"""``lockgate chips`` and ``lockgate chip``."""

import csv
import io
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lockgate.base.errors import LockgateError
from lockgate.catalogue import load_catalogue
from lockgate.cli.main import app
from lockgate.cli.session import DATA_VARIABLE

MINE = """
name = "Mine"
vendor = "Me"
vendor_country = "DE"
rates = [{ formats = ["fp8"], bit_length = 8, value = 1.5, unit = "tflops", source = "my-notes", kind = "stated" }]
[facts]
power = { value = 70, unit = "w", low = 60, high = 80, source = "my-notes", kind = "measured", note = "by us", on = 2026-01-01 }
"""


@pytest.fixture(autouse=True)
def no_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(DATA_VARIABLE, "")


def answer(*arguments: str) -> str:
    result = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


def test_the_table_lists_every_chip() -> None:
    text = answer("chips")
    assert all(f"\n{chip.id} " in text for chip in load_catalogue().chips())
    assert "83 chips" in text


def test_json_and_csv_hold_the_same() -> None:
    rows = json.loads(answer("chips", "--json"))
    table = list(csv.DictReader(io.StringIO(answer("chips", "--csv"))))
    assert [row["id"] for row in rows] == [row["id"] for row in table]
    assert list(rows[0]) == list(table[0])
    h200 = next(row for row in rows if row["id"] == "h200-sxm")
    assert (h200["tpp"], h200["dram_bandwidth_gb_per_s"], h200["io_bandwidth_gb_per_s"]) == (
        15832,
        4800,
        1028,
    )
    assert h200["dram_capacity_gib"] == 141
    unknown = next(row for row in table if row["id"] == "mi308x")
    assert unknown["tpp"] == ""


@pytest.mark.parametrize("vendor", ["Huawei", "huawei", "华为"])
def test_filters_by_vendor(vendor: str) -> None:
    assert {row["vendor"] for row in json.loads(answer("chips", "--json", "--vendor", vendor))} == {"Huawei"}


@pytest.mark.parametrize("country", ["CN", "cn", "China", "中国"])
def test_filters_by_country(country: str) -> None:
    rows = json.loads(answer("chips", "--json", "--country", country))
    assert len(rows) == 32
    assert {row["vendor_country"] for row in rows} == {"CN"}


def test_filters_by_status_on_a_date() -> None:
    rows = json.loads(answer("chips", "--json", "--status", "3A090.b", "--on", "2024-01-01"))
    assert [row["id"] for row in rows] == ["a30", "l40", "mi210"]
    assert {(row["status"], row["status_on"]) for row in rows} == {("3A090.b", "2024-01-01")}
    assert json.loads(answer("chips", "--json", "--status", "3A090.b", "--on", "2023-01-01")) == []
    known = answer("chips", "--json", "--status", "3A090.b", "--on", "2023-11-17", "--known-at", "2023-01-01")
    assert json.loads(known) == []
    assert "status on 2024-01-01" in answer("chips", "--on", "2024-01-01")


def test_one_chip_shows_where_it_stands() -> None:
    text = answer("chip", "h200-sxm", "--on", "2026-09-01", "--known-at", "2026-09-01")
    assert "status on 2026-09-01, as known on 2026-09-01: 3A090.a" in text
    assert "us-section-232.duty box-a" in text
    assert "(proposed)" not in text
    assert "(proposed)" in answer("chip", "h200-sxm", "--on", "2026-09-01", "--with-proposed")
    standing = json.loads(answer("chip", "tpu-v4", "--json", "--on", "2026-09-01"))["standing"]
    assert (standing["status"], standing["missing"]) == ("undetermined", ["performance_density"])
    assert "missing: performance_density" in answer("chip", "tpu-v4", "--on", "2026-09-01")


def test_no_chip_is_no_row() -> None:
    assert answer("chips", "--csv", "--vendor", "AMD", "--country", "CN") == ""
    assert json.loads(answer("chips", "--json", "--vendor", "AMD", "--country", "CN")) == []


@pytest.mark.parametrize(
    ("option", "value", "code"),
    [("--vendor", "Huawey", "unknown-vendor"), ("--country", "Chinaa", "unknown-place")],
)
def test_an_unknown_filter_is_an_error(option: str, value: str, code: str) -> None:
    with pytest.raises(LockgateError) as caught:
        answer("chips", option, value)
    assert caught.value.code == code
    assert "did you mean" in caught.value.hint


def test_a_vendor_near_to_none_lists_the_vendors() -> None:
    with pytest.raises(LockgateError) as caught:
        answer("chips", "--vendor", "zzzzzzzz")
    assert "vendors are AMD" in caught.value.hint


def test_one_chip_shows_facts_arithmetic_and_sources() -> None:
    text = answer("chip", "H200")
    for piece in (
        "h200-sxm", "4800 GB/s", "or 4890", "989.5 × 16 = 15832", "15832 / 814 mm² = 19.45", "epoch-ml-hardware",
        "https://", "named in the rule", "as ours",
    ):  # fmt: skip
        assert piece in text


@pytest.mark.parametrize("chip", [chip.id for chip in load_catalogue().chips()])
def test_every_chip_can_be_shown(chip: str) -> None:
    assert chip in answer("chip", chip)
    sheet = json.loads(answer("chip", chip, "--json"))
    cited = {fact["source"] for fact in sheet["facts"].values()} | {rate["source"] for rate in sheet["rates"]}
    assert cited <= {source["id"] for source in sheet["sources"]}
    assert all(source["title"] for source in sheet["sources"])


def test_a_difference_from_what_is_stated_is_shown() -> None:
    assert "20800 (-119.2 from ours)" in answer("chip", "mi325x")
    sheet = json.loads(answer("chip", "mi325x", "--json"))
    assert sheet["stated_tpp"][0] == {
        "value": 20800,
        "source": "theoutpost-h200-mi325x",
        "difference": -119.2,
    }


def test_bounds_are_shown() -> None:
    assert "at most 1716 mm²" in answer("chip", "b200")
    assert "the density is at least 20.98" in answer("chip", "b200")
    assert "at least 1017 mm²" in answer("chip", "mi300x")
    assert "not known" in answer("chip", "rtx-pro-6000d")


def test_a_chip_of_the_users_own_is_marked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for area, name, text in (
        ("chips", "mine", MINE),
        ("sources", "my-notes", 'title = "Notes"\nkind = "background"\nconfidence = "low"\n'),
    ):
        (tmp_path / area).mkdir()
        (tmp_path / area / f"{name}.toml").write_text(text)
    assert "from your own folder" in answer("--data", str(tmp_path), "chip", "mine")
    monkeypatch.setenv(DATA_VARIABLE, str(tmp_path))
    text = answer("chip", "mine")
    assert "(yours)" in text
    assert "70 (60 to 80) W" in text
    assert "2026-01-01; by us" in text
    assert "mine*" in answer("chips")
    assert json.loads(answer("chip", "mine", "--json"))["origin"] == "user"
    assert [row["origin"] for row in json.loads(answer("chips", "--json")) if row["id"] == "mine"] == ["user"]
