"""Webhooks: signed, in order, tried again, told apart when they come twice, and never into our own network."""

import hmac
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from lockgate.base.errors import LockgateError
from lockgate.services import access
from lockgate.services.webhooks import check_address, deliver_due
from lockgate.web.deliveries import Deliverer
from tests.web.people import make_person, open_app, site_in, token_of


class Receiver:
    """Takes deliveries, or refuses the first few."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.refuse = 0
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                status = 500 if receiver.refuse else 204
                receiver.refuse = max(0, receiver.refuse - 1)
                if status == 204:
                    receiver.got.append(({k.lower(): v for k, v in self.headers.items()}, body))
                self.send_response(status)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def seqs(self) -> list[int]:
        return [json.loads(body)["seq"] for _, body in self.got]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    started = Receiver()
    yield started
    started.server.shutdown()
    started.server.server_close()


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    with open_app(tmp_path, webhook_poll_s=0, webhook_allow_loopback=True) as opened:
        yield opened


def subscribe(client: TestClient, headers: dict[str, str], url: str, types: list[str], key: str = "k") -> Any:
    return client.post(
        "/api/v1/webhooks", headers={**headers, "idempotency-key": key}, json={"url": url, "types": types}
    )


def happen(client: TestClient, count: int = 1, stream: str = "case:c1") -> None:
    for _ in range(count):
        with site_in(client).registry.work() as work:
            work.append(stream, "SomethingHappened", {"secret": "inner"}, actor="test")


def deliver(client: TestClient) -> int:
    registry = site_in(client).registry
    return deliver_due(registry, Deliverer(registry, 0, allow_loopback=True).send)


def test_a_delivery_is_signed_and_holds_nothing_of_the_event(client: TestClient, receiver: Receiver) -> None:
    officer = token_of(client, "olga", ["officer"])
    made = subscribe(client, officer, receiver.url, ["SomethingHappened"])
    assert made.status_code == 201, made.text
    happen(client, 2)
    assert deliver(client) == 2
    assert deliver(client) == 0
    headers, body = receiver.got[0]
    secret = made.json()["secret"]
    expected = hmac.new(
        secret.encode(), headers["lockgate-timestamp"].encode() + b"." + body, "sha256"
    ).hexdigest()
    assert headers["lockgate-signature"] == f"v1={expected}"
    assert b"inner" not in body
    assert headers["lockgate-delivery"] == f"{made.json()['id']}-{json.loads(body)['seq']}"
    assert receiver.seqs() == sorted(set(receiver.seqs()))
    assert "secret" not in client.get("/api/v1/webhooks", headers=officer).text


def test_a_refused_delivery_is_tried_again_later_and_in_order(
    client: TestClient, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    import datetime as dt

    officer = token_of(client, "olga", ["officer"])
    subscribe(client, officer, receiver.url, ["SomethingHappened"])
    happen(client, 3)
    receiver.refuse = 1
    registry = site_in(client).registry
    assert deliver(client) == 0
    shown = client.get("/api/v1/webhooks", headers=officer).json()["webhooks"][0]
    assert shown["attempts"] == 1
    assert "500" in shown["problem"]
    assert deliver(client) == 0, "the pause is kept"
    later = registry.clock() + dt.timedelta(seconds=6)
    monkeypatch.setattr(registry, "clock", lambda: later)
    assert deliver(client) == 3
    assert receiver.seqs() == sorted(receiver.seqs())
    assert client.get("/api/v1/webhooks", headers=officer).json()["webhooks"][0]["problem"] == ""


def test_adding_twice_under_one_key_adds_once(client: TestClient, receiver: Receiver) -> None:
    officer = token_of(client, "olga", ["officer"])
    first = subscribe(client, officer, receiver.url, []).json()
    assert subscribe(client, officer, receiver.url, []).json()["id"] == first["id"]
    assert len(client.get("/api/v1/webhooks", headers=officer).json()["webhooks"]) == 1
    other = subscribe(client, officer, receiver.url, ["Other"])
    assert other.status_code == 409
    assert other.json()["code"] == "key-reused"
    gone = {**officer, "idempotency-key": "gone"}
    assert [client.delete(f"/api/v1/webhooks/{first['id']}", headers=gone).status_code for _ in "ab"] == [
        204,
        204,
    ]


def test_who_logs_in_is_told_to_auditors_only(client: TestClient, receiver: Receiver) -> None:
    subscribe(client, token_of(client, "olga", ["officer"]), receiver.url, [])
    happen(client, 1, stream="access:somebody")
    assert deliver(client) == 0
    subscribe(client, token_of(client, "audrey", ["auditor"]), receiver.url, ["SomethingHappened"])
    happen(client, 1, stream="access:somebody")
    assert deliver(client) == 1


def test_applicants_follow_nothing_and_nobody_removes_anothers(
    client: TestClient, receiver: Receiver
) -> None:
    refused = subscribe(
        client, token_of(client, "anna", ["applicant"], organisation="acme"), receiver.url, []
    )
    assert refused.status_code == 403
    made = subscribe(client, token_of(client, "olga", ["officer"]), receiver.url, []).json()
    other = {**token_of(client, "otto", ["officer"]), "idempotency-key": "x"}
    assert client.delete(f"/api/v1/webhooks/{made['id']}", headers=other).status_code == 404


def test_a_person_shut_out_is_told_no_more(client: TestClient, receiver: Receiver) -> None:
    subscribe(client, token_of(client, "olga", ["officer"]), receiver.url, ["SomethingHappened"])
    by = access.Visitor(make_person(client, "boss", ["administrator"]))
    with site_in(client).registry.work() as work:
        access.change_person(work, by, "olga", roles=["officer"], agency="", organisation="", disabled=True)
    happen(client)
    assert deliver(client) == 0


def test_a_claimed_webhook_is_left_to_who_claimed_it(client: TestClient, receiver: Receiver) -> None:
    """Two processes look at once: one delivers."""
    subscribe(client, token_of(client, "olga", ["officer"]), receiver.url, ["SomethingHappened"])
    happen(client)
    registry = site_in(client).registry
    inner: list[int] = []

    def send_while_another_looks(row: Any, body: bytes, headers: dict[str, str]) -> str:
        inner.append(deliver_due(registry, lambda *_: ""))
        return ""

    assert deliver_due(registry, send_while_another_looks) == 1
    assert inner == [0]


def test_the_thread_delivers(tmp_path: Path, receiver: Receiver) -> None:
    with open_app(tmp_path, webhook_poll_s=0.05, webhook_allow_loopback=True) as client:
        subscribe(client, token_of(client, "olga", ["officer"]), receiver.url, ["SomethingHappened"])
        happen(client)
        waited = threading.Event()
        for _ in range(100):
            if receiver.got or waited.wait(0.1):
                break
        assert len(receiver.got) == 1


@pytest.mark.parametrize(
    ("url", "ips"),
    [
        ("https://inner.example/", ["10.0.0.8"]),
        ("https://inner.example/", ["93.184.216.34", "192.168.1.1"]),
        ("https://inner.example/", ["127.0.0.1"]),
        ("https://inner.example/", ["169.254.169.254"]),
        ("https://inner.example/", ["::1"]),
        ("https://inner.example/", ["::ffff:10.0.0.1"]),
        ("https://inner.example/", ["fd00::1"]),
        ("https://inner.example/", ["100.64.0.1"]),
        ("https://inner.example/", ["0.0.0.0"]),
        ("https://inner.example/", ["224.0.0.1"]),
        ("http://open.example/", ["93.184.216.34"]),
        ("ftp://open.example/", ["93.184.216.34"]),
        ("https://user:word@open.example/", ["93.184.216.34"]),
        ("https://", ["93.184.216.34"]),
        ("https://[::1", ["93.184.216.34"]),
        ("https://a:99999/", ["93.184.216.34"]),
    ],
)
def test_deliveries_never_go_inside(url: str, ips: list[str]) -> None:
    with pytest.raises(LockgateError) as caught:
        check_address(url, find=lambda *_: ips)
    assert caught.value.code == "unsafe-address"


def test_a_public_address_is_pinned() -> None:
    address = check_address("https://open.example:8443/x", find=lambda *_: ["93.184.216.34"])
    assert (address.host, address.port, address.ip, address.tls) == (
        "open.example",
        8443,
        "93.184.216.34",
        True,
    )
