"""Logging in with an identity provider, against an issuer of our own on loopback that can be made to lie."""

import base64
import hashlib
import json
import re
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi.testclient import TestClient
from joserfc import jwt
from joserfc.jwk import RSAKey
from pydantic import SecretStr

from lockgate.store.access import change_person, person_by_id
from tests.web.people import make_person, open_app, site_in

KEY = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})
OTHER_KEY = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})


class Issuer:
    """A provider that answers honestly unless told otherwise."""

    def __init__(self) -> None:
        self.lies: dict[str, Any] = {}
        self.key = KEY
        self.asked: dict[str, str] = {}
        self.form: dict[str, list[str]] = {}
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self, body: Any) -> None:
                data = json.dumps(body).encode()
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def do_GET(self) -> None:
                if self.path == "/.well-known/openid-configuration":
                    self.answer(
                        {
                            "issuer": issuer.lies.get("issuer", issuer.url),
                            "authorization_endpoint": f"{issuer.url}/authorize",
                            "token_endpoint": f"{issuer.url}/token",
                            "jwks_uri": f"{issuer.url}/keys",
                        }
                    )
                else:
                    self.answer({"keys": [KEY.as_dict(private=False)]})

            def do_POST(self) -> None:
                length = int(self.headers["content-length"])
                issuer.form = parse_qs(self.rfile.read(length).decode())
                self.answer({"access_token": "a", "token_type": "Bearer", "id_token": issuer.token()})

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def token(self) -> str:
        now = int(time.time())
        claims = {
            "iss": self.url, "aud": "lockgate", "sub": "ann-at-issuer", "nonce": self.asked["nonce"],
            "iat": now, "exp": now + 300,
        }  # fmt: skip
        claims |= self.lies.get("claims", {})
        kept = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode({"alg": "RS256", "kid": "one"}, kept, self.key)


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    started = Issuer()
    yield started
    started.server.shutdown()
    started.server.server_close()


@pytest.fixture
def client(tmp_path: Path, issuer: Issuer) -> Iterator[TestClient]:
    with open_app(
        tmp_path, oidc_issuer=issuer.url, oidc_client_id="lockgate", oidc_client_secret=SecretStr("secret")
    ) as opened:
        row = make_person(opened, "ann", ["officer"])
        with site_in(opened).registry.work() as work:
            linked = type(row)(
                **{n: getattr(row, n) for n in row.__slots__}
                | {"oidc_subject": f"{issuer.url}#ann-at-issuer"}
            )
            change_person(work.connection, linked)
        yield opened


def go(client: TestClient, issuer: Issuer, back: str = "/account") -> dict[str, str]:
    answer = client.get(f"/login/oidc?back={back}", follow_redirects=False)
    assert answer.status_code == 303
    query = parse_qs(urlsplit(answer.headers["location"]).query)
    issuer.asked = {name: values[0] for name, values in query.items()}
    return issuer.asked


def come_back(client: TestClient, state: str) -> Any:
    return client.get(f"/login/oidc/callback?code=c&state={state}", follow_redirects=False)


def test_a_linked_person_comes_in(client: TestClient, issuer: Issuer) -> None:
    asked = go(client, issuer)
    assert asked["response_type"] == "code"
    assert asked["code_challenge_method"] == "S256"
    answer = come_back(client, asked["state"])
    assert answer.status_code == 303, answer.text
    assert answer.headers["location"] == "/account"
    verifier = issuer.form["code_verifier"][0]
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    assert challenge == asked["code_challenge"]
    assert client.get("/account").status_code == 200


@pytest.mark.parametrize(
    ("claims", "named"),
    [
        ({"nonce": "another"}, "nonce"),
        ({"nonce": None}, "nonce"),
        ({"aud": "somebody-else"}, "aud"),
        ({"exp": 1_600_000_000}, "exp"),
        ({"exp": None}, "exp"),
        ({"iss": "https://elsewhere.example"}, "iss"),
        ({"sub": None}, "sub"),
    ],
)
def test_a_token_that_does_not_hold_lets_nobody_in(
    client: TestClient, issuer: Issuer, claims: dict[str, Any], named: str
) -> None:
    issuer.lies = {"claims": claims}
    answer = come_back(client, go(client, issuer)["state"])
    assert answer.status_code == 403
    assert re.search(named, answer.text)
    assert client.get("/account", follow_redirects=False).status_code == 303


def test_a_token_signed_by_another_key_lets_nobody_in(client: TestClient, issuer: Issuer) -> None:
    issuer.key = OTHER_KEY
    assert come_back(client, go(client, issuer)["state"]).status_code == 403


def test_an_identity_nobody_linked_lets_nobody_in(client: TestClient, issuer: Issuer) -> None:
    issuer.lies = {"claims": {"sub": "stranger"}}
    answer = come_back(client, go(client, issuer)["state"])
    assert answer.status_code in (403, 404)
    assert "lockgate_session" not in answer.headers.get("set-cookie", "")


def test_a_disabled_person_does_not_come_in(client: TestClient, issuer: Issuer) -> None:
    with site_in(client).registry.work() as work:
        row = person_by_id(work.connection, "ann")
        assert row is not None
        shut = type(row)(**{n: getattr(row, n) for n in row.__slots__} | {"disabled": True})
        change_person(work.connection, shut)
    assert come_back(client, go(client, issuer)["state"]).status_code in (403, 404)
    assert client.get("/account", follow_redirects=False).status_code == 303


def test_an_answer_nobody_asked_for_is_refused(client: TestClient, issuer: Issuer) -> None:
    go(client, issuer)
    assert come_back(client, "another-state").status_code == 403
    client.cookies.clear()
    assert come_back(client, issuer.asked["state"]).status_code == 403


def test_a_provider_under_another_name_is_refused(client: TestClient, issuer: Issuer) -> None:
    issuer.lies = {"issuer": "https://elsewhere.example"}
    assert client.get("/login/oidc", follow_redirects=False).status_code == 503


def test_a_provider_that_is_away_is_told(tmp_path: Path) -> None:
    with open_app(tmp_path, oidc_issuer="http://127.0.0.1:9", oidc_client_id="x") as client:
        answer = client.get("/login/oidc", follow_redirects=False)
    assert answer.status_code == 503
    assert "password" in answer.text


def test_the_way_back_leads_to_our_own_pages_only(client: TestClient, issuer: Issuer) -> None:
    asked = go(client, issuer, back="//evil.example")
    assert come_back(client, asked["state"]).headers["location"] == "/"
