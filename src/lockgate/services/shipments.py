"""Goods: lots with serial numbers, tests, export, customs entry, delivery, return. Each is a fact of its own with evidence."""

import csv
import datetime as dt
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import select

from lockgate.base.errors import LockgateError, ProblemCollector
from lockgate.casework.history import Event
from lockgate.casework.items import Item
from lockgate.casework.ledger import AccountKind, Posting
from lockgate.casework.quantities import Leg, ceiling_leg, draw_now, give_back, goods, settle
from lockgate.casework.roles import Actor, Role
from lockgate.casework.states import Action
from lockgate.services.batches import licence_account, read_legs, require_allotment
from lockgate.services.caps import find_ratio_cap
from lockgate.services.cases import load_case, permit, require_usable
from lockgate.services.ledger import append_once, require_role
from lockgate.services.people import check_id
from lockgate.services.registry import Registry
from lockgate.store import schema
from lockgate.store.bulk import insert_rows
from lockgate.store.work import Work

SERIAL_MAX = 64
REPORT_DAYS = 30  # days from delivery to the first end-use report, where no condition says otherwise


# ---------------------------------------------------------------------------------------------------- deals
def join_deal(
    registry: Registry,
    person: Actor,
    deal: str,
    *,
    export_case: str,
    import_case: str,
    product: str,
    ratio_cap: str = "",
) -> Event:
    """Join an export licence and an import approval: goods ship only within what both sides have granted and not used.

    Args:
        registry: Whose record.
        person: An officer.
        deal: Its id.
        export_case: The export licence's case.
        import_case: The import approval's case.
        product: What is traded.
        ratio_cap: Name of the ratio cap that shipments of this deal draw on; empty: none.

    Raises:
        LockgateError: ``not-allowed``, ``unknown-case``, ``unknown-cap``, ``conflict``.
    """
    require_role(person, Role.OFFICER, to="join deals")
    check_id(deal)
    with registry.work() as work:
        if work.lock().item("deal", deal):
            raise LockgateError(f"the deal {deal!r} is joined already", code="conflict", where="deal")
        for case_id in (export_case, import_case):
            load_case(work, case_id)
        if ratio_cap:
            find_ratio_cap(work, ratio_cap)
        data = {
            "deal": deal, "export_case": export_case, "import_case": import_case, "product": product,
            "ratio_cap": ratio_cap,
        }  # fmt: skip
        return work.append(f"deal:{deal}", "DealJoined", data, actor=person.id)


def require_deal(work: Work, deal: str) -> Item:
    """A deal by id.

    Raises:
        LockgateError: ``unknown-deal``.
    """
    found = work.item("deal", deal)
    if found is None:
        raise LockgateError(f"no deal {deal!r} is joined here", code="unknown-deal", where="deal")
    return found


def export_legs(work: Work, deal: Item) -> list[Leg]:
    """What a unit that leaves draws on besides its allotment: the export licence, and the ratio cap where there is one."""
    legs = [ceiling_leg(licence_account(deal.data["export_case"]))]
    if deal.data["ratio_cap"]:
        legs.append(find_ratio_cap(work, deal.data["ratio_cap"]).leg)
    return legs


