"""Who reaches which route, with what, and what stays out of logs: walked over every route there is."""

import datetime as dt
import logging
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from lockgate.services import access
from lockgate.web import forms, visitors
from lockgate.web.app import API, PAGES
from lockgate.web.guards import API_GUARDS, guard_of
from tests.web.people import ROLES, make_person, open_app, session_of, site_in, token_of

# The only pages that answer somebody who is not logged in. A page of a case does not belong here.
PUBLIC_PAGES = {
    "GET /", "GET /help", "POST /preferences", "GET /healthz", "GET /readyz", "GET /metrics",
    "GET /login", "POST /login", "POST /logout", "GET /login/oidc", "GET /login/oidc/callback",
    "GET /invitation/{key}", "POST /invitation/{key}", "GET /api/docs",
    "GET /chips", "GET /chips/{chip_id}", "GET /chips/compare", "GET /chips.svg", "GET /sources/{source_id}",
    "GET /provisions/{provision_id}",
    "GET /determine", "POST /determine", "GET /capability", "POST /capability",
    "GET /evidence", "GET /evidence/documents/{document_id}", "GET /dossier", "POST /dossier/file",
}  # fmt: skip
PUBLIC_STARTS = ("/chips", "/determine", "/capability", "/dossier", "/sources", "/provisions", "/api/docs")
SHUT = (401, 403, 404)


def routes() -> list[tuple[str, str, str]]:
    """Module, method and path of every route of ours."""
    found = []
    for folder, names, prefix in (("pages", PAGES, ""), ("api", API, "/api/v1")):
        for name in names:
            for route in import_module(f"lockgate.web.{folder}.{name}").router.routes:
                found += [
                    (f"{folder}.{name}", method, prefix + route.path)
                    for method in route.methods
                    if method != "HEAD"
                ]
    return found


ROUTES = routes()
PRIVATE = [
    (method, path)
    for module, method, path in ROUTES
    if (module.startswith("api.") and not guard_of(module[4:]).public)
    or (
        module.startswith("pages.")
        and f"{method} {path}" not in PUBLIC_PAGES
        and not (method == "GET" and path.startswith(PUBLIC_STARTS))
    )
]


def filled(path: str) -> str:
    return re.sub(r"\{[^}]+\}", "nobody", path)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with open_app(tmp_path_factory.mktemp("security"), requests_per_minute=100_000) as opened:
        yield opened


@pytest.fixture(autouse=True)
def no_cookies(client: TestClient) -> None:
    client.cookies.clear()


def send(client: TestClient, method: str, path: str, headers: dict[str, str], json_body: bool = True) -> int:
    """Send a write with a right form token, so that what is refused is refused for who asks."""
    cookie = f"{forms.COOKIE}=known"
    own = headers.get("cookie")
    given = {**headers, "cookie": f"{own}; {cookie}" if own else cookie, "idempotency-key": "k"}
    given["x-csrf-token"] = forms.token_of("known")
    body: dict[str, Any] = {"json": {}} if path.startswith("/api/") and json_body and method != "GET" else {}
    answer = client.request(method, path, headers=given, follow_redirects=False, **body)
    if answer.status_code == 303 and answer.headers["location"].startswith("/login"):
        return 401
    return answer.status_code


def test_every_api_module_has_a_guard() -> None:
    assert set(API) <= set(API_GUARDS), "say in web/guards.py who may call a new module of the API"


@pytest.mark.parametrize(("method", "path"), PRIVATE)
def test_nothing_private_answers_the_public(client: TestClient, method: str, path: str) -> None:
    assert send(client, method, filled(path), {}) in SHUT


def test_public_pages_are_there() -> None:
    """The list above names no page that is gone; the shorter list hides nothing that writes."""
    known = {f"{method} {path}" for module, method, path in ROUTES}
    assert {"GET /", "POST /login", "GET /evidence", "GET /healthz"} <= known & PUBLIC_PAGES
    assert ("POST", "/evidence/decisions") in PRIVATE
    assert ("GET", "/admin") in PRIVATE


@pytest.mark.parametrize("role", ["", *ROLES])
def test_administration_is_for_administrators_and_auditors(client: TestClient, role: str) -> None:
    headers = session_of(client, f"walk-{role or 'none'}", [role] if role else [])
    for _, method, path in ROUTES:
        if not path.startswith("/admin"):
            continue
        status = send(client, method, filled(path), headers)
        if role == "administrator" or (role == "auditor" and method == "GET"):
            assert status not in (401, 403), (role, method, path)
        else:
            assert status == 403, (role, method, path)


