"""What is shipped: places, parties, names."""

import datetime as dt
from collections import Counter

import pytest

from lockgate.catalogue import load_catalogue
from lockgate.catalogue.shelf import fold_name

CATALOGUE = load_catalogue()
DAY = dt.timedelta(days=1)


@pytest.mark.parametrize("area", ["chips", "systems", "places", "parties"])
def test_no_two_records_share_a_name(area: str) -> None:
    names = Counter(
        name
        for record in getattr(CATALOGUE, area)()
        for name in {fold_name(text) for text in (record.id, record.name, *record.aliases)}
    )
    assert [name for name, count in names.items() if count > 1] == []


def test_every_area_holds_something() -> None:
    counts = (
        len(CATALOGUE.chips()),
        len(CATALOGUE.places()),
        len(CATALOGUE.parties()),
        len(CATALOGUE.sources()),
    )
    assert all(counts)
    assert counts[:2] == (83, 201)


@pytest.mark.parametrize(
    ("place", "group", "day", "change"),
    [
        ("AE", "A:5", dt.date(2026, 7, 10), "joins"),
        ("AE", "D:4", dt.date(2026, 7, 10), "leaves"),
        ("NI", "D:5", dt.date(2024, 3, 15), "joins"),
        ("NI", "B", dt.date(2024, 3, 15), "leaves"),
        ("CY", "D:5", dt.date(2024, 5, 30), "leaves"),
        ("KH", "D:5", dt.date(2026, 2, 3), "leaves"),
        ("FR", "supp-5a", dt.date(2025, 1, 13), "joins"),
    ],
)
def test_memberships_change_on_their_day(place: str, group: str, day: dt.date, change: str) -> None:
    before, after = (CATALOGUE.place(place).in_group(group, on) for on in (day - DAY, day))
    assert (before, after) == ((False, True) if change == "joins" else (True, False))


def test_macau_is_not_in_d5_and_hong_kong_is_as_china() -> None:
    day = dt.date(2026, 9, 1)
    assert not CATALOGUE.place("Macau").in_group("D:5", day)
    assert CATALOGUE.place("澳门").in_group("D:4", day)
    assert CATALOGUE.place("香港").groups(day) == CATALOGUE.place("中国").groups(day)
    assert CATALOGUE.place("HK").part_of == "CN"


def test_parents_and_makers_exist() -> None:
    ids = {party.id for party in CATALOGUE.parties()}
    assert {party.ultimate_parent for party in CATALOGUE.parties() if party.ultimate_parent} <= ids
    assert {chip.vendor_party for chip in CATALOGUE.chips()} <= ids
    assert CATALOGUE.party("平头哥").ultimate_parent == "alibaba"
    assert CATALOGUE.party("Biren").listings[0].holds_on(dt.date(2023, 10, 17)) is True
    assert CATALOGUE.party("Biren").listings[0].holds_on(dt.date(2023, 10, 16)) is False
    assert CATALOGUE.party("biren").sources()


def test_countries_of_parties_and_systems_exist() -> None:
    codes = {place.code for place in CATALOGUE.places()}
    assert {party.headquarters for party in CATALOGUE.parties()} - {None} <= codes
    assert {chip.vendor_country for chip in CATALOGUE.chips()} <= codes


def test_a_system_carries_a_chip_of_the_catalogue() -> None:
    assert {system.chip for system in CATALOGUE.systems()} <= set(CATALOGUE.chip_shelf.ids())
