"""The manual shows every page: its pictures are there, none is too large, none is left over."""

from pathlib import Path

from tools.screenshots import BYTE_MAX, PAGE, PICTURES, write_page

from tests.web.days.pages import PAGES


def test_the_manual_shows_every_page_as_it_is_listed() -> None:
    assert PAGE.read_text() == write_page(), "run `make screenshots`"


def test_every_picture_is_there_once_and_small() -> None:
    shown = {Path(part.split(")")[0]).name for part in PAGE.read_text().split("../images/pages/")[1:]}
    there = {file.name: file.stat().st_size for file in PICTURES.glob("*.webp")}
    assert set(there) == shown
    assert len(there) >= sum(page.pictured for page in PAGES)
    assert not [name for name, size in there.items() if size > BYTE_MAX]
