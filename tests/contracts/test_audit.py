"""The dependency audit fails on a known vulnerability and only warns where nobody can be asked."""

import importlib.util
import json
from pathlib import Path

PATH = Path(__file__).parents[2] / "tools" / "audit.py"
SPEC = importlib.util.spec_from_file_location("audit", PATH)
assert SPEC is not None
assert SPEC.loader is not None
audit = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(audit)


def test_a_known_vulnerability_fails() -> None:
    hole = {"id": "PYSEC-1", "fix_versions": ["2.0"]}
    printed = json.dumps({"dependencies": [{"name": "thing", "version": "1.0", "vulns": [hole]}]})
    status, said = audit.judge(1, printed, "")
    assert status == 1
    assert "thing 1.0: PYSEC-1, fixed in 2.0" in said


def test_without_the_network_it_warns() -> None:
    status, said = audit.judge(1, "", "Traceback\nConnectionError: no route to host")
    assert status == 0
    assert "WARNING" in said
    assert "no route to host" in said


def test_nothing_found_passes() -> None:
    assert (
        audit.judge(0, json.dumps({"dependencies": [{"name": "a", "version": "1", "vulns": []}]}), "")[0] == 0
    )
