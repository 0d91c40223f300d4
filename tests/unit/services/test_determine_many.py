"""Many rows at once give the lines that they give one by one."""

import datetime as dt
import json
import random
from collections.abc import Iterator
from typing import Any

import pytest

from lockgate.catalogue import load_catalogue
from lockgate.services import determine_many
from lockgate.services.determine import Determiner, answer_as_dict
from lockgate.services.determine_many import Line, answer_lines

TODAY = dt.date(2026, 11, 22)
CATALOGUE = load_catalogue()
CHIPS = (
    "h200-sxm",
    "h20-96",
    "h800-sxm",
    "rtx-4090",
    "l40",
    "b200",
    "mi308x",
    "ascend-910b3",
    "hgx-h200",
    "t4",
    "",
)
PLACES = ("CN", "China", "HK", "MO", "RU", "DE", "sg", "SA", "AE", "IN", "US", "", "Atlantis")
YES = ("yes", "no", "", "unknown", "maybe")
CELLS: dict[str, tuple[str, ...]] = {
    "item": CHIPS,
    "on": ("2022-08-01", "2022-09-01", "2023-10-24", "2024-06-01", "2025-03-01", "2026-02-01", "2026-08-01", "2027-01-01", ""),
    "kind": ("export", "reexport", "remote-access", "in-country-transfer", ""),
    "from": ("US", "TW", "CN", ""),
    "to": PLACES,
    "end_user_hq": PLACES,
    "ultimate_parent": PLACES,
    "quantity": ("10", "500,000", "", "-1"),
    "exporter": ("NVIDIA", "", "Dell"),
    "end_user": ("ByteDance", "腾讯", "", 'A "quoted" name'),
    "military_end_use": YES,
    "us_licence": YES,
    "cn_approval": YES,
    "datacenter": ("", "", "yes", "no"),
    "tpp": ("", "", "4800", "21,000", "1599.99", "many"),
    "performance_density": ("", "", "5.92", "3.2"),
    "dram_bandwidth_gb_per_s": ("", "", "4800", "6500"),
    "supp8_approved": YES,
    "dd_kyc": YES,
    "dd_not_military": YES,
    "dd_lab_revoked": ("", "", "no", "2026-02-01"),
    "dd_us_units_shipped": ("", "", "", "100"),
    "exporter_role": ("", "", "", "fabricator"),
    "purchase_order": YES,
}  # fmt: skip


def make_rows(count: int, seed: int, *, clean: bool = False) -> Iterator[tuple[int, dict[str, str]]]:
    """Rows of cells chosen at random; clean ones have no cell that is refused."""
    choose = random.Random(seed)
    refused = {"maybe", "Atlantis", "-1", "many", "t4"}
    cells = {name: [c for c in given if not (clean and c in refused)] for name, given in CELLS.items()}
    for position in range(1, count + 1):
        row = {name: choose.choice(given) for name, given in cells.items()}
        if clean and not row["item"]:
            row["item"] = "h200-sxm"
        yield position, {"id": choose.choice(("", f"row {position}")), **row}


def one_by_one(determiner: Determiner, rows: Any) -> list[Line]:
    """The lines that the rows give one by one."""
    lines = []
    for answer in determiner.answer_rows(rows):
        if answer.determination is None:
            lines.append(Line(answer.number, error=answer.error))
        else:
            plain = answer_as_dict(answer.determination, CATALOGUE)
            lines.append(Line(answer.number, json.dumps(plain, ensure_ascii=False).encode()))
    return lines


@pytest.mark.parametrize("clean", [True, False])
@pytest.mark.parametrize(("on", "known_at"), [(None, None), (dt.date(2026, 2, 1), dt.date(2026, 1, 13))])
def test_the_same_lines(
    monkeypatch: pytest.MonkeyPatch, on: dt.date | None, known_at: dt.date | None, clean: bool
) -> None:
    monkeypatch.setattr(determine_many, "FIRST", 0)
    monkeypatch.setattr(determine_many, "CHUNK", 100)
    determiner = Determiner(CATALOGUE, on=on, known_at=known_at, today=TODAY)
    rows = list(make_rows(350, seed=7, clean=clean))
    found = list(answer_lines(determiner, rows))
    expected = one_by_one(Determiner(CATALOGUE, on=on, known_at=known_at, today=TODAY), rows)
    for line, other in zip(found, expected, strict=True):
        assert line.number == other.number
        assert line.data == other.data
        assert str(line.error) == str(other.error)
    assert any(line.error for line in found) is not clean