def deal_position(registry: Registry, deal: str) -> dict[str, Any]:
    """What can still ship under a deal, and which side decides it.

    The least of: what the import side has allotted and not shipped, what the export licence has left, what the ratio cap
    leaves. A side that is not in force leaves nothing.

    Raises:
        LockgateError: ``unknown-deal``.
    """
    with registry.read() as work:
        found = require_deal(work, deal)
        allotments = work.items("allotment", case_id=found.data["import_case"], state="reserved")
        sides = {"import approval (allotted)": sum(item.data["open_quantity"] for item in allotments)}
        for leg in export_legs(work, found):
            account = work.account(leg.from_account)
            sides[leg.from_account] = max(0, account.headroom // leg.per_unit)
        for name, case_id in (
            ("import approval", found.data["import_case"]),
            ("export licence", found.data["export_case"]),
        ):
            reason = require_usable(work, case_id, registry.today(), strict=False)
            if reason:
                sides[f"{name}: {reason}"] = 0
    least = min(sides.values())
    return {
        "deal": deal,
        "shippable": least,
        "sides": sides,
        "decided_by": [name for name, quantity in sides.items() if quantity == least],
    }


# ---------------------------------------------------------------------------------------------------- lots
def read_serials(text: str, *, column: str = "serial") -> list[str]:
    r"""Serial numbers from a CSV file with a heading; every row that cannot be taken is reported with its line.

    Args:
        text: The file.
        column: Heading of the column they stand in; other columns are left alone.

    Raises:
        InvalidInputError: ``missing-column``, ``empty-file``, ``missing-serial``, ``bad-serial``, ``duplicate-serial``.

    >>> read_serials("serial\nA1\nA2\n")
    ['A1', 'A2']
    """
    rows = csv.DictReader(io.StringIO(text.lstrip("\ufeff")), skipinitialspace=True)
    if column not in (rows.fieldnames or []):
        raise LockgateError(
            f"the file has no column {column!r}",
            code="missing-column",
            where=column,
            hint="its first line names the columns: " + ", ".join(rows.fieldnames or ["nothing"]),
        )
    return check_serials((row[column] or "", rows.line_num) for row in rows)


def check_serials(found: Iterable[tuple[str, int]]) -> list[str]:
    """Serial numbers with the lines they stand in, checked.

    Raises:
        InvalidInputError: With one problem a row, the first hundred of them.
    """
    problems = ProblemCollector()
    lines: dict[str, int] = {}
    wrong = 0
    for raw, line in found:
        serial = raw.strip()
        fault = ""
        if not serial:
            fault, code = "the row has no serial number", "missing-serial"
        elif len(serial) > SERIAL_MAX or not serial.isprintable() or any(char.isspace() for char in serial):
            fault, code = f"{serial[:SERIAL_MAX]!r} is not a serial number", "bad-serial"
        elif serial in lines:
            fault, code = f"{serial} stands in line {lines[serial]} already", "duplicate-serial"
        if fault:
            wrong += 1
            if wrong <= 100:
                problems.add(fault, code=code, where=f"line {line}")
        else:
            lines[serial] = line
    if wrong > 100:
        problems.add(f"{wrong - 100} more rows like these", code="more-problems")
    if not lines and not wrong:
        problems.add("the file has no rows", code="empty-file")
    problems.raise_if_any()
    return list(lines)


def register_lot(
    registry: Registry, person: Actor, lot: str, product: str, serials: Sequence[str], *, key: str = ""
) -> Event:
    """Enter a lot with the serial numbers of its units: all of them, or none.

    Args:
        registry: Whose record.
        person: An applicant or an officer.
        lot: Its id.
        product: What the units are.
        serials: Checked by ``check_serials``.
        key: Idempotency key.

    Raises:
        LockgateError: ``not-allowed``, ``conflict``; ``known-serial``, one problem each, where a unit is in another lot.
    """
    require_role(person, Role.APPLICANT, Role.OFFICER, to="enter lots")
    check_id(lot)
    rows = [(lot, product, serial) for serial in serials]

    def act(work: Work, request: str) -> Event:
        if work.lock().item("lot", lot):
            raise LockgateError(f"the lot {lot!r} is entered already", code="conflict", where="lot")
        refuse_known(work, product, serials)
        event = work.append(
            f"lot:{lot}",
            "LotRegistered",
            {"lot": lot, "product": product, "quantity": len(rows), "entered_by": person.organisation},
            actor=person.id,
            key=key,
            request=request,
            bound={"unit": (list(row) for row in rows)},
        )
        insert_rows(work.connection, schema.unit, [(event.seq, at, *row) for at, row in enumerate(rows)])
        return event

    asked = ["lot", lot, product, len(rows), serials[0] if serials else "", serials[-1] if serials else ""]
    return append_once(registry, key, asked, act)[0]


def refuse_known(work: Work, product: str, serials: Sequence[str]) -> None:
    """Report every serial number that is in a lot already.

    Raises:
        InvalidInputError: ``known-serial``, the first hundred.
    """
    problems = ProblemCollector()
    for serial, lot in _find_units(work, product, serials):
        problems.add(f"{serial} is in lot {lot} already", code="known-serial", where="serials")
        if len(problems.problems) == 100:
            break
    problems.raise_if_any()


def _find_units(work: Work, product: str, serials: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Those of the serial numbers that are entered, with their lots."""
    table = schema.unit
    for start in range(0, len(serials), 10_000):
        part = serials[start : start + 10_000]
        if work.connection.dialect.name == "postgresql":
            where = table.c.serial == any_of(part)
        else:
            where = table.c.serial.in_(part)
        yield from work.connection.execute(
            select(table.c.serial, table.c.lot).where(table.c.product == product, where)
        ).tuples()


def any_of(values: Sequence[str]) -> Any:
    """``= ANY(array)``: one parameter however many values, on PostgreSQL."""
    from sqlalchemy import Text, any_, bindparam
    from sqlalchemy.dialects.postgresql import ARRAY

    return any_(bindparam(None, list(values), type_=ARRAY(Text)))


def lot_serials(work: Work, lots: Iterable[str]) -> list[str]:
    """Serial numbers of lots, in their order."""
    table = schema.unit
    query = (
        select(table.c.serial)
        .where(table.c.lot.in_(list(lots)))
        .order_by(table.c.event_seq, table.c.position)
    )
    return list(work.connection.execute(query).scalars())


# ---------------------------------------------------------------------------------------------------- facts
def record_test(
    registry: Registry,
    person: Actor,
    lot: str,
    *,
    lab_case: str,
    passed: bool,
    sample: Sequence[str],
    certificate: str,
    key: str = "",
) -> Event:
    """A laboratory's answer about a lot.

    Args:
        registry: Whose record.
        person: Of the laboratory.
        lot: The lot.
        lab_case: The laboratory's qualification: it must be in force.
        passed: The answer.
        sample: Serial numbers tested; each must be of the lot.
        certificate: SHA-256 of the certificate.
        key: Idempotency key.

    Raises:
        LockgateError: ``not-allowed``, ``unknown-lot``, ``not-in-force``, ``unknown-serial``.
    """
    require_role(person, Role.LAB, to="record tests")

    def act(work: Work, request: str) -> Event:
        found = work.lock().item("lot", lot)
        if found is None or found.state == "shipped":
            raise LockgateError(f"no lot {lot!r} waits for a test", code="unknown-lot", where="lot")
        require_usable(work, lab_case, registry.today())
        known = {
            serial for serial, place in _find_units(work, found.data["product"], list(sample)) if place == lot
        }
        problems = ProblemCollector()
        for serial in sample:
            if serial not in known:
                problems.add(f"{serial} is not of lot {lot}", code="unknown-serial", where="sample")
        if not sample:
            problems.add("no unit was tested", code="empty-sample", where="sample")
        problems.raise_if_any()
        data = {
            "lot": lot, "lab_case": lab_case, "passed": passed, "sample": list(sample), "certificate": certificate,
            "tested_on": str(registry.today()),
        }  # fmt: skip
        return work.append(f"lot:{lot}", "TestRecorded", data, actor=person.id, key=key, request=request)

    return append_once(registry, key, ["test", lot, lab_case, passed, list(sample), certificate], act)[0]


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
        permit(work, person, joined.data["export_case"], Action.RECORD_SHIPMENT, on=registry.today())
        quantity = sum(item.data["quantity"] for item in _shippable_lots(work, joined, lots, exported_on))
        legs = export_legs(work, joined)
        postings: list[Posting] = [
            *settle(f"ship/{shipment}/allot", f"allot/{allotment}", read_legs(promised.data), quantity),
            *draw_now(f"ship/{shipment}/export", legs, quantity),
        ]
        data = {
            "shipment": shipment, "deal": deal, "allotment": allotment, "recipient": promised.subject,
            "lots": list(lots), "quantity": quantity, "exported_on": str(exported_on), "evidence": evidence,
            "legs": [[leg.from_account, leg.to_account, leg.per_unit] for leg in legs],
        }  # fmt: skip
        return work.append(
            f"case:{import_case}",
            "ShipmentRecorded",
            data,
            actor=person.id,
            key=key,
            request=request,
            postings=postings,
        )

    asked = ["export", shipment, deal, allotment, list(lots), str(exported_on), evidence]
    return append_once(registry, key, asked, act)[0]


def _shippable_lots(work: Work, deal: Item, lots: Sequence[str], on: dt.date) -> list[Item]:
    """The lots of a shipment, each of the deal's product, tested by a laboratory that is still qualified, and still here."""
    problems = ProblemCollector()
    found: list[Item] = []
    if not lots or len(set(lots)) < len(lots):
        problems.add("name each lot that ships, once", code="no-lots", where="lots")
    for name in lots:
        with problems.at("lots"):
            lot = work.item("lot", name)
            if lot is None or lot.data["product"] != deal.data["product"]:
                raise LockgateError(f"no lot {name!r} of {deal.data['product']}", code="unknown-lot")
            if lot.state != "tested":
                raise LockgateError(
                    f"lot {name} is {lot.state}, not tested",
                    code="untested-lot",
                    hint="a qualified laboratory tests each lot before export",
                )
            require_usable(work, lot.data["test"]["lab_case"], on)
            found.append(lot)
    problems.raise_if_any()
    return found


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
        permit(work, person, found.case_id, Action.RECORD_DELIVERY, on=registry.today())
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
        event = work.append(
            f"case:{found.case_id}", "CustomsEntered", data, actor=person.id, key=key, request=request
        )
        if quantity != found.data["quantity"]:
            _open_task(
                work, person, found, f"{found.data['quantity']} left, {quantity} entered", diversion=True
            )
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
        permit(work, person, found.case_id, Action.RECORD_DELIVERY, on=registry.today())
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
        return work.append(
            f"case:{found.case_id}", "DeliveryRecorded", data, actor=person.id, key=key, request=request,
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
        permit(work, person, found.case_id, Action.RECORD_DELIVERY, on=registry.today())
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
        return work.append(
            f"case:{found.case_id}", "GoodsReturned", data, actor=person.id, key=key, request=request,
            postings=[*draw_now(name, [arrived], quantity), *give_back(f"{name}/freed", freed, quantity)],
        )  # fmt: skip

    return append_once(registry, key, ["return", shipment, quantity, reason], act)[0]


def _open_task(work: Work, person: Actor, shipment: Item, text: str, *, diversion: bool) -> Event:
    name = f"{shipment.id}-{work.stream_version(f'case:{shipment.case_id}') + 1}"
    line = {
        "task": name,
        "subject": shipment.subject,
        "shipment": shipment.id,
        "text": text,
        "diversion": diversion,
    }
    return work.append(
        f"case:{shipment.case_id}", "DiscrepancyOpened", {"discrepancies": [line]}, actor=person.id
    )
