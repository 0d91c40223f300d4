"""A case from its form to its end, and everything that may not happen to it on the way."""

import datetime as dt
from typing import Any

import pytest

from lockgate.base.errors import LockgateError
from lockgate.casework.advice import consolidate
from lockgate.casework.case import Outcome, Recommendation
from lockgate.casework.conditions import ConditionState
from lockgate.casework.folding import fold_case
from lockgate.casework.guards import effective_expiry
from lockgate.casework.progress import list_actions
from lockgate.casework.roles import Actor, Role
from lockgate.casework.states import Action, CaseState
from tests.unit.casework.walking import (
    ADMINISTRATOR,
    AUDITOR,
    CHIEF,
    DEFENSE,
    ENERGY,
    EXPORTER,
    FIELDS,
    HASH,
    LAB,
    OFFICER,
    RIVAL,
    SECOND_OFFICER,
    STATE,
    Walk,
)

VOLUME = {"id": "c1", "terms": {"kind": "volume", "quantity_max": 1000}, "text": "No more than 1,000 units."}


def refused(code: str, walk: Walk, actor: Actor, action: Action, **data: Any) -> None:
    with pytest.raises(LockgateError) as caught:
        walk.do(actor, action, **data)
    assert code in {problem.code for problem in caught.value.problems}, caught.value


def test_from_the_form_to_the_licence() -> None:
    walk = Walk().approved(conditions=[VOLUME])
    case = walk.case
    assert case.state is CaseState.APPROVED
    assert case.granted == {"1": 1000}
    assert [item.id for item in case.conditions] == ["c1"]
    decision = case.decisions[-1]
    assert (decision.proposed_by, decision.countersigned_by, decision.version) == ("olga", "cleo", 1)
    assert effective_expiry(case, walk.practice) == dt.date(2030, 7, 5)
    assert fold_case([(event.type, event.data, actor) for event, actor in walk.events]) == case
    assert case.version == len(walk.events)


def test_an_incomplete_application_does_not_go_in() -> None:
    walk = Walk().do(EXPORTER, Action.EDIT, fields={"destination": "GB"})
    refused("incomplete", walk, EXPORTER, Action.SUBMIT)


def test_answers_that_do_not_fit_are_all_named() -> None:
    with pytest.raises(LockgateError) as caught:
        Walk().do(
            EXPORTER,
            Action.EDIT,
            fields={"quantity": "many", "colour": "red", "item_family": "9Z999", "end_use": None},
        )
    assert {problem.path for problem in caught.value.problems} == {
        "fields.quantity",
        "fields.colour",
        "fields.item_family",
    }


def test_an_answer_can_be_taken_away() -> None:
    walk = (
        Walk()
        .do(EXPORTER, Action.EDIT, fields={"quantity": 5})
        .do(EXPORTER, Action.EDIT, fields={"quantity": None})
    )
    assert "quantity" not in walk.case.fields


def test_nobody_but_the_applicant_files() -> None:
    refused("not-own-case", Walk(), RIVAL, Action.EDIT, fields=FIELDS)
    refused("not-filer", Walk(), OFFICER, Action.EDIT, fields=FIELDS)
    with pytest.raises(LockgateError, match="does not apply for"):
        Walk(filer=RIVAL)


def test_who_files_a_case_takes_no_part_in_it() -> None:
    walk = Walk("end-use-visit", filer=OFFICER, about="case-0")
    walk.do(
        OFFICER,
        Action.EDIT,
        fields={
            "site": "s",
            "place": "CN",
            "serials": ["1"],
            "draw_seed": "x",
            "check_requested_on": "2026-01-05",
        },
    )
    walk.do(OFFICER, Action.SUBMIT)
    refused("own-case", walk, OFFICER, Action.BEGIN_REVIEW)
    assert walk.do(SECOND_OFFICER, Action.BEGIN_REVIEW).case.state is CaseState.INITIAL_REVIEW


def test_a_case_about_another_names_it() -> None:
    with pytest.raises(LockgateError, match="about which case"):
        Walk("appeal")


