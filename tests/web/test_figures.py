"""Every figure of a chip has a card that says who states it: a page of its own, beside the figure where there are scripts."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import Browser, expect

from lockgate.services.chips import chip_row
from lockgate.web.pages.figures import FIGURES
from tests.web.days.served import Served, serve_example
from tests.web.people import open_app, site_in


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with open_app(tmp_path_factory.mktemp("figures")) as opened:
        yield opened


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serve_example(tmp_path_factory.mktemp("served")) as running:
        yield running


def test_every_figure_of_the_lists_has_a_card_with_a_source(client: TestClient) -> None:
    for chip in site_in(client).catalogue.chips():
        row: dict[str, Any] = chip_row(chip)
        names = [figure for column, figure in FIGURES.items() if row[column] is not None]
        names += [name for rate in chip.rates for name in rate.formats]
        for name in names:
            answer = client.get(f"/chips/{chip.id}/figures/{name}.json")
            assert answer.status_code == 200, (chip.id, name)
            assert all(item["title"] and item["source"] for item in answer.json()["stated"])
            assert answer.json()["stated"], (chip.id, name)


def test_a_card_gives_the_value_its_place_and_what_others_say(client: TestClient) -> None:
    page = client.get("/chips/h200-sxm/figures/dram_bandwidth").text
    fact = site_in(client).catalogue.chip("h200-sxm").facts["dram_bandwidth"]
    assert fact.value == 4800
    assert "<strong>4,800</strong> GB/s" in page
    assert "<strong>4,890</strong>" in page, "what another source says"
    assert site_in(client).catalogue.source(fact.source).title in page
    assert client.get("/chips/h200-sxm/figures/horsepower").status_code == 404
    assert client.get("/chips/h2000/figures/tpp").status_code == 404


def test_an_unknown_figure_has_no_card(client: TestClient) -> None:
    page = client.get("/chips?compare=b30a&compare=h200-sxm").text
    assert 'href="/chips/b30a/figures/dram_capacity"' not in page
    assert 'href="/chips/h200-sxm/figures/dram_capacity"' in page


def test_the_regions_of_the_charts_are_those_of_the_day(client: TestClient) -> None:
    before = client.get("/chips/charts/density.svg?on=2022-06-01").text
    after = client.get("/chips/charts/density.svg?on=2026-02-01&named=h200-sxm").text
    assert "3A090.a" not in before
    assert "3A090.a" in after
    assert "H200" in after
    assert client.get("/chips/charts/bandwidth.png?chip=h200-sxm").content.startswith(b"\x89PNG")
    assert "case-by-case" not in client.get("/chips/charts/bandwidth.svg?on=2025-12-01").text
    assert "case-by-case" in client.get("/chips/charts/bandwidth.svg?on=2026-02-01").text
    assert client.get("/chips/charts/colour.svg").status_code == 404
    assert client.get("/chips/charts/density.svg?chip=h2000").status_code == 404


@pytest.mark.browser
def test_the_card_comes_by_pointer_and_focus_and_goes_by_escape(served: Served, browser: Browser) -> None:
    context = browser.new_context(locale="en-GB")
    page = context.new_page()
    page.goto(f"{served.base}/chips?compare=h200-sxm&compare=h20-96&on=2026-02-01")
    figure, card = page.locator('a[href="/chips/h200-sxm/figures/dram_bandwidth"]'), page.locator(".card-pop")
    figure.hover()
    expect(card).to_contain_text("NVIDIA")
    card.hover()
    page.wait_for_timeout(500)
    expect(card).to_be_visible()
    page.keyboard.press("Escape")
    expect(card).to_have_count(0)
    figure.focus()
    expect(card).to_be_visible()
    expect(figure).to_have_attribute("aria-describedby", "figure-card")
    page.locator("h1").hover()
    page.locator("#clock-on").focus()
    expect(card).to_have_count(0)
    chart = page.locator('img[src^="/chips/charts/density"]')
    chart.scroll_into_view_if_needed()
    for _ in range(300):
        if chart.evaluate("image => image.naturalWidth") > 0:
            break
        page.wait_for_timeout(100)
    else:
        pytest.fail("the chart did not come")
    context.close()
    plain = browser.new_context(java_script_enabled=False)
    page = plain.new_page()
    page.goto(f"{served.base}/chips?compare=h200-sxm&compare=h20-96")
    page.locator('a[href="/chips/h200-sxm/figures/dram_bandwidth"]').click()
    expect(page.locator("h1")).to_contain_text("dram bandwidth")
    plain.close()
