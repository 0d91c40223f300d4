"""Rounds: a batch allocated to its waiting list under the published rule, proposed by one person and committed by another."""

import datetime as dt
from dataclasses import replace
from fractions import Fraction
from typing import Any

from lockgate.base.errors import LockgateError
from lockgate.casework.allocation import allocate
from lockgate.casework.history import Event
from lockgate.casework.items import Item
from lockgate.casework.ledger import AccountKind, Posting
from lockgate.casework.quantities import Leg, batch_leg, ceiling_leg, reserve
from lockgate.casework.requests import AllocationResult, AllocationRound, RecipientRequest
from lockgate.casework.roles import Actor
from lockgate.casework.rounds import replay, result_as_dict, round_as_dict
from lockgate.casework.rules import AllocationRule, parse_rule
from lockgate.casework.states import Action
from lockgate.catalogue.procedures import find_procedure
from lockgate.services.caps import recipient_cap
from lockgate.services.cases import do
from lockgate.services.ledger import OFFICIALS, append_once, require_role
from lockgate.services.registry import Registry
from lockgate.store.work import Work


def load_rule(name: str) -> AllocationRule:
    """A published order rule by id or alias.

    Raises:
        LockgateError: ``unknown-rule`` and the like, with near names.
    """
    return parse_rule(find_procedure("rules", name))


def require_batch(work: Work, batch: str) -> Item:
    """An open batch.

    Raises:
        LockgateError: ``unknown-batch``.
    """
    found = work.item("batch", batch)
    if found is None or found.state != "open":
        raise LockgateError(f"no batch {batch!r} is open", code="unknown-batch", where="batch")
    return found


def build_round(work: Work, batch: Item) -> tuple[AllocationRound, dict[str, str]]:
    """The round that would allocate what a batch still has to who waits; and the request of each recipient.

    Recipients linked to somebody who waits, and served already, stand in it with nothing asked for: what they hold counts
    under the caps of their group.
    """
    rule = load_rule(batch.data["rule"])
    every = work.items("request", case_id=batch.case_id)
    waiting = [item for item in every if item.state == "waiting"]
    waits = {item.subject for item in waiting}
    groups = {item.data["group"] for item in waiting} - {""}
    served = {
        item.subject: item for item in every if item.data["group"] in groups and item.subject not in waits
    }
    listed = sorted([*waiting, *served.values()], key=lambda item: (item.data["accepted_on"], item.id))
    supply = work.account(f"{AccountKind.BATCH}:{batch.id}").headroom
    requests = tuple(_request_of(work, batch, item) for item in listed)
    return AllocationRound(rule=rule, supply=supply, requests=requests), {
        item.subject: item.id for item in waiting
    }


def _request_of(work: Work, batch: Item, item: Item) -> RecipientRequest:
    """An entry of the waiting list as a request of a round; nothing is asked for where it no longer waits."""
    programme, ceiling = batch.data["programme"], None
    if programme and work.item("cap", recipient_cap(programme, item.subject)):
        ceiling = max(0, work.account(recipient_cap(programme, item.subject)).headroom)
    allotted = work.items("allotment", case_id=batch.case_id, subject=item.subject)
    return RecipientRequest(
        recipient=item.subject,
        quantity=item.data["open_quantity"] if item.state == "waiting" else 0,
        accepted_on=dt.date.fromisoformat(item.data["accepted_on"]),
        recipient_class=item.data["recipient_class"],
        score=Fraction(item.data["score"]),
        ceiling=ceiling,
        held=sum(_counted(allotment) for allotment in allotted),
        useful_min=item.data["useful_min"],
        group=item.data["group"],
    )


def _counted(allotment: Item) -> int:
    """Units of an allotment that its recipient has, or may still get."""
    data = allotment.data
    return int(data["open_quantity"] + data["shipped_quantity"] - data.get("returned_quantity", 0))


def preview_allocation(
    registry: Registry, person: Actor, batch: str, *, rule: str = ""
) -> tuple[AllocationRound, AllocationResult]:
    """The dry run of a batch's next round, under its own rule or another: nothing is committed.

    Raises:
        LockgateError: ``not-allowed``, ``unknown-batch``, ``unknown-rule``, ``nobody-waits``.
    """
    require_role(person, *OFFICIALS, to="preview rounds")
    with registry.read() as work:
        given, _ = build_round(work, require_batch(work, batch))
    _require_waiting(given)
    given = replace(given, rule=load_rule(rule)) if rule else given
    return given, allocate(given)


