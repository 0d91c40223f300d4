"""Batches of an approval, the waiting list, and the rounds that allocate a batch to it."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from lockgate.base.errors import LockgateError
from lockgate.casework.allocation import allocate
from lockgate.casework.history import Event
from lockgate.casework.items import Item
from lockgate.casework.ledger import AccountKind, Posting
from lockgate.casework.quantities import Leg, batch_leg, ceiling_leg, empty, grant, release, reserve
from lockgate.casework.requests import AllocationResult, AllocationRound, RecipientRequest
from lockgate.casework.roles import Actor
from lockgate.casework.rounds import replay, result_as_dict, round_as_dict
from lockgate.casework.rules import AllocationRule, parse_rule
from lockgate.casework.states import Action
from lockgate.catalogue.procedures import find_procedure
from lockgate.services.caps import recipient_cap
from lockgate.services.case_view import visible_items
from lockgate.services.cases import SYSTEM, do, licence_account, load_case, note, permit
from lockgate.services.ledger import OFFICIALS, append_once, require_role
from lockgate.services.people import check_id, require_party
from lockgate.services.registry import Registry
from lockgate.store.work import Work


def load_rule(name: str) -> AllocationRule:
    """A published order rule by id or alias.

    Raises:
        LockgateError: ``unknown-rule`` and the like, with near names.
    """
    return parse_rule(find_procedure("rules", name))


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


# ---------------------------------------------------------------------------------------------------- rounds
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


def read_legs(data: Mapping[str, Any]) -> list[Leg]:
    """The legs as an allotment or shipment recorded them."""
    return [Leg(*leg) for leg in data["legs"]]


# ---------------------------------------------------------------------------------------------------- endings
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
