"""What a person sees of batches, shipments and the ledger: officials everything but withheld names, others their own."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from lockgate.base.errors import LockgateError
from lockgate.casework.items import Item
from lockgate.casework.ledger import AccountKind, PostingKind
from lockgate.casework.roles import Actor
from lockgate.services.caps import ratio_position
from lockgate.services.ledger import OFFICIALS
from lockgate.services.people import masked_party
from lockgate.services.registry import Registry
from lockgate.store import schema
from lockgate.store.work import Work

PACE_DAYS = 90
"""Days whose use is projected onward: a quarter is long enough to even out single shipments."""


def is_official(person: Actor) -> bool:
    """Whether somebody sees more than what concerns their own organisation."""
    return any(person.holds(role) for role in OFFICIALS)


def require_official(person: Actor, to: str) -> None:
    """Refuse everybody else.

    Raises:
        LockgateError: ``not-allowed``.
    """
    if not is_official(person):
        raise LockgateError(f"{person.id} may not {to}", code="not-allowed", hint="only officials may")


def own(person: Actor, items: Iterable[Item], organisations: Mapping[str, str]) -> list[Item]:
    """Those of the items that a person may see: all for officials, else those about, or entered for, the own organisation.

    Args:
        person: Who looks.
        items: Entries of a list.
        organisations: Case id to the applicant's party.
    """
    if is_official(person):
        return list(items)
    mine = person.organisation
    return [item for item in items if mine and mine in (item.subject, organisations.get(item.case_id))]


def applicants(work: Work, items: Iterable[Item]) -> dict[str, str]:
    """Applicant of each case that the items belong to."""
    found = {}
    for case_id in {item.case_id for item in items if item.case_id}:
        first = next(iter(work.events(f"case:{case_id}")), None)
        if first is not None:
            found[case_id] = str(first.data["applicant"])
    return found


def party_names(work: Work) -> dict[str, str]:
    """Name of each party, ``withheld`` where it stands in the record as a commitment only."""
    return {item.id: str(masked_party(item)["name"]) for item in work.items("party")}


@dataclass(frozen=True, slots=True)
class Grid:
    """Recipients by batches.

    Attributes:
        batches: Open and closed, with what each still has.
        recipients: Rows: party, name, cells by batch, what waits, head-room under its caps.
        waiting: The waiting list in the order of acceptance, with the place of each.
        names: Party id to name, or ``withheld``.
    """

    batches: Sequence[Mapping[str, Any]]
    recipients: Sequence[dict[str, Any]]
    waiting: Sequence[dict[str, Any]]
    rounds: Sequence[Mapping[str, Any]]
    names: Mapping[str, str]


def read_grid(registry: Registry, person: Actor) -> Grid:
    """Recipients, batches and the waiting list, as somebody may see them."""
    with registry.read() as work:
        names = party_names(work)
        batches, requests = work.items("batch"), work.items("request")
        allotments, rounds, caps = work.items("allotment"), work.items("round"), work.items("cap")
        owners = applicants(work, [*batches, *requests])
        batches, requests = own(person, batches, owners), own(person, requests, owners)
        seen = {item.case_id for item in batches} | {item.case_id for item in requests}
        allotments = own(person, allotments, owners)
        rounds = [item for item in rounds if is_official(person) and item.case_id in seen]
        accounts = work.accounts(
            [f"{AccountKind.BATCH}:{item.id}" for item in batches] + [item.id for item in caps]
            or ["batch:none"]
        )
    headroom = {name: account.headroom for name, account in accounts.items()}
    waiting = sorted(
        (item for item in requests if item.state == "waiting"),
        key=lambda item: (item.data["accepted_on"], item.id),
    )
    subjects = sorted({item.subject for item in [*requests, *allotments]})
    return Grid(
        batches=[
            {"id": item.id, "case": item.case_id, "state": item.state, "quantity": item.data["quantity"], "rule": item.data["rule"],
             "rounds": item.data["rounds"], "programme": item.data["programme"], "headroom": headroom.get(f"{AccountKind.BATCH}:{item.id}", 0)}
            for item in batches
        ],
        recipients=[_recipient(subject, names, allotments, requests, caps, headroom) for subject in subjects],
        waiting=[
            {"position": position, "id": item.id, "case": item.case_id, "recipient": item.subject, "name": names.get(item.subject, ""),
             "quantity": item.data["open_quantity"], "asked": item.data["quantity"], "accepted_on": item.data["accepted_on"], "score": item.data["score"]}
            for position, item in enumerate(waiting, start=1)
        ],
        rounds=[
            {"id": item.id, "batch": item.data["batch"], "state": item.state, "proposed_by": item.data["proposed_by"],
             "committed_by": item.data.get("committed_by", ""), "digest": item.data["digest"], "result": item.data["result"]}
            for item in rounds
        ],
        names=names,
    )  # fmt: skip


def _recipient(
    party: str, names: Mapping[str, str], allotments: Sequence[Item], requests: Sequence[Item], caps: Sequence[Item], headroom: Mapping[str, int]
) -> dict[str, Any]:  # fmt: skip
    mine = [item for item in allotments if item.subject == party]
    cells: dict[str, dict[str, int]] = {}
    for item in mine:
        cell = cells.setdefault(item.data["batch"], {"reserved": 0, "shipped": 0})
        cell["reserved"] += item.data["open_quantity"]
        cell["shipped"] += item.data["shipped_quantity"]
    return {
        "party": party,
        "name": names.get(party, ""),
        "cells": cells,
        "waiting": sum(
            item.data["open_quantity"]
            for item in requests
            if item.subject == party and item.state == "waiting"
        ),
        "reserved": sum(cell["reserved"] for cell in cells.values()),
        "shipped": sum(cell["shipped"] for cell in cells.values()),
        "cap_headroom": min(
            (headroom.get(item.id, 0) for item in caps if item.subject == party), default=None
        ),
    }


def read_shipments(registry: Registry, person: Actor) -> dict[str, list[dict[str, Any]]]:
    """Shipments, lots, reports that are due and open tasks, as somebody may see them."""
    with registry.read() as work:
        names = party_names(work)
        shipments, reports, tasks = work.items("shipment"), work.items("report"), work.items("task")
        owners = applicants(work, [*shipments, *reports, *tasks])
        shipments, reports, tasks = (own(person, items, owners) for items in (shipments, reports, tasks))
        lots = [
            item for item in work.items("lot")
            if is_official(person) or (person.organisation and item.data.get("entered_by") == person.organisation)
        ]  # fmt: skip
        deals = [item for item in work.items("deal") if is_official(person)]
        allotments = own(
            person, work.items("allotment", state="reserved"), applicants(work, work.items("allotment"))
        )
    today = registry.today()
    return {
        "shipments": [
            {"id": item.id, "state": item.state, "recipient": item.subject, "name": names.get(item.subject, ""), "case": item.case_id,
             "quantity": item.data["quantity"], "delivered": item.data["delivered_quantity"], "reported": item.data["reported_quantity"],
             "returned": item.data["returned_quantity"], "exported_on": item.data["exported_on"], "evidence": item.data["evidence"],
             "lots": item.data["lots"], "entry": item.data.get("entry"), "delivery": item.data.get("delivery")}
            for item in shipments
        ],
        "lots": [
            {"id": item.id, "state": item.state, "product": item.data["product"], "quantity": item.data["quantity"], "test": item.data.get("test")}
            for item in lots
        ],
        "reports": [
            {"shipment": item.id, "state": item.state, "due_on": item.due_on, "days": (dt.date.fromisoformat(item.due_on) - today).days,
             "quantity": item.data["quantity"], "reported": item.data["reported_quantity"], "recipient": item.subject}
            for item in reports
        ],
        "tasks": [
            {"id": item.id, "case": item.case_id, "state": item.state, "facts": item.data["facts"], "diversion": bool(item.data.get("diversion")),
             "shipment": item.data.get("shipment", "")}
            for item in tasks
        ],
        "deals": [{"id": item.id, **item.data} for item in deals],
        "allotments": [
            {"id": item.id, "recipient": item.subject, "batch": item.data["batch"], "open": item.data["open_quantity"], "expires_on": item.due_on}
            for item in allotments
        ],
    }  # fmt: skip


def read_caps(registry: Registry, person: Actor) -> list[dict[str, Any]]:
    """Every cap with its head-room, and for how many days the pace of the last ninety still fits.

    Raises:
        LockgateError: ``not-allowed``.
    """
    require_official(person, "read the ledger")
    with registry.read() as work:
        caps = work.items("cap")
        accounts = work.accounts([item.id for item in caps] or ["cap:none"])
        names = party_names(work)
        since = (registry.today() - dt.timedelta(days=PACE_DAYS)).isoformat()
        drawn = {item.id: drawn_since(work, item.id, since) for item in caps}
    rows = []
    for item in caps:
        account = accounts[item.id]
        ratio = (
            ratio_position(registry, item.data["name"])
            if item.id.startswith(f"{AccountKind.RATIO}:")
            else None
        )
        pace = drawn[item.id] / PACE_DAYS
        rows.append(
            {
                "account": item.id,
                "recipient": item.subject,
                "name": names.get(item.subject, item.data.get("name", "")),
                "granted": account.posted_in,
                "headroom": account.headroom,
                "headroom_units": ratio["headroom_units"] if ratio else account.headroom,
                "breach_units": ratio["breach_units"] if ratio else account.breach,
                "used_fraction": 0.0 if not account.posted_in else 1 - account.headroom / account.posted_in,
                "days_left": None if pace <= 0 else account.headroom / pace,
                "ratio": ratio,
            }
        )
    return rows


def drawn_since(work: Work, account: str, since: str) -> int:
    """What was taken from an account since an instant, reservations not counted."""
    table = schema.posting
    taken = table.c.kind.in_((PostingKind.MOVE.value, PostingKind.SETTLE.value))
    query = select(func.coalesce(func.sum(table.c.amount), 0)).where(
        table.c.from_account == account, taken, table.c.at >= since
    )
    return int(work.connection.execute(query).scalar_one())