def _require_waiting(given: AllocationRound) -> None:
    if not any(item.quantity for item in given.requests):
        raise LockgateError("nobody waits for this batch", code="nobody-waits")


def propose_allocation(
    registry: Registry, person: Actor, batch: str, *, key: str = ""
) -> tuple[str, AllocationResult]:
    """Put the next round of a batch before another person to countersign. Returns the round's id and its result.

    Raises:
        LockgateError: ``not-allowed``, ``unknown-batch``, ``nobody-waits``.
    """

    def act(work: Work, request: str) -> Event:
        found = require_batch(work.lock(), batch)
        given, requests = build_round(work, found)
        _require_waiting(given)
        result = allocate(given)
        number = (
            sum(1 for item in work.items("round", case_id=found.case_id) if item.data["batch"] == batch) + 1
        )
        data = {
            "round_id": f"{batch}-{number}", "batch": batch, "round": round_as_dict(given),
            "digest": result.digest, "result": result_as_dict(result), "requests": requests,
        }  # fmt: skip
        return do(
            registry, work, person, found.case_id, Action.PROPOSE_ALLOCATION, data, key=key, request=request
        )

    form = append_once(registry, key, ["propose", batch], act)[0].data["form"]
    return str(form["round_id"]), replay(form["round"], form["digest"])


def commit_allocation(
    registry: Registry, person: Actor, round_id: str, *, expires_at: dt.datetime, key: str = ""
) -> Event:
    """Countersign a round: every recipient's number is reserved in the batch and under its cap, all or none.

    Args:
        registry: Whose record.
        person: A countersigner who did not propose the round.
        round_id: The round.
        expires_at: UTC instant until which the reservations stand.
        key: Idempotency key.

    Raises:
        LockgateError: ``not-allowed``, ``unknown-round``, ``replay-differs``, ``overdrawn`` where caps or the batch were
            drawn on since the proposal, ``bad-date``.
    """
    expires = expires_at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    if expires <= registry.now():
        raise LockgateError(
            "the reservations would have expired already", code="bad-date", where="expires_at"
        )

    def act(work: Work, request: str) -> Event:
        found = work.lock().item("round", round_id)
        if found is None or found.state != "proposed":
            raise LockgateError(
                f"no round {round_id!r} waits for a countersignature", code="unknown-round", where="round"
            )
        batch = require_batch(work, found.data["batch"])
        result = replay(found.data["round"], found.data["digest"])
        lines: list[dict[str, Any]] = []
        postings: list[Posting] = []
        for item in result.allotments:
            if not item.quantity:
                continue
            name = f"{round_id}-{item.recipient}"
            legs = allotment_legs(work, batch, item.recipient)
            postings += reserve(f"allot/{name}", legs, item.quantity, expires)
            lines.append(
                {"allotment": name, "recipient": item.recipient, "quantity": item.quantity,
                 "request": found.data["requests"][item.recipient], "reason": item.reason,
                 "legs": [[leg.from_account, leg.to_account, leg.per_unit] for leg in legs]}
            )  # fmt: skip
        data = {
            "round_id": round_id, "batch": batch.id, "digest": result.digest, "expires_at": expires,
            "allotments": lines, "unallocated": result.unallocated,
        }  # fmt: skip
        return do(
            registry, work, person, found.case_id, Action.COMMIT_ALLOCATION, data, key=key, request=request,
            postings=postings, proposers=[found.data["proposed_by"]],
        )  # fmt: skip

    return append_once(registry, key, ["commit", round_id, expires], act)[0]


def replay_round(registry: Registry, person: Actor, round_id: str) -> AllocationResult:
    """A past round worked again from what the record kept of it; it must come out the same.

    Raises:
        LockgateError: ``not-allowed``, ``unknown-round``, ``replay-differs``.
    """
    require_role(person, *OFFICIALS, to="replay rounds")
    with registry.read() as work:
        found = work.item("round", round_id)
    if found is None:
        raise LockgateError(f"no round {round_id!r} is recorded", code="unknown-round", where="round")
    return replay(found.data["round"], found.data["digest"])


def allotment_legs(work: Work, batch: Item, recipient: str) -> list[Leg]:
    """What a unit allotted from a batch draws on: the batch, and the recipient's cap where one is set."""
    legs = [batch_leg(batch.id, recipient)]
    if batch.data["programme"]:
        cap = recipient_cap(batch.data["programme"], recipient)
        if work.item("cap", cap):
            legs.append(ceiling_leg(cap))
    return legs
