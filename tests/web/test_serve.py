"""Serving for an office: several workers at once, one count of what they did, and a database that fails."""

import re
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier, Thread

import httpx
import pytest
import uvicorn

from lockgate.cli.serve import bind
from lockgate.services.registry import init_record
from tests.web.people import open_app, session_of, site_in, token_of


def test_connections_do_not_wait_for_acknowledgements() -> None:
    shared = bind(uvicorn.Config("none", host="127.0.0.1", port=0))
    with shared:
        shared.listen()
        with socket.create_connection(shared.getsockname()):
            accepted, _ = shared.accept()
            with accepted:
                assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1


def test_an_empty_database_is_set_up_once_by_many(tmp_path: Path) -> None:
    for number in range(5):
        url, together = f"sqlite:///{tmp_path}/{number}.db", Barrier(4)

        def start(url: str = url, together: Barrier = together) -> bool:
            together.wait()
            registry, fresh = init_record(url)
            with registry, registry.read() as work:
                assert len(list(work.events("record"))) == 1
            return fresh

        with ThreadPoolExecutor(4) as pool:
            assert sum(pool.map(lambda _, start=start: start(), range(4))) == 1


def test_workers_start_on_an_empty_database_and_count_together(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = tmp_path / "log"
    command = [sys.executable, "-m", "lockgate", "serve", "--port", str(port), "--workers", "2", "--db", f"sqlite:///{tmp_path}/w.db"]  # fmt: skip
    with log.open("w") as file:
        process = subprocess.Popen(command, stdout=file, stderr=file)
    try:
        base = f"http://127.0.0.1:{port}"
        for _ in range(300):
            try:
                if httpx.get(f"{base}/readyz", trust_env=False).status_code == 200:
                    break
            except httpx.HTTPError:
                time.sleep(0.1)
        for _ in range(6):
            assert httpx.get(f"{base}/help", trust_env=False).status_code == 200
        for _ in range(4):
            text = httpx.get(f"{base}/metrics", trust_env=False).text
            assert 'lockgate_requests_total{method="GET",route="/help",status="200"} 6.0' in text
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
    assert log.read_text().count("/invitation/") == 1


def test_a_database_that_fails_is_not_told_about_and_what_is_public_goes_on(tmp_path: Path) -> None:
    with open_app(tmp_path, webhook_poll_s=0) as client:
        cookie = session_of(client, "officer", ("officer",))
        token = token_of(client, "officer", ("officer",))
        site_in(client).registry.engine.dispose()
        for path in tmp_path.glob("web.db*"):
            path.rename(path.with_name("gone-" + path.name))
        (tmp_path / "web.db").write_bytes(b"this is not a database, it is a note " * 200)
        answers = [
            client.get("/cases", headers=cookie), client.get("/api/v1/cases", headers=token),
            client.get("/readyz"), client.get("/cases.json", headers=cookie),
        ]  # fmt: skip
        for answer in answers:
            assert answer.status_code == 503, answer.text
            assert str(tmp_path) not in answer.text
            assert re.search("cannot be used at the moment", answer.text)
        for address in ("/chips/h200-sxm", "/determine?item=h200-sxm&from=US&to=CN", "/help"):
            assert client.get(address, headers=cookie).status_code == 200


def test_threads_that_have_ended_leave_no_connection_open(tmp_path: Path) -> None:
    registry, _ = init_record(f"sqlite:///{tmp_path}/threads.db")
    with registry:
        quick = registry.quick
        for _ in range(5):
            thread = Thread(target=quick._connection)
            thread.start()
            thread.join()
        assert len(quick._opened) == 1
        quick._connection()
        assert len(quick._opened) == 1, "this thread's own"


@pytest.mark.parametrize(
    ("arguments", "variables", "told"),
    [
        (["--db", "foo://x"], {}, "no database Lockgate keeps records in"),
        (["--db", "postgresql://127.0.0.1:1/x"], {}, "cannot be used"),
        ([], {"LOCKGATE_SESSION_HOURS": "abc", "LOCKGATE_LOGIN_ATTEMPTS_PER_MINUTE": "0"}, "LOCKGATE_SESSION_HOURS"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_before_a_server_starts(
    arguments: list[str], variables: dict[str, str], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("LOCKGATE_PUBLIC_URL", "")
    monkeypatch.setenv("LOCKGATE_DB", "")
    command = [sys.executable, "-m", "lockgate", "serve", "--port", "0", *arguments]
    found = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert found.returncode == 2
    assert told in found.stderr
    assert "Traceback" not in found.stderr
    assert found.stderr.count("error:") == max(1, len(variables))
