"""Every page in a real Chromium on the played example: axe finds nothing serious, nothing leaves the server, no script is needed."""

import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from lockgate.services import access
from lockgate.services.registry import Registry, open_record

pytestmark = pytest.mark.browser

AXE = Path(__file__).parent / "vendor" / "axe-core" / "axe.min.js"
PASSWORD = "four unrelated quiet words"
PUBLIC = (
    "/", "/help", "/login", "/api/docs", "/chips", "/chips/h200-sxm", "/chips?compare=h200-sxm&compare=h20-96",
    "/determine", "/determine?step=certificates&item=h200-sxm", "/determine?item=h200-sxm&from=US&to=CN&kind=export&on=2026-01-28&with_on=2025-12-01",
    "/capability", "/capability?kind=train&model=gpt3-175b&chip=h200-sxm&chip=h100-sxm&count=1024",
    "/evidence", "/evidence/documents/1-wire.txt", "/dossier", "/sources", "/nowhere",
)  # fmt: skip
INSIDE = (
    "/account",
    "/cases",
    "/cases/new",
    "/cases/cn-1",
    "/cases/cn-1/letter",
    "/cases/cn-1/verify",
    "/cases/cn-1/actions/propose_condition",
    "/cases/cn-1/actions/flag",
    "/batches",
    "/batches/b1",
    "/shipments",
    "/ledger",
    "/ledger/batch:b1",
)


