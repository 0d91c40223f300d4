"""Shipments: export, customs entry, delivery, return. Each is a fact of its own, with evidence."""

import datetime as dt
from collections.abc import Sequence

from lockgate.base.errors import LockgateError
from lockgate.casework.history import Event
from lockgate.casework.items import Item
from lockgate.casework.ledger import AccountKind, Posting
from lockgate.casework.quantities import Leg, draw_now, give_back, goods, settle
from lockgate.casework.roles import Actor
from lockgate.casework.states import Action
from lockgate.services.allotments import read_legs, require_allotment
from lockgate.services.case_record import load_case, note, permit, require_usable
from lockgate.services.case_view import visible_items
from lockgate.services.cases import do, system_act
from lockgate.services.ledger import append_once
from lockgate.services.lots import shippable_lots
from lockgate.services.people import check_id
from lockgate.services.registry import Registry
from lockgate.services.shippable import export_legs, require_deal
from lockgate.store.work import Work

REPORT_DAYS = 30  # days from delivery to the end-use report, where no condition says otherwise


def record_export(
    registry: Registry,
    person: Actor,
    shipment: str,
    *,
    deal: str,
    allotment: str,
    lots: Sequence[str],
    exported_on: dt.date,
    evidence: str,
    key: str = "",
) -> Event:
    """Goods left under a deal: the allotment is settled, the export licence and the ratio cap are drawn on, together.

    Args:
        registry: Whose record.
        person: The applicant of the import approval's or the export licence's case.
        shipment: Its id.
        deal: The deal.
        allotment: The allotment of the recipient.
        lots: Lots shipped whole.
        exported_on: Day of export.
        evidence: What shows it, such as the number of the export filing.
        key: Idempotency key.

    Raises:
        LockgateError: ``not-allowed``, ``not-in-force`` where either side is suspended, revoked or expired, ``untested-lot``,
            ``overdrawn``, ``hold-expired``, ``in-breach``, ``conflict``.
    """
    check_id(shipment)
    if not evidence:
        raise LockgateError("an export is a fact with evidence", code="missing-evidence", where="evidence")

    def act(work: Work, request: str) -> Event:
        joined = require_deal(work.lock(), deal)
        if work.item("shipment", shipment):
            raise LockgateError(
                f"the shipment {shipment!r} is recorded already", code="conflict", where="shipment"
            )
        promised = require_allotment(work, allotment)
        import_case = joined.data["import_case"]
        if promised.case_id != import_case:
            raise LockgateError(
                f"{allotment} is not of this deal", code="unknown-allotment", where="allotment"
            )
        for case_id in (import_case, joined.data["export_case"]):
            require_usable(work, case_id, exported_on)
        quantity = sum(item.data["quantity"] for item in shippable_lots(registry, work, joined, lots))
        legs = export_legs(work, joined)
        postings: list[Posting] = [
            *settle(f"ship/{shipment}/allot", f"allot/{allotment}", read_legs(promised.data), quantity),
            *draw_now(f"ship/{shipment}/export", legs, quantity),
        ]
        data = {
            "shipment": shipment, "deal": deal, "allotment": allotment, "recipient": promised.subject,
            "import_case": import_case, "lots": list(lots), "quantity": quantity, "exported_on": str(exported_on), "evidence": evidence,
            "legs": [[leg.from_account, leg.to_account, leg.per_unit] for leg in legs],
        }  # fmt: skip
        return do(
            registry, work, person, joined.data["export_case"], Action.RECORD_SHIPMENT, data, key=key, request=request,
            postings=postings,
        )  # fmt: skip

    asked = ["export", shipment, deal, allotment, list(lots), str(exported_on), evidence]
    return append_once(registry, key, asked, act)[0]


def require_shipment(work: Work, shipment: str) -> Item:
    """A shipment by id.

    Raises:
        LockgateError: ``unknown-shipment``.
    """
    found = work.item("shipment", shipment)
    if found is None:
        raise LockgateError(
            f"no shipment {shipment!r} is recorded", code="unknown-shipment", where="shipment"
        )
    return found


def list_shipments(registry: Registry, person: Actor) -> list[Item]:
    """Shipments, as far as the person may see them.

    Raises:
        LockgateError: ``not-allowed``.
    """
    with registry.read() as work:
        return visible_items(work, person, work.items("shipment"))