@pytest.mark.parametrize("role", ["", *ROLES])
def test_no_route_breaks_for_any_role(client: TestClient, role: str) -> None:
    """All routes × roles × an object that is not theirs: an answer that says why, never a defect."""
    headers = session_of(client, f"any-{role or 'none'}", [role] if role else [], organisation="elsewhere")
    for _, method, path in ROUTES:
        if path.startswith("/logout") or "evidence" in path or "dossier" in path:
            continue
        assert send(client, method, filled(path), headers) < 500, (role, method, path)


@pytest.mark.parametrize(
    ("method", "path"), sorted({(m, p) for mod, m, p in ROUTES if mod.startswith("pages.") and m != "GET"})
)
def test_every_form_needs_its_token(client: TestClient, method: str, path: str) -> None:
    headers = session_of(client, "root", ["administrator", "officer"])
    for extra in ({}, {"x-csrf-token": "0" * 64}, {"x-csrf-token": forms.token_of("other")}):
        cookie = f"{headers['cookie']}; {forms.COOKIE}=known"
        answer = client.request(
            method, filled(path), headers={"cookie": cookie, **extra}, follow_redirects=False
        )
        assert answer.status_code == 403, (extra, answer.text[:300])


def test_a_token_is_limited_to_its_scope(client: TestClient) -> None:
    reading = token_of(client, "scoped", ["administrator"], ["read"])
    assert client.get("/api/v1/chips", headers=reading).status_code == 200
    for method, path in (("POST", "/api/v1/determine"), ("GET", "/admin.json"), ("GET", "/account.json")):
        answer = client.request(method, path, headers=reading, json={} if method == "POST" else None)
        assert answer.status_code == 403, path
        assert answer.json()["code"] == "not-allowed"
    administering = token_of(client, "scoped", ["administrator"], ["admin"])
    assert client.get("/admin.json", headers=administering).status_code == 200
    assert send(client, "POST", "/admin/people", administering) == 403, "a token never writes through a page"
    assert send(client, "POST", "/account/tokens", administering) == 403, "a token never makes another token"


