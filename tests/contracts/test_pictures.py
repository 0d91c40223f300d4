"""The manual shows every page: its pictures are there, none is too large, none is left over."""

from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from starlette.routing import Match, Route
from tools.screenshots import BYTE_MAX, PAGE, PICTURES, write_page

from lockgate.web import pages
from tests.web.days.pages import PAGES


def test_the_manual_shows_every_page_as_it_is_listed() -> None:
    assert PAGE.read_text() == write_page(), "run `make screenshots`"


def test_every_picture_is_there_once_and_small() -> None:
    shown = {Path(part.split(")")[0]).name for part in PAGE.read_text().split("../images/pages/")[1:]}
    there = {file.name: file.stat().st_size for file in PICTURES.glob("*.webp")}
    assert set(there) == shown
    assert len(there) >= sum(page.pictured for page in PAGES)
    assert not [name for name, size in there.items() if size > BYTE_MAX]


FILES = {
    "/capability/chart/{name}.{ending}", "/chips/charts/{name}.{ending}", "/dossier/file", "/cases/{case_id}/documents/{digest}",
    "/cases/{case_id}/events/{seq}/proof", "/healthz", "/readyz", "/metrics",
}  # fmt: skip
ONWARD = {
    "/cases/views/{view_id}", "/cases/find", "/cases/{case_id}/events", "/determine/step", "/login/oidc", "/login/oidc/callback",
}  # fmt: skip


def test_every_page_there_is_is_listed() -> None:
    """A page that is added is walked through by the accessibility and language tests, and shown in the manual."""
    routes = [
        route
        for module in iter_modules(pages.__path__)
        for route in import_module(f"{pages.__name__}.{module.name}").router.routes
        if isinstance(route, Route) and "GET" in (route.methods or ()) and route.path not in FILES | ONWARD
    ]
    shown = [{"type": "http", "method": "GET", "path": page.path.split("?")[0]} for page in PAGES]
    assert len(routes) > 20
    assert not [
        route.path for route in routes if not any(route.matches(scope)[0] is Match.FULL for scope in shown)
    ]
