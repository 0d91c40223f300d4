"""On a record: who sees what of a case, what is recorded of it, and that no way round the table moves quantities."""

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from lockgate.base.errors import LockgateError
from lockgate.casework.commands import FORMS, OpenForm
from lockgate.casework.roles import PUBLIC_READER, Actor
from lockgate.casework.states import Action
from lockgate.services.batches import list_waiting, open_batch, request_allocation
from lockgate.services.case_view import view_case
from lockgate.services.cases import act, open_case
from lockgate.services.conditions import check_conditions, list_decision_changes, read_retention
from lockgate.services.letters import write_letter
from lockgate.services.people import FOUNDER, WITHHELD, enrol_person, register_party
from lockgate.services.registry import Registry, init_record
from lockgate.services.rounds import commit_allocation, preview_allocation, propose_allocation, replay_round
from tests.unit.casework.walking import FIELDS, HASH, PAPERS

TODAY = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
CAST = {
    "olga": (["officer"], {"agency": "commerce"}),
    "otto": (["officer", "countersigner"], {"agency": "commerce"}),
    "tess": (["officer"], {"agency": "commerce", "organisation": "vendor"}),
    "dora": (["adviser"], {"agency": "defense"}),
    "enid": (["adviser"], {"agency": "energy"}),
    "erin": (["applicant"], {"organisation": "vendor"}),
    "rick": (["applicant"], {"organisation": "rival"}),
    "axel": (["auditor"], {}),
    "adam": (["administrator"], {}),
}
INNER = {"documents", "conditions", "decisions", "deadlines", "tasks"}


@pytest.fixture
def office(empty_url: str, tmp_path: Any) -> Iterator[tuple[Registry, dict[str, Actor]]]:
    registry, _ = init_record(empty_url, clock=lambda: TODAY, key_file=tmp_path / "key")
    with registry:
        people = {
            name: enrol_person(registry, FOUNDER, name, roles, **more) for name, (roles, more) in CAST.items()
        }
        for party in ("vendor", "rival", "lab-one"):
            register_party(registry, people["olga"], f"The {party}", country="US", party=party)
        open_case(registry, people["erin"], "export-licence", "vendor", case_id="x1", fields=FIELDS)
        for kind in PAPERS:
            act(
                registry,
                people["erin"],
                "x1",
                Action.ATTACH_DOCUMENT,
                {"kind": kind, "name": kind, "sha256": HASH},
            )
        act(registry, people["erin"], "x1", Action.SUBMIT)
        act(registry, people["olga"], "x1", Action.BEGIN_REVIEW)
        act(registry, people["olga"], "x1", Action.REFER, {"agencies": ["defense"]})
        yield registry, people


def test_each_sees_what_concerns_them(office: tuple[Registry, dict[str, Actor]]) -> None:
    registry, people = office
    views = {name: view_case(registry, person, "x1") for name, person in people.items()}
    views["public"] = view_case(registry, PUBLIC_READER, "x1")
    for name in ("olga", "otto", "axel", "dora", "erin"):
        assert set(views[name]) >= INNER, name
        assert views[name]["applicant"] == "vendor"
    for name in ("tess", "enid", "rick", "adam", "public"):
        assert not INNER & set(views[name]), name
        assert views[name]["applicant"] == WITHHELD
        assert views[name]["dates"] == {}
    assert {name for name, view in views.items() if "advice" in view} == {"olga", "otto", "axel", "dora"}
    assert {name for name, view in views.items() if "queue" in view} == {
        "olga",
        "otto",
        "axel",
        "dora",
        "adam",
    }
    assert views["erin"]["fields"]["us_units_shipped"] == WITHHELD
    assert views["dora"]["fields"]["us_units_shipped"] == FIELDS["us_units_shipped"]
    assert views["public"]["fields"]["destination"] == "CN"


def test_who_withdraws_sees_no_more_than_the_public(office: tuple[Registry, dict[str, Actor]]) -> None:
    registry, people = office
    act(registry, people["olga"], "x1", Action.RECUSE, {"reason": "a cousin works there"})
    assert not INNER & set(view_case(registry, people["olga"], "x1"))


def test_restricted_fields_are_not_read_by_those_with_a_tie(
    office: tuple[Registry, dict[str, Actor]],
) -> None:
    registry, people = office
    for name in ("tess", "enid", "rick"):
        with pytest.raises(LockgateError, match="may not read restricted"):
            view_case(registry, people[name], "x1", reason="curious")


def test_what_moves_quantities_is_not_done_to_a_case_alone(office: tuple[Registry, dict[str, Actor]]) -> None:
    """Or a round could be 'committed', and goods 'shipped', by an event without a posting."""
    registry, people = office
    moving = [action for action, form in FORMS.items() if form is OpenForm]
    assert {Action.COMMIT_ALLOCATION, Action.RECORD_SHIPMENT} <= set(moving)
    for action in moving:
        for person in people.values():
            with pytest.raises(LockgateError) as caught:
                act(registry, person, "x1", action, {"round_id": "r1", "allotments": []})
            assert caught.value.code == "moves-goods"