def test_tokens_and_sessions_end(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    program, browser = token_of(client, "brief", ["officer"]), session_of(client, "brief", ["officer"])
    registry = site_in(client).registry
    assert client.get("/api/v1/chips", headers=program).status_code == 200
    assert client.get("/account", headers=browser).status_code == 200
    later = registry.clock() + dt.timedelta(days=2)
    monkeypatch.setattr(registry, "clock", lambda: later)
    assert client.get("/api/v1/chips", headers=program).status_code == 401
    assert send(client, "GET", "/account", browser) == 401


def test_a_person_shut_out_is_out_at_once(client: TestClient) -> None:
    program, browser = token_of(client, "gone", ["officer"]), session_of(client, "gone", ["officer"])
    by = access.Visitor(make_person(client, "boss", ["administrator"]))
    with site_in(client).registry.work() as work:
        access.change_person(work, by, "gone", roles=["officer"], agency="", organisation="", disabled=True)
    assert client.get("/api/v1/chips", headers=program).status_code == 401
    assert send(client, "GET", "/account", browser) == 401


def test_a_login_takes_no_session_from_outside(client: TestClient) -> None:
    """Session fixation: a key that an attacker planted is never the key of the session that begins."""
    with site_in(client).registry.work() as work:
        key = access.invite(work, "admin", by="test")
    planted = {"cookie": f"{visitors.COOKIE}=planted; {forms.COOKIE}=known"}
    answer = client.post(
        f"/invitation/{key}",
        headers=planted,
        data={"csrf": forms.token_of("known"), "password": "four unrelated quiet words"},
        follow_redirects=False,
    )
    fresh = re.search(rf"{visitors.COOKIE}=([\w-]+)", answer.headers["set-cookie"])
    assert fresh is not None
    assert fresh[1] != "planted"
    assert send(client, "GET", "/account", {"cookie": f"{visitors.COOKIE}=planted"}) == 401


def test_cookies_are_kept_from_scripts_and_other_sites(tmp_path: Path) -> None:
    with open_app(tmp_path, secure_cookies=True) as client:
        with site_in(client).registry.work() as work:
            key = access.invite(work, "admin", by="test")
        answer = client.post(
            f"/invitation/{key}",
            headers={"cookie": f"{forms.COOKIE}=known"},
            data={"csrf": forms.token_of("known"), "password": "four unrelated quiet words"},
            follow_redirects=False,
        )
        session = answer.headers["set-cookie"].lower()
        form = client.get("/help").headers["set-cookie"].lower()
    for cookie, site in ((session, "samesite=lax"), (form, "samesite=strict")):
        assert {"httponly", "secure", site, "path=/"} <= set(cookie.split("; ")), cookie


def test_pages_run_no_inline_script_or_style(client: TestClient) -> None:
    policy = client.get("/").headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    for path in ("/", "/help", "/login", "/chips", "/determine", "/capability", "/evidence", "/api/docs"):
        text = client.get(path).text
        assert not re.search(r"<script(?![^>]*\bsrc=)[^>]*>", text), path
        assert not re.search(r"<[^>]+\s(on\w+|style)=", text), path
        assert not re.search(r'(?:src|href|action)="(?:https?:)?//(?!\S*(?:\.gov|\.cn|\.com|\.org))', text), (
            path
        )


def test_secrets_stay_out_of_the_log(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    program, browser = token_of(client, "logged", ["officer"]), session_of(client, "logged", ["officer"])
    with site_in(client).registry.work() as work:
        link = access.invite(work, "logged", by="test")
    password = "a password that nobody may read"
    client.get("/api/v1/chips?note=query-secret", headers=program)
    client.get("/account", headers=browser)
    client.get(f"/invitation/{link}")
    send(client, "POST", f"/invitation/{link}", {})
    client.post(
        "/login",
        headers={"cookie": f"{forms.COOKIE}=known"},
        data={"csrf": forms.token_of("known"), "name": "logged", "password": password},
    )
    ours = "\n".join(r.getMessage() for r in caplog.records if not r.name.startswith("httpx"))
    assert "/invitation/***" in ours
    for secret in (
        program["authorization"][7:],
        browser["cookie"].split("=")[1],
        link,
        password,
        "query-secret",
    ):
        assert secret not in ours


def test_secrets_are_kept_as_digests(client: TestClient) -> None:
    program, browser = token_of(client, "kept", ["officer"]), session_of(client, "kept", ["officer"])
    with site_in(client).registry.work() as work:
        link = access.invite(work, "kept", by="test")
    with site_in(client).registry.read() as work:
        dump = "\n".join(
            str(row)
            for table in ("api_token", "session", "invitation", "event", "person")
            for row in work.connection.exec_driver_sql(f"SELECT * FROM {table}")
        )
    for secret in (program["authorization"][7:], browser["cookie"].split("=")[1], link):
        assert secret not in dump


def test_uploads_are_checked_by_what_they_hold(client: TestClient) -> None:
    headers = session_of(client, "reader", ["officer"])
    cookie = {"cookie": f"{headers['cookie']}; {forms.COOKIE}=known", "x-csrf-token": forms.token_of("known")}
    for name, content in (
        ("tool.exe", b"MZ\x90"),
        ("report.pdf", b"MZ\x90\x00 no pdf"),
        ("../../x.sh", b"#!"),
    ):
        answer = client.post("/evidence/documents", headers=cookie, files={"file": (name, content)})
        assert answer.status_code == 422, (name, answer.text[:200])
    folder = site_in(client).settings.evidence
    assert not folder.exists() or list(folder.iterdir()) == []


def test_too_many_requests_are_told_when_to_come_back(tmp_path: Path) -> None:
    with open_app(tmp_path, requests_per_minute=2, login_attempts_per_minute=1) as client:
        answers = [client.get("/api/v1/chips?limit=1") for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert 1 <= int(answers[2].headers["retry-after"]) <= 60
        cookie = {"cookie": f"{forms.COOKIE}=known"}
        data = {"csrf": forms.token_of("known"), "name": "admin", "password": "x"}
        logins = [client.post("/login", headers=cookie, data=data) for _ in range(2)]
        assert [answer.status_code for answer in logins] == [422, 429]
        assert 1 <= int(logins[1].headers["retry-after"]) <= 60


@pytest.mark.parametrize(
    "rule", ["../../etc/passwd", "/etc/passwd.toml", "x.toml", {"base": "x.toml"}, {"base": {"a": 1}}]
)
def test_no_client_names_a_file_of_the_server(client: TestClient, rule: Any) -> None:
    body = {"rule": rule, "supply": 1, "requests": [{"recipient": "a", "quantity": 1}]}
    answer = client.post("/api/v1/allocate", json=body)
    assert answer.status_code == 404
    assert answer.json()["code"] == "unknown-procedure"


def test_a_number_too_long_to_work_with_is_refused(client: TestClient) -> None:
    row = {"recipient": "a", "quantity": 1, "accepted_on": "2026-01-01", "weight": "1e999999999"}
    other = {"recipient": "b", "quantity": 10**400, "accepted_on": "2026-01-01"}
    body = {"rule": "by-day", "supply": 1, "requests": [row, other]}
    answer = client.post("/api/v1/allocate", json=body)
    assert answer.status_code == 422
    found = " ".join(problem["where"] for problem in answer.json()["problems"])
    assert "requests[0].weight" in found
    assert "requests[1].quantity" in found
