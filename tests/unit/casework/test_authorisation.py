"""Role × action × state in full, against the table as committed; and no way to sign one's own proposal."""

import csv
import datetime as dt
from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from lockgate.base.errors import LockgateError
from lockgate.casework.allocation import allocate
from lockgate.casework.authorisation import list_rights, mask_party, publish_result, sees, view_case
from lockgate.casework.case import Case, Decision, Document, Outcome, Referral
from lockgate.casework.conditions import Condition, Consultation, RemovalAnswer, VolumeTerms
from lockgate.casework.folding import fold_event
from lockgate.casework.guards import GUARDS, Question
from lockgate.casework.progress import decide, permit
from lockgate.casework.requests import AllocationRound, RecipientRequest
from lockgate.casework.roles import PUBLIC_READER, Actor, Role, Visibility
from lockgate.casework.states import Action, CaseState, Guard
from lockgate.casework.table import find_transition
from lockgate.services.practice import load_practice, load_rule
from tests.unit.casework.walking import (
    ADMINISTRATOR,
    AUDITOR,
    CHIEF,
    DEFENSE,
    EXPORTER,
    FIELDS,
    HASH,
    LAB,
    OFFICER,
    PAPERS,
    RIVAL,
    Walk,
)

PRACTICE = load_practice("export-licence")
COMMITTED = Path(__file__).parents[3] / "docs" / "reference" / "authorisation.csv"
DAY = dt.date(2031, 1, 2)  # late enough for every period to be over but that of the appeal
DATES = {"registered": dt.date(2026, 3, 2), "notice": dt.date(2026, 6, 1), "denied": DAY}
CONDITION = Condition(
    "c1", VolumeTerms(quantity_max=1), "t", "defense", "dora",
    consultations=(Consultation("defense", RemovalAnswer.CONSENTS, "dora", DAY),),
)  # fmt: skip


def case_in(state: CaseState) -> Case:
    """A case of that state in which every guard agrees to an actor of `IDEAL`."""
    from lockgate.casework.case import Advice, Recommendation

    advice = Advice("defense", "dora", dt.date(2026, 3, 12), Recommendation.DENY, "r", "s", "b")
    decision = Decision(
        1, Outcome.APPROVE, "olga", "cleo", DAY, "r", (), MappingProxyType({"1": 5}), (), dt.date(2030, 1, 2)
    )
    return Case(
        id="c", kind="export-licence", applicant="vendor", filed_by="filer", state=state, previous=(CaseState.REGISTERED,),
        fields=FIELDS, documents=tuple(Document(kind, HASH, kind, DAY) for kind in PAPERS), advice=(advice,),
        referrals=(Referral("defense", dt.date(2026, 3, 11), dt.date(2026, 4, 10)),), decisions=(decision,),
        conditions=(CONDITION,), dates=DATES,
    )  # fmt: skip


def ideal(role: Role) -> Actor:
    """Somebody of one role to whom every guard agrees."""
    organisation = {Role.APPLICANT: "vendor", Role.LAB: "lab-one"}.get(role, "")
    return Actor("ida", frozenset({role}), "defense", organisation)


def question(case: Case, actor: Actor) -> Question:
    return Question(case, actor, DAY, PRACTICE, condition="c1")


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("state", CaseState)
def test_role_action_state_in_full(role: Role, state: CaseState) -> None:
    """A row, and nothing but a row, lets an ideal actor through. FILER alone wants another person, who filed it."""
    case = case_in(state)
    for action in Action:
        row = find_transition(state, action, role)
        actor = ideal(role)
        if row is not None and Guard.FILER in row.guards:
            actor = replace(actor, id="filer")
        if row is None:
            with pytest.raises(LockgateError) as caught:
                permit(question(case, actor), action)
            assert caught.value.code in {"not-allowed", "not-in-this-state"}
        else:
            assert permit(question(case, actor), action).transition == row


BREAKS: Mapping[Guard, tuple[dict[str, Any], dict[str, Any], str]] = {
    # guard: what is changed in the case, in the actor, and the refusal
    Guard.OWN_CASE: ({}, {"organisation": "rival"}, "not-own-case"),
    Guard.FILER: ({}, {"id": "somebody"}, "not-filer"),
    Guard.NAMED_LAB: ({}, {"organisation": "lab-two"}, "not-named-lab"),
    Guard.INDEPENDENT: ({"recused": frozenset({"ida"})}, {}, "recused"),
    Guard.COMPLETE: ({"documents": ()}, {}, "incomplete"),
    Guard.AGENCY_ASKED: ({}, {"agency": "nasa"}, "agency-not-asked"),
    Guard.ADVICE_IN: ({"referrals": (Referral("state", DAY, DAY),)}, {}, "advice-out"),
    Guard.AGENCIES_DISAGREE: ({"advice": ()}, {}, "no-disagreement"),
    Guard.ANOTHER_PERSON: ({"prior_proposers": frozenset({"ida"})}, {}, "own-proposal"),
    Guard.REPLY_PERIOD_OVER: ({"dates": {**DATES, "notice": DAY}}, {}, "reply-period-runs"),
    Guard.APPEAL_IN_TIME: ({"dates": {**DATES, "denied": dt.date(2026, 7, 16)}}, {}, "appeal-late"),
    Guard.REMOVAL_CONSULTED: ({"conditions": (replace(CONDITION, consultations=()),)}, {}, "not-consulted"),
    Guard.PAST_EXPIRY: ({"decisions": ()}, {}, "not-expired"),
    Guard.NOTHING_OPEN: ({"discrepancies": frozenset({"d"})}, {}, "discrepancies-open"),
}


