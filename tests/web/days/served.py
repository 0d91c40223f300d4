"""The first H200 batch, played and served: a record of its own, a server of its own, people who can log in."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import BrowserContext

from lockgate.services import access
from lockgate.services.registry import Registry, open_record
from lockgate.store.access import person_by_id
from lockgate.web import visitors
from tests.web.days.pages import Shown

ROOT = Path(__file__).parents[3]
PASSWORD = "four unrelated quiet words"
AXE = (ROOT / "tests/web/vendor/axe-core/axe.min.js").read_text()


def address_of(shown: Shown, registry: Registry) -> str:
    """The path of a page, with a one-time link of its own where it needs one."""
    if "{key}" not in shown.path:
        return shown.path
    with registry.work() as work:
        return shown.path.format(key=access.invite(work, "tester", by="test"))


class Served:
    """A running application over a played record."""

    def __init__(self, base: str, registry: Registry) -> None:
        self.base = base
        self.registry = registry

    def log_in(self, context: BrowserContext, person: str) -> None:
        """Let a browser come in as somebody, without the slow password."""
        with self.registry.work() as work:
            row = person_by_id(work.connection, person)
            if row is None:
                raise LookupError(person)
            key = access.start_session(work, row, 12)
        context.add_cookies([{"name": visitors.COOKIE, "value": key, "url": self.base}])

    def set_password(self, person: str) -> None:
        """Let somebody log in with PASSWORD."""
        with self.registry.work() as work:
            key = access.invite(work, person, by="test")
        hashed = access.hash_password(PASSWORD)
        with self.registry.work() as work:
            access.accept_invitation(work, key, hashed)


def play_example(folder: Path) -> str:
    """Play the example on a database of its own; returns its address."""
    url = f"sqlite:///{folder}/play.db"
    play = [sys.executable, "examples/h200-first-batch/play.py", "--db", url]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    subprocess.run(play, check=True, cwd=ROOT, env=environment, capture_output=True)
    return url


@contextmanager
def serve_example(folder: Path) -> Iterator[Served]:
    """Play the example into a folder and serve it on a free port of this machine, until the block ends."""
    url = play_example(folder)
    environment = {
        **os.environ, "PYTHONPATH": str(ROOT / "src"), "LOCKGATE_DB": url, "LOCKGATE_LOGIN_ATTEMPTS_PER_MINUTE": "1000",
        "LOCKGATE_EVIDENCE": str(folder / "reports"),
    }  # fmt: skip
    (folder / "reports").mkdir()
    for report in (ROOT / "examples/h200-first-batch/reports").iterdir():
        (folder / "reports" / report.name).write_bytes(report.read_bytes())
    with (folder / "server.log").open("w+") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "lockgate", "serve", "--port", "0"], cwd=ROOT, env=environment,
            stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            base = wait_for_address(server, folder / "server.log")
            registry = open_record(url)
            yield Served(base, registry)
            registry.close()
        finally:
            server.terminate()
            server.wait(20)


def wait_for_address(server: "subprocess.Popen[bytes]", log: Path) -> str:
    """Where the server listens, once it says so."""
    import time

    for _ in range(300):
        if found := re.search(r"running on (http://\S+)", log.read_text()):
            return found[1]
        if server.poll() is not None:
            break
        time.sleep(0.1)
    raise RuntimeError(log.read_text())
