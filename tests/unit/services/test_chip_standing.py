"""Where a chip stands on a day."""

import datetime as dt
from decimal import Decimal

import pytest

from lockgate.base.errors import LockgateError
from lockgate.catalogue import load_catalogue
from lockgate.services.chip_standing import check_status, stand, standing_as_dict

CATALOGUE = load_catalogue()
NOW = dt.date(2026, 9, 1)


@pytest.mark.parametrize(
    ("chip", "day", "status"),
    [
        ("h100-sxm", "2022-08-01", "not-in-force"),
        ("h100-sxm", "2022-11-01", "3A090-2022"),
        ("h800-sxm", "2022-11-01", "none"),  # its links stay below 600 GB/s
        ("h800-sxm", "2023-11-17", "3A090.a"),
        ("h20-96", "2026-09-01", "none"),
        ("l40", "2024-01-01", "3A090.b"),
        ("rtx-4090d", "2024-05-01", "none"),  # Note 2: not for data centres, below 4,800
        ("b200", "2026-09-01", "3A090.a"),  # by TPP alone: no die area is needed
        ("tpu-v4", "2026-09-01", "undetermined"),  # its density decides and is not known
        ("ascend-910", "2026-09-01", "undetermined"),  # only an upper bound of its density is known
    ],
)
def test_status_on_a_day(chip: str, day: str, status: str) -> None:
    assert stand(CATALOGUE, CATALOGUE.chip(chip), dt.date.fromisoformat(day)).status == status


def test_what_is_known_later_does_not_count_before() -> None:
    day = dt.date(2023, 11, 17)
    assert (
        stand(CATALOGUE, CATALOGUE.chip("h800-sxm"), day, known_at=dt.date(2023, 10, 1)).status != "3A090.a"
    )


def test_every_limit_has_its_distance() -> None:
    standing = stand(CATALOGUE, CATALOGUE.chip("h200-sxm"), NOW)
    margins = {
        (line.provision, line.line, item.limit.quantity, item.limit.operator): item.margin
        for line in standing.lines
        for item in line.limits
    }
    assert margins["us-ear.3a090.a", "a.1", "tpp", ">="] == 11032
    assert margins["us-ear.742-6.b-10-iii-a-1-case-by-case", "dd", "dram_bandwidth_gb_per_s", "<"] == Decimal(
        -1700
    )
    assert {line.provision for line in standing.lines if line.truth} >= {
        "us-ear.3a090.a",
        "us-section-232.duty",
    }


def test_proposed_lines_are_shown_only_when_asked_for() -> None:
    chip = CATALOGUE.chip("h200-sxm")
    assert not any(line.proposed for line in stand(CATALOGUE, chip, NOW).lines)
    assert any(line.proposed for line in stand(CATALOGUE, chip, NOW, with_proposed=True).lines)


def test_an_unknown_figure_has_no_margin() -> None:
    plain = standing_as_dict(stand(CATALOGUE, CATALOGUE.chip("tpu-v4"), NOW))
    limits = [
        limit
        for line in plain["lines"]
        for limit in line["limits"]
        if limit["quantity"] == "performance_density"
    ]
    assert limits
    assert {limit["margin"] for limit in limits} == {None}
    assert plain["missing"] == ["performance_density"]


def test_status_names() -> None:
    assert check_status("3a090.A") == "3A090.a"
    with pytest.raises(LockgateError, match="no status"):
        check_status("banned")
