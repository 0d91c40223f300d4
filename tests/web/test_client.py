"""The Python client against the application itself."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient

from lockgate.base.errors import LockgateError
from lockgate.services.webhooks import sign
from lockgate.web.client import Client, check_delivery
from tests.web.people import open_app, token_of

MOVE = {"key": "p1", "kind": "move", "from_account": "outside:x", "to_account": "batch:x", "amount": 7}


@pytest.fixture
def app(tmp_path: Path) -> Iterator[TestClient]:
    with open_app(tmp_path, webhook_poll_s=0) as opened:
        yield opened


@pytest.fixture
def client(app: TestClient) -> Client:
    token = token_of(app, "root", ["administrator"])["authorization"][7:]
    return Client("", token, http=app, pause_s=0)  # type: ignore[arg-type]


def test_reads_are_typed_paged_and_remembered(app: TestClient, client: Client) -> None:
    rows = list(client.chips())
    assert len({row["id"] for row in rows}) == len(rows) > 50
    assert client.chip("h200-sxm").id == "h200-sxm"
    calls: list[int] = []
    app.event_hooks = {"response": [lambda answer: calls.append(answer.status_code)]}
    assert client.chip("h200-sxm").id == "h200-sxm"
    assert calls == [304]
    assert client.provision("us-ear.3a090.a").id == "us-ear.3a090.a"


def test_answers_are_those_of_the_service(client: Client) -> None:
    answer = client.determine(
        [{"item": "h200-sxm", "kind": "export", "from": "US", "to": "CN"}], on="2026-01-28"
    )[0]
    assert answer.classification == "3A090.a"
    with pytest.raises(LockgateError) as caught:
        client.chip("h2000")
    assert caught.value.problems[0].code == "unknown-chip"
    assert caught.value.problems[0].hint


def test_what_chips_can_do_is_planned_compared_and_worked_out(client: Client) -> None:
    job = {"kind": "serve", "model": "llama3.1-70b", "count": 8, "input_len": 2048, "output_len": 256}
    plan = client.plan({**job, "chip": "h200-sxm"})
    rates = [point["output_tokens_per_s"]["value"] for point in plan.pareto]
    assert max(rates) == plan.best["output_tokens_per_s"]["value"]
    assert plan.searched >= len(plan.pareto) > 1
    bare = next(row["id"] for row in client.chips() if not client.chip(row["id"]).model_extra["rates"])  # type: ignore[index]
    first, second, none = client.compare(job, ["h100-sxm", "h200-sxm", bare])
    assert first["ratio"]["value"] == 1
    assert second["ratio"]["value"] > 1
    assert none["problem"]
    fleet = client.fleet([{"chip": "h200-sxm", "count": 100}], serve=["llama3.1-70b"])
    assert fleet.total_tokens_per_day["llama3.1-70b"]["value"] > 0
    with pytest.raises(LockgateError) as caught:
        client.compare(job, ["h100-sxm", "h2000"])
    assert caught.value.problems[0].code == "unknown-chip"
    with pytest.raises(LockgateError) as caught:
        client.fleet([{"chip": "h200-sxm", "count": 0}])
    assert caught.value.problems[0].path == "lots[0].count"


def test_a_write_is_repeated_under_its_key_where_the_connection_breaks(
    app: TestClient, client: Client
) -> None:
    """The answer to the first attempt is lost: the second one learns what became of it."""
    real = app.request
    lost: list[Any] = []

    def lose_first(*args: Any, **kwargs: Any) -> Any:
        answer = real(*args, **kwargs)
        if not lost:
            lost.append(answer)
            raise httpx.ReadError("the connection broke")
        return answer

    app.request = lose_first  # type: ignore[method-assign]
    written = client.post([MOVE])
    assert written.repeated is True
    assert written.seq == lost[0].json()["seq"]
    assert client.account("batch:x").account.balance == 7


def test_a_service_that_is_away_is_told() -> None:
    def refuse(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    with (
        Client(
            "", http=httpx.Client(transport=httpx.MockTransport(refuse), base_url="http://x"), pause_s=0
        ) as away,
        pytest.raises(LockgateError) as caught,
    ):
        away.accounts()
    assert caught.value.code == "unavailable"


def test_a_delivery_is_checked() -> None:
    now = int(time.time())
    headers = {
        "Lockgate-Timestamp": str(now),
        "Lockgate-Signature": sign("whsec_a", str(now), b"{}"),
        "Lockgate-Delivery": "h-7",
    }
    assert check_delivery("whsec_a", headers, b"{}") == "h-7"
    for secret, body, at in (
        ("whsec_b", b"{}", now),
        ("whsec_a", b"{ }", now),
        ("whsec_a", b"{}", now + 600),
    ):
        with pytest.raises(LockgateError):
            check_delivery(secret, headers, body, now_s=at)