def approve(registry: Registry, people: dict[str, Actor], conditions: Sequence[dict[str, Any]] = ()) -> None:
    act(registry, people["dora"], "x1", Action.ADVISE, {"recommendation": "approve"})
    act(registry, people["olga"], "x1", Action.CONSOLIDATE)
    proposal = {"reasons": "fine", "granted": {"1": 1000}, "conditions": list(conditions)}
    act(registry, people["olga"], "x1", Action.PROPOSE_APPROVAL, proposal)
    act(registry, people["otto"], "x1", Action.COUNTERSIGN)


def test_rounds_count_what_linked_recipients_hold(
    office: tuple[Registry, dict[str, Actor]], tmp_path: Any
) -> None:
    registry, people = office
    approve(registry, people)
    for party in ("alpha", "beta"):
        register_party(registry, people["olga"], party, country="CN", party=party)
    open_batch(registry, people["olga"], "x1", "b1", 500, rule="by-day")
    request_allocation(registry, people["olga"], "x1", "alpha", 300, group="g")
    round_id, result = propose_allocation(registry, people["otto"], "b1")
    assert result.quantities == {"alpha": 300}
    expires = TODAY + dt.timedelta(days=30)
    with pytest.raises(LockgateError, match="proposed themselves"):
        commit_allocation(registry, people["otto"], round_id, expires_at=expires)
    chief = enrol_person(registry, FOUNDER, "cleo", ["countersigner"], agency="commerce")
    commit_allocation(registry, chief, round_id, expires_at=expires)
    request_allocation(registry, people["olga"], "x1", "beta", 300, group="g")
    given, _ = preview_allocation(registry, people["olga"], "b1")
    assert {item.recipient: (item.quantity, item.held) for item in given.requests} == {
        "alpha": (0, 300),
        "beta": (300, 0),
    }
    assert replay_round(registry, people["axel"], round_id).digest == result.digest


def test_lists_show_what_a_person_sees_of_each_case(office: tuple[Registry, dict[str, Actor]]) -> None:
    registry, people = office
    approve(registry, people)
    open_batch(registry, people["olga"], "x1", "b1", 500, rule="by-day")
    request_allocation(registry, people["olga"], "x1", "rival", 300)
    request_allocation(registry, people["olga"], "x1", "lab-one", 200)
    seen = {name: len(list_waiting(registry, person)) for name, person in people.items()}
    assert seen == {
        "olga": 2, "otto": 2, "axel": 2, "dora": 2, "erin": 2,
        "tess": 0, "enid": 0, "adam": 0,  # a tie, an agency not asked, one who keeps the system
        "rick": 1,  # what is about the own organisation
    }  # fmt: skip
    with pytest.raises(LockgateError, match="may not read"):
        list_waiting(registry, PUBLIC_READER)


def condition(name: str, **terms: Any) -> dict[str, Any]:
    return {"id": name, "text": f"Condition {name}.", "terms": terms}


def test_conditions_changes_letters_and_retention(office: tuple[Registry, dict[str, Actor]]) -> None:
    registry, people = office
    conditions = [
        condition("volume", kind="volume", quantity_max=10),
        condition("place", kind="location", places=["CN"]),
        condition("use", kind="reporting", subject="end use", clock="c"),
        condition("money", kind="reporting", subject="payments", clock="c"),
        condition("kyc", kind="kyc"),
        condition(
            "ratio",
            kind="ratio_cap",
            product="h200",
            ratio_max="0.5",
            capped_places=["CN"],
            base_places=["US"],
        ),
    ]
    with pytest.raises(LockgateError, match="nothing was decided"):
        list_decision_changes(registry, people["olga"], "x1")
    approve(registry, people, conditions)
    rows = {row["condition"]: row for row in check_conditions(registry, people["erin"], "x1")}
    assert {name: row["holds"] for name, row in rows.items()} == {
        "volume": "yes", "place": "undetermined", "use": "yes", "money": "undetermined", "kyc": "yes", "ratio": "undetermined",
    }  # fmt: skip
    assert rows["place"]["missing"] == ["places"]
    act(
        registry,
        people["otto"],
        "x1",
        Action.CONSENT_TO_REMOVAL,
        {"condition": "kyc", "answer": "consents", "reason": "r"},
    )
    act(registry, people["olga"], "x1", Action.REMOVE_CONDITION, {"condition": "kyc", "reason": "r"})
    changes = list_decision_changes(registry, people["axel"], "x1")
    assert changes == [
        {"from": "1", "to": "now", "part": "conditions.kyc", "before": "Condition kyc.", "after": ""}
    ]
    act(registry, people["olga"], "x1", Action.PLACE_LEGAL_HOLD, {"matter": "m"})
    kept = read_retention(registry, people["olga"], "x1")
    assert (kept["keep_until"], kept["because"], kept["holds"]) == (
        "",
        "nothing it counts from has happened",
        ["m"],
    )
    assert read_retention(registry, people["erin"], "x1")["holds"] == ["withheld"]
    assert "(volume) Condition volume." in write_letter(registry, people["erin"], "x1")
    for read in (check_conditions, list_decision_changes, read_retention, write_letter):
        with pytest.raises(LockgateError, match="may not read"):
            read(registry, people["rick"], "x1")
    with pytest.raises(LockgateError, match="may not read"):
        write_letter(registry, people["erin"], "x1", "referral")
    with pytest.raises(LockgateError, match="there is no letter"):
        write_letter(registry, people["olga"], "x1", "love")
