"""The first batch, played end to end on both databases; then somebody tampers with it, and `lockgate verify` says where."""

import datetime as dt
import importlib.util
import json
import subprocess
import sys
import uuid
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text
from typer.testing import CliRunner

from lockgate.base.errors import LockgateError
from lockgate.casework.roles import PUBLIC_READER, Actor, Role
from lockgate.casework.states import Action
from lockgate.cli.main import app
from lockgate.services import (
    audit,
    batches,
    caps,
    case_lists,
    case_record,
    case_view,
    cases,
    end_use,
    people,
    rounds,
    shippable,
)
from lockgate.services.case_export import export_case, verify_export
from lockgate.services.dossier_who import who_gets_it
from lockgate.services.registry import Registry, open_record
from lockgate.store.engine import open_engine, read_url
from tests.integration.conftest import make_database
from tests.integration.store.test_audit import unguard

ROOT = Path(__file__).parents[3]
PLAY = ROOT / "examples" / "h200-first-batch" / "play.py"


def load_play() -> Any:
    spec = importlib.util.spec_from_file_location("h200_play", PLAY)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["h200_play"] = module  # its classes are looked up there
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def played_once(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What was played so far, by backend: each database is played once and copied."""
    return {"folder": tmp_path_factory.mktemp("played")}


@pytest.fixture
def database_url(
    backend: str, tmp_path: Path, request: pytest.FixtureRequest, played_once: dict[str, Any]
) -> str:
    """Address of a copy of the played record."""
    key = played_once["folder"] / f"{backend}.key"
    request.getfixturevalue("monkeypatch").setenv("LOCKGATE_KEY_FILE", str(key))
    if backend not in played_once:
        url = f"sqlite:///{played_once['folder'] / 'played.db'}"
        if backend == "postgresql":
            server = request.getfixturevalue("postgres")
            make_database(server.get_uri(), "played", "template_lockgate")
            url = server.get_uri("played")
        registry, found = load_play().play(url)
        registry.close()
        assert found.holds
        played_once[backend] = url
    own = tmp_path / "key"  # a test may replace it
    own.write_bytes(key.read_bytes())
    request.getfixturevalue("monkeypatch").setenv("LOCKGATE_KEY_FILE", str(own))
    if backend == "sqlite":
        path = tmp_path / "h200.db"
        path.write_bytes((played_once["folder"] / "played.db").read_bytes())
        return f"sqlite:///{path}"
    server = request.getfixturevalue("postgres")
    name = f"p{uuid.uuid4().hex[:12]}"
    make_database(server.get_uri(), name, "played")
    return str(server.get_uri(name))


@pytest.fixture
def played(database_url: str) -> Iterator[Registry]:
    """The record after the play, opened."""
    registry = open_record(database_url, clock=lambda: dt.datetime(2026, 6, 2, tzinfo=dt.UTC))
    yield registry
    registry.close()


def officer() -> Actor:
    return Actor("officer", frozenset({Role.OFFICER}), "commerce")


def test_what_the_play_leaves(played: Registry) -> None:
    found = audit.verify_record(played)
    assert (found.faults, found.warnings) == ((), ())
    ratio = caps.ratio_position(played, "h200-sxm:cn-mo")
    assert (ratio["capped_units"], ratio["breach_units"], ratio["headroom_units"]) == (640, 140, 0)
    with played.read() as work:
        assert case_record.load_case(work, "us-1").state == "suspended"
        assert work.account("licence:us-1:1").headroom == 60_000 - 640
        assert work.account("licence:cn-1:h200").headroom == 200_000
        assert work.account("batch:b1").headroom == 200_000 - 640  # reservations lapsed
        assert (
            sum(account.balance for account in work.accounts().values() if account.id.split(":")[0] != "x")
            == 0
        )
        tencent = next(item for item in work.items("shipment") if item.id == "s2")
        assert work.account(f"reported:b1:{tencent.subject}").balance == 239
        assert work.account(f"delivered:b1:{tencent.subject}").balance == 1
    position = shippable.deal_position(played, officer(), "h200-2026")
    assert position["shippable"] == 0


def test_names_are_nowhere_in_the_record(played: Registry) -> None:
    with played.read() as work:
        payloads = "".join(work.connection.execute(text("SELECT payload FROM event")).scalars())
        payloads += "".join(work.connection.execute(text("SELECT data FROM item")).scalars())
    for name in ("ByteDance", "Alibaba", "Tencent", "DeepSeek"):
        assert name not in payloads


TAMPERING = [
    "UPDATE event SET payload = replace(payload, '75000', '75001') WHERE seq = {seq}",
    "UPDATE event SET payload = payload || ' ' WHERE seq = {seq}",
    "UPDATE event SET payload = '' WHERE seq = {seq}",
    "UPDATE event SET actor = 'somebody' WHERE seq = {seq}",
    "UPDATE event SET at = '2020-01-01T00:00:00.000000Z' WHERE seq = {seq}",
    "DELETE FROM event WHERE seq = {seq}",
]


@pytest.mark.parametrize("statement", TAMPERING)
def test_tampering_is_found_by_the_command(played: Registry, database_url: str, statement: str) -> None:
    played.close()
    engine = open_engine(read_url(database_url), pooled=False)
    with engine.connect() as connection:
        seq = connection.execute(text("SELECT min(seq) FROM event WHERE payload LIKE '%75000%'")).scalar()
        last = connection.execute(text("SELECT max(seq) FROM event")).scalar()
    change(engine, statement.format(seq=seq))
    assert verify_by_command(database_url) == (1, seq)
    if "DELETE" in statement:
        change(engine, f"DELETE FROM event WHERE seq = {last}")
        assert verify_by_command(database_url) == (1, seq)


def test_the_last_event_removed(played: Registry, database_url: str) -> None:
    played.close()
    engine = open_engine(read_url(database_url), pooled=False)
    with engine.connect() as connection:
        last = connection.execute(text("SELECT max(seq) FROM event")).scalar_one()
    change(engine, f"DELETE FROM event WHERE seq = {last}")
    assert verify_by_command(database_url) == (1, last)
    change(
        engine,
        f"UPDATE head SET size = {last - 1}, hash = (SELECT hash FROM event WHERE seq = {last - 1})",
    )
    assert verify_by_command(database_url) == (1, last)  # a checkpoint shows it


def test_two_events_swapped(played: Registry, database_url: str) -> None:
    played.close()
    engine = open_engine(read_url(database_url), pooled=False)
    change(
        engine, "UPDATE event SET seq = 999999 WHERE seq = 20", "UPDATE event SET seq = 20 WHERE seq = 30",
        "UPDATE event SET seq = 30 WHERE seq = 999999",
    )  # fmt: skip
    assert verify_by_command(database_url) == (1, 20)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE account SET posted_out = posted_out - 1 WHERE id LIKE 'batch:%'",
        "UPDATE posting SET amount = amount + 1 WHERE kind = 'settle'",
        "UPDATE item SET state = 'late' WHERE kind = 'report' AND id = 's1'",
        "DELETE FROM item WHERE kind = 'task'",
        "UPDATE case_file SET state = 'approved' WHERE id = 'us-1'",
        "DELETE FROM case_file WHERE id = 'lab-1'",
        "UPDATE unit SET serial = 'X-1' WHERE serial = 'LOT-1-00001'",
        "DELETE FROM unit WHERE serial = 'LOT-2-00001'",
        "UPDATE unit_report SET status = 'installed' WHERE status = 'missing'",
        "UPDATE person SET roles = '[\"administrator\"]' WHERE id = 'officer'",
        "UPDATE person SET organisation = 'p-1' WHERE id = 'chief'",
        "DELETE FROM person WHERE id = 'chief'",
        "DROP TABLE posting",
    ],
)
def test_tampering_beside_the_events_is_found(played: Registry, database_url: str, statement: str) -> None:
    played.close()
    change(open_engine(read_url(database_url), pooled=False), statement)
    status, seq = verify_by_command(database_url)
    assert status == 1
    assert seq is not None


def test_documents_altered_or_gone(played: Registry, database_url: str) -> None:
    played.close()
    engine = open_engine(read_url(database_url), pooled=False)
    with engine.begin() as connection:
        unguard(connection)
        if connection.dialect.name == "postgresql":
            connection.execute(text("ALTER TABLE document DISABLE TRIGGER USER"))
        connection.execute(text("DELETE FROM document WHERE sha256 = (SELECT min(sha256) FROM document)"))
    engine.dispose()
    status, gone = verify_by_command(database_url)
    assert status == 1
    assert gone is not None
    change(
        engine,
        "UPDATE document SET content = :junk WHERE sha256 = (SELECT max(sha256) FROM document)",
        junk=b"other",
    )
    status, altered = verify_by_command(database_url)
    assert status == 1
    assert altered is not None


def test_a_document_only_named_is_no_fault(played: Registry, database_url: str) -> None:
    """Papers kept elsewhere are attached by their hash."""
    with played.read() as work:
        named = [event for event in work.events() if event.type == "DocumentAttached"]
    assert all(event.data["kept"] for event in named)
    officer = Actor("officer", frozenset({Role.OFFICER}))
    cases.act(
        played,
        officer,
        "us-1",
        Action.ATTACH_DOCUMENT,
        {"kind": "note", "name": "elsewhere", "sha256": "0" * 64},
    )
    played.close()
    result = CliRunner().invoke(app, ["verify", "--db", database_url])
    assert result.exit_code == 0
    assert "is not kept here" in result.stderr


def change(engine: Engine, *statements: str, **values: object) -> None:
    with engine.begin() as connection:
        unguard(connection)
        for table in ("unit", "unit_report", "document"):
            if connection.dialect.name == "postgresql":
                connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        for statement in statements:
            connection.execute(text(statement), values)
    engine.dispose()


def verify_by_command(url: str) -> tuple[int, int | None]:
    result = CliRunner().invoke(app, ["verify", "--db", url, "--json"])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, json.loads(result.stdout)["first_fault"]


def test_a_round_replays(played: Registry) -> None:
    result = rounds.replay_round(played, officer(), "b1-1")
    assert sorted(result.quantities.values(), reverse=True)[:3] == [75_000, 75_000, 50_000]
    assert result.allocated == 200_000


def test_nobody_signs_their_own_round(played: Registry) -> None:
    both = Actor("both", frozenset({Role.OFFICER, Role.COUNTERSIGNER}), "commerce")
    round_id, _ = rounds.propose_allocation(played, both, "b1")
    later = dt.datetime(2026, 12, 1, tzinfo=dt.UTC)
    with pytest.raises(LockgateError) as caught:
        rounds.commit_allocation(played, both, round_id, expires_at=later)
    assert caught.value.code == "own-proposal"
    rounds.commit_allocation(
        played, Actor("chief", frozenset({Role.COUNTERSIGNER})), round_id, expires_at=later
    )
    with played.read() as work:
        assert work.account("batch:b1").held_out == 200_000 - 640 - work.account("batch:b1").headroom


# ---------------------------------------------------------------------------------------------------- who sees what
def test_what_each_may_see(played: Registry) -> None:
    public = case_view.view_case(played, PUBLIC_READER, "cn-1")
    assert public["fields"]["product"] == "h200-sxm"
    assert public["fields"]["quantity"] == "withheld"
    assert public["applicant"] == "withheld"
    assert public["granted"] == {"h200": 400_000}
    assert "decisions" not in public
    assert "goods" not in public
    importer = people.find_person(played, "importer")
    own = case_view.view_case(played, importer, "cn-1")
    assert own["fields"]["quantity"] == 450_000
    assert own["fields"]["recipient"] == "withheld"  # marked for review
    assert "advice" not in own
    other = case_view.view_case(played, importer, "us-1")
    assert other["fields"]["value_usd"] == "withheld"
    seen = case_view.view_case(played, officer(), "cn-1")
    assert seen["advice"][0]["agency"] == "mofcom"
    assert {row["kind"] for row in seen["goods"]} >= {
        "batch",
        "request",
        "allotment",
        "shipment",
        "report",
        "task",
    }


@pytest.mark.parametrize(
    "read",
    [
        lambda registry, who: case_lists.list_cases(registry, who),
        lambda registry, who: batches.list_waiting(registry, who),
        lambda registry, who: rounds.preview_allocation(registry, who, "b1"),
        lambda registry, who: shippable.deal_position(registry, who, "h200-2026"),
        lambda registry, who: end_use.list_tasks(registry, who),
        lambda registry, who: audit.list_events(registry, who),
        lambda registry, who: people.read_names(registry, who, ["p-x"], reason="curious"),
    ],
)
def test_the_public_reads_none_of_it(played: Registry, read: Any) -> None:
    with pytest.raises(LockgateError) as caught:
        read(played, PUBLIC_READER)
    assert caught.value.code == "not-allowed"


def test_reading_a_name_leaves_a_trace(played: Registry) -> None:
    with played.read() as work:
        events = list(work.events(type="SecretRead"))
    assert [event.actor for event in events] == ["auditor"]
    assert events[0].data["reason"] == "audit of shipment s2"


def test_a_name_destroyed_breaks_no_proof(played: Registry) -> None:
    admin = people.find_person(played, "admin")
    party = next(item["id"] for item in people.list_parties(played) if item["name"] == "withheld")
    assert people.shred_party(played, admin, party, reason="asked for") == 1
    auditor = people.find_person(played, "auditor")
    assert people.read_names(played, auditor, [party], reason="check") == {party: "destroyed"}
    assert audit.verify_record(played).holds
    cases.act(played, officer(), "cn-1", Action.PLACE_LEGAL_HOLD, {"matter": "inquiry"})
    with pytest.raises(LockgateError) as caught:
        people.shred_party(played, admin, party, reason="again")
    assert caught.value.code == "legal-hold"


def test_a_new_key_signs_on(played: Registry) -> None:
    old = played.public_key
    new = audit.rotate_key(played, people.find_person(played, "admin"))
    assert new != old
    cases.act(played, officer(), "cn-1", Action.FLAG, {"add": ["checked"]})
    audit.make_checkpoint(played)
    assert audit.verify_record(played, public_key=old).holds
    assert not audit.verify_record(played, public_key=new).holds  # it is not the first key


# ---------------------------------------------------------------------------------------------------- case files
def test_a_case_file_proves_itself_and_nothing_else(played: Registry, tmp_path: Path) -> None:
    path = tmp_path / "cn-1.zip"
    count = export_case(played, officer(), "cn-1", path)
    assert count > 20
    found = verify_export(path, public_key=played.public_key)
    assert found.faults == ()
    assert found.size == count
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    assert b"<h1>Case cn-1</h1>" in members["index.html"]
    events = members["events.jsonl"].decode().splitlines()
    for number, line in enumerate(events):
        row = json.loads(line)
        for name in ("payload", "hash", "signature", "path", "bound", None):
            changed = list(events)
            if name is None:
                changed.pop(number)
            elif name == "bound":
                other = {**row, "bound": {"posting": [["x"]]}}
                changed[number] = json.dumps(other)
            elif name == "path":
                changed[number] = json.dumps({**row, "path": row["path"][:-1]})
            else:
                changed[number] = json.dumps({**row, name: row[name][:-4] + "AAA="})
            altered = rewrite(tmp_path, {**members, "events.jsonl": "\n".join(changed).encode()})
            result = verify_export(altered)
            assert not result.holds, (number, name)
            if name != "path":
                assert result.faults[0].seq in (row["seq"], 1), (number, name, result.faults)
    digest = next(name for name in members if name.startswith("documents/"))
    assert not verify_export(rewrite(tmp_path, {**members, digest: b"another paper"})).holds
    assert not verify_export(
        rewrite(tmp_path, {name: body for name, body in members.items() if name != digest})
    ).holds
    case = json.loads(members["case.json"])
    assert not verify_export(
        rewrite(tmp_path, {**members, "case.json": json.dumps({**case, "state": "denied"}).encode()})
    ).holds
    note = members["checkpoint.txt"].replace(b"\n", b"\n1", 1)
    assert not verify_export(rewrite(tmp_path, {**members, "checkpoint.txt": note})).holds
    assert not verify_export(path, public_key="ab" * 32).holds


def test_the_dossier_shows_who_gets_it(played: Registry, tmp_path: Path) -> None:
    path = tmp_path / "cn-1.zip"
    export_case(played, officer(), "cn-1", path)
    found = who_gets_it(path)
    rows = {row["recipient"]: row for row in found["recipients"]}
    assert len(rows) == 7
    assert sorted(row["shipped"] for row in rows.values()) == [0, 0, 0, 0, 0, 240, 400]
    assert sorted(row["reported"] for row in rows.values())[-2:] == [239, 400]
    for row in rows.values():
        assert row["asked"] == row["allotted"] + row["waiting"]
    assert found["batches"] == [
        {"batch": "b1", "quantity": 200_000, "rule": "accelerators.batch-by-day@1", "rounds": 1}
    ]
    page = tmp_path / "dossier.html"
    deal = ROOT / "examples" / "h200-first-batch" / "deal.toml"
    result = CliRunner().invoke(app, ["assess", str(deal), "--case-file", str(path), "--out", str(page)])
    assert result.exit_code == 0, result.output
    assert "Who gets it" in page.read_text()
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    altered = rewrite(
        tmp_path, {**members, "events.jsonl": members["events.jsonl"].replace(b"160000", b"170000")}
    )
    with pytest.raises(LockgateError) as caught:
        who_gets_it(altered)
    assert caught.value.code == "broken-case-file"


def rewrite(folder: Path, members: dict[str, bytes]) -> Path:
    path = folder / "altered.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, body in members.items():
            archive.writestr(name, body)
    return path


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no zip", b"text"])
def test_what_is_no_case_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(content)
    with pytest.raises(LockgateError) as caught:
        verify_export(path)
    assert caught.value.code == "bad-case-file"
    with pytest.raises(LockgateError):
        verify_export(tmp_path / "none.zip")


def test_the_script_runs_by_itself(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'h200.db'}"
    command = [sys.executable, str(PLAY), "--db", url]
    first = subprocess.run(command, capture_output=True, text=True, check=False)
    assert first.returncode == 0, first.stderr
    assert "everything holds" in first.stdout
    again = subprocess.run(command, capture_output=True, text=True, check=False)
    assert again.returncode == 2
    assert "holds a record already" in again.stderr
