"""Logging in, tokens, roles and forms, through the application in process."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from lockgate.services import access
from lockgate.web.app import create_app
from lockgate.web.settings import Settings
from lockgate.web.site import Site

PASSWORD = "four unrelated quiet words"


def form_token(client: TestClient, path: str = "/help") -> str:
    found = re.search(r'name="csrf" value="(\w+)"', client.get(path).text)
    assert found is not None
    return found[1]


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    settings = Settings(db=f"sqlite:///{tmp_path}/web.db", login_attempts_per_minute=5)
    with TestClient(create_app(settings)) as opened:
        yield opened


@pytest.fixture
def administrator(client: TestClient) -> TestClient:
    site: Site = client.app.state.site  # type: ignore[attr-defined]
    with site.registry.work() as work:
        key = access.invite(work, "admin", by="test")
    answer = client.post(f"/invitation/{key}", data={"csrf": form_token(client), "password": PASSWORD})
    assert answer.url.path == "/account"
    return client


def test_first_start_makes_an_administrator_without_a_password(client: TestClient) -> None:
    answer = client.post("/login", data={"csrf": form_token(client), "name": "admin", "password": ""})
    assert answer.status_code == 422
    assert "wrong" in answer.text


def test_a_link_works_once(administrator: TestClient) -> None:
    site: Site = administrator.app.state.site  # type: ignore[attr-defined]
    with site.registry.work() as work:
        key = access.invite(work, "admin", by="test")
    data = {"csrf": form_token(administrator), "password": PASSWORD}
    assert administrator.post(f"/invitation/{key}", data=data).status_code == 200
    assert administrator.post(f"/invitation/{key}", data=data).status_code == 422


def test_login_logout(administrator: TestClient) -> None:
    token = form_token(administrator)
    administrator.post("/logout", data={"csrf": token})
    assert administrator.get("/account", follow_redirects=False).headers["location"] == "/login?back=/account"
    answer = administrator.post(
        "/login", data={"csrf": token, "name": "admin", "password": PASSWORD, "back": "/account"}
    )
    assert answer.url.path == "/account"


@pytest.mark.parametrize("back", ["//evil.example", "https://evil.example", "/\\evil.example"])
def test_login_never_leads_away(administrator: TestClient, back: str) -> None:
    data = {"csrf": form_token(administrator), "name": "admin", "password": PASSWORD, "back": back}
    assert administrator.post("/login", data=data, follow_redirects=False).headers["location"] == "/"


def test_logins_are_slowed_down(client: TestClient) -> None:
    token = form_token(client)
    statuses = [
        client.post("/login", data={"csrf": token, "name": "admin", "password": "x"}).status_code
        for _ in range(7)
    ]
    assert statuses == [422] * 5 + [429] * 2


def test_a_form_from_elsewhere_is_refused(administrator: TestClient) -> None:
    for data in ({"id": "eve"}, {"id": "eve", "csrf": "0" * 64}):
        assert administrator.post("/admin/people", data=data).status_code == 403
    assert "eve" not in administrator.get("/admin.json").text


def test_people_roles_and_last_administrator(administrator: TestClient) -> None:
    token = form_token(administrator)
    answer = administrator.post(
        "/admin/people", data={"csrf": token, "id": "ann", "roles": ["officer", "king"]}
    )
    assert answer.status_code == 422
    assert "king" in answer.text
    assert (
        "/invitation/"
        in administrator.post("/admin/people", data={"csrf": token, "id": "ann", "roles": "officer"}).text
    )
    assert (
        administrator.post("/admin/people", data={"csrf": token, "id": "ann", "roles": "officer"}).status_code
        == 422
    )
    refused = administrator.post("/admin/people/admin", data={"csrf": token, "roles": "officer"})
    assert refused.status_code == 422
    assert "administrator" in refused.text
    assert administrator.get("/admin.json").json()[1]["roles"] == ["officer"]


def test_only_administrators_administer(administrator: TestClient) -> None:
    token = form_token(administrator)
    text = administrator.post("/admin/people", data={"csrf": token, "id": "ann", "roles": "officer"}).text
    link = re.search(r"/invitation/[\w-]+", text)
    assert link is not None
    administrator.post("/logout", data={"csrf": token})
    administrator.post(link[0], data={"csrf": token, "password": PASSWORD})
    assert administrator.get("/admin").status_code == 403
    assert (
        administrator.post("/admin/people", data={"csrf": token, "id": "bob", "roles": "officer"}).status_code
        == 403
    )


def test_tokens_are_shown_once_and_can_be_revoked(administrator: TestClient) -> None:
    token = form_token(administrator)
    made = administrator.post(
        "/account/tokens", data={"csrf": token, "label": "ci", "scopes": "read", "days": "3"}
    )
    secret = re.findall(r"lg_[\w-]+", made.text)[0]
    assert secret not in administrator.get("/account").text
    bearer = {"authorization": f"Bearer {secret}"}
    assert administrator.get("/api/v1/chips", headers=bearer).status_code == 200
    token_id = re.findall(r"/account/tokens/(\w+)/revoke", administrator.get("/account").text)[0]
    administrator.post(f"/account/tokens/{token_id}/revoke", data={"csrf": token})
    assert administrator.get("/api/v1/chips", headers=bearer).status_code == 401


def test_the_record_keeps_every_change_of_access(administrator: TestClient) -> None:
    site: Site = administrator.app.state.site  # type: ignore[attr-defined]
    with site.registry.read() as work:
        types = [event.type for event in work.events("access:admin")]
    assert types[:2] == ["PersonAdded", "PersonInvited"]
    assert {"PasswordSet", "LoggedIn"} <= set(types)


def test_security_headers_and_request_id(client: TestClient) -> None:
    headers = client.get("/").headers
    assert "script-src 'self'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert len(headers["x-request-id"]) == 16


def test_a_body_over_the_limit_is_refused(tmp_path: Path) -> None:
    with TestClient(create_app(Settings(db=f"sqlite:///{tmp_path}/web.db", upload_byte_max=1000))) as client:
        answer = client.post("/login", data={"name": "x" * 2000})
        assert answer.status_code == 413
        assert answer.json()["code"] == "too-large"


def test_an_unknown_page_says_so_in_the_readers_language(client: TestClient) -> None:
    answer = client.get("/nowhere", headers={"accept-language": "zh-CN"})
    assert answer.status_code == 404
    assert 'lang="zh-Hans"' in answer.text
    problem = client.get("/nowhere.json")
    assert problem.headers["content-type"] == "application/problem+json"
    assert problem.json()["code"] == "not-found"
