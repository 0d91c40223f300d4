"""The case table as a graph: every state can be reached and left, and names its event once."""

from dataclasses import replace

import pytest

from lockgate.base.errors import LockgateError
from lockgate.casework.roles import Role
from lockgate.casework.states import Action, CaseState, Guard, Previous
from lockgate.casework.table import TABLE, find_transition, index_transitions

SET_ASIDE = {CaseState.PAUSED}


def reachable(start: CaseState) -> set[CaseState]:
    found, todo = {start}, [start]
    while todo:
        here = todo.pop()
        for row in TABLE:
            if row.source is here and isinstance(row.target, CaseState) and row.target not in found:
                found.add(row.target)
                todo.append(row.target)
    return found


def test_every_state_can_be_reached() -> None:
    assert reachable(CaseState.DRAFT) == set(CaseState)


@pytest.mark.parametrize("state", CaseState)
def test_every_case_can_end(state: CaseState) -> None:
    if state is CaseState.PAUSED:
        assert any(row.source is state and row.target is CaseState.WITHDRAWN for row in TABLE)
    assert CaseState.CLOSED in reachable(state)


def test_every_action_and_guard_is_used() -> None:
    assert {row.action for row in TABLE} == set(Action)
    assert {guard for row in TABLE for guard in row.guards} == set(Guard)


def test_two_transitions_for_the_same_person_are_refused() -> None:
    with pytest.raises(LockgateError, match="two transitions"):
        index_transitions([TABLE[0], replace(TABLE[0], target=CaseState.CLOSED)])


def test_every_second_signature_asks_for_another_person() -> None:
    signing = {
        Action.COUNTERSIGN,
        Action.COMMIT_ALLOCATION,
        Action.REINSTATE,
        Action.ALLOW_APPEAL,
        Action.DISMISS_APPEAL,
    }
    for row in TABLE:
        if row.action in signing:
            assert {Guard.INDEPENDENT, Guard.ANOTHER_PERSON} <= set(row.guards), row
            assert row.roles == {Role.COUNTERSIGNER}


def test_approval_and_denial_are_only_reached_by_a_second_signature() -> None:
    for row in TABLE:
        if (
            row.target in {CaseState.APPROVED, CaseState.INTENT_TO_DENY, CaseState.REVOKED}
            and row.target is not row.source
        ):
            assert row.action in {Action.COUNTERSIGN, Action.REINSTATE}, row


def test_what_goes_back_came_from_being_set_aside() -> None:
    assert {row.action for row in TABLE if row.target is Previous.STATE} == {Action.RESUME, Action.SEND_BACK}


def test_no_row_no_transition() -> None:
    assert find_transition(CaseState.CLOSED, Action.SUBMIT, Role.APPLICANT) is None
