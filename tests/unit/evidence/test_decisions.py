import dataclasses

import pytest

from lockgate.base.errors import LockgateError
from lockgate.evidence.decisions import Decision, accepted, apply, check_history, decide, merged
from tests.unit.evidence.conftest import Read

WHEN = "2026-01-29T10:00:00+00:00"


def after(history: list[Decision], action: str, target: str, other: str = "") -> list[Decision]:
    return [
        *history,
        decide(history, at=WHEN, by="ana", action=action, target=target, reason="read it", other=other),
    ]


def test_accept_and_reject_stand_until_the_next(read: Read) -> None:
    one, *_ = claims = read("China approved imports of 400,000 H200 chips.")
    history = after([], "accept", one.id)
    assert accepted(claims, history) == [one]
    history = after(history, "reject", one.id)
    assert accepted(claims, history) == []
    assert one not in apply(claims, history)
    assert one in apply(claims, after(history, "accept", one.id))


def test_merge_tells_one_value_and_unmerge_undoes_it(read: Read) -> None:
    claims = [
        *read("China approved imports of 400,000 H200 chips.", name="a"),
        *read("China approved imports of 82,000 H200 chips.", name="b"),
    ]
    first, second = (
        next(claim for claim in claims if claim.document == name and claim.attribute == "quantity.units")
        for name in "ab"
    )
    history = after([], "merge", second.id, first.id)
    told = {claim.id: claim for claim in apply(claims, history)}
    assert told[second.id].value == first.value
    assert told[second.id].quote == second.quote
    history = after(history, "unmerge", second.id)
    assert merged(history) == {}
    assert apply(claims, history) == claims


@pytest.mark.parametrize(
    "fields",
    [
        {"action": "burn"},
        {"action": "accept", "reason": " "},
        {"action": "merge"},
        {"action": "merge", "other": "c-1"},
        {"action": "accept", "other": "c-2"},
        {"action": "unmerge"},
    ],
)
def test_a_bad_decision_is_refused(fields: dict[str, str]) -> None:
    with pytest.raises(LockgateError) as raised:
        decide([], **{"at": WHEN, "by": "ana", "target": "c-1", "reason": "why", **fields})
    assert raised.value.code == "bad-decision"


def test_merges_do_not_go_in_a_circle() -> None:
    history = after([], "merge", "c-1", "c-2")
    with pytest.raises(LockgateError, match="into itself"):
        after(history, "merge", "c-2", "c-1")


def test_a_history_that_was_touched_is_found() -> None:
    history = after(after(after([], "accept", "c-1"), "reject", "c-2"), "accept", "c-3")
    check_history(history)
    for touched in (
        [history[0], history[2]],
        [history[1], history[2]],
        [dataclasses.replace(history[0], reason="other"), *history[1:]],
    ):
        with pytest.raises(LockgateError) as raised:
            check_history(touched)
        assert raised.value.code == "broken-journal"
