"""Every case of the collection: ``[[cases]]`` in the TOML files beside this one.

A case has a ``name``, a day ``on``, a ``source``, ``facts`` (columns of ``lockgate determine``) and ``expect``: any of
``classification`` (``none`` and ``undetermined`` are words for null), ``verdict``, ``licence_required``, ``licence_enforced``,
``review_policy``, ``us_verdict``, ``cn_verdict``, ``cn_state``, ``duty``; ``exceptions``, ``basis`` and ``missing`` must be among the
answer's; ``condition_count`` counts. ``known_at`` may stand beside ``on``.
"""

import datetime as dt
import tomllib
from pathlib import Path
from typing import Any

import pytest

from lockgate.catalogue import load_catalogue
from lockgate.services.determine import Determiner

FILES = sorted(Path(__file__).parent.glob("*.toml"))
CASES = [
    (path.stem, case)
    for path in FILES
    for case in tomllib.loads(path.read_text(encoding="utf-8")).get("cases", [])
]
KEYS = {"name", "on", "known_at", "source", "note", "facts", "expect"}


def answer_of(case: dict[str, Any]) -> dict[str, Any]:
    """The answer in the words of ``expect``."""
    determiner = Determiner(
        load_catalogue(), on=case["on"], known_at=case.get("known_at"), today=dt.date(2026, 11, 22)
    )
    found = determiner.answer(case["facts"]).as_dict()
    export, importing = found["gates"]["us-export"], found["gates"]["cn-import"]
    missing_code = "undetermined" if found["classification_status"] == "undetermined" else "none"
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
    }


@pytest.mark.parametrize(("file", "case"), CASES, ids=[f"{file}: {case['name']}" for file, case in CASES])
def test_case(file: str, case: dict[str, Any]) -> None:
    assert set(case) <= KEYS, file
    assert case["source"]
    assert case["expect"]
    answer = answer_of(case)
    for name, expected in case["expect"].items():
        if isinstance(expected, list):
            assert set(expected) <= answer[name], name
        else:
            assert answer[name] == expected, name


def test_names_are_taken_once() -> None:
    names = [case["name"] for _, case in CASES]
    assert sorted(set(names)) == sorted(names)