def test_a_person_with_a_tie_decides_nothing() -> None:
    tied = Actor("tess", frozenset({Role.OFFICER, Role.COUNTERSIGNER}), "commerce", organisation="vendor")
    refused("own-case", Walk().filed(), tied, Action.BEGIN_REVIEW)
    refused("own-case", Walk().approval_proposed(), tied, Action.COUNTERSIGN)


def test_recusal() -> None:
    walk = Walk().in_review().do(OFFICER, Action.ASSIGN, to="olga", queue="accelerators")
    assert (walk.case.assigned_to, walk.case.queue) == ("olga", "accelerators")
    walk.do(OFFICER, Action.RECUSE, reason="a cousin works there")
    assert (walk.case.assigned_to, walk.case.recused) == ("", frozenset({"olga"}))
    refused("recused", walk, OFFICER, Action.RECUSE, reason="again")
    refused("recused", walk, OFFICER, Action.HOLD, reason="x")
    refused("recused", walk, ADMINISTRATOR, Action.ASSIGN, to="olga")
    refused("recused", walk, ADMINISTRATOR, Action.ASSIGN, to="erin")


def test_recusing_oneself_keeps_somebody_elses_assignment() -> None:
    walk = (
        Walk()
        .in_review()
        .do(ADMINISTRATOR, Action.ASSIGN, to="olga")
        .do(CHIEF, Action.RECUSE, reason="a tie")
    )
    assert walk.case.assigned_to == "olga"


def test_flags() -> None:
    walk = (
        Walk()
        .filed()
        .do(OFFICER, Action.FLAG, add=["ratio-cap", "urgent"])
        .do(OFFICER, Action.FLAG, remove=["urgent"])
    )
    assert walk.case.flags == {"ratio-cap"}


def test_nobody_countersigns_their_own_proposal() -> None:
    walk = Walk().consolidated()
    walk.do(SECOND_OFFICER, Action.PROPOSE_APPROVAL, reasons="fine", granted={"1": 5})
    refused("own-proposal", walk, SECOND_OFFICER, Action.COUNTERSIGN)
    walk.do(CHIEF, Action.SEND_BACK, reason="which policy?")
    assert walk.stands() is CaseState.RECOMMENDATIONS_IN
    walk.do(OFFICER, Action.PROPOSE_APPROVAL, reasons="the policy of January", granted={"1": 5})
    refused("own-proposal", walk, SECOND_OFFICER, Action.COUNTERSIGN)
    assert walk.do(CHIEF, Action.COUNTERSIGN).case.state is CaseState.APPROVED


def test_the_proposer_of_an_allocation_does_not_commit_it() -> None:
    walk = Walk().approved()
    with pytest.raises(LockgateError, match="proposed themselves"):
        walk.do(CHIEF, Action.COMMIT_ALLOCATION, frozenset({"cleo"}), allocation="a1")
    assert (
        walk.do(CHIEF, Action.COMMIT_ALLOCATION, frozenset({"olga"}), allocation="a1").case.state
        is CaseState.APPROVED
    )


def test_silence_is_no_objection_once_the_time_is_over() -> None:
    walk = Walk().referred().do(ENERGY, Action.ADVISE, recommendation="approve")
    refused("advice-out", walk, OFFICER, Action.CONSOLIDATE)
    walk.later(30)
    refused("advice-out", walk, OFFICER, Action.CONSOLIDATE)
    walk.later(1).do(OFFICER, Action.CONSOLIDATE)
    found = consolidate(walk.case, walk.on)
    assert [item.recommendation for item in found.positions] == [
        Recommendation.NO_OBJECTION,
        Recommendation.APPROVE,
        Recommendation.NO_OBJECTION,
    ]
    assert found.is_agreed
    assert "silent until 2026-04-10" in found.explain().as_text()


