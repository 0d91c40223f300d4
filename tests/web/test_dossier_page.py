"""The dossier as its reader meets it: one file, no request, under 2 MB, accessible in light, dark and print, the same as the JSON."""

import hashlib
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page
from typer.testing import CliRunner

from lockgate.cli.main import app

DEAL = "examples/h200-first-batch/deal.toml"
AXE = Path(__file__).parent / "vendor" / "axe-core" / "axe.min.js"
AXE_SHA256 = "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c"
LOOKS = {
    "light": {"color_scheme": "light", "viewport": {"width": 1280, "height": 900}},
    "dark": {"color_scheme": "dark", "viewport": {"width": 1280, "height": 900}},
    "narrow": {"color_scheme": "light", "viewport": {"width": 390, "height": 844}},
}


@pytest.fixture(scope="module")
def dossier(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("out") / "folder" / "dossier.html"
    result = CliRunner().invoke(app, ["assess", str(repository / DEAL), "--out", str(path)])
    assert result.exit_code == 0, result.output
    return path


@pytest.fixture(scope="module")
def html(dossier: Path) -> str:
    return dossier.read_text(encoding="utf-8")


class Outline(HTMLParser):
    """Every start tag with its attributes, and the text of captions."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def count(self, tag: str) -> int:
        return sum(name == tag for name, _ in self.tags)


def test_it_is_one_small_file_that_loads_nothing(dossier: Path, html: str) -> None:
    assert dossier.stat().st_size < 2_000_000
    assert [path.name for path in dossier.parent.iterdir()] == ["dossier.html"]
    for tag, attributes in Outline(html).tags:
        assert "src" not in attributes, tag
        assert "srcset" not in attributes, tag
        assert tag not in {"link", "iframe", "object", "embed", "base"}, tag
        if tag != "a":
            assert not (attributes.get("href") or "").startswith(("http", "//")), (tag, attributes)
        if tag == "script":
            assert attributes["type"] == "application/json"
    assert "@import" not in html
    assert not re.search(r"url\(\s*['\"]?(?!#|data:)", html)


def test_every_chart_speaks_and_every_table_has_a_caption(html: str) -> None:
    outline = Outline(html)
    assert outline.count("svg") >= 3
    assert outline.count("title") == outline.count("svg") + 1
    assert outline.count("desc") == outline.count("svg")
    assert outline.count("caption") == outline.count("table")
    labelled = [attributes for tag, attributes in outline.tags if tag == "svg"]
    ids = {attributes.get("id") for _, attributes in outline.tags}
    for attributes in labelled:
        assert attributes["role"] == "img"
        assert set((attributes["aria-labelledby"] or "").split()) <= ids


def test_no_stand_in_colour_is_left(html: str) -> None:
    assert not re.findall(r"#(?:0[1-4]0[1-4]0[1-4]|a1000[1-9a-c])", html)


def test_ids_are_distinct_and_every_inner_link_arrives(html: str) -> None:
    outline = Outline(html)
    ids = [attributes["id"] for _, attributes in outline.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    links = {
        href[1:]
        for tag, attributes in outline.tags
        if tag == "a" and (href := attributes.get("href") or "").startswith("#")
    }
    assert links <= set(ids)


def test_the_json_is_the_page(html: str, repository: Path) -> None:
    result = CliRunner().invoke(app, ["assess", str(repository / DEAL), "--json"])
    assert result.exit_code == 0
    inside = re.search(r'<script type="application/json" id="dossier-data">(.*?)</script>', html, re.DOTALL)
    assert inside
    assert json.loads(inside.group(1)) == json.loads(result.stdout)
    assert "<" not in inside.group(1)


def test_the_sections_stand_in_order_and_none_is_empty(html: str) -> None:
    found = re.findall(r'<section id="([a-z-]+)"', html)
    own = ["verdict", "gates", "conditions", "versions", "lines", "cap", "cost", "deal", "sources"]
    assert [section for section in found if section in own] == own
    assert (found[0], found[-1]) == ("verdict", "sources")


def test_the_vendored_checker_is_the_published_one() -> None:
    assert hashlib.sha256(AXE.read_bytes()).hexdigest() == AXE_SHA256


@pytest.fixture
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    look = LOOKS[getattr(request, "param", "light")]
    context = browser.new_context(offline=True, **look)  # type: ignore[arg-type]
    yield context.new_page()
    context.close()


def check_axe(page: Page) -> list[str]:
    page.evaluate(AXE.read_text(encoding="utf-8"))
    result: dict[str, Any] = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{found['id']} ({found['impact']}): {node['html'][:160]} {node['failureSummary'][:200]}"
        for found in result["violations"]
        for node in found["nodes"][:5]
    ]


@pytest.mark.browser
@pytest.mark.parametrize("page", LOOKS, indirect=True)
def test_it_is_accessible_and_asks_for_nothing(page: Page, dossier: Path) -> None:
    asked: list[str] = []
    trouble: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: trouble.append(message.text))
    page.goto(dossier.as_uri())
    assert asked == [dossier.as_uri()]
    assert check_axe(page) == []
    assert trouble == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.browser
def test_the_checker_sees_a_fault(page: Page) -> None:
    page.set_content(
        "<html lang=en><title>t</title><main><h1>x</h1><p style='color:#ccc;background:#fff'>pale</p></main></html>"
    )
    assert any("color-contrast" in found for found in check_axe(page))


@pytest.mark.browser
def test_it_prints_within_the_paper(page: Page, dossier: Path) -> None:
    page.set_viewport_size({"width": 690, "height": 980})
    page.goto(dossier.as_uri())
    page.emulate_media(media="print")
    wide = page.evaluate(
        "[...document.querySelectorAll('table, svg, h2, p')].filter(e => e.getBoundingClientRect().right > innerWidth + 1)"
        ".map(e => e.outerHTML.slice(0, 120))"
    )
    assert wide == []
    assert page.evaluate("getComputedStyle(document.querySelector('.skip')).display") == "none"
    assert page.pdf().startswith(b"%PDF")


@pytest.mark.browser
def test_the_keyboard_reaches_the_verdict_first(page: Page, dossier: Path) -> None:
    page.goto(dossier.as_uri())
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#main"
