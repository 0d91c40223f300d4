"""What ends an allotment: it lapses, is handed back, or falls with its approval."""

from collections.abc import Mapping, Sequence
from typing import Any

from lockgate.base.errors import LockgateError
from lockgate.casework.history import Event
from lockgate.casework.items import Item
from lockgate.casework.ledger import AccountKind, Posting
from lockgate.casework.quantities import Leg, empty, release
from lockgate.casework.roles import Actor
from lockgate.casework.states import Action
from lockgate.services.case_record import SYSTEM, note, permit
from lockgate.services.registry import Registry
from lockgate.store.work import Work


def read_legs(data: Mapping[str, Any]) -> list[Leg]:
    """The legs as an allotment or shipment recorded them."""
    return [Leg(*leg) for leg in data["legs"]]


def end_allotments(
    work: Work, case_id: str, allotments: Sequence[Item], state: str, *, reason: str, actor: str = SYSTEM
) -> Event | None:
    """Give back what allotments still hold; their requests wait again unless they surrendered."""
    lines, postings = [], list[Posting]()
    for item in allotments:
        quantity = item.data["open_quantity"]
        if not quantity:
            continue
        key = f"end/{item.id}/{work.stream_version(f'goods:{case_id}') + 1}"
        postings += release(key, f"allot/{item.id}", read_legs(item.data), quantity)
        lines.append({"allotment": item.id, "quantity": quantity})
    if not lines:
        return None
    data = {"allotments": lines, "state": state, "reason": reason}
    return note(work, case_id, "AllotmentsEnded", data, actor=actor, postings=postings)


def lapse_allotments(registry: Registry, person: Actor) -> list[str]:
    """End every allotment whose reservation has expired. Returns their ids.

    Raises:
        LockgateError: ``not-allowed``.
    """
    ended: list[str] = []
    with registry.work() as work:
        work.lock()
        expired: dict[str, list[Item]] = {}
        for item in work.items("allotment", state="reserved"):
            if item.data["expires_at"] <= work.at:
                expired.setdefault(item.case_id, []).append(item)
        for case_id, items in expired.items():
            permit(registry, work, person, case_id, Action.PROPOSE_ALLOCATION)
            end_allotments(work, case_id, items, "lapsed", actor=person.id, reason="the reservation expired")
            ended += [item.id for item in items]
    return ended


def surrender_allotment(registry: Registry, person: Actor, allotment: str, *, reason: str) -> Event | None:
    """Hand back what is left of an allotment; it goes to those who wait.

    Raises:
        LockgateError: ``not-allowed``, ``unknown-allotment``.
    """
    with registry.work() as work:
        found = require_allotment(work.lock(), allotment)
        permit(registry, work, person, found.case_id, Action.REQUEST_ALLOCATION)
        return end_allotments(work, found.case_id, [found], "surrendered", actor=person.id, reason=reason)


def require_allotment(work: Work, allotment: str) -> Item:
    """An allotment that still holds something.

    Raises:
        LockgateError: ``unknown-allotment``.
    """
    found = work.item("allotment", allotment)
    if found is None or found.state != "reserved":
        raise LockgateError(
            f"no allotment {allotment!r} is reserved", code="unknown-allotment", where="allotment"
        )
    return found


def empty_batches(work: Work, case_id: str, stage: AccountKind, *, reason: str) -> None:
    """End all allotments and batches of a case, as after a revocation or expiry."""
    state = "revoked" if stage is AccountKind.REVOKED else "lapsed"
    end_allotments(
        work, case_id, work.items("allotment", case_id=case_id, state="reserved"), state, reason=reason
    )
    for batch in work.items("batch", case_id=case_id, state="open"):
        postings = empty(f"{state}/batch/{batch.id}", work.account(f"{AccountKind.BATCH}:{batch.id}"), stage)
        data = {"batch": batch.id, "state": state, "reason": reason}
        note(work, case_id, "BatchClosed", data, postings=postings)