def test_a_denial_without_its_basis_is_no_objection() -> None:
    walk = Walk().referred().do(DEFENSE, Action.ADVISE, recommendation="deny", reasons="we dislike it")
    position = consolidate(walk.case, walk.on).positions[0]
    assert position.recommendation is Recommendation.NO_OBJECTION
    assert position.reason == "its denial lacks statutory basis, regulatory basis: deemed no objection"


def test_advice_after_the_last_day_counts_as_silence() -> None:
    walk = Walk().referred().later(31)
    walk.do(
        DEFENSE, Action.ADVISE, recommendation="deny", reasons="r", statutory_basis="s", regulatory_basis="b"
    )
    assert (
        consolidate(walk.case, walk.on).positions[0].reason
        == "spoke on 2026-04-11, after 2026-04-10: deemed no objection"
    )


def test_only_agencies_asked_advise_and_each_is_asked_once() -> None:
    walk = Walk().in_review().do(OFFICER, Action.REFER, agencies=["defense"])
    refused("agency-not-asked", walk, ENERGY, Action.ADVISE, recommendation="approve")
    walk.do(DEFENSE, Action.ADVISE, recommendation="approve").do(OFFICER, Action.CONSOLIDATE)
    refused("asked-already", walk, OFFICER, Action.REFER, agencies=["state", "defense"])
    walk.do(OFFICER, Action.REFER, agencies=["state"])
    assert [item.agency for item in walk.case.referrals] == ["defense", "state"]


def test_advice_sets_conditions() -> None:
    walk = Walk().referred()
    refused("no-condition", walk, DEFENSE, Action.ADVISE, recommendation="approve_with_conditions")
    walk.do(DEFENSE, Action.ADVISE, recommendation="approve_with_conditions", conditions=[VOLUME])
    assert walk.case.conditions[0].agency == "defense"
    assert consolidate(walk.case, walk.on).conditions == ("c1",)
    refused("duplicate-condition", walk, DEFENSE, Action.PROPOSE_CONDITION, **VOLUME)
    refused(
        "duplicate-condition",
        walk,
        ENERGY,
        Action.ADVISE,
        recommendation="approve_with_conditions",
        conditions=[VOLUME],
    )


def test_a_request_for_information_is_no_denial_and_stops_the_clock_once() -> None:
    walk = (
        Walk()
        .referred()
        .later(9)
        .do(DEFENSE, Action.REQUEST_INFORMATION, id="q1", question="Who runs the site?")
    )
    refused("duplicate-question", walk, ENERGY, Action.REQUEST_INFORMATION, id="q1", question="again?")
    walk.later(5).do(ENERGY, Action.REQUEST_INFORMATION, id="q2", question="Which power supply?")
    position = consolidate(walk.case, walk.on).positions[0]
    assert (position.recommendation, position.due_on, position.reason) == (
        None,
        None,
        "its clock stands still, or has no end",
    )
    walk.later(5).do(EXPORTER, Action.ANSWER_INFORMATION, id="q1", answer="We do.")
    refused("unknown-question", walk, EXPORTER, Action.ANSWER_INFORMATION, id="q1", answer="We do.")
    walk.later(16).do(EXPORTER, Action.ANSWER_INFORMATION, id="q2", answer="The grid.")
    clocks = walk.ask(OFFICER).deadlines()
    assert (clocks["whole_review"].due, clocks["whole_review"].stopped_days) == (dt.date(2026, 6, 26), 26)
    assert consolidate(walk.case, walk.on).positions[0].due_on == dt.date(2026, 5, 6)


def test_stops_of_the_procedure() -> None:
    walk = Walk().in_review()
    refused("unknown-stop", walk, OFFICER, Action.STOP_CLOCK, kind="lunch", reason="hungry")
    walk.do(OFFICER, Action.STOP_CLOCK, kind="pre_licence_check", reason="asked the post")
    refused("stop-running", walk, OFFICER, Action.STOP_CLOCK, kind="pre_licence_check", reason="again")
    refused("unknown-stop", walk, OFFICER, Action.RESTART_CLOCK, kind="congress_notice", reason="over")
    assert walk.ask(OFFICER).deadlines()["whole_review"].standing
    walk.later(10).do(OFFICER, Action.RESTART_CLOCK, kind="pre_licence_check", reason="reported")
    assert walk.ask(OFFICER).deadlines()["whole_review"].stopped_days == 10