class Served:
    """A running application over a played record."""

    def __init__(self, base: str, registry: Registry) -> None:
        self.base = base
        self.registry = registry

    def log_in(self, page: Page, person: str) -> None:
        """Log in as somebody through a one-time link, as they would."""
        with self.registry.work() as work:
            key = access.invite(work, person, by="test")
        page.goto(f"{self.base}/invitation/{key}")
        page.fill("#password", PASSWORD)
        page.click("main button")
        expect(page).to_have_url(f"{self.base}/account")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, repository: Path) -> Iterator[Served]:
    url = f"sqlite:///{tmp_path_factory.mktemp('served')}/play.db"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "PYTHONPATH": str(repository / "src"), "LOCKGATE_DB": url}
    play = [sys.executable, "examples/h200-first-batch/play.py", "--db", url]
    subprocess.run(play, check=True, cwd=repository, env=environment, capture_output=True)
    server = subprocess.Popen(
        [sys.executable, "-m", "lockgate", "serve", "--port", str(port)], cwd=repository, env=environment,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    base = f"http://127.0.0.1:{port}"
    try:
        for _ in range(150):
            try:
                urllib.request.urlopen(f"{base}/readyz", timeout=2)
                break
            except OSError:
                time.sleep(0.2)
        registry = open_record(url)
        yield Served(base, registry)
        registry.close()
    finally:
        server.terminate()
        server.wait(20)


@pytest.fixture
def fresh(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(locale="en-GB")
    yield context.new_page()
    context.close()


def violations(page: Page) -> list[str]:
    """What axe finds serious or critical, with where."""
    page.evaluate(AXE.read_text())
    found: Any = page.evaluate(
        "axe.run(document, {resultTypes: ['violations'], iframes: false, runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']})"
    )
    return [
        f"{page.url} {item['id']}: {node['target']}"
        for item in found["violations"] if item["impact"] in ("serious", "critical")
        for node in item["nodes"][:3]
    ]  # fmt: skip


def check_pages(context: BrowserContext, page: Page, base: str, paths: tuple[str, ...]) -> None:
    outside: list[str] = []
    context.on(
        "request",
        lambda request: None if request.url.startswith((base, "data:")) else outside.append(request.url),
    )
    said: list[str] = []
    page.on(
        "console",
        lambda message: (
            said.append(message.text) if message.type == "error" and "404" not in message.text else None
        ),
    )
    wrong = []
    for path in paths:
        page.goto(base + path)
        wrong += violations(page)
        assert page.locator("h1").count() == 1, path
    assert not wrong, "\n".join(wrong)
    assert not outside
    assert not said


@pytest.mark.parametrize("look", ["light", "dark"])
def test_public_pages_are_accessible(served: Served, browser: Browser, look: Any) -> None:
    context = browser.new_context(color_scheme=look, locale="en-GB", bypass_csp=True)
    check_pages(context, context.new_page(), served.base, PUBLIC)
    context.close()


@pytest.mark.parametrize(("language", "look"), [("en-GB", "dark"), ("zh-CN", "light")])
def test_inner_pages_are_accessible(served: Served, browser: Browser, language: str, look: Any) -> None:
    context = browser.new_context(color_scheme=look, locale=language, bypass_csp=True)
    page = context.new_page()
    served.log_in(page, "officer")
    check_pages(context, page, served.base, INSIDE)
    served.log_in(page, "admin")
    check_pages(context, page, served.base, ("/admin", "/admin/people/officer"))
    context.close()


def test_the_security_policy_lets_every_page_work(served: Served, fresh: Page) -> None:
    refused: list[str] = []
    fresh.on(
        "console",
        lambda message: refused.append(message.text) if "Content Security Policy" in message.text else None,
    )
    for path in PUBLIC:
        fresh.goto(served.base + path)
    assert not refused, refused


def test_a_compliance_officers_day(served: Served, fresh: Page) -> None:
    """An order: is the chip controlled, may it pass, what is missing, how was it before; the dossier to keep."""
    fresh.goto(f"{served.base}/chips")
    fresh.fill("#q", "H200")
    fresh.click("text=Find")
    fresh.click("th >> text=H200 SXM 141GB")
    expect(fresh.locator("h1")).to_have_text("H200 SXM 141GB")
    fresh.click("text=Ask both gates about a deal")
    expect(fresh.locator("h1")).to_have_text("May it pass?")
    fresh.goto(f"{served.base}/determine?step=route&item=h200-sxm&on=2026-01-28")
    fresh.check("input[name=kind][value=export]")
    fresh.fill("#from", "US")
    fresh.fill("#to", "China")
    fresh.click("text=Continue")
    fresh.fill("#end_user", "ByteDance")
    fresh.click("text=Continue")
    fresh.check("input[name=us_licence][value=no]")
    fresh.click("text=Show the answer")
    expect(fresh.locator(".verdict")).to_contain_text("NOT_MET")
    expect(fresh.locator(".banner").first).to_contain_text("2026-01-28")
    address = fresh.url
    fresh.fill("#with_on", "2022-09-15")
    fresh.click("button:text-is('Compare')")
    expect(fresh.locator("caption", has_text="What differs")).to_be_visible()
    fresh.goto(address)
    expect(fresh.locator(".verdict")).to_contain_text("NOT_MET")
    twin = fresh.request.get(address.replace("/determine?", "/determine.json?"))
    assert twin.json()["verdict"] == "NOT_MET"
    fresh.goto(f"{served.base}/dossier")
    with fresh.expect_download() as download:
        fresh.click("text=Download the file")
    assert download.value.suggested_filename.endswith(".html")


def test_a_bad_answer_is_shown_beside_its_field_and_loses_nothing(served: Served, fresh: Page) -> None:
    fresh.goto(f"{served.base}/determine?item=h200-sxm&from=Atlantis&to=CN")
    expect(fresh.locator(".error-summary")).to_contain_text("Atlantis")
    expect(fresh.locator("#from")).to_have_value("Atlantis")
    expect(fresh.locator("#from-error")).to_be_visible()


def test_a_licensing_officers_day(served: Served, fresh: Page) -> None:
    """Who waits, what a round would give and why, what is overdue, how much a cap still holds."""
    served.log_in(fresh, "officer")
    fresh.goto(f"{served.base}/batches")
    expect(fresh.locator("tfoot")).to_contain_text("of 200,000")
    assert fresh.locator(".withheld").count() > 0
    fresh.fill("#reason", "a visit is due")
    fresh.click("text=Show the names")
    expect(fresh.locator("tbody").first).to_contain_text("ByteDance")
    fresh.goto(f"{served.base}/batches")
    expect(fresh.locator("tbody").first).not_to_contain_text("ByteDance")
    fresh.click("thead a")
    expect(fresh.locator("caption", has_text="Nothing is committed")).to_be_visible()
    expect(fresh.locator("tbody").first).to_contain_text("75,000")
    fresh.click("text=Propose this round")
    expect(fresh.locator("#rounds ~ section").last).to_contain_text("proposed")
    fresh.locator("button", has_text="Countersign and commit").last.click()
    expect(fresh.locator(".error-summary")).to_contain_text("not for")
    fresh.goto(f"{served.base}/shipments")
    expect(fresh.locator("#reports + div")).to_contain_text("overdue")
    fresh.goto(f"{served.base}/ledger")
    expect(fresh.locator("table").first).to_contain_text("breached")


def test_a_second_person_commits_the_round(served: Served, fresh: Page) -> None:
    served.log_in(fresh, "chief")
    fresh.goto(f"{served.base}/batches/b1")
    waiting = fresh.locator("section.card", has_text="proposed")
    if not waiting.count():
        pytest.fail("the officer's round is not there: run the whole module")
    waiting.last.locator("button").click()
    expect(fresh.locator("section.card").last).to_contain_text("Countersigned by chief")


def test_a_planners_day(served: Served, fresh: Page) -> None:
    """An allotment against the alternatives, with own prices; a link that shows the same again."""
    fresh.goto(f"{served.base}/capability")
    fresh.fill("#model", "llama2-70b")
    fresh.fill("#input_len", "2048")
    fresh.fill("#output_len", "128")
    fresh.locator("details summary", has_text="Your own prices").click()
    fresh.fill("[id='price_usd.h200-sxm']", "40000")
    fresh.click("main button:text-is('Estimate')")
    expect(fresh.locator("table").first).to_contain_text("your own")
    assert fresh.locator("figure svg").count() == 3
    expect(fresh.locator("h2").first).to_contain_text("llama2-70b")
    csv = fresh.request.get(fresh.url.replace("/capability?", "/capability.csv?")).text()
    assert csv.startswith("chip,name,tokens_per_s_per_chip")
    fresh.fill("#count", "eight")
    fresh.click("main button:text-is('Estimate')")
    expect(fresh.locator(".error-summary")).to_contain_text("eight")


def test_an_analysts_day(served: Served, fresh: Page) -> None:
    """What contradicts what, in whose words; a decision with a reason."""
    served.log_in(fresh, "auditor")
    fresh.goto(f"{served.base}/evidence")
    first = fresh.locator("section.card").first
    expect(first.locator("blockquote").first).to_be_visible()
    first.locator("summary").click()
    first.locator("input[name=reason]").fill("the record says otherwise")
    first.locator("button", has_text="Accept").click()
    expect(fresh.locator("caption", has_text="What people decided")).to_be_visible()
    fresh.locator("table[data-rows] th a").first.click()
    assert fresh.locator("mark").count() > 3


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


def fill_form(page: Page) -> None:
    """Answer every question of a page in some way that fits its kind."""
    for group in page.locator("main fieldset").all():
        group.locator("input[type=radio][value=no]").check()
    for choice in page.locator("main form.stack select").all():
        choice.select_option(index=1)
    for area in page.locator("main form.stack textarea").all():
        area.fill("h200-sxm, 1000")
    for box in page.locator("main form.stack input:not([type=hidden]):not([type=radio])").all():
        kind = (
            box.get_attribute("list")
            or box.get_attribute("inputmode")
            or box.get_attribute("placeholder")
            or ""
        )
        values = {
            "parties": "An import agent",
            "places": "CN",
            "chips": "h200-sxm",
            "numeric": "1000",
            "2026-01-28": "2026-01-28",
        }
        box.fill(values.get(kind, "for a civil data centre"))


@pytest.mark.parametrize(("language", "script"), [("en-GB", True), ("zh-CN", False)])
def test_an_applicants_day(served: Served, browser: Browser, language: str, script: bool) -> None:
    """From an empty form to a submitted application, in English with script and in Chinese without; then an officer takes it up."""
    context = browser.new_context(locale=language, java_script_enabled=script)
    page = context.new_page()
    served.log_in(page, "importer")
    number = f"cn-{language[:2]}"
    page.goto(f"{served.base}/cases/new")
    page.check("input[name=kind][value=import-approval]")
    page.fill("#case_id", number)
    page.click("main form button")
    expect(page).to_have_url(re.compile(f"/cases/{number}/apply"))
    page.goto(f"{served.base}/cases/{number}/apply")
    sections = [link.get_attribute("href") or "" for link in page.locator("ol.tasks a").all()]
    for section in sections:
        if not section.endswith(("/documents", "/check")):
            page.goto(served.base + section)
            fill_form(page)
            page.locator("main form.stack button").last.click()
    page.goto(f"{served.base}/cases/{number}/apply/documents")
    kinds = [option.get_attribute("value") or "" for option in page.locator("#kind option").all()]
    for kind in kinds:
        if kind == "other":
            continue
        page.select_option("#kind", kind)
        page.set_input_files(
            "#file", {"name": f"{kind}.txt", "mimeType": "text/plain", "buffer": f"{kind}\n".encode()}
        )
        page.click("main form button")
    page.goto(f"{served.base}/cases/{number}/apply/check")
    page.locator("main form button").last.click()
    page.goto(f"{served.base}/cases/{number}")
    assert page.request.get(f"{served.base}/cases/{number}.json").json()["state"] == "registered"
    served.log_in(page, "officer")
    page.goto(f"{served.base}/cases/{number}/actions/begin_review")
    page.locator("main form button:not([aria-hidden])").first.click()
    assert page.request.get(f"{served.base}/cases/{number}.json").json()["state"] == "initial_review"
    context.close()
