"""What happens when something breaks: the database goes away, the disk is full, a worker dies, two people are at it."""

import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient

from lockgate.services import access
from lockgate.services.registry import init_record
from lockgate.store.access import PersonRow, add_person
from tests.web.people import open_app, site_in, token_of

POSTING = {"kind": "move", "from_account": "outside:f", "to_account": "batch:f", "amount": 5}


def post(client: Any, headers: dict[str, str], key: str, name: str = "p1", **changes: Any) -> Any:
    body = {"postings": [{"key": name, **POSTING, **changes}]}
    return client.post("/api/v1/ledger/postings", headers={**headers, "idempotency-key": key}, json=body)


def balance(client: Any, headers: dict[str, str]) -> int:
    answer = client.get("/api/v1/ledger/accounts/batch:f", headers=headers)
    return int(answer.json()["account"]["balance"]) if answer.status_code == 200 else 0


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    with open_app(tmp_path, webhook_poll_s=0) as opened:
        yield opened


@pytest.fixture
def headers(client: TestClient) -> dict[str, str]:
    return token_of(client, "root", ["administrator"])


def assert_unavailable(answer: Any) -> None:
    assert answer.status_code == 503, answer.text
    problem = answer.json()
    assert problem["code"] == "database-unavailable"
    assert problem["problems"][0]["hint"]
    assert int(answer.headers["retry-after"]) > 0


# --------------------------------------------------------------------------------------------- writes repeated
def test_a_write_without_a_key_is_refused(client: TestClient, headers: dict[str, str]) -> None:
    body = {"postings": [{"key": "p1", **POSTING}]}
    answer = client.post("/api/v1/ledger/postings", headers=headers, json=body)
    assert answer.status_code == 422
    assert answer.json()["code"] == "idempotency-key-missing"


def test_a_repeated_write_is_done_once(client: TestClient, headers: dict[str, str]) -> None:
    first, second = post(client, headers, "k1"), post(client, headers, "k1")
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json()["seq"] == second.json()["seq"]
    assert second.json()["repeated"] is True
    assert balance(client, headers) == 5
    other = post(client, headers, "k1", name="p2")
    assert other.status_code == 409
    assert other.json()["code"] == "key-reused"


def test_one_persons_keys_are_not_anothers(client: TestClient, headers: dict[str, str]) -> None:
    assert post(client, headers, "same", "a").status_code == 201
    assert post(client, token_of(client, "two", ["administrator"]), "same", "b").status_code == 201
    assert balance(client, headers) == 10


def test_writes_at_once_under_one_key_are_done_once(client: TestClient, headers: dict[str, str]) -> None:
    answers: list[Any] = []
    threads = [
        threading.Thread(target=lambda: answers.append(post(client, headers, "race"))) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["seq"] for answer in answers}) == 1
    assert balance(client, headers) == 5


def test_two_who_draw_on_the_same_at_once_cannot_overdraw(
    client: TestClient, headers: dict[str, str]
) -> None:
    """Two officers at once: one is served, the other is told what is left, nothing is lost or doubled."""
    assert post(client, headers, "open").status_code == 201
    answers: list[Any] = []
    threads = [
        threading.Thread(
            target=lambda n=n: answers.append(
                post(
                    client,
                    headers,
                    f"draw{n}",
                    f"d{n}",
                    from_account="batch:f",
                    to_account="delivered:f",
                    amount=4,
                )
            )
        )
        for n in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status_code for answer in answers) == [201, 422]
    refused = next(answer for answer in answers if answer.status_code == 422).json()
    assert refused["code"] == "overdrawn"
    assert balance(client, headers) == 1


# --------------------------------------------------------------------------------------------- the database away
def test_sqlite_removed_and_put_back(client: TestClient, headers: dict[str, str], tmp_path: Path) -> None:
    assert post(client, headers, "k1").status_code == 201
    site_in(client).registry.engine.dispose()
    site_in(client).registry.forget_key()
    away = tmp_path / "away"
    away.mkdir()
    for path in tmp_path.glob("web.db*"):
        shutil.move(path, away / path.name)
    (tmp_path / "web.db").mkdir()  # nothing can be opened under that name
    assert client.get("/readyz").status_code == 503
    assert_unavailable(client.get("/api/v1/ledger/accounts", headers=headers))
    assert client.get("/healthz").status_code == 200
    page = client.get("/admin", headers={"cookie": "lockgate_session=x"})
    assert page.status_code == 503
    assert "database" in page.text
    (tmp_path / "web.db").rmdir()
    for path in away.iterdir():
        shutil.move(path, tmp_path / path.name)
    assert client.get("/readyz").status_code == 200
    assert post(client, headers, "k1").json()["repeated"] is True
    assert balance(client, headers) == 5