def test_a_pause_remembers_where_the_case_was() -> None:
    walk = (
        Walk()
        .approval_proposed()
        .do(OFFICER, Action.PAUSE, authority="Secretary", scope="programme", reason="review of the policy")
    )
    assert walk.stands() is CaseState.PAUSED
    assert walk.ask(OFFICER).deadlines()["whole_review"].standing
    walk.later(20).do(OFFICER, Action.RESUME, reason="over")
    assert walk.stands() is CaseState.APPROVAL_PROPOSED
    assert walk.case.pauses[0].resumed_on == walk.on
    assert walk.do(CHIEF, Action.SEND_BACK, reason="stale").case.state is CaseState.RECOMMENDATIONS_IN


def test_a_pause_may_let_the_clocks_run() -> None:
    walk = (
        Walk()
        .in_review()
        .do(OFFICER, Action.PAUSE, authority="Assistant Secretary", stops_clocks=False, reason="briefing")
    )
    assert not walk.ask(OFFICER).deadlines()["whole_review"].standing


def test_escalation_to_the_top() -> None:
    walk = Walk().consolidated("deny").do(OFFICER, Action.ESCALATE, reason="Defense denies")
    for state in (CaseState.ADVISORY_COMMITTEE, CaseState.REVIEW_BOARD, CaseState.PRESIDENT):
        walk.do(DEFENSE, Action.ESCALATE, reason="we hold to it")
        assert walk.stands() is state
    assert {"escalated_to_oc", "escalated_to_acep", "escalated_to_earb", "escalated_to_president"} <= set(
        walk.case.dates
    )
    walk.do(OFFICER, Action.PROPOSE_APPROVAL, reasons="so decided", granted={"1": 10}).do(
        CHIEF, Action.COUNTERSIGN
    )
    assert walk.case.granted == {"1": 10}


def test_the_committees_decision_starts_the_next_clock() -> None:
    walk = Walk().consolidated("deny").do(OFFICER, Action.ESCALATE, reason="r").later(3)
    walk.do(OFFICER, Action.PROPOSE_DENIAL, reasons="r", criteria=["end-use"])
    assert walk.case.dates["oc_decided"] == walk.on


def test_nothing_to_escalate_without_a_denial() -> None:
    refused("no-disagreement", Walk().consolidated(), OFFICER, Action.ESCALATE, reason="r")


def test_denial_reply_and_appeal() -> None:
    walk = Walk().denial_notified()
    refused("reply-period-runs", walk, OFFICER, Action.MAKE_FINAL)
    walk.later(10).do(EXPORTER, Action.REPLY, reason="the site has moved")
    walk.later(35).do(OFFICER, Action.MAKE_FINAL)
    assert walk.stands() is CaseState.DENIED
    assert walk.case.noted_stops[-1].end_on == walk.on
    walk.later(45).do(EXPORTER, Action.APPEAL, reason="the facts were other")
    refused("own-proposal", walk, CHIEF, Action.ALLOW_APPEAL, reason="x")
    refused("not-allowed", walk, OFFICER, Action.ALLOW_APPEAL, reason="x")
    walk.do(SECOND_OFFICER, Action.ALLOW_APPEAL, reason="they were")
    assert walk.stands() is CaseState.RECOMMENDATIONS_IN


def test_an_appeal_that_comes_late() -> None:
    walk = Walk().denial_notified().later(45).do(OFFICER, Action.MAKE_FINAL).later(46)
    refused("appeal-late", walk, EXPORTER, Action.APPEAL, reason="r")
    walk.on -= dt.timedelta(days=1)
    walk.do(EXPORTER, Action.APPEAL, reason="r").do(SECOND_OFFICER, Action.DISMISS_APPEAL, reason="unfounded")
    assert walk.stands() is CaseState.CLOSED


