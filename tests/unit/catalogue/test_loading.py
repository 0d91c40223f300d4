"""Reading files: lazily, all problems at once, with the user's own over ours."""

import datetime as dt
from pathlib import Path

import pytest

from lockgate.base.errors import InvalidInputError, LockgateError
from lockgate.catalogue import Catalogue, load_catalogue, loading, shelf

CHIP = """
name = "My chip"
aliases = ["Mein Chip"]
vendor = "Me"
vendor_country = "DE"
rates = [{ formats = ["fp8"], bit_length = 8, value = 599.875, unit = "tflops", source = "my-source", kind = "measured" }]
"""
SOURCE = 'title = "My notes"\nkind = "background"\nconfidence = "low"\n'


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    for area in ("chips", "sources"):
        (tmp_path / area).mkdir()
    (tmp_path / "chips" / "my-chip.toml").write_text(CHIP)
    (tmp_path / "sources" / "my-source.toml").write_text(SOURCE)
    return tmp_path


def test_a_chip_of_the_user_lies_beside_ours_and_is_marked(mine: Path) -> None:
    catalogue = load_catalogue(mine)
    assert catalogue.chip("mein chip").origin == "user"
    assert catalogue.source("my-source").origin == "user"
    assert catalogue.chip("my-chip").tpp == 4799
    assert catalogue.chip("h200-sxm").origin == "lockgate"
    assert len(catalogue.chips()) == len(load_catalogue().chips()) + 1


def test_a_chip_of_the_user_overrides_ours(mine: Path) -> None:
    (mine / "chips" / "h200-sxm.toml").write_text(
        CHIP.replace("My chip", "Our H200").replace("Mein Chip", "Unser H200")
    )
    catalogue = load_catalogue(mine)
    assert (catalogue.chip("h200-sxm").origin, catalogue.chip("h200-sxm").vendor) == ("user", "Me")
    assert load_catalogue().chip("h200-sxm").vendor == "NVIDIA"


def test_every_problem_of_every_file_at_once(mine: Path) -> None:
    chips = mine / "chips"
    (chips / "a.toml").write_text('name = "A"\nvendor = "V"\nvendor_country = "Germany"\ncolour = "green"\n')
    (chips / "b.toml").write_text("name = ")
    (chips / "c.toml").write_bytes(b"\xff\xfe")
    (chips / "d.toml").write_text(CHIP + 'id = "other"\norigin = "lockgate"\n')
    (chips / "e.toml").write_text('id = "other"\nname = 1\n')
    (chips / "f.toml").write_text(
        CHIP.replace("my-source", "no-source").replace("My chip", "H200").replace("Mein", "Dein")
    )
    (chips / "g.toml").write_text("x = " + "9" * 5000)
    (chips / "h.toml").write_text("x = 1e99999999999999999999")
    (mine / ".git").mkdir()
    (mine / "systems").mkdir()
    (mine / "systems" / "box.toml").write_text("chip_count = 0\n")
    (mine / "chip").mkdir()
    (mine / "stray.toml").write_text("")
    with pytest.raises(InvalidInputError) as caught:
        load_catalogue(mine)
    text = str(caught.value)
    for piece in (
        "a.toml.vendor_country", "a.toml.colour", "b.toml: is not TOML that can be read", "c.toml: cannot be read",
        "d.toml.id: the file holds the id 'other'", "d.toml.origin: the folder gives the origin",
        "e.toml.id", "e.toml.name", "e.toml.vendor", "f.toml: there is no source 'no-source'",
        "f.toml: has the name 'h200' of 'h200-sxm'", "box.toml.chip_count", "would be ignored: chip, stray.toml",
        "g.toml: is not TOML that can be read", "h.toml: is not TOML that can be read",
    ):  # fmt: skip
        assert piece in text, piece


def test_a_broken_file_of_ours_is_named(tmp_path: Path) -> None:
    (tmp_path / "chips").mkdir()
    (tmp_path / "chips" / "x.toml").write_text("colour = 1")
    with pytest.raises(InvalidInputError, match=r"x\.toml\.colour"):
        Catalogue({"lockgate": tmp_path}).chips()


def test_the_law_is_read_with_the_groups_of_places() -> None:
    catalogue = load_catalogue()
    day = dt.date(2026, 9, 1)
    assert "D:5" in catalogue.law.on(day).groups("CN")
    assert catalogue.law.on(day).groups("ZZ") == frozenset()
    provision = catalogue.provisions("us-section-232")[0]
    assert catalogue.provision(provision.id) is provision


def test_only_what_is_asked_for_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    original = shelf.read_toml

    def note(path: Path) -> dict[str, object]:
        read.append(path.name)
        return original(path)

    monkeypatch.setattr(shelf, "read_toml", note)
    catalogue = Catalogue({"lockgate": loading.DATA})
    chip = catalogue.chip("h200-sxm")
    for source in chip.sources():
        catalogue.source(source)
    catalogue.chip("h200-sxm")
    assert sorted(read) == sorted(["h200-sxm.toml", *(f"{source}.toml" for source in chip.sources())])


@pytest.mark.parametrize(
    ("name", "near"), [("h200-sxn", "h200-sxm"), ("mi30x", "mi300x"), ("H 200 SXMM", "h200-sxm")]
)
def test_a_mistyped_name_suggests_near_ones(name: str, near: str) -> None:
    with pytest.raises(LockgateError) as caught:
        load_catalogue().chip(name)
    assert caught.value.code == "unknown-chip"
    assert near in caught.value.hint


def test_a_name_near_to_none_suggests_nothing() -> None:
    with pytest.raises(LockgateError) as caught:
        load_catalogue().chip("zzzzzzzz")
    assert caught.value.hint == ""


@pytest.mark.parametrize("ask", ["system", "place", "party", "source"])
def test_an_unknown_name_is_the_users_error(ask: str) -> None:
    with pytest.raises(LockgateError) as caught:
        getattr(load_catalogue(), ask)("no-such-thing")
    assert caught.value.code == f"unknown-{ask}"


def test_a_folder_must_exist(tmp_path: Path) -> None:
    with pytest.raises(LockgateError, match="is not a folder"):
        load_catalogue(tmp_path / "nowhere")


def test_membership_of_a_shelf() -> None:
    shelf = load_catalogue().chip_shelf
    assert "h200-sxm" in shelf
    assert "h2000" not in shelf
    assert len(shelf.ids()) == len(list(shelf))
    with pytest.raises(LockgateError):
        shelf["h2000"]
