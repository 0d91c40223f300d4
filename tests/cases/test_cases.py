"""Every case of the collection: ``[[cases]]`` in the TOML files beside this one.

A case has a ``name``, a day ``on``, a ``source``, ``facts`` (columns of ``lockgate determine``) and ``expect``: any of
``classification`` (``none`` and ``undetermined`` are words for null), ``verdict``, ``licence_required``, ``licence_enforced``,
``review_policy``, ``us_verdict``, ``cn_verdict``, ``cn_state``, ``duty``; ``exceptions`` are all that are open; ``basis`` and ``missing``
must be among the answer's, ``not_basis`` must not; ``condition_count`` counts; ``met``, ``unmet`` and ``unknown`` name conditions by the
end of their ids; ``warning`` is part of a warning. ``known_at`` may stand beside ``on``. With ``with_proposed = true``, ``proposed``
bills are shown, ``reached`` and ``not_reached`` say what they would do; ``not_proposed`` are not shown.
"""

import datetime as dt
import tomllib
from pathlib import Path
from typing import Any

import pytest

from lockgate.catalogue import load_catalogue
from lockgate.controls.determination import Determination
from lockgate.services.determine import Determiner

FILES = sorted(Path(__file__).parent.glob("*.toml"))
CASES = [
    (path.stem, case)
    for path in FILES
    for case in tomllib.loads(path.read_text(encoding="utf-8")).get("cases", [])
]
KEYS = {"name", "on", "known_at", "with_proposed", "source", "note", "facts", "expect"}


EXACT = frozenset({"exceptions"})


def answer_of(case: dict[str, Any]) -> dict[str, Any]:
    """The answer in the words of ``expect``."""
    determiner = Determiner(
        load_catalogue(),
        on=case["on"],
        known_at=case.get("known_at"),
        with_proposed=case.get("with_proposed", False),
        today=dt.date(2026, 11, 22),
    )
    return in_words(determiner.answer(case["facts"]))


def in_words(determination: Determination) -> dict[str, Any]:
    """A determination in the words of ``expect``."""
    found = determination.as_dict()
    export, importing = found["gates"]["us-export"], found["gates"]["cn-import"]
    missing_code = "undetermined" if found["classification_status"] == "undetermined" else "none"
    bills = {step.citation: step.value for step in determination.proposed}
    statuses = {condition["id"]: condition["status"] for condition in export["conditions"]}
    return {
        "classification": found["classification"] or missing_code,
        "verdict": found["verdict"],
        "us_verdict": export["verdict"],
        "licence_required": export["licence_required"],
        "licence_enforced": export["licence_enforced"],
        "review_policy": export["review_policy"],
        "cn_verdict": importing["verdict"],
        "cn_state": importing["state"],
        "duty": found["charges"]["us-section-232"]["applies"],
        "condition_count": len(export["conditions"]),
        "exceptions": set(export["exceptions"]),
        "basis": {*export["basis"], *importing["basis"]},
        "missing": set(found["missing"]),
        "proposed": set(bills),
        "reached": {id_ for id_, value in bills.items() if value == "yes"},
        "not_reached": {id_ for id_, value in bills.items() if value == "no"},
        "warning": " / ".join(found["warnings"]),
        **{
            word: {id_.removeprefix("us-ear.") for id_, status in statuses.items() if status == word}
            for word in ("met", "unmet", "unknown")
        },
    }


def agrees(name: str, expected: Any, answer: dict[str, Any]) -> bool:
    """Whether one field of an answer is as a case expects it."""
    if name.startswith("not_") and name not in answer:
        return not set(expected) & answer[name.removeprefix("not_")]
    if name in EXACT:
        return bool(set(expected) == answer[name])
    if name == "warning":
        return expected in answer[name]
    return set(expected) <= answer[name] if isinstance(expected, list) else bool(answer[name] == expected)


@pytest.mark.parametrize(("file", "case"), CASES, ids=[f"{file}: {case['name']}" for file, case in CASES])
def test_case(file: str, case: dict[str, Any]) -> None:
    assert set(case) <= KEYS, file
    assert case["source"]
    assert case["expect"]
    answer = answer_of(case)
    for name, expected in case["expect"].items():
        assert agrees(name, expected, answer), (name, expected, answer.get(name))


def test_names_are_taken_once() -> None:
    names = [case["name"] for _, case in CASES]
    assert sorted(set(names)) == sorted(names)