def test_reconsideration_starts_over_with_anybody() -> None:
    walk = Walk().denial_notified().do(OFFICER, Action.RECONSIDER, reason="new facts")
    walk.do(OFFICER, Action.PROPOSE_APPROVAL, reasons="new facts", granted={"1": 1}).do(
        CHIEF, Action.COUNTERSIGN
    )
    assert [item.outcome for item in walk.case.decisions] == [Outcome.DENY, Outcome.APPROVE]


def test_what_a_proposal_must_say() -> None:
    walk = Walk().consolidated()
    refused("no-quantity", walk, OFFICER, Action.PROPOSE_APPROVAL, reasons="fine")
    refused(
        "bad-date",
        walk,
        OFFICER,
        Action.PROPOSE_APPROVAL,
        reasons="fine",
        granted={"1": 1},
        expires_on="2026-03-01",
    )
    refused("unknown-criterion", walk, OFFICER, Action.PROPOSE_DENIAL, reasons="r", criteria=["mood"])
    visit = Walk("import-approval").case
    assert visit.kind == "import-approval"


def test_a_kind_has_only_its_outcomes() -> None:
    walk = Walk("lab-qualification", applicant="vendor")
    answers = {
        "laboratory": "lab-one",
        "headquarters_place": "US",
        "controlled_from_listed_place": False,
        "tests_in_us_customs_territory": True,
        "financial_interest": False,
        "draws_representative_samples": True,
    }
    walk.do(EXPORTER, Action.EDIT, fields=answers)
    for kind in ("ownership_evidence", "test_method"):
        walk.do(EXPORTER, Action.ATTACH_DOCUMENT, kind=kind, name=kind, sha256=HASH)
    walk.do(EXPORTER, Action.SUBMIT).do(OFFICER, Action.BEGIN_REVIEW)
    refused("no-such-outcome", walk, OFFICER, Action.PROPOSE_NO_LICENCE_NEEDED, reasons="r")
    walk.do(OFFICER, Action.PROPOSE_RETURN, reasons="papers missing").do(CHIEF, Action.COUNTERSIGN)
    assert walk.stands() is CaseState.RETURNED_WITHOUT_ACTION


def test_papers_before_a_decision() -> None:
    walk = Walk("end-use-visit", filer=OFFICER, about="case-0")
    walk.do(
        OFFICER,
        Action.EDIT,
        fields={
            "site": "s",
            "place": "CN",
            "serials": ["1"],
            "draw_seed": "x",
            "check_requested_on": "2026-01-05",
        },
    )
    walk.do(OFFICER, Action.SUBMIT).do(SECOND_OFFICER, Action.BEGIN_REVIEW)
    refused("incomplete", walk, SECOND_OFFICER, Action.PROPOSE_APPROVAL, reasons="all found")


def test_what_was_issued_lives_on() -> None:
    walk = Walk().approved().do(OFFICER, Action.SUSPEND, reason="diversion feared")
    assert walk.case.granted == {"1": 1000}
    walk.do(CHIEF, Action.REINSTATE, reason="cleared")
    walk.do(OFFICER, Action.PROPOSE_REVOCATION, reasons="diversion").do(
        CHIEF, Action.SEND_BACK, reason="prove it"
    )
    assert walk.stands() is CaseState.APPROVED
    walk.do(OFFICER, Action.PROPOSE_REVOCATION, reasons="proven").do(CHIEF, Action.COUNTERSIGN)
    assert (walk.case.state, walk.case.granted) == (CaseState.REVOKED, {})
    refused(
        "discrepancies-open",
        walk.do(OFFICER, Action.OPEN_DISCREPANCY, id="d1", facts="3 missing"),
        OFFICER,
        Action.CLOSE,
        reason="over",
    )
    refused("duplicate-discrepancy", walk, OFFICER, Action.OPEN_DISCREPANCY, id="d1", facts="again")
    refused("unknown-discrepancy", walk, OFFICER, Action.RESOLVE_DISCREPANCY, id="d2", facts="found")
    walk.do(OFFICER, Action.RESOLVE_DISCREPANCY, id="d1", facts="found").do(
        OFFICER, Action.CLOSE, reason="over"
    )
    assert walk.case.dates["closed"] == walk.on


