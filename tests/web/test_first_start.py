"""A fresh machine: `lockgate serve --port 0` in an empty folder, the administrator's link, the first pages."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.web.days.served import PASSWORD, ROOT


@pytest.fixture
def started(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """The address a server says it listens on, and its log."""
    log = tmp_path / "log"
    environment = {name: text for name, text in os.environ.items() if not name.startswith("LOCKGATE_")}
    with log.open("w") as file:
        server = subprocess.Popen(
            [sys.executable, "-m", "lockgate", "serve", "--port", "0"], cwd=tmp_path, stdout=file, stderr=file,
            env={**environment, "PYTHONPATH": str(ROOT / "src")},
        )  # fmt: skip
    try:
        for _ in range(600):
            if found := re.search(r"running on (http://\S+)", log.read_text()):
                break
            time.sleep(0.1)
        assert found is not None, log.read_text()
        yield found[1], log
    finally:
        server.terminate()
        server.wait(30)


def test_an_empty_folder_becomes_an_installation(started: tuple[str, Path]) -> None:
    base, log = started
    with httpx.Client(base_url=base, trust_env=False, follow_redirects=True, timeout=30) as client:
        for path in ("/healthz", "/readyz", "/", "/chips/h200-sxm", "/evidence", "/dossier"):
            assert client.get(path).status_code == 200, path
        links = re.findall(r"(http\S+/invitation/\S+)", log.read_text())
        assert len(links) == 1
        assert links[0].startswith(f"{base}/")
        page = client.get(links[0]).text
        token = re.search(r'name="csrf" value="(\w+)"', page)
        assert token is not None
        short = client.post(links[0], data={"csrf": token[1], "password": "short"})
        assert short.status_code == 422
        assert "12" in short.text
        done = client.post(links[0], data={"csrf": token[1], "password": PASSWORD})
        assert done.status_code == 200
        assert done.url.path == "/account"
        assert client.get("/admin").status_code == 200
        again = client.post(links[0], data={"csrf": token[1], "password": "another four quiet words"})
        assert again.status_code == 422
        assert "used up" in again.text
    with httpx.Client(base_url=base, trust_env=False, follow_redirects=True) as stranger:
        assert stranger.get("/admin").url.path == "/login"


@pytest.mark.parametrize("port", ["-1", "65536", "eighty"])
def test_a_port_that_is_none_is_told_without_a_traceback(port: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "lockgate", "serve", "--port", port], capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
    )  # fmt: skip
    assert done.returncode == 2
    assert "--port" in done.stderr
    assert "Traceback" not in done.stderr
