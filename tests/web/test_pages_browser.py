"""Every page in a real Chromium on the played example: axe finds nothing serious, nothing leaves the server, it fits a telephone."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.web.days.colleagues import Colleagues
from tests.web.days.desk import LOCALES
from tests.web.days.pages import PAGES
from tests.web.days.served import AXE, Served, address_of, serve_example

pytestmark = pytest.mark.browser

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
TELEPHONE_PX = 390


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serve_example(tmp_path_factory.mktemp("served")) as running:
        Colleagues(running.registry).draft("importer", "draft-1")
        yield running


@pytest.fixture
def fresh(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(locale="en-GB")
    yield context.new_page()
    context.close()


def violations(page: Page) -> list[str]:
    """What axe finds serious or critical, with where."""
    found: Any = page.evaluate(
        "rules => axe.run(document, {resultTypes: ['violations'], iframes: false, runOnly: rules})", RULES
    )
    return [
        f"{page.url} {item['id']}: {node['target']}"
        for item in found["violations"] if item["impact"] in ("serious", "critical")
        for node in item["nodes"][:3]
    ]  # fmt: skip


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_page_is_accessible_light_and_dark(served: Served, browser: Browser, language: str) -> None:
    """With nothing asked of anybody else, no script refused by the page's own policy, and no sideways scrolling on a telephone."""
    wrong: list[str] = []
    context = browser.new_context(locale=LOCALES[language], reduced_motion="reduce")
    context.on(
        "request", lambda request: None if request.url.startswith((served.base, "data:")) else wrong.append(request.url)
    )  # fmt: skip
    page = context.new_page()
    page.on("console", lambda message: note(message, wrong))
    looks_as = ""
    for shown in PAGES:
        if shown.person != looks_as:
            served.log_in(context, shown.person)
            looks_as = shown.person
        page.goto(served.base + address_of(shown, served.registry))
        if page.locator("h1").count() != 1:
            wrong.append(f"{shown.path}: not one h1")
        page.evaluate(AXE)
        for look in ("light", "dark"):
            page.emulate_media(color_scheme=look)
            wrong += violations(page)
        page.set_viewport_size({"width": TELEPHONE_PX, "height": 800})
        if (width := page.evaluate("document.documentElement.scrollWidth")) > TELEPHONE_PX:
            wrong.append(f"{shown.path} is {width} px wide on a telephone")
        page.set_viewport_size({"width": 1280, "height": 900})
    context.close()
    assert not wrong, "\n".join(wrong)


def note(message: Any, wrong: list[str]) -> None:
    if message.type == "error" and "status of 4" not in message.text:
        wrong.append(message.text)


def test_a_bad_answer_is_shown_beside_its_field_and_loses_nothing(served: Served, fresh: Page) -> None:
    fresh.goto(f"{served.base}/determine?item=h200-sxm&from=Atlantis&to=CN")
    expect(fresh.locator(".error-summary")).to_contain_text("Atlantis")
    expect(fresh.locator("#from")).to_have_value("Atlantis")
    expect(fresh.locator("#from-error")).to_be_visible()


@pytest.mark.parametrize("script", [True, False])
def test_language_and_look_are_kept(served: Served, browser: Browser, script: bool) -> None:
    context = browser.new_context(locale="en-GB", java_script_enabled=script)
    page = context.new_page()
    page.goto(f"{served.base}/chips?vendor=Huawei")
    page.click("button:text-is('中文')")
    assert page.url.endswith("/chips?vendor=Huawei")
    assert page.locator("html").get_attribute("lang") == "zh-Hans"
    page.locator("button[name=theme]").click()
    assert page.locator("html").get_attribute("data-theme") == "dark"
    page.goto(f"{served.base}/determine?item=h200-sxm&to=CN&from=US&on=2026-01-28")
    expect(page.locator("h1")).not_to_have_text(re.compile("May it pass"))
    context.close()


def test_keys_move_through_a_list(served: Served, fresh: Page) -> None:
    fresh.goto(f"{served.base}/chips")
    fresh.keyboard.press("j")
    first = fresh.evaluate("document.activeElement.textContent")
    fresh.keyboard.press("j")
    assert fresh.evaluate("document.activeElement.textContent") != first
    fresh.keyboard.press("/")
    assert fresh.evaluate("document.activeElement.id") == "q"