def test_who_suspends_does_not_reinstate() -> None:
    walk = Walk().approved().do(SECOND_OFFICER, Action.SUSPEND, reason="r")
    refused("own-proposal", walk, SECOND_OFFICER, Action.REINSTATE, reason="never mind")


def test_expiry() -> None:
    walk = Walk().approved()
    refused("not-expired", walk, OFFICER, Action.EXPIRE)
    walk.on = dt.date(2030, 7, 5)
    refused("not-expired", walk, OFFICER, Action.EXPIRE)
    assert walk.later(1).do(ADMINISTRATOR, Action.EXPIRE).case.state is CaseState.EXPIRED


def test_no_expiry_no_end() -> None:
    walk = (
        Walk()
        .consolidated()
        .do(OFFICER, Action.PROPOSE_APPROVAL, reasons="r", granted={"1": 1})
        .do(CHIEF, Action.COUNTERSIGN)
    )
    refused("not-expired", walk, OFFICER, Action.EXPIRE)


def test_conditions_from_assertion_to_removal() -> None:
    walk = Walk().advised().do(OFFICER, Action.CONSOLIDATE)
    walk.do(DEFENSE, Action.PROPOSE_CONDITION, **VOLUME).do(
        OFFICER, Action.PROPOSE_APPROVAL, reasons="r", granted={"1": 1}
    )
    walk.do(CHIEF, Action.COUNTERSIGN)

    def state() -> ConditionState:
        return walk.case.conditions[0].state

    walk.do(EXPORTER, Action.EVIDENCE_CONDITION, condition="c1", note="we keep to it")
    assert state() is ConditionState.ASSERTED
    walk.do(LAB, Action.EVIDENCE_CONDITION, condition="c1", document=HASH)
    assert state() is ConditionState.EVIDENCED
    assert walk.case.conditions[0].evidence[-1].independent
    walk.do(EXPORTER, Action.EVIDENCE_CONDITION, condition="c1", note="still")
    assert state() is ConditionState.EVIDENCED
    walk.do(OFFICER, Action.CHECK_CONDITION, condition="c1", holds=True, note="counted")
    assert state() is ConditionState.CHECKED
    walk.do(EXPORTER, Action.EVIDENCE_CONDITION, condition="c1", document=HASH)
    assert state() is ConditionState.CHECKED
    refused("own-evidence", walk, OFFICER, Action.CHECK_CONDITION, condition="c1", holds=True, note="again")
    walk.do(DEFENSE, Action.CHECK_CONDITION, condition="c1", holds=False, note="two over")
    assert state() is ConditionState.BREACHED
    refused("not-consulted", walk, OFFICER, Action.REMOVE_CONDITION, condition="c1", reason="r")
    refused(
        "not-your-condition",
        walk,
        ENERGY,
        Action.CONSENT_TO_REMOVAL,
        condition="c1",
        answer="consents",
        reason="r",
    )
    walk.do(
        DEFENSE,
        Action.CONSENT_TO_REMOVAL,
        condition="c1",
        answer="objects",
        reason="it is the point of it all",
    )
    walk.do(OFFICER, Action.REMOVE_CONDITION, condition="c1", reason="the Secretary decides")
    assert state() is ConditionState.REMOVED
    refused("unknown-condition", walk, OFFICER, Action.REPORT_BREACH, condition="c1", facts="f")
    refused("unknown-condition", walk, OFFICER, Action.REMOVE_CONDITION, condition="c9", reason="r")


def test_one_person_does_not_consult_and_remove() -> None:
    both = Actor("bert", frozenset({Role.OFFICER, Role.ADVISER}), agency="commerce")
    walk = (
        Walk()
        .approved(conditions=[VOLUME])
        .do(both, Action.CONSENT_TO_REMOVAL, condition="c1", answer="consents", reason="r")
    )
    refused("not-consulted", walk, both, Action.REMOVE_CONDITION, condition="c1", reason="r")
    assert (
        walk.do(SECOND_OFFICER, Action.REMOVE_CONDITION, condition="c1", reason="r").case.conditions[0].state
        is ConditionState.REMOVED
    )