def record_entry(
    registry: Registry,
    person: Actor,
    shipment: str,
    *,
    entered_on: dt.date,
    customs_number: str,
    quantity: int,
    key: str = "",
) -> Event:
    """Customs let the goods in. A quantity that differs from what left is opened as a task.

    Raises:
        LockgateError: ``not-allowed``, ``unknown-shipment``, ``out-of-order``.
    """

    def act(work: Work, request: str) -> Event:
        found = require_shipment(work.lock(), shipment)
        permit(registry, work, person, found.case_id, Action.RECORD_DELIVERY)
        if found.state != "exported" or str(entered_on) < found.data["exported_on"]:
            raise LockgateError(
                f"{shipment} is {found.state}; goods enter once, after they left", code="out-of-order"
            )
        data = {
            "shipment": shipment,
            "entered_on": str(entered_on),
            "customs_number": customs_number,
            "quantity": quantity,
        }
        event = note(work, found.case_id, "CustomsEntered", data, actor=person.id, key=key, request=request)
        if quantity != found.data["quantity"]:
            open_task(work, found, f"{found.data['quantity']} left, {quantity} entered", diversion=True)
        return event

    return append_once(registry, key, ["entry", shipment, str(entered_on), customs_number, quantity], act)[0]


def record_delivery(
    registry: Registry, person: Actor, shipment: str, *, delivered_on: dt.date, quantity: int, evidence: str,
    report_days: int = REPORT_DAYS, key: str = "",
) -> Event:  # fmt: skip
    """The goods arrived; the end-use report is due ``report_days`` later.

    Raises:
        LockgateError: ``not-allowed``, ``unknown-shipment``, ``out-of-order``, ``overdrawn``.
    """

    def act(work: Work, request: str) -> Event:
        found = require_shipment(work.lock(), shipment)
        permit(registry, work, person, found.case_id, Action.RECORD_DELIVERY)
        if (
            found.state not in ("entered", "delivered")
            or str(delivered_on) < found.data["entry"]["entered_on"]
        ):
            raise LockgateError(
                f"{shipment} is {found.state}; goods are delivered after customs let them in",
                code="out-of-order",
            )
        on_the_way = (
            found.data["quantity"] - found.data["delivered_quantity"] - found.data["returned_quantity"]
        )
        if not 0 < quantity <= on_the_way:
            raise LockgateError(
                f"{on_the_way} units are on the way, not {quantity}", code="bad-quantity", where="quantity"
            )
        batch, recipient = found.data["batch"], found.subject
        leg = Leg(
            goods(AccountKind.SHIPPED, batch, recipient), goods(AccountKind.DELIVERED, batch, recipient)
        )
        data = {
            "shipment": shipment, "delivered_on": str(delivered_on), "quantity": quantity, "evidence": evidence,
            "report_due_on": str(delivered_on + dt.timedelta(days=report_days)),
        }  # fmt: skip
        return do(
            registry, work, person, found.case_id, Action.RECORD_DELIVERY, data, key=key, request=request,
            postings=draw_now(f"deliver/{shipment}/{found.data['delivered_quantity']}", [leg], quantity),
        )  # fmt: skip

    return append_once(registry, key, ["delivery", shipment, str(delivered_on), quantity, evidence], act)[0]


def record_return(
    registry: Registry, person: Actor, shipment: str, *, quantity: int, reason: str, key: str = ""
) -> Event:
    """Goods that were shipped and not delivered came back: licence, cap and ratio can be drawn on again.

    Raises:
        LockgateError: ``not-allowed``, ``unknown-shipment``, ``bad-quantity``.
    """

    def act(work: Work, request: str) -> Event:
        found = require_shipment(work.lock(), shipment)
        permit(registry, work, person, found.case_id, Action.RECORD_DELIVERY)
        on_the_way = (
            found.data["quantity"] - found.data["delivered_quantity"] - found.data["returned_quantity"]
        )
        if not 0 < quantity <= on_the_way:
            raise LockgateError(
                f"{on_the_way} units are on the way, not {quantity}", code="bad-quantity", where="quantity"
            )
        allotment = work.item("allotment", found.data["allotment"])
        batch, recipient = found.data["batch"], found.subject
        arrived = Leg(
            goods(AccountKind.SHIPPED, batch, recipient), goods(AccountKind.RETURNED, batch, recipient)
        )
        freed = [*(read_legs(allotment.data)[1:] if allotment else ()), *read_legs(found.data)]
        name = f"return/{shipment}/{found.data['returned_quantity']}"
        data = {"shipment": shipment, "quantity": quantity, "reason": reason}
        return note(
            work, found.case_id, "GoodsReturned", data, actor=person.id, key=key, request=request,
            postings=[*draw_now(name, [arrived], quantity), *give_back(f"{name}/freed", freed, quantity)],
        )  # fmt: skip

    return append_once(registry, key, ["return", shipment, quantity, reason], act)[0]


def open_task(work: Work, shipment: Item, facts: str, *, diversion: bool) -> Event:
    """Open a discrepancy that a fact shows by itself; it stays on the case until an officer resolves it."""
    case = load_case(work, shipment.case_id)
    data = {
        "id": f"{shipment.id}-{case.version + 1}", "facts": facts, "subject": shipment.subject, "shipment": shipment.id,
        "diversion": diversion,
    }  # fmt: skip
    return system_act(work, case, "DiscrepancyOpened", Action.OPEN_DISCREPANCY, case.state, data)
