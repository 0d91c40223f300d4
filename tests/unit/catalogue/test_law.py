import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest

from lockgate.base.errors import InvalidInputError, LockgateError
from lockgate.catalogue.law import Law, Limit, Scope, read_law

PROVISION = """
gate = "us-export"
kind = "test"
title = "A test"

[[versions]]
from_on = 2023-11-17
known_on = 2023-10-25
verification = "primary"
summary = "first"
citation = { document = "88 FR 73458" }
lines = [{ id = "a.1", limits = [{ quantity = "tpp", operator = ">=", value = "4800" }] }]
values = { cap = "0.5", since = 2026-01-15, word = "x" }

[[versions]]
from_on = 2025-01-13
status = "suspended"
verification = "open"
summary = "second"
citation = { document = "90 FR 4544" }
"""


def no_groups(place: str, on: dt.date, known_at: dt.date | None) -> frozenset[str]:
    return frozenset({"D:1"}) if place == "CN" else frozenset()


def write(folder: Path, text: str, name: str = "us-ear/3a090/a.toml") -> Law:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return read_law(folder, no_groups)


def test_a_path_is_an_id(tmp_path: Path) -> None:
    law = write(tmp_path, PROVISION)
    assert [item.id for item in law.provisions()] == ["us-ear.3a090.a"]
    assert law.provisions("cn") == ()
    assert law.change_days == (dt.date(2023, 11, 17), dt.date(2025, 1, 13))


def test_the_version_of_the_day(tmp_path: Path) -> None:
    law = write(tmp_path, PROVISION)
    id_ = "us-ear.3a090.a"
    assert id_ not in law.on(dt.date(2023, 11, 16))
    assert law.on(dt.date(2023, 11, 17))[id_].summary == "first"
    assert law.on(dt.date(2025, 1, 12))[id_].summary == "first"
    assert law.on(dt.date(2025, 1, 13))[id_].summary == "second"
    assert law.provision(id_).on(dt.date(2025, 1, 13)) is law.on(dt.date(2025, 1, 13))[id_]


def test_what_was_not_known_does_not_hold(tmp_path: Path) -> None:
    law = write(tmp_path, PROVISION)
    assert len(law.on(dt.date(2024, 1, 1), dt.date(2023, 10, 24))) == 0
    assert list(law.on(dt.date(2024, 1, 1), dt.date(2023, 10, 25))) == ["us-ear.3a090.a"]
    assert law.on(dt.date(2025, 2, 1), dt.date(2024, 1, 1))["us-ear.3a090.a"].summary == "first"


def test_in_force_only(tmp_path: Path) -> None:
    law = write(tmp_path, PROVISION)
    assert law.on(dt.date(2024, 1, 1)).in_force("us-ear.3a090.a")
    assert law.on(dt.date(2025, 2, 1)).in_force("us-ear.3a090.a") is None
    assert law.on(dt.date(2020, 2, 1)).in_force("us-ear.3a090.a") is None


def test_numbers_are_exact(tmp_path: Path) -> None:
    version = write(tmp_path, PROVISION).on(dt.date(2024, 1, 1))["us-ear.3a090.a"]
    assert version.number("cap") == Decimal("0.5")
    assert version.values["since"] == dt.date(2026, 1, 15)
    assert version.line("a.1").limits[0].value == 4800
    with pytest.raises(LockgateError, match="no number"):
        version.number("word")
    with pytest.raises(LockgateError, match="no line"):
        version.line("a.2")


def test_every_problem_of_every_file(tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text("x = ")
    with pytest.raises(InvalidInputError) as caught:
        write(tmp_path, PROVISION.replace('"4800"', "4800.5").replace('operator = ">="', 'operator = "=>"'))
    text = str(caught.value)
    assert "bad" in text
    assert "in quotes" in text
    assert "operator" in text


def test_versions_stand_in_order(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="order of from_on"):
        write(tmp_path, PROVISION.replace("2025-01-13", "2021-01-13"))


def test_unknown_provision(tmp_path: Path) -> None:
    with pytest.raises(LockgateError, match="no provision"):
        write(tmp_path, PROVISION).provision("us-ear.x")


@pytest.mark.parametrize(
    ("scope", "place", "groups", "held"),
    [
        (Scope(worldwide=True), "DE", ("A:5",), True),
        (Scope(worldwide=True, except_places=("US",)), "US", (), False),
        (Scope(groups=("D:1",)), "CN", ("D:1", "D:5"), True),
        (Scope(groups=("D:1",)), "DE", ("A:5",), False),
        (Scope(groups=("D:4",), except_groups=("A:6",)), "IL", ("D:4", "A:6"), False),
        (Scope(groups=("D:4",), places=("AE",), except_groups=("A:5",)), "AE", ("A:5",), True),
    ],
)
def test_scope(scope: Scope, place: str, groups: tuple[str, ...], held: bool) -> None:
    assert scope.holds(place, frozenset(groups)) is held


def test_a_limit_in_words() -> None:
    assert (
        str(Limit(quantity="bandwidth", operator="<", value=Decimal(6500), unit="GB/s"))
        == "bandwidth < 6,500 GB/s"
    )


def test_groups_of_a_place(tmp_path: Path) -> None:
    assert write(tmp_path, PROVISION).on(dt.date(2024, 1, 1)).groups("CN") == {"D:1"}