def test_a_breach_is_kept() -> None:
    walk = (
        Walk()
        .approved(conditions=[VOLUME])
        .do(EXPORTER, Action.REPORT_BREACH, condition="c1", facts="one over")
    )
    assert walk.case.conditions[0].breaches[0].facts == "one over"


def test_a_laboratory_acts_where_it_is_named() -> None:
    other = Actor("liam", frozenset({Role.LAB}), organisation="lab-two")
    walk = Walk().approved()
    refused("not-named-lab", walk, other, Action.RECORD_TEST, lot="l1")
    assert walk.do(LAB, Action.RECORD_TEST, lot="l1").case.state is CaseState.APPROVED


def test_holds() -> None:
    walk = Walk().in_review().do(OFFICER, Action.PLACE_LEGAL_HOLD, matter="m1")
    refused("unknown-hold", walk, ADMINISTRATOR, Action.LIFT_LEGAL_HOLD, matter="m2")
    assert walk.case.legal_holds == {"m1"}
    assert not walk.do(ADMINISTRATOR, Action.LIFT_LEGAL_HOLD, matter="m1").case.legal_holds
    walk.do(OFFICER, Action.HOLD, reason="policy under review")
    assert walk.stands() is CaseState.HELD
    assert walk.ask(OFFICER).deadlines()["hold_answer"].due == walk.on + dt.timedelta(days=10)
    assert walk.do(OFFICER, Action.RELEASE, reason="over").case.state is CaseState.INITIAL_REVIEW


def test_refusals_say_what_would_do() -> None:
    refused("not-in-this-state", Walk(), OFFICER, Action.COUNTERSIGN)
    refused("not-allowed", Walk().filed(), AUDITOR, Action.BEGIN_REVIEW)
    refused("not-allowed", Walk().filed(), Actor("pat", frozenset()), Action.BEGIN_REVIEW)


def test_what_somebody_may_do_now() -> None:
    assert list_actions(Walk().ask(EXPORTER)) == (Action.EDIT, Action.ATTACH_DOCUMENT, Action.WITHDRAW)
    assert Action.COUNTERSIGN in list_actions(Walk().approval_proposed().ask(CHIEF))
    assert list_actions(Walk().approval_proposed().ask(AUDITOR)) == ()


def test_a_form_cannot_smuggle_in_a_state() -> None:
    walk = (
        Walk()
        .approved()
        .do(EXPORTER, Action.RECORD_SHIPMENT, state="closed", role="administrator", action="close")
    )
    assert walk.stands() is CaseState.APPROVED
    assert walk.case.dates["exported"] == walk.on


@pytest.mark.parametrize("action", [Action.WITHDRAW, Action.EDIT])
def test_forms_are_checked(action: Action) -> None:
    with pytest.raises(LockgateError):
        Walk().do(EXPORTER, action, nonsense=True)


def test_a_history_begins_at_the_beginning() -> None:
    walk = Walk().filed()
    with pytest.raises(LockgateError, match="a case begins with CaseOpened"):
        fold_case([(event.type, event.data, actor) for event, actor in walk.events[1:]])
    with pytest.raises(LockgateError, match="at least one event"):
        fold_case([])


def test_a_countersignature_without_a_proposal_is_no_history() -> None:
    walk = Walk().approval_proposed().do(CHIEF, Action.COUNTERSIGN)
    events = [
        (event.type, event.data, actor) for event, actor in walk.events if event.type != "ApprovalProposed"
    ]
    with pytest.raises(LockgateError, match="nothing to countersign"):
        fold_case(events)


def test_advice_by_agency_state() -> None:
    walk = Walk().referred().do(STATE, Action.ADVISE, recommendation="approve")
    assert not consolidate(walk.case, walk.on).is_agreed
