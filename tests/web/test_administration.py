"""What administrators and auditors see of access, and what an administrator can end."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from lockgate.services import people
from tests.web.people import open_app, session_of, site_in, token_of


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    with open_app(
        tmp_path, oidc_issuer="https://issuer.example", oidc_client_id="lockgate", oidc_client_secret="hush-hush",
        public_url="https://lockgate.example",
    ) as opened:  # fmt: skip
        yield opened


def types_of(client: TestClient, headers: dict[str, str], query: str = "") -> list[str]:
    return [row["type"] for row in client.get(f"/admin/audit.json?{query}", headers=headers).json()["events"]]


def test_the_audit_tells_who_was_let_in_and_who_read_what_is_withheld(client: TestClient) -> None:
    auditor = session_of(client, "auditor", ("auditor",))
    registry = site_in(client).registry
    session_of(client, "officer", ("officer",))
    officer = people.find_person(registry, "officer")
    party = people.register_party(registry, officer, "A secret buyer", country="CN")
    people.read_names(registry, officer, [party], reason="a question of the ministry")
    token_of(client, "officer", ("officer",))
    types = types_of(client, auditor)
    assert {"LoggedIn", "TokenCreated", "SecretRead"} <= set(types)
    assert types_of(client, auditor, "about=officer&type=SecretRead") == ["SecretRead"]
    assert types_of(client, auditor, "about=nobody") == []
    page = client.get("/admin/audit?about=officer", headers=auditor).text
    assert "a question of the ministry" in page
    assert "A secret buyer" not in page
    head, first = client.get("/admin/audit.csv?type=SecretRead", headers=auditor).text.splitlines()
    assert head == "seq,at,type,about,actor,data"
    assert "officer" in first
    seq = client.get("/admin/audit.json", headers=auditor).json()["events"][0]["seq"]
    assert all(
        row["seq"] < seq
        for row in client.get(f"/admin/audit.json?before={seq}", headers=auditor).json()["events"]
    )


@pytest.mark.parametrize("role", ["officer", "adviser", "applicant", "lab", "countersigner"])
def test_the_audit_is_for_administrators_and_auditors(client: TestClient, role: str) -> None:
    assert client.get("/admin/audit.json", headers=session_of(client, "x", (role,))).status_code == 403


def test_an_administrator_logs_somebody_out_everywhere(client: TestClient) -> None:
    officer, admin = (
        session_of(client, "officer", ("officer",)),
        session_of(client, "root", ("administrator",)),
    )
    assert client.get("/cases", headers=officer).status_code == 200
    answer = client.get("/admin/people/officer", headers=admin)
    assert "Log out everywhere" in answer.text
    assert (
        post(client, admin, "/admin/people/officer", "/admin/people/officer/sessions/end").status_code == 303
    )
    assert client.get("/cases.json", headers=officer).status_code == 401
    assert "LoggedOut" in types_of(client, admin, "about=officer")
    auditor = session_of(client, "auditor", ("auditor",))
    assert (
        post(client, auditor, "/admin/people/officer", "/admin/people/officer/sessions/end").status_code
        == 403
    )


def test_the_settings_of_single_login_are_shown_without_the_secret(client: TestClient) -> None:
    page = client.get("/admin", headers=session_of(client, "root", ("administrator",))).text
    for words in (
        "https://issuer.example",
        "https://lockgate.example/login/oidc/callback",
        "LOCKGATE_OIDC_ISSUER",
    ):
        assert words in page
    assert "hush-hush" not in page


def test_the_use_of_a_token_is_noted(client: TestClient) -> None:
    header = token_of(client, "officer", ("officer",))
    admin = session_of(client, "root", ("administrator",))
    assert re.search(r"Last used\s+never", client.get("/admin/people/officer", headers=admin).text)
    assert client.get("/api/v1/cases", headers=header).status_code == 200
    assert not re.search(r"Last used\s+never", client.get("/admin/people/officer", headers=admin).text)


def post(client: TestClient, cookie: dict[str, str], page: str, path: str) -> Any:
    answer = client.get(page, headers=cookie)
    form = re.search(r'name="csrf" value="([^"]+)"', answer.text)
    assert form is not None
    name, _, rest = answer.headers["set-cookie"].partition("=")
    client.cookies.clear()
    headers = {"cookie": f"{cookie['cookie']}; {name}={rest.partition(';')[0]}"}
    return client.post(path, data={"csrf": form[1]}, headers=headers, follow_redirects=False)
