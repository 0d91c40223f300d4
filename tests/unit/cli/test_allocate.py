"""``lockgate allocate``, ``rules`` and ``clocks`` as their user runs them: files in, numbers with reasons out."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from lockgate.base.errors import LockgateError
from lockgate.cli.main import app

REQUESTS = """recipient,quantity,accepted_on,score,group,useful_min,ceiling
bytedance,"150,000",2026-01-05,2,,,
alibaba,120000,2026-01-05,2,,,
tencent,130000,2026-01-07,2,,,
deepseek,20000,2026-01-09,3,,,
startup,503,2026-01-20,3,,,
"""


@pytest.fixture
def requests(tmp_path: Path) -> Path:
    path = tmp_path / "requests.csv"
    path.write_text(REQUESTS)
    return path


def run(*arguments: object, stdin: str = "") -> Result:
    return CliRunner().invoke(app, [str(item) for item in arguments], input=stdin)


def answer(*arguments: object, stdin: str = "") -> Any:
    found = run(*arguments, "--json", stdin=stdin)
    assert found.exit_code == 0, found.exception
    return json.loads(found.stdout)


def problems(*arguments: object, stdin: str = "") -> set[str]:
    error = run(*arguments, stdin=stdin).exception
    assert isinstance(error, LockgateError), error
    return {problem.code for problem in error.problems}


def test_a_batch_of_accelerators(requests: Path) -> None:
    found = answer("allocate", requests, "--rule", "accelerators.batch", "--supply", 200000)
    units = {item["recipient"]: item["quantity"] for item in found["allotments"]}
    assert units == {
        "bytedance": 75000,
        "alibaba": 75000,
        "tencent": 29504,
        "deepseek": 20000,
        "startup": 496,
    }
    assert found["unallocated"] == 0
    assert found["concentration"]["hhi"] == 3130
    assert (
        answer("allocate", requests, "--rule", "accelerators.batch", "--supply", 200000)["digest"]
        == found["digest"]
    )


def test_as_people_read_it(requests: Path) -> None:
    text = run("allocate", requests, "--rule", "waiting-list-pass-on", "--supply", "1,000").stdout
    assert "1,000 of 1,000 allocated" in text
    assert "a larger supply can give somebody less" in text
    assert "digest: " in text


def test_remainder_is_explained(requests: Path) -> None:
    text = run("allocate", requests, "--rule", "by-day", "--supply", 1000000).stdout
    assert "579,497 left: every request is met in full" in text


def test_csv_out(requests: Path) -> None:
    rows = list(
        csv.DictReader(
            io.StringIO(run("allocate", requests, "--rule", "by-day", "--supply", 5, "--csv").stdout)
        )
    )
    assert rows[0]["recipient"] == "bytedance"
    assert {"quantity", "reason", "binding"} <= set(rows[0])


def test_why_and_what_would_change_it(requests: Path) -> None:
    arguments = ("allocate", requests, "--rule", "accelerators.batch", "--supply", 200000, "--why", "tencent")
    assert answer(*arguments)["more_with"] == {
        "supply": 200008,
        "quantity": None,
        "accepted_on": "2026-01-05",
    }
    text = run(*arguments).stdout
    assert "more with supply: 200,008" in text
    assert "more with quantity: nothing" in text
    assert problems(*arguments[:-1], "nobody") == {"unknown-recipient"}


def test_compare(requests: Path) -> None:
    rows = answer("allocate", requests, "--rule", "by-day", "--supply", 300000, "--compare", 310000)
    assert rows == [{"recipient": "tencent", "before": 30000, "after": 40000, "against_supply": False}]
    assert (
        "tencent"
        in run("allocate", requests, "--rule", "by-day", "--supply", 300000, "--compare", 310000).stdout
    )
    assert (
        "before"
        in run(
            "allocate", requests, "--rule", "by-day", "--supply", 300000, "--compare", 310000, "--csv"
        ).stdout
    )


def test_batches(requests: Path) -> None:
    arguments = (
        "allocate",
        requests,
        "--rule",
        "accelerators.batch",
        "--batch",
        "2026-03-01=150000",
        "--batch",
        "2026-01-28=200000",
    )
    found = answer(*arguments)
    assert [item["released_on"] for item in found["batches"]] == ["2026-01-28", "2026-03-01"]
    expected = {"bytedance": 75000, "alibaba": 75000, "tencent": 75000, "deepseek": 20000, "startup": 496}
    assert found["totals"] == expected
    assert found["waiting"]["longest_days"] == 53
    text = run(*arguments).stdout
    assert "still waiting: alibaba for 45,000" in text
    assert "units waited" in text
    assert "recipient" in run(*arguments, "--csv").stdout
    assert problems(*arguments, "--batch", "tomorrow") == {"bad-batch"}


def test_batches_without_days(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text("recipient,quantity\na,5\n")
    assert (
        "units waited"
        not in run("allocate", path, "--rule", "eu-quota.coefficient", "--batch", "2026-01-28=2").stdout
    )


def test_a_whole_round_in_one_file(tmp_path: Path) -> None:
    body = {
        "rule": {"base": "uk-quota.by-day", "rounding": {"lot": 10}},
        "supply": 900,
        "days_off": ["2027-01-01"],
        "calendar": "us-federal",
        "requests": [
            {"recipient": "X", "quantity": 600, "accepted_on": "2027-01-01"},
            {"recipient": "Y", "quantity": 600, "accepted_on": "2027-01-03"},
            {"recipient": "Z", "quantity": 300, "accepted_on": "2027-01-04"},
        ],
    }
    path = tmp_path / "round.json"
    path.write_text(json.dumps(body))
    expected = {"X": 360, "Y": 360, "Z": 180}
    assert {
        item["recipient"]: item["quantity"] for item in answer("allocate", path)["allotments"]
    } == expected
    assert {
        item["recipient"]: item["quantity"]
        for item in answer("allocate", "-", stdin=json.dumps(body))["allotments"]
    } == expected
    toml = tmp_path / "round.toml"
    toml.write_text(
        'rule = "by-need-to-ceiling"\nsupply = 10\n[[requests]]\nrecipient = "a"\nweight = 1.5\n[[requests]]\nrecipient = "b"\nweight = 0.5\nceiling = 1\n'
    )
    assert [item["quantity"] for item in answer("allocate", toml)["allotments"]] == [9, 1]


def test_a_rule_of_ones_own(requests: Path, tmp_path: Path) -> None:
    rule = tmp_path / "mine.toml"
    rule.write_text('title = "Equal parts"\n[share]\nweight = "equal"\n')
    found = answer("allocate", requests, "--rule", rule, "--supply", 100)
    assert {item["quantity"] for item in found["allotments"]} == {20}
    assert found["rule"] == "mine@1"


def test_a_published_coefficient() -> None:
    found = answer(
        "allocate",
        "-",
        "--rule",
        "us-quota.opening-percent",
        "--coefficient",
        "0.51847",
        stdin="recipient,quantity\nentries,1000000\n",
    )
    assert found["allocated"] == 518470
    over = ("allocate", "-", "--rule", "us-quota.opening-percent", "--coefficient", "0.5", "--supply", 3)
    assert problems(*over, stdin="recipient,quantity\nentries,10\n") == {"coefficient-overdraws"}


def test_parts_of_a_rule_can_be_set(requests: Path) -> None:
    found = answer(
        "allocate", requests, "--rule", "by-day", "--supply", 1000, "--set", "rounding.lot=8", "--set", "caps.per_recipient=400", "--set", 'title="Mine"', "--set", "rounding.draw_seed=x"
    )  # fmt: skip
    assert found["allotments"][0]["quantity"] == 400
    assert problems("allocate", requests, "--rule", "by-day", "--supply", 1, "--set", "lot") == {"bad-change"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("recipient,quantity\na,many\na,-3\n,4\nb,1.5\n", {"not-a-whole-number", "missing"}),
        ("recipient,quantity,colour\na,1,red\n", {"unknown-field"}),
        ("recipient,quantity\na,1,2\n", {"ragged-row"}),
        ("recipient,quantity\na,1\na,2\n", {"duplicate-recipient"}),
        ("recipient,quantity\na,-1\n", {"negative-quantity"}),
        ("recipient,weight\na,1\n", {"no-quantity"}),
        ("recipient,quantity,weight\na,1,x/y\n", {"not-a-number"}),
        ("{nonsense", {"unreadable-file"}),
        ("{}", {"no-rule"}),
    ],
)  # fmt: skip
def test_every_problem_of_the_input_is_named(text: str, expected: set[str]) -> None:
    rule = () if text == "{}" else ("--rule", "eu-quota.coefficient")
    assert problems("allocate", "-", *rule, "--supply", "5", stdin=text) >= expected


def test_problems_of_a_file_name_it(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text("recipient,quantity\na,x\n")
    error = run("allocate", path, "--rule", "by-day", "--supply", "1").exception
    assert isinstance(error, LockgateError)
    assert error.problems[0].path == f"{path}.requests[0].quantity"
    assert problems("allocate", tmp_path / "none.csv", "--rule", "by-day") == {"unreadable-file"}
    broken = tmp_path / "broken.toml"
    broken.write_text("=")
    assert problems("allocate", broken) == {"unreadable-file"}
    listed = tmp_path / "list.json"
    listed.write_text("[]")
    assert problems("allocate", listed) == {"unreadable-file"}
    assert problems("allocate", "-", "--rule", "nonesuch", stdin="recipient\na\n") == {"unknown-procedure"}


def test_what_a_rule_needs_is_asked_for() -> None:
    text = "recipient,quantity,recipient_class\na,1,x\n"
    assert problems("allocate", "-", "--rule", "by-day", "--supply", 1, stdin=text) == {"no-day"}
    assert problems("allocate", "-", "--rule", "home-first", "--supply", 1, stdin=text) == {"unknown-class"}
    assert problems("allocate", "-", "--rule", "by-need", "--supply", 1, stdin="recipient\na\n") == {
        "no-weight"
    }
    assert problems("allocate", "-", "--rule", "eu-quota.coefficient", stdin=text) == {"no-supply"}
    assert problems("allocate", "-", "--rule", "eu-quota.coefficient", "--supply", -1, stdin=text) == {
        "negative-quantity"
    }
    few = ("allocate", "-", "--rule", "us-fishery.quota-share", "--supply", 5, "--denominator", "1/2")
    assert problems(*few, stdin="recipient,weight\na,1\n") == {"denominator-too-small"}


def test_days_off(tmp_path: Path) -> None:
    text = "recipient,quantity,accepted_on\nx,6,2027-01-02\ny,6,2027-01-05\n"
    found = answer(
        "allocate", "-", "--rule", "uk-quota.by-day", "--supply", 6, "--day-off", "2027-01-04", stdin=text
    )
    assert [item["quantity"] for item in found["allotments"]] == [3, 3]
    found = answer(
        "allocate", "-", "--rule", "uk-quota.by-day", "--supply", 6, "--calendar", "us-federal", stdin=text
    )
    assert [item["quantity"] for item in found["allotments"]] == [6, 0]


def test_rules_are_listed() -> None:
    assert "accelerators.batch" in run("rules").stdout
    assert {rule["id"] for rule in answer("rules")} >= {"by-day", "whole-lots"}


def test_a_folder_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "casework" / "rules").mkdir(parents=True)
    (tmp_path / "casework" / "rules" / "mine.toml").write_text('title = "Mine"\n')
    monkeypatch.setenv("LOCKGATE_DATA", str(tmp_path))
    assert "mine" in run("rules").stdout
    monkeypatch.setenv("LOCKGATE_DATA", "")


def test_clocks() -> None:
    arguments = (
        "clocks",
        "--day",
        "registered=2026-03-02",
        "--stop",
        "a=2026-03-20..2026-03-30",
        "--stop",
        "b=2026-03-25..2026-04-15",
    )
    rows = {row["clock"]: row for row in answer(*arguments)}
    assert (rows["whole_review"]["due"], rows["whole_review"]["stopped_days"]) == ("2026-06-26", 26)
    assert "stands still" in run("clocks", "--day", "registered=2026-03-02", "--stop", "2026-03-20").stdout
    assert "no clock has started" in run("clocks").stdout
    rows = {row["clock"]: row for row in answer("clocks", "us-bis", "--day", "departure=2026-05-10T12:00")}
    assert rows["filing_by_air"]["due"] == "2026-05-10T10:00:00"
    assert problems("clocks", "--day", "nonsense=2026-01-01", "--day", "registered=x") == {
        "unknown-day",
        "bad-date",
    }
    assert problems("clocks", "--day", "departure=2026-05-10Tnoon") == {"bad-date"}
    assert problems("clocks", "--day", "departure=2026-05-10") == {"no-instant"}
    assert "automatic_licence" in run("clocks", "cn-import", "--day", "registered=2026-03-02").stdout
