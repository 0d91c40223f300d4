"""Typed conditions on facts; versions of a decision; how long a record is kept."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any, get_args

import pytest
from pydantic import TypeAdapter

from lockgate.base.three_valued import Truth
from lockgate.casework.condition_checks import CHECKS, Facts, RemoteUser, check_condition
from lockgate.casework.conditions import Condition, Terms
from lockgate.casework.retention import find_retention
from lockgate.casework.states import Action
from lockgate.casework.versions import diff_decisions, standing_decision
from lockgate.services.practice import load_practice
from tests.unit.casework.walking import CHIEF, DEFENSE, EXPORTER, OFFICER, SECOND_OFFICER, Walk

TERMS: TypeAdapter[Terms] = TypeAdapter(Terms)
ON = dt.date(2026, 6, 1)
RATIO = {
    "kind": "ratio_cap",
    "product": "h200",
    "ratio_max": "0.5",
    "capped_places": ["CN", "MO"],
    "base_places": ["US"],
}
REMOTE = {"kind": "remote_access", "barred_places": ["KP"], "disclosed_users": ["u1", "u2"]}


def tpp(china: int, macau: int, home: int) -> dict[str, Any]:
    return {"aggregate_tpp": {"h200": {"CN": Decimal(china), "MO": Decimal(macau), "US": Decimal(home)}}}


CASES: list[tuple[dict[str, Any], dict[str, Any], Truth]] = [
    ({"kind": "volume", "quantity_max": 10}, {"shipped_quantity": 10}, True),
    ({"kind": "volume", "quantity_max": 10}, {"shipped_quantity": 11}, False),
    ({"kind": "volume", "quantity_max": 10}, {}, None),
    ({"kind": "recipient_quota", "quantity_max": 75000}, {"held_by_recipient": {"a": {"h200": 50000, "mi325x": 25000}}}, True),
    ({"kind": "recipient_quota", "quantity_max": 75000}, {"held_by_recipient": {"a": {"h200": 50000, "mi325x": 25001}}}, False),
    ({"kind": "recipient_quota", "quantity_max": 5, "products": ["h200"]}, {"held_by_recipient": {"a": {"h200": 5, "h20": 99}}}, True),
    ({"kind": "recipient_quota", "quantity_max": 5}, {"held_by_recipient": {}}, True),
    ({"kind": "recipient_quota", "quantity_max": 5}, {}, None),
    (RATIO, tpp(40, 10, 100), True),
    (RATIO, tpp(41, 10, 100), False),
    (RATIO, {"aggregate_tpp": {"h20": {}}}, None),
    (RATIO, {}, None),
    ({"kind": "location", "places": ["CN"]}, {"places": frozenset({"CN"})}, True),
    ({"kind": "location", "places": ["CN"]}, {"places": frozenset({"CN", "KP"})}, False),
    ({"kind": "location", "places": ["CN"], "sites": ["s1"]}, {"places": frozenset({"CN"})}, None),
    ({"kind": "location", "places": ["CN"], "sites": ["s1"]}, {"places": frozenset({"KP"})}, False),
    ({"kind": "end_use", "allowed": ["research"]}, {"end_uses": frozenset({"research"})}, True),
    ({"kind": "end_use", "allowed": ["research"]}, {"end_uses": frozenset({"ads"})}, False),
    ({"kind": "end_use", "barred": ["military"]}, {"end_uses": frozenset({"ads"})}, True),
    ({"kind": "end_use", "barred": ["military"]}, {"end_uses": frozenset({"military"})}, False),
    ({"kind": "end_use", "barred": ["military"]}, {}, None),
    (REMOTE, {"remote_users": (RemoteUser("u1", frozenset({"SG"})),)}, True),
    (REMOTE, {"remote_users": (RemoteUser("u1", frozenset({"SG", "KP"})),)}, False),
    (REMOTE, {"remote_users": (RemoteUser("u3", frozenset({"SG"})),)}, False),
    (REMOTE, {"remote_users": (RemoteUser("u1", None),)}, None),
    (REMOTE, {}, None),
    ({"kind": "data_localisation", "place": "CN"}, {"data_places": frozenset({"CN"})}, True),
    ({"kind": "data_localisation", "place": "CN"}, {"data_places": frozenset({"US"})}, False),
    ({"kind": "data_localisation", "place": "CN"}, {}, None),
    ({"kind": "kyc"}, {"procedures": frozenset({"kyc_procedure"})}, True),
    ({"kind": "kyc", "procedure": "bank"}, {"procedures": frozenset({"kyc"})}, False),
    ({"kind": "kyc"}, {}, None),
    ({"kind": "test_before_export", "place": "US"}, {"untested_lots": frozenset()}, True),
    ({"kind": "test_before_export", "place": "US"}, {"untested_lots": frozenset({"l1"})}, False),
    ({"kind": "test_before_export", "place": "US"}, {}, None),
    ({"kind": "test_before_export", "place": "US", "sample_fraction": "0.01"}, {"untested_lots": frozenset()}, None),
    ({"kind": "test_before_export", "place": "US", "sample_fraction": "0.01"}, {"untested_lots": frozenset(), "sampled_fraction": Decimal("0.01")}, True),
    ({"kind": "reporting", "subject": "use", "clock": "c"}, {"overdue_reports": {"use": False}}, True),
    ({"kind": "reporting", "subject": "use", "clock": "c"}, {"overdue_reports": {"use": True}}, False),
    ({"kind": "reporting", "subject": "use", "clock": "c"}, {"overdue_reports": {"other": False}}, None),
    ({"kind": "reporting", "subject": "use", "clock": "c"}, {}, None),
    ({"kind": "expiry", "expires_on": "2026-06-01"}, {}, True),
    ({"kind": "expiry", "expires_on": "2026-05-31"}, {}, False),
]  # fmt: skip


@pytest.mark.parametrize(("terms", "facts", "expected"), CASES, ids=[str(at) for at in range(len(CASES))])
def test_a_condition_on_facts(terms: dict[str, Any], facts: dict[str, Any], expected: Truth) -> None:
    condition = Condition("c", TERMS.validate_python(terms), "The condition.", "defense", "dora")
    found = check_condition(condition, Facts(ON, **facts))
    assert found.holds is expected
    assert bool(found.missing) == (expected is None)
    assert found.explanation.note


def test_every_kind_of_terms_has_a_check() -> None:
    kinds = {kind.model_fields["kind"].default for kind in get_args(get_args(Terms)[0])}
    assert kinds == set(CHECKS) == {terms["kind"] for terms, _, _ in CASES}


def volume(name: str, units: int, text: str = "t") -> dict[str, Any]:
    return {"id": name, "terms": {"kind": "volume", "quantity_max": units}, "text": text}


def test_what_changed_between_two_decisions() -> None:
    walk = Walk().denial_notified().do(OFFICER, Action.RECONSIDER, reason="new facts")
    walk.do(
        OFFICER,
        Action.PROPOSE_APPROVAL,
        reasons="r",
        granted={"1": 10, "2": 5},
        conditions=[volume("c1", 10), volume("c2", 5)],
        expires_on="2027-01-01",
    )
    walk.do(CHIEF, Action.COUNTERSIGN)
    denial, approval = walk.case.decisions
    found = {item.path: (item.before, item.after) for item in diff_decisions(denial, approval)}
    assert set(found) == {
        "outcome",
        "expires_on",
        "reasons",
        "criteria",
        "granted.1",
        "granted.2",
        "conditions.c1",
        "conditions.c2",
    }
    assert found["granted.1"] == (None, 10)
    assert found["conditions.c1"] == (None, "t")
    assert diff_decisions(approval, approval) == ()
    first = approval.conditions[0]
    other = replace(first, text="u", terms=TERMS.validate_python({"kind": "volume", "quantity_max": 9}))
    changed = replace(approval, conditions=(other,))
    found = {item.path: (item.before, item.after) for item in diff_decisions(approval, changed)}
    assert found == {
        "conditions.c1.text": ("t", "u"),
        "conditions.c1.terms.quantity_max": (10, 9),
        "conditions.c2": ("t", None),
    }


def test_what_changed_since_the_decision() -> None:
    walk = Walk().approved(conditions=[volume("c1", 10)])
    walk.do(SECOND_OFFICER, Action.CONSENT_TO_REMOVAL, condition="c1", answer="consents", reason="r")
    walk.do(OFFICER, Action.REMOVE_CONDITION, condition="c1", reason="r").do(
        DEFENSE, Action.PROPOSE_CONDITION, **volume("c2", 3)
    )
    now = standing_decision(walk.case)
    assert now is not None
    assert [item.path for item in diff_decisions(walk.case.decisions[-1], now)] == [
        "conditions.c1",
        "conditions.c2",
    ]
    assert standing_decision(Walk().case) is None


def test_records_are_kept_from_the_latest_event() -> None:
    procedure = load_practice("export-licence").procedure
    walk = Walk().approved()
    assert find_retention(walk.case, procedure, dt.date(2099, 1, 1)).keep_until is None
    walk.on = dt.date(2026, 5, 10)
    walk.do(EXPORTER, Action.RECORD_SHIPMENT)
    found = find_retention(walk.case, procedure, dt.date(2031, 5, 10))
    assert (found.keep_until, found.because, found.may_destroy) == (dt.date(2031, 5, 10), "exported", False)
    assert find_retention(walk.case, procedure, dt.date(2031, 5, 11)).may_destroy
    walk.on = dt.date(2027, 1, 4)
    walk.do(EXPORTER, Action.SURRENDER, reason="done").do(OFFICER, Action.CLOSE, reason="done")
    assert find_retention(walk.case, procedure, dt.date(2031, 5, 11)).because == "transaction_ended"
    walk.do(OFFICER, Action.PLACE_LEGAL_HOLD, matter="m")
    held = find_retention(walk.case, procedure, dt.date(2040, 1, 1))
    assert (held.holds, held.may_destroy) == (("m",), False)
    assert not find_retention(walk.case, None, dt.date(2040, 1, 1)).may_destroy