def test_every_guard_is_broken_below() -> None:
    assert set(BREAKS) == set(Guard) == set(GUARDS)


@pytest.mark.parametrize(
    "right", list_rights(), ids=lambda right: f"{right.role} {right.action} {right.state}"
)
def test_each_guard_of_each_right_can_refuse(right: Any) -> None:
    for guard in right.guards:
        in_case, in_actor, code = BREAKS[guard]
        actor = ideal(right.role)
        actor = replace(actor, **({"id": "filer"} if Guard.FILER in right.guards else {}) | in_actor)
        with pytest.raises(LockgateError) as caught:
            permit(question(replace(case_in(right.state), **in_case), actor), right.action)
        assert caught.value.code == code


def test_other_ways_to_be_no_independent_person() -> None:
    case = case_in(CaseState.REGISTERED)
    officer = ideal(Role.OFFICER)
    for actor in (replace(officer, id="filer"), replace(officer, organisation="vendor")):
        with pytest.raises(LockgateError, match="nobody decides"):
            permit(question(case, actor), Action.BEGIN_REVIEW)


def test_removal_of_a_condition_that_is_not_there() -> None:
    asked = replace(question(case_in(CaseState.APPROVED), ideal(Role.OFFICER)), condition="c9")
    with pytest.raises(LockgateError, match="no condition 'c9'"):
        permit(asked, Action.REMOVE_CONDITION)


def test_a_kind_without_clocks_lets_its_periods_pass() -> None:
    no_clocks = replace(PRACTICE, procedure=None)
    asked = replace(question(case_in(CaseState.INTENT_TO_DENY), ideal(Role.OFFICER)), practice=no_clocks)
    assert permit(asked, Action.MAKE_FINAL)
    assert permit(replace(asked, case=case_in(CaseState.DENIED), actor=ideal(Role.APPLICANT)), Action.APPEAL)


def test_the_committed_table_is_the_code_s() -> None:
    with COMMITTED.open(encoding="utf-8", newline="") as file:
        committed = list(csv.reader(file))[1:]
    assert committed == [
        [str(right.role), str(right.action), str(right.state), " ".join(right.guards)]
        for right in list_rights()
    ]


def test_who_only_looks_on_may_do_nothing() -> None:
    assert not [right for right in list_rights() if right.role in {Role.AUDITOR, Role.PUBLIC}]
    advising = {right.action for right in list_rights() if right.role is Role.ADVISER}
    deciding = {
        Action.COUNTERSIGN,
        Action.COMMIT_ALLOCATION,
        Action.PROPOSE_APPROVAL,
        Action.PROPOSE_DENIAL,
        Action.SUSPEND,
    }
    assert not advising & deciding
    assert not {right.action for right in list_rights() if right.role is Role.APPLICANT} & deciding


# no path to one's own signature

FORMS: Mapping[Action, dict[str, Any]] = {
    Action.PAUSE: {"authority": "a", "reason": "r"},
    Action.REFER: {"agencies": ["defense"]},
    Action.ADVISE: {"recommendation": "deny", "reasons": "r", "statutory_basis": "s", "regulatory_basis": "b"},
    Action.PROPOSE_APPROVAL: {"reasons": "r", "granted": {"1": 1}},
    Action.PROPOSE_DENIAL: {"reasons": "r", "criteria": ["diversion"]},
    Action.PROPOSE_RETURN: {"reasons": "r"},
    Action.PROPOSE_NO_LICENCE_NEEDED: {"reasons": "r"},
    Action.PROPOSE_REVOCATION: {"reasons": "r"},
    **{action: {} for action in (Action.BEGIN_REVIEW, Action.CONSOLIDATE, Action.COUNTERSIGN, Action.MAKE_FINAL, Action.EXHAUST, Action.EXPIRE)},
    **{
        action: {"reason": "r"}
        for action in (
            Action.HOLD, Action.RELEASE, Action.RESUME, Action.ESCALATE, Action.SEND_BACK, Action.RECONSIDER, Action.SUSPEND,
            Action.REINSTATE, Action.SUPERSEDE, Action.ALLOW_APPEAL, Action.DISMISS_APPEAL, Action.RECUSE, Action.APPEAL, Action.CLOSE,
        )
    },
}  # fmt: skip
SIGNATURES = {Action.COUNTERSIGN, Action.REINSTATE, Action.ALLOW_APPEAL, Action.DISMISS_APPEAL}


