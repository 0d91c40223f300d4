"""Chinese pages are Chinese: what is left in English is a name, an identifier, somebody's own words, or marked as a source's."""

import re
import tomllib
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from string import Formatter
from typing import Any

import pytest
from babel.messages.pofile import read_po
from fastapi.testclient import TestClient

from lockgate.services import access
from lockgate.store.access import person_by_id
from lockgate.web.app import create_app
from lockgate.web.i18n import catalogue_of, find_translation
from lockgate.web.settings import Settings
from lockgate.web.visitors import COOKIE
from tests.web.days.colleagues import Colleagues
from tests.web.days.pages import PAGES, Shown
from tests.web.days.served import ROOT, address_of, play_example

SILENT = {"code", "pre", "kbd", "mark", "blockquote", "q", "script", "style", "svg", "textarea", "title"}
"""Elements whose text is an identifier, a quotation or a drawing."""
EMPTY = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source"}
SOURCED = {"chip", "figure", "sources", "source", "letter", "api"}
"""Pages that show titles and notes of English sources, letters of an English-speaking office, or the API's own manual."""
IDENTIFIER = re.compile(r"^[\w-]+([.:/-][\w:-]+)+[:：,]?$")
WORDS = re.compile(r"[a-z]{2,}(?:[ ,;:'’()-]+[a-z]{2,})+|^[a-z]{3,}:$")
WORDS_IN_CHINESE_MAX = 6  # a quoted value inside a Chinese sentence


class Leftovers(HTMLParser):
    """English words of a Chinese page, and what it marks as English."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[tuple[str, str]] = []
        self.left: list[str] = []
        self.marked: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        way = "silent" if tag in SILENT or given.get("translate") == "no" else ""
        if tag not in EMPTY:
            self.open.append((tag, way or ("marked" if given.get("lang") == "en" else "")))
        for name in ("aria-label", "title", "placeholder", "alt"):
            self.look(given.get(name) or "")

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        self.look(data)

    def look(self, text: str) -> None:
        ways = {way for _, way in self.open}
        text = " ".join(word for word in text.split() if not IDENTIFIER.match(word))
        runs = WORDS.findall(text)
        if "silent" in ways or not runs:
            return
        if (
            re.search(r"[\u4e00-\u9fff]", text)
            and max(len(run.split()) for run in runs) <= WORDS_IN_CHINESE_MAX
        ):
            return
        (self.marked if "marked" in ways else self.left).append(text)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    url = play_example(tmp_path_factory.mktemp("chinese"))
    app = create_app(Settings(db=url, evidence=ROOT / "examples/h200-first-batch/reports"))
    with TestClient(app, headers={"accept-language": "zh-CN"}) as running:
        Colleagues(app.state.site.registry).draft("importer", "draft-1")
        yield running


def read(client: TestClient, shown: Shown) -> str:
    headers = {}
    registry = client.app.state.site.registry  # type: ignore[attr-defined]
    if shown.person:
        with registry.work() as work:
            row = person_by_id(work.connection, shown.person)
            assert row is not None
            headers["cookie"] = f"{COOKIE}={access.start_session(work, row, 1)}"
    return client.get(address_of(shown, registry), headers=headers).text


@pytest.mark.parametrize("shown", PAGES, ids=lambda shown: shown.path)
def test_a_chinese_page_leaves_no_english(client: TestClient, shown: Shown) -> None:
    found = Leftovers()
    found.feed(read(client, shown))
    assert not found.left, found.left
    assert not found.marked or shown.name in SOURCED, found.marked


def law_texts() -> Iterator[str]:
    def walk(part: Any) -> Iterator[str]:
        if isinstance(part, dict):
            for name, value in part.items():
                if name in ("summary", "needs") and isinstance(value, str):
                    yield value
                elif name == "open":
                    yield from [value] if isinstance(value, str) else value
                else:
                    yield from walk(value)
        elif isinstance(part, list):
            for item in part:
                yield from walk(item)

    for file in sorted((ROOT / "src/lockgate/data/law").rglob("*.toml")):
        yield from walk(tomllib.loads(file.read_text()))


def test_what_the_law_says_is_there_in_chinese() -> None:
    """Summaries of provisions, what they need, and what is open about them; add a new one to ``zh-law.po``."""
    assert not [text for text in law_texts() if find_translation("zh", text) is None]


def test_translations_keep_the_parts_of_their_messages() -> None:
    def parts(text: str) -> set[str | None]:
        return {name for _, name, _, _ in Formatter().parse(text)} - {None}

    assert not [
        message
        for message, text in catalogue_of("zh").items()
        if parts(message) - parts(text) and "{" in text
    ]
    assert not [message for message, text in catalogue_of("zh").items() if parts(text) - parts(message)]


@pytest.mark.parametrize(
    "file", sorted((ROOT / "src/lockgate/web/translations").glob("*.po")), ids=lambda file: file.name
)
def test_a_catalogue_has_each_message_once_and_translated(file: Path) -> None:
    ids = re.findall(r'^msgid "(.+)"$', file.read_text(), re.MULTILINE)
    assert len(ids) == len(set(ids)), [name for name in ids if ids.count(name) > 1]
    with file.open("rb") as opened:
        assert not [item.id for item in read_po(opened) if item.id and not item.string]


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("the ceiling of 74,600 holds it, whatever the supply", "受 74,600 的上限限制，与供应量无关"),
        ("us-ear.3a090.a: Replaced.", "us-ear.3a090.a：已被取代。"),
        ("28 January 2026", "2026 年 1 月 28 日"),
        ("Nobody translated this", None),
    ],
)
def test_filled_in_messages_are_found(message: str, said: str | None) -> None:
    assert find_translation("zh", message) == said


def test_a_long_text_that_somebody_sent_is_not_searched_for_messages() -> None:
    """Trying one takes the cube of its length: a crafted text would hold the server up."""
    assert find_translation("zh", "here 15,832")
    assert find_translation("zh", "here " + "15,832" * 200) is None
