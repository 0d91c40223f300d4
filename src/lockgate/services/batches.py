"""Batches of an approval, the waiting list, and the rounds that allocate a batch to it."""

import datetime as dt
from fractions import Fraction
from typing import Any

from lockgate.base.errors import LockgateError
from lockgate.casework.history import Event
from lockgate.casework.items import Item
from lockgate.casework.ledger import AccountKind
from lockgate.casework.quantities import grant
from lockgate.casework.roles import Actor
from lockgate.casework.states import Action
from lockgate.services.case_record import load_case, note, permit
from lockgate.services.case_view import visible_items
from lockgate.services.cases import do, licence_account
from lockgate.services.ledger import append_once
from lockgate.services.people import check_id, require_party
from lockgate.services.registry import Registry
from lockgate.services.rounds import load_rule
from lockgate.store.work import Work


def open_batch(
    registry: Registry,
    person: Actor,
    case_id: str,
    batch: str,
    quantity: int,
    *,
    rule: str,
    line: str = "",
    programme: str = "",
    key: str = "",
) -> Event:
    """Release a part of what an import approval granted.

    Args:
        registry: Whose record.
        person: An officer.
        case_id: The approval.
        batch: Id of the batch.
        quantity: Units.
        rule: The published order rule of its rounds.
        line: Line of the decision it is a part of; empty where the decision has one line only.
        programme: The programme whose recipient caps apply; empty: none.
        key: Idempotency key.

    Raises:
        LockgateError: ``not-allowed``, ``overdrawn``, ``unknown-rule``, ``conflict``, ``bad-id``.
    """
    check_id(batch)
    reference = load_rule(rule).reference

    def act(work: Work, request: str) -> Event:
        granted = only_line(work.lock(), case_id, line)
        if work.item("batch", batch):
            raise LockgateError(f"the batch {batch!r} is open already", code="conflict", where="batch")
        source = licence_account(case_id, granted)
        postings = grant(f"batch/{batch}", f"{AccountKind.BATCH}:{batch}", quantity, source)
        data = {
            "batch": batch, "quantity": quantity, "line": granted, "rule": rule, "reference": reference,
            "programme": programme,
        }  # fmt: skip
        return do(
            registry,
            work,
            person,
            case_id,
            Action.OPEN_BATCH,
            data,
            key=key,
            request=request,
            postings=postings,
        )

    return append_once(registry, key, ["batch", case_id, batch, quantity, line, rule, programme], act)[0]


def only_line(work: Work, case_id: str, line: str = "") -> str:
    """The line of a decision: the one named, or the only one there is.

    Raises:
        LockgateError: ``unknown-line``, ``unknown-case``.
    """
    granted = load_case(work, case_id).granted
    if line in granted:
        return line
    if not line and len(granted) == 1:
        return next(iter(granted))
    raise LockgateError(
        f"{case_id} grants nothing on line {line!r}"
        if line
        else f"{case_id} does not grant exactly one line",
        code="unknown-line",
        where="line",
        hint="lines: " + ", ".join(granted) if granted else "nothing is granted yet",
    )


def request_allocation(
    registry: Registry,
    person: Actor,
    case_id: str,
    recipient: str,
    quantity: int,
    *,
    accepted_on: dt.date | None = None,
    score: Fraction = Fraction(0),
    useful_min: int = 0,
    group: str = "",
    request_id: str = "",
    key: str = "",
) -> str:
    """Put a recipient on the waiting list of an approval. Returns the request's id.

    Args:
        registry: Whose record.
        person: The applicant, or an officer.
        case_id: The approval.
        recipient: Party id.
        quantity: Units asked for.
        accepted_on: Day on which the request counts as accepted; None: today.
        score: Points under a rule that ranks.
        useful_min: Fewer units are of no use to it.
        group: Name shared by linked recipients.
        request_id: Id of the request; empty: made from case and recipient.
        key: Idempotency key.

    Raises:
        LockgateError: ``not-allowed``, ``unknown-party``, ``bad-quantity``, ``conflict``.
    """
    if quantity < 1:
        raise LockgateError(f"{quantity} units cannot be asked for", code="bad-quantity", where="quantity")
    name = check_id(request_id) if request_id else f"{case_id}-{recipient}"
    on = accepted_on or registry.today()
    if on > registry.today():
        raise LockgateError(f"{on} has not come yet", code="bad-date", where="accepted_on")

    def act(work: Work, request: str) -> Event:
        party = require_party(work.lock(), recipient)
        if any(item.state == "waiting" for item in work.items("request", case_id=case_id, subject=recipient)):
            raise LockgateError(
                f"{recipient} is on the waiting list already", code="conflict", where="recipient",
                hint="withdraw that request first",
            )  # fmt: skip
        number = len(work.items("request", case_id=case_id, subject=recipient))
        data = {
            "request": name if not number or request_id else f"{name}-{number + 1}",
            "recipient": recipient, "quantity": quantity, "accepted_on": str(on), "score": str(score),
            "recipient_class": party.data.get("class", ""), "useful_min": useful_min, "group": group,
        }  # fmt: skip
        return do(registry, work, person, case_id, Action.REQUEST_ALLOCATION, data, key=key, request=request)

    asked = ["request", case_id, recipient, quantity, str(on), str(score), useful_min, group]
    return str(append_once(registry, key, asked, act)[0].data["form"]["request"])


def list_waiting(registry: Registry, person: Actor, case_id: str = "") -> list[Item]:
    """Requests that wait, by day of acceptance, as far as the person may see them.

    Raises:
        LockgateError: ``not-allowed``.
    """
    with registry.read() as work:
        waiting = visible_items(work, person, work.items("request", case_id=case_id, state="waiting"))
    return sorted(waiting, key=lambda item: (item.data["accepted_on"], item.id))


def withdraw_request(registry: Registry, person: Actor, request_id: str) -> Event:
    """Take a request off the waiting list.

    Raises:
        LockgateError: ``not-allowed``, ``unknown-request``.
    """
    with registry.work() as work:
        found = work.lock().item("request", request_id)
        if found is None or found.state != "waiting":
            raise LockgateError(f"no request {request_id!r} waits", code="unknown-request", where="request")
        permit(registry, work, person, found.case_id, Action.REQUEST_ALLOCATION)
        return note(work, found.case_id, "RequestWithdrawn", {"request": request_id}, actor=person.id)


def list_batches(registry: Registry, person: Actor) -> list[dict[str, Any]]:
    """Batches with what they still have.

    Raises:
        LockgateError: ``not-allowed``.
    """
    with registry.read() as work:
        found = visible_items(work, person, work.items("batch"))
        accounts = work.accounts(f"{AccountKind.BATCH}:{item.id}" for item in found) if found else {}
    rows = []
    for item in found:
        account = accounts[f"{AccountKind.BATCH}:{item.id}"]
        own = {"id": item.id, "case_id": item.case_id, "state": item.state}
        rows.append({**item.data, **own, "headroom": account.headroom, "held_out": account.held_out})
    return rows