def test_sqlite_locked_by_another_program(
    client: TestClient, headers: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sqlite3

    registry = site_in(client).registry
    with registry.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout = 100")
    registry.quick.close()
    other = sqlite3.connect(tmp_path / "web.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    monkeypatch.setattr("lockgate.store.quick.QuickPath.append", lambda *_, **__: None)
    assert_unavailable(post(client, headers, "k1"))
    other.execute("ROLLBACK")
    other.close()
    assert post(client, headers, "k1").status_code == 201
    assert balance(client, headers) == 5


def test_a_full_disk_is_told_and_nothing_is_half_done(
    client: TestClient, headers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = site_in(client).registry
    monkeypatch.setattr("lockgate.store.quick.QuickPath.append", lambda *_, **__: None)
    with registry.engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    done, refused = [], None
    for n in range(400):
        answer = client.post(
            "/api/v1/ledger/postings",
            headers={**headers, "idempotency-key": f"k{n}"},
            json={"postings": [{"key": f"p{n}", **POSTING}], "note": "x" * 2000},
        )
        if answer.status_code != 201:
            refused = (n, answer)
            break
        done.append(n)
    assert refused is not None, "the disk was never full"
    number, answer = refused
    assert_unavailable(answer)
    assert "full" in answer.json()["detail"]
    assert balance(client, headers) == 5 * len(done)
    with registry.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
    assert post(client, headers, f"k{number}", f"p{number}").status_code == 201
    assert balance(client, headers) == 5 * len(done) + 5


# --------------------------------------------------------------------------------------------- a worker killed
def free_port() -> int:
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        return int(opened.getsockname()[1])


@contextmanager
def served(url: str, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """A server in a process of its own, killed at the end if it still runs."""
    process = subprocess.Popen(
        [sys.executable, "-m", "lockgate", "serve", "--port", str(port), "--db", url],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(300):
            with suppress(httpx.HTTPError):
                if httpx.get(f"http://127.0.0.1:{port}/readyz", trust_env=False).status_code == 200:
                    break
            time.sleep(0.1)
        yield process
    finally:
        process.kill()
        process.wait()


def test_a_worker_killed_mid_write_loses_and_doubles_nothing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/web.db"
    registry, _ = init_record(url)
    with registry, registry.work() as work:
        row = PersonRow("root", "root", ("administrator",), created_at=work.at)
        add_person(work.connection, row)
        secret, _ = access.create_token(work, access.Visitor(row), "test", access.SCOPES, 1)
    headers = {"authorization": f"Bearer {secret}"}
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    asked: list[str] = []
    acknowledged: list[str] = []

    def write(writer: int) -> None:
        with httpx.Client(base_url=base, trust_env=False) as client:
            for number in range(2000):
                name = f"{writer}-{number}"
                asked.append(name)
                try:
                    if post(client, headers, name, name).status_code == 201:
                        acknowledged.append(name)
                except httpx.HTTPError:
                    return

    with served(url, port) as process:
        writers = [threading.Thread(target=write, args=(n,)) for n in range(3)]
        for writer in writers:
            writer.start()
        while len(acknowledged) < 25:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        for writer in writers:
            writer.join()
    assert len(acknowledged) >= 25
    with open_app(tmp_path, webhook_poll_s=0, requests_per_minute=100_000) as client:
        known = {name for name in asked if name in acknowledged}
        assert balance(client, headers) >= 5 * len(known), "what was acknowledged is there"
        answers = {name: post(client, headers, name, name) for name in asked}
        assert {answer.status_code for answer in answers.values()} == {201}
        assert all(answers[name].json()["repeated"] for name in known)
        assert balance(client, headers) == 5 * len(asked)


def test_processes_that_start_at_once_invite_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with open_app(tmp_path, webhook_poll_s=0), open_app(tmp_path, webhook_poll_s=0):
        pass
    assert sum("/invitation/" in record.getMessage() for record in caplog.records) == 1
