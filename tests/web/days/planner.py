"""The infrastructure planner's day: which chip, how fast, at what cost, with own figures; a link and a file to pass on."""

import csv
import io
import re

from playwright.sync_api import expect

from tests.web.days.colleagues import Colleagues
from tests.web.days.desk import Desk


def spend(desk: Desk, _: Colleagues) -> None:
    """From the list of chips to the dossier."""
    compare_chips(desk)
    estimate_serving(desk)
    take_figures_along(desk)
    use_own_figures(desk)
    train(desk)
    compose_a_dossier(desk)


def compare_chips(desk: Desk) -> None:
    """Facets narrow the list, the marked ones stand side by side, an unknown figure stays unknown."""
    desk.open("/chips?sort=-tpp")
    before = desk.page.locator("tbody tr").count()
    desk.follow("Huawei", ".facets")
    assert 0 < desk.page.locator("tbody tr").count() < before
    desk.page.locator(".facets a.on").click()
    for chip in ("h200-sxm", "h20-96", "ascend-910c"):
        desk.tick("compare", chip)
    desk.press("Compare the marked ones (up to four)")
    desk.reads("Side by side", "h1")
    expect(desk.page.locator("thead th")).to_have_count(3)


def estimate_serving(desk: Desk) -> None:
    """Numbers with intervals; a number that is none is named beside its field, and nothing else is lost."""
    desk.follow("Capability", "header")
    desk.write("Model", "llama2-70b")
    for number, chip in enumerate(("h100-sxm", "h200-sxm", "h20-96", ""), 1):
        desk.write("Chip {number}", chip, number=number)
    desk.write("Chips of each", "eight")
    desk.press("Estimate")
    desk.is_told("eight")
    expect(desk.field("Model")).to_have_value("llama2-70b")
    desk.write("Chips of each", "8")
    desk.write("Input tokens (serving)", "2048")
    desk.write("Output tokens (serving)", "128")
    desk.press("Estimate")
    desk.reads("llama2-70b")
    expect(desk.page.locator("tbody").first.locator("tr")).to_have_count(3)
    expect(desk.page.locator("figure svg")).to_have_count(3)
    band = desk.page.locator("tbody").first.locator("td").nth(1).inner_text()
    low, high = (float(part.replace(",", "")) for part in band.split("–"))
    assert 0 < low < high
    desk.unfold("The points as a table")
    desk.reads("Layouts that no other beats in both")
    desk.unfold("breakdown of time and memory")
    desk.tick("log", "1")
    desk.press("Estimate")
    assert "log=1" in desk.page.url


def take_figures_along(desk: Desk) -> None:
    """The table as CSV, the charts as SVG and PNG, all under the same scenario."""
    link = desk.named("link", "CSV").get_attribute("href")
    rows = list(csv.DictReader(io.StringIO(desk.fetch(str(link)).text())))
    assert [row["chip"] for row in rows] == ["h100-sxm", "h200-sxm", "h20-96"]
    assert all(
        float(row["low_90"]) < float(row["tokens_per_s_per_chip"]) < float(row["high_90"]) for row in rows
    )
    figure = desk.page.locator("figcaption").first
    drawn = desk.fetch(str(figure.get_by_role("link", name="SVG").get_attribute("href")))
    assert drawn.text().startswith("<svg")
    picture = desk.fetch(str(figure.get_by_role("link", name="PNG").get_attribute("href")))
    assert picture.body().startswith(b"\x89PNG")


def use_own_figures(desk: Desk) -> None:
    """Own price and power are marked as such; the address shows somebody else the same."""
    desk.unfold("Your own prices and power")
    desk.write("Price of one {chip}, USD", "40000", chip="h200-sxm")
    desk.write("Power of one {chip}, W", "650", chip="h200-sxm")
    desk.write("Electricity, USD per kWh", "0.12")
    desk.press("Estimate")
    expect(desk.page.locator("tbody").first).to_contain_text(desk.say("your own"))
    table = desk.page.locator("table").first.inner_text()
    other = Desk(desk.served, desk.browser, desk.language, desk.script)
    desk.colleagues.append(other)
    other.open(desk.page.url)
    assert other.page.locator("table").first.inner_text() == table


def train(desk: Desk) -> None:
    desk.open("/capability")
    desk.tick("kind", "train")
    desk.write("Model", "gpt3-175b")
    desk.write("Chips of each", "1,024")
    for number, chip in enumerate(("h100-sxm", "h200-sxm", "", ""), 1):
        desk.write("Chip {number}", chip, number=number)
    desk.write("Sequence length (training)", "2048")
    desk.press("Estimate")
    desk.reads("gpt3-175b")
    expect(desk.page.locator("tbody").first).to_contain_text(re.compile(r"tp \d"))


def compose_a_dossier(desk: Desk) -> None:
    """Sections are chosen, looked at and taken along as one file."""
    desk.follow("Dossier", "header")
    boxes = desk.page.locator("main input[name=section]")
    everything = boxes.count()
    boxes.last.uncheck()
    desk.press("Compose")
    expect(desk.page.locator("main input[name=section]:checked")).to_have_count(everything - 1)
    page = desk.saves(lambda: desk.named("link", "Download the file").click(), ".html")
    assert page.lstrip().lower().startswith("<!doctype html>")
    assert 'src="http' not in page
