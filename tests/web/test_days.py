"""A full day of each of the four kinds of people, in English and in Chinese, with and without scripts, in a real browser."""

from collections.abc import Callable, Iterator
from typing import cast

import pytest
from playwright.sync_api import Browser

from tests.web.days import analyst, applicant, licensing, planner
from tests.web.days.colleagues import Colleagues
from tests.web.days.desk import Desk, Script
from tests.web.days.served import Served, serve_example

pytestmark = pytest.mark.browser

Day = Callable[[Desk, Colleagues], None]
DAYS: dict[str, Day] = {
    "applicant": applicant.spend,
    "licensing": licensing.spend,
    "planner": planner.spend,
    "analyst": analyst.spend,
}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serve_example(tmp_path_factory.mktemp("served")) as running:
        Colleagues(running.registry).qualify_laboratory("lab-2")
        yield running


@pytest.mark.parametrize("script", ["script", "no script"])
@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("day", DAYS.values(), ids=DAYS.keys())
def test_a_day(served: Served, browser: Browser, day: Day, language: str, script: str) -> None:
    desk = Desk(served, browser, language, cast(Script, script))
    try:
        day(desk, Colleagues(served.registry))
    finally:
        desk.close()