def test_no_path_lets_a_person_sign_what_they_proposed() -> None:
    """Every case that two persons, each with every role, can bring about: all reachable states, not a sample."""
    everything = frozenset(Role) - {Role.APPLICANT, Role.LAB}
    people = [Actor("ann", everything, "defense"), Actor("ben", everything, "defense"), EXPORTER]
    seen, todo, signed = set[Any](), deque([Walk().filed().case]), 0
    while todo:
        case = todo.popleft()
        for actor in people:
            for action, form in FORMS.items():
                # the denial is final 45 days after its notice; everything else happens on one day
                on = DAY + dt.timedelta(days=60 if action in {Action.MAKE_FINAL, Action.APPEAL} else 0)
                try:
                    event = decide(replace(question(case, actor), on=on), action, form)
                except LockgateError:
                    continue
                after = fold_event(case, event.type, event.data, actor.id)
                if action in SIGNATURES:
                    signed += 1
                    assert actor.id not in case.prior_proposers
                    assert case.proposal is None or actor.id != case.proposal.proposed_by
                if len(after.decisions) > len(case.decisions):
                    assert after.decisions[-1].proposed_by != after.decisions[-1].countersigned_by
                outcome = after.decisions[-1].outcome if after.decisions else None
                key = (
                    after.state, after.previous, after.prior_proposers, after.recused, bool(after.referrals),
                    bool(after.advice), outcome, after.proposal and after.proposal.proposed_by,
                )  # fmt: skip
                if key not in seen and len(after.previous) < 3:
                    seen.add(key)
                    todo.append(after)
    assert signed > 100
    assert {key[0] for key in seen} >= set(CaseState) - {
        CaseState.DRAFT,
        CaseState.WITHDRAWN,
        CaseState.SURRENDERED,
        CaseState.EXPIRED,
    }


# what may be seen


def test_each_sees_what_concerns_them() -> None:
    case = Walk().referred().do(OFFICER, Action.PLACE_LEGAL_HOLD, matter="m").case
    everything = frozenset(Visibility)
    parties = {Visibility.PUBLIC, Visibility.PARTIES}
    assert sees(case, OFFICER) == sees(case, CHIEF) == sees(case, AUDITOR) == everything
    assert sees(case, EXPORTER) == sees(case, LAB) == parties
    assert sees(case, RIVAL) == sees(case, PUBLIC_READER) == {Visibility.PUBLIC}
    assert sees(case, DEFENSE) == everything - {Visibility.RESTRICTED}
    assert sees(case, ADMINISTRATOR) == {Visibility.PUBLIC, Visibility.OFFICE}
    assert sees(case, replace(OFFICER, organisation="vendor")) == {Visibility.PUBLIC}
    assert sees(replace(case, recused=frozenset({"olga"})), OFFICER) == {Visibility.PUBLIC}
    assert sees(Walk().in_review().case, DEFENSE) == {Visibility.PUBLIC}


def test_field_by_field() -> None:
    case = Walk().referred().do(OFFICER, Action.PLACE_LEGAL_HOLD, matter="m").case
    officer, exporter, public = (
        view_case(case, PRACTICE.kind, who) for who in (OFFICER, EXPORTER, PUBLIC_READER)
    )
    assert officer.restricted == ("legal_holds",)
    assert not officer.withheld
    assert "fields.us_units_shipped" in exporter.withheld
    assert exporter.shown["fields.end_use"] == FIELDS["end_use"]
    assert set(public.shown) == {
        "id",
        "kind",
        "state",
        "fields.transaction",
        "fields.destination",
        "fields.item_family",
    }
    assert "applicant" in public.withheld
    assert not public.restricted


def test_the_public_sees_no_names_and_no_exact_figures() -> None:
    requests = (
        RecipientRequest("bytedance", 75000),
        RecipientRequest("tencent", 5),
        RecipientRequest("alibaba", 0),
    )
    result = allocate(AllocationRound(load_rule("eu-quota.coefficient"), 413250, requests))
    shown = publish_result(result, "salt")
    expected = {mask_party("bytedance", "salt"): "75,000", mask_party("tencent", "salt"): "fewer than 10"}
    assert shown["parties"] == expected
    assert "bytedance" not in str(shown)
    assert shown["supply"] == "410,000"
    assert mask_party("bytedance", "salt") != mask_party("bytedance", "pepper")
